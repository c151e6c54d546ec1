import { ArchiveError } from '../../../core/errors.js';
import type { ListScope, Page, Paged } from '../../../core/holdings.js';
import type { CalendarDate, Instant, Level, Target } from '../../../core/ports.js';
import type { MediumKind, Rating } from '../../../policies/schemas/media-destruction.js';
import type { FilterColumns } from '../../../secrecy/filter.js';
import type { MediaDestruction } from '../../../secrecy/media-destruction.js';
import type { LogDoubt } from '../../../secrecy/nwipe-log.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

/** What the columns of 涉密载体销毁登记表 say of one line. */
export interface LineSheet {
  readonly title: string;
  /** Number on the carrier's label; the line's own for what has no carrier. */
  readonly tag: string;
  readonly secrecyPeriod: string | null;
  readonly copyNo: number;
  readonly totalCopies: number;
  readonly issuedBy: string | null;
  /** 自产、来文, or from which register it came. */
  readonly source: string;
  readonly receivedOn: CalendarDate | null;
  readonly quantity: number;
  readonly reason: string;
  readonly broken: boolean;
  readonly worm: boolean;
  readonly serial: string | null;
  readonly place: string;
  readonly dismantledFrom: string | null;
  readonly remark: string | null;
  readonly log: { readonly rating: Rating; readonly doubts: readonly LogDoubt[]; readonly method: string; readonly evidence: string } | null;
  /** Why it was not destroyed the last time. */
  readonly failed: string | null;
}
export type LineState = 'pending' | 'batched' | 'destroyed' | 'reused' | 'withdrawn';
export interface DisposalLine {
  readonly id: string;
  readonly no: string;
  /** What it came from, so that it is made once: `carrier/<id>`, `output/<id>` …; null for what somebody typed. */
  readonly origin: string | null;
  readonly carrier: string | null;
  readonly disposal: string | null;
  readonly kind: MediumKind;
  readonly state: LineState;
  readonly fonds: string;
  readonly department: string;
  readonly owner: string;
  readonly since: CalendarDate;
  readonly level: Level;
  readonly maxLevelEver: Level;
  readonly sheet: LineSheet;
  readonly version: number;
}
export interface StoredDisposal {
  readonly it: MediaDestruction;
  readonly fonds: string;
  readonly department: string;
  readonly openedAt: Instant;
  /** 执行人、监销人: may see the batch by being named in it. */
  readonly persons: readonly string[];
  readonly certificates: Readonly<Record<string, string>>;
  readonly version: number;
}
export interface Evidence { readonly id: string; readonly disposal: string; readonly kind: 'photo' | 'voucher' | 'log' | 'other'; readonly object: string; readonly bytes: number; readonly sm3: string; readonly addedBy: string; readonly addedAt: Instant; readonly level: Level; readonly fileName: string }
export interface DisposalEvent { readonly seq: number; readonly at: Instant; readonly by: string; readonly event: string; readonly approval: string | null }

export const DISPOSAL_COLUMNS: FilterColumns = {
  id: 'disposal.id', level: 'disposal.level', fonds: 'disposal.fonds', department: 'disposal.department', state: 'disposal.state', owner: 'disposal.owner', scope: { table: 'disposal_scope', of: 'disposal', kind: 'kind', ref: 'ref' },
};
export const LINE_COLUMNS: FilterColumns = { id: 'disposal_line.id', level: 'disposal_line.level', fonds: 'disposal_line.fonds', department: 'disposal_line.department', state: 'disposal_line.state', owner: 'disposal_line.owner' };

const aim = (id: string, level: Level, state: string, one: { readonly fonds: string; readonly department: string }, owner: string, persons: readonly string[]): Target =>
  ({ type: 'disposal', id, level, state, fonds: one.fonds, department: one.department, scope: { persons, departments: [] }, owner });
export const disposalTarget = (one: StoredDisposal): Target => aim(one.it.id, one.it.level, one.it.state, one, one.it.openedBy.person, one.persons);
export const lineTarget = (line: Omit<DisposalLine, 'sheet' | 'version'>): Target => aim(line.id, line.level, line.state, line, line.owner, []);

export interface DisposalRepository {
  get(id: string): Promise<StoredDisposal | undefined>;
  list(visible: ListScope, state: string | null, page: Page): Promise<Paged<StoredDisposal>>;
  add(one: StoredDisposal): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(one: StoredDisposal, seenVersion: number): Promise<void>;
  numbered(series: string): Promise<number>;
  note(id: string, line: Omit<DisposalEvent, 'seq'>): Promise<void>;
  history(id: string): Promise<DisposalEvent[]>;
  line(id: string): Promise<DisposalLine | undefined>;
  /** The line that lives, where a thing was set aside more than once. */
  lineOfOrigin(origin: string): Promise<DisposalLine | undefined>;
  linesOf(disposal: string): Promise<DisposalLine[]>;
  /** Waiting, in a batch or in none; the oldest first. */
  pending(visible: ListScope, filter: { readonly kind: string | null; readonly before: CalendarDate | null }, page: Page): Promise<Paged<DisposalLine>>;
  linesNumbered(series: string): Promise<number>;
  addLine(line: DisposalLine): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  saveLine(line: DisposalLine, seenVersion: number): Promise<void>;
  /** Whether anything was set aside on or before this day and still lies there. */
  overdue(since: CalendarDate): Promise<boolean>;
  addEvidence(one: Evidence): Promise<void>;
  evidenceOf(disposal: string): Promise<Evidence[]>;
  /** The carrier rose: its lines and their batches rise with it. Returns objects whose keys must move. */
  follow(carrier: string, level: Level, at: Instant): Promise<readonly string[]>;
}

