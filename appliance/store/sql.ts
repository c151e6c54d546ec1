import { QueryTypes } from 'sequelize';
import type { Sequelize } from 'sequelize';

/** A value that SQLite stores as it is. */
export type SqlValue = string | number | bigint | Buffer | null;
export type Row = Readonly<Record<string, unknown>>;

/**
 * One connection as repositories see it. Values are always bound (`$1`, `$2` …), never put into the text.
 */
export interface Sql {
  /** All rows of a query. */
  all<R extends object = Row>(text: string, ...values: readonly SqlValue[]): Promise<R[]>;
  /** The first row, if any. */
  one<R extends object = Row>(text: string, ...values: readonly SqlValue[]): Promise<R | undefined>;
  /** Runs a statement; the number of rows it changed. */
  run(text: string, ...values: readonly SqlValue[]): Promise<number>;
}

export function sqlOn(connection: Sequelize): Sql {
  const all = async <R extends object>(text: string, ...values: readonly SqlValue[]): Promise<R[]> =>
    connection.query<R>(text, { bind: [...values], type: QueryTypes.SELECT, raw: true });
  return {
    all,
    one: async <R extends object>(text: string, ...values: readonly SqlValue[]) => (await all<R>(text, ...values))[0],
    run: async (text, ...values) => connection.query(text, { bind: [...values], type: QueryTypes.BULKUPDATE }),
  };
}
