import type { ListScope, Page, Paged } from '../../../core/holdings.js';
import type { CalendarDate, Instant, Level, Target } from '../../../core/ports.js';
import type { FilterColumns } from '../../../secrecy/filter.js';
import type { MediumMigration } from '../../../secrecy/medium-migration.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

/** 销毁设备 and 送销单位. */
export interface StoredDestroyer {
  readonly id: string;
  readonly kind: 'device' | 'unit';
  /** Of a device. */
  readonly no: string | null;
  readonly validTo: CalendarDate;
  readonly enteredBy: string;
  readonly enteredAt: Instant;
  readonly facts: {
    readonly name: string; readonly steps: readonly string[]; readonly certNo: string;
    /** Of a device. */
    readonly certifiedLevel: Level; readonly lastVerifyOn: CalendarDate;
    /** Of a unit: who set it up or named it. */
    readonly designatedBy: string | null;
  };
  readonly version: number;
}

export interface StoredMigration { readonly it: MediumMigration; readonly fonds: string; readonly department: string; readonly plannedAt: Instant; readonly level: Level; readonly version: number }
export const MIGRATION_COLUMNS: FilterColumns = { id: 'medium_migration.id', level: 'medium_migration.level', fonds: 'medium_migration.fonds', department: 'medium_migration.department', state: 'medium_migration.state', owner: 'medium_migration.owner' };
export const migrationTarget = ({ it, fonds, department, level }: Omit<StoredMigration, 'plannedAt' | 'version'>): Target =>
  ({ type: 'disposal', id: it.id, fonds, department, level, state: it.state, scope: { persons: [], departments: [] }, owner: it.plannedBy.person });

export interface MediaRepository {
  destroyers(): Promise<StoredDestroyer[]>;
  destroyer(id: string): Promise<StoredDestroyer | undefined>;
  addDestroyer(one: StoredDestroyer): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  saveDestroyer(one: StoredDestroyer, seenVersion: number): Promise<void>;
  migration(id: string): Promise<StoredMigration | undefined>;
  migrations(visible: ListScope, carrier: string | null, page: Page): Promise<Paged<StoredMigration>>;
  migrationsNumbered(series: string): Promise<number>;
  addMigration(one: StoredMigration): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  saveMigration(one: StoredMigration, seenVersion: number): Promise<void>;
  /** What still lies on a carrier, and why. */
  contents(carrier: string): Promise<{ readonly record: string; readonly purpose: 'keep' | 'use' }[]>;
  /** 随载体销毁: from here on nothing lies on it. */
  endContents(carrier: string, at: Instant, disposal: string): Promise<void>;
  /** What lay on it until it was destroyed. */
  ended(carrier: string): Promise<{ readonly record: string; readonly endedAt: Instant }[]>;
  verifyCopies(carrier: string, copies: readonly { readonly record: string; readonly digest: string }[], at: Instant, migration: string): Promise<void>;
  /** Carriers in our hands that hold a verified copy of a record with this digest. */
  copiesOf(record: string, digest: string): Promise<string[]>;
}

/** Equipment is 内部: it tells of nothing that is destroyed with it. */
const LEVEL: Level = 1;
interface DestroyerRow { id: string; kind: 'device' | 'unit'; no: string | null; valid_to: string; entered_by: string; entered_at: string; sealed: Buffer; version: number }
interface MigrationRow { id: string; fonds: string; department: string; planned_at: string; level: Level; sealed: Buffer; version: number }

