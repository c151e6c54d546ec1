import type { CalendarDate, Instant, Level } from '../ports.js';
import type { SchemaFault } from '../metadata.js';
import type { FileInspection } from '../../policies/schemas/inspection.js';
import type { TestItem, TestItems, TestStage } from '../../policies/schemas/test-items.js';

/** One computer file of a record: what was said of it and what was found. */
export interface FileFacts {
  readonly id: string;
  readonly role: 'main' | 'attachment' | 'process_sheet' | 'draft' | 'final' | 'annotation';
  readonly recordRef: string;
  readonly declared: { readonly name: string; readonly bytes: number; readonly mime: string | null; readonly sm3: string | null };
  /** `null` when nothing stands at the place the description names. */
  readonly actual: { readonly name: string; readonly inspection: FileInspection } | null;
  /** 去除前验签结果, one per signature; empty when there was none. */
  readonly signatures: readonly { readonly verified: boolean | null }[];
}

/** 定密 facts of a record that is a state secret. */
export interface SecrecyFacts {
  /** Length as decided: whole units, `null` where the decision names a condition or nothing. */
  readonly period: { readonly years: number; readonly months: number; readonly days: number } | null;
  /** 另有规定的依据 for a period over the limit. */
  readonly exception: string | null;
  readonly declassifyOn: CalendarDate | null;
  /** The mark the decision calls for, e.g. `机密★20年`. */
  readonly requiredMark: string;
  /** Level and expiry of the source of a derived decision, 派生定密. */
  readonly derivedFrom: { readonly level: Level; readonly declassifyOn: CalendarDate | null; readonly pointBasis: string | null } | null;
}

/** What was measured of a file before and after its conversion (办法第三十一条); `null` where the format has none or nobody measured it. */
export interface ConversionFacts {
  readonly pages: { readonly before: number; readonly after: number } | null;
  /** Share of the characters of the one that stand in the other, 0 to 1. */
  readonly textAlike: number | null;
  /** Share of the pixels that agree, 0 to 1. */
  readonly imageAlike: number | null;
  /** A person compared them, and found them the same or not. */
  readonly byHand: boolean | null;
}

/** How the holdings and the box stand for the preservation stage (办法第三十条). What is left out was not asked, and its rules are skipped. */
export interface PreservationFacts {
  /** Faults of the ledger found by its last walk. */
  readonly ledgerFaults?: number;
  readonly copies?: { readonly compared: number; readonly differing: number };
  readonly holdings?: { readonly entered: { readonly items: number; readonly bytes: number }; readonly found: { readonly items: number; readonly bytes: number } };
  /** MIME types held to be at risk. */
  readonly riskFormats?: readonly string[];
  /** Months since, `null` for never. */
  readonly environmentMonths?: number | null;
  readonly drillMonths?: number | null;
  /** Offline media whose check is due and was not made. */
  readonly mediaOverdue?: number;
  /** Marks whose period is over or whose review is due. */
  readonly marksOverdue?: number;
}

export interface RecordFacts {
  /** 档号 or another telling-nothing reference; never a title. */
  readonly ref: string;
  /** The record as its JSON stands (metadata.json keys). */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** What the stage's record schema says of it. */
  readonly schemaFaults: readonly SchemaFault[];
  readonly level: Level;
  /** Mark text found with the record; `null` when none. */
  readonly mark: string | null;
  readonly secrecy: SecrecyFacts | null;
  /** 档号 as checked by the code rules; `null` before it is numbered. */
  readonly code: { readonly text: string; readonly fault: string | null; readonly series: string; readonly number: number } | null;
  /** Days of the record as a member of a volume, and the days the volume claims. */
  readonly volumeSpan: { readonly from: CalendarDate; readonly to: CalendarDate } | null;
  /** Retention of the schedule entry; `null` when the record names no valid entry. */
  readonly schedule: { readonly retentionCode: string } | null;
  readonly retentionReason: string | null;
  readonly declaredAttachments: number | null;
  readonly filedAt: Instant | null;
  readonly files: readonly FileFacts[];
  /** At the stage of conversion only. */
  readonly conversion?: ConversionFacts;
}

