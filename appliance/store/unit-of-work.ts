import { Mutex } from 'async-mutex';
import { ArchiveError } from '../../core/errors.js';
import type { AuditDraft, AuditEntry } from '../../core/audit.js';
import type { Call, Decision, ReadTools, Target, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { Database } from './database.js';
import type { Ledger } from './ledger.js';
import { sqlOn } from './sql.js';
import type { Sql } from './sql.js';

/** Where every read and write is decided. Throws the refusal; returns the reasons otherwise, and the duty that let the act through. */
export interface Gate {
  decide(call: Call, act: string, target: Target | undefined): Promise<Decision & { readonly duty?: string | null; readonly approval?: string | null }>;
}

/** The unit of work, and the side door for the box's own bookkeeping. */
export interface Store<R extends object> extends UnitOfWork<R & WriteTools, R & ReadTools> {
  /**
   * Rows that only say how far the box's own work is (bytes received, a job's counts, when a session was last seen). Never for
   * facts about records, people or rights: those are acts, and acts are decided and entered.
   */
  housekeep<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Alone on the writing connection, outside every transaction: for what SQLite does not do within one. Changes no row. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Enters what came to nothing outside a unit of work: a form that was wrong, a missing token, a fault. Entered already is done. */
  refuse(call: Call, error: unknown): Promise<void>;
}

export interface StoreOptions {
  /** Asked before a refusal of somebody unknown is entered: how many were left out before it, or null to leave this one out too. */
  readonly meter?: () => number | null;
  /** A step after a commit that failed: what was committed stands, and recovery carries the step out. */
  readonly late?: (error: unknown) => void;
  /**
   * Before every commit: what the unit touched is bound, and entered with it under the box's own name. `keeping` is the box's own
   * housekeeping (a rotation of keys rewraps rows): it goes on past a record that does not hold, and leaves it unbound.
   */
  readonly bind?: (writer: Sql, reader: Sql, keeping: boolean) => Promise<readonly AuditDraft[]>;
  /** A record did not hold against its binding: puts it aside, and gives the refusal as this person may see it. Runs outside the lock. */
  readonly unfaithful?: (call: Call, error: ArchiveError) => Promise<Error>;
  /** In the same transaction as the entries: what must be registered because of them. A refusal from here undoes the act. */
  readonly register?: (writer: Sql, entries: readonly AuditEntry[]) => Promise<void>;
  /** Told of every entry once it is committed. */
  readonly entered?: (entries: readonly AuditEntry[]) => void;
}

/** Nobody has signed in yet. */
export const ANONYMOUS = 'anonymous';

interface Drafted { readonly draft: AuditDraft; readonly duty: string | null }

/** Makes the repositories over one connection; `writing` is false on the reader. */
export type BuildRepositories<R extends object> = (sql: Sql, call: Call, writing: boolean) => R;

/** The box itself, where it enters what nobody asked for. */
const BOX_ACTOR = { person: 'system', duty: null, terminal: 'box' } as const;

/**
 * The one way to the database. A write unit runs alone, under `BEGIN IMMEDIATE`, and commits rows and audit entries together.
 * It cannot commit without a decision and an audit entry; a refusal rolls everything back and is entered on its own.
 */
export function openUnitOfWork<R extends object>(
  database: Database, ledger: Ledger, gate: Gate, repositories: BuildRepositories<R>, options: StoreOptions = {},
): Store<R> {
  const mutex = new Mutex();
  const writer = sqlOn(database.writer);
  const reader = sqlOn(database.reader);
  const entered = new WeakSet<object>();

  async function transact<T>(call: Call, work: (audit: Drafted[]) => Promise<T>): Promise<{ readonly result: T; readonly entries: readonly AuditEntry[] }> {
    await writer.run('BEGIN IMMEDIATE');
    try {
      const drafts: Drafted[] = [];
      const result = await work(drafts);
      if (drafts.length === 0) throw new Error(`${call.act}: a unit of work must leave an audit entry`);
      return { result, entries: await enter(call, drafts, await options.bind?.(writer, reader, false) ?? []) };
    } catch (error) {
      await writer.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /** Entries and commit: from here on only the ledger or the disk can fail, and then nothing has happened. */
  async function enter(call: Call, drafts: readonly Drafted[], bound: readonly AuditDraft[]): Promise<readonly AuditEntry[]> {
    const unit = ledger.begin(writer);
    const entries: AuditEntry[] = [];
    try {
      for (const { draft, duty } of drafts) entries.push(...await unit.append({ ...call, duty }, [draft]));
      await options.register?.(writer, entries);
      await unit.append(BOX_ACTOR, bound);
      await writer.run('COMMIT');
    } catch (error) {
      throw error instanceof ArchiveError ? error : new ArchiveError('E_AUDIT_UNAVAILABLE', { act: call.act });
    }
    unit.committed();
    options.entered?.(entries);
    return entries;
  }

  /** A refusal is an act too. It carries the true reason, which the person asking may never be told. */
  async function refused(call: Call, error: unknown, target?: Target): Promise<void> {
    if (!(error instanceof ArchiveError) || entered.has(error) || error.code === 'E_CLOCK_BACKWARD' || error.code === 'E_AUDIT_UNAVAILABLE') return;
    const left = call.person === ANONYMOUS ? (options.meter?.() ?? (options.meter ? null : 0)) : 0;
    entered.add(error);
    if (left === null) return;
    const object = target === undefined ? {} : { object: target.id, objectType: target.type, ...levelOf(target) };
    const detail = { ...error.facts, ...(left > 0 ? { leftOut: left } : {}) };
    await note(call, { action: call.act, result: 'refused', reason: error.code, detail, ...object });
  }

  const note = async (call: Call, draft: AuditDraft): Promise<void> => {
    await transact(call, async (drafts) => {
      drafts.push({ draft, duty: call.duty });
      return Promise.resolve();
    });
  };

  /** The tools of one unit, and what it asked for last. Entries carry the duty that let the act through, not just any that is held. */
  function toolsFor(call: Call, enterDraft: (drafted: Drafted) => void) {
    const seen: { last: Target | undefined; decided: boolean } = { last: undefined, decided: false };
    let { duty } = call;
    // What let a thing be known that its scope keeps closed stands beside every entry about it.
    const approvals = new Map<string, string>();
    const tools: ReadTools = {
      audit: (draft) => {
        const approval = draft.approval ?? approvals.get(draft.object ?? '');
        enterDraft({ draft: approval === undefined ? draft : { ...draft, approval }, duty });
      },
      allow: async (target, act = call.act) => {
        seen.last = target ?? seen.last;
        seen.decided = true;
        const decision = await gate.decide(call, act, target);
        duty = decision.duty ?? duty;
        if (target !== undefined && typeof decision.approval === 'string') approvals.set(target.id, decision.approval);
        return decision;
      },
    };
    return { seen, tools };
  }

  async function readOnce<T>(call: Call, work: (tx: R & ReadTools) => Promise<T>): Promise<T> {
    const drafts: Drafted[] = [];
    const { seen, tools } = toolsFor(call, (drafted) => { drafts.push(drafted); });
    try {
      const result = await work({ ...repositories(reader, call, false), ...tools });
      if (!seen.decided) throw new Error(`${call.act}: a read must pass the decision point`);
      if (drafts.length > 0) {
        await mutex.runExclusive(async () => transact(call, async (entries) => { entries.push(...drafts); return Promise.resolve(); }));
      }
      return result;
    } catch (error) {
      await mutex.runExclusive(async () => refused(call, error, seen.last));
      throw error;
    }
  }

  /**
   * A record that does not hold is put aside. Where it only stood in a list, the list is made again without it; where it was asked for,
   * the person learns of it what the record's own signed protection lets them.
   */
  async function asSeen<T>(call: Call, work: () => Promise<T>): Promise<T> {
    const aside = new Set<unknown>();
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ArchiveError) || error.code !== 'E_MARK_BINDING' || options.unfaithful === undefined) throw error;
        const { record, listed } = error.facts;
        const seen = await options.unfaithful(call, error);
        entered.add(seen);
        if (listed !== true || aside.has(record)) throw seen;
        aside.add(record);
      }
    }
  }

  return {
    async housekeep(work) {
      return mutex.runExclusive(async () => {
        await writer.run('BEGIN IMMEDIATE');
        try {
          const result = await work(writer);
          const bound = await options.bind?.(writer, reader, true) ?? [];
          const unit = ledger.begin(writer);
          await unit.append(BOX_ACTOR, bound);
          await writer.run('COMMIT');
          unit.committed();
          return result;
        } catch (error) {
          await writer.run('ROLLBACK').catch(() => undefined);
          throw error;
        }
      });
    },
    alone: async (work) => mutex.runExclusive(work),
    async refuse(call, error) {
      await mutex.runExclusive(async () => {
        if (error instanceof ArchiveError) await refused(call, error);
        else if (call.person !== ANONYMOUS) await note(call, { action: call.act, result: 'failed', reason: 'E_INTERNAL' });
      });
    },
    async write(call, work) {
      const later: ((entries: readonly AuditEntry[]) => Promise<void>)[] = [];
      const done = await asSeen(call, async () => mutex.runExclusive(async () => {
        later.length = 0;
        let last: Target | undefined;
        try {
          return await transact(call, async (drafts) => {
            const { seen, tools } = toolsFor(call, (drafted) => { drafts.push(drafted); });
            try {
              const made = await work({ ...repositories(writer, call, true), ...tools, afterCommit: (step) => { later.push(step); } });
              if (!seen.decided) throw new Error(`${call.act}: a unit of work must pass the decision point`);
              return made;
            } finally {
              last = seen.last;
            }
          });
        } catch (error) {
          await refused(call, error, last);
          throw error;
        }
      }));
      // Outside the lock: these steps move bytes and close intents, each in a small unit of its own. What is committed is so; a step
      // that fails must not be told as if nothing had happened, and its intent stays open for recovery.
      for (const step of later) await step(done.entries).catch((error: unknown) => { options.late?.(error); });
      return done.result;
    },
    async read(call, work) {
      return asSeen(call, async () => readOnce(call, work));
    },
  };
}

function levelOf(target: Target): Pick<AuditDraft, 'objectLevel'> {
  const { level } = target;
  return level === 0 || level === 1 || level === 2 || level === 3 || level === 4 ? { objectLevel: level } : {};
}
