import type { Static, TSchema } from '@sinclair/typebox';
import { AccessionPolicy } from './accession.js';
import { ApprovalsFile } from './approval.js';
import { AlarmsFile } from './alarms.js';
import { AppraisalPolicy } from './appraisal.js';
import { ArchivalCodeRules, FilingScope, RetentionSchedule, Schemes } from './arrangement.js';
import { BackupFile } from './backup.js';
import { CalendarFile } from './calendar.js';
import { CaptureLimits } from './capture.js';
import { CarriersFile } from './carrier.js';
import { CatalogueColumns } from './catalogue.js';
import { ComplianceFile } from './compliance.js';
import { ConversionFile } from './conversion.js';
import { DestructionPolicy } from './destruction.js';
import { Dictionaries } from './dictionaries.js';
import { FormatTable, ObservationTable } from './inspection.js';
import { OutputsFile } from './output.js';
import { MediaDestructionFile } from './media-destruction.js';
import { MetadataScheme } from './metadata.js';
import { ScansFile } from './scan.js';
import { TestItems } from './test-items.js';
import { PeopleFile } from './people.js';
import { PreservationFile } from './preservation.js';
import { Pkcs11File } from './pkcs11.js';
import { RegistersFile } from './registers.js';
import { RelationPolicy } from './relation.js';
import { ReportsPolicy } from './report.js';
import { HolidaysFile, MarkingCasesFile } from './marking-case.js';
import { ActsFile, DutiesFile, MarkingFile, PasswordsFile } from './secrecy.js';
import { SourceSystemsPolicy } from './source.js';
import { VirusPolicy } from './virus.js';
import { TransferPolicy } from './transfer.js';
import { UsePolicy } from './use.js';
import { SuggestionRules } from './compilation.js';

/**
 * 策略文件目录: every JSON file of `policies/` and the schema it must satisfy. The box does not start when a file is missing,
 * is not listed here, or holds a field the schema does not know.
 */
export const POLICY_FILES = {
  'accession.json': AccessionPolicy,
  'alarms.json': AlarmsFile,
  'appraisal.json': AppraisalPolicy,
  'archival-codes.json': ArchivalCodeRules,
  'backup.json': BackupFile,
  'calendar.json': CalendarFile,
  'capture.json': CaptureLimits,
  'carriers.json': CarriersFile,
  'catalogue-columns.json': CatalogueColumns,
  'compliance.json': ComplianceFile,
  'conversion.json': ConversionFile,
  'destruction.json': DestructionPolicy,
  'dictionaries.json': Dictionaries,
  'filing-scope.json': FilingScope,
  'formats.json': FormatTable,
  'media-destruction.json': MediaDestructionFile,
  'metadata.json': MetadataScheme,
  'observations.json': ObservationTable,
  'outputs.json': OutputsFile,
  'acts.json': ActsFile,
  'approvals.json': ApprovalsFile,
  'duties.json': DutiesFile,
  'people.json': PeopleFile,
  'pkcs11.json': Pkcs11File,
  'preservation.json': PreservationFile,
  'registers.json': RegistersFile,
  'relations.json': RelationPolicy,
  'reports.json': ReportsPolicy,
  'retention.json': RetentionSchedule,
  'scans.json': ScansFile,
  'schemes.json': Schemes,
  'source-systems.json': SourceSystemsPolicy,
  'test-items.json': TestItems,
  'transfer.json': TransferPolicy,
  'virus.json': VirusPolicy,
  'use.json': UsePolicy,
  'suggestions.json': SuggestionRules,
  'holidays.json': HolidaysFile,
  'marking.json': MarkingFile,
  'marking-cases.json': MarkingCasesFile,
  'passwords.json': PasswordsFile,
} as const satisfies Record<string, TSchema>;

/** Files that are not JSON (`access.csv`, `access.model.conf`); the reader in secrecy or core checks each row. */
export const POLICY_TEXTS: readonly string[] = [
  'access.csv', 'access.model.conf', 'conflicts.csv',
];

export type PolicyFiles = typeof POLICY_FILES;
export type PolicyFile = keyof PolicyFiles;
export type PolicyContent<Name extends PolicyFile> = Static<PolicyFiles[Name]>;