export interface PackageFacts {
  readonly missingDocuments: readonly string[];
  readonly structureFaults: readonly string[];
  readonly differingDigests: readonly string[];
  readonly metadataFaults: readonly string[];
  readonly declaredFiles: number;
  readonly actualFiles: number;
  readonly readable: boolean;
  readonly metadataReadable: boolean;
}

/** Everything around the records that a rule asks about. What is `null` is not there, and its rules are skipped. */
export interface BatchFacts {
  readonly ref: string;
  readonly stage: TestStage;
  readonly today: CalendarDate;
  readonly declared: { readonly items: number; readonly bytes: number } | null;
  /** Running numbers given up, by series. */
  readonly voided: Readonly<Record<string, readonly number[]>>;
  readonly firstNumber: Readonly<Record<string, number>>;
  /** What the holdings already have, by 档号 and by the fingerprints the caller made of 文号+责任者 and 题名+日期. */
  readonly known: { readonly codes: ReadonlySet<string>; readonly documents: ReadonlySet<string> };
  /** Activities a record must have gone through, by 文种 or `*`; online records only. */
  readonly requiredActivities: readonly string[];
  readonly online: boolean;
  readonly package: PackageFacts | null;
  readonly medium: { readonly surplus: readonly string[]; readonly bytesPerSecond: number | null } | null;
  readonly databaseReadable: boolean;
  readonly knownApplications: readonly string[] | null;
  readonly virusLibraryOn: CalendarDate | null;
  readonly procedure: { readonly operator: boolean; readonly device: boolean; readonly channel: boolean; readonly log: boolean };
  readonly systemLevel: Level;
  /** 党政机关 must strip signatures, others may (第十九条第三款). */
  readonly sealPolicy: 'mandatory' | 'optional';
  /** 人工检测 answers, by item code. */
  readonly manual: Readonly<Record<string, boolean>>;
  /** At the stage of preservation only. */
  readonly preservation?: PreservationFacts;
}

export type Outcome = 'pass' | 'fail' | 'warn' | 'manual' | 'skip';

/** What one rule says of one object. */
export interface Check {
  readonly objectRef: string;
  readonly expected: string;
  readonly actual: string;
  readonly result: Outcome;
  /** Chinese; names places and numbers, never titles. */
  readonly message: string;
}

export interface MethodContext {
  readonly item: TestItem;
  readonly limits: TestItems['limits'];
  readonly records: readonly RecordFacts[];
  readonly batch: BatchFacts;
}

export type Method = (context: MethodContext) => readonly Check[];

export function check(objectRef: string, passed: boolean, expected: string, actual: string, message: string): Check {
  return { objectRef, expected, actual, result: passed ? 'pass' : 'fail', message: passed ? '' : message };
}

/** One check per record. */
export const eachRecord = (test: (record: RecordFacts, context: MethodContext) => readonly Check[]): Method =>
  (context) => context.records.flatMap((record) => test(record, context));

/** One check per file; a file that is not there is the business of GD-2-7 and skipped elsewhere. */
export const eachFile = (test: (file: FileFacts, inspection: FileInspection, context: MethodContext) => Check): Method =>
  (context) => context.records.flatMap((record) => record.files).map((file) =>
    file.actual === null ? { objectRef: file.id, expected: '', actual: '', result: 'skip', message: '' } : test(file, file.actual.inspection, context));

export const textOf = (record: RecordFacts, key: string): string | null => {
  const value = record.metadata[key];
  return typeof value === 'string' && value !== '' ? value : null;
};

export const numberOf = (record: RecordFacts, key: string): number | null => {
  const value = record.metadata[key];
  return typeof value === 'number' ? value : null;
};
