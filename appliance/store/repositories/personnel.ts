import { ArchiveError } from '../../../core/errors.js';
import type { CalendarDate, Instant, Level } from '../../../core/ports.js';
import type { Category } from '../../../policies/schemas/people.js';
import type { Sealing } from '../sealing.js';
import { insert } from '../sql.js';
import type { Sql } from '../sql.js';

/** 涉密人员 in the register: reviewed, committed, and where they stand. */
export interface RegisterEntry {
  readonly person: string;
  readonly state: 'in_post' | 'cooling' | 'released';
  readonly category: Category;
  readonly reviewedOn: CalendarDate;
  readonly committedOn: CalendarDate;
  readonly leftOn: CalendarDate | null;
  /** Last day of the 脱密期. */
  readonly coolsOffUntil: CalendarDate | null;
  readonly clearedBy: string | null;
  readonly enteredBy: string;
  readonly reviewNo: string;
  readonly reviewedBy: string;
  readonly commitmentNo: string;
  readonly leaveReason: string | null;
  readonly version: number;
}

export interface RegisterNote {
  readonly id: string;
  readonly person: string;
  readonly kind: 'training' | 'major_matter' | 'review' | 'abroad';
  readonly on: CalendarDate;
  /** 学时. */
  readonly hours: number | null;
  readonly text: string;
  readonly enteredBy: string;
  readonly enteredAt: Instant;
}

/** 清退事项: what a person who leaves must hand back or over. */
export interface HandBackItem {
  readonly id: string;
  readonly person: string;
  /** `certificate`, `terminal`, `batch`, … */
  readonly kind: string;
  /** Id or number of the thing; no title. */
  readonly ref: string;
  readonly text: string;
  readonly listedAt: Instant;
  readonly returnedAt: Instant | null;
  readonly returnedBy: string | null;
  readonly note: string | null;
}

export interface PersonnelRepository {
  get(person: string): Promise<RegisterEntry | undefined>;
  all(): Promise<RegisterEntry[]>;
  add(entry: RegisterEntry): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(entry: RegisterEntry, seenVersion: number): Promise<void>;
  addNote(note: RegisterNote): Promise<void>;
  notes(person: string): Promise<RegisterNote[]>;
  /** 学时 by person within a year. */
  hours(year: string): Promise<ReadonlyMap<string, number>>;
  addItem(item: HandBackItem): Promise<void>;
  items(person: string): Promise<HandBackItem[]>;
  item(id: string): Promise<HandBackItem | undefined>;
  /** Items still out, by person. */
  openItems(): Promise<ReadonlyMap<string, number>>;
  returnItem(item: HandBackItem, by: string, at: Instant, note: string): Promise<void>;
}

const LEVEL: Level = 1;

interface EntryRow {
  person: string; state: RegisterEntry['state']; category: Category; reviewed_on: string; committed_on: string; left_on: string | null; cools_off_until: string | null;
  cleared_by: string | null; entered_by: string; sealed: Buffer; version: number;
}
interface NoteRow { id: string; person: string; kind: RegisterNote['kind']; on_day: string; half_hours: number | null; sealed: Buffer; entered_by: string; entered_at: string }
interface ItemRow { id: string; person: string; kind: string; ref: string; listed_at: string; returned_at: string | null; returned_by: string | null; sealed: Buffer }
type Told = Pick<RegisterEntry, 'reviewNo' | 'reviewedBy' | 'commitmentNo' | 'leaveReason'>;

