import { NOTHING_SINCE_FILING } from '../../core/holdings.js';
import type { ComputerFile, ProcessEvent, StoredRecord } from '../../core/holdings.js';
import type { CalendarDate, Instant, Level } from '../../core/ports.js';
import type { Description } from '../../core/description.js';
import { retentionExpiresOn } from '../../core/retention.js';
import { TravellingMarkFile } from '../../policies/schemas/accession.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import { travellingFaults } from '../../secrecy/travelling-mark.js';
import type { TravellingMark } from '../../secrecy/travelling-mark.js';
import type { ReadRecord } from '../packages/port.js';
import type { AccessionItem, ItemContent } from '../store/repositories/accessions.js';
import { checkFor } from '../validation.js';

const travelling = checkFor(TravellingMarkFile);
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const whole = (value: unknown): number | null => (typeof value === 'number' && Number.isInteger(value) ? value : null);
const DAY = /^\d{4}-\d{2}-\d{2}$/u;
const day = (value: unknown): CalendarDate | null => (typeof value === 'string' && DAY.test(value) ? value : null);

/** 标志.json of an item, looked at: what it says, and why it is not to be believed. */
export function markOf(record: Pick<ReadRecord, 'level' | 'mark' | 'marking'>, verifierFor: (certificate: string, at: Instant) => VerifySignature): Pick<ItemContent, 'marking' | 'markFaults'> {
  if (record.marking === null) return { marking: null, markFaults: record.level >= 2 ? ['missing'] : [] };
  const checked = travelling(record.marking);
  if (!checked.ok) return { marking: null, markFaults: ['shape'] };
  const marking = checked.value as unknown as TravellingMark;
  return { marking, markFaults: travellingFaults(marking, { level: record.level, mark: record.mark }, verifierFor) };
}

/** What is declared of each file, by its digest: 计算机文件名 as the sender had it. */
export function declaredName(metadata: ItemContent['metadata'], position: number, fallback: string): string {
  const listed: unknown = metadata['digitalObjects'];
  const one: unknown = Array.isArray(listed) ? listed[position] : undefined;
  return (typeof one === 'object' && one !== null && 'fileName' in one ? text(one.fileName) : null) ?? fallback;
}

export interface Becoming {
  readonly record: string;
  readonly batch: string;
  readonly fonds: string;
  readonly department: string;
  readonly owner: string;
  readonly persons: readonly string[];
  readonly at: Instant;
  readonly codeProfile: string;
  readonly scheme: string;
  /** Keys of the sealed description. */
  readonly described: readonly string[];
  readonly classification: string | null;
  readonly archivesName: string;
  readonly file: (position: number) => string;
}

/** The item as a filed record of the sending fonds: with its own code, and with the number the archive gave it. */
export function recordOf(item: AccessionItem, content: ItemContent, to: Becoming): { readonly record: StoredRecord; readonly files: readonly ComputerFile[] } {
  const { metadata } = content;
  const archivalYear = whole(metadata['archivalYear']);
  const retentionCode = text(metadata['retentionCode']);
  const number = /(\d+)$/u.exec(item.accessionNo ?? '')?.[1];
  const description = {
    ...Object.fromEntries(to.described.flatMap((key) => (metadata[key] === undefined ? [] : [[key, metadata[key]]]))),
    title: text(metadata['title']) ?? '未著录题名', ...(number === undefined ? {} : { archivesItemNumber: Number(number) }),
  } as Description;
  const record: StoredRecord = {
    id: to.record, electronicRecordCode: text(metadata['electronicRecordCode']) ?? to.record, batch: to.batch, state: 'filed', level: item.level, fonds: to.fonds, department: to.department, owner: to.owner,
    categoryCode: text(metadata['categoryCode']), archivalYear, retentionCode, orgOrFunction: text(metadata['orgOrFunction']), scheduleItemId: text(metadata['scheduleItemId']), scheme: to.scheme,
    documentDate: day(metadata['documentDate']), completedOn: day(metadata['completedOn']),
    // Numbers of this fonds are the sender's to give: the archive holds a part of each series and counts by 馆编号.
    series: null, sequence: null, archivalCode: item.archivalCode, codeProfile: to.codeProfile, codeStatus: 'given', classificationId: to.classification, mark: content.mark,
    filingDeadline: null, filedAt: to.at, transferDueOn: null, retentionExpiresOn: archivalYear === null || retentionCode === null ? null : retentionExpiresOn(archivalYear, retentionCode),
    ...NOTHING_SINCE_FILING, verdict: content.files.some(({ judgement }) => judgement.verdict !== 'accept') ? 'warn' : 'accept', metadataDigest: null, capturedAt: to.at, version: 1,
    description, scope: item.level >= 2 ? { persons: [...to.persons], departments: [] } : { persons: [], departments: [] },
  };
  const files = content.files.map((file, at): ComputerFile => ({
    id: to.file(at), record: to.record, batch: to.batch, upload: null, role: file.role, position: file.position, object: file.object, level: item.level, bytes: file.bytes, sm3: file.sm3, mime: file.judgement.format.mime,
    format: file.judgement.format.name, puid: file.judgement.format.puid, verdict: file.judgement.verdict, facts: file.judgement.facts, findings: file.judgement.findings, sealed: { fileName: file.name }, replacedBy: null, receivedAt: to.at,
  }));
  return { record, files };
}

/** 过程信息 as it came: what others did to the record before it was ours. Their people are not ours, so they stand in the words. */
export function earlierEvents(content: ItemContent, unit: string, at: Instant): readonly ProcessEvent[] {
  return content.events.map((event) => ({
    activity: text(event['businessActivity']) ?? 'register', at: text(event['actionTime']) ?? at, person: 'origin', duty: null, mandate: text(event['actionMandate']),
    detail: { origin: unit, ...(text(event['actionDescription']) === null ? {} : { description: event['actionDescription'] }) },
  }));
}

export const levelOf = (record: Pick<ReadRecord, 'level' | 'metadata'>): Level => {
  const said = whole(record.metadata['securityLevel']);
  return said !== null && said > record.level && said <= 4 ? (said as Level) : record.level;
};
