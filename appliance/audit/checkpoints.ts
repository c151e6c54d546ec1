import { checkpointText, formatCheckpoint, parseCheckpoint } from '../../core/checkpoint.js';
import type { SignedCheckpoint } from '../../core/checkpoint.js';
import { frontierRoot } from '../../core/merkle.js';
import type { Clock, Sm3 } from '../../core/ports.js';
import type { Ledger } from '../store/ledger.js';
import type { Sql } from '../store/sql.js';
import type { BoxIdentity } from './identity.js';

export interface CheckpointRow { readonly size: number; readonly at: string; readonly text: string }

/** A signed checkpoint of the ledger as it stands at this call: every entry committed so far. */
export function signCheckpoint(ledger: Ledger, sm3: Sm3, clock: Clock, box: BoxIdentity): SignedCheckpoint {
  const frontier = ledger.frontier();
  const checkpoint = { origin: `shouzang/${box.serial}`, size: frontier.size, root: frontierRoot(sm3, frontier), at: clock.now() };
  return { ...checkpoint, signer: box.serial, signature: box.sign(new TextEncoder().encode(checkpointText(checkpoint))) };
}

/** Keeps a checkpoint; the same size again keeps the first. */
export async function keepCheckpoint(sql: Sql, checkpoint: SignedCheckpoint): Promise<void> {
  await sql.run('INSERT OR IGNORE INTO checkpoint (size, at, text) VALUES ($1, $2, $3)', checkpoint.size, checkpoint.at, formatCheckpoint(checkpoint));
}

export async function latestCheckpoint(sql: Sql): Promise<SignedCheckpoint | undefined> {
  const row = await sql.one<CheckpointRow>('SELECT * FROM checkpoint ORDER BY size DESC LIMIT 1');
  return row && parseCheckpoint(row.text);
}

export async function listCheckpoints(sql: Sql, offset: number, limit: number): Promise<{ rows: CheckpointRow[]; total: number }> {
  const rows = await sql.all<CheckpointRow>('SELECT * FROM checkpoint ORDER BY size DESC LIMIT $1 OFFSET $2', limit, offset);
  const count = await sql.one<{ n: number }>('SELECT count(*) AS n FROM checkpoint');
  return { rows, total: count?.n ?? 0 };
}
