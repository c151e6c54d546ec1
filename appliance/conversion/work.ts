/** 转换作业: one file after another, beside the requests; a box that was stopped goes on with the next one that waits. */
import { conversionChecks } from '../../core/conversion-checks.js';
import { nextConversion, outcomeOfItems } from '../../core/conversion.js';
import type { ConversionCheck, ConversionItem, Represented } from '../../core/conversion.js';
import { ArchiveError } from '../../core/errors.js';
import type { ComputerFile } from '../../core/holdings.js';
import type { Inspector } from '../../core/services/content.js';
import type { ConversionFile, ConverterRow } from '../../policies/schemas/conversion.js';
import type { Box } from '../box.js';
import type { Converters } from './converters.js';
import { conversionRows } from './rows.js';
import { sweepMemory } from './tools.js';

export interface WorkParts {
  readonly box: Pick<Box, 'store' | 'vault' | 'clock' | 'ids' | 'sm3' | 'sealing' | 'reader' | 'identity' | 'systemCall' | 'keys'>;
  readonly policy: ConversionFile;
  readonly converters: Converters;
  readonly inspector: Inspector;
  readonly late: (error: unknown) => void;
}

/** Records whose content may be given another representation. */
export const CONVERTIBLE: readonly string[] = ['filed', 'retained_copy', 'appraised'];
const CONVERT = 'conversion.start';

export const represented = (file: Pick<ComputerFile, 'sm3' | 'bytes' | 'mime' | 'format'>): Represented => ({ sm3: file.sm3, bytes: file.bytes, mime: file.mime, format: file.format });

/** The name of the target: that of the source, with the ending of its own format. */
export function targetName(fileName: string, row: ConverterRow): string {
  return row.to.extension === '' ? fileName : `${fileName.replace(/\.[A-Za-z0-9]{1,8}$/u, '')}.${row.to.extension}`;
}

