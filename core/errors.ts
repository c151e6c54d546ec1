import { CATALOG } from './error-catalogue.js';

export { CATALOG } from './error-catalogue.js';

/** One refusal of the product. The whole table is in `error-catalogue.ts`; the operator's page in `appliance/manual/errors.md`. */
export interface ErrorRow {
  /** HTTP status the server answers with. */
  readonly status: number;
  /** 中文提示: what happened and the next step. No titles, names or other telling text. */
  readonly message: string;
  /** 办法 articles, as numerals, for the console's 依据 line. */
  readonly articles?: readonly number[];
  /**
   * 对外同体: the code a stranger sees instead, with its status and message. The true code stays in the audit ledger, so that
   * nobody learns from an answer that a hidden record exists.
   */
  readonly hiddenAs?: 'E_NOT_FOUND';
  /** Names of the facts that may leave with the answer; all others go to the audit ledger only. */
  readonly tell?: readonly string[];
}

export type ErrorCode = keyof typeof CATALOG;

/** A refusal with its catalogue code. `facts` are structural (ids, codes, counts), never titles or names. */
export class ArchiveError extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly facts: Readonly<Record<string, unknown>> = {},
    /** JSON pointers or `file:row:column` places, shown to the officer beside the message. */
    readonly details: readonly ErrorDetail[] = [],
  ) {
    super(code);
    this.name = 'ArchiveError';
  }
}

export interface ErrorDetail {
  /** Where: a JSON pointer (`/title`), or a row and column of a catalogue (`第3行「题名」`). */
  readonly at: string;
  /** What is wrong there and how to mend it, in Chinese. */
  readonly message: string;
}

/** What the person who asked may see of a refusal. */
export interface OutwardError {
  readonly code: ErrorCode;
  readonly status: number;
  readonly message: string;
  readonly articles: readonly number[];
  readonly facts: Readonly<Record<string, unknown>>;
  readonly details: readonly ErrorDetail[];
}

/** The catalogue row of a code, with the optional columns readable. */
export const errorRow = (code: ErrorCode): ErrorRow => CATALOG[code];

export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(CATALOG, text);

/**
 * The refusal as it goes over the wire: a hidden code becomes the code it hides behind and loses facts and details, so that
 * 越权 and 不存在 are the same answer. Anything that is not an `ArchiveError` is `E_INTERNAL`.
 */
export function outward(error: unknown): OutwardError {
  const known = error instanceof ArchiveError ? error : new ArchiveError('E_INTERNAL');
  const row = errorRow(known.code);
  const code = row.hiddenAs ?? known.code;
  const shown = errorRow(code);
  const bare = code === 'E_NOT_FOUND';
  const told = new Set(bare ? [] : shown.tell);
  return {
    code,
    status: shown.status,
    message: shown.message,
    articles: shown.articles ?? [],
    facts: Object.fromEntries(Object.entries(known.facts).filter(([name]) => told.has(name))),
    details: bare ? [] : known.details,
  };
}
