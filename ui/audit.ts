/** One entry of the audit ledger as the box answers it. */
export interface AuditEntry {
  readonly seq: number; readonly at: string; readonly actor: string; readonly actorName: string; readonly duty: string | null; readonly terminal: string; readonly action: string;
  readonly objectType: string | null; readonly object: string | null; readonly objectLevel: number | null; readonly result: string; readonly reason: string | null;
  readonly approval: string | null; readonly detail: Readonly<Record<string, unknown>>; readonly prevHash: string; readonly hash: string;
}
