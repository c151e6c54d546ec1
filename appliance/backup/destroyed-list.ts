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

/** 墓碑 as it travels with the list: signed by the box, without title or name. */
export interface CarriedTombstone { readonly record: string; readonly batch: string; readonly at: string; readonly statement: string; /** DER, base64. */ readonly signature: string }

/** Tombstones of everything on the list; a database of an earlier release holds none. */
export async function listTombstones(sql: Sql): Promise<CarriedTombstone[]> {
  if ((await sql.one("SELECT 1 AS there FROM sqlite_schema WHERE name = 'tombstone'")) === undefined) return [];
  const rows = await sql.all<Omit<CarriedTombstone, 'signature'> & { signature: Buffer }>('SELECT record, batch, at, statement, signature FROM tombstone ORDER BY at, record');
  return rows.map((row) => ({ ...row, signature: row.signature.toString('base64') }));
}

/** Laid down before the restored box opens; one that is there stays. */
export const keepTombstone = async (sql: Sql, one: CarriedTombstone): Promise<void> => {
  await sql.run('INSERT INTO tombstone (record, batch, at, statement, signature) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (record) DO NOTHING', one.record, one.batch, one.at, one.statement, Buffer.from(one.signature, 'base64'));
};

const line = (one: unknown): string => `${Buffer.from(canonicalBytes(one)).toString('utf8')}\n`;
export const destroyedText = (list: readonly SignedDestroyed[], tombstones: readonly CarriedTombstone[] = []): string => [...list.map(line), ...tombstones.map((tombstone) => line({ tombstone }))].join('');

const FIELDS = ['object', 'record', 'batch', 'digest', 'at', 'previous', 'signature'] as const;
const TOMBSTONE_FIELDS = ['record', 'batch', 'at', 'statement', 'signature'] as const;

/** Every line as an object. @throws ArchiveError `E_DESTROYED_LIST` */
const linesOf = (text: string): readonly { readonly one: Readonly<Record<string, unknown>>; readonly refuse: () => never }[] => text.split('\n').filter((each) => each !== '').map((each, at) => {
  const refuse = (): never => { throw new ArchiveError('E_DESTROYED_LIST', { line: at + 1 }, [{ at: `第 ${String(at + 1)} 行`, message: '不是清单条目' }]); };
  try {
    const parsed: unknown = JSON.parse(each);
    return typeof parsed === 'object' && parsed !== null ? { one: { ...parsed }, refuse } : refuse();
  } catch {
    return refuse();
  }
});

const strings = <Name extends string>(one: Readonly<Record<string, unknown>>, names: readonly Name[], refuse: () => never): Record<Name, string> =>
  Object.fromEntries(names.map((name) => [name, typeof one[name] === 'string' ? one[name] : refuse()])) as Record<Name, string>;

/** @throws ArchiveError `E_DESTROYED_LIST` for any other text */
export function readDestroyed(text: string): readonly SignedDestroyed[] {
  return linesOf(text).filter(({ one }) => !('tombstone' in one)).map(({ one, refuse }) => ({ seq: typeof one['seq'] === 'number' ? one['seq'] : refuse(), ...strings(one, FIELDS, refuse) }));
}

/** The tombstones in the same file. @throws ArchiveError `E_DESTROYED_LIST` */
export function readTombstones(text: string): readonly CarriedTombstone[] {
  return linesOf(text).flatMap(({ one, refuse }) => {
    if (!('tombstone' in one)) return [];
    const { tombstone } = one;
    return [strings(typeof tombstone === 'object' && tombstone !== null ? { ...tombstone } : refuse(), TOMBSTONE_FIELDS, refuse)];
  });
}
