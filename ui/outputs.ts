/** 打印、刻录、导出 as the box shows them. */
import type { Page } from './api.js';

export type OutputKind = 'print' | 'burn' | 'export';
export interface OutputRow {
  readonly id: string; readonly no: string; readonly kind: OutputKind; readonly kindName: string; readonly form: 'pictures' | 'originals'; readonly level: number; readonly state: string; readonly copies: number; readonly issued: number; readonly out: number; readonly overdue: boolean;
  readonly requestedBy: string; readonly requestedByName: string; readonly requestedAt: string; readonly purpose: string; readonly keepUntil: string; readonly issueBy: string | null; readonly records: number; readonly version: number;
}
export interface Outputs extends Page<OutputRow> {
  readonly kinds: readonly { readonly key: OutputKind; readonly name: string; readonly forms: readonly ('pictures' | 'originals')[] }[];
  readonly levels: readonly { readonly level: number; readonly open: boolean; readonly consent: boolean; readonly returns: boolean; readonly seats: readonly string[] }[];
  readonly most: { readonly copies: number; readonly records: number; readonly days: number };
}
export interface OutputCopy {
  readonly no: number; readonly level: number; readonly state: 'out' | 'returned' | 'to_destroy' | 'destroyed' | 'lost' | 'free'; readonly late: boolean; readonly issuedAt: string; readonly issuedByName: string; readonly holderName: string; readonly dueOn: string | null;
  readonly carrier: string | null; readonly carrierNo: string | null; readonly pages: number | null; readonly files: number; readonly device: string | null; readonly mark: string; readonly trace?: string | null;
}
export interface ListedCopy extends OutputCopy { readonly output: string; readonly outputNo: string; readonly kindName: string }
export interface TracedCopy extends ListedCopy { readonly purpose: string; readonly requestedByName: string; readonly contents: readonly { readonly record: string; readonly code: string }[] }
export interface OutputShown extends OutputRow {
  readonly consent: { readonly no: string; readonly by: string } | null; readonly contents: readonly { readonly record: string; readonly code: string; readonly level: number; readonly mark: string | null; readonly title: string }[]; readonly approval: string | null;
  readonly seats: readonly { readonly name: string; readonly signedBy: string | null; readonly at: string | null; readonly verdict: string | null }[]; readonly otherIssuer: boolean; readonly returns: boolean; readonly machine: boolean; readonly copiesIssued: readonly OutputCopy[];
}

export const FORM_NAMES: Readonly<Record<string, string>> = { pictures: '带水印的页面图像', originals: '原文件' };
/** What an officer presses to give out a copy. */
export const ISSUE_NAMES: Readonly<Record<OutputKind, string>> = { print: '打印出件', burn: '刻录出件', export: '导出出件' };
