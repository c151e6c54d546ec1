import { ArchiveError } from '../../core/errors.js';
import { holdsItsRecords, type DestructionBatch, type DestructionState, type ErasureStep, type StepState } from '../../core/destruction.js';
import type { ListScope, Page, Paged } from '../../core/holdings.js';
import type { Level, Target } from '../../core/ports.js';
import type { DestructionPlace } from '../../policies/schemas/destruction.js';
import type { Tombstone } from '../../secrecy/tombstone.js';
import type { Sealing } from '../store/sealing.js';
import { insert, saveVersion } from '../store/sql.js';
import type { Sql, SqlValue } from '../store/sql.js';

/** A batch as it rests: whole and sealed under the highest level of what it destroys, with the certificates of those who signed. */
export interface StoredDestruction {
  readonly it: DestructionBatch;
  readonly level: Level;
  /** PEM by serial: signatures are checked with them for ever. */
  readonly certificates: Readonly<Record<string, string>>;
  readonly version: number;
}

interface Row { id: string; number: string; fonds: string; state: DestructionState; level: Level; applicant: string; executor: string; sealed: Buffer; version: number }
interface Told { readonly it: DestructionBatch; readonly certificates: Readonly<Record<string, string>> }
interface StepRow { id: string; seq: number; place: DestructionPlace; ref: string; record: string | null; state: StepState; facts: string; at: string | null }
type Facts = Pick<ErasureStep, 'before' | 'told' | 'settlement'>;

export const DESTRUCTION_COLUMNS = {
  id: 'destruction.id', level: 'destruction.level', fonds: 'destruction.fonds', department: 'destruction.fonds', state: 'destruction.state', owner: 'destruction.applicant',
  scope: { table: 'destruction_scope', of: 'destruction', kind: 'kind', ref: 'ref' },
} as const;

export const destructionTarget = ({ it, level }: Pick<StoredDestruction, 'it' | 'level'>): Target =>
  ({ type: 'destruction', id: it.id, fonds: it.fonds, level, state: it.state, department: null, scope: { persons: peopleOf(it), departments: [] }, owner: it.applicant });

/** Who has a part in a batch knows of it. */
export const peopleOf = ({ applicant, executor, supervisors }: DestructionBatch): string[] => [...new Set([applicant, executor, ...supervisors])];

