import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { ListScope, StoredRecord } from '../../core/holdings.js';
import type { Call, Clock, Ids, Instant, ReadTools, Target, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { ClassificationApprove, ClassificationAuthorities, ClassificationList, ClassificationPreview, ClassificationPropose, ClassificationReject, ClassificationShow } from '../../policies/schemas/classification.js';
import type { UnitAuthority } from '../../policies/schemas/secrecy.js';
import { approve, draft, eventStatement, propose, reject, type AuthorityGround, type Ground } from '../classification.js';
import { checkProposal, type MarkingPolicy, type Proposal } from '../classification-rules.js';
import { protectiveLevelOf, ready, type Signed } from '../classification-state.js';
import { highest, type Level } from '../level.js';
import { termText } from '../marking.js';
import { approveOrdinary, isOrdinary, ordinaryStatement, proposeOrdinary, rejectOrdinary, type OrdinaryProposal } from '../ordinary.js';
import { matterTarget, type Before, type Matter, type Officer, type Protection, type SecrecyTx, type StoredMatter } from '../ports.js';
import { EMPTY_SCOPE, scopeOf, union } from '../scope.js';
import type { Holder } from '../separation.js';
import type { VerifySignature } from '../signing.js';
import { authorityOf, checkNamed, drawUp, inOffice, isInOffice, requireMarkable } from './drawing-up.js';
import { protect, type ProtectionParts } from './protection.js';
import { computed, formChecks, markCard, scopeNames, standing, type Names } from './showing.js';

export interface ClassificationParts extends ProtectionParts {
  readonly store: UnitOfWork<SecrecyTx & WriteTools, SecrecyTx & ReadTools>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly policy: MarkingPolicy;
  readonly systemLevel: Level;
  readonly visible: (call: Call, act: string) => Promise<ListScope>;
  /** Whether the act would be allowed; nothing is entered. For titles beside a matter. */
  readonly would: (call: Call, act: string, target: Target) => Promise<boolean>;
  readonly names: Names;
  /**
   * A verifier for one certificate as it stands at an instant: chain, validity, token and two independent SM2 implementations.
   * @throws ArchiveError `E_CERT_INVALID`
   */
  readonly verifierFor: (certificate: string, at: Instant) => VerifySignature;
  /** SM3 of a text, hex. */
  readonly digest: (text: string) => string;
}

const IN_FORCE = ['active', 'long_term', 'review_due', 'declass_review', 'expired'] as const;
type Tx = SecrecyTx & ReadTools;
type WriteTx = SecrecyTx & WriteTools;

/** 定密与标志: one person draws up and signs, another decides and signs; deciding is marking, in one transaction (办法第四十一条). */
export function classificationService(parts: ClassificationParts) {
  const { store, clock, policy, systemLevel } = parts;

  async function unitOf(tx: Tx): Promise<UnitAuthority> {
    return (await tx.authorities.unit()) ?? { org: '本单位', maxOriginalLevel: null, source: '未登记定密权限' };
  }

  /** The person as a signer. @throws ArchiveError `E_CERT_INVALID` without a certificate or with one that does not hold now */
  async function signer(tx: Tx, person: string): Promise<Holder & { readonly token: string; readonly certificateSerial: string; readonly certificate: string }> {
    const officer = await tx.people.get(person);
    const { certificate, certificateSerial, token } = officer ?? { certificate: null, certificateSerial: null, token: null };
    if (certificate === null || certificateSerial === null || token === null) throw new ArchiveError('E_CERT_INVALID', { person });
    return { person, tokens: [token], token, certificateSerial, certificate };
  }

  const statement = (event: 'propose' | 'approve' | 'reject', proposal: Proposal | OrdinaryProposal, by: { readonly person: string; readonly certificateSerial: string }, opinion: string, writtenRecordNo: string | null): string =>
    ('type' in proposal ? eventStatement : ordinaryStatement)(event, proposal as never, by, opinion, event === 'approve' ? writtenRecordNo : null);

  async function signing(tx: Tx, call: Call, input: { readonly opinion: string; readonly signature: string }): Promise<{ readonly signed: Signed; readonly holder: Holder; readonly verify: VerifySignature }> {
    const by = await signer(tx, call.person);
    const at = clock.now();
    return {
      signed: { person: by.person, token: by.token, certificateSerial: by.certificateSerial, signature: input.signature, at, opinion: input.opinion },
      holder: { person: by.person, tokens: by.tokens }, verify: parts.verifierFor(by.certificate, at),
    };
  }

  async function ground(tx: Tx, verify: VerifySignature): Promise<Ground> {
    return { systemLevel, unit: await unitOf(tx), policy, today: clock.today(), verify };
  }

  /** @throws ArchiveError `E_CLS_AUTHORITY_EXCEEDED` for who is no 定密责任人, or no longer */
  async function decidingGround(tx: Tx, person: string, verify: VerifySignature): Promise<AuthorityGround> {
    const authority = authorityOf(await tx.authorities.all(), person, clock.today());
    if (authority === undefined || !isInOffice(authority, clock.today())) throw new ArchiveError('E_CLS_AUTHORITY_EXCEEDED', { by: person, why: 'not in office' });
    return { ...(await ground(tx, verify)), authority };
  }

  /** Whom the matter itself may be shown to while it is decided: the scope it proposes, who drew it up, and who may decide it. */
  async function openScope(tx: Tx, proposal: Proposal | OrdinaryProposal, person: string) {
    const deciders = inOffice(await tx.authorities.all(), clock.today()).map((one) => one.person);
    return union([proposal.scope, scopeOf({ persons: [person, ...deciders] })]);
  }

  async function stored(tx: Tx, id: string): Promise<StoredMatter> {
    const matter = await tx.matters.get(id);
    if (!matter) throw new ArchiveError('E_NOT_FOUND');
    return matter;
  }

  const recordsOfMatter = async (tx: Tx, it: Matter): Promise<readonly StoredRecord[]> => {
    const records = await Promise.all(it.proposal.recordIds.map(async (id) => tx.records.get(id)));
    return records.filter((record) => record !== undefined);
  };

  async function checksOf(tx: Tx, proposal: Proposal | OrdinaryProposal, proposer: Holder, decider: Holder | null) {
    const authorities = await tx.authorities.all();
    return formChecks(proposal, {
      systemLevel, unit: await unitOf(tx), authorities, proposer, today: clock.today(),
      decider: decider === null ? null : { ...decider, authority: authorityOf(authorities, decider.person, clock.today()) },
      named: await Promise.all(proposal.scope.persons.map(async (id) => tx.people.get(id))),
    });
  }

  /** What a proposal must satisfy before it is signed, beyond the pure rules: the unit's cap and the clearance of whoever is named. */
  async function checkForm(people: SecrecyTx['people'], proposal: Proposal | OrdinaryProposal, unit: UnitAuthority): Promise<void> {
    if ('type' in proposal) {
      checkProposal(proposal, systemLevel, unit, policy);
      const cap = unit.maxOriginalLevel;
      if (proposal.type === 'original' && (cap === null || proposal.level > cap)) throw new ArchiveError('E_CLS_AUTHORITY_EXCEEDED', { id: proposal.id, why: 'unit' }, [{ at: '/draft/level', message: '本单位没有该密级的原始定密权，请先行保密并报有权机关确定' }]);
    }
    await checkNamed(people, proposal, clock.today());
  }

  /** 密审〔2026〕18号: the next number of the year; the person may write another. */
  const nextRecordNo = async (tx: Tx): Promise<string> => {
    const year = clock.today().slice(0, 4);
    return `密审〔${year}〕${String((await tx.matters.countWritten(year)) + 1)}号`;
  };

  async function enterDecision(tx: WriteTx, call: Call, before: StoredMatter, it: Matter, seenVersion: number, guard: (record: StoredRecord) => Protection, detail: Readonly<Record<string, unknown>>): Promise<StoredMatter> {
    const records = await recordsOfMatter(tx, it);
    const levels: Level[] = [];
    for (const record of records) {
      requireMarkable(record, '/classification');
      const to = guard(record);
      levels.push(to.level);
      await protect(parts, tx, record, to);
      await tx.records.addEvent(record.id, { activity: 'classify', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第四十一条', detail: { classification: it.id, ...detail } });
      tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: to.level, detail: { classification: it.id, level: to.level, mark: to.mark } });
    }
    const level = isOrdinary(it) ? highest([it.proposal.level, ...levels]) : highest([protectiveLevelOf(it), ...levels]);
    const next: StoredMatter = { ...before, it, level, decidedAt: clock.now(), scope: union([it.proposal.scope, scopeOf({ persons: [it.proposer.person, call.person] })]) };
    await tx.matters.save(next, seenVersion);
    return { ...next, version: seenVersion + 1 };
  }

  /** A record as it was before the proposal: what nobody decided leaves no trace in what guards it. */
  const asBefore = (matter: StoredMatter) => (record: StoredRecord): Protection => matter.before.find((one) => one.record === record.id) ?? guardOf(record);

  return {
    async preview(call: Call, input: ClassificationPreview) {
      if (input.event === 'propose') {
        const { draft: form } = input;
        if (form === undefined) throw new ArchiveError('E_INPUT_INVALID', { rule: 'draft' }, [{ at: '/draft', message: '请填写审批表' }]);
        const id = input.id ?? parts.ids.uuid();
        const seen = await store.read(call, async (tx) => {
          const unit = await unitOf(tx);
          const { proposal } = await drawUp(tx, unit, id, form);
          const by = await signer(tx, call.person);
          return { unit, proposal, by, checks: await checksOf(tx, proposal, by, null), people: tx.people };
        });
        // Outside the transaction: a form half filled in is no refused act, and leaves nothing in the ledger.
        await checkForm(seen.people, seen.proposal, seen.unit);
        const proposal = 'type' in seen.proposal ? checkProposal(seen.proposal, systemLevel, seen.unit, policy) : seen.proposal;
        return { id, ...computed(proposal, clock.today(), policy), writtenRecordNo: null, checks: seen.checks, statement: statement('propose', proposal, seen.by, input.opinion, null) };
      }
      const { event, classification: id = '' } = input;
      return store.read(call, async (tx) => {
        const matter = await stored(tx, id);
        await tx.allow(matterTarget(matter), `classification.${event}`);
        const by = await signer(tx, call.person);
        const writtenRecordNo = event === 'approve' ? input.writtenRecordNo ?? (await nextRecordNo(tx)) : null;
        return {
          id, ...standing(matter.it, clock.today(), policy), writtenRecordNo, checks: await checksOf(tx, matter.it.proposal, matter.it.proposer, by),
          statement: statement(event, matter.it.proposal, by, input.opinion, writtenRecordNo),
        };
      });
    },

    /** 拟定并签署. From here on the records are guarded as proposed, without a mark. */
    async propose(call: Call, input: ClassificationPropose) {
      return store.write(call, async (tx) => {
        const unit = await unitOf(tx);
        const { records, proposal } = await drawUp(tx, unit, input.id, input.draft);
        await checkForm(tx.people, proposal, unit);
        if ((await tx.matters.get(input.id)) !== undefined) throw new ArchiveError('E_DUPLICATE', { id: input.id });
        const { signed, holder, verify } = await signing(tx, call, input);
        const basis = await ground(tx, verify);
        const { next, audit } = 'type' in proposal ? propose(draft(proposal, holder, basis), signed, basis) : proposeOrdinary(proposal, holder, signed, verify);
        const scope = await openScope(tx, proposal, call.person);
        const [first] = records;
        const claimed = highest([proposal.level, ...records.map((record) => record.level)]);
        await tx.matters.add({
          it: next, level: claimed, fonds: first?.fonds ?? '', department: first?.department ?? '', scope,
          before: records.map(guardOf), proposedAt: clock.now(), decidedAt: null, version: 1,
        });
        for (const record of records) {
          const level = highest([record.level, proposal.level]);
          await protect(parts, tx, record, { level, scope: level < 2 ? record.scope : union([scopeOf(record.scope), scope]), mark: null, classificationId: null, secrecyPeriod: null });
          tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: level, detail: { classification: input.id, level } });
        }
        tx.audit({ ...audit, action: call.act, objectLevel: claimed });
        return { classification: input.id, version: 1, level: claimed };
      });
    },

    /** 批准: the mark is made at once, on every record of the matter. */
    async approve(call: Call, input: ClassificationApprove) {
      return store.write(call, async (tx) => {
        const matter = await stored(tx, input.classification);
        await tx.allow(matterTarget(matter));
        if (await tx.matters.hasWrittenRecord(input.writtenRecordNo)) throw new ArchiveError('E_DUPLICATE', { writtenRecordNo: true }, [{ at: '/writtenRecordNo', message: '书面记录编号已用过，请改用新编号' }]);
        const { signed, verify } = await signing(tx, call, input);
        const basis = await decidingGround(tx, call.person, verify);
        const { it } = matter;
        if (isOrdinary(it)) {
          const { next, audit } = approveOrdinary(it, signed, input.writtenRecordNo, verify, policy);
          const guard = (): Protection => ({ level: next.proposal.level, scope: next.proposal.level === 0 ? EMPTY_SCOPE : next.proposal.scope, mark: next.mark || null, classificationId: null, secrecyPeriod: null });
          await enterDecision(tx, call, matter, next, input.seenVersion, guard, { level: next.proposal.level, mark: next.mark });
          tx.audit(audit);
          return { classification: next.id, state: next.state, mark: next.mark, records: next.proposal.recordIds };
        }
        const { next, audit } = approve(ready(it, 'approve'), signed, input.writtenRecordNo, basis);
        const { current } = next;
        const guard = (): Protection => ({ level: current.level, scope: current.scope, mark: current.mark, classificationId: next.id, secrecyPeriod: termText(current.term, policy).slice(0, 40) || '未标明' });
        await enterDecision(tx, call, matter, next, input.seenVersion, guard, { level: current.level, mark: current.mark, writtenRecordNo: next.writtenRecordNo });
        tx.audit(audit);
        return { classification: next.id, state: next.state, mark: current.mark, records: next.proposal.recordIds };
      });
    },

    /** 退回承办人: what guarded the records before guards them again. */
    async reject(call: Call, input: ClassificationReject) {
      return store.write(call, async (tx) => {
        const matter = await stored(tx, input.classification);
        await tx.allow(matterTarget(matter));
        const { signed, verify } = await signing(tx, call, input);
        const basis = await decidingGround(tx, call.person, verify);
        const { next, audit } = isOrdinary(matter.it) ? rejectOrdinary(matter.it, signed, verify) : reject(ready(matter.it, 'reject'), signed, basis);
        await enterDecision(tx, call, matter, next, input.seenVersion, asBefore(matter), { rejected: true });
        tx.audit(audit);
        return { classification: next.id, state: next.state };
      });
    },

    async list(call: Call, input: ClassificationList) {
      const { page = 1, size = 50, state } = input;
      const visible = await parts.visible(call, call.act);
      return store.read(call, async (tx) => {
        await tx.allow();
        const states = state === undefined ? null : state === 'mine' ? ['proposed'] : state === 'in_force' ? IN_FORCE : [state];
        const { rows, total } = await tx.matters.list(visible, { states, notBy: state === 'mine' ? call.person : null }, { offset: (page - 1) * size, limit: size });
        return { page, size, total, rows: await Promise.all(rows.map(async (matter) => line(tx, call, matter))) };
      });
    },

    async show(call: Call, input: ClassificationShow) {
      return store.read(call, async (tx) => {
        const matter = await stored(tx, input.classification);
        await tx.allow(matterTarget(matter));
        tx.audit({ action: call.act, object: matter.it.id, objectType: 'classification', objectLevel: matter.level });
        const { it } = matter;
        const by = await signer(tx, call.person).catch(() => null);
        const decided = decisionOf(it);
        const records = [];
        for (const record of await recordsOfMatter(tx, it)) {
          if (!(await parts.would(call, 'record.show', recordTarget(record)))) continue;
          records.push({ id: record.id, title: record.description.title, documentNumber: record.description.documentNumber ?? null, documentDate: record.documentDate, archivalCode: record.archivalCode, level: record.level, mark: record.mark });
        }
        const shown = standing(it, clock.today(), policy);
        return {
          id: it.id, state: it.state, version: matter.version, level: matter.level, proposal: formOf(it), mark: shown.mark, ending: shown.ending, maxYears: shown.maxYears,
          reviewDueOn: shown.reviewDueOn, writtenRecordNo: 'writtenRecordNo' in it ? it.writtenRecordNo : null, nextRecordNo: it.state === 'proposed' ? await nextRecordNo(tx) : null,
          records, recordCount: it.proposal.recordIds.length, scopeNames: await scopeNames('current' in it ? it.current.scope : it.proposal.scope, parts.names),
          proposed: 'proposed' in it ? await signatureShown(tx, it.proposed) : null,
          decided: decided === null ? null : { verdict: decided.verdict, ...(await signatureShown(tx, decided.signed)) },
          checks: it.state === 'proposed' ? await checksOf(tx, it.proposal, it.proposer, by) : [],
          digest: 'proposed' in it ? parts.digest(statement('propose', it.proposal, it.proposed, it.proposed.opinion, null)) : null,
        };
      });
    },

    /** 定密责任人名单, published inside the unit. @see 实施条例(2024)第十四条 */
    async authorities(call: Call, _input: ClassificationAuthorities) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const departments = await tx.people.departments();
        const rows = await Promise.all((await tx.authorities.all()).map(async (one) => {
          const officer = await tx.people.get(one.person);
          return { ...one, name: officer?.name ?? '', departmentName: departments.find(({ id }) => id === officer?.department)?.name ?? '', inOffice: isInOffice(one, clock.today()) };
        }));
        return { unit: await unitOf(tx), systemLevel, rows };
      });
    },

    /** 标志 of a record for its page; the caller has allowed the record. */
    async cardOf(matters: SecrecyTx['matters'], record: StoredRecord) {
      const matter = record.classificationId === null ? undefined : await matters.get(record.classificationId);
      return matter === undefined ? null : markCard(matter.it, policy, parts.names);
    },
  };

  async function line(tx: Tx, call: Call, matter: StoredMatter) {
    const { it } = matter;
    const [first] = await recordsOfMatter(tx, it);
    const readable = first !== undefined && (await parts.would(call, 'record.show', recordTarget(first)));
    const more = it.proposal.recordIds.length - 1;
    const shown = standing(it, clock.today(), policy);
    return {
      id: it.id, state: it.state, version: matter.version, level: 'current' in it ? it.current.level : it.proposal.level, mark: shown.mark === '' ? null : shown.mark,
      title: readable ? `${first.description.title}${more > 0 ? `等 ${String(more + 1)} 件` : ''}` : '（题名不在本人可阅范围）', recordCount: more + 1,
      writtenRecordNo: 'writtenRecordNo' in it ? it.writtenRecordNo : null, proposerName: await parts.names.person(it.proposer.person), proposedAt: matter.proposedAt, decidedAt: matter.decidedAt,
      lastSecretDay: shown.ending?.lastSecretDay ?? null, reviewDueOn: 'reviewDueOn' in it ? it.reviewDueOn : null,
    };
  }

  async function signatureShown(tx: Tx, one: Signed) {
    const officer: Officer | undefined = await tx.people.get(one.person);
    return {
      person: one.person, name: await parts.names.person(one.person), departmentName: officer === undefined ? '' : await parts.names.department(officer.department),
      at: one.at, opinion: one.opinion, signature: one.signature, certificateSerial: one.certificateSerial,
    };
  }
}

const guardOf = (record: StoredRecord): Before => ({
  record: record.id, level: record.level, scope: record.scope, mark: record.mark, classificationId: record.classificationId, secrecyPeriod: record.description.secrecyPeriod ?? null,
});

function decisionOf(it: Matter): { readonly verdict: 'approve' | 'reject'; readonly signed: Signed } | null {
  if ('approved' in it) return { verdict: 'approve', signed: it.approved };
  return 'rejected' in it ? { verdict: 'reject', signed: it.rejected } : null;
}

/** The proposal in the words of the form. */
function formOf(it: Matter) {
  const { proposal } = it;
  const { recordIds, level, scope, basis } = proposal;
  const common = { recordIds, level, scope: { persons: scope.persons, departments: scope.departments }, basis };
  if (!('type' in proposal)) return { ...common, type: 'original' as const, term: null, startOn: null, points: [], scheduleItem: null, originOrg: null, sources: [] };
  const { type, term, startOn, points, scheduleItem, originOrg, sources } = proposal;
  return { ...common, type, term, startOn, points, scheduleItem, originOrg, sources: sources.map(({ id }) => id) };
}
