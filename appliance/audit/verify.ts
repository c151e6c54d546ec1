import { EMPTY_HEAD, entryBytes, followFault, headOf } from '../../core/audit.js';
import type { AuditHead } from '../../core/audit.js';
import { checkpointText, parseCheckpoint } from '../../core/checkpoint.js';
import type { SignedCheckpoint } from '../../core/checkpoint.js';
import { EMPTY_FRONTIER, frontierRoot, grow, leafHash } from '../../core/merkle.js';
import type { Frontier } from '../../core/merkle.js';
import type { Sm3 } from '../../core/ports.js';
import { LOWEST_STORED, entryOf } from '../store/ledger.js';
import type { EntryRow } from '../store/ledger.js';
import type { Sql } from '../store/sql.js';

export interface LedgerFault {
  /** Entry at which it shows. */
  readonly seq: number;
  readonly kind: 'gap' | 'altered' | 'unlinked' | 'time' | 'root' | 'truncated' | 'rolled-back' | 'signature' | 'checkpoint' | 'node';
  readonly text: string;
}

export interface LedgerVerdict {
  readonly entries: number;
  readonly checkpoints: number;
  readonly root: string;
  readonly faults: readonly LedgerFault[];
}

/** True when the checkpoint's signature is the box's; given by whoever holds the certificate. */
export type CheckSignature = (message: Uint8Array, signature: Uint8Array, signer: string) => boolean;

/** `level/position` → hash. */
export type StoredNodes = ReadonlyMap<string, Buffer>;

const PAGE = 2000;
const TEXTS: Record<LedgerFault['kind'], (seq: number) => string> = {
  gap: (seq) => `第 ${String(seq)} 条缺失：此处有记录被删除或序号被改`,
  altered: (seq) => `第 ${String(seq)} 条内容被改动：摘要与登记值不符`,
  unlinked: (seq) => `第 ${String(seq)} 条与前一条不相连：记录被调换、插入或整条替换`,
  time: (seq) => `第 ${String(seq)} 条时间早于前一条`,
  root: (seq) => `截至第 ${String(seq)} 条的默克尔根与已签名检查点不符：此前有记录被成批改写`,
  truncated: (seq) => `日志只到第 ${String(seq)} 条，短于本机已签名的检查点：末尾记录被截去`,
  'rolled-back': (seq) => `日志只到第 ${String(seq)} 条，短于另行保存的检查点：整个数据目录被换成了旧副本`,
  signature: (seq) => `第 ${String(seq)} 条处的检查点签名无效`,
  checkpoint: (seq) => `第 ${String(seq)} 条处的检查点文本无法识别`,
  node: (seq) => `第 ${String(seq)} 条处的默克尔节点与重算值不符`,
};

export const fault = (kind: LedgerFault['kind'], seq: number): LedgerFault => ({ seq, kind, text: TEXTS[kind](seq) });

/** A walk over entries in order that checks the chain and every checkpoint as it passes. */
export interface LedgerWalk {
  take(entry: Parameters<typeof entryBytes>[0] & { readonly hash: string }): void;
  finish(): LedgerVerdict;
}

/**
 * @param kept checkpoints of this box, by size
 * @param nodes the stored Merkle nodes, where there are any: they only save time, but a wrong one would spoil a proof
 * @param aside a checkpoint that was kept outside the box: its size must be reached, with its root
 */
export function startWalk(
  sm3: Sm3, kept: readonly (SignedCheckpoint | { readonly size: number })[], check: CheckSignature, aside?: SignedCheckpoint, nodes?: StoredNodes,
): LedgerWalk {
  const faults: LedgerFault[] = [];
  const bySize = new Map<number, SignedCheckpoint[]>();
  for (const one of kept) {
    if (!('root' in one)) faults.push(fault('checkpoint', one.size));
    else bySize.set(one.size, [...(bySize.get(one.size) ?? []), one]);
  }
  if (aside) bySize.set(aside.size, [...(bySize.get(aside.size) ?? []), aside]);
  let head: AuditHead = EMPTY_HEAD;
  let frontier: Frontier = EMPTY_FRONTIER;
  return {
    take(entry) {
      // After a fault the walk goes on from what it finds, so that each place is named once.
      const bytes = entryBytes(entry);
      const wrong = followFault(sm3, head, entry, bytes);
      if (wrong) faults.push(fault(wrong.kind, wrong.seq));
      head = headOf(entry);
      const grown = grow(sm3, frontier, leafHash(sm3, bytes));
      frontier = grown.frontier;
      for (const node of nodes ? grown.completed.filter(({ level }) => level >= LOWEST_STORED) : []) {
        const stored = nodes?.get(`${String(node.level)}/${String(node.index)}`);
        if (!stored || !Buffer.from(node.hash).equals(stored)) faults.push(fault('node', entry.seq));
      }
      for (const checkpoint of bySize.get(frontier.size) ?? []) {
        if (!Buffer.from(frontierRoot(sm3, frontier)).equals(checkpoint.root)) faults.push(fault('root', checkpoint.size - 1));
        if (!check(new TextEncoder().encode(checkpointText(checkpoint)), checkpoint.signature, checkpoint.signer)) faults.push(fault('signature', checkpoint.size - 1));
      }
    },
    finish() {
      const sizes = [...bySize.keys()].filter((size) => size > frontier.size);
      if (aside && aside.size > frontier.size) faults.push(fault('rolled-back', frontier.size));
      else if (sizes.length > 0) faults.push(fault('truncated', frontier.size));
      return { entries: frontier.size, checkpoints: kept.length, root: Buffer.from(frontierRoot(sm3, frontier)).toString('hex'), faults };
    },
  };
}

/** Re-derives the whole ledger of one database. */
export async function verifyLedger(sql: Sql, sm3: Sm3, check: CheckSignature, aside?: SignedCheckpoint): Promise<LedgerVerdict> {
  const rows = await sql.all<{ size: number; text: string }>('SELECT size, text FROM checkpoint ORDER BY size');
  const stored = await sql.all<{ level: number; position: number; hash: Buffer }>('SELECT level, position, hash FROM audit_node');
  const nodes = new Map(stored.map((row) => [`${String(row.level)}/${String(row.position)}`, row.hash]));
  const walk = startWalk(sm3, rows.map((row) => parseCheckpoint(row.text) ?? { size: row.size }), check, aside, nodes);
  for (let from = -1; ;) {
    const page = await sql.all<EntryRow>('SELECT * FROM audit_entry WHERE seq > $1 ORDER BY seq LIMIT $2', from, PAGE);
    for (const row of page) walk.take(entryOf(row));
    const last = page.at(-1);
    if (!last) break;
    from = last.seq;
  }
  return walk.finish();
}