export function personnelRepository(sql: Sql, sealing: Sealing): PersonnelRepository {
  const entryOf = (row: EntryRow): RegisterEntry => ({
    person: row.person, state: row.state, category: row.category, reviewedOn: row.reviewed_on, committedOn: row.committed_on, leftOn: row.left_on, coolsOffUntil: row.cools_off_until,
    clearedBy: row.cleared_by, enteredBy: row.entered_by, version: row.version, ...sealing.open<Told>(LEVEL, `personnel/${row.person}`, row.sealed),
  });
  const columns = (one: RegisterEntry) => ({
    state: one.state, category: one.category, reviewed_on: one.reviewedOn, committed_on: one.committedOn, left_on: one.leftOn, cools_off_until: one.coolsOffUntil, cleared_by: one.clearedBy,
    entered_by: one.enteredBy, sealed: sealing.seal(LEVEL, `personnel/${one.person}`, { reviewNo: one.reviewNo, reviewedBy: one.reviewedBy, commitmentNo: one.commitmentNo, leaveReason: one.leaveReason } satisfies Told),
  });
  const noteOf = (row: NoteRow): RegisterNote => ({
    id: row.id, person: row.person, kind: row.kind, on: row.on_day, hours: row.half_hours === null ? null : row.half_hours / 2, enteredBy: row.entered_by, enteredAt: row.entered_at,
    ...sealing.open<{ text: string }>(LEVEL, `personnel-note/${row.id}`, row.sealed),
  });
  const itemOf = (row: ItemRow): HandBackItem => ({
    id: row.id, person: row.person, kind: row.kind, ref: row.ref, listedAt: row.listed_at, returnedAt: row.returned_at, returnedBy: row.returned_by,
    ...sealing.open<{ text: string; note: string | null }>(LEVEL, `hand-back/${row.id}`, row.sealed),
  });
  const sealItem = (id: string, text: string, note: string | null) => sealing.seal(LEVEL, `hand-back/${id}`, { text, note });
  return {
    async get(person) {
      const row = await sql.one<EntryRow>('SELECT * FROM personnel WHERE person = $1', person);
      return row && entryOf(row);
    },
    all: async () => (await sql.all<EntryRow>('SELECT * FROM personnel ORDER BY person')).map(entryOf),
    add: async (one) => insert(sql, 'personnel', { person: one.person, version: one.version, ...columns(one) }),
    async save(one, seenVersion) {
      const values = columns(one);
      const names = Object.keys(values);
      const changed = await sql.run(
        `UPDATE personnel SET ${names.map((name, at) => `${name} = $${String(at + 1)}`).join(', ')}, version = version + 1 WHERE person = $${String(names.length + 1)} AND version = $${String(names.length + 2)}`,
        ...Object.values(values), one.person, seenVersion,
      );
      if (changed !== 1) throw new ArchiveError('E_STALE_VERSION', { person: one.person, seenVersion });
    },
    addNote: async (one) => insert(sql, 'personnel_note', {
      id: one.id, person: one.person, kind: one.kind, on_day: one.on, half_hours: one.hours === null ? null : Math.round(one.hours * 2), entered_by: one.enteredBy, entered_at: one.enteredAt,
      sealed: sealing.seal(LEVEL, `personnel-note/${one.id}`, { text: one.text }),
    }),
    notes: async (person) => (await sql.all<NoteRow>('SELECT * FROM personnel_note WHERE person = $1 ORDER BY on_day DESC, id', person)).map(noteOf),
    async hours(year) {
      const rows = await sql.all<{ person: string; n: number }>("SELECT person, sum(half_hours) AS n FROM personnel_note WHERE kind = 'training' AND substr(on_day, 1, 4) = $1 GROUP BY person", year);
      return new Map(rows.map(({ person, n }) => [person, n / 2]));
    },
    addItem: async (one) => insert(sql, 'hand_back', { id: one.id, person: one.person, kind: one.kind, ref: one.ref, listed_at: one.listedAt, sealed: sealItem(one.id, one.text, one.note) }),
    items: async (person) => (await sql.all<ItemRow>('SELECT * FROM hand_back WHERE person = $1 ORDER BY listed_at, kind, id', person)).map(itemOf),
    async item(id) {
      const row = await sql.one<ItemRow>('SELECT * FROM hand_back WHERE id = $1', id);
      return row && itemOf(row);
    },
    async openItems() {
      const rows = await sql.all<{ person: string; n: number }>('SELECT person, count(*) AS n FROM hand_back WHERE returned_at IS NULL GROUP BY person');
      return new Map(rows.map(({ person, n }) => [person, n]));
    },
    async returnItem(one, by, at, note) {
      const changed = await sql.run('UPDATE hand_back SET returned_at = $1, returned_by = $2, sealed = $3 WHERE id = $4 AND returned_at IS NULL', at, by, sealItem(one.id, one.text, note), one.id);
      if (changed !== 1) throw new ArchiveError('E_STATE_INVALID', { item: one.id });
    },
  };
}
