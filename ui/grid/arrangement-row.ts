/** Between a record and a row of the grid: what the cells show, what is sent back, what is wrong while one types. */
import { CATEGORY_FIELDS, textOf } from '../category-fields.js';
import type { StoredRecord } from '../shapes.js';
import { typedDate } from '../wording.js';

const DESCRIBED: readonly string[] = ['title', 'documentNumber', 'author', ...CATEGORY_FIELDS.map(({ key }) => key)];
const DATES: readonly string[] = ['documentDate', 'completedOn'];

export const valuesOf = (record: StoredRecord): Readonly<Record<string, string>> => ({
  title: record.description.title, documentNumber: record.description.documentNumber ?? '', author: record.description.author?.join('、') ?? '',
  documentDate: record.documentDate ?? '', completedOn: record.completedOn ?? '', categoryCode: record.categoryCode ?? '', archivalYear: record.archivalYear === null ? '' : String(record.archivalYear),
  scheduleItemId: record.scheduleItemId ?? '', retentionCode: record.retentionCode ?? '', orgOrFunction: record.orgOrFunction ?? '',
  ...Object.fromEntries(CATEGORY_FIELDS.map(({ key }) => [key, textOf(record.description, key)])),
});

/** What is wrong with a typed cell; the server looks again with its schema. Empty cells are only incomplete, not wrong. */
export function rowFault(column: string, value: string): string | null {
  const field = CATEGORY_FIELDS.find(({ key }) => key === column);
  if (value !== '' && field?.number === true && !/^[1-9]\d{0,9}$/.test(value)) return '写阿拉伯数字';
  if (value !== '' && field?.date === true) return typedDate(value) === null ? '日期写作 20261122 或 2026-11-22' : null;
  if (value === '') return column === 'title' ? '题名不能为空' : null;
  if (DATES.includes(column)) return typedDate(value) === null ? '日期写作 20261122 或 2026-11-22' : null;
  if (column === 'archivalYear') return /^(19|2\d)\d{2}$/.test(value) ? null : '年度写四位数字';
  if (column === 'retentionCode') return retentionCode(value) === null ? '期限写 永久、30 年、10 年，或 Y、D30、D10' : null;
  if (column === 'categoryCode') return /^[A-Z]{2}$/.test(value) ? null : '门类写两位大写字母代码';
  return column === 'title' && value.length > 500 ? '题名最多 500 字' : null;
}

function retentionCode(value: string): string | null {
  if (/^(Y|D[1-9]\d{0,2})$/.test(value)) return value;
  if (value === '永久') return 'Y';
  const years = /^(?:定期)?([1-9]\d{0,2})\s*年$/.exec(value)?.[1];
  return years ? `D${years}` : null;
}

const fact = (column: string, value: string): string | number | null =>
  value === '' ? null : DATES.includes(column) ? typedDate(value) : column === 'archivalYear' ? Number(value) : column === 'retentionCode' ? retentionCode(value) : value;

function typedField(column: string, value: string): string | number | null {
  const field = CATEGORY_FIELDS.find(({ key }) => key === column);
  return field?.number === true ? Number(value) : field?.date === true ? typedDate(value) : value;
}

/** Only what changed, under the names of `arrangement.save`. */
export function rowToSave(record: string, seenVersion: number, fields: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const facts = Object.fromEntries(Object.entries(fields).filter(([column]) => !DESCRIBED.includes(column)).map(([column, value]) => [column, fact(column, value)]));
  const description = Object.fromEntries(Object.entries(fields).filter(([column, value]) => DESCRIBED.includes(column) && value !== '')
    .map(([column, value]) => [column, CATEGORY_FIELDS.some(({ key }) => key === column) ? typedField(column, value) : column === 'author' ? value.split(/[、;；,，]/).map((one) => one.trim()).filter((one) => one !== '') : value]));
  return { record, seenVersion, ...(Object.keys(facts).length ? { facts } : {}), ...(Object.keys(description).length ? { description } : {}) };
}
