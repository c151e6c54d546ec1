import { dayOf } from '../core/calendar.js';
import { ArchiveError } from '../core/errors.js';
import type { CalendarDate, Instant } from '../core/ports.js';
import type { ClassAuthority } from '../policies/schemas/secrecy.js';
import type { Classification, DeclassKind, ProtectedAs } from './classification-state.js';
import type { SecretLevel } from './level.js';
import { changed, type MarkingCase } from './marking-case.js';

/** 绝密、机密、秘密 and their sum. */
export interface Counts { readonly top: number; readonly secret: number; readonly confidential: number; readonly total: number }
export interface StatLine { readonly key: string; readonly name: string; readonly counts: Counts }

/** 国家秘密事项统计 of one year (实施条例(2024)第五十六条): by matter, however many records and carriers it has. */
export interface YearStatistics {
  readonly year: number;
  readonly until: CalendarDate;
  readonly lines: readonly StatLine[];
  readonly departments: readonly { readonly department: string; readonly counts: Counts }[];
  readonly reviewed: number;
  /** Of the matters in force at the end, how many were reviewed in the year, per cent; `null` with none in force. */
  readonly reviewRate: number | null;
  readonly authorities: { readonly statutory: number; readonly designated: number; readonly trained: number };
  readonly protection: { readonly beyond: number; readonly unclear: number; readonly disputed: number; readonly reported: number };
  readonly corrected: number;
  readonly beforeTransfer: number;
  /** 届满待确认 at the end: counted as in force until a person confirms. */
  readonly awaitingConfirmation: number;
}

export interface StatisticsFacts {
  readonly matters: readonly { readonly it: Classification; readonly department: string }[];
  readonly cases: readonly MarkingCase[];
  readonly authorities: readonly ClassAuthority[];
}

/** A matter at one moment: `null` before it is decided and after it is lifted. */
interface Moment { readonly at: Instant; readonly level: SecretLevel | null; readonly type: string; readonly how: DeclassKind | null }
const SECRETS: readonly SecretLevel[] = [4, 3, 2];

/** What one decision made of its matter, in order. Days are those of the decisions: what has run out ends when it is confirmed. */
function momentsOf(it: Classification): readonly Moment[] {
  if (!('approved' in it)) return [];
  const { type } = it.proposal;
  const first = it.changes.find(({ kind }) => kind === 'confirm')?.to ?? it.changes[0]?.from ?? it.current;
  return [
    { at: it.approved.at, level: first.level, type, how: null },
    ...it.changes.filter(({ kind }) => kind !== 'confirm').map((one): Moment => ({ at: one.approval.at, level: one.to.level, type, how: null })),
    ...(it.state === 'declassified' ? [{ at: it.declassified.at, level: null, type, how: it.how }] : []),
  ];
}

/** One 事项 over several decisions: at any moment as secret as the highest of them. */
function merged(members: readonly (readonly Moment[])[]): readonly Moment[] {
  const all = members.flatMap((moments, member) => moments.map((one) => ({ ...one, member }))).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.member - b.member));
  const now: (SecretLevel | null)[] = members.map(() => null);
  const line: Moment[] = [];
  for (const one of all) {
    now[one.member] = one.level;
    const held = now.filter((level) => level !== null);
    const level = held.length === 0 ? null : (Math.max(...held) as SecretLevel);
    if (level !== (line.at(-1)?.level ?? null)) line.push({ at: one.at, level, type: one.type, how: one.how });
  }
  return line;
}

class Tally {
  private readonly counts = new Map<SecretLevel, number>(SECRETS.map((level) => [level, 0]));
  add(level: SecretLevel, n = 1): void { this.counts.set(level, this.of(level) + n); }
  of(level: SecretLevel): number { return this.counts.get(level) ?? 0; }
  shown(): Counts {
    const [top, secret, confidential] = [this.of(4), this.of(3), this.of(2)];
    return { top, secret, confidential, total: top + secret + confidential };
  }
}