export function mediaRepository(sql: Sql, sealing: Sealing): MediaRepository {
  const destroyerOf = (row: DestroyerRow): StoredDestroyer => ({
    id: row.id, kind: row.kind, no: row.no, validTo: row.valid_to, enteredBy: row.entered_by, enteredAt: row.entered_at, version: row.version, facts: sealing.open<StoredDestroyer['facts']>(LEVEL, `destroyer/${row.id}`, row.sealed),
  });
  const destroyerColumns = (one: StoredDestroyer): Record<string, SqlValue> => ({ kind: one.kind, no: one.no, valid_to: one.validTo, entered_by: one.enteredBy, entered_at: one.enteredAt, sealed: sealing.seal(LEVEL, `destroyer/${one.id}`, one.facts) });
  const migrationOf = (row: MigrationRow): StoredMigration => ({ it: sealing.open<MediumMigration>(row.level, `migration/${row.id}`, row.sealed), fonds: row.fonds, department: row.department, plannedAt: row.planned_at, level: row.level, version: row.version });
  const migrationColumns = ({ it, level }: StoredMigration): Record<string, SqlValue> => ({ state: it.state, level, sealed: sealing.seal(level, `migration/${it.id}`, it) });
  return {
    destroyers: async () => (await sql.all<DestroyerRow>('SELECT * FROM destroy_equipment ORDER BY kind, no, entered_at, id')).map(destroyerOf),
    async destroyer(id) { const row = await sql.one<DestroyerRow>('SELECT * FROM destroy_equipment WHERE id = $1', id); return row && destroyerOf(row); },
    addDestroyer: async (one) => insert(sql, 'destroy_equipment', { id: one.id, version: one.version, ...destroyerColumns(one) }),
    saveDestroyer: async (one, seenVersion) => saveVersion(sql, 'destroy_equipment', one.id, seenVersion, destroyerColumns(one)),
    async migration(id) { const row = await sql.one<MigrationRow>('SELECT * FROM medium_migration WHERE id = $1', id); return row && migrationOf(row); },
    async migrations(visible, carrier, { offset, limit }) {
      const values: SqlValue[] = [...(visible.values as readonly SqlValue[])];
      const where = [visible.sql];
      if (carrier !== null) { values.push(carrier); where.push(`(medium_migration.from_carrier = $${String(values.length)} OR medium_migration.to_carrier = $${String(values.length)})`); }
      const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n FROM medium_migration WHERE ${where.join(' AND ')}`, ...values))?.n ?? 0;
      const rows = await sql.all<MigrationRow>(`SELECT * FROM medium_migration WHERE ${where.join(' AND ')} ORDER BY planned_at DESC, id LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset);
      return { rows: rows.map(migrationOf), total };
    },
    migrationsNumbered: async (series) => (await sql.one<{ n: number }>('SELECT count(*) AS n FROM medium_migration WHERE substr(no, 1, $1) = $2', series.length, series))?.n ?? 0,
    addMigration: async (one) => insert(sql, 'medium_migration', {
      id: one.it.id, no: one.it.no, from_carrier: one.it.from, to_carrier: one.it.to, fonds: one.fonds, department: one.department, owner: one.it.plannedBy.person, planned_at: one.plannedAt, version: one.version, ...migrationColumns(one),
    }),
    saveMigration: async (one, seenVersion) => saveVersion(sql, 'medium_migration', one.it.id, seenVersion, migrationColumns(one)),
    contents: async (carrier) => sql.all<{ record: string; purpose: 'keep' | 'use' }>('SELECT record, purpose FROM carrier_content WHERE carrier = $1 AND ended_at IS NULL ORDER BY put_at, record', carrier),
    endContents: async (carrier, at, disposal) => { await sql.run('UPDATE carrier_content SET ended_at = $1, ended_in = $2 WHERE carrier = $3 AND ended_at IS NULL', at, disposal, carrier); },
    ended: async (carrier) => sql.all<{ record: string; endedAt: Instant }>('SELECT record, ended_at AS "endedAt" FROM carrier_content WHERE carrier = $1 AND ended_at IS NOT NULL ORDER BY put_at, record', carrier),
    async verifyCopies(carrier, copies, at, migration) {
      for (const { record, digest } of copies) {
        await sql.run(
          `INSERT INTO carrier_copy (carrier, record, digest, verified_at, migration) VALUES ($1,$2,$3,$4,$5)
           ON CONFLICT (carrier, record) DO UPDATE SET digest = excluded.digest, verified_at = excluded.verified_at, migration = excluded.migration`, carrier, record, digest, at, migration,
        );
      }
    },
    copiesOf: async (record, digest) => (await sql.all<{ carrier: string }>(
      `SELECT carrier_copy.carrier FROM carrier_copy JOIN carrier ON carrier.id = carrier_copy.carrier JOIN carrier_content ON carrier_content.carrier = carrier_copy.carrier AND carrier_content.record = carrier_copy.record AND carrier_content.ended_at IS NULL
       WHERE carrier_copy.record = $1 AND digest = $2 AND carrier.state IN ('registered','in_use','in_custody','in_transit')`, record, digest,
    )).map(({ carrier }) => carrier),
  };
}
