import { Mutex } from 'async-mutex';
import { ArchiveError } from '../../core/errors.js';
import type { AuditDraft, AuditEntry } from '../../core/audit.js';
import type { Call, Decision, ReadTools, Target, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { Database } from './database.js';
import type { Ledger } from './ledger.js';
import { sqlOn } from './sql.js';
import type { Sql } from './sql.js';

/** Where every read and write is decided. Throws the refusal; returns the reasons otherwise. */
export interface Gate {
  decide(call: Call, act: string, target: Target | undefined): Promise<Decision>;
}

/** The unit of work, and the side door for the box's own bookkeeping. */
export interface Store<R extends object> extends UnitOfWork<R & WriteTools, R & ReadTools> {
  /**
   * Rows that only say how far the box's own work is (bytes received, a job's counts, when a session was last seen). Never for
   * facts about records, people or rights: those are acts, and acts are decided and entered.
   */
  housekeep<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Enters a refusal that was met outside any unit: at the door, or before one began. One that a unit has entered is left. */
  refuse(call: Call, error: unknown): Promise<void>;
}

/** Makes the repositories over one connection; `writing` is false on the reader. */
export type BuildRepositories<R extends object> = (sql: Sql, call: Call) => R;

/**
 * The one way to the database. A write unit runs alone, under `BEGIN IMMEDIATE`, and commits rows and audit entries together.
 * It cannot commit without a decision and an audit entry; a refusal rolls everything back and is entered on its own.
 */
export function openUnitOfWork<R extends object>(
  database: Database, ledger: Ledger, gate: Gate, repositories: BuildRepositories<R>,
): Store<R> {
  const mutex = new Mutex();
  const entered = new WeakSet<Error>();
  const writer = sqlOn(database.writer);
  const reader = sqlOn(database.reader);

  async function transact<T>(call: Call, work: (audit: AuditDraft[]) => Promise<T>): Promise<{ readonly result: T; readonly entries: readonly AuditEntry[] }> {
    await writer.run('BEGIN IMMEDIATE');
    try {
      const drafts: AuditDraft[] = [];
      const result = await work(drafts);
      if (drafts.length === 0) throw new Error(`${call.act}: a unit of work must leave an audit entry`);
      const unit = ledger.begin(writer);
      const entries = await unit.append(call, drafts);
      await writer.run('COMMIT');
      unit.committed();
      return { result, entries };
    } catch (error) {
      await writer.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /** A refusal is an act too. It carries the true reason, which the person asking may never be told. */
  async function refused(call: Call, error: unknown, target: Target | undefined): Promise<void> {
    if (!(error instanceof ArchiveError) || error.code === 'E_CLOCK_BACKWARD' || entered.has(error)) return;
    entered.add(error);
    const object = target === undefined ? {} : { object: target.id, objectType: target.type, ...levelOf(target) };
    await transact(call, async (drafts) => {
      drafts.push({ action: call.act, result: 'refused', reason: error.code, detail: { ...error.facts }, ...object });
      return Promise.resolve();
    });
  }

  return {
    refuse: async (call, error) => mutex.runExclusive(async () => refused(call, error, undefined)),
    async housekeep(work) {
      return mutex.runExclusive(async () => {
        await writer.run('BEGIN IMMEDIATE');
        try {
          const result = await work(writer);
          await writer.run('COMMIT');
          return result;
        } catch (error) {
          await writer.run('ROLLBACK').catch(() => undefined);
          throw error;
        }
      });
    },
    async write(call, work) {
      const later: ((entries: readonly AuditEntry[]) => Promise<void>)[] = [];
      const done = await mutex.runExclusive(async () => {
        let last: Target | undefined;
        let decided = false;
        try {
          return await transact(call, async (drafts) => {
            const tools: WriteTools = {
              audit: (draft) => { drafts.push(draft); },
              allow: async (target, act = call.act) => {
                last = target ?? last;
                decided = true;
                return gate.decide(call, act, target);
              },
              afterCommit: (step) => { later.push(step); },
            };
            const made = await work({ ...repositories(writer, call), ...tools });
            if (!decided) throw new Error(`${call.act}: a unit of work must pass the decision point`);
            return made;
          });
        } catch (error) {
          await refused(call, error, last);
          throw error;
        }
      });
      // Outside the lock: these steps move bytes and close intents, each in a small unit of its own.
      for (const step of later) await step(done.entries);
      return done.result;
    },
    async read(call, work) {
      let last: Target | undefined;
      let decided = false;
      const drafts: AuditDraft[] = [];
      try {
        const result = await work({
          ...repositories(reader, call),
          audit: (draft) => { drafts.push(draft); },
          allow: async (target, act = call.act) => {
            last = target ?? last;
            decided = true;
            return gate.decide(call, act, target);
          },
        });
        if (!decided) throw new Error(`${call.act}: a read must pass the decision point`);
        if (drafts.length > 0) {
          await mutex.runExclusive(async () => transact(call, async (entries) => { entries.push(...drafts); return Promise.resolve(); }));
        }
        return result;
      } catch (error) {
        await mutex.runExclusive(async () => refused(call, error, last));
        throw error;
      }
    },
  };
}

function levelOf(target: Target): Pick<AuditDraft, 'objectLevel'> {
  const { level } = target;
  return level === 0 || level === 1 || level === 2 || level === 3 || level === 4 ? { objectLevel: level } : {};
}
