import { readDate, readOfficeDate } from './calendar.js';
import type { CatalogueRules, Cell } from './catalogue.js';
import { judgeName } from './computer-file-name.js';
import { dictionary, findTerm } from './dictionary.js';
import { readRetention } from './retention.js';
import { cleanText, textFaultMessage } from './text.js';
import type { CatalogueColumn } from '../policies/schemas/catalogue.js';
import type { MetadataElement } from '../policies/schemas/metadata.js';

/** A column of the catalogue with the element it fills. */
export interface BoundColumn { readonly header: string; readonly column: CatalogueColumn; readonly element: MetadataElement | undefined }
/** A value, or why there is none; `notice`: it was taken, in another form than it was written. */
type Read = { readonly ok: true; readonly value: unknown; readonly notice?: string } | { readonly ok: false; readonly message: string };

const MULTILINE: ReadonlySet<string> = new Set(['abstract', 'annotation', 'background', 'caption', 'otherReceivers']);

/** One cell, read as its column's element asks. What is wrong or was taken in another form is said in words. */
export function readCell({ column, element }: BoundColumn, cell: Cell, rules: CatalogueRules): Read {
  if (typeof cell === 'object' && cell !== null) {
    if (element?.kind === 'date' || element?.kind === 'dateOrSpan') return { ok: true, value: cell.day, notice: '日期单元格已按日期读取' };
    return { ok: false, message: '应为文字，现为日期单元格，请改为文本格式重新填写' };
  }
  const cleaned = cleanText(cell ?? '', MULTILINE.has(column.key) || element?.repeatable === true || column.key === 'attachments');
  if (!cleaned.ok) return { ok: false, message: textFaultMessage(cleaned) };
  const { text } = cleaned;
  if (text.includes('\ufffd')) return { ok: false, message: '含乱码替代符，请对照原件改正' };
  const notice = cleaned.changes.includes('trimmed') ? '首尾空白已去除' : cleaned.changes.includes('composed') ? '组合字符已合为规范形式' : undefined;
  const read = column.key === 'retentionCode' ? retentionCell(text, rules) : column.key === 'attachments' ? namesCell(text, rules) : elementCell(element, text, rules);
  return read.ok && read.notice === undefined && notice !== undefined ? { ...read, notice } : read;
}

function retentionCell(text: string, rules: CatalogueRules): Read {
  const value = readRetention(rules.schedule, text);
  return value === undefined ? { ok: false, message: '不是保管期限，请填 永久、30年、10年 或 Y、D30、D10' } : { ok: true, value };
}

/** A list written as JSON holds its items to the letter: how an item is written that has a separator in it. */
function written(text: string): readonly string[] | undefined {
  if (!text.startsWith('["')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((one): one is string => typeof one === 'string' && cleanText(one, true).ok) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Items of a list as one cell that is read as the same list again. */
export const writeList = (items: readonly string[], separators: string): string =>
  (items.some((item) => item.startsWith('["') || [...item].some((character) => character === '\n' || separators.includes(character))) ? JSON.stringify(items) : items.join('；'));

const split = (text: string, rules: CatalogueRules): readonly string[] =>
  written(text) ?? text.split(new RegExp(`[${rules.columns.listSeparators.replace(/[\\\]^-]/g, '\\$&')}]`, 'u')).map((part) => part.trim()).filter((part) => part !== '');

function namesCell(text: string, rules: CatalogueRules): Read {
  const separators = rules.columns.listSeparators.replace('、', '');
  const names = split(text, { ...rules, columns: { ...rules.columns, listSeparators: separators } });
  const bad = names.map(badPath).find((message) => message !== undefined);
  return bad === undefined ? { ok: true, value: names } : { ok: false, message: bad };
}

/** A file may be named with the folders it lies in, `2026/通知.pdf`; each part must be a name. */
function badPath(path: string): string | undefined {
  const bad = path.split('/').map(judgeName).find((judged) => !judged.ok);
  return bad !== undefined && !bad.ok ? bad.message : undefined;
}

function elementCell(element: MetadataElement | undefined, text: string, rules: CatalogueRules): Read {
  if (element === undefined) return { ok: true, value: text };
  if (element.key === 'fileName') {
    const bad = badPath(text);
    return bad === undefined ? { ok: true, value: text } : { ok: false, message: bad };
  }
  const folded = text.normalize('NFKC').trim();
  const widened = folded === text ? {} : { notice: '全角字符已按半角读取' };
  switch (element.kind) {
    case 'date': case 'dateOrSpan': {
      const value = readOfficeDate(text);
      if (value === undefined) return { ok: false, message: '不是存在的日期，请填 8 位数字，如 20261122' };
      return readDate(text) === undefined ? { ok: true, value, notice: '日期写法已改为规范形式' } : { ok: true, value };
    }
    case 'integer': {
      const value = /^\d{1,9}$/.test(folded) ? Number(folded) : Number.NaN;
      const fits = !Number.isNaN(value) && value >= (element.minimum ?? 0) && value <= (element.maximum ?? Infinity);
      return fits ? { ok: true, value, ...widened } : { ok: false, message: `应为不小于 ${String(element.minimum ?? 0)} 的整数` };
    }
    case 'level': {
      const rank = findTerm(dictionary(rules.dictionaries, 'security_level'), text)?.rank;
      return rank === undefined ? { ok: false, message: '不是密级，请填 公开、内部、秘密、机密 或 绝密' } : { ok: true, value: rank };
    }
    case 'digest': return /^[0-9a-f]{64}$/i.test(folded) ? { ok: true, value: folded.toLowerCase() } : { ok: false, message: '不是 SM3 摘要，应为 64 位十六进制' };
    case 'boolean': return folded === '是' || folded === 'true' ? { ok: true, value: true } : folded === '否' || folded === 'false' ? { ok: true, value: false } : { ok: false, message: '请填 是 或 否' };
    case 'id': case 'instant': case 'container': return { ok: false, message: '该项不能由目录导入，请删去' };
    case 'term': return termCell(element, text, rules);
    case 'text': return element.dictionary === undefined ? textCell(element, text, rules) : termCell(element, text, rules);
  }
}

function termCell(element: MetadataElement, text: string, rules: CatalogueRules): Read {
  const terms = dictionary(rules.dictionaries, element.dictionary ?? element.key);
  const found = findTerm(terms, text);
  if (found !== undefined) return { ok: true, value: found.key };
  return { ok: false, message: `不在「${terms.name}」值域内，请填 ${terms.terms.slice(0, 6).map((term) => term.label).join('、')}${terms.terms.length > 6 ? ' 等' : ''}` };
}

function textCell(element: MetadataElement, text: string, rules: CatalogueRules): Read {
  const parts = element.repeatable === true ? [...new Set(split(text, rules))] : [text];
  if (parts.length === 0) return { ok: false, message: '没有文字，请补填' };
  if (parts.some((part) => [...part].length > (element.maxLength ?? Infinity))) return { ok: false, message: `超过 ${String(element.maxLength ?? '')} 字，请缩短` };
  if (parts.length > (element.maxItems ?? Infinity)) return { ok: false, message: `超过 ${String(element.maxItems ?? '')} 项，请删减` };
  if (element.pattern !== undefined && !parts.every((part) => new RegExp(element.pattern ?? '', 'u').test(part))) return { ok: false, message: '书写形式不符合规定，请改正' };
  if (element.usual !== undefined && !new RegExp(element.usual, 'u').test(text)) return { ok: true, value: text, notice: '书写形式不合惯例，请核对' };
  return { ok: true, value: element.repeatable === true ? parts : text };
}