/** 销毁批次, places and evidence, tombstones, over one connection. */
export function destructionRows(sql: Sql, sealing: Sealing) {
  const context = (id: string): string => `destruction/${id}`;
  const opened = (row: Row): StoredDestruction => {
    const { it, certificates } = sealing.open<Told>(row.level, context(row.id), row.sealed);
    if (it.state !== row.state || it.number !== row.number || it.applicant !== row.applicant || it.executor !== row.executor) throw new ArchiveError('E_DECRYPT_FAILED', { destruction: row.id });
    return { it, level: row.level, certificates, version: row.version };
  };
  const columns = ({ it, level, certificates }: StoredDestruction): Record<string, SqlValue> => ({
    state: it.state, level, executed_at: it.executedAt, verified_at: it.verifiedAt, closed_at: it.closedAt, sealed: sealing.seal(level, context(it.id), { it, certificates } satisfies Told),
  });
  const stepOf = (row: StepRow): ErasureStep => ({ id: row.id, seq: row.seq, place: row.place, ref: row.ref, record: row.record, state: row.state, at: row.at, ...JSON.parse(row.facts) as Facts });
  const factsOf = ({ before, told, settlement }: ErasureStep): string => JSON.stringify({ before, told, settlement } satisfies Facts);

  return {
    async get(id: string): Promise<StoredDestruction | undefined> {
      const row = await sql.one<Row>('SELECT * FROM destruction WHERE id = $1', id);
      return row && opened(row);
    },
    async add(one: StoredDestruction, records: readonly string[]): Promise<void> {
      const { it } = one;
      await insert(sql, 'destruction', { id: it.id, number: it.number, fonds: it.fonds, applicant: it.applicant, executor: it.executor, drafted_at: it.draftedAt, version: one.version, ...columns(one) });
      for (const ref of peopleOf(it)) await insert(sql, 'destruction_scope', { destruction: it.id, kind: 'person', ref });
      for (const [seq, record] of records.entries()) await insert(sql, 'destruction_item', { destruction: it.id, seq, record, live: 1 });
    },
    /** @throws ArchiveError E_STALE_VERSION */
    async save(one: StoredDestruction, seenVersion: number): Promise<StoredDestruction> {
      await saveVersion(sql, 'destruction', one.it.id, seenVersion, columns(one));
      if (!holdsItsRecords(one.it.state)) await sql.run('UPDATE destruction_item SET live = 0 WHERE destruction = $1', one.it.id);
      return { ...one, version: seenVersion + 1 };
    },
    async list(visible: ListScope, state: string | null, { offset, limit }: Page): Promise<Paged<StoredDestruction & { readonly items: number; readonly residueUntil: string | null }>> {
      const values = [...visible.values as readonly SqlValue[], ...(state === null ? [] : [state])];
      const where = `${visible.sql}${state === null ? '' : ` AND destruction.state = $${String(values.length)}`}`;
      const rows = await sql.all<Row & { items: number; residue: string | null }>(
        `SELECT destruction.*, (SELECT count(*) FROM destruction_item WHERE destruction_item.destruction = destruction.id) AS items, (SELECT min(residue_until) FROM destruction_step WHERE destruction_step.destruction = destruction.id) AS residue FROM destruction WHERE ${where} ORDER BY drafted_at DESC, id LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset);
      const count = await sql.one<{ n: number }>(`SELECT count(*) AS n FROM destruction WHERE ${where}`, ...values);
      return { rows: rows.map((row) => ({ ...opened(row), items: row.items, residueUntil: row.residue })), total: count?.n ?? 0 };
    },
    numbered: async (number: string) => (await sql.one('SELECT 1 AS there FROM destruction WHERE number = $1', number)) !== undefined,
    records: async (id: string): Promise<string[]> => (await sql.all<{ record: string }>('SELECT record FROM destruction_item WHERE destruction = $1 ORDER BY seq', id)).map(({ record }) => record),
    /** The live batch that holds a record, if one does. */
    holding: async (record: string): Promise<string | undefined> => (await sql.one<{ destruction: string }>('SELECT destruction FROM destruction_item WHERE record = $1 AND live = 1', record))?.destruction,
    /** Batches that were under way when the box stopped. */
    underWay: async (): Promise<string[]> => (await sql.all<{ id: string }>("SELECT id FROM destruction WHERE state = 'executing' ORDER BY drafted_at")).map(({ id }) => id),

    steps: async (id: string): Promise<ErasureStep[]> => (await sql.all<StepRow>('SELECT id, seq, place, ref, record, state, facts, at FROM destruction_step WHERE destruction = $1 ORDER BY seq', id)).map(stepOf),
    async addStep(id: string, step: ErasureStep): Promise<void> {
      await insert(sql, 'destruction_step', { id: step.id, destruction: id, seq: step.seq, place: step.place, ref: step.ref, record: step.record, state: step.state, facts: factsOf(step), at: step.at, residue_until: null });
    },
    /** Only from the state it was seen in: whoever comes second changes nothing, so that evidence stands once. */
    saveStep: async (step: ErasureStep, seen: StepState): Promise<boolean> => (await sql.run(
      'UPDATE destruction_step SET state = $1, facts = $2, at = $3, residue_until = $4 WHERE id = $5 AND state = $6', step.state, factsOf(step), step.at, step.settlement?.residueUntil ?? null, step.id, seen)) === 1,
    /** 残留到期待复核. */
    residueDue: async (today: string): Promise<number> => (await sql.one<{ n: number }>('SELECT count(*) AS n FROM destruction_step WHERE residue_until <= $1', today))?.n ?? 0,

    async tombstone(record: string): Promise<(Tombstone & { readonly batch: string; readonly at: string }) | undefined> {
      return sql.one<{ statement: string; signature: Buffer; batch: string; at: string }>('SELECT statement, signature, batch, at FROM tombstone WHERE record = $1', record);
    },
    /** Once for good: what is there is never replaced. */
    bury: async (record: string, batch: string, at: string, { statement, signature }: Tombstone): Promise<void> => {
      await sql.run('INSERT INTO tombstone (record, batch, at, statement, signature) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (record) DO NOTHING', record, batch, at, statement, Buffer.from(signature));
    },
  };
}

export type DestructionRows = ReturnType<typeof destructionRows>;
