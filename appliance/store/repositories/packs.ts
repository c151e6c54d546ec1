import type { Instant, Level } from '../../../core/ports.js';
import type { PasswordPack } from '../../../policies/schemas/secrecy.js';
import type { Sealing } from '../sealing.js';
import { insert } from '../sql.js';
import type { Sql } from '../sql.js';

/** A tightening of the 口令与会话策略包: the whole pack as it was from then on. */
export interface PackVersion { readonly version: number; readonly pack: PasswordPack; readonly at: Instant; readonly by: string; readonly reason: string }

interface PackRow { version: number; pack: string; at: string; by: string; sealed: Buffer }
const LEVEL: Level = 1;

/** The pack that stands, read without the keys: a locked box limits sessions, too. */
export async function latestPack(sql: Sql): Promise<{ readonly version: number; readonly pack: PasswordPack } | undefined> {
  const row = await sql.one<PackRow>('SELECT * FROM password_pack ORDER BY version DESC LIMIT 1');
  return row && { version: row.version, pack: JSON.parse(row.pack) as PasswordPack };
}

export interface PackRepository {
  all(): Promise<PackVersion[]>;
  add(version: PackVersion): Promise<void>;
}

export function packRepository(sql: Sql, sealing: Sealing): PackRepository {
  return {
    all: async () => (await sql.all<PackRow>('SELECT * FROM password_pack ORDER BY version DESC')).map((row) => ({
      version: row.version, pack: JSON.parse(row.pack) as PasswordPack, at: row.at, by: row.by, ...sealing.open<{ reason: string }>(LEVEL, `password-pack/${String(row.version)}`, row.sealed),
    })),
    add: async (one) => insert(sql, 'password_pack', {
      version: one.version, pack: JSON.stringify(one.pack), at: one.at, by: one.by, sealed: sealing.seal(LEVEL, `password-pack/${String(one.version)}`, { reason: one.reason }),
    }),
  };
}
