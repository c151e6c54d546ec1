import type { AuditDraft } from '../../core/audit.js';
import { ArchiveError } from '../../core/errors.js';
import type { Sm3, Target } from '../../core/ports.js';
import { bindingDigest, bindingFault, bindingStatement, isMarked, readStatement, statementText } from '../../secrecy/binding.js';
import type { BindingFault, KeptBinding } from '../../secrecy/binding.js';
import { highest, isLevel } from '../../secrecy/level.js';
import type { BoxIdentity } from '../audit/identity.js';
import { places } from '../store/sql.js';
import type { Sql } from '../store/sql.js';
import { AT_ONCE, boundRows, enteredBindings, keptBindings } from './rows.js';
import { takeTouched, touched } from './watch.js';

/** The action of the ledger's entries that hold a binding's digest. */
export const BIND = 'mark.bind';
/** Signatures found genuine in this run are not computed again; past this many the oldest are forgotten. */
const REMEMBERED = 100_000;

export interface Bindings {
  /** What is wrong with each of the records, by id; those that hold are not in the answer. @param writing on the connection of a unit of work: what it touched itself is held against the state before it */
  faults(sql: Sql, records: readonly string[], writing: boolean): Promise<ReadonlyMap<string, BindingFault>>;
  /**
   * Before a commit: signs what the unit touched. @throws ArchiveError `E_MARK_BINDING` where the rows it started from do not hold
   * @param keeping the box's own housekeeping, which passes such a record by and does not sign it
   */
  bind(writer: Sql, reader: Sql, keeping: boolean): Promise<readonly AuditDraft[]>;
  /** Binds what an earlier release marked without signing; only a ledger that holds no binding yet lets it. The number of records. */
  adopt(writer: Sql): Promise<number>;
  /** The record as the box last signed it, for deciding who may be told of a fault: never weaker than the row. */
  signedTarget(sql: Sql, record: string): Promise<Target | undefined>;
}

