import { open } from 'node:fs/promises';
import sqlite3 from 'sqlite3';
import { QueryTypes, Sequelize } from 'sequelize';
import { isMissing, markStep } from '../content/file-ops.js';
import { Connection } from './connection.js';

/** One connection to one SQLite file, through the ORM. */
export function openConnection(file: string): Sequelize {
  return new Sequelize({
    dialect: 'sqlite',
    storage: file,
    dialectModule: { ...sqlite3, Database: Connection },
    logging: false,
    pool: { max: 1, min: 1, idle: 2_147_483_647, acquire: 60_000 },
  });
}

/**
 * A database file with two connections: `writer` is used by one unit of work at a time (so whatever is sent to it is inside
 * that unit's transaction), `reader` sees only what is committed.
 */
export interface Database {
  readonly file: string;
  readonly writer: Sequelize;
  readonly reader: Sequelize;
  close(): Promise<void>;
}

export async function openDatabase(file: string): Promise<Database> {
  const writer = openConnection(file);
  await writer.authenticate();
  const reader = openConnection(file);
  await reader.query('pragma query_only=on');
  return {
    file, writer, reader,
    async close() {
      await reader.close();
      await emptyLog(writer, file);
      await writer.close();
    },
  };
}

/**
 * Empties the write-ahead log. Truncating alone gives its blocks back to the file system as they are, and with them wrapped keys and search
 * words that were destroyed since: once every page is in the database, the log is overwritten where it lies, and then cut. Killed between
 * the two, SQLite finds a log without a header, which is an empty one. Not within a transaction.
 * @returns false while a reader still holds on to it: to be asked again
 */
export async function emptyLog(writer: Sequelize, file: string): Promise<boolean> {
  const checkpoint = async (mode: 'restart' | 'truncate'): Promise<boolean> => {
    const [row] = await writer.query<{ busy: number }>(`pragma wal_checkpoint(${mode})`, { type: QueryTypes.SELECT });
    return row?.busy === 0;
  };
  if (!(await checkpoint('restart'))) return false;
  await zeroLog(`${file}-wal`);
  return checkpoint('truncate');
}

async function zeroLog(log: string): Promise<void> {
  try {
    // SQLite holds its locks on the database and on the index of the log, never on the log: opening and closing it here releases none.
    const handle = await open(log, 'r+');
    try {
      const { size } = await handle.stat();
      if (size === 0) return;
      markStep('overwrite', log);
      const zeros = Buffer.alloc(1024 * 1024);
      for (let at = 0; at < size; at += zeros.length) await handle.write(zeros, 0, Math.min(zeros.length, size - at), at);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
