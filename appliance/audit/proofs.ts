import { entryBytes } from '../../core/audit.js';
import type { AuditEntry } from '../../core/audit.js';
import { ArchiveError } from '../../core/errors.js';
import { consistencyProof, inclusionProof, leafHash } from '../../core/merkle.js';
import type { Sm3 } from '../../core/ports.js';
import { entryOf, treeFor } from '../store/ledger.js';
import type { EntryRow } from '../store/ledger.js';
import type { Sql } from '../store/sql.js';

/** Everything a stranger needs to see that one entry is under a checkpoint: RFC 6962 audit path, hex. */
export interface InclusionProof {
  readonly entry: AuditEntry;
  readonly leaf: string;
  readonly index: number;
  readonly size: number;
  readonly path: readonly string[];
  /** The signed checkpoint text of that size. */
  readonly checkpoint: string;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** @throws ArchiveError E_NOT_FOUND when there is no such entry under a checkpoint */
export async function proveInclusion(sql: Sql, sm3: Sm3, seq: number): Promise<InclusionProof> {
  const row = await sql.one<EntryRow>('SELECT * FROM audit_entry WHERE seq = $1', seq);
  const under = await sql.one<{ size: number; text: string }>('SELECT size, text FROM checkpoint WHERE size > $1 ORDER BY size LIMIT 1', seq);
  if (!row || !under) throw new ArchiveError('E_NOT_FOUND', { seq });
  const entry = entryOf(row);
  const tree = await treeFor(sql, sm3, (reader) => inclusionProof(sm3, reader, seq, under.size));
  return {
    entry, leaf: hex(leafHash(sm3, entryBytes(entry))), index: seq, size: under.size,
    path: inclusionProof(sm3, tree, seq, under.size).map(hex), checkpoint: under.text,
  };
}

/** Proof that the ledger at `older` entries is a prefix of the ledger at `newer`. */
export async function proveConsistency(sql: Sql, sm3: Sm3, older: number, newer: number): Promise<readonly string[]> {
  const tree = await treeFor(sql, sm3, (reader) => consistencyProof(sm3, reader, older, newer));
  return consistencyProof(sm3, tree, older, newer).map(hex);
}
