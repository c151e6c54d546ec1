import type { SignedReceipt } from '../../../core/source-request.js';
import type { Instant, Level } from '../../../core/ports.js';
import type { OnlineItem, SourceCapability, SourceTest } from '../../../policies/schemas/source.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

export interface SourceHandler { readonly department: string; readonly person: string }

/** 来源系统: a business system that hands in online. */
export interface SourceSystem {
  readonly id: string;
  readonly code: string;
  readonly state: 'registered' | 'in_use' | 'suspended';
  readonly fonds: string;
  /** 核定密级; null until it is cleared. */
  readonly level: Level | null;
  readonly capabilities: readonly SourceCapability[];
  /** PEM, by the box's own authority. */
  readonly certificate: string;
  readonly validUntil: Instant;
  readonly registeredBy: string;
  readonly registeredAt: Instant;
  readonly lastSeenAt: Instant | null;
  /** Which departments it hands in for, and who answers for each. */
  readonly handlers: readonly SourceHandler[];
  readonly name: string;
  readonly supplier: string;
  readonly contact: string;
  readonly test: SourceTestRecord | null;
  readonly version: number;
}
export interface SourceTestRecord extends Pick<SourceTest, 'testedOn' | 'testers' | 'reportNo' | 'items'> { readonly passed: boolean; readonly by: string; readonly at: Instant; readonly trialAt: Instant; readonly capabilities: readonly SourceCapability[] }

export interface SourceNote { readonly at: Instant; readonly by: string; readonly event: string; readonly text: string }
export interface SourceTrial { readonly at: Instant; readonly passed: boolean; readonly codes: readonly string[] }

/** One item that a system hands in; `item` until it is whole, `signed` from then on. */
export interface SourceItem {
  readonly source: string;
  readonly keyDigest: string;
  readonly state: 'receiving' | 'received';
  readonly level: Level;
  readonly batch: string;
  readonly record: string | null;
  readonly at: Instant;
  readonly digest: string;
  readonly item: OnlineItem | null;
  readonly signed: SignedReceipt | null;
}

export interface SourceRepository {
  get(id: string): Promise<SourceSystem | undefined>;
  byCode(code: string): Promise<SourceSystem | undefined>;
  list(page: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: readonly SourceSystem[]; readonly total: number }>;
  add(system: SourceSystem): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(system: SourceSystem, seenVersion: number): Promise<void>;
  note(system: string, note: SourceNote): Promise<void>;
  notes(system: string): Promise<readonly SourceNote[]>;
  addTrial(system: string, trial: SourceTrial): Promise<void>;
  trials(system: string, limit: number): Promise<readonly SourceTrial[]>;
  /** Whether some system in use hands in for the department. */
  onlineFor(department: string): Promise<boolean>;
  /** False where the nonce was seen before. What is past its time is forgotten. */
  useNonce(system: string, nonce: string, now: Instant, until: Instant): Promise<boolean>;
  batchFor(system: string, department: string, level: Level, person: string): Promise<string | undefined>;
  setBatch(system: string, department: string, level: Level, person: string, batch: string): Promise<void>;
  item(system: string, keyDigest: string): Promise<SourceItem | undefined>;
  putItem(item: SourceItem): Promise<void>;
  dropItem(system: string, keyDigest: string): Promise<void>;
  setUpload(system: string, keyDigest: string, position: number, upload: string): Promise<void>;
  uploads(system: string, keyDigest: string): Promise<ReadonlyMap<number, string>>;
  /** What came of an upload: the file and its record, once it is whole. */
  fileOfUpload(batch: string, upload: string): Promise<{ readonly id: string; readonly record: string } | undefined>;
  /** 最近回执 of records that the person may see. */
  receipts(system: string, visible: { readonly sql: string; readonly values: readonly unknown[] }, page: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: readonly SourceItem[]; readonly total: number }>;
}