export function conversionWork(parts: WorkParts) {
  const { box, policy, converters } = parts;
  const { store, vault, clock, ids } = box;
  let running: Promise<void> | undefined;
  let [stopping, swept, again] = [false, false, false];
  const call = () => box.systemCall(CONVERT);
  const rows = () => conversionRows(box.reader, box.sealing);
  const rowOf = (key: string): ConverterRow => {
    const row = policy.converters.find((one) => one.key === key);
    if (row === undefined) throw new ArchiveError('E_POLICY_INVALID', { converter: key }, [{ at: 'conversion.json', message: `没有转换方式「${key}」` }]);
    return row;
  };

  async function loop(): Promise<void> {
    if (!swept) await sweepMemory(box.identity.serial);
    swept = true;
    while (!stopping && box.keys.state === 'unlocked') {
      const next = await rows().waiting();
      if (next === undefined) break;
      await one(next.conversion, next.item);
    }
    if (stopping || box.keys.state !== 'unlocked') return;
    for (const id of await rows().spent()) await finish(id);
  }

  /** The end of a case: what passed waits for its reviewer; where nothing passed, the case has failed and nothing of it is left. */
  async function finish(id: string): Promise<void> {
    await store.write(call(), async (tx) => {
      await tx.allow();
      const kept = conversionRows(tx.sql, box.sealing);
      const stored = await kept.get(id);
      if (stored?.it.state !== 'running') throw new ArchiveError('E_STATE_INVALID', { conversion: id });
      const counts = await kept.counts(id);
      const event = outcomeOfItems(Array.from({ length: counts.passed > 0 ? 1 : 0 }, () => ({ state: 'passed' as const })));
      const state = nextConversion(stored.it.state, event);
      await kept.save({ ...stored, it: { ...stored.it, state, finishedAt: clock.now() } }, stored.version);
      tx.audit({
        action: `conversion.${event}`, object: id, objectType: 'conversion', objectLevel: stored.level, ...(event === 'fail' ? { result: 'failed' as const, reason: 'E_MIGRATION_POSTCHECK_FAILED' } : {}),
        detail: { no: stored.it.no, files: counts.all, passed: counts.passed, failed: counts.failed },
      });
    });
  }

  const failure = (code: string, name: string, told: string): ConversionCheck => ({ code, name, property: 'usability', passed: false, told });

  async function fail(conversion: string, item: ConversionItem, checks: readonly ConversionCheck[]): Promise<void> {
    await store.write(call(), async (tx) => {
      await tx.allow();
      const kept = conversionRows(tx.sql, box.sealing);
      await kept.settle(conversion, { ...item, state: 'failed', checks, target: null }, 'waiting');
      await tx.records.addEvent(item.record, { activity: 'convert', at: clock.now(), person: 'system', duty: null, mandate: '办法第三十一条', detail: { conversion, file: item.file, result: '检测不合格，已退回，原件仍为现行版本', failed: checks.filter(({ passed }) => !passed).map(({ code }) => code) } });
      const record = await tx.records.get(item.record);
      tx.audit({ action: 'conversion.convert', object: item.record, objectType: 'record', ...(record === undefined ? {} : { objectLevel: record.level }), result: 'failed', reason: 'E_MIGRATION_POSTCHECK_FAILED', detail: { conversion, file: item.file, failed: checks.filter(({ passed }) => !passed).map(({ code }) => code) } });
    });
  }

  async function one(conversion: string, item: ConversionItem): Promise<void> {
    await store.housekeep(async (sql) => conversionRows(sql, box.sealing).attempted(conversion, item.seq));
    if (item.attempts >= policy.limits.attempts) return fail(conversion, item, [failure('GD-3-4', '转换作业', `连续 ${String(item.attempts)} 次未做完`)]);
    const into = ids.uuid();
    try {
      const { row, file, tool } = await store.read(call(), async (tx) => {
        await tx.allow();
        const stored = await conversionRows(tx.sql, box.sealing).get(conversion);
        const [source, record] = [await tx.files.get(item.file), await tx.records.get(item.record)];
        if (stored === undefined || source === undefined || record === undefined) throw new ArchiveError('E_NOT_FOUND');
        if (source.replacedBy !== null || !CONVERTIBLE.includes(record.state)) throw new ArchiveError('E_CONVERSION_SOURCE', { file: item.file, state: record.state });
        return { row: rowOf(stored.it.converter), file: source, tool: stored.it.tool };
      });
      const done = await convert(row, file, into);
      const checks = [...conversionChecks({ ...done, source: item.source }, row, policy.compare), ...(done.tool === tool ? [] : [failure('GD-1-10', '转换工具', `与登记的 ${tool ?? ''} 不同：${done.tool}`)])];
      if (checks.some(({ passed }) => !passed)) {
        await vault.discard(into);
        return await fail(conversion, item, checks);
      }
      await keep(conversion, item, row, file, into, done, checks);
    } catch (error) {
      // Cut short by the box itself: no fault of the file.
      if (stopping) return await store.housekeep(async (sql) => conversionRows(sql, box.sealing).attempted(conversion, item.seq, -1));
      const known = await store.read(call(), async (tx) => { await tx.allow(); return tx.objects.get(into); });
      if (known === undefined) await vault.discard(into);
      if (!(error instanceof ArchiveError)) parts.late(error);
      await fail(conversion, item, [failure('GD-3-4', '转换作业', error instanceof ArchiveError ? error.code : 'E_INTERNAL')]);
    }
  }

  type Done = Awaited<ReturnType<typeof convert>>;
  async function convert(row: ConverterRow, file: ComputerFile, into: string) {
    const source = await vault.source(file.object);
    try {
      const read = Buffer.from(box.sm3(await source.all(policy.limits.bytes))).toString('hex');
      const made = await converters.convert(row, source, { mime: file.mime, fileName: file.sealed.fileName });
      await vault.begin(into, file.level);
      await vault.append(into, 0, inPieces(made.output), made.output.length);
      const { bytes, sm3 } = await vault.finish(into);
      const again = await vault.open(into);
      let reread: string;
      try { reread = Buffer.from(box.sm3(await again.readRange(0, again.bytes))).toString('hex'); } finally { await again.close(); }
      const judgement = await parts.inspector.inspect(into, targetName(file.sealed.fileName, row));
      return { read: { sm3: read, bytes: source.size }, target: { sm3, bytes, mime: judgement.format.mime, format: judgement.format.name }, reread, judgement, evidence: made.evidence, tool: made.tool };
    } finally {
      await source.close();
    }
  }

  /** Both versions stand from here on; the original stays in front until somebody reviewed the other. */
  async function keep(conversion: string, item: ConversionItem, row: ConverterRow, file: ComputerFile, into: string, done: Done, checks: readonly ConversionCheck[]): Promise<void> {
    const { judgement, target } = done;
    await store.write(call(), async (tx) => {
      await tx.allow();
      const kept = conversionRows(tx.sql, box.sealing);
      const [source, record] = [await tx.files.get(file.id), await tx.records.get(item.record)];
      if (source === undefined || record === undefined || source.replacedBy !== null || source.level !== file.level || !CONVERTIBLE.includes(record.state)) throw new ArchiveError('E_CONVERSION_SOURCE', { file: file.id });
      const at = clock.now();
      await tx.objects.keep({ id: into, level: file.level, bytes: target.bytes, sm3: target.sm3, storedAt: at });
      const next: ComputerFile = {
        ...source, id: ids.uuid(), upload: null, object: into, bytes: target.bytes, sm3: target.sm3, mime: target.mime, format: target.format, puid: judgement.format.puid, verdict: judgement.verdict,
        facts: { ...judgement.facts, convertedFrom: source.id, conversion }, findings: judgement.findings, sealed: { fileName: targetName(source.sealed.fileName, row) }, replacedBy: source.id, receivedAt: at,
      };
      await tx.files.add(next);
      await kept.settle(conversion, { ...item, state: 'passed', checks, target: { ...target, file: next.id } }, 'waiting');
      const detail = { conversion, file: source.id, target: next.id, converter: row.key, tool: done.tool, sourceSm3: source.sm3, targetSm3: target.sm3, bytesBefore: source.bytes, bytesAfter: target.bytes };
      await tx.records.addEvent(record.id, { activity: 'convert', at, person: 'system', duty: null, mandate: '办法第三十一条', detail: { ...detail, result: '检测合格，待复核' } });
      tx.audit({ action: 'conversion.convert', object: record.id, objectType: 'record', objectLevel: record.level, detail });
      tx.afterCommit(async () => vault.promote(into));
    });
  }

  return {
    rowOf,
    /** Begins, or goes on; called again while it runs, it looks once more before it ends. */
    begin(): void {
      if (stopping) return;
      if (running !== undefined) { again = true; return; }
      running = (async () => { do { again = false; await loop(); } while (again && !stopping); })().catch(parts.late).finally(() => { running = undefined; });
    },
    async settled(): Promise<void> { await running; },
    async stop(): Promise<void> {
      stopping = true;
      // What is under way is cut short: the item waits, and is done again at the next start.
      await converters.close();
      await running;
    },
  };
}

const PIECE_BYTES = 4 * 1024 * 1024;
async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield await Promise.resolve(bytes.subarray(at, at + PIECE_BYTES));
}
export type ConversionWork = ReturnType<typeof conversionWork>;
