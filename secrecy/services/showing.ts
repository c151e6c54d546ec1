import type { MarkCard } from '../../core/services/consultation.js';
import type { CalendarDate, Level } from '../../core/ports.js';
import type { ClassAuthority } from '../../policies/schemas/secrecy.js';
import { originalCap, type MarkingPolicy, type Proposal, type UnitCaps } from '../classification-rules.js';
import { isSecret, levelName } from '../level.js';
import { declassificationMark, markHistory } from '../mark-history.js';
import { markText, termText } from '../marking.js';
import { isOrdinary, type OrdinaryProposal } from '../ordinary.js';
import type { Matter, Officer } from '../ports.js';
import { samePerson, type Holder } from '../separation.js';
import { ending, maxYears, nextReview } from '../term.js';
import { clearanceOn, inOffice } from './drawing-up.js';

/** One line of 权限核对 beside the form. */
export interface FormCheck { readonly rule: string; readonly name: string; readonly passed: boolean; readonly text: string; readonly code: string | null; readonly article: string | null }

/** What the form computes while it is filled in. */
export interface Computed {
  readonly mark: string;
  readonly ending: { readonly lastSecretDay: CalendarDate; readonly declassifiesOn: CalendarDate } | null;
  /** 保密期限上限 of the level; 0 for what is no state secret. */
  readonly maxYears: number;
  readonly reviewDueOn: CalendarDate | null;
}

export function computed(proposal: Proposal | OrdinaryProposal, today: CalendarDate, policy: MarkingPolicy): Computed {
  if (!('term' in proposal)) return { mark: markText(proposal.level, null, policy), ending: null, maxYears: 0, reviewDueOn: null };
  const { level, term, startOn } = proposal;
  return { mark: markText(level, term, policy), ending: ending(term, startOn, level, policy), maxYears: maxYears(level, policy), reviewDueOn: nextReview(today, policy) };
}

/** As `computed`, of a matter as it stands: what is in force, or what was proposed. */
export function standing(it: Matter, today: CalendarDate, policy: MarkingPolicy): Computed {
  if (isOrdinary(it) || !('current' in it)) return computed(it.proposal, today, policy);
  const { mark, ending: end, level } = it.current;
  return { mark, ending: end, maxYears: maxYears(level, policy), reviewDueOn: it.reviewDueOn };
}

export interface CheckFacts {
  readonly systemLevel: Level;
  readonly unit: UnitCaps;
  readonly authorities: readonly ClassAuthority[];
  /** Whose authority is held against the proposal; `null` while it is drawn up: anyone in office. */
  readonly decider: (Holder & { readonly authority: ClassAuthority | undefined }) | null;
  readonly proposer: Holder;
  readonly named: readonly (Officer | undefined)[];
  readonly today: CalendarDate;
}

/** 权限核对: what a decision will be held to, said before anybody signs. The steps themselves decide. */
export function formChecks(proposal: Proposal | OrdinaryProposal, facts: CheckFacts): readonly FormCheck[] {
  const { level } = proposal;
  const line = (rule: string, name: string, passed: boolean, text: string, code: string, article: string): FormCheck => ({ rule, name, passed, text, code: passed ? null : code, article });
  const original = 'type' in proposal && proposal.type === 'original';
  const cap = originalCap(facts.unit, proposal.basis);
  const able = inOffice(facts.authorities, facts.today).filter((one) => !original || level <= one.maxLevel);
  const own = facts.decider?.authority;
  const ownFits = own !== undefined && able.includes(own);
  const uncleared = facts.named.filter((officer) => officer === undefined || clearanceOn(officer, facts.today) < level).length;
  return [
    line('unit', '单位定密权限', !original || (cap !== null && level <= cap), cap === null ? '无原始定密权' : `${facts.unit.source}，至${levelName(cap)}`, 'E_CLS_AUTHORITY_EXCEEDED', '保密法第十七条'),
    facts.decider === null
      ? line('authority', '定密责任人', !isSecret(level) || able.length > 0, able.length > 0 ? `${String(new Set(able.map(({ person }) => person)).size)} 人可批` : '没有在任且权限足够的定密责任人', 'E_CLS_AUTHORITY_EXCEEDED', '保密法第十六条')
      : line('authority', '责任人权限', !isSecret(level) || ownFits, own === undefined ? '不是定密责任人' : `${levelName(own.maxLevel)}${own.expiresOn === null ? '' : `，至 ${own.expiresOn}`}`, 'E_CLS_AUTHORITY_EXCEEDED', '保密法第十六条'),
    line('systemLevel', '系统等级', level <= facts.systemLevel, `${levelName(facts.systemLevel)}级`, 'E_CLS_OVER_SYSTEM_LEVEL', '保密法第三十一条'),
    ...(facts.decider === null ? [] : [line('separation', '承办人不是审批人', !samePerson(facts.proposer, facts.decider), '', 'E_SOD_SELF_APPROVAL', '保密法第十六条')]),
    line('clearance', '知悉范围资格', !isSecret(level) || uncleared === 0, uncleared === 0 ? `${String(facts.named.length)} 人均在有效期内` : `${String(uncleared)} 人涉密等级不足`, 'E_CLEARANCE_REQUIRED', '保密法第二十一条'),
  ];
}

const TYPES = { original: '原始定密', derived: '派生定密', inherited: '来文沿用' } as const;

export interface Names { person(id: string): Promise<string>; department(id: string): Promise<string> }

export async function scopeNames(scope: Proposal['scope'], names: Names): Promise<readonly string[]> {
  return Promise.all([...scope.persons.map(async (id) => names.person(id)), ...scope.departments.map(async (id) => names.department(id))]);
}

/** `null` where the matter is no mark in force or past. */
export async function markCard(it: Matter, policy: MarkingPolicy, names: Names): Promise<MarkCard | null> {
  if (isOrdinary(it) || !('current' in it)) return null;
  const { current, proposal, proposed, approved } = it;
  const signer = async (role: 'proposer' | 'authority', one: typeof proposed) =>
    ({ role, person: one.person, name: await names.person(one.person), at: one.at, certificateSerial: one.certificateSerial });
  return {
    classification: it.id, state: it.state, mark: it.state === 'declassified' ? declassificationMark(it) : current.mark, kind: TYPES[proposal.type], startOn: current.startOn,
    lastSecretOn: current.ending?.lastSecretDay ?? null, declassifiedFrom: current.ending?.declassifiesOn ?? null, reviewDueOn: it.reviewDueOn,
    periodText: termText(current.term, policy) || null, capText: `${levelName(current.level)}上限 ${String(maxYears(current.level, policy))} 年`, basis: proposal.basis,
    originOrg: proposal.originOrg, writtenRecordNo: it.writtenRecordNo, authorityName: await names.person(approved.person),
    signers: [await signer('proposer', proposed), await signer('authority', approved)], scopeNames: await scopeNames(current.scope, names),
    history: markHistory(it),
  };
}
