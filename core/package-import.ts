import { ArchiveError } from './errors.js';
import type { CalendarDate, Instant, Level } from './ports.js';

/** 离线数据包导入: received, judged whole, looked at by a person, then taken in. */
export type ImportState = 'receiving' | 'checking' | 'checked' | 'taking' | 'taken' | 'refused' | 'abandoned' | 'failed';
export type ImportEvent = 'receive' | 'pass' | 'refuse' | 'take' | 'finish' | 'fail' | 'abandon';

/**
 * state × event → state. An empty cell is `E_STATE_INVALID`. If the power goes while `checking` the judging begins again, while `taking` it goes on
 * behind the last item that is in.
 */
export const IMPORT_TRANSITIONS = {
  receiving: { receive: 'checking', abandon: 'abandoned' },
  checking: { pass: 'checked', refuse: 'refused', abandon: 'abandoned' },
  checked: { take: 'taking', abandon: 'abandoned' },
  taking: { take: 'taking', finish: 'taken', fail: 'failed' },
  taken: {}, refused: {}, abandoned: {}, failed: {},
} as const satisfies Record<ImportState, Readonly<Partial<Record<ImportEvent, ImportState>>>>;

/** @throws ArchiveError `E_STATE_INVALID` */
export function nextImport(state: ImportState, event: ImportEvent): ImportState {
  const row: Readonly<Partial<Record<ImportEvent, ImportState>>> = IMPORT_TRANSITIONS[state];
  const next = row[event];
  if (next === undefined) throw new ArchiveError('E_STATE_INVALID', { state, event });
  return next;
}

/** What was found, with the entry it was found at. */
export interface ImportFinding { readonly code: string; readonly entry: string; readonly text: string }
/** An item as it will come in, for a person to look at before it does. */
export interface ImportPreview { readonly place: string; readonly title: string; readonly code: string | null; readonly date: CalendarDate | null; readonly files: number; readonly missing: readonly string[] }

export interface PackageImport {
  readonly id: string;
  /** 收集批次 it fills. */
  readonly batch: string;
  readonly state: ImportState;
  readonly level: Level;
  /** Sealed object the package was received in; null for one that lies on a medium, and once it is let go of. */
  readonly object: string | null;
  /** Bytes to be received; null for one on a medium. */
  readonly bytes: number | null;
  readonly form: string | null;
  readonly total: number;
  /** Items taken in so far. */
  readonly done: number;
  readonly begunBy: string;
  readonly begunAt: Instant;
  readonly endedAt: Instant | null;
  readonly version: number;
  readonly sealed: {
    /** File name as received, or the place on the medium. */
    readonly source: string;
    readonly name: string | null;
    readonly findings: readonly ImportFinding[];
    readonly warnings: readonly ImportFinding[];
    readonly preview: readonly ImportPreview[];
  };
}
