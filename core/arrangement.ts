import type { ArchivalCodes, CodeKey, CodeValues } from './archival-code.js';
import { ArchiveError } from './errors.js';
import type { CalendarDate, Level } from './ports.js';
import type { CodeTemplate, Scheme, Schemes } from '../policies/schemas/arrangement.js';

/** What decides in which sequence a record is numbered, and where it stands there. */
export interface Arranged {
  readonly id: string;
  readonly electronicRecordCode: string;
  readonly category: string;
  readonly archivalYear: number;
  readonly retention: string;
  /** 机构或问题 code; needed where the scheme has it. */
  readonly orgOrFunction?: string;
  readonly unit: 'item' | 'volume';
  readonly level: Level;
  readonly documentDate: CalendarDate;
  readonly completedOn: CalendarDate;
  /** Parts of the code that the category has of its own: 栏目, 组号, 会计类别, 案卷号. Numbers run within them. */
  readonly more?: CodeValues;
  /** Place within its volume; numbers follow it. */
  readonly place?: number;
  /** 文号, for sorting only. */
  readonly documentNumber?: string;
}

/** What the fonds has decided about its numbering (全宗登记). */
export interface FondsRules {
  readonly fonds: string;
  readonly profile: string;
  readonly schemeId: string;
  /** 涉密件单独编号, so that a hidden record leaves no gap in the open sequence. */
  readonly separateClassifiedSequence: boolean;
}

/** 编号序列: 全宗 + 门类 + 年度 + 期限 + 机构(问题). */
export interface Series {
  readonly key: string;
  readonly fonds: string;
  readonly category: string;
  readonly year: number;
  readonly retention: string;
  readonly org: string | null;
}

export function findScheme(schemes: Schemes, id: string): Scheme {
  const found = schemes.schemes.find((scheme) => scheme.id === id);
  if (found === undefined) throw new ArchiveError('E_ARRANGE_INCOMPLETE', { missing: ['scheme'] });
  return found;
}

/**
 * The sequence that a record is numbered in.
 * @throws ArchiveError `E_ARRANGE_INCOMPLETE` where the scheme asks for 机构(问题) and the record has none
 */
export function seriesOf(schemes: Schemes, fonds: FondsRules, record: Pick<Arranged, 'category' | 'archivalYear' | 'retention' | 'orgOrFunction' | 'level' | 'more'>, template?: CodeTemplate): Series {
  const scheme = findScheme(schemes, fonds.schemeId);
  const own = scheme.codeHasOrg ? record.orgOrFunction ?? '' : '';
  if (scheme.codeHasOrg && own === '') throw new ArchiveError('E_ARRANGE_INCOMPLETE', { missing: ['orgOrFunction'] });
  const apart = fonds.separateClassifiedSequence && record.level >= 2 ? schemes.classifiedOrgSuffix : '';
  // What the code does not show cannot tell two numbers apart.
  const shows = (key: CodeKey): boolean => template === undefined || template.parts.some((part) => part.key === key);
  const org = shows('org') ? `${own}${apart}` : '';
  const more = Object.entries(record.more ?? {}).filter(([key]) => shows(key as CodeKey)).map(([key, value]) => `${key}=${value}`).sort();
  return {
    key: [fonds.fonds, record.category, String(record.archivalYear), shows('retention') ? record.retention : '', org, ...more].join('|'),
    fonds: fonds.fonds, category: record.category, year: record.archivalYear, retention: record.retention, org: org === '' ? null : org,
  };
}

/** 类目路径, from the top: `['2026', '办公室', 'D30']` in the order of the scheme. */
export const folderOf = (scheme: Scheme, series: Series): readonly string[] =>
  scheme.levels.map((level) => (level === 'year' ? String(series.year) : level === 'retention' ? series.retention : series.org ?? ''));

type Cut = (text: string) => readonly string[];
const cutNumbers: Cut = (text) => text.normalize('NFKC').match(/\d+|\D+/gu) ?? [];

/** Texts with numbers in them, the numbers by value: 〔2026〕5号 before 〔2026〕12号. */
export function compareNaturally(one: string, other: string, cut: Cut = cutNumbers): number {
  const [left, right] = [cut(one), cut(other)];
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const [a = '', b = ''] = [left[index], right[index]];
    const byValue = /^\d/.test(a) && /^\d/.test(b) ? compareDigits(a, b) : 0;
    if (byValue !== 0) return byValue;
    if (a !== b && !(/^\d/.test(a) && /^\d/.test(b))) return a < b ? -1 : 1;
  }
  return Math.sign(left.length - right.length);
}

function compareDigits(one: string, other: string): number {
  const [a, b] = [one.replace(/^0+/, ''), other.replace(/^0+/, '')];
  if (a.length !== b.length) return a.length < b.length ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}

