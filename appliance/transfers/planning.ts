import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { drawNumber } from '../../core/drawn-number.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { StoredRecord } from '../../core/holdings.js';
import { overdueDays } from '../../core/deadlines.js';
import { planTransfer, requireRoad } from '../../core/transfer.js';
import type { TransferPlan } from '../../core/transfer.js';
import type { TransferAmend, TransferAttach, TransferCompanion, TransferDropCompanion, TransferDue, TransferPlanning } from '../../policies/schemas/transfer.js';
import { NOT_YET_MADE } from '../../secrecy/access.js';
import { highest } from '../../secrecy/level.js';
import type { ServerCall } from '../call.js';
import { transferTarget } from '../store/repositories/transfers.js';
import { changeFacts } from './gathering.js';
import { amended, found, plain, wrong } from './parts.js';
import type { Tx, TransferParts, WriteTx } from './parts.js';

/** From the due list to a batch with all that has to be arranged before anything is inspected. */
export function planningService(parts: TransferParts) {
  const { box, clock, ids, policy } = parts;
  const { store, gate } = box;
  const networks = policy.dedicatedNetworks.map(({ address }) => address);

  /** Records that this person may know, filed and not elsewhere under way. */
  async function chosen(call: ServerCall, tx: Tx | WriteTx, wanted: readonly string[], at: string): Promise<readonly StoredRecord[]> {
    const records: StoredRecord[] = [];
    for (const [n, id] of wanted.entries()) {
      const record = await tx.records.get(id);
      if (record === undefined || !(await gate.knows(call, recordTarget(record)))) throw new ArchiveError('E_NOT_FOUND', {}, [{ at: `${at}/${String(n)}`, message: '没有这件档案' }]);
      if (record.state !== 'filed') throw new ArchiveError('E_STATE_INVALID', { record: id, state: record.state }, [{ at: `${at}/${String(n)}`, message: '只有在库的档案可以移交' }]);
      records.push(record);
    }
    return records;
  }

  async function counterpartOf(tx: Tx | WriteTx, id: string): Promise<string> {
    const one = await tx.counterparts.get(id);
    if (one === undefined || !parts.counterparts.inForce(one)) throw new ArchiveError('E_COUNTERPART_NOT_IN_FORCE', {}, [{ at: '/counterpart', message: '请从已登记、在用的对端单位中选择' }]);
    return one.id;
  }

  return {
    /** 到期清单 */
    async due(call: ServerCall, input: TransferDue) {
      const { page = 1, size = 50 } = input;
      const visible = await gate.visible(call, 'record.show', 1);
      return store.read(call, async (tx) => {
        await tx.allow();
        const { records, total, more } = await tx.transfers.due(visible, input.until ?? null, { offset: (page - 1) * size, limit: size });
        const today = clock.today();
        const obliged = box.policies.content('appraisal.json').transferObliged;
        const rows = [];
        for (const id of records) {
          const record = await tx.records.get(id);
          if (record === undefined) continue;
          const dueOn = record.transferDueOn ?? '';
          const retention = record.currentRetention ?? record.retentionCode ?? '';
          rows.push({ record: id, code: record.archivalCode, title: record.description.title ?? '', level: record.level, mark: record.mark, documentDate: record.documentDate, dueOn, overdueDays: overdueDays(dueOn, today), early: dueOn > today, retention, obliged: obliged.includes(retention), fonds: record.fonds });
        }
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return { page, size, total, more, today, dueYears: policy.dueYears, source: policy.dueSource, rows };
      });
    },

    async plan(call: ServerCall, input: TransferPlanning) {
      return store.write(call, async (tx) => {
        const records = await chosen(call, tx, input.records, '/records');
        if (records.length > policy.recordsAtMost) throw wrong('/records', `一批不超过 ${String(policy.recordsAtMost)} 件`);
        const [first] = records;
        if (first === undefined) throw new ArchiveError('E_NOT_FOUND');
        if (records.some(({ fonds }) => fonds !== first.fonds)) throw wrong('/records', '一批只能移交同一全宗的档案');
        const level = highest(records.map((record) => record.level));
        const id = ids.uuid();
        const department = await tx.people.departmentOf(call.person) ?? '';
        const address = input.address ?? null;
        const plan: TransferPlan = {
          taskName: plain(input.taskName, '/taskName'), contentDescription: plain(input.contentDescription, '/contentDescription'), mode: 'offline_medium', address, counterpart: input.counterpart,
          carrier: null, device: null, mediumTest: null, overdueReason: null, extension: null, early: null,
        };
        const draft = planTransfer({ id, number: '', level, plan, planned: { by: call.person, at: clock.now() } }).next;
        await tx.allow({ ...transferTarget({ it: draft, fonds: first.fonds, department }), id: NOT_YET_MADE });
        requireRoad(input.mode, address, networks);
        await counterpartOf(tx, input.counterpart);
        const number = await drawNumber(ids, `YJ-${clock.today().slice(0, 4)}-${clock.today().slice(5).replaceAll('-', '')}-`, async (one) => tx.transfers.numbered(one));
        const { next, audit } = planTransfer({ ...draft, number, plan: { ...plan, mode: input.mode } });
        await tx.transfers.add({ it: next, fonds: first.fonds, department, version: 1 });
        await tx.transfers.include(id, level, input.records);
        tx.audit({ ...audit, detail: { ...audit.detail, records: input.records } });
        for (const one of await box.containers.put(tx.sql, { kind: 'transfer', id }, input.records.map((record) => ({ kind: 'record', id: record })), clock.now())) tx.audit(one);
        return { batch: id, number, level };
      });
    },

    /** Any change of the plan or of the list. What was inspected or approved is so no more. */
    async amend(call: ServerCall, input: TransferAmend) {
      return store.write(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const { plan } = stored.it;
        const given = Object.fromEntries((['taskName', 'contentDescription', 'overdueReason'] as const).flatMap((key) => { const text = input[key]; return text === undefined ? [] : [[key, text === null ? null : plain(text, `/${key}`)]]; }));
        const mode: string = input.mode ?? plan.mode;
        const address = input.address === undefined ? plan.address : input.address;
        requireRoad(mode, address, networks);
        const { early, extension, mediumTest } = input;
        if (early != null) for (const [key, text] of Object.entries({ ...early.rights, foiHandler: early.foiHandler, consentNo: early.consentNo })) plain(text, `/early/${key}`, true);
        const next: TransferPlan = {
          ...plan, ...given, mode, address,
          ...(input.counterpart === undefined ? {} : { counterpart: await counterpartOf(tx, input.counterpart) }),
          ...(input.carrier === undefined ? {} : { carrier: input.carrier }), ...(input.device === undefined ? {} : { device: input.device }),
          ...(mediumTest === undefined ? {} : { mediumTest }), ...(extension === undefined ? {} : { extension }), ...(early === undefined ? {} : { early }),
        };
        if (input.carrier != null) {
          const carrier = await tx.carriers.get(input.carrier);
          if (carrier === undefined || carrier.fonds !== stored.fonds || !box.policies.content('carriers.json').kinds.some(({ key, electronic }) => key === carrier.kind && electronic)) throw new ArchiveError('E_TRANSFER_MEDIUM_UNREGISTERED', {}, [{ at: '/carrier', message: '请从载体台账中选择电子介质' }]);
        }
        if (input.device != null && (await tx.devices.byNo(input.device)) === undefined) throw new ArchiveError('E_DEVICE_NOT_CERTIFIED', { why: 'unknown' }, [{ at: '/device', message: '请从专用设备台账中选择' }]);
        const { add = [], remove = [] } = input;
        const added = await chosen(call, tx, add, '/add');
        if (added.some(({ fonds }) => fonds !== stored.fonds)) throw wrong('/add', '一批只能移交同一全宗的档案');
        const level = highest([stored.it.level, ...added.map((record) => record.level)]);
        // Written at one level: a record above it would raise the batch out of this session.
        if (level !== stored.it.level) throw wrong('/add', '有档案高于本批密级，请另拟一批');
        await tx.transfers.exclude(stored.it.id, remove);
        await tx.transfers.include(stored.it.id, level, add);
        if ((await tx.transfers.records(stored.it.id)).length > policy.recordsAtMost) throw wrong('/add', `一批不超过 ${String(policy.recordsAtMost)} 件`);
        const it = await amended(tx, call, stored, input.seenVersion, { plan: next }, { changed: Object.keys(input).filter((key) => key !== 'batch' && key !== 'seenVersion'), added: add, removed: remove });
        if (add.length + remove.length > 0) for (const one of await box.containers.put(tx.sql, { kind: 'transfer', id: it.id }, add.map((record) => ({ kind: 'record', id: record })), clock.now())) tx.audit(one);
        return { batch: it.id, state: it.state, version: input.seenVersion + 1 };
      });
    },

    /** 三附件逐件填写 */
    async attach(call: ServerCall, input: TransferAttach) {
      return store.write(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const rows = new Map((await tx.transfers.records(stored.it.id)).map((row) => [row.record, row]));
        const { items } = await parts.gather(tx, stored, true);
        for (const [at, given] of input.rows.entries()) {
          const row = rows.get(given.record);
          const record = row && await tx.records.get(given.record);
          if (row === undefined || record === undefined || !(await gate.knows(call, recordTarget(record)))) throw new ArchiveError('E_NOT_FOUND', {}, [{ at: `/rows/${String(at)}/record`, message: '批次里没有这件档案' }]);
          const { openOpinion, foiStatus, classificationChange } = given;
          if (openOpinion != null && openOpinion.opinion === 'open' && record.level > 0) throw wrong(`/rows/${String(at)}/openOpinion/opinion`, '未解密或内部的档案，到期开放意见不能为“到期开放”');
          if (foiStatus != null && foiStatus.status === 'active' && record.level > 0) throw wrong(`/rows/${String(at)}/foiStatus/status`, '涉密或内部的档案不能标为主动公开');
          for (const [where, value] of [['openOpinion/reason', openOpinion?.reason], ['openOpinion/opinionBy', openOpinion?.opinionBy], ['foiStatus/basis', foiStatus?.basis], ['classificationChange/reviewer', classificationChange?.reviewer]] as const) if (value !== undefined) plain(value, `/rows/${String(at)}/${where}`);
          const matter = items.find((one) => one.record.id === record.id)?.matter ?? null;
          await tx.transfers.attach(stored.it.id, stored.it.level, record.id, {
            openOpinion: openOpinion === undefined ? row.openOpinion : openOpinion, foiStatus: foiStatus === undefined ? row.foiStatus : foiStatus,
            classificationChange: classificationChange === undefined ? row.classificationChange
              : classificationChange === null ? null : { facts: changeFacts(record, matter), ...classificationChange, by: call.person, at: clock.now() },
          });
        }
        const it = await amended(tx, call, stored, input.seenVersion, {}, { records: input.rows.map(({ record }) => record) });
        return { batch: it.id, state: it.state, version: input.seenVersion + 1 };
      });
    },

    /** 同步移交资料 (第二十四条): small files, sealed with the batch. */
    async putCompanion(call: ServerCall, input: TransferCompanion, body: Readable) {
      const content = await buffer(body);
      if (content.length === 0 || content.length > policy.companionBytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes: policy.companionBytes });
      const name = plain(input.name, '/name');
      if (/[\\/:*?"<>|]|^\.|\.$/u.test(name)) throw new ArchiveError('E_NAME_HOSTILE', { problem: 'characters' });
      return store.write(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const there = await tx.transfers.companions(stored.it.id);
        if (there.length >= policy.companionsAtMost) throw wrong('/batch', `同步移交资料不超过 ${String(policy.companionsAtMost)} 个文件`);
        if (there.some((one) => one.kind === input.kind && one.name === name)) throw new ArchiveError('E_NAME_COLLISION', {});
        const seq = await tx.transfers.addCompanion(stored.it.id, stored.it.level, { kind: input.kind, name, bytes: content.length, sm3: Buffer.from(box.sm3(content)).toString('hex'), putBy: call.person, putAt: clock.now() }, content);
        const it = await amended(tx, call, stored, input.seenVersion, {}, { kind: input.kind, seq });
        return { batch: it.id, seq, version: input.seenVersion + 1 };
      });
    },

    async dropCompanion(call: ServerCall, input: TransferDropCompanion) {
      return store.write(call, async (tx) => {
        const stored = await found(tx, input.batch);
        if (!(await tx.transfers.dropCompanion(stored.it.id, input.seq))) throw new ArchiveError('E_NOT_FOUND');
        const it = await amended(tx, call, stored, input.seenVersion, {}, { dropped: input.seq });
        return { batch: it.id, version: input.seenVersion + 1 };
      });
    },
  };
}
