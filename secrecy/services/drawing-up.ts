import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { CalendarDate, ReadTools } from '../../core/ports.js';
import type { ClassificationDraft } from '../../policies/schemas/classification.js';
import type { ClassAuthority, UnitAuthority } from '../../policies/schemas/secrecy.js';
import type { Proposal, Source } from '../classification-rules.js';
import { isSecret, type Level } from '../level.js';
import { isOrdinary, ordinaryProposal, type OrdinaryProposal } from '../ordinary.js';
import type { Matter, Officer, SecrecyTx } from '../ports.js';
import { scopeOf } from '../scope.js';

/** States in which a matter still binds its records: another proposal for them waits, or goes by 变更. */
const BINDING: ReadonlySet<string> = new Set(['proposed', 'temporarily_protected', 'active', 'long_term', 'review_due', 'declass_review', 'expired']);
/** 销毁 stands above marking: what is condemned or gone is not marked anew. */
const BEYOND: ReadonlySet<string> = new Set(['withdrawn', 'pending_destruction', 'destroyed']);

/** The terms that hold for a matter in force; `null` for any other. */
export const termsInForce = (it: Matter) => (!isOrdinary(it) && 'current' in it && it.state !== 'declassified' ? it.current : null);

export interface Form {
  readonly records: readonly StoredRecord[];
  readonly proposal: Proposal | OrdinaryProposal;
}

/** The records of a form, each of which the person may mark. @throws ArchiveError `E_NOT_FOUND`, `E_INPUT_INVALID`, `E_STATE_INVALID` */
export async function recordsOf(tx: SecrecyTx & ReadTools, ids: readonly string[], act: string): Promise<readonly StoredRecord[]> {
  const records: StoredRecord[] = [];
  for (const [at, id] of ids.entries()) {
    const record = await tx.records.get(id);
    if (!record) throw new ArchiveError('E_NOT_FOUND', { record: id });
    await tx.allow(recordTarget(record), act);
    requireMarkable(record, `/draft/recordIds/${String(at)}`);
    const bound = (await tx.matters.ofRecord(id)).find(({ it }) => BINDING.has(it.state));
    if (bound) throw new ArchiveError('E_STATE_INVALID', { record: id, state: bound.it.state }, [{ at: `/draft/recordIds/${String(at)}`, message: '该件已有在办或在期的定密事项，请在原事项上办理' }]);
    records.push(record);
  }
  const [first] = records;
  const foreign = records.findIndex(({ fonds }) => fonds !== first?.fonds);
  if (foreign >= 0) throw new ArchiveError('E_INPUT_INVALID', { rule: 'fonds' }, [{ at: `/draft/recordIds/${String(foreign)}`, message: '同一事项的各件须属同一全宗' }]);
  return records;
}

export const isBeyond = (record: Pick<StoredRecord, 'state'>): boolean => BEYOND.has(record.state);

/** @throws ArchiveError `E_STATE_INVALID` */
export function requireMarkable(record: StoredRecord, at: string): void {
  if (isBeyond(record)) throw new ArchiveError('E_STATE_INVALID', { record: record.id, state: record.state }, [{ at, message: '该件已撤回或列入销毁，不能定密' }]);
}

/** The form as a proposal, with its sources as they stand now. Rules are checked by the caller, outside the transaction. */
export async function drawUp(tx: SecrecyTx & ReadTools, unit: UnitAuthority, id: string, draft: ClassificationDraft): Promise<Form> {
  const records = await recordsOf(tx, draft.recordIds, 'classification.propose');
  const common = { id, matterId: draft.matterId ?? id, recordIds: draft.recordIds, scope: scopeOf(draft.scope) };
  if (!isSecret(draft.level as Level)) {
    if (draft.term !== null) throw new ArchiveError('E_CLS_MARK_ON_NON_SECRET', { level: draft.level }, [{ at: '/draft/term', message: '不属于国家秘密的，不填保密期限' }]);
    return { records, proposal: ordinaryProposal({ ...common, level: draft.level as Level, basis: draft.basis }) };
  }
  if (draft.term === null) throw new ArchiveError('E_INPUT_INVALID', { rule: 'term' }, [{ at: '/draft/term', message: '请填写保密期限、解密时间或解密条件' }]);
  const sources: Source[] = [];
  for (const [at, source] of (draft.sources ?? []).entries()) sources.push(await sourceOf(tx, source, at));
  return {
    records,
    proposal: {
      ...common, type: draft.type, originOrg: draft.originOrg ?? unit.org, level: draft.level as Proposal['level'], term: draft.term, startOn: draft.startOn,
      points: draft.points, basis: draft.basis, scheduleItem: draft.scheduleItem, sources, deriveReason: draft.deriveReason ?? null, pointBasis: draft.pointBasis ?? null,
      scopeSaysLongTerm: draft.scopeSaysLongTerm ?? false, exceptionBasis: draft.exceptionBasis ?? null,
    },
  };
}

