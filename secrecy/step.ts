import type { AuditDraft } from '../core/audit.js';

/** What a pure step hands back: the next state, and the entry that must land in the ledger with it. */
export interface Step<T> {
  readonly next: T;
  readonly audit: AuditDraft;
}
