import { zipIndex } from '../containers/zip.js';
import { examined, format, Observations } from '../examination.js';
import type { Examiner } from '../format.js';
import { tagsOf } from '../xml-text.js';
import { packageType, readTexts } from './odf.js';

/** Obfuscated fonts are no encryption of content (EPUB 3.3, font obfuscation). */
const FONT_OBFUSCATION = /idpf\.org\/2008\/embedding|ns\.adobe\.com\/pdf\/enc#RC/;

export const epubExaminer: Examiner = {
  async claims(head, source) {
    return (await packageType(head, source)) === 'application/epub+zip';
  },
  async examine(source, _name, limits) {
    const index = await zipIndex(source);
    const identified = format('application/epub+zip', 'EPUB', 'fmt/483');
    if (index === null || !index.complete) return examined(identified, { valid: false }, [{ key: 'file.truncated', evidence: '包目录缺失' }]);
    const observations = new Observations();
    const { texts, broken } = await readTexts(source, limits, observations);
    const methods = [...tagsOf(texts.get('META-INF/encryption.xml') ?? '', 'EncryptionMethod')].map((tag) => tag.get('Algorithm') ?? '');
    const encrypted = methods.some((algorithm) => !FONT_OBFUSCATION.test(algorithm)) || index.entries.some((entry) => entry.encrypted || entry.name === 'META-INF/rights.xml');
    const scripts = [...texts].some(([name, text]) => /\.(x?html?|svg)$/i.test(name) && /<script[\s>]/i.test(text));
    if (scripts) observations.add('html.active', '书页含脚本');
    const rooted = [...tagsOf(texts.get('META-INF/container.xml') ?? '', 'rootfile')].some((tag) => index.entries.some((entry) => entry.name === tag.get('full-path')));
    return examined(identified, { encrypted, activeContent: scripts, valid: observations.has('zip.bomb') ? null : rooted && !broken }, observations.list());
  },
};
