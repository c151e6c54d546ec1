import type { AccessionList, AccessionRegister, AccessionShow } from '../../policies/schemas/accession.js';
import { receiptStatement } from '../../secrecy/transfer-receipt.js';
import type { ServerCall } from '../server/route.js';
import { ACCESSION_COLUMNS } from '../store/repositories/accessions.js';
import type { AccessionDesk, AccessionParts } from './desk.js';

/** 接收清单、接收登记, and one package with all that is known of it. */
export function showingOf(parts: AccessionParts, { shown, found, arrivalStatement }: AccessionDesk) {
  const { store, unit } = parts;
  return {
    async list(call: ServerCall, input: AccessionList) {
      const { page = 1, size = 50 } = input;
      const visible = await parts.gate.visible(call, call.act, 1, ACCESSION_COLUMNS);
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.accessions.list(visible, input.state === undefined ? null : [input.state], { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { page, size } });
        const { rows: counterparts } = await tx.counterparts.list({ offset: 0, limit: 200 });
        return { page, size, total, mode: unit.mode, rows: await Promise.all(rows.map(shown)), counterparts: counterparts.filter(parts.inForce).map(({ id, card }) => ({ id, unit: card.unit, box: card.box })) };
      });
    },

    /** 接收登记: what stands in the holdings, a line a package. */
    async register(call: ServerCall, input: AccessionRegister) {
      const { page = 1, size = 50 } = input;
      const visible = await parts.gate.visible(call, call.act, 1, ACCESSION_COLUMNS);
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.accessions.list(visible, ['stored', 'receipted', 'closed'], { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { page, size } });
        const lines = await Promise.all(rows.map(async (one) => {
          const { it, body } = one;
          const numbers = (body?.records ?? []).flatMap(({ accessionNo }) => accessionNo ?? []).sort();
          const decision = 'decision' in it ? it.decision : null;
          return {
            ...(await shown(one)), fonds: 'opening' in it ? it.opening?.fonds ?? null : null, bytes: 'opening' in it ? it.opening?.bytes ?? null : null, firstNo: numbers[0] ?? null, lastNo: numbers.at(-1) ?? null, receiptNo: decision?.receiptNo ?? null,
            storageLocation: decision?.outcome === 'accepted' ? decision.storageLocation : null, decidedAt: decision?.at ?? null, decidedByName: decision === null ? null : await parts.nameOf(decision.by), receivers: one.receivers.map(({ name }) => name),
          };
        }));
        return { page, size, total, rows: lines };
      });
    },

    async show(call: ServerCall, input: AccessionShow) {
      const { page = 1, size = 100 } = input;
      const ceiling = (await parts.gate.subjectOf(call)).ceiling;
      return store.read(call, async (tx) => {
        const one = await found(tx, input.accession);
        const { it } = one;
        tx.audit({ action: call.act, object: it.id, objectType: 'accession', objectLevel: one.level });
        const named = async <T extends { readonly by: string }>(act: T) => ({ ...act, byName: await parts.nameOf(act.by) });
        const run = await tx.accessions.run(it.id);
        const items = (await tx.accessions.items(it.id, ceiling, { offset: (page - 1) * size, limit: size })).map(({ seq, level, archivalCode, accessionNo, record, state, content }) => ({
          seq, level, archivalCode, accessionNo, record, state, title: typeof content?.metadata['title'] === 'string' ? content.metadata['title'] : null, mark: content?.mark ?? null, files: content?.files.length ?? null, markFaults: content?.markFaults ?? [],
          verdict: content === null ? null : content.files.some(({ judgement }) => judgement.verdict === 'reject') ? 'reject' : content.files.some(({ judgement }) => judgement.verdict === 'warn') ? 'warn' : 'accept',
        }));
        return {
          ...(await shown(one)), form: it.form, statement: it.state === 'arriving' ? arrivalStatement(it.form) : null,
          signatures: await Promise.all(it.signatures.map(async ({ person, at, certificateSerial }) => ({ person, name: await parts.nameOf(person), at, certificateSerial }))),
          refusal: 'refusal' in it && it.refusal !== null ? await named(it.refusal) : null, opening: 'opening' in it && it.opening !== null ? await named(it.opening) : null, inspection: 'inspection' in it && it.inspection !== null ? await named(it.inspection) : null,
          results: run?.content.results.filter(({ result }) => result === 'fail' || result === 'warn' || result === 'manual').slice(0, 500) ?? [], summary: run?.content.summary ?? [], differences: one.differences, others: one.lists?.others ?? [],
          decision: 'decision' in it ? await named(it.decision) : null, receiptStatement: one.body !== null && (it.state === 'stored' || it.state === 'returned') ? receiptStatement(one.body) : null,
          receivers: one.receivers.map(({ person, name, at }) => ({ person, name, at })), closed: it.state === 'closed' ? await named(it.closed) : null, page, size, items, counts: await tx.accessions.counts(it.id),
        };
      });
    },
  };
}
