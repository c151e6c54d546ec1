import type { AppraisalBatch, AppraisalState, Opinion, PanelMember } from '../../../core/appraisal.js';
import { ArchiveError } from '../../../core/errors.js';
import type { ListScope, Page, Paged, StoredRecord } from '../../../core/holdings.js';
import type { CalendarDate, Instant, Level } from '../../../core/ports.js';
import type { AppraisalBasis, PanelPart } from '../../../policies/schemas/appraisal.js';
import type { Sealing } from '../sealing.js';
import { insert, places, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';
import { recordsOf } from './records.js';
import type { HoldRows, RecordRow } from './records.js';

/** The words of a batch, sealed under the highest level of what lay in it when they were written. */
export interface AppraisalTold {
  readonly report: { readonly process: string; readonly conclusion: string; readonly by: string; readonly at: Instant } | null;
  readonly cancelled: string | null;
}

export interface StoredAppraisal { readonly it: AppraisalBatch; readonly level: Level; readonly told: AppraisalTold; readonly version: number }

/** One item of a batch: the conclusion stands only once the panel's opinions were put together. */
export interface AppraisalItem {
  readonly record: string;
  readonly position: number;
  readonly conclusion: Opinion | null;
  readonly newRetention: string | null;
  readonly approvedAt: Instant | null;
}

/** What one panel member says of one item; `reason` is null where it rests above the reader. */
export interface StoredOpinion {
  readonly batch: string;
  readonly record: string;
  readonly by: string;
  readonly opinion: Opinion;
  readonly newRetention: string | null;
  readonly at: Instant;
  readonly level: Level;
  readonly reason: string;
  readonly version: number;
}

export interface StoredSignature {
  readonly person: string;
  readonly at: Instant;
  readonly level: Level;
  readonly certificate: string;
  readonly certificateSerial: string;
  readonly token: string;
  readonly signature: string;
  /** Canonical JSON that was signed. */
  readonly statement: string;
}

/** 重新划定保管期限, one line of a record's history. */
export interface RetentionChange {
  readonly record: string;
  readonly at: Instant;
  readonly by: string;
  readonly batch: string;
  readonly approval: string | null;
  readonly from: { readonly code: string; readonly expiresOn: CalendarDate | null };
  readonly to: { readonly code: string; readonly expiresOn: CalendarDate | null };
}

/** The last approved conclusion about a record, whatever became of it since. */
export interface Concluded { readonly batch: string; readonly number: string; readonly opinion: Opinion; readonly approvedAt: Instant }

export interface AppraisalRepository {
  get(id: string): Promise<StoredAppraisal | undefined>;
  add(one: StoredAppraisal, records: readonly string[]): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(one: StoredAppraisal, seenVersion: number): Promise<void>;
  /** 鉴定工作报告 of the batch, the last one made; no page has to be read again for it. */
  reported(id: string, report: string): Promise<void>;
  numbered(number: string): Promise<boolean>;
  /** Batches of which this person may see some record; the newest first. `visible` is over records. */
  list(visible: ListScope, filter: { readonly open: boolean }, page: Page): Promise<Paged<StoredAppraisal>>;
  /** Items whose records are visible, in order. */
  items(batch: string, visible: ListScope | null): Promise<readonly AppraisalItem[]>;
  conclude(batch: string, items: readonly (Pick<AppraisalItem, 'record' | 'conclusion' | 'newRetention'>)[], approvedAt: Instant | null): Promise<void>;
  opinions(batch: string, records: readonly string[]): Promise<readonly StoredOpinion[]>;
  /** @throws ArchiveError E_STALE_VERSION; 0 is an opinion not yet given */
  opine(opinion: StoredOpinion, seenVersion: number): Promise<void>;
  signatures(batch: string): Promise<readonly StoredSignature[]>;
  sign(batch: string, signature: StoredSignature): Promise<void>;
  unsign(batch: string): Promise<void>;
  /** 期满清单: visible records whose period in force has ended by a day, the longest due first. */
  due(visible: ListScope, asOf: CalendarDate, fonds: string | null, page: Page): Promise<Paged<StoredRecord>>;
  /** The batch under way that holds each of these records. */
  underWay(records: readonly string[]): Promise<ReadonlyMap<string, { readonly batch: string; readonly number: string }>>;
  concluded(records: readonly string[]): Promise<ReadonlyMap<string, Concluded>>;
  /** Visible records that an approved appraisal condemned and that still wait for their destruction. */
  condemned(visible: ListScope, page: Page): Promise<Paged<StoredRecord>>;
  changeRetention(change: RetentionChange): Promise<void>;
  retentionHistory(record: string): Promise<readonly RetentionChange[]>;
  /** 保密员 and 定密责任人 agreed to the destruction of what is still secret, under the appraisal in force. */
  consent(record: string, batch: string, approval: string, at: Instant): Promise<void>;
  consents(records: readonly string[]): Promise<ReadonlySet<string>>;
}

interface Row {
  id: string; number: string; fonds: string; state: AppraisalState; as_of: string; basis: AppraisalBasis; opened_by: string; opened_at: string; convened_by: string | null;
  approval: string | null; report: string | null; closed_at: string | null; level: Level; sealed: Buffer; version: number;
}
interface OpinionRow { batch: string; record: string; person: string; opinion: Opinion; new_retention: string | null; at: string; level: Level; sealed: Buffer; version: number }
interface SignatureRow { person: string; at: string; level: Level; sealed: Buffer }
interface ChangeRow { record: string; at: string; by: string; batch: string; approval: string | null; from_code: string; from_expires: string | null; to_code: string; to_expires: string | null }

const OPEN = "('drafted','opinions','reported','countersigned','submitted')";
const AT_ONCE = 400;

async function inParts<T>(ids: readonly string[], work: (part: readonly string[]) => Promise<readonly T[]>): Promise<T[]> {
  const found: T[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE) found.push(...await work(ids.slice(from, from + AT_ONCE)));
  return found;
}

export function appraisalRepository(sql: Sql, sealing: Sealing, hold?: HoldRows): AppraisalRepository {
  const context = (id: string): string => `appraisal/${id}`;
  const opinionContext = (batch: string, record: string, person: string): string => `appraisal-opinion/${batch}/${record}/${person}`;
  const signatureContext = (batch: string, person: string): string => `appraisal-signature/${batch}/${person}`;
  const columns = ({ it, level, told }: StoredAppraisal): Record<string, SqlValue> => ({
    state: it.state, convened_by: it.convenedBy, approval: it.approval, report: it.report, closed_at: it.closedAt, level, sealed: sealing.seal(level, context(it.id), told),
  });
  const membersOf = async (batch: string): Promise<PanelMember[]> =>
    sql.all<{ person: string; part: PanelPart }>('SELECT person, part FROM appraisal_member WHERE batch = $1 ORDER BY position', batch);
  async function opened(row: Row): Promise<StoredAppraisal> {
    return {
      it: {
        id: row.id, number: row.number, fonds: row.fonds, state: row.state, asOf: row.as_of, basis: row.basis, openedBy: row.opened_by, openedAt: row.opened_at, convenedBy: row.convened_by,
        members: await membersOf(row.id), approval: row.approval, report: row.report, closedAt: row.closed_at,
      },
      level: row.level, told: sealing.open<AppraisalTold>(row.level, context(row.id), row.sealed), version: row.version,
    };
  }
  const pageOf = async (visible: ListScope, where: string, order: string, values: readonly SqlValue[], { offset, limit }: Page): Promise<Paged<StoredRecord>> => {
    const all = [...(visible.values as readonly SqlValue[]), ...values];
    const whole = `${visible.sql} AND ${where}`;
    const rows = await sql.all<RecordRow>(`SELECT record.* FROM record WHERE ${whole} ORDER BY ${order} LIMIT $${String(all.length + 1)} OFFSET $${String(all.length + 2)}`, ...all, limit, offset);
    const count = await sql.one<{ n: number }>(`SELECT count(*) AS n FROM record WHERE ${whole}`, ...all);
    return { rows: await recordsOf(sql, sealing, rows, hold), total: count?.n ?? 0 };
  };

  return {
    async get(id) {
      const row = await sql.one<Row>('SELECT * FROM appraisal WHERE id = $1', id);
      return row && opened(row);
    },
    async add(one, records) {
      const { it } = one;
      await insert(sql, 'appraisal', {
        id: it.id, number: it.number, fonds: it.fonds, as_of: it.asOf, basis: it.basis, opened_by: it.openedBy, opened_at: it.openedAt, version: one.version, ...columns(one),
      });
      for (const [position, { person, part }] of it.members.entries()) await insert(sql, 'appraisal_member', { batch: it.id, person, part, position });
      for (const [position, record] of records.entries()) await insert(sql, 'appraisal_item', { batch: it.id, record, position });
    },
    save: async (one, seenVersion) => saveVersion(sql, 'appraisal', one.it.id, seenVersion, columns(one)),
    reported: async (id, report) => { await sql.run('UPDATE appraisal SET report = $1 WHERE id = $2', report, id); },
    numbered: async (number) => (await sql.one('SELECT 1 AS there FROM appraisal WHERE number = $1', number)) !== undefined,
    async list(visible, { open }, { offset, limit }) {
      const values = visible.values as readonly SqlValue[];
      const where = `EXISTS (SELECT 1 FROM appraisal_item JOIN record ON record.id = appraisal_item.record WHERE appraisal_item.batch = appraisal.id AND ${visible.sql})${open ? ` AND appraisal.state IN ${OPEN}` : ''}`;
      const rows = await sql.all<Row>(
        `SELECT * FROM appraisal WHERE ${where} ORDER BY opened_at DESC, number LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset,
      );
      const count = await sql.one<{ n: number }>(`SELECT count(*) AS n FROM appraisal WHERE ${where}`, ...values);
      return { rows: await Promise.all(rows.map(opened)), total: count?.n ?? 0 };
    },
    async items(batch, visible) {
      const values = (visible?.values ?? []) as readonly SqlValue[];
      const rows = await sql.all<{ record: string; position: number; conclusion: Opinion | null; new_retention: string | null; approved_at: string | null }>(
        `SELECT appraisal_item.* FROM appraisal_item JOIN record ON record.id = appraisal_item.record
         WHERE ${visible?.sql ?? '1 = 1'} AND appraisal_item.batch = $${String(values.length + 1)} ORDER BY appraisal_item.position`, ...values, batch,
      );
      return rows.map((row) => ({ record: row.record, position: row.position, conclusion: row.conclusion, newRetention: row.new_retention, approvedAt: row.approved_at }));
    },
    async conclude(batch, items, approvedAt) {
      for (const { record, conclusion, newRetention } of items) {
        await sql.run('UPDATE appraisal_item SET conclusion = $1, new_retention = $2, approved_at = $3 WHERE batch = $4 AND record = $5', conclusion, newRetention, approvedAt, batch, record);
      }
    },
    async opinions(batch, records) {
      const rows = await inParts(records, async (part) => sql.all<OpinionRow>(`SELECT * FROM appraisal_opinion WHERE batch = $1 AND record IN (${places(part.length, 2)}) ORDER BY record, at, person`, batch, ...part));
      return rows.map((row) => ({
        batch: row.batch, record: row.record, by: row.person, opinion: row.opinion, newRetention: row.new_retention, at: row.at, level: row.level, version: row.version,
        reason: sealing.open<{ reason: string }>(row.level, opinionContext(row.batch, row.record, row.person), row.sealed).reason,
      }));
    },
    async opine(one, seenVersion) {
      const sealed = sealing.seal(one.level, opinionContext(one.batch, one.record, one.by), { reason: one.reason });
      const changed = seenVersion === 0
        ? await sql.run(
          'INSERT OR IGNORE INTO appraisal_opinion (batch, record, person, opinion, new_retention, at, level, sealed, version) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,1)',
          one.batch, one.record, one.by, one.opinion, one.newRetention, one.at, one.level, sealed,
        )
        : await sql.run(
          'UPDATE appraisal_opinion SET opinion = $1, new_retention = $2, at = $3, level = $4, sealed = $5, version = version + 1 WHERE batch = $6 AND record = $7 AND person = $8 AND version = $9',
          one.opinion, one.newRetention, one.at, one.level, sealed, one.batch, one.record, one.by, seenVersion,
        );
      if (changed !== 1) throw new ArchiveError('E_STALE_VERSION', { table: 'appraisal_opinion', record: one.record, seenVersion });
    },
    async signatures(batch) {
      const rows = await sql.all<SignatureRow>('SELECT person, at, level, sealed FROM appraisal_signature WHERE batch = $1 ORDER BY at, person', batch);
      return rows.map(({ sealed, ...row }) => ({ ...row, ...sealing.open<Omit<StoredSignature, 'person' | 'at' | 'level'>>(row.level, signatureContext(batch, row.person), sealed) }));
    },
    async sign(batch, { person, at, level, ...told }) {
      await insert(sql, 'appraisal_signature', { batch, person, at, level, sealed: sealing.seal(level, signatureContext(batch, person), told) });
    },
    unsign: async (batch) => { await sql.run('DELETE FROM appraisal_signature WHERE batch = $1', batch); },
    due: async (visible, asOf, fonds, page) => {
      const from = visible.values.length;
      return pageOf(
        visible, `record.state IN ('filed','retained_copy') AND record.retention_expires_on <= $${String(from + 1)}${fonds === null ? '' : ` AND record.fonds = $${String(from + 2)}`}`,
        'record.retention_expires_on, record.archival_code, record.serial', fonds === null ? [asOf] : [asOf, fonds], page,
      );
    },
    async underWay(records) {
      const rows = await inParts(records, async (part) => sql.all<{ record: string; batch: string; number: string }>(
        `SELECT appraisal_item.record, appraisal.id AS batch, appraisal.number FROM appraisal_item JOIN appraisal ON appraisal.id = appraisal_item.batch
         WHERE appraisal_item.record IN (${places(part.length)}) AND appraisal.state IN ${OPEN}`, ...part,
      ));
      return new Map(rows.map(({ record, ...rest }) => [record, rest]));
    },
    async concluded(records) {
      const rows = await inParts(records, async (part) => sql.all<Concluded & { record: string }>(
        `SELECT appraisal_item.record, appraisal.id AS batch, appraisal.number, appraisal_item.conclusion AS opinion, appraisal_item.approved_at AS approvedAt
         FROM appraisal_item JOIN appraisal ON appraisal.id = appraisal_item.batch
         WHERE appraisal_item.record IN (${places(part.length)}) AND appraisal_item.approved_at IS NOT NULL AND appraisal_item.conclusion IS NOT NULL ORDER BY appraisal_item.approved_at`, ...part,
      ));
      return new Map(rows.map(({ record, ...rest }) => [record, rest]));
    },
    condemned: async (visible, page) => pageOf(
      visible,
      `record.state = 'appraised' AND EXISTS (SELECT 1 FROM appraisal_item WHERE appraisal_item.batch = record.appraisal AND appraisal_item.record = record.id AND appraisal_item.conclusion = 'destroy' AND appraisal_item.approved_at IS NOT NULL)`,
      'record.retention_expires_on, record.archival_code, record.serial', [], page,
    ),
    async changeRetention({ record, from, to, ...one }) {
      const last = await sql.one<{ n: number }>('SELECT count(*) AS n FROM retention_change WHERE record = $1', record);
      await insert(sql, 'retention_change', {
        record, seq: last?.n ?? 0, ...one, from_code: from.code, from_expires: from.expiresOn, to_code: to.code, to_expires: to.expiresOn,
      });
    },
    async retentionHistory(record) {
      const rows = await sql.all<ChangeRow>('SELECT * FROM retention_change WHERE record = $1 ORDER BY seq', record);
      return rows.map((row) => ({
        record, at: row.at, by: row.by, batch: row.batch, approval: row.approval, from: { code: row.from_code, expiresOn: row.from_expires }, to: { code: row.to_code, expiresOn: row.to_expires },
      }));
    },
    async consent(record, batch, approval, at) {
      await sql.run('INSERT OR REPLACE INTO destruction_consent (record, batch, approval, at) VALUES ($1,$2,$3,$4)', record, batch, approval, at);
    },
    async consents(records) {
      const rows = await inParts(records, async (part) => sql.all<{ record: string }>(
        `SELECT destruction_consent.record FROM destruction_consent JOIN record ON record.id = destruction_consent.record AND record.appraisal = destruction_consent.batch
         WHERE destruction_consent.record IN (${places(part.length)})`, ...part,
      ));
      return new Set(rows.map(({ record }) => record));
    },
  };
}