/** 标志绑定: see README.md. @param after what else follows from the records a unit touched, in the same transaction: 容器密级 */
export function bindingsOf(
  sm3: Sm3, box: BoxIdentity, verify: (message: Uint8Array, signature: Uint8Array) => boolean,
  after: (writer: Sql, touched: readonly string[]) => Promise<readonly AuditDraft[]> = async () => Promise.resolve([]),
): Bindings {
  const genuine = new Set<string>();
  let adopting = false;

  function isGenuine({ statement, signature }: KeptBinding): boolean {
    const message = new TextEncoder().encode(statement);
    const key = Buffer.from(sm3(message, signature)).toString('base64');
    if (genuine.has(key)) return true;
    if (!verify(message, signature)) return false;
    remember(key);
    return true;
  }

  function remember(key: string): void {
    if (genuine.size >= REMEMBERED) for (const old of [...genuine].slice(0, REMEMBERED / 10)) genuine.delete(old);
    genuine.add(key);
  }

  async function check(sql: Sql, ids: readonly string[]): Promise<Map<string, BindingFault>> {
    const [kept, entered] = [await keptBindings(sql, ids), await enteredBindings(sql, ids)];
    const marks = await sql.all<{ id: string; level: number; mark: string | null; over: number }>(
      `SELECT id, level, mark, EXISTS (SELECT 1 FROM computer_file WHERE computer_file.record = record.id AND computer_file.level > record.level) AS over FROM record WHERE id IN (${places(ids.length)})`, ...ids,
    );
    const plain = new Set(marks.filter((row) => !isMarked(row) && row.over === 0 && !kept.has(row.id) && (entered.get(row.id) ?? null) === null).map((row) => row.id));
    const looked = ids.filter((id) => !plain.has(id));
    const rows = await boundRows(sql, looked);
    const faults = new Map<string, BindingFault>();
    for (const record of looked) {
      const fault = bindingFault(sm3, box.serial, { record, rows: rows.get(record), kept: kept.get(record), entered: entered.get(record) }, isGenuine);
      if (fault !== null) faults.set(record, fault);
    }
    return faults;
  }

  async function inParts<T>(ids: readonly string[], work: (part: readonly string[]) => Promise<T>): Promise<T[]> {
    const done: T[] = [];
    for (let from = 0; from < ids.length; from += AT_ONCE) done.push(await work(ids.slice(from, from + AT_ONCE)));
    return done;
  }

  async function rebind(writer: Sql, ids: readonly string[]): Promise<AuditDraft[]> {
    const kept = await keptBindings(writer, ids);
    const marks = await writer.all<{ id: string; level: number; mark: string | null }>(`SELECT id, level, mark FROM record WHERE id IN (${places(ids.length)})`, ...ids);
    const marked = marks.filter(isMarked).map((row) => row.id);
    const drafts: AuditDraft[] = [];
    for (const [record, rows] of await boundRows(writer, marked)) {
      const statement = statementText(bindingStatement(sm3, box.serial, rows));
      if (kept.get(record)?.statement === statement) continue;
      const signature = Buffer.from(box.sign(new TextEncoder().encode(statement)));
      await writer.run(
        'INSERT INTO mark_binding (record, statement, signature) VALUES ($1, $2, $3) ON CONFLICT (record) DO UPDATE SET statement = excluded.statement, signature = excluded.signature',
        record, statement, signature,
      );
      remember(Buffer.from(sm3(new TextEncoder().encode(statement), signature)).toString('base64'));
      const level = rows.record['level'];
      drafts.push({ action: BIND, object: record, objectType: 'record', ...(isLevel(level) ? { objectLevel: level } : {}), detail: { digest: bindingDigest(sm3, statement) } });
    }
    for (const record of [...kept.keys()].filter((id) => !marked.includes(id))) {
      await writer.run('DELETE FROM mark_binding WHERE record = $1', record);
      drafts.push({ action: BIND, object: record, objectType: 'record', detail: { digest: null } });
    }
    return drafts;
  }

  return {
    async faults(sql, records, writing) {
      const ours = writing ? new Set(await touched(sql)) : new Set<string>();
      const ids = [...new Set(records)].filter((id) => !ours.has(id));
      return new Map((await inParts(ids, async (part) => check(sql, part))).flatMap((part) => [...part]));
    },
    async bind(writer, reader, keeping) {
      const ids = await takeTouched(writer);
      if (ids.length === 0) return [];
      // A reader sees what is committed: the rows this unit started from. Signing over an edit would launder it.
      const wrong = new Map(adopting ? [] : (await inParts(ids, async (part) => check(reader, part))).flatMap((part) => [...part]));
      const [first] = wrong;
      if (first !== undefined && !keeping) throw bindingError(...first);
      adopting = false;
      const drafts = (await inParts(ids.filter((id) => !wrong.has(id)), async (part) => rebind(writer, part))).flat();
      return keeping ? drafts : [...drafts, ...await after(writer, ids)];
    },
    async adopt(writer) {
      if ((await writer.one("SELECT 1 AS one FROM audit_entry WHERE action = 'mark.bind' LIMIT 1")) !== undefined) return 0;
      adopting = true;
      return writer.run("INSERT OR IGNORE INTO mark_touched SELECT id FROM record WHERE level > 1 OR mark <> ''");
    },
    async signedTarget(sql, record) {
      const kept = (await keptBindings(sql, [record])).get(record);
      const said = kept === undefined || !isGenuine(kept) ? undefined : readStatement(kept.statement);
      if (said !== undefined && said.record === record) {
        const of = (kind: string) => said.scope.filter(([one]) => one === kind).map(([, ref]) => ref);
        return {
          type: 'record', id: record, fonds: said.fonds, level: said.level, state: said.state, department: said.department, owner: said.owner,
          scope: { persons: of('person'), departments: of('department'), requests: of('request'), compartments: of('compartment') },
        };
      }
      const row = (await boundRows(sql, [record])).get(record)?.record;
      if (row === undefined) return undefined;
      // Nothing genuine says who may know of it: its maker, at the level that the ledger last gave it.
      const entry = await sql.one<{ object_level: number | null }>(`SELECT object_level FROM audit_entry WHERE action = 'mark.bind' AND object = $1 ORDER BY seq DESC LIMIT 1`, record);
      const level = highest([entry?.object_level, row['level']].map((one) => (isLevel(one) ? one : 4)));
      const text = (name: string): string => String(row[name] ?? '');
      return { type: 'record', id: record, fonds: text('fonds'), level, state: text('state'), department: text('department'), owner: text('owner'), scope: { persons: [text('owner')], departments: [] } };
    },
  };
}

export const bindingError = (record: string, fault: BindingFault, more: Readonly<Record<string, unknown>> = {}): ArchiveError =>
  new ArchiveError('E_MARK_BINDING', { record, fault, ...more });

/** A record that does not hold is in no list until it holds again. The first fault found stays. */
export async function setAside(sql: Sql, record: string, fault: string, at: string): Promise<void> {
  await sql.run('INSERT OR IGNORE INTO mark_fault (record, fault, found_at) VALUES ($1, $2, $3)', record, fault, at);
}
