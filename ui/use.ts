/** 开放审核、利用、出证 as the box shows them. */
import type { Page } from './api.js';

export interface OpeningRow {
  readonly record: string; readonly archivalCode: string; readonly title: string; readonly level: number; readonly mark: string | null; readonly documentDate: string | null; readonly archivalYear: number | null; readonly dueOn: string | null; readonly early: boolean;
}
export interface OpeningsDue extends Page<OpeningRow> { readonly mode: 'unit' | 'repository'; readonly years: number; readonly maxDeferYears: number; readonly maxItems: number }
export interface OpeningLine extends OpeningRow {
  readonly review: string; readonly no: string; readonly decision: 'open' | 'controlled' | 'deferred'; readonly decisionName: string; readonly deferredUntil: string | null; readonly state: 'proposed' | 'approved' | 'refused';
  readonly approval: string | null; readonly proposedByName: string; readonly proposedAt: string; readonly decidedAt: string | null; readonly reason: string | null;
}
export const DECISIONS: Readonly<Record<OpeningLine['decision'], string>> = { open: '开放', controlled: '控制使用', deferred: '延期开放' };

export interface UseRow {
  readonly id: string; readonly no: string; readonly level: number; readonly mode: string; readonly modeName: string; readonly state: string; readonly applicant: string; readonly applicantName: string; readonly behalf: string | null; readonly purpose: string;
  readonly asked: number; readonly requestedAt: string; readonly validUntil: string | null; readonly openUntil: string | null; readonly sessions: number; readonly version: number; readonly mine: boolean;
}
export interface Uses extends Page<UseRow> {
  readonly modes: readonly { readonly key: string; readonly name: string }[]; readonly channels: readonly { readonly key: string; readonly name: string; readonly enabled: boolean }[]; readonly most: { readonly records: number };
}
export interface UseShown extends UseRow {
  readonly codes: readonly string[]; readonly clue: string | null; readonly opinion: string | null; readonly approval: string | null; readonly effect: string | null; readonly sessionMinutes: number; readonly assessedByName: string | null;
  readonly contents: readonly { readonly record: string; readonly code: string; readonly level: number; readonly mark: string | null; readonly title: string | null; readonly readable: boolean }[];
  readonly seats: readonly { readonly name: string; readonly signedBy: string | null; readonly at: string | null; readonly verdict: string | null }[];
  readonly refused: { readonly reason: string; readonly at: string } | null;
  readonly readings: readonly { readonly fromAt: string; readonly untilAt: string; readonly endedAt: string | null; readonly live: boolean; readonly reads: number }[];
  readonly outputs: readonly { readonly output: string; readonly no: string; readonly copies: number }[];
}
export interface UseFigures { readonly total: number; readonly modes: readonly Figure[]; readonly levels: readonly Figure[]; readonly states: readonly Figure[]; readonly months: readonly Figure[] }
export interface Figure { readonly name: string; readonly requests: number; readonly records: number; readonly sessions: number }

export interface CertificateRow { readonly id: string; readonly no: string; readonly record: string; readonly archivalCode: string; readonly title: string; readonly level: number; readonly issuedAt: string; readonly issuedByName: string; readonly issuedTo: string | null; readonly purpose: string | null; readonly sm3: string; readonly bytes: number }
