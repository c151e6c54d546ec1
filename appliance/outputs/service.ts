import { rm } from 'node:fs/promises';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { StoredRecord } from '../../core/holdings.js';
import { requireCopy } from '../../secrecy/use-request.js';
import type { AuditEntry } from '../../core/audit.js';
import type { Clock, Ids, ReadTools, Sm3, WriteTools } from '../../core/ports.js';
import { cleanText } from '../../core/text.js';
import type { OutputCopies, OutputList, OutputRequest, OutputReturn, OutputShow, OutputsFile, OutputTrace } from '../../policies/schemas/output.js';
import { NOT_YET_MADE } from '../../secrecy/access.js';
import type { Granted, Refused } from '../../secrecy/approval.js';
import { highest, levelName } from '../../secrecy/level.js';
import type { MarkPolicy } from '../../secrecy/marking.js';
import { approveOutput, copyState, refuseOutput, requestOutput, rulesOf, standing } from '../../secrecy/output.js';
import type { Json } from '../../secrecy/signing.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import { readShortCode, shortCode } from '../../secrecy/watermark.js';
import type { AccessGate } from '../access/gate.js';
import type { CopyCarriers } from '../carriers/copies.js';
import type { Containers } from '../containers/marks.js';
import type { Vault } from '../content/vault.js';
import type { DeviceService } from '../devices/service.js';
import type { Preview } from '../preview/preview.js';
import type { ServerCall } from '../call.js';
import { carrierTarget } from '../store/repositories/carriers.js';
import type { StoredCarrier } from '../store/repositories/carriers.js';
import { OUTPUT_COLUMNS, outputTarget } from '../store/repositories/outputs.js';
import type { CopyNow, StoredOutput } from '../store/repositories/outputs.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Store } from '../store/unit-of-work.js';
import { codeOf, recordsByCode } from './contents.js';
import type { DiscTools } from './disc.js';
import { issuing } from './issuing.js';

type Tx = Repositories & ReadTools;
type WriteTx = Repositories & WriteTools;

export interface OutputServiceParts {
  readonly store: Store<Repositories>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly sm3: Sm3;
  readonly policy: OutputsFile;
  readonly marks: MarkPolicy;
  readonly containers: Containers;
  readonly copies: CopyCarriers;
  readonly approvals: ApprovalService<WriteTx, Tx>;
  readonly devices: Pick<DeviceService, 'proveAt' | 'machine'>;
  readonly vault: Vault;
  readonly preview: Preview;
  readonly disc: DiscTools;
  readonly nameOf: (person: string) => Promise<string>;
  /** Name and department as they stand on the page. */
  readonly reader: (person: string) => Promise<{ readonly name: string; readonly department: string }>;
  readonly unit: { readonly name: string; readonly fonds: string; readonly rehearsal: boolean };
}
export interface OutputParts extends OutputServiceParts {
  readonly target: typeof outputTarget;
  /** A carrier by its number, as far as the person may know of it. */
  readonly carrier: (tx: Tx, no: string) => Promise<StoredCarrier>;
  readonly dropStaging: (folder: string) => Promise<void>;
}

const HOUR_MS = 3_600_000;
const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);
const plain = (text: string, at: string): string => {
  const cleaned = cleanText(text, false);
  if (!cleaned.ok || cleaned.text === '') throw wrong(at, '文字为空或含有不可见字符');
  return cleaned.text;
};

