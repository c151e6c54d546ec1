import { readZipEntry, startsAsZip, zipIndex, ZipError } from '../containers/zip.js';
import { examined, format, Observations } from '../examination.js';
import type { ByteSource, Examiner, ExamineLimits } from '../format.js';
import { declaresEntities, tagsOf, xmlText } from '../xml-text.js';

const ODF = /^application\/vnd\.(oasis\.opendocument|sun\.xml)\.[a-z.-]+$/;
const NAMES: Readonly<Record<string, string>> = { text: 'ODF 文本', spreadsheet: 'ODF 表格', presentation: 'ODF 演示', graphics: 'ODF 绘图', formula: 'ODF 公式', chart: 'ODF 图表', database: 'ODF 数据库' };

/** First entry of a package that names its own media type (ODF, EPUB); `null` otherwise. */
export async function packageType(head: Buffer, source: ByteSource): Promise<string | null> {
  if (!startsAsZip(head)) return null;
  const index = await zipIndex(source);
  const position = index?.entries.findIndex((entry) => entry.name === 'mimetype') ?? -1;
  if (index === null || position < 0) return null;
  return readZipEntry(source, index, position, 200).then((bytes) => bytes.toString('latin1').trim(), () => null);
}

/** OpenDocument (GB/T 40688 / ISO/IEC 26300). */
export const odfExaminer: Examiner = {
  async claims(head, source) {
    return ODF.test((await packageType(head, source)) ?? '');
  },
  async examine(source, _name, limits) {
    const mime = ((await packageType(await source.read(0, 4), source)) ?? '').replace(/-template$/, '').replace(/-master$/, '');
    const index = await zipIndex(source);
    const identified = format(mime, NAMES[mime.split('.').pop() ?? ''] ?? 'ODF 文档');
    if (index === null || !index.complete) return examined(identified, { valid: false }, [{ key: 'file.truncated', evidence: '包目录缺失' }]);
    const observations = new Observations();
    const { texts, broken } = await readTexts(source, limits, observations);
    const names = index.entries.map((entry) => entry.name);
    const manifest = texts.get('META-INF/manifest.xml') ?? '';
    const encrypted = /<(\w+:)?encryption-data[\s/>]/.test(manifest) || names.includes('encrypted-package') || index.entries.some((entry) => entry.encrypted);
    const macros = names.some((name) => /^(Basic|Scripts)\/.+\.(xml|js|py|bsh|java|class)$/i.test(name) && !/script-l[bc]\.xml$|dialog-l[bc]\.xml$/i.test(name));
    if (macros) observations.add('office.macro', 'Basic 或脚本');
    if ([...texts.values()].some(declaresEntities)) observations.add('office.xml-attack', '部件声明实体');
    let dde = false;
    for (const [name, text] of texts) {
      if (!/(^|\/)(content|styles)\.xml$/.test(name)) continue;
      if (/<(text:dde-connection|office:dde-source|table:dde-link)[\s>-]/.test(text)) dde = true;
      for (const tag of ['image', 'object', 'section-source', 'cell-range-source', 'table-source', 'plugin', 'floating-frame']) {
        for (const attributes of tagsOf(text, tag)) {
          if (/^([a-z][a-z0-9+.-]*:)?\/\//i.test(attributes.get('xlink:href') ?? '')) observations.add('office.external', '外部链接内容');
        }
      }
    }
    if (dde) observations.add('office.dde', 'DDE 连接');
    const signatures = texts.get('META-INF/documentsignatures.xml') ?? '';
    const main = encrypted || texts.has('content.xml') || names.includes('content.xml');
    return examined(identified, {
      encrypted,
      signed: /<(\w+:)?SignatureValue[\s>]/.test(signatures),
      activeContent: macros || dde,
      valid: observations.has('zip.bomb') || observations.has('office.xml-attack') ? null : main && !broken,
    }, observations.list());
  },
};

/** XML parts as text, after every part has proved its size and checksum. */
export async function readTexts(source: ByteSource, limits: ExamineLimits, observations: Observations): Promise<{ texts: Map<string, string>; broken: boolean }> {
  const index = await zipIndex(source);
  const texts = new Map<string, string>();
  let broken = false;
  let budget = limits.unpackedBytes;
  for (const [position, entry] of (index?.entries ?? []).entries()) {
    if (index === null || entry.directory || entry.encrypted) continue;
    try {
      const content = await readZipEntry(source, index, position, budget);
      budget -= content.length;
      if (/\.(xml|rdf|x?html?|opf|ncx|svg)$/i.test(entry.name)) texts.set(entry.name, xmlText(content));
    } catch (cause) {
      if (!(cause instanceof ZipError)) throw cause;
      if (cause.fault === 'bomb') observations.add('zip.bomb', `部件 ${position + 1}`);
      else broken = true;
    }
  }
  return { texts, broken };
}
