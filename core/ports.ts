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