interface Row { id: string; no: string; state: string; fonds: string; department: string; owner: string; opened_at: string; level: Level; sealed: Buffer; version: number }
interface LineRow { id: string; no: string; origin: string | null; carrier: string | null; disposal: string | null; kind: MediumKind; state: LineState; fonds: string; department: string; owner: string; since: string; level: Level; max_level_ever: Level; sealed: Buffer; version: number }
interface EvidenceRow { id: string; disposal: string; kind: Evidence['kind']; object: string; bytes: number; sm3: string; added_by: string; added_at: string; level: Level; sealed: Buffer }
type Told = Pick<StoredDisposal, 'it' | 'persons' | 'certificates'>;

export function disposalRepository(sql: Sql, sealing: Sealing): DisposalRepository {
  const of = (row: Row): StoredDisposal => {
    const told = sealing.open<Told>(row.level, `disposal/${row.id}`, row.sealed);
    if (told.it.state !== row.state || told.it.level !== row.level || told.it.no !== row.no) throw new ArchiveError('E_DECRYPT_FAILED', { disposal: row.id });
    return { ...told, fonds: row.fonds, department: row.department, openedAt: row.opened_at, version: row.version };
  };
  const columns = ({ it, persons, certificates }: StoredDisposal): Record<string, SqlValue> => ({
    state: it.state, level: it.level, due_on: it.state === 'isolated' || it.state === 'released' ? it.isolation.dueOn : null, sealed: sealing.seal(it.level, `disposal/${it.id}`, { it, persons, certificates } satisfies Told),
  });
  const lineOf = (row: LineRow): DisposalLine => ({
    id: row.id, no: row.no, origin: row.origin, carrier: row.carrier, disposal: row.disposal, kind: row.kind, state: row.state, fonds: row.fonds, department: row.department, owner: row.owner, since: row.since, level: row.level,
    maxLevelEver: row.max_level_ever, sheet: sealing.open<LineSheet>(row.level, `disposal-line/${row.id}`, row.sealed), version: row.version,
  });
  const lineColumns = (line: DisposalLine): Record<string, SqlValue> => ({
    disposal: line.disposal, state: line.state, level: line.level, max_level_ever: line.maxLevelEver, sealed: sealing.seal(line.level, `disposal-line/${line.id}`, line.sheet),
  });
  const evidenceOf = (row: EvidenceRow): Evidence => ({
    id: row.id, disposal: row.disposal, kind: row.kind, object: row.object, bytes: row.bytes, sm3: row.sm3, addedBy: row.added_by, addedAt: row.added_at, level: row.level, ...sealing.open<{ fileName: string }>(row.level, `disposal-evidence/${row.id}`, row.sealed),
  });
  async function scope({ it, persons }: StoredDisposal): Promise<void> {
    await sql.run('DELETE FROM disposal_scope WHERE disposal = $1', it.id);
    for (const person of new Set(persons)) await insert(sql, 'disposal_scope', { disposal: it.id, kind: 'person', ref: person });
  }
  async function paged<R extends object>(table: string, where: readonly string[], values: readonly SqlValue[], order: string, { offset, limit }: Page): Promise<{ rows: R[]; total: number }> {
    const clause = where.join(' AND ');
    const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n FROM ${table} WHERE ${clause}`, ...values))?.n ?? 0;
    const rows = await sql.all<R>(`SELECT * FROM ${table} WHERE ${clause} ORDER BY ${order} LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset);
    return { rows, total };
  }
  const get = async (id: string): Promise<StoredDisposal | undefined> => { const row = await sql.one<Row>('SELECT * FROM disposal WHERE id = $1', id); return row && of(row); };
  const save = async (one: StoredDisposal, seenVersion: number): Promise<void> => { await saveVersion(sql, 'disposal', one.it.id, seenVersion, columns(one)); await scope(one); };
  const saveLine = async (line: DisposalLine, seenVersion: number): Promise<void> => saveVersion(sql, 'disposal_line', line.id, seenVersion, lineColumns(line));

  /** A batch and what is kept with it, under a higher level. */
  async function raise(id: string, level: Level, at: Instant): Promise<string[]> {
    const one = await get(id);
    if (one === undefined || one.it.level >= level) return [];
    await save({ ...one, it: { ...one.it, level } }, one.version);
    const moved: string[] = [];
    for (const row of await sql.all<EvidenceRow>('SELECT * FROM disposal_evidence WHERE disposal = $1', id)) {
      const { fileName } = evidenceOf(row);
      await sql.run('UPDATE disposal_evidence SET level = $1, sealed = $2 WHERE id = $3', level, sealing.seal(level, `disposal-evidence/${row.id}`, { fileName }), row.id);
      if ((await sql.run("UPDATE stored_object SET level = $1 WHERE id = $2 AND state <> 'gone'", level, row.object)) === 0) continue;
      await insert(sql, 'object_intent', { kind: 'relevel', object: row.object, made_at: at });
      moved.push(row.object);
    }
    return moved;
  }

  return {
    get, save, saveLine,
    async list(visible, state, page) {
      const values = [...(visible.values as readonly SqlValue[]), ...(state === null ? [] : [state])];
      const { rows, total } = await paged<Row>('disposal', [visible.sql, ...(state === null ? [] : [`disposal.state = $${String(values.length)}`])], values, 'disposal.opened_at DESC, disposal.id', page);
      return { rows: rows.map(of), total };
    },
    async add(one) {
      await insert(sql, 'disposal', { id: one.it.id, no: one.it.no, fonds: one.fonds, department: one.department, owner: one.it.openedBy.person, opened_at: one.openedAt, version: one.version, ...columns(one) });
      await scope(one);
    },
    numbered: async (series) => (await sql.one<{ n: number }>('SELECT count(*) AS n FROM disposal WHERE substr(no, 1, $1) = $2', series.length, series))?.n ?? 0,
    async note(id, line) {
      const seq = (await sql.one<{ n: number }>('SELECT count(*) AS n FROM disposal_event WHERE disposal = $1', id))?.n ?? 0;
      await insert(sql, 'disposal_event', { disposal: id, seq, at: line.at, by: line.by, event: line.event, approval: line.approval });
    },
    history: async (id) => sql.all<DisposalEvent>('SELECT seq, at, by, event, approval FROM disposal_event WHERE disposal = $1 ORDER BY seq DESC', id),
    async line(id) { const row = await sql.one<LineRow>('SELECT * FROM disposal_line WHERE id = $1', id); return row && lineOf(row); },
    async lineOfOrigin(origin) {
      const again = `${origin}#`;
      const row = await sql.one<LineRow>("SELECT * FROM disposal_line WHERE origin = $1 OR substr(origin, 1, $2) = $3 ORDER BY (state = 'withdrawn'), since DESC, no DESC LIMIT 1", origin, again.length, again);
      return row && lineOf(row);
    },
    linesOf: async (disposal) => (await sql.all<LineRow>('SELECT * FROM disposal_line WHERE disposal = $1 ORDER BY no', disposal)).map(lineOf),
    async pending(visible, filter, page) {
      const values: SqlValue[] = [...(visible.values as readonly SqlValue[])];
      const where = [visible.sql, "disposal_line.state IN ('pending','batched')"];
      if (filter.kind !== null) { values.push(filter.kind); where.push(`disposal_line.kind = $${String(values.length)}`); }
      if (filter.before !== null) { values.push(filter.before); where.push(`disposal_line.since < $${String(values.length)}`); }
      const { rows, total } = await paged<LineRow>('disposal_line', where, values, 'disposal_line.since, disposal_line.no', page);
      return { rows: rows.map(lineOf), total };
    },
    linesNumbered: async (series) => (await sql.one<{ n: number }>('SELECT count(*) AS n FROM disposal_line WHERE substr(no, 1, $1) = $2', series.length, series))?.n ?? 0,
    addLine: async (line) => insert(sql, 'disposal_line', {
      id: line.id, no: line.no, origin: line.origin, carrier: line.carrier, kind: line.kind, fonds: line.fonds, department: line.department, owner: line.owner, since: line.since, version: line.version, ...lineColumns(line),
    }),
    overdue: async (since) => (await sql.one("SELECT 1 AS there FROM disposal_line WHERE state IN ('pending','batched') AND since < $1 LIMIT 1", since)) !== undefined,
    addEvidence: async (one) => insert(sql, 'disposal_evidence', {
      id: one.id, disposal: one.disposal, kind: one.kind, object: one.object, bytes: one.bytes, sm3: one.sm3, added_by: one.addedBy, added_at: one.addedAt, level: one.level, sealed: sealing.seal(one.level, `disposal-evidence/${one.id}`, { fileName: one.fileName }),
    }),
    evidenceOf: async (disposal) => (await sql.all<EvidenceRow>('SELECT * FROM disposal_evidence WHERE disposal = $1 ORDER BY added_at, id', disposal)).map(evidenceOf),
    async follow(carrier, level, at) {
      const moved: string[] = [];
      for (const row of await sql.all<LineRow>("SELECT * FROM disposal_line WHERE carrier = $1 AND state IN ('pending','batched') AND level < $2", carrier, level)) {
        const line = lineOf(row);
        await saveLine({ ...line, level, maxLevelEver: Math.max(level, line.maxLevelEver) as Level }, line.version);
        if (line.disposal !== null) moved.push(...await raise(line.disposal, level, at));
      }
      return moved;
    },
  };
}
