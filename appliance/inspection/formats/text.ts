import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { examined, format, Observations } from '../examination.js';
import type { Examination, Examiner, FileFacts, Identified } from '../format.js';
import { controlCount, decodeText, isDoubleEncoded, type DecodedText } from '../text-decoding.js';
import { declaresEntities } from '../xml-text.js';
import { noteEncapsulation } from './eep.js';
import { isHtml, noteHtml } from './html.js';
import { rtfFacts } from './rtf.js';

/** Text in any of its forms: plain, tables, Markdown, HTML, SVG, XML, JSON, RTF, SYLK. The content says which, the name does not. */
export const textExaminer: Examiner = {
  claims: (head, source) => Promise.resolve(head.length > 0 && decodeText(head, source.size <= head.length) !== null),
  async examine(source, _name, limits): Promise<Examination> {
    const bytes = await source.all(limits.wholeBytes);
    const decoded = decodeText(bytes);
    if (decoded === null) return examined(format('text/plain', '纯文本', 'x-fmt/111'), { valid: true }, [{ key: 'text.control', evidence: '大量控制字符' }]);
    const observations = new Observations();
    if (decoded.charset === 'unknown' || /\ufffd/.test(decoded.text)) observations.add('text.encoding', '编码无法判定');
    else if (isDoubleEncoded(decoded.text)) observations.add('text.encoding', '重复编码造成乱码');
    const kind = kindOf(decoded);
    const facts = factsOf(kind, decoded.text, observations);
    if (kind.mime !== 'text/rtf' && controlCount(decoded.text) > 0) observations.add('text.control', `${controlCount(decoded.text)} 个`);
    return examined(kind, facts, observations.list());
  },
};

