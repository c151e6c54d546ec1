/** 到期鉴定 as the box shows it. */
import type { Level } from './levels.js';

export type Opinion = 'retain_permanent' | 'retain_extended' | 'destroy' | 'hold_legal' | 'hold_secrecy' | 'transfer_to_archive';
export interface OpinionRow { readonly key: Opinion; readonly name: string; readonly term: 'none' | 'permanent' | 'required' }
export interface AppraisedRecord {
  readonly record: string; readonly archivalCode: string; readonly title: string; readonly level: Level; readonly mark: string | null; readonly documentDate: string | null; readonly archivalYear: number | null;
  readonly retentionCode: string | null; readonly currentRetention: string | null; readonly retentionExpiresOn: string | null; readonly state: string; readonly legalHold: boolean; readonly department: string; readonly fonds: string; readonly recordVersion: number;
}
export interface DueRow extends AppraisedRecord { readonly batch: { readonly batch: string; readonly number: string } | null; readonly last: { readonly number: string; readonly opinionName: string } | null }
export interface BatchRow {
  readonly id: string; readonly number: string; readonly state: string; readonly asOf: string; readonly openedByName: string; readonly openedAt: string; readonly items: number; readonly mine: number; readonly member: boolean; readonly version: number;
}
export interface SaidOpinion {
  readonly by: string; readonly byName: string; readonly partName: string; readonly opinion: Opinion; readonly opinionName: string; readonly newRetention: string | null; readonly reason: string | null; readonly at: string; readonly mine: boolean;
}
export interface ItemRow extends AppraisedRecord {
  readonly no: number; readonly opinions: readonly SaidOpinion[]; readonly waiting: readonly string[]; readonly concluded: boolean; readonly conclusion: Opinion | null; readonly conclusionName: string | null;
  readonly newRetention: string | null; readonly myVersion: number; readonly may: boolean;
}
export interface Member { readonly person: string; readonly name: string; readonly partName: string; readonly signed: boolean }
export interface BatchShown extends BatchRow {
  readonly fonds: string; readonly basisName: string; readonly convenedByName: string | null; readonly members: readonly Member[]; readonly lead: boolean; readonly whole: boolean | null; readonly waiting: number; readonly mySignature: boolean;
  readonly tally: readonly { readonly opinion: Opinion; readonly name: string; readonly items: number }[];
  readonly words: { readonly report: { readonly process: string; readonly conclusion: string } | null; readonly cancelled: string | null } | null; readonly report: string | null;
  readonly approval: { readonly id: string; readonly state: string } | null; readonly page: number; readonly size: number; readonly total: number; readonly rows: readonly ItemRow[];
  readonly opinions: readonly OpinionRow[]; readonly precedence: { readonly source: string };
}
export interface Candidates {
  readonly people: readonly { readonly id: string; readonly name: string; readonly position: string; readonly departmentName: string; readonly parts: readonly string[] }[];
  readonly panel: { readonly minMembers: number; readonly minPerItem: number; readonly parts: readonly { readonly key: string; readonly name: string; readonly required: boolean }[] };
  readonly bases: readonly { readonly key: string; readonly name: string }[]; readonly maxItems: number;
}
export interface Precondition { readonly code: string; readonly passed: boolean; readonly text: string; readonly article: string; readonly blocks: boolean }
export interface DisposableRow extends AppraisedRecord { readonly number: string; readonly batch: string; readonly checks: readonly Precondition[] }
export interface HoldRow {
  readonly id: string; readonly record: string; readonly archivalCode: string; readonly title: string; readonly level: Level; readonly mark: string | null; readonly kindName: string; readonly requestedBy: string | null; readonly reason: string | null;
  readonly placedBy: string; readonly placedByName: string; readonly placedAt: string; readonly lifted: { readonly at: string; readonly reason: string | null } | null; readonly liftedByName: string | null; readonly version: number;
}

/** 现行保管期限: set anew, or the one it was filed with. */
export const termOf = (row: Pick<AppraisedRecord, 'currentRetention' | 'retentionCode'>): string | null => row.currentRetention ?? row.retentionCode;
/** Periods that may be chosen for 存续. */
export const TERMS = ['D20', 'D30', 'D40', 'D50', 'D60', 'D100'] as const;
