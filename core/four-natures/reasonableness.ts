import { compareDates, dayOf, yearOf } from '../calendar.js';
import { check, numberOf, textOf, type Check, type Method, type MethodContext, type RecordFacts } from './facts.js';

type Rule = (record: RecordFacts, context: MethodContext) => Check | null;

const isDay = (text: string | null): text is string => text !== null && /^\d{4}-\d{2}-\d{2}$/.test(text);
const day = (record: RecordFacts, key: string): string | null => {
  const text = textOf(record, key)?.slice(0, 10) ?? null;
  return isDay(text) ? text : null;
};
const warning = (found: Check): Check => (found.result === 'fail' ? { ...found, result: 'warn' } : found);

/** 1. documentDate ≤ completedOn ≤ filedAt; an incoming document may have been written at any earlier day. */
const datesInOrder: Rule = (record) => {
  const days = [day(record, 'documentDate'), day(record, 'completedOn'), record.filedAt === null ? null : dayOf(record.filedAt)].filter(isDay);
  const ordered = days.every((one, index) => index === 0 || compareDates(days[index - 1] ?? one, one) <= 0);
  return days.length < 2 ? null : check(record.ref, ordered, '成文、办结、归档日期递增', days.join(' '), '规则1：日期先后不合理');
};

/** 2. Outside the years of writing and completion, give or take one: a warning. */
const yearFits: Rule = (record) => {
  const year = numberOf(record, 'archivalYear');
  const [written, completed] = [day(record, 'documentDate'), day(record, 'completedOn') ?? day(record, 'documentDate')];
  if (year === null || written === null || completed === null) return null;
  return warning(check(record.ref, year >= yearOf(written) - 1 && year <= yearOf(completed) + 1, '年度与成文、办结日期相符', String(year), '规则2：归档年度与日期不符，请核对'));
};

/** 3. At least one page; another number than the layout file has is a warning. */
const pagesFit: Rule = (record) => {
  const pages = numberOf(record, 'pageCount');
  if (pages === null) return null;
  const measured = record.files.find((file) => file.role === 'main')?.actual?.inspection.facts.pages;
  if (pages < 1) return check(record.ref, false, '页数不小于 1', String(pages), '规则3：页数须不小于 1');
  return warning(check(record.ref, measured === undefined || measured === pages, String(measured ?? pages), String(pages), '规则3：页数与版式文件不一致，请核对'));
};

/** 4. 保密期限上限 by level, unless another provision is named. */
const periodWithinLimit: Rule = (record, { limits }) => {
  const { secrecy, level } = record;
  const most = limits.secrecyYears[String(level)];
  if (secrecy === null || secrecy.period === null || most === undefined || secrecy.exception !== null) return null;
  const { years, months, days } = secrecy.period;
  const within = years < most || (years === most && months === 0 && days === 0);
  return check(record.ref, within, `不超过 ${String(most)} 年`, `${String(years)}年${String(months)}月${String(days)}日`, '规则4：保密期限超过该密级上限（E_CLS_PERIOD_EXCEEDS_MAX）');
};

/** 5. Declassified after it was written; the period has a length. */
const declassifiedLater: Rule = (record) => {
  const { secrecy } = record;
  const written = day(record, 'documentDate');
  if (secrecy === null) return null;
  const empty = secrecy.period !== null && secrecy.period.years + secrecy.period.months + secrecy.period.days <= 0;
  const early = secrecy.declassifyOn !== null && written !== null && compareDates(secrecy.declassifyOn, written) <= 0;
  return check(record.ref, !empty && !early, '解密日晚于制发日', secrecy.declassifyOn ?? '', '规则5：解密日期或保密期限不合理');
};

/** 6. A state secret is controlled. */
const secretsControlled: Rule = (record) => {
  const rights = record.metadata['rights'];
  const control = rights !== null && typeof rights === 'object' && 'controlIdentifier' in rights ? rights.controlIdentifier : undefined;
  return record.level < 2 || control === undefined ? null : check(record.ref, control === 'controlled', 'controlled', typeof control === 'string' ? control : '', '规则6：国家秘密文件的控制标识须为“控制”');
};