function kindOf({ text, charset }: DecodedText): Identified {
  const start = text.slice(0, 4096).replace(/^\ufeff/, '').trimStart();
  if (/^\{\\rtf/.test(start)) return format('text/rtf', 'RTF');
  if (/^ID;P/.test(start)) return format('application/x-sylk', 'SYLK');
  if (/^<\?xml[^>]*>\s*(<!--[\s\S]*?-->\s*)*(<!DOCTYPE\s+svg|<svg)|^<svg[\s>]|^<!DOCTYPE\s+svg/i.test(start)) return format('image/svg+xml', 'SVG', 'fmt/92');
  if (isHtml(start)) return /^<\?xml|xhtml1|xmlns=["']http:\/\/www\.w3\.org\/1999\/xhtml/i.test(start) ? format('application/xhtml+xml', 'XHTML 网页') : format('text/html', 'HTML 网页');
  if (/^<\?xml[\s?]/.test(start) || /^<([A-Za-z_\u4e00-\u9fff][\w.:\u4e00-\u9fff-]*)(\s[^<]*)?>[\s\S]*<\/\1>\s*$/.test(text.trim().slice(0, 2_000_000))) return format('text/xml', 'XML', 'fmt/101');
  if (/^[[{]/.test(start) && isJson(text)) return format('application/json', 'JSON', 'fmt/817');
  if (/^%!PS/.test(start)) return format('application/postscript', 'PostScript');
  if (/^BEGIN:VCALENDAR/.test(start)) return format('text/calendar', 'iCalendar');
  if (/^BEGIN:VCARD/.test(start)) return format('text/vcard', 'vCard');
  if (/^\\documentclass|\\begin\{document\}/.test(start)) return format('text/x-tex', 'TeX');
  if (/^\s*0\r?\nSECTION\r?\n/.test(start) || /^999\r?\n/.test(start)) return format('image/vnd.dxf', 'AutoCAD DXF');
  if (isTable(text)) return format('text/csv', 'CSV', 'x-fmt/18');
  if (isMarkdown(text)) return format('text/markdown', 'Markdown', 'fmt/1149');
  return format('text/plain', `纯文本（${charset}）`, 'x-fmt/111');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text.replace(/^\ufeff/, ''));
    return true;
  } catch {
    return false;
  }
}

/** At least two lines, the same number (two or more) of separators in nearly all of them. */
function isTable(text: string): boolean {
  const lines = text.slice(0, 200_000).split(/\r?\n/).filter((line) => line.trim() !== '').slice(0, 200);
  if (lines.length < 2) return false;
  for (const separator of [',', '\t', ';', '|']) {
    const counts = lines.map((line) => line.replace(/"(?:[^"]|"")*"/g, '').split(separator).length - 1);
    const first = counts[0] ?? 0;
    if (first >= 2 && counts.filter((found) => found === first).length >= lines.length * 0.9) return true;
  }
  return false;
}

/** Several kinds of Markdown marks, headings or code among them. */
function isMarkdown(text: string): boolean {
  const sample = text.slice(0, 100_000);
  const marks = [/^#{1,6} \S/m, /^(```|~~~)/m, /\[[^\]\n]+\]\([^)\n]+\)/, /(\*\*|__)\S[^\n]*?\S\1/, /^\|?( *:?-{3,}:? *\|)+/m, /^> \S/m, /^[-*+] \S/m];
  return /^#{1,6} \S|^(```|~~~)/m.test(sample) && marks.filter((mark) => mark.test(sample)).length >= 3;
}

function factsOf(kind: Identified, text: string, observations: Observations): Partial<FileFacts> {
  switch (kind.mime) {
    case 'text/rtf': return rtfFacts(text, observations);
    case 'application/x-sylk': return sylkFacts(text, observations);
    case 'text/html':
    case 'application/xhtml+xml':
    case 'image/svg+xml': return noteHtml(text, kind.mime === 'image/svg+xml', observations);
    case 'text/xml': return xmlFacts(text, observations);
    case 'text/csv':
    case 'text/plain': return plainFacts(text, observations);
    default: return {};
  }
}

/** A cell that starts a formula calling a program: `=cmd|'/c …'!A0` and its kin. */
function plainFacts(text: string, observations: Observations): Partial<FileFacts> {
  const dde = /(^|[,;\t"\n])\s*[=+@-][^,;\n]{0,40}?\b[a-z][\w.]*\s*\|\s*(['"]|&quot;)?[^,\n]*!\s*[A-Z'"]/im.test(text);
  if (dde) observations.add('office.dde', '单元格公式');
  return { activeContent: dde };
}

/** Record `O;E` marks a macro sheet (SYLK file format, 1986). */
function sylkFacts(text: string, observations: Observations): Partial<FileFacts> {
  const macro = /^O;(.*;)?E/m.test(text) || /^NN;NAuto_/im.test(text);
  if (macro) observations.add('office.macro', 'Excel 4.0 宏表');
  const dde = /^C;.*;E[^;\r\n]*\|/m.test(text) && /;E\s*[A-Za-z]+\|/m.test(text);
  if (dde) observations.add('office.dde', '单元格公式');
  return { activeContent: macro || dde };
}

const XML_PARSED_BYTES = 8 * 1024 * 1024;

/** Entities are never resolved: their declaration alone condemns the file. */
function xmlFacts(text: string, observations: Observations): Partial<FileFacts> {
  if (declaresEntities(text)) {
    observations.add('xml.entity', '<!ENTITY');
    return { valid: null };
  }
  const small = text.length <= XML_PARSED_BYTES;
  const sound = !small || XMLValidator.validate(text.replace(/^\ufeff/, '')) === true;
  if (!sound) observations.add('xml.malformed', '标记不配对');
  const signed = /<([\w.-]+:)?SignatureValue[\s>]/.test(text);
  if (!sound || !small) return { signed, valid: sound };
  const found = noteEncapsulation(text, () => new XMLParser({ ignoreAttributes: true, processEntities: false, parseTagValue: false, removeNSPrefix: true }).parse(text), observations);
  return found ?? { signed, valid: true };
}
