/** What the server answers with for batches, files and records; the request shapes come from policies/schemas. */
import type { Page } from './api.js';
import type { Level } from './levels.js';

export interface Finding { readonly code: string; readonly property: string; readonly severity: 'reject' | 'warn' | 'note'; readonly message: string; readonly article: string; readonly measured?: string | null; readonly name?: string | null }
export interface Score { readonly passed: number; readonly tested: number }
export interface BatchFile {
  readonly id: string; readonly position: number; readonly path: string; readonly bytes: number; readonly sm3: string; readonly format: string;
  readonly verdict: string; readonly findings: readonly Finding[];
  readonly scores: Readonly<Record<'authenticity' | 'integrity' | 'usability' | 'security', Score>> | null;
}
export interface CountRow { readonly name: string; readonly declared: number | null; readonly actual: number }
export interface Progress { readonly received: number; readonly bytes: number; readonly checked: number; readonly waiting: number; readonly accepted: number; readonly warned: number; readonly rejected: number }
export interface BatchShown {
  readonly batch: { readonly id: string; readonly number: string; readonly title: string; readonly state: string; readonly level: Level; readonly version: number };
  readonly progress: Progress;
  readonly counts: readonly CountRow[];
  readonly missing: readonly { readonly kind: string; readonly place: string; readonly text: string }[];
  readonly files: Page<BatchFile>;
}
