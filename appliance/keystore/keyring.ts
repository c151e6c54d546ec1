/**
 * 密钥环: wrapped data keys, in a database of their own. Backups take it apart from the contents, and a key that is destroyed is
 * overwritten here and nowhere else.
 */
import { Mutex } from 'async-mutex';
import { ArchiveError } from '../../core/errors.js';
import type { Level } from '../../core/ports.js';
import { type Database, emptyLog, openDatabase } from '../store/database.js';
import { type Sql, sqlOn, type SqlValue } from '../store/sql.js';

export interface WrappedKey {
  readonly objectId: string;
  readonly level: Level;
  /** Epoch of the level key it is wrapped under. */
  readonly epoch: number;
  readonly wrapped: Uint8Array;
}

export interface Keyring {
  get(objectId: string): Promise<WrappedKey | undefined>;
  /** @throws ArchiveError `E_DUPLICATE` */
  add(key: WrappedKey): Promise<void>;
  /** Replaces the wrappings of keys that still are as they were seen, all or none; old bytes are overwritten. @returns how many were */
  exchange(pairs: readonly { readonly seen: WrappedKey; readonly key: WrappedKey }[]): Promise<number>;
  /** Replaces the wrapping of a key whatever it is. @returns false when it is not there */
  replace(key: WrappedKey): Promise<boolean>;
  /** Keys wrapped under an earlier epoch than this, some of them, in order of the object behind `after`. */
  older(epoch: number, limit: number, after: string): Promise<readonly WrappedKey[]>;
  countByEpoch(): Promise<ReadonlyMap<number, number>>;
  /** The bytes that were replaced leave the write-ahead log, too. */
  settle(): Promise<void>;
  /** Overwrites and removes; absent is success. */
  remove(objectId: string): Promise<void>;
  /** In order of the id. */
  objects(): AsyncIterable<string>;
  close(): Promise<void>;
}

interface Row { readonly object: string; readonly level: Level; readonly epoch: number; readonly wrapped: Buffer }
const PAGE_ROWS = 1000;

export async function openKeyring(file: string): Promise<Keyring> {
  const database = await openDatabase(file);
  await database.writer.query(`CREATE TABLE IF NOT EXISTS data_key (
    object TEXT PRIMARY KEY, level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4), epoch INTEGER NOT NULL CHECK (epoch >= 1), wrapped BLOB NOT NULL
  ) STRICT, WITHOUT ROWID`);
  await database.writer.query('CREATE INDEX IF NOT EXISTS data_key_epoch ON data_key (epoch)');
  return new SqliteKeyring(database);
}

class SqliteKeyring implements Keyring {
  readonly #writing = new Mutex();
  readonly #reader: Sql;
  readonly #writer: Sql;

  constructor(private readonly database: Database) {
    this.#reader = sqlOn(database.reader);
    this.#writer = sqlOn(database.writer);
  }

  async get(objectId: string): Promise<WrappedKey | undefined> {
    const row = await this.#reader.one<Row>('SELECT object, level, epoch, wrapped FROM data_key WHERE object = $1', objectId);
    return row === undefined ? undefined : { objectId: row.object, level: row.level, epoch: row.epoch, wrapped: row.wrapped };
  }

  async add({ objectId, level, epoch, wrapped }: WrappedKey): Promise<void> {
    const added = await this.#change('INSERT INTO data_key (object, level, epoch, wrapped) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', objectId, level, epoch, Buffer.from(wrapped));
    if (added !== 1) throw new ArchiveError('E_DUPLICATE', { object: objectId });
  }

  async replace({ objectId, level, epoch, wrapped }: WrappedKey): Promise<boolean> {
    const replaced = await this.#change('UPDATE data_key SET level = $1, epoch = $2, wrapped = $3 WHERE object = $4', level, epoch, Buffer.from(wrapped), objectId);
    if (replaced > 0) await this.settle();
    return replaced > 0;
  }

  async exchange(pairs: readonly { readonly seen: WrappedKey; readonly key: WrappedKey }[]): Promise<number> {
    return this.#writing.runExclusive(async () => {
      await this.#writer.run('BEGIN IMMEDIATE');
      try {
        let changed = 0;
        for (const { seen, key: { level, epoch, wrapped } } of pairs) {
          changed += await this.#writer.run(
            'UPDATE data_key SET level = $1, epoch = $2, wrapped = $3 WHERE object = $4 AND level = $5 AND epoch = $6 AND wrapped = $7',
            level, epoch, Buffer.from(wrapped), seen.objectId, seen.level, seen.epoch, Buffer.from(seen.wrapped),
          );
        }
        await this.#writer.run('COMMIT');
        return changed;
      } catch (error) {
        await this.#writer.run('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  async older(epoch: number, limit: number, after: string): Promise<readonly WrappedKey[]> {
    const rows = await this.#reader.all<Row>('SELECT object, level, epoch, wrapped FROM data_key WHERE epoch < $1 AND object > $2 ORDER BY object LIMIT $3', epoch, after, limit);
    return rows.map((row) => ({ objectId: row.object, level: row.level, epoch: row.epoch, wrapped: row.wrapped }));
  }

  async countByEpoch(): Promise<ReadonlyMap<number, number>> {
    const rows = await this.#reader.all<{ epoch: number; n: number }>('SELECT epoch, count(*) AS n FROM data_key GROUP BY epoch');
    return new Map(rows.map(({ epoch, n }) => [epoch, n]));
  }

  async remove(objectId: string): Promise<void> {
    await this.#change('UPDATE data_key SET wrapped = zeroblob(length(wrapped)) WHERE object = $1', objectId);
    await this.#change('DELETE FROM data_key WHERE object = $1', objectId);
    // Even where it was gone: a run that was stopped after the row may have left its pages in the log.
    await this.settle();
  }

  async *objects(): AsyncGenerator<string, void, void> {
    for (let after = ''; ; ) {
      const rows = await this.#reader.all<{ object: string }>(`SELECT object FROM data_key WHERE object > $1 ORDER BY object LIMIT ${String(PAGE_ROWS)}`, after);
      for (const { object } of rows) yield object;
      if (rows.length < PAGE_ROWS) return;
      after = rows.at(-1)?.object ?? '';
    }
  }

  async close(): Promise<void> {
    await this.#writing.runExclusive(() => this.database.close());
  }

  #change(statement: string, ...values: readonly SqlValue[]): Promise<number> {
    return this.#writing.runExclusive(() => this.#writer.run(statement, ...values));
  }

  /** Old pages leave the write-ahead log at once, overwritten; secure_delete has zeroed them in the database. */
  async settle(): Promise<void> {
    await this.#writing.runExclusive(() => emptyLog(this.database.writer, this.database.file));
  }
}
