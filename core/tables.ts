import { findScheme } from './arrangement.js';
import type { ErrorDetail } from './errors.js';
import { isAsLong } from './retention.js';
import type { FilingScope, RetentionItem, RetentionSchedule, Schemes } from '../policies/schemas/arrangement.js';

/** 三表: 分类方案, 归档范围, 保管期限表 (办法第十五条). */
export const TABLE_KINDS = ['scheme', 'scope', 'retention'] as const;
export type TableKind = (typeof TABLE_KINDS)[number];
export interface Tables { readonly scheme: Schemes; readonly scope: FilingScope; readonly retention: RetentionSchedule }
export type TableContent = Tables[TableKind];

/** One line of a table, as compared: what names it, and what it says. */
interface Line { readonly part: string; readonly key: string; readonly name: string; readonly said: Readonly<Record<string, string>> }
export interface Difference {
  /** 条目, 期限, 不归档范围, 归档类别, 方案, 总则 */
  readonly part: string;
  readonly key: string;
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly fields: readonly { readonly field: string; readonly before: string; readonly after: string }[];
}

const HEAD: Readonly<Record<string, string>> = {
  title: '名称', scheduleId: '对应期限表', remindMonthsBefore: '到期提醒（月）', permanentReviewYears: '永久复审（年）', withinItemOrder: '件内次序', sortBy: '排序', classifiedOrgSuffix: '涉密单独编号后缀', classifiedNote: '单独编号说明',
};
const LINES: readonly { readonly list: string; readonly part: string; readonly key: string; readonly name: string; readonly fields: Readonly<Record<string, string>> }[] = [
  { list: 'items', part: '条目', key: 'code', name: 'clause', fields: { clause: '条款', category: '门类', otherCategories: '其他门类', retention: '保管期限', defaultLevel: '建议密级', secretMatterRef: '保密事项范围', note: '备注' } },
  { list: 'terms', part: '期限', key: 'code', name: 'name', fields: { name: '名称', words: '写法', years: '年数' } },
  { list: 'exclusions', part: '不归档范围', key: 'id', name: 'clause', fields: { group: '来源', clause: '条款' } },
  { list: 'classes', part: '归档类别', key: 'id', name: 'clause', fields: { clause: '条款', retention: '期限', items: '条目' } },
  { list: 'schemes', part: '方案', key: 'id', name: 'name', fields: { name: '名称', levels: '层级', codeHasOrg: '档号含机构（问题）' } },
];
const said = (value: unknown): string => (value === undefined || value === null ? '' : Array.isArray(value) ? value.map(String).join('、') : typeof value === 'boolean' ? (value ? '是' : '否') : String(value as string | number));

function linesOf(content: TableContent): readonly Line[] {
  const whole = content as unknown as Readonly<Record<string, unknown>>;
  const head = Object.entries(HEAD).flatMap(([key, name]): Line[] => (key in whole ? [{ part: '总则', key, name, said: { [name]: said(whole[key]) } }] : []));
  return [...head, ...LINES.flatMap(({ list, part, key, name, fields }) => ((whole[list] ?? []) as readonly Readonly<Record<string, unknown>>[]).map((line): Line => ({
    part, key: said(line[key]), name: said(line[name]), said: Object.fromEntries(Object.entries(fields).map(([field, label]) => [label, said(line[field])])),
  })))];
}

/** 两版对照: what was added, removed and said otherwise, in the order of the newer version. What a row rests upon (`confidence`) is no part of it. */
export function compareTables(before: TableContent, after: TableContent): readonly Difference[] {
  const id = ({ part, key }: Line): string => `${part} ${key}`;
  const [older, newer] = [linesOf(before), linesOf(after)];
  const was = new Map(older.map((line) => [id(line), line]));
  const is = new Set(newer.map(id));
  const changed = newer.flatMap((line): Difference[] => {
    const old = was.get(id(line));
    const fields = Object.entries(line.said).filter(([field, value]) => (old?.said[field] ?? '') !== value).map(([field, value]) => ({ field, before: old?.said[field] ?? '', after: value }));
    const named = { part: line.part, key: line.key, name: line.name };
    return old === undefined ? [{ ...named, change: 'added', fields }] : fields.length === 0 ? [] : [{ ...named, change: 'changed', fields }];
  });
  const removed = older.filter((line) => !is.has(id(line))).map((line): Difference => ({ part: line.part, key: line.key, name: line.name, change: 'removed', fields: Object.entries(line.said).filter(([, value]) => value !== '').map(([field, value]) => ({ field, before: value, after: '' })) }));
  return [...changed, ...removed];
}

