import { ArchiveError } from '../../../core/errors.js';
import type { Description } from '../../../core/description.js';
import type { ListScope, Page, Paged, ProcessEvent, RecordQuery, RecordRepository, ResourceType, StoredRecord } from '../../../core/holdings.js';
import type { Level, TargetScope } from '../../../core/ports.js';
import type { Sealing } from '../sealing.js';
import { insert, places, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

export interface RecordRow {
  serial: number; id: string; electronic_record_code: string; batch: string; state: string; level: Level; fonds: string; department: string; owner: string;
  category: string | null; archival_year: number | null; retention: string | null; org_or_function: string | null; schedule_item: string | null;
  scheme: string | null; document_date: string | null; completed_on: string | null; series: string | null; sequence: number | null; archival_code: string | null;
  code_profile: string | null; code_status: StoredRecord['codeStatus']; classification: string | null; mark: string | null; filing_deadline: string | null;
  filed_at: string | null; transfer_due_on: string | null; retention_expires_on: string | null; verdict: StoredRecord['verdict'];
  metadata_digest: string | null; sealed: Buffer; captured_at: string; version: number;
  current_retention: string | null; legal_hold: number | null; appraisal: string | null; destruction_order: string | null; transfer_batch: string | null; retain_until: string | null; resource_type: ResourceType;
}

interface ScopeRow { record: string; kind: 'person' | 'department' | 'request' | 'compartment'; ref: string }

const columns = (record: StoredRecord, sealing: Sealing): Record<string, SqlValue> => ({
  electronic_record_code: record.electronicRecordCode, batch: record.batch, state: record.state, level: record.level, fonds: record.fonds,
  department: record.department, owner: record.owner, category: record.categoryCode, archival_year: record.archivalYear, retention: record.retentionCode,
  org_or_function: record.orgOrFunction, schedule_item: record.scheduleItemId, scheme: record.scheme, document_date: record.documentDate,
  completed_on: record.completedOn, series: record.series, sequence: record.sequence, archival_code: record.archivalCode, code_profile: record.codeProfile,
  code_status: record.codeStatus, classification: record.classificationId, mark: record.mark, filing_deadline: record.filingDeadline,
  filed_at: record.filedAt, transfer_due_on: record.transferDueOn, retention_expires_on: record.retentionExpiresOn, verdict: record.verdict,
  metadata_digest: record.metadataDigest, sealed: sealing.seal(record.level, `record/${record.id}`, record.description), captured_at: record.capturedAt,
  current_retention: record.currentRetention, legal_hold: record.legalHold ? 1 : null, appraisal: record.appraisal, destruction_order: record.destructionOrder,
  transfer_batch: record.transferBatch, retain_until: record.retainUntil,
  // What nobody described is as it was captured: a trigger knows scans.
  ...(isResourceType(record.description.resourceType) ? { resource_type: record.description.resourceType } : {}),
});
const isResourceType = (text: string | undefined): text is ResourceType => text === 'born_digital' || text === 'digitized';

/** A row as a record; the sealed description is opened, so the box must be unlocked. */
export function recordOf(row: RecordRow, scope: TargetScope, sealing: Sealing): StoredRecord {
  return {
    id: row.id, resourceType: row.resource_type, electronicRecordCode: row.electronic_record_code, batch: row.batch, state: row.state, level: row.level, fonds: row.fonds,
    department: row.department, owner: row.owner, categoryCode: row.category, archivalYear: row.archival_year, retentionCode: row.retention,
    orgOrFunction: row.org_or_function, scheduleItemId: row.schedule_item, scheme: row.scheme, documentDate: row.document_date, completedOn: row.completed_on,
    series: row.series, sequence: row.sequence, archivalCode: row.archival_code, codeProfile: row.code_profile, codeStatus: row.code_status, classificationId: row.classification,
    mark: row.mark, filingDeadline: row.filing_deadline, filedAt: row.filed_at, transferDueOn: row.transfer_due_on,
    retentionExpiresOn: row.retention_expires_on, verdict: row.verdict, metadataDigest: row.metadata_digest, capturedAt: row.captured_at,
    currentRetention: row.current_retention, legalHold: row.legal_hold !== null, appraisal: row.appraisal, destructionOrder: row.destruction_order,
    transferBatch: row.transfer_batch, retainUntil: row.retain_until, version: row.version, scope, description: sealing.open<Description>(row.level, `record/${row.id}`, row.sealed),
  };
}

const SCOPE_PARTS = { person: 'persons', department: 'departments', request: 'requests', compartment: 'compartments' } as const;

/** 知悉范围 of many records at once. */
export async function scopesOf(sql: Sql, records: readonly string[]): Promise<ReadonlyMap<string, TargetScope>> {
  const scopes = new Map<string, Record<(typeof SCOPE_PARTS)[ScopeRow['kind']], string[]>>();
  for (const id of records) scopes.set(id, { persons: [], departments: [], requests: [], compartments: [] });
  if (records.length > 0) {
    const rows = await sql.all<ScopeRow>(`SELECT record, kind, ref FROM record_scope WHERE record IN (${places(records.length)}) ORDER BY kind, ref`, ...records);
    for (const row of rows) scopes.get(row.record)?.[SCOPE_PARTS[row.kind]].push(row.ref);
  }
  return scopes;
}

const NO_SCOPE: TargetScope = { persons: [], departments: [] };

/** Opens rows in bulk; a statement binds at most this many ids. */
const BULK = 500;

/** Holds rows against what the box signed for them, before anything sealed is opened. @throws ArchiveError `E_MARK_BINDING` */
export type HoldRows = (records: readonly string[], listed: boolean) => Promise<void>;
const UNHELD: HoldRows = async () => Promise.resolve();

export async function recordsOf(sql: Sql, sealing: Sealing, rows: readonly RecordRow[], hold: HoldRows = UNHELD, listed = true): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for (let from = 0; from < rows.length; from += BULK) {
    const part = rows.slice(from, from + BULK);
    await hold(part.map((row) => row.id), listed);
    const scopes = await scopesOf(sql, part.map((row) => row.id));
    records.push(...part.map((row) => recordOf(row, scopes.get(row.id) ?? NO_SCOPE, sealing)));
  }
  return records;
}