/** 来源: a matter in force, one of whose records the person may see. */
async function sourceOf(tx: SecrecyTx & ReadTools, id: string, at: number): Promise<Source> {
  const stored = await tx.matters.get(id);
  const record = stored && (await tx.records.get(stored.it.proposal.recordIds[0] ?? ''));
  if (!record) throw new ArchiveError('E_NOT_FOUND', { source: id });
  await tx.allow(recordTarget(record), 'record.show');
  const current = termsInForce(stored.it);
  if (current === null) throw new ArchiveError('E_CLS_DERIVE_SOURCE_REQUIRED', { source: id }, [{ at: `/draft/sources/${String(at)}`, message: '来源事项不在保密期限内，请另选来源' }]);
  return { id, level: current.level, term: current.term, startOn: current.startOn, scope: current.scope, ending: current.ending };
}

/** The person's entry in 定密责任人名单: of several, one in office first, then the widest. */
export const authorityOf = (all: readonly ClassAuthority[], person: string, today: CalendarDate): ClassAuthority | undefined =>
  all.filter((one) => one.person === person).sort((a, b) => Number(isInOffice(b, today)) - Number(isInOffice(a, today)) || b.maxLevel - a.maxLevel)[0];
export const isInOffice = (one: ClassAuthority, today: CalendarDate): boolean => one.grantedOn <= today && (one.expiresOn === null || today <= one.expiresOn);
export const inOffice = (all: readonly ClassAuthority[], today: CalendarDate): readonly ClassAuthority[] => all.filter((one) => isInOffice(one, today));

/**
 * Whoever is named in the 知悉范围 of a state secret is cleared for it.
 * @throws ArchiveError `E_CLEARANCE_REQUIRED`, `E_INPUT_INVALID` for a name the box does not know
 * @see 保密法(2024)第二十一条 (工作需要), 第四十三条 (涉密人员审查)
 */
export async function checkNamed(people: SecrecyTx['people'], form: { readonly level: Level; readonly scope: Proposal['scope'] }, today: CalendarDate, on = '/draft'): Promise<void> {
  const officers = await Promise.all(form.scope.persons.map(async (person) => people.get(person)));
  const unknown = officers.findIndex((officer) => officer?.status !== 'active');
  if (unknown >= 0) throw new ArchiveError('E_INPUT_INVALID', { rule: 'scope' }, [{ at: `${on}/scope/persons/${String(unknown)}`, message: '知悉范围中有停用或不存在的人员，请重新选择' }]);
  const departments = new Set((await people.departments()).map(({ id }) => id));
  const foreign = form.scope.departments.findIndex((id) => !departments.has(id));
  if (foreign >= 0) throw new ArchiveError('E_INPUT_INVALID', { rule: 'scope' }, [{ at: `${on}/scope/departments/${String(foreign)}`, message: '知悉范围中有不存在的部门，请重新选择' }]);
  if (!isSecret(form.level)) return;
  const uncleared = officers.flatMap((officer, at) => (officer && clearanceOn(officer, today) < form.level ? [at] : []));
  if (uncleared.length > 0) {
    throw new ArchiveError('E_CLEARANCE_REQUIRED', { persons: uncleared.length }, uncleared.map((at) => ({ at: `${on}/scope/persons/${String(at)}`, message: '该人员的涉密等级低于拟定密级，不得列入知悉范围' })));
  }
}

export const clearanceOn = (officer: Officer, today: CalendarDate): Level => (officer.clearanceUntil === null || today <= officer.clearanceUntil ? officer.clearance : 0);
