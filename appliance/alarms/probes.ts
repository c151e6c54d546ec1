import { Temporal } from 'temporal-polyfill';
import { parseCheckpoint } from '../../core/checkpoint.js';
import type { Clock, Sm3 } from '../../core/ports.js';
import type { AlarmsFile } from '../../policies/schemas/alarms.js';
import { startWalk } from '../audit/verify.js';
import type { CheckSignature, LedgerVerdict } from '../audit/verify.js';
import { entryOf } from '../store/ledger.js';
import type { EntryRow, Ledger } from '../store/ledger.js';
import { boxFact } from '../store/repositories/box.js';
import type { Sql } from '../store/sql.js';
import type { AlarmEngine } from './engine.js';

/** How full the place of the ledger is, in bytes. */
export type StorageProbe = () => Promise<{ readonly used: number; readonly total: number }>;

/** 存储预警: what is left is the ledger's reserve. */
export async function probeStorage(engine: AlarmEngine, policy: AlarmsFile['storage'], probe: StorageProbe): Promise<void> {
  const { used, total } = await probe();
  const percent = total === 0 ? 0 : Math.floor((used * 100) / total);
  await engine.signal('storage-stop', percent >= policy.stopPercent, { percent });
  await engine.signal('storage-warn', percent >= policy.warnPercent && percent < policy.stopPercent, { percent });
}

/** 病毒库: only where its date is entered; a box that was never told has no source, and says so. */
export async function probeVirusLibrary(engine: AlarmEngine, policy: AlarmsFile['virusLibrary'], reader: Sql, clock: Clock): Promise<void> {
  const on = await boxFact(reader, 'virusLibraryOn');
  if (on === null) return;
  engine.provide('virus-library-warn', 'virus-library-stop');
  const days = Temporal.PlainDate.from(on.slice(0, 10)).until(Temporal.PlainDate.from(clock.today())).days;
  await engine.signal('virus-library-stop', days > policy.stopDays, { days });
  await engine.signal('virus-library-warn', days > policy.warnDays && days <= policy.stopDays, { days });
}

const STEP = 1000;

/**
 * 审计链自查: derives the whole ledger again, so many entries a step, `rest` between them. At its end the last row must still be the one
 * that the box wrote last.
 */
export async function probeLedger(parts: { readonly reader: Sql; readonly ledger: Ledger; readonly sm3: Sm3; readonly check: CheckSignature }, rest: () => Promise<boolean>): Promise<LedgerVerdict | null> {
  const { reader, ledger, sm3 } = parts;
  const end = ledger.head().size;
  const kept = await reader.all<{ size: number; text: string }>('SELECT size, text FROM checkpoint WHERE size <= $1 ORDER BY size', end);
  const walk = startWalk(sm3, kept.map(({ size, text }) => parseCheckpoint(text) ?? { size }), parts.check);
  for (let from = 0; from < end; from += STEP) {
    const rows = await reader.all<EntryRow>('SELECT * FROM audit_entry WHERE seq >= $1 AND seq < $2 ORDER BY seq', from, Math.min(end, from + STEP));
    for (const row of rows) walk.take(entryOf(row));
    if (rows.length === 0) break;
    if (!(await rest())) return null;
  }
  const verdict = walk.finish();
  const last = await lastHash(reader, ledger);
  return last ? verdict : { ...verdict, faults: [...verdict.faults, { seq: ledger.head().size, kind: 'truncated', text: '末尾记录与本机最后写入的不符：日志被截去或换成旧副本' }] };
}

/** Whether the ledger's last row is the one the box wrote last: cheap, so it is asked often. */
export async function lastHash(reader: Sql, ledger: Ledger): Promise<boolean> {
  const before = ledger.head();
  if (before.size === 0) return true;
  const row = await reader.one<{ hash: string }>('SELECT hash FROM audit_entry WHERE seq = $1', before.size - 1);
  return row?.hash === before.hash;
}
