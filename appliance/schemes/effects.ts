import { tableEffect } from '../../core/tables.js';
import type { TableContent, TableEffect, TableKind } from '../../core/tables.js';
import type { FondsRules } from '../../core/arrangement.js';
import type { Sql, SqlValue } from '../store/sql.js';

/** Records that say the same to the tables, counted together: a million records are some hundred of these. */
interface Kindred { readonly item: string | null; readonly category: string | null; readonly retention: string | null; readonly org: number; readonly fonds: string; readonly filed: number; readonly n: number }
export interface EffectCount { readonly effect: TableEffect; readonly filed: boolean; readonly records: number }
export interface EffectRow { readonly record: string; readonly effect: TableEffect; readonly filed: boolean }

interface Visible { readonly sql: string; readonly values: readonly unknown[] }
const FILED = "(record.archival_code IS NOT NULL AND record.filed_at IS NOT NULL)";
const PARTS = `record.schedule_item AS item, record.category AS category, record.retention AS retention, (record.org_or_function IS NOT NULL) AS org, record.fonds AS fonds, ${FILED} AS filed`;

/** 试算: what another version would say of the holdings that the person may see. */
export async function effectsOver(sql: Sql, visible: Visible, tables: { readonly kind: TableKind; readonly before: TableContent; readonly after: TableContent }, rulesOf: (fonds: string) => FondsRules) {
  const { kind, before, after } = tables;
  const held = `${visible.sql} AND record.state NOT IN ('withdrawn', 'destroyed')`;
  const values = visible.values as readonly SqlValue[];
  const kindred = await sql.all<Kindred & Record<string, SqlValue>>(`SELECT ${PARTS}, count(*) AS n FROM record WHERE ${held} GROUP BY 1, 2, 3, 4, 5, 6`, ...values);
  const judged = kindred.flatMap((one) => {
    const effect = tableEffect(kind, before, after, { scheduleItemId: one.item, categoryCode: one.category, retentionCode: one.retention, hasOrg: one.org === 1, schemeId: rulesOf(one.fonds).schemeId });
    return effect === null ? [] : [{ ...one, effect }];
  });
  const counts = new Map<string, EffectCount>();
  for (const { effect, filed, n } of judged) {
    const key = `${effect} ${String(filed)}`;
    counts.set(key, { effect, filed: filed === 1, records: (counts.get(key)?.records ?? 0) + n });
  }
  return {
    counts: [...counts.values()], records: kindred.reduce((sum, { n }) => sum + n, 0),

    /** The records themselves, by their numbers. */
    async page(wish: { readonly effect?: string; readonly filed?: boolean }, { offset, limit }: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: readonly EffectRow[]; readonly total: number }> {
      const wanted = judged.filter(({ effect, filed }) => (wish.effect === undefined || effect === wish.effect) && (wish.filed === undefined || (filed === 1) === wish.filed));
      const total = wanted.reduce((sum, { n }) => sum + n, 0);
      if (wanted.length === 0) return { rows: [], total };
      const bound: SqlValue[] = [...values];
      const bind = (value: SqlValue): string => { bound.push(value); return `$${String(bound.length)}`; };
      const chosen = wanted.map((one) => `(${bind(one.item)}, ${bind(one.category)}, ${bind(one.retention)}, ${bind(one.org)}, ${bind(one.fonds)}, ${bind(one.filed)}, ${bind(one.effect)})`).join(', ');
      const rows = await sql.all<{ id: string; effect: TableEffect; filed: number }>(
        `WITH chosen (item, category, retention, org, fonds, filed, effect) AS (VALUES ${chosen})
         SELECT record.id AS id, chosen.effect AS effect, chosen.filed AS filed FROM record JOIN chosen
           ON record.schedule_item IS chosen.item AND record.category IS chosen.category AND record.retention IS chosen.retention AND (record.org_or_function IS NOT NULL) = chosen.org AND record.fonds = chosen.fonds AND ${FILED} = chosen.filed
         WHERE ${held} ORDER BY chosen.filed, record.archival_code, record.captured_at, record.id LIMIT ${bind(limit)} OFFSET ${bind(offset)}`, ...bound,
      );
      return { rows: rows.map(({ id, effect, filed }) => ({ record: id, effect, filed: filed === 1 })), total };
    },
  };
}
