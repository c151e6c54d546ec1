import { Temporal } from 'temporal-polyfill';
import type { AuditEntry } from '../core/audit.js';
import type { AlarmRule, AlarmTrigger, Disposition } from '../policies/schemas/alarms.js';

export type { AlarmRule, Disposition };
type Entries = Extract<AlarmTrigger, { kind: 'entries' }>;

/** Every code that an entry speaks of: the reason, and the true codes behind a refusal that hid them. */
function codesOf({ reason, detail }: Pick<AuditEntry, 'reason' | 'detail'>): readonly string[] {
  const { codes } = detail;
  return [...(reason === null ? [] : [reason]), ...(Array.isArray(codes) ? codes.filter((code) => typeof code === 'string') : [])];
}

export function matches(trigger: Entries, entry: AuditEntry): boolean {
  return trigger.results.includes(entry.result)
    && (trigger.actions === undefined || trigger.actions.includes(entry.action))
    && (trigger.codes === undefined || codesOf(entry).some((code) => trigger.codes?.includes(code)));
}

/** What the alarm is about: 人, 件, or the box as a whole (empty). `null`: the entry names nobody, so nothing is counted. */
export function subjectOf(rule: Pick<AlarmRule, 'per'>, entry: AuditEntry): string | null {
  switch (rule.per) {
    case 'box': return '';
    case 'actor': return entry.actor === 'system' || entry.actor === 'anonymous' ? null : entry.actor;
    case 'record': {
      const named = entry.objectType === 'record' ? entry.object : entry.detail['record'];
      return typeof named === 'string' ? named : null;
    }
  }
}

export interface Raised { readonly rule: AlarmRule; readonly subject: string; readonly seq: number; readonly count: number }

interface Seen { readonly at: number; readonly object: string | null }
const MINUTE_MS = 60_000;
/** Kept for one rule and subject: more would not raise it sooner. */
const KEPT = 4096;

/** Counts entries in sliding windows and says which rules they meet. One watcher a box; entries come in the order of the ledger. */
export function alarmWatcher(rules: readonly AlarmRule[]): { take(entry: AuditEntry): readonly Raised[] } {
  const windows = new Map<string, Seen[]>();
  return {
    take(entry) {
      // The alarms' own acts raise none, or one alarm would raise the next.
      if (entry.action.startsWith('alarm.')) return [];
      const raised: Raised[] = [];
      for (const rule of rules) {
        for (const [index, trigger] of rule.triggers.entries()) {
          if (trigger.kind !== 'entries' || !matches(trigger, entry)) continue;
          const subject = subjectOf(rule, entry);
          if (subject === null) continue;
          const key = `${rule.code}/${String(index)}/${subject}`;
          const now = Temporal.Instant.from(entry.at).epochMilliseconds;
          const since = now - trigger.windowMinutes * MINUTE_MS;
          const seen = [...(windows.get(key) ?? []).filter(({ at }) => at > since), { at: now, object: entry.object }].slice(-KEPT);
          windows.set(key, seen);
          const count = trigger.distinct === true ? new Set(seen.map(({ object }) => object)).size : seen.length;
          if (count >= trigger.threshold) {
            raised.push({ rule, subject, seq: entry.seq, count });
            // The next alarm of this kind needs as many again.
            windows.set(key, []);
          }
        }
      }
      return raised;
    },
  };
}

/** 处置 in force, from the open alarms: what is stopped, and for whom. */
export interface Stops { readonly writes: boolean; readonly imports: boolean; readonly paused: ReadonlySet<string> }

export function stopsOf(open: Iterable<{ readonly disposition: Disposition; readonly subject: string }>): Stops {
  let [writes, imports] = [false, false];
  const paused = new Set<string>();
  for (const { disposition, subject } of open) {
    if (disposition === 'stop-writes') writes = true;
    if (disposition === 'block-import') imports = true;
    if (disposition === 'pause-session') paused.add(subject);
  }
  return { writes, imports, paused };
}
