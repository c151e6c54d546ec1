import sqlite3 from 'sqlite3';
import { Sequelize } from 'sequelize';

/**
 * Every connection gets the same pragmas. The ORM's connect hook never fires for SQLite, so the driver itself is wrapped;
 * a connection without `synchronous=full` or `secure_delete` would look just like one with them.
 */
const PRAGMAS = [
  'busy_timeout=10000', 'journal_mode=wal', 'synchronous=full', 'secure_delete=on', 'foreign_keys=on',
  // Statements and sorts must not spill plain text into temporary files.
  'temp_store=memory',
].map((pragma) => `pragma ${pragma};`).join('');

type Opened = (error: Error | null) => void;

class Connection extends sqlite3.Database {
  constructor(file: string, mode: number, opened?: Opened) {
    super(file, mode, (error) => {
      if (error) { opened?.call(this, error); return; }
      this.exec(PRAGMAS, (failure) => { opened?.call(this, failure ?? null); });
    });
  }
}

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