async function writeScope(sql: Sql, id: string, scope: TargetScope): Promise<void> {
  await sql.run('DELETE FROM record_scope WHERE record = $1', id);
  for (const [kind, part] of Object.entries(SCOPE_PARTS)) {
    for (const ref of scope[part] ?? []) await insert(sql, 'record_scope', { record: id, kind, ref });
  }
}

const EQUAL_COLUMNS = {
  categoryCode: 'category', archivalYear: 'archival_year', retentionCode: 'retention', fonds: 'fonds', department: 'department', level: 'level', state: 'state',
  orgOrFunction: 'org_or_function',
} as const satisfies Record<keyof RecordQuery['equals'], string>;

const ORDERS = {
  newest: 'record.document_date DESC, record.serial DESC',
  oldest: 'record.document_date, record.serial',
  code: 'record.fonds, record.category, record.archival_year, record.retention, record.org_or_function, record.sequence, record.serial',
} as const;

/** The index that holds the rows of one filter in the order of their dates; the first that is asked for is walked, the others are checked on the way. */
const WALKS = [
  ['archivalYear', 'record_year'], ['department', 'record_department'], ['level', 'record_level'], ['retentionCode', 'record_retention'], ['categoryCode', 'record_category'],
] as const satisfies readonly (readonly [keyof RecordQuery['equals'], string])[];

/** Codes that begin alike lie together in this index, in the order of the codes; no two are the same. */
const BY_CODE = { walk: 'INDEXED BY record_coded', order: 'record.archival_code' };
/** Rows that a finder names, asked of this index instead of the rows themselves. */
const BY_SERIAL = 'INDEXED BY record_serial';

function walkOf(query: RecordQuery): string {
  if (query.resourceType === 'digitized' && query.sort !== 'code') return 'INDEXED BY record_digitized';
  if (query.sort === 'code') return `INDEXED BY ${query.equals.archivalYear === undefined ? 'record_code' : 'record_year_code'}`;
  const asked = WALKS.find(([key]) => query.equals[key] !== undefined);
  return `INDEXED BY ${asked === undefined ? 'record_newest' : asked[1]}`;
}

/** Counting every hit of a common word among a million takes seconds and tells nobody anything: past this, 「多于」. */
const COUNTED = 2000;
/** What finds more than this is common. A code goes with its year, so rows that begin alike lie together in time, and walking to them is far: more of them are gathered first. */
export interface Commonness { readonly word: number; readonly code: number }
const COMMON: Commonness = { word: 10_000, code: 100_000 };