/** 排序 within a series, before numbering. The electronic record code settles every tie, so that the order is total and repeatable. */
export function compareForNumbering(schemes: Schemes): (one: Arranged, other: Arranged) => number {
  // A sort asks for every number many times over.
  const known = new Map<string, readonly string[]>();
  const cut: Cut = (text) => {
    const parts = known.get(text) ?? cutNumbers(text);
    known.set(text, parts);
    return parts;
  };
  return (one, other) => {
    for (const key of schemes.sortBy) {
      const order = key === 'documentNumber' ? compareNaturally(one.documentNumber ?? '', other.documentNumber ?? '', cut) : compareText(one[key], other[key]);
      if (order !== 0) return order;
    }
    return compareText(one.electronicRecordCode, other.electronicRecordCode) || compareText(one.id, other.id);
  };
}

const compareText = (one: string, other: string): number => (one === other ? 0 : one < other ? -1 : 1);

/** 件内次序: 处理单在前, 正文在附件前, by the table; files of one role keep their order. */
export function orderWithinItem<T extends { readonly role: string }>(schemes: Schemes, files: readonly T[]): readonly T[] {
  const rank = (file: T): number => {
    const at = schemes.withinItemOrder.indexOf(file.role);
    return at < 0 ? schemes.withinItemOrder.length : at;
  };
  return [...files].sort((one, other) => rank(one) - rank(other));
}

export interface NumberedRecord {
  readonly id: string;
  readonly series: Series;
  readonly sequence: number;
  readonly archivalCode: string;
}

/**
 * 一批编号: sorts each series and gives the numbers that follow its last one, without a gap, so that the whole batch stands or falls
 * together. The caller reads `last` and stores the result in one transaction.
 * @param last highest number of a series so far, voided numbers included, by series key
 * @throws ArchiveError `E_ARRANGE_INCOMPLETE`, `E_CODE_FORMAT` (a series that has run out of digits included)
 * @see 办法第二十一条; DA/T 22-2015
 */
export function numberBatch(codes: ArchivalCodes, schemes: Schemes, fonds: FondsRules, records: readonly Arranged[], last: ReadonlyMap<string, number>): readonly NumberedRecord[] {
  const bySeries = new Map<string, { readonly series: Series; readonly members: Arranged[] }>();
  for (const record of records) {
    const series = seriesOf(schemes, fonds, record, codes.templateFor(fonds.profile, record.category, record.unit));
    const found = bySeries.get(series.key) ?? { series, members: [] };
    found.members.push(record);
    bySeries.set(series.key, found);
  }
  const inOrder = compareForNumbering(schemes);
  return [...bySeries.values()].flatMap(({ series, members }) => {
    const before = last.get(series.key) ?? 0;
    return members.sort((one, other) => (one.place ?? 0) - (other.place ?? 0) || inOrder(one, other)).map((record, index) => {
      const sequence = record.place ?? before + index + 1;
      const template = codes.templateFor(fonds.profile, record.category, record.unit);
      const values = { fonds: series.fonds, category: series.category, year: String(series.year), retention: series.retention, item: String(sequence), ...record.more };
      return { id: record.id, series, sequence, archivalCode: codes.format(template, series.org === null ? values : { ...values, org: series.org }) };
    });
  });
}

/** Numbers from 1 to the highest that are neither used nor voided. */
export function missingNumbers(used: readonly number[], voided: readonly number[] = []): readonly number[] {
  const present = new Set([...used, ...voided]);
  let highest = 0;
  for (const number of present) highest = Math.max(highest, number);
  return Array.from({ length: highest }, (_, index) => index + 1).filter((number) => !present.has(number));
}

/**
 * GD-2-6: numbers run from 1 without gap or doubling; a voided number (作废号) counts as present.
 * @throws ArchiveError `E_CODE_DUPLICATE` or `E_CODE_GAP` with the numbers missing
 */
export function requireContinuous(series: string, used: readonly number[], voided: readonly number[] = []): void {
  const all = [...used, ...voided];
  if (new Set(all).size !== all.length) throw new ArchiveError('E_CODE_DUPLICATE', { series });
  const missing = missingNumbers(used, voided);
  if (missing.length > 0) throw new ArchiveError('E_CODE_GAP', { series, missing });
}

/**
 * 第十九条一款: title, category, retention and appraiser are settled before a record is handed in.
 * @throws ArchiveError `E_ARRANGE_INCOMPLETE` with the names of what is missing
 */
export function requireArranged(facts: { readonly [key in 'title' | 'category' | 'retention' | 'scheduleItem' | 'archivalYear']?: unknown }): void {
  const missing = (['title', 'category', 'retention', 'scheduleItem', 'archivalYear'] as const).filter((key) => facts[key] === undefined || facts[key] === null || facts[key] === '');
  if (missing.length > 0) throw new ArchiveError('E_ARRANGE_INCOMPLETE', { missing });
}
