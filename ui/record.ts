/** A record with everything its page shows, and its life as notches. */
import type { MarkLine } from './marking-case.js';
import { activityName, ROLES } from './dictionaries.zh.js';
import type { StoredFile, StoredRecord } from './shapes.js';
import { dateOf } from './wording.js';

export interface ProcessEvent { readonly activity: string; readonly at: string; readonly person: string; readonly personName?: string; readonly duty: string | null; readonly mandate: string | null; readonly detail: Readonly<Record<string, unknown>> }
/** What an event is called: a mark that was refused is no mark. */
export const eventName = (event: ProcessEvent): string => (event.activity === 'classify' && event.detail['rejected'] === true ? '定密退回' : activityName(event.activity));
export interface MarkShown { readonly state: string; readonly kind: string; readonly startOn: string | null; readonly lastSecretOn: string | null; readonly declassifiedFrom: string | null; readonly reviewDueOn: string | null; readonly writtenRecordNo: string | null; readonly authorityName: string | null; readonly periodText: string | null; readonly capText: string | null; readonly scopeNames: readonly string[]; readonly history?: readonly MarkLine[] }
export interface ProofShown { readonly name: string; readonly note: string; readonly state: string }
export interface RecordShown { readonly record: StoredRecord; readonly files: readonly StoredFile[]; readonly events: readonly ProcessEvent[]; readonly classification?: MarkShown | null; readonly proofs?: readonly ProofShown[] }

export function fileSummary(files: readonly StoredFile[]): string {
  const roles = new Map<string, number>();
  for (const file of files) roles.set(file.role, (roles.get(file.role) ?? 0) + 1);
  return [...roles].map(([role, number]) => `${ROLES[role] ?? role} ${number}`).join('　') || '—';
}

export interface Step { readonly name: string; readonly note: string; readonly state: 'done' | 'now' | 'ahead' }
const STATIONS: readonly (readonly [state: string, name: string, activity: string | null])[] = [
  ['captured', '捕获', 'capture'], ['inspected', '检测', 'verify4p'], ['arranged', '整理', 'arrange'], ['filed', '归档', 'file'], ['transferred', '移交', 'transfer'], ['retained_copy', '留存', null], ['appraised', '鉴定', 'appraise'], ['pending_destruction', '待销毁', null], ['destroyed', '销毁', 'destroy'],
];

/** 生命线 of a record: what was done with its day, where it stands, what lies ahead with its limit. */
export function lifeOf(record: StoredRecord, events: readonly ProcessEvent[]): readonly Step[] {
  const stands = STATIONS.findIndex(([state]) => state === record.state);
  const ahead: Readonly<Record<string, string>> = {
    filed: record.filingDeadline ? `${record.filingDeadline} 前` : '', transferred: record.transferDueOn ? `${record.transferDueOn} 前` : '', retained_copy: '移交后 5 年', appraised: record.retentionExpiresOn ? `${record.retentionExpiresOn} 后` : record.retentionCode === 'Y' ? '永久保管' : '', pending_destruction: '经审批', destroyed: '留存元数据',
  };
  return STATIONS.map(([state, name, activity], at) => {
    const done = events.findLast((one) => one.activity === activity);
    const when = at <= stands ? dateOf(done?.at ?? (state === 'filed' ? record.filedAt : state === 'captured' ? record.capturedAt : null)).replace('—', '') : ahead[state] ?? '';
    return { name, note: when, state: at < stands ? 'done' : at === stands ? 'now' : 'ahead' };
  });
}