const MOVES = [
  ['start', '年初在期国家秘密数'], ['original', '本年新定：原始定密'], ['derived', '本年新定：派生定密'], ['inherited', '本年新收：来文沿用'], ['raisedIn', '本年变更：升密转入'], ['raisedOut', '本年变更：升密转出'],
  ['loweredIn', '本年变更：降密转入'], ['loweredOut', '本年变更：降密转出'], ['period', '本年变更：期限调整'], ['scope', '本年变更：范围调整'], ['extended', '本年延长期限'],
  ['self', '本年解密：自行解密'], ['early', '本年解密：提前解密'], ['published', '本年解密：正式公布'], ['end', '年末在期国家秘密数'],
] as const;
type Move = (typeof MOVES)[number][0];

/**
 * 年末在期 = 年初 + 新定 − 解密 ± 升降, for every level; and for the year under way, what the decisions say is what the matters say.
 * @throws ArchiveError `E_STAT_UNBALANCED`
 * @see 保密法实施条例(2024)第五十六条
 */
export function yearStatistics(facts: StatisticsFacts, year: number, today: CalendarDate): YearStatistics {
  const [from, to] = [`${String(year)}-01-01`, `${String(year)}-12-31`];
  const until = today < to ? today : to;
  const within = (at: Instant): boolean => from <= dayOf(at) && dayOf(at) <= until;
  const tallies = new Map<Move, Tally>(MOVES.map(([key]) => [key, new Tally()]));
  const tally = (key: Move): Tally => tallies.get(key) ?? new Tally();
  const departments = new Map<string, Tally>();

  const groups = new Map<string, { readonly it: Classification; readonly department: string }[]>();
  for (const one of facts.matters) groups.set(one.it.proposal.matterId, [...(groups.get(one.it.proposal.matterId) ?? []), one]);
  for (const members of groups.values()) {
    let level: SecretLevel | null = null;
    for (const moment of merged(members.map(({ it }) => momentsOf(it)))) {
      const day = dayOf(moment.at);
      if (day > until) break;
      if (day >= from) move(level, moment);
      level = moment.level;
      if (day < from) continue;
    }
    const before = levelAt(members, (day) => day < from);
    if (before !== null) tally('start').add(before);
    if (level !== null) {
      tally('end').add(level);
      const department = members[0]?.department ?? '';
      const count = departments.get(department) ?? new Tally();
      count.add(level);
      departments.set(department, count);
    }
  }
  function move(was: SecretLevel | null, { level, type, how }: Moment): void {
    if (was === null && level !== null) tally(type === 'derived' ? 'derived' : type === 'inherited' ? 'inherited' : 'original').add(level);
    else if (was !== null && level === null) tally(how ?? 'early').add(was);
    else if (was !== null && level !== null) {
      const [into, out]: readonly [Move, Move] = level > was ? ['raisedIn', 'raisedOut'] : ['loweredIn', 'loweredOut'];
      tally(into).add(level);
      tally(out).add(was);
    }
  }
  for (const { it } of facts.matters) {
    if (!('changes' in it)) continue;
    for (const change of it.changes.filter((one) => within(one.approval.at))) {
      if (change.kind === 'extend') tally('extended').add(change.to.level);
      else if (change.kind === 'change' || change.kind === 'partial') for (const what of changed(change.from, change.to)) if (what !== 'level') tally(what).add(change.to.level);
    }
  }
  balance(tally, until === today ? countedNow([...groups.values()]) : null, year);

  const decided = facts.cases.filter((one) => 'decided' in one && within(one.decided.at));
  const reviewed = new Set(decided.filter(({ form }) => form.kind === 'review' && form.trigger === 'annual').map(({ classification }) => classification)).size;
  const end = tally('end').shown();
  const inOffice = facts.authorities.filter((one) => one.grantedOn <= until && (one.expiresOn === null || one.expiresOn >= until));
  const persons = (kind: ClassAuthority['kind']): number => new Set(inOffice.filter((one) => one.kind === kind).map(({ person }) => person)).size;
  const temporary = facts.matters.flatMap(({ it }): ProtectedAs[] => {
    const kept = it.state === 'temporarily_protected' ? { why: it.why, reportedOn: it.reportedOn, since: it.proposed.at } : 'protectedAs' in it ? it.protectedAs : undefined;
    return kept !== undefined && within(kept.since) ? [kept] : [];
  });
  return {
    year, until, lines: MOVES.map(([key, name]) => ({ key, name, counts: tally(key).shown() })),
    departments: [...departments].sort(([a], [b]) => (a < b ? -1 : 1)).map(([department, count]) => ({ department, counts: count.shown() })),
    reviewed, reviewRate: end.total === 0 ? null : Math.round((reviewed * 1000) / end.total) / 10,
    authorities: { statutory: persons('statutory'), designated: persons('designated'), trained: facts.authorities.filter(({ trainedOn }) => trainedOn !== null && from <= trainedOn && trainedOn <= until).length },
    protection: {
      beyond: temporary.filter(({ why }) => why === 'beyond').length, unclear: temporary.filter(({ why }) => why === 'unclear').length, disputed: temporary.filter(({ why }) => why === 'disputed').length,
      reported: temporary.filter(({ reportedOn }) => reportedOn !== null).length,
    },
    corrected: decided.filter(({ form }) => form.trigger === 'complaint' && form.outcome !== 'continue').length,
    beforeTransfer: decided.filter(({ form }) => form.trigger === 'transfer').length,
    awaitingConfirmation: facts.matters.filter(({ it }) => it.state === 'expired' && it.expiredOn <= until).length,
  };
}

