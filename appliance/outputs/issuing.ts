import path from 'node:path';
import type { AuditEntry } from '../../core/audit.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { Level, ReadTools, WriteTools } from '../../core/ports.js';
import type { OutputBurn, OutputExport, OutputKind, OutputPrint } from '../../policies/schemas/output.js';
import { isSecret, levelName } from '../../secrecy/level.js';
import { markedName } from '../../secrecy/mark-places.js';
import { issueCopy, rulesOf } from '../../secrecy/output.js';
import { rollUpMark } from '../../secrecy/roll-up.js';
import { shortCode } from '../../secrecy/watermark.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';
import type { StoredCarrier } from '../store/repositories/carriers.js';
import type { StoredOutput } from '../store/repositories/outputs.js';
import type { Repositories } from '../store/repositories/index.js';
import { codeOf, contentsOf } from './contents.js';
import type { Content } from './contents.js';
import { isoImage, stagingFolder } from './disc.js';
import { bytesOf, folderOn, listName, listOf, writeOriginals, writeSynced } from './folder.js';
import type { Written } from './folder.js';
import type { OutputParts } from './service.js';
import { drawPages, sheets } from './sheets.js';
import type { CopyHead, DrawnPage } from './sheets.js';

type Tx = Repositories & ReadTools;
type WriteTx = Repositories & WriteTools;

interface Prepared { readonly one: StoredOutput; readonly contents: readonly Content[] }
interface Issue { readonly carrier?: (tx: WriteTx, one: StoredOutput) => Promise<StoredCarrier>; readonly device?: (tx: WriteTx, one: StoredOutput) => Promise<string | null>; readonly pages: number | null; readonly files: readonly Written[] }
interface IssuedCopy { readonly one: StoredOutput; readonly head: CopyHead; readonly carrierNo: string | null; readonly name: string }

/** What no one copy is told of: its own number among several, and the words of its kind. */
const SUFFIX = { print: '.pdf', burn: '.iso', export: '' } as const;
const ISO_ROUND = 1.2;
const LIST_ROOM = 1_000_000;

