import type { AuditEntry } from '../../core/audit.js';
import type { Call, Clock, Ids, WriteTools } from '../../core/ports.js';
import type { AlarmsFile } from '../../policies/schemas/alarms.js';
import { alarmWatcher } from '../../secrecy/alarms.js';
import type { AlarmRule, Disposition } from '../../secrecy/alarms.js';
import { entryOf } from '../store/ledger.js';
import type { EntryRow } from '../store/ledger.js';
import { insert } from '../store/sql.js';
import type { Sql } from '../store/sql.js';
import type { Store } from '../store/unit-of-work.js';
import type { Brake } from './brake.js';

export interface EngineParts {
  readonly store: Store<{ readonly sql: Sql }>;
  readonly reader: Sql;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly policy: AlarmsFile;
  readonly brake: Brake;
  systemCall(act: string): Call;
}

type Tx = { readonly sql: Sql } & WriteTools;
type Facts = Readonly<Record<string, unknown>>;

export interface AlarmEngine {
  /** Every committed entry goes through here; alarms follow in their own units of work. */
  observe(entries: readonly AuditEntry[]): void;
  /** A source says that something is so, or no longer is. */
  signal(name: string, on: boolean, facts?: Facts): Promise<void>;
  /** Which signals have a source on this box. */
  provide(...signals: readonly string[]): void;
  readonly provided: ReadonlySet<string>;
  /** Reads the open alarms, and the entries of the last windows. */
  begin(): Promise<void>;
  /** When everything observed so far has been dealt with. */
  settled(): Promise<void>;
  /** The brake as the open alarms now want it; after any change of them. */
  reload(): Promise<void>;
}

/** Windows of the past that a start counts again, so that a restart is no way to begin anew. */
const LOOK_BACK_ENTRIES = 5000;

/** 告警: rules of `alarms.json` over entries and signals. One open alarm for a code and what it is about; more of the same only counts up. */
export function alarmEngine(parts: EngineParts): AlarmEngine {
  const { store, reader, clock, policy, brake } = parts;
  const watcher = alarmWatcher(policy.rules);
  const provided = new Set<string>();
  let work: Promise<void> = Promise.resolve();
  const later = (step: () => Promise<void>): void => { work = work.then(step).catch(() => undefined); };

  async function reload(): Promise<void> {
    brake.set(await reader.all<{ disposition: Disposition; subject: string }>("SELECT disposition, subject FROM alarm WHERE state = 'open'"));
  }

  async function raise(rule: AlarmRule, subject: string, entry: number | null, facts: Facts): Promise<void> {
    if (rule.disposition === 'stop-writes') brake.stopWrites(true);
    await store.write(parts.systemCall('alarm.raise'), async (tx: Tx) => {
      await tx.allow();
      const at = clock.now();
      const open = await tx.sql.one<{ id: string }>("SELECT id FROM alarm WHERE code = $1 AND subject = $2 AND state = 'open'", rule.code, subject);
      const id = open?.id ?? parts.ids.uuid();
      if (open) await tx.sql.run('UPDATE alarm SET last_at = $1, count = count + 1 WHERE id = $2', at, id);
      else await insert(tx.sql, 'alarm', { id, code: rule.code, subject, state: 'open', disposition: rule.disposition, first_at: at, last_at: at, count: 1, entry, facts: JSON.stringify(facts), version: 1 });
      tx.audit({ action: 'alarm.raise', object: id, objectType: 'alarm', detail: { code: rule.code, disposition: rule.disposition, again: open !== undefined, entry } });
    });
    await reload();
    brake.stopWrites(false);
  }

  /** A signal that is gone clears its alarm by itself, unless it stops writing for a reason that people must look into. */
  async function clear(rule: AlarmRule): Promise<void> {
    if ((await reader.one("SELECT 1 AS there FROM alarm WHERE code = $1 AND subject = '' AND state = 'open'", rule.code)) === undefined) return;
    await store.write(parts.systemCall('alarm.clear'), async (tx: Tx) => {
      await tx.allow();
      await tx.sql.run("UPDATE alarm SET state = 'cleared', closed_at = $1, version = version + 1 WHERE code = $2 AND subject = '' AND state = 'open'", clock.now(), rule.code);
      tx.audit({ action: 'alarm.clear', objectType: 'alarm', detail: { code: rule.code } });
    });
    await reload();
  }

  const ruled = (name: string): readonly AlarmRule[] => policy.rules.filter(({ triggers }) => triggers.some((one) => one.kind === 'signal' && one.signal === name));

  return {
    observe(entries) {
      for (const entry of entries) for (const one of watcher.take(entry)) later(async () => raise(one.rule, one.subject, one.seq, { times: one.count }));
    },
    async signal(name, on, facts = {}) {
      for (const rule of ruled(name)) {
        if (on && rule.disposition === 'stop-writes') brake.stopWrites(true);
        later(async () => (on ? raise(rule, '', null, facts) : clear(rule)));
      }
      await work;
    },
    provide(...signals) { for (const one of signals) provided.add(one); },
    provided,
    async begin() {
      await reload();
      const hours = Math.max(...policy.rules.flatMap(({ triggers }) => triggers.map((one) => (one.kind === 'entries' ? one.windowMinutes : 0))));
      const since = new Date(Date.parse(clock.now()) - hours * 60_000).toISOString();
      const rows = await reader.all<EntryRow>(`SELECT * FROM (SELECT * FROM audit_entry ORDER BY seq DESC LIMIT ${String(LOOK_BACK_ENTRIES)}) WHERE at > $1 ORDER BY seq`, since);
      const [last] = await reader.all<{ seq: number | null }>("SELECT max(entry) AS seq FROM alarm");
      // Counted again, raised only for what no alarm speaks of yet.
      for (const entry of rows.map(entryOf)) for (const one of watcher.take(entry)) if (one.seq > (last?.seq ?? -1)) later(async () => raise(one.rule, one.subject, one.seq, { times: one.count }));
    },
    settled: async () => work,
    reload,
  };
}
