import type { Accession, Difference } from '../../../core/accession.js';
import { ArchiveError } from '../../../core/errors.js';
import type { FileRole } from '../../../core/holdings.js';
import type { FourPropertyRun } from '../../../core/inspection-run.js';
import type { Instant, Level, Target } from '../../../core/ports.js';
import type { FileJudgement } from '../../../core/services/content.js';
import type { ReceiptBody, ReceiverSignature } from '../../../secrecy/transfer-receipt.js';
import type { TravellingFault, TravellingMark } from '../../../secrecy/travelling-mark.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

/** What a package said besides its items. */
export interface PackageLists {
  /** 档号 of 文件目录 and of each list of 其他/; `null`: not there. */
  readonly catalogue: readonly string[];
  readonly transferList: readonly string[] | null;
  readonly attachments: Readonly<Record<string, readonly string[] | null>>;
  /** Files of 其他/, by SM3, for the register. */
  readonly others: readonly { readonly path: string; readonly sm3: string; readonly bytes: number }[];
  readonly bytesPerSecond: number | null;
}

export interface StoredAccession {
  readonly it: Accession;
  readonly level: Level;
  readonly fonds: string;
  readonly department: string;
  /** 对端单位, by the id of its card. */
  readonly counterpart: string;
  readonly lists: PackageLists | null;
  readonly differences: readonly Difference[];
  /** 批次 of the records, once accepted. */
  readonly batch: string | null;
  /** Who may know of what is classified in it; from the decision on. */
  readonly persons: readonly string[];
  /** What two receivers sign, from the decision on. */
  readonly body: ReceiptBody | null;
  readonly receivers: readonly ReceiverSignature[];
  readonly version: number;
}

/** One item between the package and the holdings. */
export interface ItemContent {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly mark: string | null;
  readonly marking: TravellingMark | null;
  readonly markFaults: readonly (TravellingFault | 'missing' | 'shape')[];
  readonly files: readonly { readonly object: string; readonly role: FileRole; readonly position: number; readonly name: string; readonly bytes: number; readonly sm3: string; readonly declaredSm3: string; readonly judgement: FileJudgement }[];
}
export interface AccessionItem {
  readonly id: string;
  readonly accession: string;
  /** From 1, in the order of the package. */
  readonly seq: number;
  readonly state: 'staged' | 'stored';
  readonly level: Level;
  readonly archivalCode: string;
  /** 馆编号, from the decision on. */
  readonly accessionNo: string | null;
  readonly record: string | null;
  /** Nothing once it is stored. */
  readonly content: ItemContent | null;
}

export interface Visible { readonly sql: string; readonly values: readonly SqlValue[] }
interface Place { readonly offset: number; readonly limit: number }

export interface AccessionRepository {
  get(id: string): Promise<StoredAccession | undefined>;
  list(visible: Visible, states: readonly string[] | null, page: Place): Promise<{ readonly rows: StoredAccession[]; readonly total: number }>;
  numbered(number: string): Promise<boolean>;
  add(one: StoredAccession): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(one: StoredAccession, seenVersion: number): Promise<void>;
  /** Those the box still has work with: being taken in, or with something left of an opening that came to nothing. */
  unfinished(): Promise<readonly StoredAccession[]>;
  keepRun(id: string, level: Level, run: FourPropertyRun): Promise<void>;
  run(id: string): Promise<FourPropertyRun | undefined>;
  /** The signed receipt as it goes out. It tells codes and numbers. */
  keepReceipt(id: string, level: Level, bytes: Buffer): Promise<void>;
  receipt(id: string): Promise<Buffer | undefined>;
  addItem(item: AccessionItem): Promise<void>;
  /** Number given, or stored and its content forgotten. */
  saveItem(item: AccessionItem): Promise<void>;
  items(accession: string, ceiling: Level, page: Place): Promise<readonly AccessionItem[]>;
  /** One after another, as they lie. */
  everyItem(accession: string): AsyncIterable<AccessionItem>;
  /** The next that waits. */
  nextStaged(accession: string): Promise<AccessionItem | undefined>;
  counts(accession: string): Promise<Readonly<Record<AccessionItem['state'], number>>>;
  objectsOf(accession: string): Promise<readonly string[]>;
  /** The objects are the record's from here on. */
  forgetObjects(item: string): Promise<void>;
  /** What was staged and is not taken in: every item that waits, with its objects named no more. */
  dropItems(accession: string): Promise<void>;
  /** Codes that these items have in common with the holdings or with what is being taken in. */
  knownCode(code: string, exceptAccession: string): Promise<boolean>;
  envelopeSeen(envelope: string): Promise<boolean>;
  seeEnvelope(envelope: string, accession: string, at: Instant): Promise<void>;
  /** The next number of a fonds in the archive. */
  nextNumber(fonds: string): Promise<number>;
}