/** Words are looked for under each level's own key, so a session cannot even form those above it. Ordered by date or number: ranking would leak. */
async function searchRecords(sql: Sql, sealing: Sealing, hold: HoldRows, common: Commonness, query: RecordQuery, page: Page): Promise<Paged<StoredRecord>> {
  const values: SqlValue[] = [...(query.visible.values as readonly SqlValue[])];
  const wheres = [query.visible.sql];
  const bind = (value: SqlValue): string => `$${String(values.push(value))}`;
  for (const [key, column] of Object.entries(EQUAL_COLUMNS)) {
    const value = query.equals[key as keyof typeof EQUAL_COLUMNS];
    if (value !== undefined) wheres.push(`record.${column} = ${bind(value)}`);
  }
  // In the text, not bound: so the index of the digitised answers it.
  if (query.resourceType !== undefined) wheres.push(query.resourceType === 'digitized' ? "record.resource_type = 'digitized'" : "record.resource_type = 'born_digital'");
  if (query.from !== null) wheres.push(`record.document_date >= ${bind(query.from)}`);
  if (query.until !== null) wheres.push(`record.document_date <= ${bind(query.until)}`);
  const inOrderOfCodes = query.sort === 'code' && query.codePrefix !== null;
  const finders: Finder[] = [];
  if (query.codePrefix !== null) {
    // Every code that begins so, as a range: an index answers it.
    const range = (first: string, last: string): string => `record.archival_code >= ${first} AND record.archival_code < ${last}`;
    finders.push({
      index: BY_CODE.walk, common: inOrderOfCodes ? Infinity : common.code, values: [query.codePrefix, `${query.codePrefix}\u{10FFFF}`],
      found: (first, last) => `SELECT 1 FROM record WHERE ${range(first, last)}`, gathers: range, asks: range,
    });
  }
  if (query.words !== null) {
    const phrase = (level: Level, words: readonly string[]): string => `"${sealing.tokens(level, words).join(' ')}"`;
    const forLevel = (level: Level): string =>
      (query.words ?? []).map((phrases) => `(${phrases.map((words) => phrase(level, words)).join(' AND ')})`).join(' OR ');
    const found = (match: string): string => `SELECT rowid FROM search WHERE search MATCH ${match}`;
    finders.push({
      index: BY_SERIAL, common: common.word, values: [query.levels.map(forLevel).join(' OR ')],
      found, gathers: (match) => `record.serial IN (${found(match)} LIMIT ${String(common.word + 1)})`,
      asks: (match) => `EXISTS (SELECT 1 FROM search WHERE search.rowid = record.serial AND search MATCH ${match})`,
    });
  }
  // What finds few is asked first and its rows are put in order; what finds many is asked of each row as the list is walked in its order.
  let inexact = false;
  let [index, counted] = [walkOf(query), walkOf(query)];
  const [pages, counts] = [[...wheres], [...wheres]];
  for (const finder of finders) {
    const many = finder.common !== Infinity && ((await sql.one<{ n: number }>(`SELECT count(*) AS n FROM (${finder.found('$1', '$2')} LIMIT ${String(finder.common + 1)})`, ...finder.values))?.n ?? 0) > finder.common;
    const [first = '', second = ''] = finder.values.map((value) => bind(value));
    pages.push(many ? finder.asks(first, second) : finder.gathers(first, second));
    counts.push(finder.gathers(first, second));
    if (!many) index = finder.index;
    counted = finder.index;
    inexact ||= many;
  }
  const order = inOrderOfCodes ? BY_CODE.order : ORDERS[query.sort];
  // Keys are put in order first and rows fetched after: a sealed description is not carried through a sort.
  const rows = await sql.all<RecordRow>(
    `SELECT record.* FROM record JOIN (SELECT record.serial AS at FROM record ${index} WHERE ${pages.join(' AND ')} ORDER BY ${order} LIMIT ${bind(page.limit)} OFFSET ${bind(page.offset)}) AS chosen
     ON record.serial = chosen.at ORDER BY ${order}`, ...values,
  );
  const count = await sql.one<{ n: number }>(`SELECT count(*) AS n FROM (SELECT 1 FROM record ${counted} WHERE ${counts.join(' AND ')} LIMIT ${String(COUNTED + 1)})`, ...values.slice(0, -2));
  const total = Math.max(count?.n ?? 0, rows.length === 0 ? 0 : page.offset + rows.length);
  return { rows: await recordsOf(sql, sealing, rows, hold), total: total > COUNTED && page.offset + rows.length <= COUNTED ? COUNTED : total, more: total > COUNTED || inexact };
}

/** A way to rows other than the order of the list, with the index that answers it. */
interface Finder {
  readonly index: string;
  /** More than this are walked to, not gathered. */
  readonly common: number;
  readonly values: readonly string[];
  /** What it finds, to see whether that is much. */
  found(first: string, second: string): string;
  /** The condition that leads to its rows. */
  gathers(first: string, second: string): string;
  /** The condition asked of a row that the list came to. */
  asks(first: string, second: string): string;
}

