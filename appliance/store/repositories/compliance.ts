import type { CalendarDate, Instant } from '../../../core/ports.js';
import type { ComplianceStatus } from '../../../policies/schemas/compliance.js';
import type { Signature } from '../../../secrecy/signing.js';
import type { Accreditation } from '../../compliance/facts.js';
import type { Sealing } from '../sealing.js';
import { insert } from '../sql.js';
import type { Sql } from '../sql.js';

/** 人工核查: signed by the officer who entered it. */
export interface ComplianceEntry {
  readonly id: string;
  readonly code: string;
  readonly status: ComplianceStatus;
  readonly checkedOn: CalendarDate;
  readonly enteredBy: string;
  readonly enteredAt: Instant;
  readonly account: string;
  readonly evidenceRef: string;
  readonly note: string;
  readonly signature: Signature;
  /** PEM, as it was. */
  readonly certificate: string;
}

export interface ComplianceRepository {
  addEntry(entry: ComplianceEntry): Promise<void>;
  /** The last one of every item. */
  entries(): Promise<ReadonlyMap<string, ComplianceEntry>>;
  addAccreditation(id: string, it: Accreditation, at: Instant, approval: string): Promise<void>;
  /** The last one registered, valid or not. */
  accreditation(): Promise<Accreditation | null>;
}

/** Asked before anybody has signed in, the box locked or not: only the date, which is a column. */
export async function accreditedUntil(sql: Sql, today: CalendarDate): Promise<boolean> {
  const row = await sql.one<{ valid_to: string }>('SELECT valid_to FROM accreditation ORDER BY entered_at DESC, id LIMIT 1');
  return row !== undefined && row.valid_to >= today;
}

const LEVEL = 1;
type Sealed = Pick<ComplianceEntry, 'account' | 'evidenceRef' | 'note' | 'signature' | 'certificate'>;
interface EntryRow { id: string; code: string; status: ComplianceStatus; checked_on: string; entered_by: string; entered_at: string; sealed: Buffer }

export function complianceRepository(sql: Sql, sealing: Sealing): ComplianceRepository {
  return {
    async addEntry({ id, code, status, checkedOn, enteredBy, enteredAt, ...sealed }) {
      await insert(sql, 'compliance_entry', { id, code, status, checked_on: checkedOn, entered_by: enteredBy, entered_at: enteredAt, sealed: sealing.seal(LEVEL, `compliance/${id}`, sealed satisfies Sealed) });
    },
    async entries() {
      const rows = await sql.all<EntryRow>('SELECT * FROM compliance_entry ORDER BY entered_at, id');
      return new Map(rows.map((row) => [row.code, {
        id: row.id, code: row.code, status: row.status, checkedOn: row.checked_on, enteredBy: row.entered_by, enteredAt: row.entered_at, ...sealing.open<Sealed>(LEVEL, `compliance/${row.id}`, row.sealed),
      }]));
    },
    addAccreditation: async (id, it, at, approval) => insert(sql, 'accreditation', { id, valid_to: it.validTo, entered_at: at, approval, sealed: sealing.seal(LEVEL, `accreditation/${id}`, it) }),
    async accreditation() {
      const row = await sql.one<{ id: string; sealed: Buffer }>('SELECT id, sealed FROM accreditation ORDER BY entered_at DESC, id LIMIT 1');
      return row === undefined ? null : sealing.open<Accreditation>(LEVEL, `accreditation/${row.id}`, row.sealed);
    },
  };
}
