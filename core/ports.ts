import type { AuditDraft, AuditEntry } from './audit.js';
/** Time and chance come in through the door: nothing in core or secrecy reads a clock or draws a number itself. */

/** RFC 3339 in UTC with milliseconds, e.g. `2026-11-23T07:04:05.000Z`. */
export type Instant = string;
/** `YYYY-MM-DD`, a calendar date in Asia/Shanghai. */
export type CalendarDate = string;

export interface Clock {
  now(): Instant;
  /** The calendar date in Asia/Shanghai at `now()`. */
  today(): CalendarDate;
}

export interface Ids {
  /** RFC 9562 version 4, lower case. */
  uuid(): string;
}

/** SM3 (GB/T 32905) of the concatenation of the parts: 32 bytes. */
export type Sm3 = (...parts: readonly Uint8Array[]) => Uint8Array;

/** 密级序: 0 public 公开, 1 internal 内部, 2 confidential 秘密, 3 secret 机密, 4 top_secret 绝密. */
export type Level = 0 | 1 | 2 | 3 | 4;

/** Who asks for what: one per request, made at the door and handed inwards. */
export interface Call {
  /** `capability.verb` */
  readonly act: string;
  /** Person id, or `system` for the box's own work. */
  readonly person: string;
  /** Duty under which the person acts, for the ledger. */
  readonly duty: string | null;
  /** Terminal the request came from. */
  readonly terminal: string;
  /** Leads from an error on the screen to the log. */
  readonly traceId: string;
}

/** What an act is aimed at, with all that a decision may need. Built from stored values, which may be damaged: hence `unknown`. */
export interface Target {
  readonly type: string;
  readonly id: string;
  readonly fonds: string | null;
  /** 密级; anything but an integer 0–4 counts as the highest. */
  readonly level: unknown;
  readonly state: string | null;
  /** 形成/办理部门 */
  readonly department: string | null;
  /** 知悉范围; empty for public and internal things. */
  readonly scope: TargetScope;
  /** Person who made it, where the rule asks. */
  readonly owner: string | null;
  /** 拟定人, for acts that another person must do. */
  readonly drafter?: { readonly person: string; readonly tokens: readonly string[] };
}

export interface TargetScope {
  readonly persons: readonly string[];
  readonly departments: readonly string[];
  /** 利用审批单 that cover the thing. */
  readonly requests?: readonly string[];
  /** Compartments that must all be held. */
  readonly compartments?: readonly string[];
}

export interface Reason {
  /** Rule name: `duty`, `mac`, `scope`, `state`, `systemLevel`, `separation`, `environment`. */
  readonly rule: string;
  readonly passed: boolean;
  /** Catalogue code when it failed. */
  readonly code: string | null;
  /** 中文: why, and what to do next. */
  readonly text: string;
  readonly article: string | null;
}

export interface Decision {
  readonly allowed: boolean;
  readonly reasons: readonly Reason[];
}

export interface ReadTools {
  /** Enters an act in the ledger, in the same transaction as the change. */
  audit(draft: AuditDraft): void;
  /**
   * The one decision point. Without a target the duty alone is decided.
   * @throws ArchiveError the refusal, `E_NOT_FOUND` where the very existence is hidden
   */
  allow(target?: Target, act?: string): Promise<Decision>;
}

export interface WriteTools extends ReadTools {
  /** Runs after the commit, in order, with the entries of the unit; for moving bytes that an intent row already speaks of. */
  afterCommit(step: (entries: readonly AuditEntry[]) => Promise<void>): void;
}

export interface UnitOfWork<W, R> {
  write<T>(call: Call, work: (tx: W) => Promise<T>): Promise<T>;
  read<T>(call: Call, work: (tx: R) => Promise<T>): Promise<T>;
}