/** 其他指标, in the order of the form. */
export function otherLines(made: YearStatistics): readonly { readonly name: string; readonly value: string; readonly unit: string }[] {
  const line = (name: string, value: number, unit = '项') => ({ name, value: String(value), unit });
  const { authorities, protection } = made;
  return [
    line('年度审核数', made.reviewed), { name: '年度审核率', value: made.reviewRate === null ? '—' : made.reviewRate.toFixed(1), unit: made.reviewRate === null ? '' : '%' },
    line('届满待确认（计入在期）', made.awaitingConfirmation), line('法定定密责任人', authorities.statutory, '人'), line('指定定密责任人', authorities.designated, '人'), line('定密培训', authorities.trained, '人次'),
    line('超权限先行保密', protection.beyond), line('不明确事项', protection.unclear), line('争议事项', protection.disputed), line('其中已上报', protection.reported),
    line('定密不当纠正', made.corrected), line('移交档案馆前审核', made.beforeTransfer),
  ];
}

function levelAt(members: readonly { readonly it: Classification }[], when: (day: CalendarDate) => boolean): SecretLevel | null {
  return merged(members.map(({ it }) => momentsOf(it))).filter(({ at }) => when(dayOf(at))).at(-1)?.level ?? null;
}

/** The matters in force as they stand, counted without their histories. */
function countedNow(groups: readonly (readonly { readonly it: Classification }[])[]): Tally {
  const count = new Tally();
  for (const members of groups) {
    const held = members.flatMap(({ it }) => ('current' in it && it.state !== 'declassified' ? [it.current.level] : []));
    if (held.length > 0) count.add(Math.max(...held) as SecretLevel);
  }
  return count;
}

function balance(tally: (key: Move) => Tally, now: Tally | null, year: number): void {
  for (const level of SECRETS) {
    const plus = (['start', 'original', 'derived', 'inherited', 'raisedIn', 'loweredIn'] as const).reduce((sum, key) => sum + tally(key).of(level), 0);
    const minus = (['raisedOut', 'loweredOut', 'self', 'early', 'published'] as const).reduce((sum, key) => sum + tally(key).of(level), 0);
    const end = tally('end').of(level);
    if (plus - minus !== end || (now !== null && now.of(level) !== end)) throw new ArchiveError('E_STAT_UNBALANCED', { year, level, expected: plus - minus, end, now: now?.of(level) ?? null });
  }
}
