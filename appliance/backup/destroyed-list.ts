/** 已销毁清单 as rows and as a file: one canonical JSON line an entry. */
import { canonicalBytes } from '../../core/canonical.js';
import { ArchiveError } from '../../core/errors.js';
import { destroyedBytes, destroyedHash, NOTHING_BEFORE } from '../../secrecy/destroyed.js';
import type { Destroyed, SignedDestroyed } from '../../secrecy/destroyed.js';
import type { Sm3 } from '../../core/ports.js';
import type { BoxIdentity } from '../audit/identity.js';
import { insert } from '../store/sql.js';
import type { Sql } from '../store/sql.js';

export const listDestroyed = async (sql: Sql): Promise<SignedDestroyed[]> => sql.all<SignedDestroyed>('SELECT seq, object, record, batch, digest, at, previous, signature FROM destroyed_object ORDER BY seq');

/** Adds one entry, signed by the box. In the transaction of the destruction itself. */
export async function enterDestroyed(sql: Sql, sm3: Sm3, box: BoxIdentity, what: Omit<Destroyed, 'seq' | 'previous'>): Promise<SignedDestroyed> {
  const last = await sql.one<SignedDestroyed>('SELECT seq, object, record, batch, digest, at, previous, signature FROM destroyed_object ORDER BY seq DESC LIMIT 1');
  const entry: Destroyed = { ...what, seq: (last?.seq ?? 0) + 1, previous: last === undefined ? NOTHING_BEFORE : destroyedHash(sm3, last) };
  const signed = { ...entry, signature: Buffer.from(box.sign(destroyedBytes(entry))).toString('base64') };
  await keepDestroyed(sql, signed);
  return signed;
}

export const keepDestroyed = async (sql: Sql, one: SignedDestroyed): Promise<void> => insert(sql, 'destroyed_object', { ...one });

export const destroyedText = (list: readonly SignedDestroyed[]): string => list.map((one) => `${Buffer.from(canonicalBytes(one)).toString('utf8')}\n`).join('');

const FIELDS = ['object', 'record', 'batch', 'digest', 'at', 'previous', 'signature'] as const;

/** @throws ArchiveError `E_DESTROYED_LIST` for any other text */
export function readDestroyed(text: string): readonly SignedDestroyed[] {
  return text.split('\n').filter((line) => line !== '').map((line, at) => {
    const refuse = (): never => { throw new ArchiveError('E_DESTROYED_LIST', { line: at + 1 }, [{ at: `第 ${String(at + 1)} 行`, message: '不是清单条目' }]); };
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch {
      return refuse();
    }
    if (typeof parsed !== 'object' || parsed === null) return refuse();
    const one: Record<string, unknown> = { ...parsed };
    if (typeof one['seq'] !== 'number' || FIELDS.some((field) => typeof one[field] !== 'string')) return refuse();
    const text_ = (field: typeof FIELDS[number]): string => String(one[field]);
    return { seq: one['seq'], object: text_('object'), record: text_('record'), batch: text_('batch'), digest: text_('digest'), at: text_('at'), previous: text_('previous'), signature: text_('signature') };
  });
}
