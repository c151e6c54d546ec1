import { ArchiveError, type ErrorCode, type ErrorDetail } from '../../core/errors.js';

/** What a working process answers: the value, or the refusal in parts, since classes do not travel between processes. */
export type WorkerAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: ErrorCode; readonly facts: Readonly<Record<string, unknown>>; readonly details: readonly ErrorDetail[] };

/** @throws ArchiveError the refusal of the process */
export function valueOf<T>(answer: WorkerAnswer<T>): T {
  if (answer.ok) return answer.value;
  throw new ArchiveError(answer.code, answer.facts, answer.details);
}
