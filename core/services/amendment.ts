import { dateFaults, defaultArchivalYear, filingDeadline } from '../deadlines.js';
import { tidyDescription, titleDetails } from '../description.js';
import type { Description } from '../description.js';
import { ArchiveError } from '../errors.js';
import type { ErrorDetail } from '../errors.js';
import type { StoredRecord } from '../holdings.js';
import type { CategoryKeys } from '../metadata.js';
import type { Clock } from '../ports.js';
import { descriptionIsOpen, isRecordState } from '../record.js';
import { requireRetention } from '../retention.js';
import type { RetentionSchedule, Schemes } from '../../policies/schemas/arrangement.js';
import type { ArrangementRow } from '../../policies/schemas/arranging.js';

/** What a record still lacks before it can be filed (办法第十九条一款), as field names the grid knows. */
export function missingForFiling(record: StoredRecord, scheme: { readonly codeHasOrg: boolean }, byCategory: CategoryKeys = {}): readonly string[] {
  const wanted: readonly (readonly [string, unknown])[] = [
    ['title', record.description.title], ['author', record.description.author], ['categoryCode', record.categoryCode], ['archivalYear', record.archivalYear],
    ['scheduleItemId', record.scheduleItemId], ['retentionCode', record.retentionCode], ['documentDate', record.documentDate], ['completedOn', record.completedOn],
    ...(scheme.codeHasOrg ? [['orgOrFunction', record.orgOrFunction] as const] : []),
    ...(byCategory[record.categoryCode ?? ''] ?? []).map((key) => [key, (record.description as Readonly<Record<string, unknown>>)[key]] as const),
  ];
  return wanted.filter(([, value]) => value === null || value === undefined || value === '').map(([key]) => key);
}

/** The record as it would stand after the change; by hand in the grid or by a row of a catalogue, the rules are the same. */
export type Amend = (record: StoredRecord, change: Pick<ArrangementRow, 'facts' | 'description'>, at: string) => StoredRecord;

/**
 * 著录与整理 of one record before filing.
 * @throws ArchiveError `E_STATE_INVALID`, `E_META_INVALID` with pointers under `at`, `E_RETENTION_REQUIRED`, `E_RETENTION_TOO_SHORT`, `E_SCOPE_NOT_IN_SCHEDULE`
 */
export function amendment({ clock, schedule, schemes }: { readonly clock: Clock; readonly schedule: RetentionSchedule; readonly schemes: Schemes }): Amend {
  return (record, change, at) => {
    if (!isRecordState(record.state) || !descriptionIsOpen(record.state)) throw new ArchiveError('E_STATE_INVALID', { record: record.id, state: record.state });
    const merged: Record<string, unknown> = { ...record.description, ...change.description };
    const { description } = tidyDescription(merged as Description);
    const facts = { ...record, ...change.facts } as StoredRecord;
    const details = [...titleDetails(description.title), ...dateFaultDetails(facts, clock.today()), ...orgDetails(facts, schemes.classifiedOrgSuffix)].map((one) => ({ ...one, at: `${at}${one.at}` }));
    if (details.length > 0) throw new ArchiveError('E_META_INVALID', { places: details.length }, details);
    if (facts.scheduleItemId !== null && facts.categoryCode !== null) {
      const item = requireRetention(schedule, { scheduleItem: facts.scheduleItemId, category: facts.categoryCode, retention: facts.retentionCode ?? itemRetention(schedule, facts.scheduleItemId) });
      return complete({ ...facts, retentionCode: facts.retentionCode ?? item.retention, description });
    }
    return complete({ ...facts, description });
  };
}

/** 归属年度 and 归档截止 follow from the dates unless someone chose otherwise. */
function complete(record: StoredRecord): StoredRecord {
  const { documentDate, completedOn } = record;
  const archivalYear = record.archivalYear ?? (documentDate === null ? null : defaultArchivalYear({ documentDate, ...(completedOn === null ? {} : { completedOn }) }));
  return { ...record, archivalYear, filingDeadline: completedOn === null ? null : filingDeadline(completedOn) };
}

const itemRetention = (schedule: RetentionSchedule, code: string): string => schedule.items.find((item) => item.code === code)?.retention ?? '';

/** The suffix marks the classified sequence: an office of that name would be numbered in it. */
const orgDetails = ({ orgOrFunction }: StoredRecord, suffix: string): ErrorDetail[] =>
  orgOrFunction?.endsWith(suffix) === true ? [{ at: '/orgOrFunction', message: `机构（问题）代码不得以“${suffix}”结尾，该后缀留给涉密件单独编号` }] : [];

function dateFaultDetails(record: StoredRecord, today: string): ErrorDetail[] {
  const { documentDate, completedOn } = record;
  const faults = dateFaults({ ...(documentDate === null ? {} : { documentDate }), ...(completedOn === null ? {} : { completedOn }), incoming: true }, today);
  return faults.map((at) => ({ at, message: '日期不得晚于今天，请核对' }));
}
