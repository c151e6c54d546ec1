/** What the server answers with for batches, files and records; the request shapes come from policies/schemas. */
import type { Level } from './levels.js';

export interface Finding { readonly code: string; readonly property: string; readonly severity: 'reject' | 'warn' | 'note'; readonly message: string; readonly article: string }
export type Verdict = 'accept' | 'warn' | 'reject';

export interface StoredFile {
  readonly id: string; readonly record: string; readonly role: string; readonly position: number; readonly bytes: number; readonly sm3: string;
  readonly mime: string; readonly format: string; readonly puid: string | null; readonly verdict: Verdict;
  readonly facts: Readonly<Record<string, unknown>>; readonly findings: readonly Finding[]; readonly sealed: { readonly fileName: string };
  readonly level: Level; readonly receivedAt: string; readonly replacedBy: string | null;
}
export interface RecordFacts {
  readonly id: string; readonly batch: string; readonly state: string; readonly level: Level; readonly fonds: string; readonly department: string;
  readonly categoryCode: string | null; readonly archivalYear: number | null; readonly retentionCode: string | null; readonly orgOrFunction: string | null;
  readonly scheduleItemId: string | null; readonly documentDate: string | null; readonly completedOn: string | null; readonly archivalCode: string | null;
  readonly mark: string | null; readonly filingDeadline: string | null; readonly filedAt: string | null; readonly transferDueOn: string | null;
  readonly retentionExpiresOn: string | null; readonly currentRetention: string | null; readonly legalHold: boolean; readonly verdict: Verdict | null; readonly capturedAt: string; readonly version: number;
  readonly electronicRecordCode: string; readonly metadataDigest: string | null; readonly classificationId: string | null;
}
/** 著录 as the box keeps it; the elements named here have a place on the forms. */
export interface Description {
  readonly title: string; readonly documentNumber?: string; readonly author?: readonly string[]; readonly documentType?: string; readonly manuscriptType?: string;
  readonly pageCount?: number; readonly annotation?: string; readonly keywords?: readonly string[];
}
export interface StoredRecord extends RecordFacts { readonly description: Description }
export interface Batch {
  readonly id: string; readonly number: string; readonly fonds: string; readonly department: string; readonly openedBy: string; readonly method: string;
  readonly level: Level; readonly state: string; readonly openedAt: string; readonly closedAt: string | null; readonly version: number;
  readonly departmentName?: string; readonly openedByName?: string;
}
export interface FileCounts { readonly files: number; readonly accepted: number; readonly warned: number; readonly rejected: number; readonly bytes: number }

export const NATURES = [['authenticity', '真实性'], ['integrity', '完整性'], ['usability', '可用性'], ['security', '安全性']] as const;
/** A code of the retention schedule in words. */
export const retentionName = (code: string | null): string => (code === null ? '—' : code === 'Y' ? '永久' : `${code.slice(1)} 年`);
