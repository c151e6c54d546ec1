import { concludeItem, destructionChecks, stillToSpeak, tally } from '../../core/appraisal.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { StoredRecord } from '../../core/holdings.js';

import type { AppraisalCandidates, AppraisalCheck, AppraisalDisposable, AppraisalDue, AppraisalList, AppraisalShow } from '../../policies/schemas/appraisal-acts.js';
import { isOpen } from '../../secrecy/approval.js';
import { matterTarget } from '../../secrecy/ports.js';
import type { ServerCall } from '../server/route.js';
import type { AppraisalItem, StoredAppraisal, StoredOpinion } from '../store/repositories/appraisals.js';
import { SUBMIT } from './batches.js';
import { destructionFacts } from './facts.js';
import { candidates } from './panel.js';
import type { AppraisalParts, ReadTx } from './parts.js';
import { seenBatch, sightOf } from './sight.js';

const SHOWN = 'record.show';

/** What anybody is shown of appraisal: always through records that the person may see, counts included. */
export function appraisalReads(parts: AppraisalParts & { readonly fonds: string }) {
  const { store, gate, clock, policy } = parts;
  const partName = (key: string): string => policy.panel.parts.find((part) => part.key === key)?.name ?? key;
  const opinionName = (key: string | null): string | null => policy.opinions.find((one) => one.key === key)?.name ?? key;

  const recordRow = (record: StoredRecord) => ({
    record: record.id, archivalCode: record.archivalCode ?? record.electronicRecordCode, title: record.description.title ?? '', level: record.level, mark: record.mark, documentDate: record.documentDate,
    archivalYear: record.archivalYear, retentionCode: record.retentionCode, currentRetention: record.currentRetention, retentionExpiresOn: record.retentionExpiresOn, state: record.state,
    legalHold: record.legalHold, department: record.department, fonds: record.fonds, retainUntil: record.retainUntil, recordVersion: record.version,
  });

  async function membersOf({ it }: StoredAppraisal, signed: ReadonlySet<string>) {
    return Promise.all(it.members.map(async ({ person, part }) => ({ person, name: await parts.nameOf(person), part, partName: partName(part), signed: signed.has(person) })));
  }

  /** One batch as a line of the list: counts are of what this person sees. */
  async function batchRow(tx: ReadTx, call: ServerCall, stored: StoredAppraisal, items: readonly AppraisalItem[]) {
    const { it } = stored;
    const opinions = await tx.appraisals.opinions(it.id, items.map(({ record }) => record));
    const mine = it.members.some(({ person }) => person === call.person);
    return {
      id: it.id, number: it.number, fonds: it.fonds, state: it.state, asOf: it.asOf, openedBy: it.openedBy, openedByName: await parts.nameOf(it.openedBy), openedAt: it.openedAt, closedAt: it.closedAt, items: items.length,
      mine: mine && it.state === 'opinions' ? items.filter(({ record }) => !opinions.some((one) => one.record === record && one.by === call.person)).length : 0, member: mine, version: stored.version,
    };
  }

  async function opinionRow(one: StoredOpinion, stored: StoredAppraisal, call: ServerCall, ceiling: number) {
    const part = stored.it.members.find(({ person }) => person === one.by)?.part ?? '';
    return {
      by: one.by, byName: await parts.nameOf(one.by), part, partName: partName(part), opinion: one.opinion, opinionName: opinionName(one.opinion), newRetention: one.newRetention,
      reason: one.level <= ceiling ? one.reason : null, at: one.at, mine: one.by === call.person, version: one.version,
    };
  }

  return {
    /** 期满清单 on a day, of what the person may see. */
    async due(call: ServerCall, input: AppraisalDue) {
      const { page = 1, size = 50, asOf = clock.today(), fonds = null } = input;
      if (asOf > clock.today()) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/asOf', message: '截止日不得晚于今天' }]);
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.appraisals.due(await gate.visible(call, SHOWN, 1), asOf, fonds, { offset: (page - 1) * size, limit: size });
        const ids = rows.map(({ id }) => id);
        const [busy, concluded] = [await tx.appraisals.underWay(ids), await tx.appraisals.concluded(ids)];
        tx.audit({ action: call.act, detail: { page, size, asOf } });
        return {
          page, size, total, asOf,
          rows: rows.map((record) => ({ ...recordRow(record), batch: busy.get(record.id) ?? null, last: concluded.has(record.id) ? { number: concluded.get(record.id)?.number ?? '', opinionName: opinionName(concluded.get(record.id)?.opinion ?? null) } : null })),
        };
      });
    },

    async list(call: ServerCall, input: AppraisalList) {
      const { page = 1, size = 50, open = false } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const visible = await gate.visible(call, SHOWN, 1);
        const { rows, total } = await tx.appraisals.list(visible, { open }, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { page, size } });
        const lines = [];
        for (const stored of rows) lines.push(await batchRow(tx, call, stored, await tx.appraisals.items(stored.it.id, visible)));
        return { page, size, total, rows: lines };
      });
    },

    /** One batch with the items this person sees; the words of the report only to the one who wrote them. */
    async show(call: ServerCall, input: AppraisalShow) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { stored, items, whole } = await seenBatch(gate, tx, call, input.batch);
        const { it } = stored;
        const { ceiling } = await gate.subjectOf(call);
        const shown = items.slice((page - 1) * size, page * size);
        const all = await tx.appraisals.opinions(it.id, items.map(({ record }) => record));
        const members = it.members.map(({ person }) => person);
        const sight = await sightOf(gate, tx.sql, members, items.map(({ record }) => record));
        const waitingFor = (record: string): readonly string[] => stillToSpeak(members.filter((person) => sight.get(person)?.has(record) === true), all.filter((one) => one.record === record));
        const rows = [];
        for (const [at, item] of shown.entries()) {
          const record = await tx.records.get(item.record);
          if (record === undefined) continue;
          const said = all.filter((one) => one.record === item.record);
          const soFar = item.conclusion === null ? concludeItem(said, policy) : { opinion: item.conclusion, newRetention: item.newRetention };
          rows.push({
            ...recordRow(record), no: (page - 1) * size + at + 1, opinions: await Promise.all(said.map(async (one) => opinionRow(one, stored, call, ceiling))),
            waiting: await Promise.all(waitingFor(item.record).map(async (person) => parts.nameOf(person))), concluded: item.conclusion !== null,
            conclusion: soFar?.opinion ?? null, conclusionName: opinionName(soFar?.opinion ?? null), newRetention: soFar?.newRetention ?? null,
            myVersion: said.find(({ by }) => by === call.person)?.version ?? 0, may: it.state === 'opinions' && members.includes(call.person) && await gate.would(call, 'appraisal.opine', recordTarget(record)),
          });
        }
        const signed = new Set((await tx.appraisals.signatures(it.id)).map(({ person }) => person));
        const lead = it.openedBy === call.person;
        const asked = lead ? await tx.approvals.ofObject(SUBMIT, it.id, ['requested', 'granted', 'done', 'refused', 'lapsed']) : [];
        tx.audit({ action: call.act, object: it.id, objectType: 'appraisal', detail: { number: it.number, page } });
        return {
          ...(await batchRow(tx, call, stored, items)), basis: it.basis, basisName: policy.bases.find(({ key }) => key === it.basis)?.name ?? it.basis, convenedBy: it.convenedBy,
          convenedByName: it.convenedBy === null ? null : await parts.nameOf(it.convenedBy), members: await membersOf(stored, signed), lead, whole: lead ? whole : null,
          waiting: items.filter(({ record }) => waitingFor(record).length > 0).length, mySignature: signed.has(call.person),
          tally: tally(items.map((item) => (item.conclusion === null ? concludeItem(all.filter((one) => one.record === item.record), policy) : { opinion: item.conclusion })), policy),
          words: lead && whole && stored.level <= ceiling ? stored.told : null, report: lead ? it.report : null,
          approval: asked[0] === undefined ? null : { id: asked[0].it.id, state: isOpen(asked[0].it) && clock.now() >= asked[0].it.lapsesAt ? 'lapsed' : asked[0].it.state },
          page, size, total: items.length, rows, opinions: policy.opinions, precedence: policy.precedence,
        };
      });
    },

    /** 待销毁: what an approved appraisal condemned, each with the pre-conditions of its destruction. */
    async disposable(call: ServerCall, input: AppraisalDisposable) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.appraisals.condemned(await gate.visible(call, SHOWN, 1), { offset: (page - 1) * size, limit: size });
        const concluded = await tx.appraisals.concluded(rows.map(({ id }) => id));
        tx.audit({ action: call.act, detail: { page, size } });
        const lines = [];
        for (const record of rows) lines.push({ ...recordRow(record), batch: concluded.get(record.id)?.batch ?? '', number: concluded.get(record.id)?.number ?? '', checks: await checksOf(tx, call, record) });
        return { page, size, total, rows: lines };
      });
    },

    async check(call: ServerCall, input: AppraisalCheck) {
      return store.read(call, async (tx) => {
        const record = await tx.records.get(input.record);
        if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(recordTarget(record));
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level });
        const history = await tx.appraisals.retentionHistory(record.id);
        const concluded = (await tx.appraisals.concluded([record.id])).get(record.id);
        return {
          ...recordRow(record), checks: await checksOf(tx, call, record),
          last: concluded === undefined ? null : { batch: concluded.batch, number: concluded.number, opinion: concluded.opinion, opinionName: opinionName(concluded.opinion), approvedAt: concluded.approvedAt },
          history: await Promise.all(history.map(async ({ at, by, from, to }) => ({ at, byName: await parts.nameOf(by), from, to }))),
        };
      });
    },

    /** 鉴定小组候选人, and the rules of the unit that the pages show. */
    async candidates(call: ServerCall, _input: AppraisalCandidates) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const { panel, bases, opinions, holdKinds, precedence, maxItems } = policy;
        return { people: await candidates(tx, parts.fonds, clock.now(), policy), panel, bases, opinions, holdKinds, precedence, maxItems };
      });
    },
  };

  async function checksOf(tx: ReadTx, call: ServerCall, record: StoredRecord) {
    const facts = await destructionFacts(tx, record, async (matter) => gate.knows(call, matterTarget(matter)));
    return destructionChecks(facts, clock.today(), policy);
  }
}
