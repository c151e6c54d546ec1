import type { ComplianceFile, ComplianceStatus } from '../../policies/schemas/compliance.js';
import type { Facts } from './facts.js';

/** What a probe found, and the figures it found it by. */
export interface Finding {
  readonly status: ComplianceStatus;
  /** 中文, one sentence. */
  readonly note: string;
  readonly evidence: Readonly<Record<string, string | number | null>>;
}
export type Limits = ComplianceFile['recent'];
/** Pure: the same facts give the same finding. */
export type Probe = (facts: Facts, limits: Limits) => Finding;

export const finding = (status: ComplianceStatus, note: string, evidence: Finding['evidence']): Finding => ({ status, note, evidence });
/** The box cannot show it. */
export const missing = (note: string): Finding => finding('pending', note, {});

/** So many of a whole are not in order: none is met, all is not there yet, some is partly. */
export function whole(what: string, wrong: number, of: number, good: string): Finding {
  const evidence = { 异常: wrong, 总数: of };
  if (wrong === 0) return finding('met', good, evidence);
  return finding(of > 0 && wrong >= of ? 'pending' : 'partly', `${what} ${String(wrong)} 个`, evidence);
}

export const days = (from: string, to: string): number => Math.floor((Date.parse(to) - Date.parse(from)) / 86_400_000);