/** 出件: everything that can fail is done before the copy is entered; the entry comes before the first byte, and its code stands on every page. */
export function issuing(parts: OutputParts) {
  const { store, gate, clock, ids, policy, unit } = parts;
  const kindOf = (key: OutputKind) => policy.kinds.find((one) => one.key === key);

  async function found(tx: Tx, id: string): Promise<StoredOutput> {
    const one = await tx.outputs.get(id);
    if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow({ ...parts.target(one) });
    return one;
  }

  const issuingOf = (call: ServerCall, kind: OutputKind, now: readonly (Level | undefined)[]) => ({ kind, by: call.person, today: clock.today(), now });

  /** The order and what it lets out, tried against every rule before any work is done. */
  async function prepared(call: ServerCall, input: OutputPrint, kind: OutputKind, more: (tx: Tx, one: StoredOutput) => Promise<void> = async () => Promise.resolve()): Promise<Prepared> {
    return store.read(call, async (tx) => {
      const one = await found(tx, input.output);
      if (one.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { output: one.it.id });
      const now = await Promise.all(one.it.records.map(async ({ record }) => (await tx.records.get(record))?.level));
      issueCopy(one.it, issuingOf(call, kind, now), policy);
      const contents = await contentsOf(tx, one.it.records.map(({ record }) => record));
      for (const { record } of contents) if (!(await gate.imagine(one.it.requestedBy, one.it.use === undefined ? {} : { openings: one.it.records.map((each) => each.record) }, 'record.read', recordTarget(record))).allowed) throw new ArchiveError('E_OUTPUT_CHANGED', { output: one.it.id, record: record.id });
      await more(tx, one);
      return { one, contents };
    });
  }

  /** The copy, its carrier, its entries: one unit of work. */
  async function issued(call: ServerCall, input: OutputPrint, kind: OutputKind, { contents }: Prepared, issue: Issue): Promise<IssuedCopy> {
    const entered: { entry?: AuditEntry } = {};
    const { one, copy, mark, carrierNo, dueOn } = await store.write(call, async (tx) => {
      const stored = await found(tx, input.output);
      const levels = await Promise.all(stored.it.records.map(async ({ record }) => (await tx.records.get(record))?.level));
      const step = issueCopy(stored.it, issuingOf(call, kind, levels), policy);
      const saved: StoredOutput = { ...stored, it: step.next };
      const { level, requestedBy: holder, keepUntil } = step.next;
      const records = contents.map(({ record }) => record.id);
      const summed = await parts.containers.of(tx.sql, records);
      const carriesMark = isSecret(level) ? rollUpMark(summed, parts.marks) : levelName(level);
      const device = await issue.device?.(tx, stored) ?? null;
      tx.audit({ ...step.audit, detail: { ...step.audit.detail, holder, device, pages: issue.pages, files: issue.files.length } });
      const back = rulesOf(policy, level).returns;
      const out = { records, level, holder, dueOn: keepUntil, reason: `${kindOf(kind)?.name ?? ''}单 ${step.next.no} 第 ${String(step.copy)} 份` };
      const chosen = await issue.carrier?.(tx, stored);
      const carrier = chosen !== undefined ? await parts.copies.onto(tx, call, chosen, out)
        : back ? await parts.copies.paper(tx, call, { ...out, fonds: stored.fonds, department: stored.department, title: `${kindOf(kind)?.name ?? ''}件 ${step.next.no} 第 ${String(step.copy)} 份`, copyNo: step.copy, totalCopies: step.next.copies, remark: `档号 ${contents.map(({ record }) => codeOf(record)).join('、').slice(0, 280)}` })
          : null;
      for (const { record } of contents) tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { output: step.next.id, copy: step.copy, holder } });
      await tx.outputs.save(saved, input.seenVersion);
      await tx.outputs.addCopy({
        id: ids.uuid(), output: step.next.id, no: step.copy, level, issuedAt: clock.now(), issuedBy: call.person, holder, dueOn: carrier === null ? null : keepUntil, carrier: carrier?.it.id ?? null,
        facts: { pages: issue.pages, files: issue.files, device, mark: carriesMark },
      });
      tx.afterCommit(async (entries) => { const first = entries.find((each) => each.objectType === 'output'); if (first !== undefined) entered.entry = first; return Promise.resolve(); });
      return { one: saved, copy: step.copy, mark: carriesMark, carrierNo: carrier?.it.no ?? null, dueOn: carrier === null ? null : keepUntil };
    });
    if (entered.entry === undefined) throw new ArchiveError('E_AUDIT_UNAVAILABLE');
    const { it } = one;
    const { name, department } = await parts.reader(it.requestedBy);
    const head: CopyHead = {
      mark, no: it.no, kindName: kindOf(kind)?.name ?? '', copy, copies: it.copies, unit: unit.name, holder: name, department, at: entered.entry.at, trace: shortCode(entered.entry.hash), returnBy: dueOn, rehearsal: unit.rehearsal,
    };
    return { one, head, carrierNo, name: markedName(`${it.no}-${String(copy)}${SUFFIX[kind]}`, it.level) };
  }

  const drawn = async ({ one, contents }: Prepared): Promise<readonly DrawnPage[] | null> => (one.it.form === 'pictures' ? drawPages(parts, contents, one.it.extracts) : null);
  const codes = ({ contents }: Prepared): readonly string[] => contents.map(({ record }) => codeOf(record));
  const placed = { 'Cache-Control': 'no-store' };

  /** The copy's files into its folder, once it has a code: pages marked with it, or the list beside the originals that lie there. */
  async function complete(folder: string, ready: Prepared, pages: readonly DrawnPage[] | null, originals: readonly Written[], { head, one }: IssuedCopy): Promise<readonly Written[]> {
    let files = originals;
    if (pages !== null) {
      const pdf = await sheets(pages, head, policy.page.quality);
      const name = markedName(`${head.no}-${String(head.copy)}.pdf`, one.it.level);
      await writeSynced(path.join(folder, name), pdf);
      files = [{ record: one.it.id, name, bytes: pdf.length, sm3: Buffer.from(parts.sm3(pdf)).toString('hex') }];
    }
    await writeSynced(path.join(folder, listName(one.it.level)), listOf(head, one.it.form, files, codes(ready)));
    return files;
  }

  /** 光盘: registered, optical, free of any other order, not written yet. */
  async function blankDisc(tx: Tx, no: string): Promise<StoredCarrier> {
    const disc = await parts.carrier(tx, no);
    if (disc.kind !== 'optical' || (await tx.carriers.contents(disc.it.id)).length > 0 || await tx.outputs.carries(disc.it.id)) throw new ArchiveError('E_OUTPUT_CARRIER', { carrier: disc.it.id }, [{ at: '/carrierNo', message: '请选已登记、尚未写入的光盘' }]);
    return disc;
  }

  /** The medium as a carrier and as a device is one thing: its serial numbers agree. */
  async function mediumOf(tx: Tx, call: ServerCall, input: OutputExport, level: Level): Promise<{ readonly carrier: StoredCarrier; readonly device: string }> {
    const device = await parts.devices.proveAt(tx, call, { no: input.deviceNo, folder: input.folder, level });
    const carrier = await parts.carrier(tx, input.carrierNo);
    if (!['disk', 'solid_state', 'tape'].includes(carrier.kind) || carrier.facts.serial !== device.facts.serial) throw new ArchiveError('E_OUTPUT_CARRIER', { carrier: carrier.it.id, device: device.id }, [{ at: '/carrierNo', message: '该载体的序列号与设备登记不一致' }]);
    if (level > carrier.it.cap) throw new ArchiveError('E_DEVICE_LEVEL', { carrier: carrier.it.id, level, cap: carrier.it.cap });
    return { carrier, device: device.no };
  }

  /** 打印机、刻录机: registered and certified for the level, where the policy asks for it or one is named. */
  async function machineOf(tx: Tx, call: ServerCall, kind: 'printer' | 'burner', no: string | undefined, level: Level): Promise<string | null> {
    if (no === undefined && rulesOf(policy, level).machine) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/machineNo', message: `请填写登记的${kind === 'printer' ? '打印机' : '刻录机'}编号` }]);
    return no === undefined ? null : (await parts.devices.machine(tx, call, { no, kind, level })).no;
  }

  return {
    /** 打印: one numbered copy as PDF for the registered printer. Nothing of it is kept. */
    async print(call: ServerCall, input: OutputPrint) {
      const ready = await prepared(call, input, 'print', async (tx, { it }) => { await machineOf(tx, call, 'printer', input.machineNo, it.level); });
      const pages = await drawPages(parts, ready.contents, ready.one.it.extracts);
      const copy = await issued(call, input, 'print', ready, { pages: pages.length, files: [], device: async (tx, { it }) => machineOf(tx, call, 'printer', input.machineNo, it.level) });
      return bytes('application/pdf', await sheets(pages, copy.head, policy.page.quality), { fileName: copy.name, headers: { ...placed, 'X-Trace-Code': copy.head.trace } });
    },

    /** 刻录: an ISO image for one blank disc, put together in memory and streamed. */
    async burn(call: ServerCall, input: OutputBurn) {
      const ready = await prepared(call, input, 'burn', async (tx, { it }) => {
        await machineOf(tx, call, 'burner', input.machineNo, it.level);
        const disc = await blankDisc(tx, input.carrierNo);
        if (it.level > disc.it.cap) throw new ArchiveError('E_DEVICE_LEVEL', { carrier: disc.it.id, level: it.level, cap: disc.it.cap });
      });
      const pages = await drawn(ready);
      const size = pages === null ? bytesOf(ready.contents) : policy.most.pictureBytes / 4;
      if (size > policy.most.burnBytes) throw new ArchiveError('E_OUTPUT_TOO_LARGE', { limit: policy.most.burnBytes });
      const folder = await stagingFolder(parts.disc, size * ISO_ROUND + LIST_ROOM);
      let copy: IssuedCopy;
      try {
        const originals = pages === null ? await writeOriginals(parts.vault, ready.contents, folder) : [];
        copy = await issued(call, input, 'burn', ready, { pages: pages?.length ?? null, files: originals, carrier: async (tx) => blankDisc(tx, input.carrierNo), device: async (tx, { it }) => machineOf(tx, call, 'burner', input.machineNo, it.level) });
        await complete(folder, ready, pages, originals, copy);
      } catch (error) {
        await parts.dropStaging(folder);
        throw error;
      }
      return bytes('application/x-iso9660-image', isoImage(parts.disc, folder, `${copy.head.no}-${String(copy.head.copy)}`), { fileName: copy.name, headers: { ...placed, 'X-Trace-Code': copy.head.trace } });
    },

    /** 导出: onto the registered device that is plugged in here, which proves itself before the first byte and again when the copy is entered. */
    async export(call: ServerCall, input: OutputExport) {
      const ready = await prepared(call, input, 'export', async (tx, { it }) => { await mediumOf(tx, call, input, it.level); });
      const pages = await drawn(ready);
      const { it } = ready.one;
      const name = markedName(`${it.no}-${String((it.state === 'approved' ? it.issued : 0) + 1)}`, it.level);
      const place = await folderOn(input.folder, name, (pages === null ? bytesOf(ready.contents) : 0) + LIST_ROOM);
      try {
        const originals = pages === null ? await writeOriginals(parts.vault, ready.contents, place.part) : [];
        const copy = await issued(call, input, 'export', ready, {
          pages: pages?.length ?? null, files: originals,
          carrier: async (tx, one) => (await mediumOf(tx, call, input, one.it.level)).carrier, device: async () => Promise.resolve(input.deviceNo),
        });
        const files = await complete(place.part, ready, pages, originals, copy);
        return { folder: await place.finish(), trace: copy.head.trace, copy: copy.head.copy, carrierNo: copy.carrierNo, files: files.map(({ name: file, bytes: size, sm3 }) => ({ name: file, bytes: size, sm3 })) };
      } catch (error) {
        await place.drop();
        throw error;
      }
    },
  };
}