/** What a version lacks in itself, or beside the tables it would stand with; empty where it may be put into force. */
export function tableFaults(kind: TableKind, content: TableContent, beside: Tables, fonds: readonly { readonly fonds: string; readonly schemeId: string }[]): readonly ErrorDetail[] {
  const twice = (keys: readonly string[], at: string, what: string): ErrorDetail[] => [...new Set(keys.filter((key, place) => keys.indexOf(key) !== place))].map((key) => ({ at, message: `${what} ${key} 重复` }));
  if (kind === 'scheme') {
    const { schemes } = content as Schemes;
    return [
      ...twice(schemes.map(({ id }) => id), '/schemes', '方案'),
      ...fonds.filter(({ schemeId }) => !schemes.some(({ id }) => id === schemeId)).map((one) => ({ at: '/schemes', message: `缺少全宗 ${one.fonds} 在用的方案 ${one.schemeId}` })),
    ];
  }
  if (kind === 'retention') {
    const { items, terms } = content as RetentionSchedule;
    const known = new Set(terms.map(({ code }) => code));
    const scoped = new Set(beside.scope.classes.flatMap((one) => one.items));
    const codes = new Set(items.map(({ code }) => code));
    return [
      ...twice(items.map(({ code }) => code), '/items', '条目'), ...twice(terms.map(({ code }) => code), '/terms', '期限'),
      ...items.flatMap(({ code, retention }, at) => (known.has(retention) ? [] : [{ at: `/items/${String(at)}/retention`, message: `条目 ${code} 的期限 ${retention} 不在期限代码中` }])),
      ...[...scoped].filter((code) => !codes.has(code)).map((code) => ({ at: '/items', message: `现行归档范围引用的条目 ${code} 不在表中，请先修订归档范围或保留该条目` })),
    ];
  }
  const { classes } = content as FilingScope;
  const codes = new Map(beside.retention.items.map((item) => [item.code, item]));
  return [
    ...twice(classes.map(({ id }) => id), '/classes', '类别'),
    ...classes.flatMap(({ id, items }, at) => items.flatMap((code, place) => (codes.has(code) ? [] : [{ at: `/classes/${String(at)}/items/${String(place)}`, message: `类别 ${id} 引用的条目 ${code} 不在现行保管期限表中` }]))),
  ];
}

/** What a record says that the tables decide about. */
export interface HeldFacts { readonly scheduleItemId: string | null; readonly categoryCode: string | null; readonly retentionCode: string | null; readonly hasOrg: boolean; readonly schemeId: string }
export const TABLE_EFFECTS = ['gone', 'category', 'short', 'differs', 'outside', 'inside', 'period', 'class', 'org', 'levels'] as const;
export type TableEffect = (typeof TABLE_EFFECTS)[number];

/** 试算: what another version would say of a record, null where nothing else. Records that are filed keep what they were filed under. */
export function tableEffect(kind: TableKind, before: TableContent, after: TableContent, facts: HeldFacts): TableEffect | null {
  const { scheduleItemId, categoryCode, retentionCode } = facts;
  if (kind === 'scheme') {
    const next = (after as Schemes).schemes.find(({ id }) => id === facts.schemeId);
    if (next === undefined) return 'gone';
    const was = findScheme(before as Schemes, facts.schemeId);
    if (next.codeHasOrg && !was.codeHasOrg && !facts.hasOrg) return 'org';
    return next.levels.join() === was.levels.join() ? null : 'levels';
  }
  if (scheduleItemId === null) return null;
  if (kind === 'scope') {
    const classOf = (scope: FilingScope) => scope.classes.find(({ items }) => items.includes(scheduleItemId));
    const [was, is] = [classOf(before as FilingScope), classOf(after as FilingScope)];
    if (is === undefined) return was === undefined ? null : 'outside';
    if (was === undefined) return 'inside';
    if (retentionCode !== null && (is.retention === 'Y') !== (retentionCode === 'Y') && was.retention !== is.retention) return 'period';
    return was.id === is.id ? null : 'class';
  }
  const [was, is] = [before, after].map((one) => (one as RetentionSchedule).items.find(({ code }) => code === scheduleItemId));
  if (is === undefined) return was === undefined ? null : 'gone';
  const fits = (item: RetentionItem): boolean => categoryCode === null || item.category === categoryCode || item.otherCategories?.includes(categoryCode) === true;
  if (!fits(is) && (was === undefined || fits(was))) return 'category';
  if (retentionCode === null || was?.retention === is.retention) return null;
  return isAsLong(retentionCode, is.retention) ? (retentionCode === is.retention ? null : 'differs') : 'short';
}
