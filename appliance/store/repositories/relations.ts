import type { Parting, Relation, RelationRepository, RelationSide } from '../../../core/relations.js';
import type { Level } from '../../../core/ports.js';
import type { Sealing } from '../sealing.js';
import { insert, places } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

interface Row { id: string; type: string; from_record: string; to_record: string; declared_by: string; declared_at: string; level: Level }
interface SideRow { id: string; archival_code: string | null; electronic_record_code: string; state: string; batch: string; category: string | null; archival_year: number | null; retention: string | null; org_or_function: string | null }

const BULK = 400;
const relationOf = (row: Row): Relation => ({ id: row.id, type: row.type, from: row.from_record, to: row.to_record, declaredBy: row.declared_by, declaredAt: row.declared_at, level: row.level });

/** In portions that a statement can bind. */
async function inBulk<R>(ids: readonly string[], ask: (some: readonly string[]) => Promise<readonly R[]>): Promise<R[]> {
  const found: R[] = [];
  const distinct = [...new Set(ids)];
  for (let from = 0; from < distinct.length; from += BULK) found.push(...await ask(distinct.slice(from, from + BULK)));
  return found;
}

export function relationRepository(sql: Sql, sealing: Sealing): RelationRepository {
  const context = (kind: string, id: string): string => `relation-${kind}/${id}`;
  return {
    add: async (one) => insert(sql, 'record_relation', { id: one.id, type: one.type, from_record: one.from, to_record: one.to, declared_by: one.declaredBy, declared_at: one.declaredAt, level: one.level }),
    async get(id) {
      const row = await sql.one<Row>('SELECT * FROM record_relation WHERE id = $1 AND ended_at IS NULL', id);
      return row && relationOf(row);
    },
    async of(records) {
      const rows = [
        ...await inBulk(records, async (some) => sql.all<Row>(`SELECT * FROM record_relation WHERE ended_at IS NULL AND from_record IN (${places(some.length)})`, ...some)),
        ...await inBulk(records, async (some) => sql.all<Row>(`SELECT * FROM record_relation WHERE ended_at IS NULL AND to_record IN (${places(some.length)})`, ...some)),
      ];
      return [...new Map(rows.map((row) => [row.id, relationOf(row)])).values()].sort((a, b) => (a.declaredAt === b.declaredAt ? (a.id < b.id ? -1 : 1) : a.declaredAt < b.declaredAt ? -1 : 1));
    },
    async sides(records, visible) {
      const values = visible.values as readonly SqlValue[];
      const rows = await inBulk(records, async (some) => sql.all<SideRow>(
        `SELECT record.id, record.archival_code, record.electronic_record_code, record.state, record.batch, record.category, record.archival_year, record.retention, record.org_or_function
         FROM record WHERE (${visible.sql}) AND record.id IN (${places(some.length, values.length + 1)})`, ...values, ...some,
      ));
      return new Map(rows.map((row): readonly [string, RelationSide] => [row.id, {
        id: row.id, ref: row.archival_code ?? row.electronic_record_code, state: row.state, batch: row.batch, categoryCode: row.category, archivalYear: row.archival_year, retentionCode: row.retention, orgOrFunction: row.org_or_function,
      }]));
    },
    async end(relation, by, at, reason) {
      await sql.run('UPDATE record_relation SET ended_by = $1, ended_at = $2, sealed = $3 WHERE id = $4 AND ended_at IS NULL', by, at, sealing.seal(relation.level, context('end', relation.id), { reason }), relation.id);
    },
    async part(relation, { stage, by, at, reason }) {
      await sql.run(
        'INSERT INTO relation_parting (relation, stage, by, at, level, sealed) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (relation, stage) DO UPDATE SET by = excluded.by, at = excluded.at, level = excluded.level, sealed = excluded.sealed',
        relation.id, stage, by, at, relation.level, sealing.seal(relation.level, context('part', `${relation.id}/${stage}`), { reason }),
      );
    },
    async partings(relations) {
      const rows = await inBulk(relations, async (some) => sql.all<{ relation: string; stage: Parting['stage']; by: string; at: string; level: Level; sealed: Buffer }>(`SELECT * FROM relation_parting WHERE relation IN (${places(some.length)})`, ...some));
      return rows.map((row) => ({ relation: row.relation, stage: row.stage, by: row.by, at: row.at, reason: sealing.open<{ reason: string }>(row.level, context('part', `${row.relation}/${row.stage}`), row.sealed).reason }));
    },
  };
}