/** 打印、刻录、导出: asked for, approved by level, issued in numbered copies, brought back. */
export function outputService(given: OutputServiceParts) {
  const { store, gate, clock, ids, policy, unit } = given;
  const kindName = (key: string): string => policy.kinds.find((one) => one.key === key)?.name ?? key;
  const parts: OutputParts = {
    ...given, target: outputTarget, dropStaging: async (folder) => rm(folder, { recursive: true, force: true }),
    async carrier(tx, no) {
      const one = await tx.carriers.byNo(no.trim());
      // A number from above the session is as unknown as one that is nowhere.
      if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
      await tx.allow(carrierTarget(one), 'carrier.show');
      return one;
    },
  };

  async function found(tx: Tx | WriteTx, id: string): Promise<StoredOutput> {
    const one = await tx.outputs.get(id);
    if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(outputTarget(one));
    return one;
  }

  const late = (copy: CopyNow): boolean => copyState(copy.carrierState) === 'out' && copy.carrierDue !== null && copy.carrierDue < clock.today();
  async function row(tx: Tx, one: StoredOutput) {
    const { it } = one;
    const copies = await tx.outputs.copies(it.id);
    return {
      id: it.id, no: it.no, kind: it.kind, kindName: kindName(it.kind), form: it.form, level: it.level, state: standing(it, copies.map(({ carrierState }) => copyState(carrierState)), clock.now(), clock.today()),
      copies: it.copies, issued: copies.length, out: copies.filter(({ carrierState }) => copyState(carrierState) === 'out').length, overdue: copies.some(late), requestedBy: it.requestedBy, requestedByName: await given.nameOf(it.requestedBy), requestedAt: it.requestedAt,
      purpose: it.purpose, keepUntil: it.keepUntil, issueBy: it.state === 'approved' ? it.issueBy : null, records: it.records.length, version: one.version,
    };
  }

  /** Entries by which the copies were issued, in their order: their codes. */
  async function tracesOf(tx: Tx, one: StoredOutput): Promise<readonly string[]> {
    const rows = await tx.sql.all<{ hash: string }>("SELECT hash FROM audit_entry WHERE object = $1 AND object_type = 'output' AND action = $2 AND result = 'ok' ORDER BY seq", one.it.id, `output.${one.it.kind}`);
    return rows.map(({ hash }) => shortCode(hash));
  }

  async function copyShown(copy: CopyNow) {
    return {
      no: copy.no, level: copy.level, state: copyState(copy.carrierState), late: late(copy), issuedAt: copy.issuedAt, issuedByName: await given.nameOf(copy.issuedBy), holderName: await given.nameOf(copy.holder), dueOn: copy.carrierDue ?? copy.dueOn,
      carrier: copy.carrier, carrierNo: copy.carrierNo, pages: copy.facts.pages, files: copy.facts.files.length, device: copy.facts.device, mark: copy.facts.mark,
    };
  }

  async function contents(call: ServerCall, tx: Tx, one: StoredOutput) {
    const rows = [];
    for (const { record: id } of one.it.records) {
      const record = await tx.records.get(id);
      if (record !== undefined && await gate.knows(call, recordTarget(record))) rows.push({ record: id, code: codeOf(record), level: record.level, mark: record.mark, title: record.description.title });
    }
    return rows;
  }

  /** What the signers sign. */
  const decidedOf = ({ it }: StoredOutput): Json => ({
    output: it.id, no: it.no, kind: it.kind, form: it.form, level: it.level, records: it.records.map(({ record }) => record), copies: it.copies, purpose: it.purpose, keepUntil: it.keepUntil, consent: it.consent === null ? null : { ...it.consent }, by: it.requestedBy, ...(it.use === undefined ? {} : { use: it.use }), ...(it.extracts === undefined ? {} : { extracts: it.extracts.map((one) => ({ ...one })) }),
  });

  /** What the person reads only under a use request is copied only under it, in the way it allows. @see 办法第三十五条 */
  async function authorised(tx: Tx, call: ServerCall, input: OutputRequest, records: readonly StoredRecord[]): Promise<void> {
    if (input.use !== undefined) {
      const use = await tx.uses.get(input.use);
      if (use === undefined || use.it.applicant !== call.person) throw new ArchiveError('E_NOT_FOUND');
      requireCopy(use.it, { by: call.person, kind: input.kind, excerpt: input.extracts !== undefined, records: records.map(({ id }) => id), approved: (await tx.uses.records(use.it.id)).map(({ record }) => record), today: clock.today() });
      return;
    }
    for (const record of records) if (!(await gate.wouldAlone(call, 'record.read', recordTarget(record)))) throw new ArchiveError('E_COPY_NOT_AUTHORIZED', { why: 'use' }, [{ at: '/use', message: '凭利用单阅览的档案，须在该利用单批准的方式内申请复制' }]);
  }

  function extracted(records: readonly StoredRecord[], code: string): StoredRecord {
    const record = records.find((one) => codeOf(one) === code);
    if (record === undefined) throw wrong('/extracts', '摘录的档号须在申请的档号之内');
    return record;
  }

  async function decided(tx: WriteTx, id: string): Promise<StoredOutput> {
    const one = await tx.outputs.get(id);
    if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
    return one;
  }

  return {
    ...issuing(parts),

    async list(call: ServerCall, input: OutputList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const visible = await gate.visible(call, call.act, 1, OUTPUT_COLUMNS);
        const { rows, total } = await tx.outputs.list(visible, { state: input.state ?? null, kind: input.kind ?? null, now: clock.now(), today: clock.today() }, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return {
          page, size, total, kinds: policy.kinds.map(({ key, name, forms }) => ({ key, name, forms })), levels: policy.levels.map(({ level, open, consent, returns, seats }) => ({ level, open, consent, returns, seats: seats.map(({ name }) => name) })),
          most: { copies: policy.most.copies, records: policy.most.records, days: policy.keepAtMostDays }, rows: await Promise.all(rows.map(async (one) => row(tx, one))),
        };
      });
    },

    async show(call: ServerCall, input: OutputShow) {
      return store.read(call, async (tx) => {
        const one = await found(tx, input.output);
        tx.audit({ action: call.act, object: one.it.id, objectType: 'output', objectLevel: one.it.level });
        const copies = await tx.outputs.copies(one.it.id);
        const traces = await tracesOf(tx, one);
        const [approval] = await tx.approvals.ofObject('output.request', one.it.id, ['requested', 'granted', 'done', 'refused', 'lapsed']);
        const rules = rulesOf(policy, one.it.level);
        return {
          ...await row(tx, one), consent: one.it.consent, contents: await contents(call, tx, one), approval: approval?.it.id ?? null,
          seats: await Promise.all((approval?.it.seats ?? []).map(async ({ name }, seat) => { const signed = approval?.it.signatures.find((each) => each.seat === seat); return { name, signedBy: signed === undefined ? null : await given.nameOf(signed.person), at: signed?.at ?? null, verdict: signed?.verdict ?? null }; })),
          otherIssuer: rules.otherIssuer, returns: rules.returns, machine: rules.machine, copiesIssued: await Promise.all(copies.map(async (copy, at) => ({ ...await copyShown(copy), trace: traces[at] ?? null }))),
        };
      });
    },

    /** 申请: each record one that the person may read; the level that of the highest, at which the session must stand. */
    async request(call: ServerCall, input: OutputRequest) {
      const purpose = plain(input.purpose, '/purpose');
      const consent = input.consentNo === undefined ? null : { no: plain(input.consentNo, '/consentNo'), by: plain(input.consentBy ?? '', '/consentBy') };
      return store.write(call, async (tx) => {
        const records = await recordsByCode(tx, input.codes, async (record) => gate.knows(call, recordTarget(record)));
        for (const record of records) await tx.allow(recordTarget(record), 'record.read');
        const level = highest(records.map((one) => one.level));
        await authorised(tx, call, input, records);
        const extracts = input.extracts?.map(({ code, from, to }) => ({ record: extracted(records, code).id, from, to }));
        const department = await tx.people.departmentOf(call.person) ?? '';
        const series = `${policy.kinds.find(({ key }) => key === input.kind)?.prefix ?? ''}${String(level)}-${clock.today().slice(0, 4)}-`;
        const at = clock.now();
        const { next, audit } = requestOutput({
          id: ids.uuid(), no: `${series}${String(await tx.outputs.numbered(series) + 1).padStart(4, '0')}`, kind: input.kind, form: input.form, records: records.map((one) => ({ record: one.id, level: one.level })), copies: input.copies, purpose, keepUntil: input.keepUntil, consent,
          ...(input.use === undefined ? {} : { use: input.use }), ...(extracts === undefined ? {} : { extracts }),
          requestedBy: call.person, requestedAt: at, lapsesAt: new Date(Date.parse(at) + policy.hours * HOUR_MS).toISOString(), today: clock.today(),
        }, policy);
        const one: StoredOutput = { it: next, fonds: records[0]?.fonds ?? unit.fonds, department, version: 1 };
        await tx.allow({ ...outputTarget(one), id: NOT_YET_MADE });
        await tx.outputs.add(one);
        if (input.use !== undefined) await tx.useLinks.link(input.use, next.id);
        tx.audit(audit);
        const { id, state } = await given.approvals.request(tx, call, {
          act: call.act, object: next.id, decided: decidedOf(one), level: next.level, fonds: one.fonds, seats: rulesOf(policy, next.level).seats,
          words: [
            `${kindName(next.kind)}：${next.no}（${levelName(next.level)}），${String(next.copies)} 份，${next.form === 'pictures' ? '带水印的页面图像' : '原文件'}`, `档案 ${String(records.length)} 件：${records.map(codeOf).join('、')}`, ...(extracts === undefined ? [] : [`摘录：${(input.extracts ?? []).map(({ code, from, to }) => `${code} 第 ${String(from)} 至 ${String(to)} 页`).join('；')}`]),
            `用途：${next.purpose}`, `领用人：${await given.nameOf(call.person)}，应于 ${next.keepUntil} 前归还`, ...(next.consent === null ? [] : [`同意文号：${next.consent.no}（${next.consent.by}）`]),
          ],
        });
        return { output: next.id, no: next.no, level: next.level, approval: id, approvalState: state };
      });
    },

    /** The last signature. */
    async approved(tx: WriteTx, granted: Granted): Promise<void> {
      const one = await decided(tx, granted.object);
      const { next, audit } = approveOutput(one.it, granted.id, clock.today(), policy);
      await tx.outputs.save({ ...one, it: next }, one.version);
      tx.audit({ ...audit, approval: granted.id });
    },
    async refused(tx: WriteTx, refusal: Refused): Promise<void> {
      const one = await decided(tx, refusal.object);
      const { next, audit } = refuseOutput(one.it, refusal.id);
      await tx.outputs.save({ ...one, it: next }, one.version);
      tx.audit({ ...audit, approval: refusal.id });
    },

    /** 归还或交销. What becomes of the carrier afterwards is told by its own register, and with it the copy's end. */
    async return(call: ServerCall, input: OutputReturn) {
      const [place, reason] = [plain(input.place, '/place'), plain(input.reason, '/reason')];
      return store.write(call, async (tx) => {
        const one = await tx.outputs.get(input.output);
        if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
        const copy = (await tx.outputs.copies(one.it.id)).find(({ no }) => no === input.copy);
        const carrier = copy?.carrier == null ? undefined : await tx.carriers.get(copy.carrier);
        // Written on the card of the carrier, which may have risen above the order since.
        await tx.allow({ ...outputTarget(one), level: carrier?.it.level ?? one.it.level });
        if (one.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { output: one.it.id });
        if (copy === undefined || carrier === undefined) throw new ArchiveError('E_STATE_INVALID', { output: one.it.id, copy: input.copy, event: 'return' });
        await given.copies.back(tx, call, carrier, input.end, place, reason);
        await tx.outputs.save(one, input.seenVersion);
        const now = (await tx.outputs.copies(one.it.id)).map(({ carrierState }) => copyState(carrierState));
        const state = standing(one.it, now, clock.now(), clock.today());
        tx.audit({ action: call.act, object: one.it.id, objectType: 'output', objectLevel: one.it.level, detail: { no: one.it.no, copy: input.copy, end: input.end, state } });
        return { output: one.it.id, copy: input.copy, state };
      });
    },

    /** 副本清单: every copy that was given out of a record, or of the records of a matter whose mark was raised. */
    async copies(call: ServerCall, input: OutputCopies) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const records: string[] = [];
        if (input.record !== undefined) {
          const record = await tx.records.get(input.record);
          if (record === undefined || !(await gate.knows(call, recordTarget(record)))) throw new ArchiveError('E_NOT_FOUND');
          records.push(record.id);
        } else if (input.classification !== undefined) {
          for (const { record: id } of await tx.sql.all<{ record: string }>('SELECT record FROM classification_record WHERE classification = $1 ORDER BY record', input.classification)) {
            const record = await tx.records.get(id);
            if (record !== undefined && await gate.knows(call, recordTarget(record))) records.push(id);
          }
          if (records.length === 0) throw new ArchiveError('E_NOT_FOUND');
        } else throw wrong('/record', '请给出档案或定密事项');
        const { ceiling } = await gate.subjectOf(call);
        const copies = await tx.outputs.copiesOf(records, ceiling);
        tx.audit({ action: call.act, object: input.record ?? input.classification ?? '', objectType: input.record === undefined ? 'classification' : 'record', detail: { rows: copies.length } });
        return { rows: await Promise.all(copies.map(async (copy) => { const one = await tx.outputs.get(copy.output); return { ...await copyShown(copy), output: copy.output, outputNo: one?.it.no ?? '', kindName: kindName(one?.it.kind ?? '') }; })) };
      });
    },

    /** 溯源: from the code on a page or a list to the copy, the order and the person. */
    async trace(call: ServerCall, input: OutputTrace) {
      const code = readShortCode(input.code);
      return store.read(call, async (tx) => {
        await tx.allow();
        const rows = await tx.sql.all<Pick<AuditEntry, 'object'> & { readonly detail: string }>(
          "SELECT object, detail FROM audit_entry WHERE object_type = 'output' AND action IN ('output.print', 'output.burn', 'output.export') AND result = 'ok' AND substr(hash, 1, 13) BETWEEN $1 AND $2 ORDER BY seq LIMIT 10", code.from, code.to,
        );
        const traced = [];
        for (const { object, detail } of rows) {
          const one = object === null ? undefined : await tx.outputs.get(object);
          if (one === undefined || !(await gate.knows(call, outputTarget(one)))) continue;
          const { copy: no } = JSON.parse(detail) as { readonly copy?: number };
          const copy = (await tx.outputs.copies(one.it.id)).find((each) => each.no === no);
          if (copy !== undefined) traced.push({ ...await copyShown(copy), output: one.it.id, outputNo: one.it.no, kindName: kindName(one.it.kind), purpose: one.it.purpose, requestedByName: await given.nameOf(one.it.requestedBy), contents: await contents(call, tx, one) });
        }
        tx.audit({ action: call.act, detail: { found: traced.length } });
        return { rows: traced };
      });
    },

    /** Whether any copy is past its day. */
    overdue: async (call: Parameters<Store<Repositories>['read']>[0]): Promise<boolean> => store.read(call, async (tx) => { await tx.allow(); return tx.outputs.overdue(clock.today()); }),
  };
}
export type OutputService = ReturnType<typeof outputService>;
