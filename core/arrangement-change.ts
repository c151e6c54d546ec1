import type { Description } from './description.js';
import type { StoredRecord } from './holdings.js';
import type { Instant, Level } from './ports.js';

/** Structural fields that an arrangement sets, with what follows from them. */
export const ARRANGED_FACTS = ['categoryCode', 'archivalYear', 'retentionCode', 'scheduleItemId', 'orgOrFunction', 'documentDate', 'completedOn', 'filingDeadline'] as const;
type ArrangedFact = (typeof ARRANGED_FACTS)[number];

/** What stood in one record before; `null` in the description for a key that was not there. */
export interface PriorRow {
  readonly record: string;
  /** Of the record after the change: undone only while it is still so. */
  readonly version: number;
  readonly state: string;
  readonly facts: Readonly<Partial<Record<ArrangedFact, string | number | null>>>;
  readonly description: Readonly<Record<string, unknown>>;
}

/** 一次整理: who changed which rows, kept until the batch is filed. */
export interface ArrangementChange {
  readonly id: string;
  readonly batch: string;
  readonly person: string;
  readonly at: Instant;
  readonly level: Level;
  readonly rows: readonly PriorRow[];
  readonly undoneAt: Instant | null;
}
export type ArrangementChangeHead = Omit<ArrangementChange, 'rows'> & { readonly items: number };

export interface ArrangementChangeRepository {
  add(change: ArrangementChange): Promise<void>;
  get(id: string): Promise<ArrangementChange | undefined>;
  /** The person's own, the newest first. */
  ofPerson(batch: string, person: string, limit: number): Promise<readonly ArrangementChangeHead[]>;
  undone(id: string, by: string, at: Instant): Promise<void>;
  /** Nothing is undone in a batch once it is filed. */
  clear(batch: string): Promise<void>;
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** What has to be kept to bring `before` back from `after`. */
export function priorOf(before: StoredRecord, after: StoredRecord): PriorRow {
  const [was, is] = [before.description as Readonly<Record<string, unknown>>, after.description as Readonly<Record<string, unknown>>];
  return {
    record: before.id, version: before.version + 1, state: before.state,
    facts: Object.fromEntries(ARRANGED_FACTS.filter((key) => !same(before[key], after[key])).map((key) => [key, before[key]])),
    description: Object.fromEntries([...new Set([...Object.keys(was), ...Object.keys(is)])].filter((key) => !same(was[key], is[key])).map((key) => [key, was[key] ?? null])),
  };
}

/** The record as it stood before the change. */
export function restored(record: StoredRecord, prior: PriorRow): StoredRecord {
  const description: Record<string, unknown> = { ...record.description };
  for (const [key, value] of Object.entries(prior.description)) {
    if (value === null) Reflect.deleteProperty(description, key);
    else description[key] = value;
  }
  return { ...record, ...prior.facts, state: prior.state, description: description as Description } as StoredRecord;
}
