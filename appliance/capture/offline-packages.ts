import { drawNumber } from '../../core/drawn-number.js';
import { requireName } from '../../core/computer-file-name.js';
import { ArchiveError } from '../../core/errors.js';
import { batchTarget } from '../../core/holdings.js';
import type { CaptureBatch, ListScope } from '../../core/holdings.js';
import { nextImport } from '../../core/package-import.js';
import type { PackageImport } from '../../core/package-import.js';
import type { Call, Level, ReadTools, WriteTools } from '../../core/ports.js';
import { cleanText } from '../../core/text.js';
import type { CaptureLimits } from '../../policies/schemas/capture.js';
import type { ImportAbandon, ImportBegin, ImportList, ImportShow, ImportTake, ImportUpload } from '../../policies/schemas/import.js';
import type { Box } from '../box.js';
import type { Parcel } from '../exchange/parcel.js';
import type { ServerCall } from '../server/route.js';
import type { Repositories } from '../store/repositories/index.js';
import { checkParcel } from './offline-checking.js';
import type { Checking } from './offline-checking.js';
import { placeOnMedium } from './offline-place.js';
import { takeParcel } from './offline-taking.js';
import type { Taking } from './offline-taking.js';

type WriteTx = Repositories & WriteTools;
type Tx = Repositories & ReadTools;

export interface OfflinePackageParts {
  readonly box: Box;
  readonly limits: CaptureLimits;
  readonly inspector: Taking['inspector'];
  readonly levelOf: (call: Call) => Promise<Level>;
  readonly requireFonds: (fonds: string) => void;
  readonly visibleBatches: (call: Call, act: string) => Promise<ListScope>;
  readonly checking: () => Promise<Checking>;
  /** The package where it lies: in a sealed object, or on a medium. */
  readonly open: (one: Pick<PackageImport, 'object' | 'sealed'>) => Promise<Parcel>;
  readonly late: (error: unknown) => void;
}
/** The box closes: the judging begins again at the next unlocking. */
class Stopped extends Error {}
interface Running { readonly progress: { done: number; total: number }; readonly work: Promise<void>; stop: boolean }

const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);
const ENDED: ReadonlySet<string> = new Set(['refused', 'abandoned', 'failed']);
/** Records withdrawn in one commit. */
const LOT = 100;

/**
 * 离线数据包导入: received sealed or read from a medium, judged whole, shown to a person, then taken in. What is refused leaves nothing but the
 * reasons: its batch is withdrawn, its bytes and their key are gone.
 */
