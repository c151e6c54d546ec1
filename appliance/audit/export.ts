import type { AuditEntry } from '../../core/audit.js';
import { parseCheckpoint } from '../../core/checkpoint.js';
import type { SignedCheckpoint } from '../../core/checkpoint.js';
import { ArchiveError } from '../../core/errors.js';
import type { Sm3 } from '../../core/ports.js';
import { entryOf } from '../store/ledger.js';
import type { EntryRow } from '../store/ledger.js';
import type { Sql } from '../store/sql.js';
import type { BoxIdentity } from './identity.js';
import { startWalk } from './verify.js';
import type { CheckSignature, LedgerVerdict } from './verify.js';

/**
 * 审计导出, JSON Lines: first line what it is and whose, then one line an entry, then one line a checkpoint. It ends with a
 * checkpoint over all entries in it, so a shortened file is noticed too.
 */
interface Head { readonly kind: 'shouzang-audit'; readonly version: 1; readonly box: string; readonly chain: readonly string[] }

const PAGE = 2000;

/** The export, a piece at a time: a ledger of years does not fit into one text. */
export async function* exportLedger(sql: Sql, box: Pick<BoxIdentity, 'serial' | 'chain'>): AsyncGenerator<string, void, void> {
  const checkpoints = await sql.all<{ size: number; text: string }>('SELECT size, text FROM checkpoint ORDER BY size');
  const end = checkpoints.at(-1)?.size ?? 0;
  const lines = (values: readonly unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');
  yield lines([{ kind: 'shouzang-audit', version: 1, box: box.serial, chain: box.chain } satisfies Head]);
  for (let from = 0; from < end; from += PAGE) {
    const rows = await sql.all<EntryRow>('SELECT * FROM audit_entry WHERE seq >= $1 AND seq < $2 ORDER BY seq', from, Math.min(end, from + PAGE));
    yield lines(rows.map((row) => ({ entry: entryOf(row) })));
  }
  yield lines(checkpoints.map(({ text }) => ({ checkpoint: text })));
}

export interface ExportVerdict extends LedgerVerdict { readonly box: string; readonly chain: readonly string[] }

/**
 * Checks an export with nothing but itself and the certificates it names.
 * @param checkWith given the certificates of the file (box first), says how its signatures are checked
 * @throws ArchiveError E_INPUT_INVALID when it is not an audit export
 */
export function verifyExport(text: string, sm3: Sm3, checkWith: (chain: readonly string[]) => CheckSignature, aside?: SignedCheckpoint): ExportVerdict {
  const [first = '', ...rest] = text.split('\n').filter((line) => line !== '');
  const head = read(first) as Partial<Head> | undefined;
  if (head?.kind !== 'shouzang-audit' || head.chain === undefined || head.box === undefined) throw new ArchiveError('E_INPUT_INVALID', { why: 'not an audit export' });
  const lines = rest.map((line) => (read(line) ?? {}) as { readonly entry?: AuditEntry; readonly checkpoint?: string });
  const kept = lines.flatMap(({ checkpoint }) => (checkpoint === undefined ? [] : [parseCheckpoint(checkpoint) ?? { size: 0 }]));
  const walk = startWalk(sm3, kept, checkWith(head.chain), aside);
  for (const { entry } of lines) if (entry !== undefined) walk.take(entry);
  const verdict = walk.finish();
  const covered = kept.some((one) => one.size === verdict.entries);
  const faults = covered ? verdict.faults : [...verdict.faults, { seq: verdict.entries, kind: 'truncated' as const, text: '末尾没有覆盖全部记录的检查点：导出不完整' }];
  return { ...verdict, faults, box: head.box, chain: head.chain };
}

function read(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
