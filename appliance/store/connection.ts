import sqlite3 from 'sqlite3';
import type { RunResult, Statement } from 'sqlite3';

/**
 * Every connection gets the same pragmas. The ORM's connect hook never fires for SQLite, so the driver itself is wrapped;
 * a connection without `synchronous=full` or `secure_delete` would look just like one with them.
 */
const PRAGMAS = [
  'busy_timeout=10000', 'journal_mode=wal', 'synchronous=full', 'secure_delete=on', 'foreign_keys=on',
  // Statements and sorts must not spill plain text into temporary files.
  'temp_store=memory',
  // 64 MiB of pages instead of 2: a list of a large store reads the same pages of its indexes again and again.
  'cache_size=-65536',
].map((pragma) => `pragma ${pragma};`).join('');

/** Texts with a list of places differ by its length; beyond these the one unused longest goes. */
const KEPT_STATEMENTS = 256;
/** What runs to its end in one step. A statement that stops at a row would go on holding what it reads. */
const ENDS_AT_ONCE = /^(?:insert|update|delete|begin|commit|rollback)\b(?!.*\breturning\b)/is;
const READS = /^(?:select|with)\b/i;

type Opened = (error: Error | null) => void;
type Done = (this: RunResult, error: Error | null, rows?: unknown) => void;

/**
 * A connection that prepares each statement text once. The driver prepares, steps and finalizes anew for every call, three turns
 * of its thread pool where one will do: that was most of the cost of a small write.
 */
export class Connection extends sqlite3.Database {
  readonly #kept = new Map<string, Statement>();

  constructor(file: string, mode: number, opened?: Opened) {
    super(file, mode, (error) => {
      if (error) { opened?.call(this, error); return; }
      this.exec(PRAGMAS, (failure) => { opened?.call(this, failure ?? null); });
    });
  }

  override run(sql: string, ...rest: unknown[]): this {
    const [values, done] = rest;
    if (typeof done !== 'function' || !ENDS_AT_ONCE.test(sql)) return super.run(sql, ...rest);
    return this.#with(sql, done as Done, (statement) => { statement.run(values, done as Done); });
  }

  override all(sql: string, ...rest: unknown[]): this {
    const [values, done] = rest;
    if (typeof done !== 'function' || !READS.test(sql)) return super.all(sql, ...rest);
    return this.#with(sql, done as Done, (statement) => { statement.all(values, done as Done); });
  }

  /** The ORM writes out a stack for every statement, a third of the work of a small one; `sql.ts` gives it to those that fail. */
  override serialize(work?: () => void): void {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      super.serialize(work);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  /** Statements that are not finalized would keep the file open. */
  override close(closed?: (error: Error | null) => void): void {
    for (const statement of this.#kept.values()) statement.finalize();
    this.#kept.clear();
    super.close(closed);
  }

  #with(sql: string, failed: Done, use: (statement: Statement) => void): this {
    const kept = this.#kept.get(sql);
    if (kept) {
      this.#kept.delete(sql);
      this.#kept.set(sql, kept);
      use(kept);
      return this;
    }
    const made: Statement = this.prepare(sql, (error) => {
      if (error) { failed.call(made as unknown as RunResult, error); return; }
      use(made);
      // Two callers may have prepared the same text at once.
      if (this.#kept.has(sql)) { made.finalize(); return; }
      this.#kept.set(sql, made);
      const [oldest] = this.#kept;
      if (this.#kept.size > KEPT_STATEMENTS && oldest) {
        this.#kept.delete(oldest[0]);
        oldest[1].finalize();
      }
    });
    return this;
  }
}