/** Which systems a unit runs is 内部. */
const LEVEL: Level = 1;
type Told = Pick<SourceSystem, 'name' | 'supplier' | 'contact' | 'test'>;
type ItemTold = Pick<SourceItem, 'digest' | 'item' | 'signed'>;
interface Row { id: string; code: string; state: SourceSystem['state']; fonds: string; level: Level | null; capabilities: string; certificate: string; valid_until: string; registered_by: string; registered_at: string; last_seen_at: string | null; sealed: Buffer; version: number }
interface ItemRow { source: string; key: string; state: SourceItem['state']; level: Level; batch: string; record: string | null; at: string; sealed: Buffer }

export function sourceRepository(sql: Sql, sealing: Sealing): SourceRepository {
  async function of(row: Row): Promise<SourceSystem> {
    return {
      id: row.id, code: row.code, state: row.state, fonds: row.fonds, level: row.level, capabilities: row.capabilities.split(' ') as SourceCapability[], certificate: row.certificate, validUntil: row.valid_until,
      registeredBy: row.registered_by, registeredAt: row.registered_at, lastSeenAt: row.last_seen_at, version: row.version,
      handlers: await sql.all<SourceHandler & Record<string, string>>('SELECT department, person FROM source_department WHERE source = $1 ORDER BY department', row.id),
      ...sealing.open<Told>(LEVEL, `source/${row.id}`, row.sealed),
    };
  }
  const one = async (where: string, value: string): Promise<SourceSystem | undefined> => {
    const row = await sql.one<Row>(`SELECT * FROM source_system WHERE ${where}`, value);
    return row && of(row);
  };
  const columns = (system: SourceSystem): Record<string, SqlValue> => {
    const { name, supplier, contact, test } = system;
    return {
      code: system.code, state: system.state, fonds: system.fonds, level: system.level, capabilities: system.capabilities.join(' '), certificate: system.certificate, valid_until: system.validUntil,
      registered_by: system.registeredBy, registered_at: system.registeredAt, sealed: sealing.seal(LEVEL, `source/${system.id}`, { name, supplier, contact, test } satisfies Told),
    };
  };
  async function setHandlers(system: SourceSystem): Promise<void> {
    await sql.run('DELETE FROM source_department WHERE source = $1', system.id);
    for (const { department, person } of system.handlers) await insert(sql, 'source_department', { source: system.id, department, person });
  }
  const context = (source: string, key: string): string => `source-item/${source}/${key}`;
  const itemOf = (row: ItemRow): SourceItem => ({
    source: row.source, keyDigest: row.key, state: row.state, level: row.level, batch: row.batch, record: row.record, at: row.at, ...sealing.open<ItemTold>(row.level, context(row.source, row.key), row.sealed),
  });
  return {
    get: async (id) => one('id = $1', id),
    byCode: async (code) => one('code = $1', code),
    async list({ offset, limit }) {
      const rows = await sql.all<Row>('SELECT * FROM source_system ORDER BY code LIMIT $1 OFFSET $2', limit, offset);
      return { rows: await Promise.all(rows.map(of)), total: (await sql.one<{ n: number }>('SELECT count(*) AS n FROM source_system'))?.n ?? 0 };
    },
    async add(system) {
      await insert(sql, 'source_system', { id: system.id, version: system.version, ...columns(system) });
      await setHandlers(system);
    },
    async save(system, seenVersion) {
      await saveVersion(sql, 'source_system', system.id, seenVersion, columns(system));
      await setHandlers(system);
    },
    note: async (system, { at, by, event, text }) => insert(sql, 'source_note', { source: system, at, by, event, sealed: sealing.seal(LEVEL, `source-note/${system}`, { text }) }),
    async notes(system) {
      const rows = await sql.all<{ at: string; by: string; event: string; sealed: Buffer }>('SELECT at, by, event, sealed FROM source_note WHERE source = $1 ORDER BY id DESC LIMIT 100', system);
      return rows.map(({ sealed, ...row }) => ({ ...row, ...sealing.open<{ text: string }>(LEVEL, `source-note/${system}`, sealed) }));
    },
    addTrial: async (system, { at, passed, codes }) => insert(sql, 'source_trial', { source: system, at, passed: passed ? 1 : 0, codes: codes.join(' ') }),
    async trials(system, limit) {
      const rows = await sql.all<{ at: string; passed: number; codes: string }>('SELECT at, passed, codes FROM source_trial WHERE source = $1 ORDER BY id DESC LIMIT $2', system, limit);
      return rows.map(({ at, passed, codes }) => ({ at, passed: passed === 1, codes: codes === '' ? [] : codes.split(' ') }));
    },
    onlineFor: async (department) => (await sql.one("SELECT 1 AS found FROM source_department JOIN source_system ON source_system.id = source_department.source WHERE source_department.department = $1 AND source_system.state = 'in_use' LIMIT 1", department)) !== undefined,
    async useNonce(system, nonce, now, until) {
      await sql.run('DELETE FROM source_nonce WHERE until < $1', now);
      await sql.run('UPDATE source_system SET last_seen_at = $1 WHERE id = $2', now, system);
      return (await sql.run('INSERT INTO source_nonce (source, nonce, until) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', system, nonce, until)) === 1;
    },
    async batchFor(system, department, level, person) {
      return (await sql.one<{ batch: string }>('SELECT batch FROM source_batch WHERE source = $1 AND department = $2 AND level = $3 AND person = $4', system, department, level, person))?.batch;
    },
    async setBatch(system, department, level, person, batch) {
      await sql.run('INSERT INTO source_batch (source, department, level, person, batch) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO UPDATE SET batch = excluded.batch', system, department, level, person, batch);
    },
    async item(system, keyDigest) {
      const row = await sql.one<ItemRow>('SELECT * FROM source_item WHERE source = $1 AND key = $2', system, keyDigest);
      return row && itemOf(row);
    },
    async putItem({ source, keyDigest, state, level, batch, record, at, digest, item, signed }) {
      const sealed = sealing.seal(level, context(source, keyDigest), { digest, item, signed } satisfies ItemTold);
      await sql.run(
        `INSERT INTO source_item (source, key, state, level, batch, record, at, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT DO UPDATE SET state = excluded.state, level = excluded.level, batch = excluded.batch, record = excluded.record, at = excluded.at, sealed = excluded.sealed`,
        source, keyDigest, state, level, batch, record, at, sealed,
      );
    },
    async dropItem(system, keyDigest) {
      await sql.run('DELETE FROM source_upload WHERE source = $1 AND key = $2', system, keyDigest);
      await sql.run('DELETE FROM source_item WHERE source = $1 AND key = $2', system, keyDigest);
    },
    async setUpload(system, keyDigest, position, upload) {
      await sql.run('INSERT INTO source_upload (source, key, position, upload) VALUES ($1, $2, $3, $4) ON CONFLICT DO UPDATE SET upload = excluded.upload', system, keyDigest, position, upload);
    },
    async uploads(system, keyDigest) {
      const rows = await sql.all<{ position: number; upload: string }>('SELECT position, upload FROM source_upload WHERE source = $1 AND key = $2', system, keyDigest);
      return new Map(rows.map(({ position, upload }) => [position, upload]));
    },
    fileOfUpload: async (batch, upload) => sql.one<{ id: string; record: string }>('SELECT id, record FROM computer_file WHERE batch = $1 AND upload = $2', batch, upload),
    async receipts(system, visible, { offset, limit }) {
      const values = visible.values as readonly SqlValue[];
      const from = `FROM source_item JOIN record ON record.id = source_item.record WHERE ${visible.sql} AND source_item.source = $${String(values.length + 1)} AND source_item.state = 'received'`;
      const rows = await sql.all<ItemRow>(`SELECT source_item.* ${from} ORDER BY source_item.at DESC, source_item.key LIMIT $${String(values.length + 2)} OFFSET $${String(values.length + 3)}`, ...values, system, limit, offset);
      return { rows: rows.map(itemOf), total: (await sql.one<{ n: number }>(`SELECT count(*) AS n ${from}`, ...values, system))?.n ?? 0 };
    },
  };
}
