import type { Level } from '../../core/ports.js';
import { insert } from '../store/sql.js';
import type { MediumType } from '../../policies/schemas/backup.js';
import type { Sql } from '../store/sql.js';
import type { Created } from './create.js';

export interface TargetRow { readonly id: string; readonly name: string; readonly path: string; readonly registered_by: string; readonly registered_at: string; readonly retired_at: string | null; readonly medium_type: MediumType; readonly carrier: string | null }
export interface BackupRow {
  readonly id: string; readonly number: string; readonly target: string; readonly key_target: string | null; readonly state: 'running' | 'done' | 'failed';
  readonly level: Level | null; readonly mark: string | null; readonly objects: number | null; readonly bytes: number | null; readonly manifest: string | null; readonly ledger_size: number | null;
  readonly started_by: string; readonly started_at: string; readonly ended_at: string | null; readonly failure: string | null; readonly approval: string | null;
  readonly verified_at: string | null; readonly faults: number | null; readonly kind: 'full' | 'incremental'; /** JSON: numbers of the backups it rests on. */ readonly chain: string; readonly plan: string | null;
}

/** 备份登记 over one connection. */
export const backupRows = (sql: Sql) => ({
  targets: async () => sql.all<TargetRow>('SELECT * FROM backup_target WHERE retired_at IS NULL ORDER BY name'),
  target: async (id: string) => sql.one<TargetRow>('SELECT * FROM backup_target WHERE id = $1', id),
  named: async (name: string) => sql.one<TargetRow>('SELECT * FROM backup_target WHERE name = $1 AND retired_at IS NULL', name),
  addTarget: async (row: TargetRow) => insert(sql, 'backup_target', { ...row }),
  retire: async (id: string, at: string) => sql.run('UPDATE backup_target SET retired_at = $1 WHERE id = $2 AND retired_at IS NULL', at, id),
  get: async (id: string) => sql.one<BackupRow>('SELECT * FROM backup WHERE id = $1', id),
  list: async (offset: number, limit: number) => ({
    rows: await sql.all<BackupRow & { target_name: string; key_target_name: string | null }>(
      `SELECT backup.*, t.name AS target_name, k.name AS key_target_name FROM backup JOIN backup_target AS t ON t.id = backup.target LEFT JOIN backup_target AS k ON k.id = backup.key_target
       ORDER BY started_at DESC, backup.number DESC LIMIT $1 OFFSET $2`, limit, offset),
    total: (await sql.one<{ n: number }>('SELECT count(*) AS n FROM backup'))?.n ?? 0,
  }),
  running: async () => sql.all<BackupRow>("SELECT * FROM backup WHERE state = 'running'"),
  lastOf: async (year: string) => Number((await sql.one<{ number: string | null }>('SELECT max(number) AS number FROM backup WHERE number LIKE $1', `BF-${year}-%`))?.number?.slice(-4) ?? 0),
  begin: async (row: Pick<BackupRow, 'id' | 'number' | 'target' | 'key_target' | 'started_by' | 'started_at' | 'approval' | 'kind' | 'plan'>) => insert(sql, 'backup', { ...row, state: 'running' }),
  done: async (id: string, made: Omit<Created, 'reused'>, at: string) => sql.run(
    "UPDATE backup SET state = 'done', level = $1, mark = $2, objects = $3, bytes = $4, manifest = $5, ledger_size = $6, ended_at = $7, kind = $8, chain = $9 WHERE id = $10",
    made.level, made.mark, made.objects, made.bytes, made.manifest, made.ledgerSize, at, made.kind, JSON.stringify(made.chain), id),
  failed: async (id: string, failure: string, at: string) => sql.run("UPDATE backup SET state = 'failed', failure = $1, ended_at = $2 WHERE id = $3", failure, at, id),
  verified: async (id: string, faults: number, at: string) => sql.run('UPDATE backup SET verified_at = $1, faults = $2 WHERE id = $3', at, faults, id),
});
