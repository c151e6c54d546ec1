import type { ListScope } from '../../../core/holdings.js';
import type { Level, Target } from '../../../core/ports.js';
import type { Volume, VolumeItem, VolumePlace, VolumePlaces, VolumeWords } from '../../../core/volume.js';
import type { Sealing } from '../sealing.js';
import { insert, places, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

export interface VolumeRepository extends VolumePlaces {
  get(id: string): Promise<Volume | undefined>;
  /** Volumes within `visible` whose every item is within `records`. */
  list(visible: ListScope, records: (from: number) => Promise<ListScope>, state: string | null, page: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: readonly (Volume & { readonly items: number; readonly pages: number })[]; readonly total: number }>;
  add(volume: Volume): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(volume: Volume, seenVersion: number): Promise<void>;
  items(volume: string): Promise<readonly VolumeItem[]>;
  /** The order as a whole. */
  put(volume: string, items: readonly VolumeItem[]): Promise<void>;
  lastNumber(series: string): Promise<number>;
  /** 密级提高: the words of the volume sealed under the level it now carries. */
  follow(id: string, level: Level): Promise<void>;
}

interface Row {
  id: string; fonds: string; department: string; owner: string; category: string; archival_year: number; retention: string; org_or_function: string | null; series: string; number: number | null; state: Volume['state'];
  level: Level; opened_at: string; closed_at: string | null; sealed: Buffer; version: number;
}
const BULK = 400;
const context = (id: string): string => `volume/${id}`;
export const VOLUME_COLUMNS = { id: 'volume.id', level: 'volume.level', fonds: 'volume.fonds', department: 'volume.department', state: 'volume.state', owner: 'volume.owner' } as const;

/** A volume is guarded as a batch of the one who arranges it. */
export const volumeTarget = (volume: Pick<Volume, 'id' | 'fonds' | 'level' | 'state' | 'department' | 'owner'>): Target => ({
  type: 'capture', id: volume.id, fonds: volume.fonds, level: volume.level, state: volume.state, department: volume.department, scope: { persons: [volume.owner], departments: [] }, owner: volume.owner,
});

export function volumeRepository(sql: Sql, sealing: Sealing): VolumeRepository {
  const of = (row: Row): Volume => ({
    id: row.id, fonds: row.fonds, department: row.department, owner: row.owner, categoryCode: row.category, archivalYear: row.archival_year, retentionCode: row.retention, orgOrFunction: row.org_or_function,
    series: row.series, number: row.number, state: row.state, level: row.level, openedAt: row.opened_at, closedAt: row.closed_at, version: row.version, told: sealing.open<VolumeWords>(row.level, context(row.id), row.sealed),
  });
  const get = async (id: string): Promise<Volume | undefined> => {
    const row = await sql.one<Row>('SELECT * FROM volume WHERE id = $1', id);
    return row && of(row);
  };
  const changing = (one: Volume) => ({ state: one.state, number: one.number, level: one.level, closed_at: one.closedAt, sealed: sealing.seal(one.level, context(one.id), one.told) });
  return {
    get,
    async list(visible, records, state, { offset, limit }) {
      const known = await records(visible.values.length + 1);
      const values = [...visible.values, ...known.values, ...(state === null ? [] : [state])] as readonly SqlValue[];
      const where = `${visible.sql} AND NOT EXISTS (SELECT 1 FROM volume_item JOIN record ON record.id = volume_item.record WHERE volume_item.volume = volume.id AND NOT (${known.sql}))${state === null ? '' : ` AND volume.state = $${String(values.length)}`}`;
      const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n FROM volume WHERE ${where}`, ...values))?.n ?? 0;
      const rows = await sql.all<Row & { items: number; pages: number | null }>(
        `SELECT volume.*, (SELECT count(*) FROM volume_item WHERE volume_item.volume = volume.id) AS items, (SELECT sum(pages) FROM volume_item WHERE volume_item.volume = volume.id) AS pages
         FROM volume WHERE ${where} ORDER BY volume.opened_at DESC, volume.id LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset,
      );
      return { rows: rows.map((row) => ({ ...of(row), items: row.items, pages: row.pages ?? 0 })), total };
    },
    add: async (one) => insert(sql, 'volume', {
      id: one.id, fonds: one.fonds, department: one.department, owner: one.owner, category: one.categoryCode, archival_year: one.archivalYear, retention: one.retentionCode, org_or_function: one.orgOrFunction, series: one.series,
      opened_at: one.openedAt, version: one.version, ...changing(one),
    }),
    save: async (one, seenVersion) => saveVersion(sql, 'volume', one.id, seenVersion, changing(one)),
    items: async (volume) => sql.all<{ record: string; position: number; pages: number }>('SELECT record, position, pages FROM volume_item WHERE volume = $1 ORDER BY position', volume),
    async put(volume, items) {
      await sql.run('DELETE FROM volume_item WHERE volume = $1', volume);
      await sql.run("DELETE FROM container_item WHERE kind = 'volume' AND id = $1", volume);
      for (const { record, position, pages } of items) await insert(sql, 'volume_item', { record, volume, position, pages });
    },
    lastNumber: async (series) => (await sql.one<{ last: number | null }>('SELECT max(number) AS last FROM volume WHERE series = $1', series))?.last ?? 0,
    async placesOf(records) {
      const found = new Map<string, VolumePlace>();
      for (let from = 0; from < records.length; from += BULK) {
        const part = records.slice(from, from + BULK);
        const rows = await sql.all<{ record: string; position: number; pages: number; volume: string; number: number | null; state: Volume['state']; items: number; before: number | null }>(
          `SELECT volume_item.record, volume_item.position, volume_item.pages, volume_item.volume, volume.number, volume.state, (SELECT count(*) FROM volume_item AS own WHERE own.volume = volume.id) AS items,
             (SELECT sum(pages) FROM volume_item AS earlier WHERE earlier.volume = volume.id AND earlier.position < volume_item.position) AS before
           FROM volume_item JOIN volume ON volume.id = volume_item.volume WHERE volume_item.record IN (${places(part.length)})`, ...part,
        );
        for (const { before, ...row } of rows) found.set(row.record, { ...row, fromPage: (before ?? 0) + 1 });
      }
      return found;
    },
    async follow(id, level) {
      const one = await get(id);
      if (one !== undefined && level > one.level) await sql.run('UPDATE volume SET level = $1, sealed = $2 WHERE id = $3', level, sealing.seal(level, context(id), one.told), id);
    },
  };
}