/** 7. The days of the volume cover the record. */
const volumeCovers: Rule = (record) => {
  const written = day(record, 'documentDate');
  if (record.volumeSpan === null || written === null) return null;
  const { from, to } = record.volumeSpan;
  return check(record.ref, compareDates(from, written) <= 0 && compareDates(written, to) <= 0, `${from}/${to}`, written, '规则7：案卷起止日期未覆盖该件');
};

/** 8. Every file belongs to the record it stands in. */
const filesBelong: Rule = (record) => {
  const strange = record.files.filter((file) => file.recordRef !== record.ref).length;
  return check(record.ref, strange === 0, '附件与主文件同件', String(strange), '规则8：附件不属于本件');
};

/** 9. No empty file, no record over the limit. */
const sizesFit: Rule = (record, { limits }) => {
  const sizes = record.files.flatMap((file) => (file.actual === null ? [] : [file.actual.inspection.bytes]));
  const sum = sizes.reduce((total, bytes) => total + bytes, 0);
  return check(record.ref, sizes.every((bytes) => bytes > 0) && sum <= limits.recordBytes, `每个大于 0，合计不超过 ${String(limits.recordBytes)}`, String(sum), '规则9：有空文件，或单件字节数超过上限');
};

/** 10. One number of one author under two titles: a warning. */
const oneNumberOneTitle: Rule = (record, { records }) => {
  const [number, author] = [textOf(record, 'documentNumber'), JSON.stringify(record.metadata['author'] ?? null)];
  if (number === null) return null;
  const same = numbersOf(records).get(JSON.stringify([number, author]));
  return warning(check(record.ref, (same?.titles.size ?? 0) <= 1, '同文号同题名', String(same?.records ?? 0), '规则10：同一文号和责任者有不同题名，请核对'));
};

interface SameNumber { records: number; readonly titles: Set<string | null> }
const byNumber = new WeakMap<readonly RecordFacts[], ReadonlyMap<string, SameNumber>>();

/** The records of a batch by number and author, gathered once: looking through all for each would cost the square of the batch. */
function numbersOf(records: readonly RecordFacts[]): ReadonlyMap<string, SameNumber> {
  const known = byNumber.get(records);
  if (known) return known;
  const found = new Map<string, SameNumber>();
  for (const record of records) {
    const key = JSON.stringify([textOf(record, 'documentNumber'), JSON.stringify(record.metadata['author'] ?? null)]);
    const same = found.get(key) ?? { records: 0, titles: new Set() };
    same.records += 1;
    same.titles.add(textOf(record, 'title'));
    found.set(key, same);
  }
  byNumber.set(records, found);
  return found;
}

/** 11. Another retention than the schedule entry's needs its reason. */
const retentionExplained: Rule = (record) => {
  const retention = textOf(record, 'retentionCode');
  if (record.schedule === null || retention === null) return null;
  return check(record.ref, retention === record.schedule.retentionCode || record.retentionReason !== null, record.schedule.retentionCode, retention, '规则11：保管期限与条目不同，须填调整原因');
};

/** 12. A derived decision follows its source, or names its 密点依据. */
const derivedFollows: Rule = (record) => {
  const source = record.secrecy?.derivedFrom ?? null;
  if (source === null) return null;
  const same = source.level === record.level && source.declassifyOn === (record.secrecy?.declassifyOn ?? null);
  return check(record.ref, same || source.pointBasis !== null, '与来源一致', same ? '一致' : '偏离', '规则12：派生件密级或期限偏离来源，须有密点依据');
};

const RULES: readonly Rule[] = [
  datesInOrder, yearFits, pagesFit, periodWithinLimit, declassifiedLater, secretsControlled,
  volumeCovers, filesBelong, sizesFit, oneNumberOneTitle, retentionExplained, derivedFollows,
];

/** GD-1-5 数据值合理性: twelve rules, each silent where the record gives it nothing to say. */
export const reasonableness: Method = (context) =>
  context.records.flatMap((record) => RULES.map((rule) => rule(record, context)).filter((found): found is Check => found !== null));