export function offlinePackages(parts: OfflinePackageParts) {
  const { box, limits } = parts;
  const { store, clock, ids, vault } = box;
  const running = new Map<string, Running>();

  async function found(tx: Tx | WriteTx, id: string): Promise<{ readonly one: PackageImport; readonly batch: CaptureBatch }> {
    const one = await tx.imports.get(id);
    const batch = one && (await tx.batches.get(one.batch));
    if (one === undefined || batch === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(batchTarget(batch));
    return { one, batch };
  }

  function shown(one: PackageImport, batch: CaptureBatch) {
    const { sealed: { source, name, findings, warnings, preview }, object: _object, ...rest } = one;
    const job = running.get(one.id);
    return {
      ...rest, number: batch.number, fonds: batch.fonds, department: batch.department, offlineReason: batch.offlineReason, source, name,
      findings, warnings, preview, running: job === undefined ? null : { ...job.progress },
    };
  }

  async function save(tx: WriteTx, call: Call, one: PackageImport, more: Partial<PackageImport>, detail: Readonly<Record<string, unknown>> = {}): Promise<PackageImport> {
    const next = { ...one, ...more };
    await tx.imports.save(next, one.version);
    tx.audit({ action: call.act, object: one.batch, objectType: 'capture', objectLevel: one.level, detail: { import: one.id, state: next.state, ...detail } });
    return { ...next, version: one.version + 1 };
  }

  /** The end of one that comes to nothing: the batch closes, the bytes and their key go. */
  async function end(call: Call, one: PackageImport, event: 'refuse' | 'abandon' | 'fail', more: Partial<PackageImport> = {}): Promise<void> {
    if (event === 'fail') await withdrawAll(call, one);
    await store.write(call, async (tx) => {
      const now = await tx.imports.get(one.id);
      const batch = await tx.batches.get(one.batch);
      if (now === undefined || batch === undefined) throw new ArchiveError('E_NOT_FOUND');
      await tx.allow(batchTarget(batch), event === 'abandon' ? 'import.abandon' : 'import.begin');
      await save(tx, call, now, { ...more, state: nextImport(now.state, event), object: null, endedAt: clock.now() }, { findings: more.sealed?.findings.map(({ code }) => code).slice(0, 20) ?? [] });
      if (batch.state === 'open') await tx.batches.save({ ...batch, state: 'withdrawn', closedAt: clock.now() }, batch.version);
      if (now.object !== null) tx.afterCommit(async () => { await vault.discard(now.object ?? ''); });
    });
  }

  /** What was taken in of one that failed goes again: contents, keys and words; the entries in the ledger stay. */
  async function withdrawAll(call: Call, one: PackageImport): Promise<void> {
    const all = await store.read(box.systemCall(call.act), async (tx) => { await tx.allow(); return (await tx.records.ofBatch(one.batch)).filter(({ state }) => state !== 'withdrawn').map(({ id }) => id); });
    for (let from = 0; from < all.length; from += LOT) {
      await store.write(box.systemCall(call.act), async (tx) => {
        await tx.allow();
        for (const id of all.slice(from, from + LOT)) {
          const record = await tx.records.get(id);
          if (record === undefined || record.state === 'withdrawn') continue;
          const objects = await tx.files.objectsOf(id);
          for (const object of objects) await tx.objects.erase(object, clock.now());
          await tx.records.save({ ...record, state: 'withdrawn', description: { title: '已撤回' } }, record.version);
          tx.afterCommit(async () => { for (const object of objects) await vault.erase(object); });
          tx.audit({ action: call.act, object: id, objectType: 'record', objectLevel: record.level, detail: { import: one.id, withdrawn: true, objects: objects.length } });
        }
        tx.audit({ action: call.act, object: one.batch, objectType: 'capture', objectLevel: one.level, detail: { import: one.id, withdrawn: Math.min(all.length, from + LOT) } });
      });
    }
  }

  function start(one: PackageImport, work: (job: Running) => Promise<void>): void {
    const progress = { done: one.done, total: one.total };
    const job: Running = { progress, stop: false, work: Promise.resolve() };
    const under = work(job).catch((error: unknown) => { if (!(error instanceof Stopped)) parts.late(error); }).finally(() => { running.delete(one.id); });
    running.set(one.id, Object.assign(job, { work: under }));
  }

  function check(call: Call, one: PackageImport, batch: CaptureBatch): void {
    start(one, async (job) => {
      const parcel = await parts.open(one);
      try {
        const told = await checkParcel(await parts.checking(), batch, parcel, (done, total) => { Object.assign(job.progress, { done, total }); if (job.stop) throw new Stopped(); });
        const sealed = { ...told.sealed, source: one.sealed.source };
        if (sealed.findings.length > 0) return await end(call, one, 'refuse', { total: told.total, form: told.form, sealed });
        await store.write(call, async (tx) => {
          const now = await tx.imports.get(one.id);
          await tx.allow(batchTarget(batch), 'import.begin');
          if (now?.state !== 'checking') {
            tx.audit({ action: call.act, object: one.batch, objectType: 'capture', objectLevel: one.level, detail: { import: one.id, left: true } });
            return;
          }
          await save(tx, call, now, { state: nextImport(now.state, 'pass'), total: told.total, form: told.form, sealed }, { form: told.form, items: told.total });
        });
      } finally {
        await parcel.close();
      }
    });
  }

  function take(call: Call, one: PackageImport, batch: CaptureBatch): void {
    start(one, async (job) => {
      const parcel = await parts.open(one);
      try {
        const [finding] = parcel.findings;
        if (finding !== undefined) throw new ArchiveError('E_PKG_FILE_CHANGED', {}, [{ at: finding.entry, message: finding.text }]);
        if (!(await takeParcel({ box, inspector: parts.inspector, checking: await parts.checking(), step: limits.packageStep }, call, one, parcel, (done) => { job.progress.done = done; return !job.stop; }))) return;
      } catch (error) {
        // A fault of the box leaves the task where it stands, to be gone on with; what is wrong with the package ends it.
        if (!(error instanceof ArchiveError) || !GONE.has(error.code)) throw error;
        const findings = error.details.map(({ at, message }) => ({ code: error.code, entry: at, text: message }));
        return await end(call, one, 'fail', { sealed: { ...one.sealed, findings: findings.length > 0 ? findings : [{ code: error.code, entry: one.sealed.name ?? '', text: '包在收入途中不能再读取' }], preview: [] } });
      } finally {
        await parcel.close();
      }
      await store.write(call, async (tx) => {
        const now = await tx.imports.get(one.id);
        if (now === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(batchTarget(batch), 'import.take');
        await save(tx, call, now, { state: nextImport(now.state, 'finish'), object: null, endedAt: clock.now() }, { items: now.done });
        if (now.object !== null) tx.afterCommit(async () => { await vault.discard(now.object ?? ''); });
      });
    });
  }

  return {
    async list(call: ServerCall, input: ImportList) {
      const { page = 1, size = 20 } = input;
      const visible = await parts.visibleBatches(call, call.act);
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.imports.list(visible as never, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { page, size } });
        const batches = await Promise.all(rows.map(async (one) => tx.batches.get(one.batch)));
        return {
          page, size, total,
          rows: rows.flatMap((one, at) => {
            const batch = batches[at];
            if (batch === undefined) return [];
            const { findings, warnings, preview: _preview, ...rest } = shown(one, batch);
            return [{ ...rest, findings: findings.length, warnings: warnings.length }];
          }),
        };
      });
    },

    async show(call: ServerCall, input: ImportShow) {
      return store.read(call, async (tx) => {
        const { one, batch } = await found(tx, input.import);
        const received = one.state === 'receiving' && one.object !== null ? await vault.received(one.object) : null;
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: one.level, detail: { import: one.id } });
        return { ...shown(one, batch), received, segmentBytes: limits.segmentBytes };
      });
    },

    async begin(call: ServerCall, input: ImportBegin) {
      const reason = cleanText(input.offlineReason ?? '', false);
      if (!reason.ok || [...reason.text].length < 2) throw new ArchiveError('E_OFFLINE_REASON_REQUIRED', {}, [{ at: '/offlineReason', message: '请填写不能在线归档的原因' }]);
      const { source } = input;
      if (source.kind === 'file') {
        requireName(source.fileName);
        if (source.bytes > limits.fileBytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes: limits.fileBytes });
      }
      // Mounting media on the box is the archives' business; a department sends in what lies at its own terminal.
      if (source.kind === 'medium' && call.duty === 'proposer') throw new ArchiveError('E_ACCESSION_MEDIUM', { duty: call.duty }, [{ at: '/source/place', message: '部门承办人请从本终端送入文件，介质由档案部门挂载' }]);
      const place = source.kind === 'medium' ? await placeOnMedium(source.place, box.paths.root) : null;
      const level = await parts.levelOf(call);
      const [id, batchId, object] = [ids.uuid(), ids.uuid(), source.kind === 'file' ? ids.uuid() : null];
      if (object !== null) await vault.begin(object, level);
      try {
        const made = await store.write(call, async (tx) => {
          await tx.allow(batchTarget({ id: '', fonds: input.fonds, level, state: 'open', department: input.department, openedBy: call.person }));
          parts.requireFonds(input.fonds);
          if (!(await tx.people.departments()).some((known) => known.id === input.department)) throw wrong('/department', '没有这个部门，请从列表中选择');
          if (call.duty === 'proposer' && (await tx.people.departmentOf(call.person)) !== input.department) throw new ArchiveError('E_DEPT_MISMATCH', { department: input.department });
          const today = clock.today();
          const number = await drawNumber(ids, `SJ-${today.slice(0, 4)}-${today.slice(5, 7)}${today.slice(8)}-`, async (drawn) => tx.batches.numbered(drawn));
          const batch: CaptureBatch = { id: batchId, number, fonds: input.fonds, department: input.department, openedBy: call.person, method: 'offline_package_import', offlineReason: reason.text, level, state: 'open', declared: null, openedAt: clock.now(), closedAt: null, version: 1 };
          await tx.batches.add(batch);
          const one: PackageImport = {
            id, batch: batchId, state: object === null ? 'checking' : 'receiving', level, object, bytes: source.kind === 'file' ? source.bytes : null, form: null, total: 0, done: 0, begunBy: call.person, begunAt: clock.now(), endedAt: null, version: 1,
            sealed: { source: source.kind === 'file' ? source.fileName : (place ?? ''), name: null, findings: [], warnings: [], preview: [] },
          };
          await tx.imports.add(one);
          tx.audit({ action: call.act, object: batchId, objectType: 'capture', objectLevel: level, detail: { number, department: input.department, method: batch.method, import: id, source: source.kind } });
          return { one, batch };
        });
        if (object === null) check(call, made.one, made.batch);
        return { import: id, batch: batchId, number: made.batch.number, state: made.one.state, version: 1, segmentBytes: limits.segmentBytes };
      } catch (error) {
        if (object !== null) await vault.discard(object);
        throw error;
      }
    },

    /** One segment; behind the last one the judging begins. */
    async upload(call: ServerCall, input: ImportUpload, body: AsyncIterable<Uint8Array>) {
      const { one, batch } = await store.read(call, async (tx) => found(tx, input.import));
      if (one.begunBy !== call.person) throw new ArchiveError('E_NOT_FOUND', { import: one.id });
      const { object, bytes } = one;
      if (one.state !== 'receiving' || object === null || bytes === null) throw new ArchiveError('E_STATE_INVALID', { state: one.state, event: 'receive' });
      const offset = await vault.append(object, input.offset, body, bytes);
      if (offset < bytes) return { done: false as const, offset };
      await vault.finish(object);
      const next = await store.write(call, async (tx) => {
        const now = await found(tx, one.id);
        return save(tx, call, now.one, { state: nextImport(now.one.state, 'receive') }, { bytes });
      });
      check(call, next, batch);
      return { done: true as const, offset, state: next.state, version: next.version };
    },

    async take(call: ServerCall, input: ImportTake) {
      if (running.has(input.import)) throw new ArchiveError('E_STATE_INVALID', { state: 'running', event: 'take' });
      const { one, batch } = await store.write(call, async (tx) => {
        const seen = await found(tx, input.import);
        if (seen.one.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { import: seen.one.id });
        return { ...seen, one: await save(tx, call, seen.one, { state: nextImport(seen.one.state, 'take') }, { items: seen.one.total }) };
      });
      take(call, one, batch);
      return { import: one.id, state: one.state, version: one.version };
    },

    async abandon(call: ServerCall, input: ImportAbandon) {
      const one = await store.read(call, async (tx) => {
        const seen = await found(tx, input.import);
        if (seen.one.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { import: seen.one.id });
        nextImport(seen.one.state, 'abandon');
        return seen.one;
      });
      await running.get(one.id)?.work;
      await end(call, one, 'abandon');
      return { import: one.id, state: 'abandoned' as const };
    },

    /** At every unlocking: what was being judged is judged again, what was being taken in goes on. */
    async resume(): Promise<void> {
      const call = box.systemCall('import.begin');
      const rows = await store.read(call, async (tx) => {
        await tx.allow();
        const open = (await tx.imports.underWay()).filter(({ id }) => !running.has(id));
        return Promise.all(open.map(async (one) => ({ one, batch: await tx.batches.get(one.batch) })));
      });
      for (const { one, batch } of rows) {
        if (batch === undefined || one.state === 'receiving' || ENDED.has(one.state)) continue;
        if (one.state === 'checking') check(call, one, batch);
        else take(box.systemCall('import.take'), one, batch);
      }
    },

    /** Before the box closes: what is being taken in stops behind its lot, and goes on at the next unlocking. */
    async stop(): Promise<void> {
      for (const job of running.values()) job.stop = true;
      await Promise.all([...running.values()].map(async ({ work }) => work));
    },
  };
}
export type OfflinePackages = ReturnType<typeof offlinePackages>;

/** What is wrong with the package itself, or with the batch it fills. */
const GONE: ReadonlySet<string> = new Set(['E_PKG_FILE_CHANGED', 'E_PKG_BROKEN', 'E_PKG_EEP', 'E_PKG_FILE_MISSING', 'E_UPLOAD_TOO_LARGE', 'E_META_INVALID', 'E_STATE_INVALID']);
