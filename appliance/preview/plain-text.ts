import chardet from 'chardet';
import iconv from 'iconv-lite';
import PostalMime from 'postal-mime';
import { PackageFault, openPackage, type OfdPackage } from '../inspection/formats/ofd/package.js';
import { XmlFault, parseXml, type XmlNode } from '../inspection/formats/ofd/xml.js';
import { EXAMINE_LIMITS } from '../inspection/limits.js';
import { bufferSource } from '../inspection/source.js';

/** Characters of text laid on pages; what is longer is cut with a note. */
const MOST_CHARACTERS = 2_000_000;

const OOXML = 'application/vnd.openxmlformats-officedocument.';
const ODF = 'application/vnd.oasis.opendocument.';

function decodeText(bytes: Buffer): string {
  const utf8 = bytes.toString('utf8');
  if (!utf8.slice(0, 100_000).includes('\uFFFD')) return utf8.replace(/^\uFEFF/, '');
  const guess = chardet.detect(bytes.subarray(0, 65_536)) ?? 'gb18030';
  return iconv.decode(bytes, iconv.encodingExists(guess) ? guess : 'gb18030');
}

/** Text of an HTML page: script, style and markup left out, blocks on lines of their own. */
function htmlText(html: string): string {
  return html
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/<(script|style|head|svg)\b[\s\S]*?<\/\1\s*>/gi, '')
    .replace(/<(?:br|\/p|\/div|\/tr|\/li|\/h[1-6]|\/table)\b[^>]*>/gi, '\n')
    .replace(/<\/t[dh]\s*>/gi, '\t')
    .replace(/<[^>]*>/g, '')
    .replace(/&nbsp;/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#(\d{1,7});/g, (_, code: string) => (Number(code) <= 0x10ffff ? String.fromCodePoint(Number(code)) : ''))
    .replace(/&amp;/g, '&')
    .replace(/[ \t]*\n\s*\n+/g, '\n\n');
}

/** Text inside an XML tree: `breaks` end a line, `tabs` a cell. */
function collect(node: XmlNode, rules: { readonly text: ReadonlySet<string> | null; readonly breaks: ReadonlySet<string>; readonly tabs: ReadonlySet<string> }, out: string[]): void {
  if (rules.text === null || rules.text.has(node.name)) out.push(node.text);
  for (const inner of node.children) collect(inner, rules, out);
  if (rules.breaks.has(node.name)) out.push('\n');
  if (rules.tabs.has(node.name)) out.push('\t');
}

function partText(pkg: OfdPackage, path: string, rules: Parameters<typeof collect>[1]): string {
  try {
    const out: string[] = [];
    collect(parseXml(pkg.read(path)), rules, out);
    return out.join('');
  } catch (error) {
    if (error instanceof PackageFault || error instanceof XmlFault) return '';
    throw error;
  }
}

const WORD = { text: new Set(['t']), breaks: new Set(['p', 'br']), tabs: new Set(['tab', 'tc']) };
const SLIDE = { text: new Set(['t']), breaks: new Set(['p']), tabs: new Set<string>() };
const ODF_SHEET = { text: new Set(['p', 'span', 'a']), breaks: new Set(['table-row']), tabs: new Set(['table-cell']) };
const ODF_TEXT = { text: new Set(['p', 'h', 'span', 'a']), breaks: new Set(['p', 'h']), tabs: new Set(['tab']) };

const byNumber = (one: string, other: string): number => Number(/(\d+)\.xml$/.exec(one)?.[1] ?? 0) - Number(/(\d+)\.xml$/.exec(other)?.[1] ?? 0);

function sheetText(pkg: OfdPackage): string {
  const shared: string[] = [];
  const strings = pkg.has('xl/sharedStrings.xml') ? parseXml(pkg.read('xl/sharedStrings.xml')) : null;
  for (const item of strings?.children ?? []) {
    const out: string[] = [];
    collect(item, { text: new Set(['t']), breaks: new Set(), tabs: new Set() }, out);
    shared.push(out.join(''));
  }
  const sheets = pkg.entries.map((entry) => entry.path).filter((path) => /^xl\/worksheets\/sheet\d+\.xml$/.test(path)).sort(byNumber);
  return sheets.map((path) => {
    const rows = parseXml(pkg.read(path)).children.find((node) => node.name === 'sheetData')?.children ?? [];
    return rows.map((row) => row.children.map((cell) => {
      const value = cell.children.find((node) => node.name === 'v')?.text ?? '';
      if (cell.attrs['t'] === 's') return shared[Number(value)] ?? '';
      if (cell.attrs['t'] === 'inlineStr') {
        const out: string[] = [];
        collect(cell, WORD, out);
        return out.join('');
      }
      return value;
    }).join('\t')).join('\n');
  }).join('\n\n');
}

async function packageText(bytes: Buffer, mime: string): Promise<string | null> {
  try {
    const pkg = await openPackage(bufferSource(bytes), EXAMINE_LIMITS);
    if (mime.startsWith(`${OOXML}wordprocessingml`)) return partText(pkg, 'word/document.xml', WORD);
    if (mime.startsWith(`${OOXML}spreadsheetml`)) return sheetText(pkg);
    if (mime.startsWith(`${OOXML}presentationml`)) {
      const slides = pkg.entries.map((entry) => entry.path).filter((path) => /^ppt\/slides\/slide\d+\.xml$/.test(path)).sort(byNumber);
      return slides.map((path) => partText(pkg, path, SLIDE)).join('\n\n');
    }
    return partText(pkg, 'content.xml', mime === `${ODF}spreadsheet` ? ODF_SHEET : ODF_TEXT);
  } catch (error) {
    if (error instanceof PackageFault || error instanceof XmlFault) return null;
    throw error;
  }
}

async function mailText(bytes: Buffer): Promise<string> {
  const mail = await PostalMime.parse(bytes);
  const head = [`发件人: ${mail.from?.address ?? ''}`, `收件人: ${(mail.to ?? []).map((to) => to.address ?? '').join('; ')}`, `主题: ${mail.subject ?? ''}`, `日期: ${mail.date ?? ''}`];
  const attachments = mail.attachments.length > 0 ? [`附件: ${String(mail.attachments.length)} 个`] : [];
  return [...head, ...attachments, '', mail.text ?? htmlText(mail.html ?? '')].join('\n');
}

/** 文本提取: the words of a file without its looks. Null for formats whose text the box cannot read. */
export async function plainText(bytes: Buffer, mime: string): Promise<string | null> {
  let text: string | null = null;
  if (mime === 'text/html' || mime === 'application/xhtml+xml') text = htmlText(decodeText(bytes));
  else if (mime.startsWith('text/') && mime !== 'text/rtf') text = decodeText(bytes);
  else if (mime === 'application/json' || mime === 'application/xml') text = decodeText(bytes);
  else if (mime === 'message/rfc822') text = await mailText(bytes);
  else if (mime.startsWith(OOXML) || mime.startsWith(ODF)) text = await packageText(bytes, mime);
  if (text === null) return null;
  const clean = text.replace(/\r\n?/g, '\n').replace(/[\0-\x08\x0b\x0c\x0e-\x1f]/g, '');
  return clean.length > MOST_CHARACTERS ? `${clean.slice(0, MOST_CHARACTERS)}\n（文本过长，以下省略）` : clean;
}
