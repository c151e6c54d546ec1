import sqlite3 from 'sqlite3';
import { Sequelize } from 'sequelize';
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
      await writer.query('pragma wal_checkpoint(truncate)');
      await writer.close();
    },
  };
}
