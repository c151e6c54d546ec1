import { stat } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import sqlite3 from 'sqlite3';
import type { Row, Sql, SqlValue } from './sql.js';

export interface ReadOnlyDatabase {
  readonly sql: Sql;
  close(): Promise<void>;
}

/**
 * A database file for looking at: nothing is written, not even the small files SQLite keeps beside one. A file without a
 * write-ahead log is opened as one that cannot change, so a copy on a disc or in a folder without write permission works;
 * beside a running box the log is read along.
 */
export async function openReadOnly(file: string): Promise<ReadOnlyDatabase> {
  await stat(file);
  const log = await stat(`${file}-wal`).then(({ size }) => size, () => 0);
  const uri = `${pathToFileURL(path.resolve(file)).href}?${log > 0 ? 'mode=ro' : 'immutable=1'}`;
  const database = await new Promise<sqlite3.Database>((resolve, reject) => {
    const opened = new sqlite3.Database(uri, sqlite3.OPEN_READONLY | sqlite3.OPEN_URI, (error) => { if (error) reject(error); else resolve(opened); });
  });
  const all = async <R extends object = Row>(text: string, ...values: readonly SqlValue[]): Promise<R[]> =>
    new Promise((resolve, reject) => {
      const bound = Object.fromEntries(values.map((value, at) => [`$${String(at + 1)}`, value]));
      database.all(text, bound, (error: Error | null, rows: R[]) => { if (error) reject(error); else resolve(rows); });
    });
  return {
    sql: {
      all,
      one: async <R extends object = Row>(text: string, ...values: readonly SqlValue[]) => (await all<R>(text, ...values))[0],
      run: async () => Promise.reject(new Error('opened for reading')),
    },
    close: async () => new Promise((resolve, reject) => { database.close((error) => { if (error) reject(error); else resolve(); }); }),
  };
}