export const ACCESSION_COLUMNS = { id: 'accession.id', level: 'accession.level', fonds: 'accession.fonds', department: 'accession.department', state: 'accession.state', owner: 'accession.arrived_by' } as const;
export const accessionTarget = ({ it, level, fonds, department }: StoredAccession): Target =>
  ({ type: 'accession', id: it.id, fonds, level, state: it.state, department, scope: { persons: [], departments: [] }, owner: it.arrived.by });

interface Row { id: string; number: string; state: string; level: Level; fonds: string; department: string; arrived_by: string; arrived_at: string; counterpart: string; batch: string | null; items: number; stored_at: string | null; sealed: Buffer; version: number }
type Told = Pick<StoredAccession, 'it' | 'lists' | 'differences' | 'persons' | 'body' | 'receivers'>;
interface ItemRow { accession: string; seq: number; id: string; state: AccessionItem['state']; level: Level; archival_code: string; accession_no: string | null; record: string | null; sealed: Buffer | null }

export function accessionRepository(sql: Sql, sealing: Sealing): AccessionRepository {
  const of = (row: Row): StoredAccession => {
    const told = sealing.open<Told>(row.level, `accession/${row.id}`, row.sealed);
    if (told.it.state !== row.state || told.it.form.number !== row.number) throw new ArchiveError('E_DECRYPT_FAILED', { accession: row.id });
    return { ...told, level: row.level, fonds: row.fonds, department: row.department, counterpart: row.counterpart, batch: row.batch, version: row.version };
  };
  const columns = (one: StoredAccession): Record<string, SqlValue> => {
    const { it, lists, differences, persons, body, receivers } = one;
    return {
      state: it.state, batch: one.batch, items: 'opening' in it ? (it.opening?.items ?? 0) : 0, stored_at: 'storedAt' in it ? it.storedAt : null,
      sealed: sealing.seal(one.level, `accession/${it.id}`, { it, lists, differences, persons, body, receivers } satisfies Told),
    };
  };
  const itemOf = (row: ItemRow): AccessionItem => ({
    id: row.id, accession: row.accession, seq: row.seq, state: row.state, level: row.level, archivalCode: row.archival_code, accessionNo: row.accession_no, record: row.record,
    content: row.sealed === null ? null : sealing.open<ItemContent>(row.level, `accession-item/${row.id}`, row.sealed),
  });
  const blob = async <T>(id: string, column: 'run' | 'receipt'): Promise<T | undefined> => {
    const row = await sql.one<{ level: Level; bytes: Buffer | null }>(`SELECT level, ${column} AS bytes FROM accession WHERE id = $1`, id);
    return row?.bytes == null ? undefined : sealing.open<T>(row.level, `accession-${column}/${id}`, row.bytes);
  };
  const keep = async (id: string, level: Level, column: 'run' | 'receipt', value: unknown): Promise<void> => {
    await sql.run(`UPDATE accession SET ${column} = $1 WHERE id = $2`, sealing.seal(level, `accession-${column}/${id}`, value), id);
  };
  return {
    async get(id) {
      const row = await sql.one<Row>('SELECT * FROM accession WHERE id = $1', id);
      return row && of(row);
    },
    async list(visible, states, { offset, limit }) {
      const values: SqlValue[] = [...visible.values];
      const where = states === null ? visible.sql : `${visible.sql} AND accession.state IN (${states.map((state) => `$${String(values.push(state))}`).join(', ')})`;
      const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n FROM accession WHERE ${where}`, ...values))?.n ?? 0;
      const rows = await sql.all<Row>(`SELECT * FROM accession WHERE ${where} ORDER BY arrived_at DESC, id LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset);
      return { rows: rows.map(of), total };
    },
    numbered: async (number) => (await sql.one('SELECT 1 AS there FROM accession WHERE number = $1', number)) !== undefined,
    add: async (one) => insert(sql, 'accession', {
      id: one.it.id, number: one.it.form.number, level: one.level, fonds: one.fonds, department: one.department, arrived_by: one.it.arrived.by, arrived_at: one.it.arrived.at, counterpart: one.counterpart, version: one.version, ...columns(one),
    }),
    save: async (one, seenVersion) => saveVersion(sql, 'accession', one.it.id, seenVersion, columns(one)),
    async unfinished() {
      const rows = await sql.all<Row>("SELECT * FROM accession WHERE state = 'accepted' OR (state IN ('signed_in','refused','returned','receipted','closed','dismissed') AND EXISTS (SELECT 1 FROM accession_item WHERE accession_item.accession = accession.id AND accession_item.state = 'staged')) ORDER BY id");
      return rows.map(of);
    },
    keepRun: async (id, level, run) => keep(id, level, 'run', run),
    run: async (id) => blob<FourPropertyRun>(id, 'run'),
    keepReceipt: async (id, level, bytes) => keep(id, level, 'receipt', bytes.toString('base64')),
    async receipt(id) {
      const text = await blob<string>(id, 'receipt');
      return text === undefined ? undefined : Buffer.from(text, 'base64');
    },
    async addItem(item) {
      await insert(sql, 'accession_item', {
        accession: item.accession, seq: item.seq, id: item.id, state: item.state, level: item.level, archival_code: item.archivalCode, accession_no: item.accessionNo, record: item.record,
        sealed: item.content === null ? null : sealing.seal(item.level, `accession-item/${item.id}`, item.content),
      });
      for (const { object } of item.content?.files ?? []) await insert(sql, 'accession_object', { object, item: item.id });
    },
    async saveItem(item) {
      await sql.run('UPDATE accession_item SET state = $1, accession_no = $2, record = $3, sealed = $4 WHERE id = $5', item.state, item.accessionNo, item.record,
        item.content === null ? null : sealing.seal(item.level, `accession-item/${item.id}`, item.content), item.id);
    },
    items: async (accession, ceiling, { offset, limit }) => (await sql.all<ItemRow>('SELECT * FROM accession_item WHERE accession = $1 AND level <= $2 ORDER BY seq LIMIT $3 OFFSET $4', accession, ceiling, limit, offset)).map(itemOf),
    async *everyItem(accession) {
      for (let after = 0; ;) {
        const row = await sql.one<ItemRow>('SELECT * FROM accession_item WHERE accession = $1 AND seq > $2 ORDER BY seq LIMIT 1', accession, after);
        if (row === undefined) return;
        yield itemOf(row);
        after = row.seq;
      }
    },
    async nextStaged(accession) {
      const row = await sql.one<ItemRow>("SELECT * FROM accession_item WHERE accession = $1 AND state = 'staged' ORDER BY seq LIMIT 1", accession);
      return row && itemOf(row);
    },
    async counts(accession) {
      const counts = { staged: 0, stored: 0 };
      for (const { state, n } of await sql.all<{ state: AccessionItem['state']; n: number }>('SELECT state, count(*) AS n FROM accession_item WHERE accession = $1 GROUP BY state', accession)) counts[state] = n;
      return counts;
    },
    objectsOf: async (accession) => (await sql.all<{ object: string }>('SELECT object FROM accession_object JOIN accession_item ON accession_item.id = accession_object.item WHERE accession_item.accession = $1', accession)).map(({ object }) => object),
    forgetObjects: async (item) => { await sql.run('DELETE FROM accession_object WHERE item = $1', item); },
    async dropItems(accession) {
      await sql.run("DELETE FROM accession_object WHERE item IN (SELECT id FROM accession_item WHERE accession = $1 AND state = 'staged')", accession);
      await sql.run("DELETE FROM accession_item WHERE accession = $1 AND state = 'staged'", accession);
    },
    knownCode: async (code, exceptAccession) => (await sql.one("SELECT 1 AS there FROM record WHERE archival_code = $1 UNION SELECT 1 FROM accession_item WHERE archival_code = $1 AND state = 'staged' AND accession <> $2 LIMIT 1", code, exceptAccession)) !== undefined,
    envelopeSeen: async (envelope) => (await sql.one('SELECT 1 AS there FROM accession_envelope WHERE envelope = $1', envelope)) !== undefined,
    seeEnvelope: async (envelope, accession, at) => insert(sql, 'accession_envelope', { envelope, accession, opened_at: at }),
    async nextNumber(fonds) {
      await sql.run('INSERT INTO accession_series (fonds, last) VALUES ($1, 1) ON CONFLICT (fonds) DO UPDATE SET last = last + 1', fonds);
      return (await sql.one<{ last: number }>('SELECT last FROM accession_series WHERE fonds = $1', fonds))?.last ?? 1;
    },
  };
}
