import { ArchiveError } from '../../core/errors.js';
import type { ComplianceFile, ComplianceItem, ComplianceStatus } from '../../policies/schemas/compliance.js';
import type { ComplianceEntry } from '../store/repositories/compliance.js';
import type { Accreditation, Facts } from './facts.js';
import { days, type Finding } from './finding.js';
import { PROBES } from './probes.js';

/** One line as it stands now. */
export interface CheckedItem {
  readonly item: ComplianceItem;
  readonly status: ComplianceStatus;
  readonly note: string;
  readonly evidence: Finding['evidence'];
  /** Probe name, or the reference that an officer gave. */
  readonly evidenceRef: string;
  readonly checkedBy: string;
  readonly checkedAt: string;
}

export const STATUS_NAMES: Readonly<Record<ComplianceStatus, string>> = { met: '符合', partly: '部分符合', na: '不适用', pending: '待核查' };
const BY_ASSESSMENT = '按测评意见';

/** Every item names a probe that there is. @throws ArchiveError `E_POLICY_INVALID` */
export function checkedFile(file: ComplianceFile): ComplianceFile {
  const codes = new Set<string>();
  for (const { code, evidence } of file.items) {
    if (evidence !== 'manual' && !(evidence in PROBES)) throw new ArchiveError('E_POLICY_INVALID', { code }, [{ at: `compliance.json#${code}`, message: `没有名为「${evidence}」的取证项` }]);
    if (codes.has(code)) throw new ArchiveError('E_POLICY_INVALID', { code }, [{ at: `compliance.json#${code}`, message: '条目编号重复' }]);
    codes.add(code);
  }
  return file;
}

/** Only what can be shown is met: a probe by the facts, a manual item by an entry that is not too old; 分保 items by nobody here. */
export function checkItem(file: ComplianceFile, item: ComplianceItem, facts: Facts, entry: ComplianceEntry | undefined): CheckedItem {
  const probe = PROBES[item.evidence];
  const found = probe?.(facts, file.recent);
  const by = found ? { evidence: found.evidence, evidenceRef: item.evidence, checkedBy: '本机', checkedAt: facts.now } : { evidence: {}, evidenceRef: entry?.evidenceRef ?? '', checkedBy: entry?.account ?? '', checkedAt: entry?.enteredAt ?? '' };
  if (item.conclusion === 'assessment') {
    // What the box sees is told; it concludes nothing from it.
    return { item, ...by, status: 'pending', note: [BY_ASSESSMENT, found?.note ?? (entry ? `登记：${entry.note}` : '')].filter((part) => part !== '').join('；本机所见：') };
  }
  if (found) return { item, ...by, status: found.status, note: found.note };
  if (entry === undefined) return { item, ...by, status: 'pending', note: '待人工核查登记' };
  const age = days(`${entry.checkedOn}T00:00:00Z`, facts.now);
  return age > file.manualValidDays ? { item, ...by, status: 'pending', note: `核查登记已过 ${String(age)} 天，须重新核查。原登记：${entry.note}` } : { item, ...by, status: entry.status, note: entry.note };
}

export interface Counted { readonly total: number; readonly met: number; readonly partly: number; readonly na: number; readonly pending: number }
export function counted(items: readonly CheckedItem[]): Counted {
  const of = (status: ComplianceStatus): number => items.filter((one) => one.status === status).length;
  return { total: items.length, met: of('met'), partly: of('partly'), na: of('na'), pending: of('pending') };
}

export const accredited = (it: Accreditation | null, today: string): boolean => it !== null && it.validTo >= today;
