import type { ListScope, Page, Paged, StoredRecord } from '../../../core/holdings.js';
import type { OpeningDecision, OpeningState } from '../../../core/opening.js';
import type { CalendarDate, Instant, Level } from '../../../core/ports.js';
import type { Sealing } from '../sealing.js';
import { insert, places, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';
import { recordsOf } from './records.js';
import type { HoldRows, RecordRow } from './records.js';

/** One review, of records that get the same decision. */
export interface OpeningReview {
  readonly id: string;
  readonly no: string;
  readonly decision: OpeningDecision;
  readonly deferredUntil: CalendarDate | null;
  readonly state: OpeningState;
  readonly proposedBy: string;
  readonly proposedAt: Instant;
  readonly decidedAt: Instant | null;
  readonly approval: string | null;
  /** Of the words and of the highest record when they were written. */
  readonly level: Level;
  readonly reason: string;
  readonly secrecyReviewNo: string | null;
  readonly version: number;
}
export interface OpeningLine { readonly review: OpeningReview; readonly record: StoredRecord; readonly early: boolean }

export interface OpeningRepository {
  get(id: string): Promise<OpeningReview | undefined>;
  numbered(no: string): Promise<boolean>;
  add(review: OpeningReview, items: readonly { readonly record: string; readonly early: boolean }[]): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(review: OpeningReview, seenVersion: number): Promise<void>;
  items(review: string): Promise<readonly string[]>;
  /** Records of these that a review under way holds. */
  underWay(records: readonly string[]): Promise<ReadonlySet<string>>;
  /** The decision that stands for each of these; absent where none was made. */
  standing(records: readonly string[]): Promise<ReadonlyMap<string, OpeningDecision>>;
  /** Kept records without a decision that still stands, formed on or before the day; oldest first. `visible` is over records. */
  due(visible: ListScope, formedBefore: CalendarDate | null, today: CalendarDate, page: Page): Promise<Paged<StoredRecord>>;
  list(visible: ListScope, filter: { readonly record: string | null; readonly decision: string | null; readonly state: string | null }, page: Page): Promise<Paged<OpeningLine>>;
}

interface Row { id: string; no: string; decision: OpeningDecision; deferred_until: string | null; state: OpeningState; proposed_by: string; proposed_at: string; decided_at: string | null; approval: string | null; level: Level; sealed: Buffer; version: number }
interface Told { readonly reason: string; readonly secrecyReviewNo: string | null }

const KEPT = "record.state IN ('filed','transferred','retained_copy','appraised')";
/** A decision stands until another is approved for the same record. */
const LATEST = "opening_review.decided_at = (SELECT max(later.decided_at) FROM opening_item AS again JOIN opening_review AS later ON later.id = again.review AND later.state = 'approved' WHERE again.record = opening_item.record)";

export function openingRepository(sql: Sql, sealing: Sealing, hold?: HoldRows): OpeningRepository {
  const of = (row: Row): OpeningReview => ({
    id: row.id, no: row.no, decision: row.decision, deferredUntil: row.deferred_until, state: row.state, proposedBy: row.proposed_by, proposedAt: row.proposed_at, decidedAt: row.decided_at, approval: row.approval, level: row.level,
    version: row.version, ...sealing.open<Told>(row.level, `opening/${row.id}`, row.sealed),
  });
  const columns = (one: OpeningReview): Record<string, SqlValue> => ({
    state: one.state, decided_at: one.decidedAt, approval: one.approval, level: one.level, sealed: sealing.seal(one.level, `opening/${one.id}`, { reason: one.reason, secrecyReviewNo: one.secrecyReviewNo } satisfies Told),
  });
  return {
    async get(id) {
      const row = await sql.one<Row>('SELECT * FROM opening_review WHERE id = $1', id);
      return row && of(row);
    },
    numbered: async (no) => (await sql.one('SELECT 1 AS there FROM opening_review WHERE no = $1', no)) !== undefined,
    async add(one, items) {
      await insert(sql, 'opening_review', { id: one.id, no: one.no, decision: one.decision, deferred_until: one.deferredUntil, proposed_by: one.proposedBy, proposed_at: one.proposedAt, version: one.version, ...columns(one) });
      for (const [position, { record, early }] of items.entries()) await insert(sql, 'opening_item', { review: one.id, record, position, early: early ? 1 : 0 });
    },
    save: async (one, seenVersion) => saveVersion(sql, 'opening_review', one.id, seenVersion, columns(one)),
    items: async (review) => (await sql.all<{ record: string }>('SELECT record FROM opening_item WHERE review = $1 ORDER BY position', review)).map(({ record }) => record),
    async underWay(records) {
      if (records.length === 0) return new Set();
      const rows = await sql.all<{ record: string }>(`SELECT record FROM opening_item JOIN opening_review ON opening_review.id = opening_item.review WHERE opening_review.state = 'proposed' AND record IN (${places(records.length)})`, ...records);
      return new Set(rows.map(({ record }) => record));
    },
    async standing(records) {
      if (records.length === 0) return new Map();
      const rows = await sql.all<{ record: string; decision: OpeningDecision }>(
        `SELECT opening_item.record, opening_review.decision FROM opening_item JOIN opening_review ON opening_review.id = opening_item.review WHERE opening_review.state = 'approved' AND ${LATEST} AND opening_item.record IN (${places(records.length)})`, ...records,
      );
      return new Map(rows.map(({ record, decision }) => [record, decision]));
    },
    async due(visible, formedBefore, today, { offset, limit }) {
      const values: SqlValue[] = [...(visible.values as readonly SqlValue[])];
      const place = (value: SqlValue): string => `$${String(values.push(value))}`;
      const where = [
        visible.sql, KEPT,
        `NOT EXISTS (SELECT 1 FROM opening_item JOIN opening_review ON opening_review.id = opening_item.review WHERE opening_item.record = record.id AND (opening_review.state = 'proposed'
          OR (opening_review.state = 'approved' AND (opening_review.decision <> 'deferred' OR opening_review.deferred_until > ${place(today)}) AND ${LATEST})))`,
      ];
      const formed = "coalesce(record.document_date, record.archival_year || '-12-31')";
      if (formedBefore !== null) where.push(`${formed} <= ${place(formedBefore)}`);
      const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n FROM record WHERE ${where.join(' AND ')}`, ...values))?.n ?? 0;
      const rows = await sql.all<RecordRow>(`SELECT record.* FROM record WHERE ${where.join(' AND ')} ORDER BY ${formed}, record.id LIMIT ${place(limit)} OFFSET ${place(offset)}`, ...values);
      return { rows: await recordsOf(sql, sealing, rows, hold), total };
    },
    async list(visible, { record, decision, state }, { offset, limit }) {
      const values: SqlValue[] = [...(visible.values as readonly SqlValue[])];
      const place = (value: SqlValue): string => `$${String(values.push(value))}`;
      const where = [visible.sql, ...(record === null ? [] : [`record.id = ${place(record)}`]), ...(decision === null ? [] : [`opening_review.decision = ${place(decision)}`]), ...(state === null ? [] : [`opening_review.state = ${place(state)}`])];
      const from = `FROM opening_item JOIN opening_review ON opening_review.id = opening_item.review JOIN record ON record.id = opening_item.record WHERE ${where.join(' AND ')}`;
      const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n ${from}`, ...values))?.n ?? 0;
      const lines = await sql.all<{ review: string; record: string; early: number }>(`SELECT opening_item.review, opening_item.record, opening_item.early ${from} ORDER BY opening_review.proposed_at DESC, opening_item.position LIMIT ${place(limit)} OFFSET ${place(offset)}`, ...values);
      if (lines.length === 0) return { rows: [], total };
      const [ids, reviews] = [[...new Set(lines.map((one) => one.record))], [...new Set(lines.map((one) => one.review))]];
      const records = new Map((await recordsOf(sql, sealing, await sql.all<RecordRow>(`SELECT * FROM record WHERE id IN (${places(ids.length)})`, ...ids), hold)).map((one) => [one.id, one]));
      const held = new Map((await sql.all<Row>(`SELECT * FROM opening_review WHERE id IN (${places(reviews.length)})`, ...reviews)).map((row) => [row.id, row]));
      return {
        total, rows: lines.flatMap((line) => {
          const [one, row] = [records.get(line.record), held.get(line.review)];
          return one === undefined || row === undefined ? [] : [{ review: of(row), record: one, early: line.early === 1 }];
        }),
      };
    },
  };
}
