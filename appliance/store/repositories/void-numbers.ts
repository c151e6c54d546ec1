import type { Level } from '../../../core/ports.js';
import type { VoidedNumber, VoidedTx } from '../../../core/services/renumbering.js';
import type { Sealing } from '../sealing.js';
import { insert } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

interface Row { archival_code: string; series: string; sequence: number; record: string; replaced_by: string; by: string; at: string; level: Level; sealed: Buffer }

export function voidNumberRepository(sql: Sql, sealing: Sealing): VoidedTx['voided'] {
  const of = (row: Row): VoidedNumber => ({
    series: row.series, sequence: row.sequence, archivalCode: row.archival_code, record: row.record, replacedBy: row.replaced_by, by: row.by, at: row.at,
    ...sealing.open<{ reason: string }>(row.level, `void/${row.archival_code}`, row.sealed),
  });
  return {
    async add(one) {
      const level = (await sql.one<{ level: Level }>('SELECT level FROM record WHERE id = $1', one.record))?.level ?? 4;
      await insert(sql, 'void_number', {
        archival_code: one.archivalCode, series: one.series, sequence: one.sequence, record: one.record, replaced_by: one.replacedBy, by: one.by, at: one.at, level,
        sealed: sealing.seal(level, `void/${one.archivalCode}`, { reason: one.reason }),
      });
    },
    async list(visible, { offset, limit }) {
      const values = visible.values as readonly SqlValue[];
      const from = `FROM void_number JOIN record ON record.id = void_number.record WHERE (${visible.sql})`;
      const rows = await sql.all<Row>(
        `SELECT void_number.archival_code, void_number.series, void_number.sequence, void_number.record, void_number.replaced_by, void_number.by, void_number.at, void_number.level, void_number.sealed ${from}
         ORDER BY void_number.at DESC, void_number.archival_code LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset,
      );
      return { rows: rows.map(of), total: (await sql.one<{ n: number }>(`SELECT count(*) AS n ${from}`, ...values))?.n ?? 0 };
    },
  };
}
