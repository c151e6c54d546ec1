import { requirePanel } from '../../core/appraisal.js';
import type { PanelMember } from '../../core/appraisal.js';
import { ArchiveError } from '../../core/errors.js';
import type { ErrorDetail } from '../../core/errors.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { Instant } from '../../core/ports.js';
import type { AppraisalPolicy, PanelPart } from '../../policies/schemas/appraisal.js';
import type { Repositories } from '../store/repositories/index.js';

type People = Pick<Repositories, 'people'>;
const ALL_PEOPLE = 100_000;
const TOLD_AT_MOST = 20;

/** Duties that each person holds now where the records are. */
async function dutiesIn(tx: People, fonds: string, now: Instant): Promise<ReadonlyMap<string, readonly string[]>> {
  const held = new Map<string, string[]>();
  for (const grant of await tx.people.grants()) {
    if (grant.revokedAt !== null || grant.validFrom > now || (grant.validUntil !== null && grant.validUntil <= now) || (grant.fonds !== '*' && grant.fonds !== fonds)) continue;
    held.set(grant.person, [...held.get(grant.person) ?? [], grant.duty]);
  }
  return held;
}

export interface Candidate { readonly id: string; readonly name: string; readonly position: string; readonly departmentName: string; readonly parts: readonly PanelPart[] }

/** Who may sit on a panel, and as what. */
export async function candidates(tx: People, fonds: string, now: Instant, policy: AppraisalPolicy): Promise<readonly Candidate[]> {
  const held = await dutiesIn(tx, fonds, now);
  const departments = new Map((await tx.people.departments()).map(({ id, name }) => [id, name]));
  const { rows } = await tx.people.list({ status: 'active', offset: 0, limit: ALL_PEOPLE });
  return rows.map(({ id, name, position, department }) => ({
    id, name, position, departmentName: departments.get(department) ?? '',
    parts: policy.panel.parts.filter(({ duties }) => duties.some((duty) => held.get(id)?.includes(duty) === true)).map(({ key }) => key),
  })).filter(({ parts }) => parts.length > 0);
}

/** People in office with one of these duties. */
export async function holdersOf(tx: People, fonds: string, now: Instant, duties: readonly string[]): Promise<readonly string[]> {
  const held = await dutiesIn(tx, fonds, now);
  const { rows } = await tx.people.list({ status: 'active', offset: 0, limit: ALL_PEOPLE });
  return rows.map(({ id }) => id).filter((id) => held.get(id)?.some((duty) => duties.includes(duty)) === true);
}

/** The panel for these records: right people, right parts, and enough of them who may look at each record. */
export interface PanelCheck {
  readonly members: readonly PanelMember[];
  readonly records: readonly StoredRecord[];
  readonly fonds: string;
  readonly now: Instant;
  readonly policy: AppraisalPolicy;
  readonly sight: ReadonlyMap<string, ReadonlySet<string>>;
}

/** @throws ArchiveError `E_APPRAISAL_PANEL`, `E_APPRAISAL_SECRECY_MEMBER` */
export async function checkPanel(tx: People, check: PanelCheck): Promise<void> {
  const { members, records, policy, sight } = check;
  requirePanel(members, records.some(({ level }) => level >= 2), policy);
  const able = new Map((await candidates(tx, check.fonds, check.now, policy)).map(({ id, parts }) => [id, parts]));
  const refuse = (why: string, details: readonly ErrorDetail[]): void => { if (details.length > 0) throw new ArchiveError('E_APPRAISAL_PANEL', { why, places: details.length }, details.slice(0, TOLD_AT_MOST)); };
  refuse('duty', members.flatMap(({ person, part }, at) => (able.get(person)?.includes(part) === true ? [] : [{ at: `/members/${String(at)}`, message: '该人员不在岗，或岗位与所列身份不符，请另选' }])));
  refuse('blind', members.flatMap(({ person }, at) => ((sight.get(person)?.size ?? 0) > 0 ? [] : [{ at: `/members/${String(at)}`, message: '该人员不在本批任何一件的知悉范围内，无从鉴定，请另选' }])));
  const looking = (record: StoredRecord): readonly PanelMember[] => members.filter(({ person }) => sight.get(person)?.has(record.id) === true);
  refuse('perItem', records.flatMap((record) => (looking(record).length >= policy.panel.minPerItem ? [] : [{ at: record.archivalCode ?? record.electronicRecordCode, message: `鉴定小组中能看到本件的不足 ${String(policy.panel.minPerItem)} 人，请调整成员，或将本件移出本批` }])));
  const unguarded = records.filter((record) => record.level >= 2 && !looking(record).some(({ part }) => part === 'secrecy'));
  if (unguarded.length > 0) {
    throw new ArchiveError('E_APPRAISAL_SECRECY_MEMBER', { records: unguarded.length }, unguarded.slice(0, TOLD_AT_MOST).map((record) => ({ at: record.archivalCode ?? record.electronicRecordCode, message: '保密成员不在本件的知悉范围内，请调整成员，或将本件移出本批' })));
  }
}
