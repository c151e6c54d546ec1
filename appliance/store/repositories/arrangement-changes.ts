import type { ArrangementChange, ArrangementChangeHead, ArrangementChangeRepository, PriorRow } from '../../../core/arrangement-change.js';
import type { Level } from '../../../core/ports.js';
import type { Sealing } from '../sealing.js';
import { insert } from '../sql.js';
import type { Sql } from '../sql.js';

interface Row { id: string; batch: string; person: string; at: string; rows: number; level: Level; sealed: Buffer; undone_at: string | null }
const headOf = (row: Row): ArrangementChangeHead => ({ id: row.id, batch: row.batch, person: row.person, at: row.at, level: row.level, items: row.rows, undoneAt: row.undone_at });

export function arrangementChangeRepository(sql: Sql, sealing: Sealing): ArrangementChangeRepository {
  const context = (id: string): string => `arrangement-change/${id}`;
  return {
    add: async (one) => insert(sql, 'arrangement_change', { id: one.id, batch: one.batch, person: one.person, at: one.at, rows: one.rows.length, level: one.level, sealed: sealing.seal(one.level, context(one.id), one.rows) }),
    async get(id) {
      const row = await sql.one<Row>('SELECT * FROM arrangement_change WHERE id = $1', id);
      if (row === undefined) return undefined;
      const change: ArrangementChange = { id: row.id, batch: row.batch, person: row.person, at: row.at, level: row.level, undoneAt: row.undone_at, rows: sealing.open<readonly PriorRow[]>(row.level, context(row.id), row.sealed) };
      return change;
    },
    ofPerson: async (batch, person, limit) => (await sql.all<Row>('SELECT * FROM arrangement_change WHERE batch = $1 AND person = $2 ORDER BY at DESC, id DESC LIMIT $3', batch, person, limit)).map(headOf),
    async undone(id, by, at) {
      await sql.run('UPDATE arrangement_change SET undone_by = $1, undone_at = $2 WHERE id = $3', by, at, id);
    },
    async clear(batch) {
      await sql.run('DELETE FROM arrangement_change WHERE batch = $1', batch);
    },
  };
}
