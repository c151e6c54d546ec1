import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { Call, Level } from '../../core/ports.js';
import type { AccessGate } from '../access/gate.js';
import type { AppraisalItem, StoredAppraisal } from '../store/repositories/appraisals.js';
import type { Repositories } from '../store/repositories/index.js';
import { places } from '../store/sql.js';
import type { Sql } from '../store/sql.js';
import type { ReadTx } from './parts.js';

/** Whoever may have a record shown may know that it is being appraised; nothing else opens a batch. */
const SHOWN = 'record.show';
const AT_ONCE = 400;

/** A batch as one person sees it: only the items whose records that person may see, in order. */
export interface SeenBatch {
  readonly stored: StoredAppraisal;
  readonly items: readonly AppraisalItem[];
  /** Whether nothing of it is left out. Never told to anybody but the one who drew it up. */
  readonly whole: boolean;
}

/** @throws ArchiveError `E_NOT_FOUND` for a batch of which the person may see nothing, as for one that is not there */
export async function seenBatch(gate: AccessGate, tx: Pick<Repositories, 'appraisals'>, call: Call, id: string): Promise<SeenBatch> {
  const stored = await tx.appraisals.get(id);
  const items = stored === undefined ? [] : await tx.appraisals.items(id, await gate.visible(call, SHOWN, 1));
  if (stored === undefined || items.length === 0) throw new ArchiveError('E_NOT_FOUND');
  return { stored, items, whole: (await tx.appraisals.items(id, null)).length === items.length };
}

/** The records of the items a person sees, each passed by the decision point for the act. */
export async function allowedRecords(tx: ReadTx, items: readonly Pick<AppraisalItem, 'record'>[]): Promise<readonly StoredRecord[]> {
  const records: StoredRecord[] = [];
  for (const { record: id } of items) {
    const record = await tx.records.get(id);
    if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(recordTarget(record));
    records.push(record);
  }
  return records;
}

/** Records that each person may see at their full clearance; a person who is out of office sees none. */
export async function sightOf(gate: AccessGate, sql: Sql, persons: readonly string[], records: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const sight = new Map<string, ReadonlySet<string>>();
  for (const person of persons) {
    const seen = new Set<string>();
    try {
      const visible = await gate.visibleTo(person, {}, SHOWN, 1);
      for (let from = 0; from < records.length; from += AT_ONCE) {
        const part = records.slice(from, from + AT_ONCE);
        const rows = await sql.all<{ id: string }>(`SELECT record.id FROM record WHERE ${visible.sql} AND record.id IN (${places(part.length, visible.values.length + 1)})`, ...visible.values, ...part);
        for (const { id } of rows) seen.add(id);
      }
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
    }
    sight.set(person, seen);
  }
  return sight;
}

export const topLevel = (records: readonly Pick<StoredRecord, 'level'>[]): Level => records.reduce<Level>((top, { level }) => (level > top ? level : top), 0);

/** 经办人 alone carries a batch on, and from a session that shows all of it. @throws ArchiveError `E_DENIED`, `E_MAC_WRITE_DOWN` */
export function requireLead(call: Call, { stored, whole }: SeenBatch): void {
  if (stored.it.openedBy !== call.person) throw new ArchiveError('E_DENIED', { by: call.person }, [{ at: '', message: '本批由建批的人员经办，请由经办人办理' }]);
  if (!whole) throw new ArchiveError('E_MAC_WRITE_DOWN', { batch: stored.it.id }, [{ at: '', message: '本次会话看不到本批的全部档案，请切换到本批最高密级的会话再办' }]);
}

/** What is typed over a whole batch is written at the level of the batch. @throws ArchiveError `E_MAC_WRITE_DOWN` */
export async function requireLevel(gate: AccessGate, call: Call, level: Level): Promise<void> {
  const { currentLevel } = await gate.subjectOf(call);
  if (currentLevel !== level) throw new ArchiveError('E_MAC_WRITE_DOWN', { level }, [{ at: '', message: '报告文字按本批最高密级书写，请切换到本批最高密级的会话' }]);
}

/** @throws ArchiveError `E_STALE_VERSION` */
export function requireSeen(stored: StoredAppraisal, seenVersion: number): void {
  if (stored.version !== seenVersion) throw new ArchiveError('E_STALE_VERSION', { batch: stored.it.id, seenVersion });
}
