import { ArchiveError } from '../../core/errors.js';
import { EMPTY_HEAD, entryBytes, headOf, link } from '../../core/audit.js';
import type { AuditActor, AuditDraft, AuditEntry, AuditHead } from '../../core/audit.js';
import { EMPTY_FRONTIER, grow, leafHash, rangeRoot } from '../../core/merkle.js';
import type { Frontier, Hash, TreeReader } from '../../core/merkle.js';
import type { Clock, Instant, Level, Sm3 } from '../../core/ports.js';
import type { Sql } from './sql.js';

/** Complete subtrees below this height are computed from the entries; storing them too would double the rows. */
export const LOWEST_STORED = 4;
/** A clock may step back this far between two acts without being called wrong. */
const JITTER_MS = 5000;

export interface EntryRow {
  seq: number; at: string; actor: string; duty: string | null; terminal: string; action: string; object_type: string | null;
  object: string | null; object_level: number | null; result: AuditEntry['result']; reason: string | null; approval: string | null;
  detail: string; prev_hash: string; hash: string;
}

export function entryOf(row: EntryRow): AuditEntry {
  return {
    seq: row.seq, at: row.at, actor: row.actor, duty: row.duty, terminal: row.terminal, action: row.action,
    objectType: row.object_type, object: row.object, objectLevel: row.object_level as Level | null, result: row.result,
    reason: row.reason, approval: row.approval, detail: parseDetail(row.detail), prevHash: row.prev_hash, hash: row.hash,
  };
}

/** A detail that is not the one JSON the box writes was edited by hand: keep it as text, so that the hash check names the row. */
function parseDetail(text: string): Record<string, unknown> {
  try {
    const detail = JSON.parse(text) as Record<string, unknown>;
    return JSON.stringify(detail) === text ? detail : { unreadable: text };
  } catch {
    return { unreadable: text };
  }
}

interface State { readonly head: AuditHead; readonly frontier: Frontier }

/** Entries of one unit of work, taken over by the ledger only when the unit commits. */
export interface LedgerUnit {
  append(actor: AuditActor, drafts: readonly AuditDraft[]): Promise<AuditEntry[]>;
  committed(): void;
}

export interface Ledger {
  head(): AuditHead;
  frontier(): Frontier;
  begin(sql: Sql): LedgerUnit;
}

/** Reads the end of the chain once; from then on every append goes through here. */
export async function openLedger(sql: Sql, sm3: Sm3, clock: Clock): Promise<Ledger> {
  let state = await readState(sql, sm3);
  const instant = (head: AuditHead): Instant => {
    const now = clock.now();
    if (now >= head.at) return now;
    if (Date.parse(head.at) - Date.parse(now) <= JITTER_MS) return head.at;
    throw new ArchiveError('E_CLOCK_BACKWARD', { now, last: head.at });
  };
  return {
    head: () => state.head,
    frontier: () => state.frontier,
    begin(unit) {
      let pending = state;
      return {
        async append(actor, drafts) {
          const entries: AuditEntry[] = [];
          for (const draft of drafts) {
            const entry = link(sm3, pending.head, actor, instant(pending.head), draft);
            const grown = grow(sm3, pending.frontier, leafHash(sm3, entryBytes(entry)));
            await insert(unit, entry);
            for (const node of grown.completed.filter(({ level }) => level >= LOWEST_STORED)) {
              await unit.run('INSERT INTO audit_node (level, position, hash) VALUES ($1, $2, $3)', node.level, node.index, Buffer.from(node.hash));
            }
            pending = { head: headOf(entry), frontier: grown.frontier };
            entries.push(entry);
          }
          return entries;
        },
        committed() { state = pending; },
      };
    },
  };
}

async function insert(sql: Sql, entry: AuditEntry): Promise<void> {
  await sql.run(
    'INSERT INTO audit_entry VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)',
    entry.seq, entry.at, entry.actor, entry.duty, entry.terminal, entry.action, entry.objectType, entry.object, entry.objectLevel,
    entry.result, entry.reason, entry.approval, JSON.stringify(entry.detail), entry.prevHash, entry.hash,
  );
}

async function readState(sql: Sql, sm3: Sm3): Promise<State> {
  const last = await sql.one<EntryRow>('SELECT * FROM audit_entry ORDER BY seq DESC LIMIT 1');
  if (!last) return { head: EMPTY_HEAD, frontier: EMPTY_FRONTIER };
  const head = headOf(entryOf(last));
  const peaks: { level: number; hash: Hash }[] = [];
  let from = 0;
  for (let level = Math.floor(Math.log2(head.size)); level >= 0; level -= 1) {
    const width = 2 ** level;
    if (from + width > head.size) continue;
    const tree = await treeFor(sql, sm3, (reader) => rangeRoot(sm3, reader, from, from + width));
    peaks.push({ level, hash: rangeRoot(sm3, tree, from, from + width) });
    from += width;
  }
  return { head, frontier: { size: head.size, peaks } };
}

/**
 * A tree reader with just the leaves and nodes that `use` asks for: it is run once on a reader that only takes notes, then
 * what it wanted is fetched. The tree functions stay pure and synchronous that way.
 */
export async function treeFor(sql: Sql, sm3: Sm3, use: (tree: TreeReader) => unknown): Promise<TreeReader> {
  const leaves = new Map<number, Hash>();
  const nodes = new Map<string, Hash>();
  const blank = new Uint8Array(32);
  use({
    leaf: (index) => { leaves.set(index, blank); return blank; },
    stored: (level, index) => {
      if (level < LOWEST_STORED) return undefined;
      nodes.set(`${String(level)}/${String(index)}`, blank);
      return blank;
    },
  });
  for (const index of leaves.keys()) {
    const row = await sql.one<EntryRow>('SELECT * FROM audit_entry WHERE seq = $1', index);
    if (row) leaves.set(index, leafHash(sm3, entryBytes(entryOf(row))));
  }
  for (const key of nodes.keys()) {
    const [level = '', position = ''] = key.split('/');
    const row = await sql.one<{ hash: Buffer }>('SELECT hash FROM audit_node WHERE level = $1 AND position = $2', Number(level), Number(position));
    if (row) nodes.set(key, row.hash);
  }
  return { leaf: (index) => leaves.get(index) ?? blank, stored: (level, index) => nodes.get(`${String(level)}/${String(index)}`) };
}