/** The records of a batch that a person may see; the places of `visible` are numbered from 1. */
export function within(batch: string, visible: ListScope | undefined): { readonly where: string; readonly values: readonly SqlValue[] } {
  const values = (visible?.values ?? []) as readonly SqlValue[];
  return { where: `${visible?.sql ?? '1 = 1'} AND record.batch = $${String(values.length + 1)}`, values: [...values, batch] };
}

export function recordRepository(sql: Sql, sealing: Sealing, hold: HoldRows = UNHELD, common: Commonness = COMMON): RecordRepository {
  return {
    async get(id) {
      const row = await sql.one<RecordRow>('SELECT * FROM record WHERE id = $1', id);
      // A row that is gone may still be spoken of by its binding.
      if (row === undefined) await hold([id], false);
      return row && (await recordsOf(sql, sealing, [row], hold, false))[0];
    },
    async ofBatch(batch, visible) {
      const { where, values } = within(batch, visible);
      return recordsOf(sql, sealing, await sql.all<RecordRow>(`SELECT record.* FROM record WHERE ${where} ORDER BY serial`, ...values), hold);
    },
    async pageOfBatch(batch, state, { offset, limit }, visible) {
      const inBatch = within(batch, visible);
      const where = state === null ? `${inBatch.where} AND record.state <> 'withdrawn'` : `${inBatch.where} AND record.state = $${String(inBatch.values.length + 1)}`;
      const values = state === null ? inBatch.values : [...inBatch.values, state];
      const rows = await sql.all<RecordRow>(
        `SELECT record.* FROM record WHERE ${where} ORDER BY serial LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset,
      );
      const count = await sql.one<{ n: number }>(`SELECT count(*) AS n FROM record WHERE ${where}`, ...values);
      return { rows: await recordsOf(sql, sealing, rows, hold), total: count?.n ?? 0 };
    },
    async statesOfBatch(batch, visible) {
      const { where, values } = within(batch, visible);
      const rows = await sql.all<{ state: string; n: number }>(`SELECT record.state, count(*) AS n FROM record WHERE ${where} GROUP BY record.state`, ...values);
      return Object.fromEntries(rows.map((row) => [row.state, row.n]));
    },
    async add(record) {
      await insert(sql, 'record', { id: record.id, version: record.version, ...columns(record, sealing) });
      await writeScope(sql, record.id, record.scope);
    },
    async save(record, seenVersion) {
      await saveVersion(sql, 'record', record.id, seenVersion, columns(record, sealing));
      await writeScope(sql, record.id, record.scope);
    },
    async lastSequence(series) {
      const row = await sql.one<{ last: number | null }>('SELECT max(last) AS last FROM (SELECT max(sequence) AS last FROM record WHERE series = $1 UNION ALL SELECT max(sequence) FROM void_number WHERE series = $1)', series);
      return row?.last ?? 0;
    },
    async indexWords(record, words) {
      const row = await sql.one<{ serial: number }>('SELECT serial FROM record WHERE id = $1', record.id);
      if (!row) throw new ArchiveError('E_NOT_FOUND', { record: record.id });
      await sql.run('DELETE FROM search WHERE rowid = $1', row.serial);
      if (words.length > 0) await sql.run('INSERT INTO search (rowid, tokens) VALUES ($1, $2)', row.serial, sealing.tokens(record.level, words).join(' '));
      // Words recognised from its scans were in the row that went: they are put back by the room of scans.
      await sql.run('UPDATE scan_file SET indexed = 0 WHERE indexed = 1 AND file IN (SELECT id FROM computer_file WHERE record = $1)', record.id);
    },
    search: async (query, page) => searchRecords(sql, sealing, hold, common, query, page),
    /** What was said of an act (why it was sent back, which fields) is as telling as the record, and rests sealed at its level. */
    async events(record) {
      const rows = await sql.all<{ activity: string; at: string; person: string; duty: string | null; mandate: string | null; level: Level; sealed: Buffer }>(
        'SELECT activity, at, person, duty, mandate, level, sealed FROM process_event WHERE record = $1 ORDER BY id', record,
      );
      return rows.map(({ level, sealed, ...row }): ProcessEvent => ({ ...row, detail: sealing.open<Record<string, unknown>>(level, `event/${record}`, sealed) }));
    },
    async addEvent(record, event) {
      const row = await sql.one<{ level: Level }>('SELECT level FROM record WHERE id = $1', record);
      if (!row) throw new ArchiveError('E_NOT_FOUND', { record });
      await insert(sql, 'process_event', {
        record, activity: event.activity, at: event.at, person: event.person, duty: event.duty, mandate: event.mandate, level: row.level,
        sealed: sealing.seal(row.level, `event/${record}`, event.detail),
      });
    },
  };
}
