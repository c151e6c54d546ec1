import { drawNumber } from '../drawn-number.js';
import { testFourNatures } from '../four-natures.js';
import type { BatchFacts, ConversionFacts, FileFacts, PreservationFacts, RecordFacts } from '../four-natures.js';
import type { CaptureMethod, ComputerFile, StoredRecord } from '../holdings.js';
import type { StageRun, StageRunRepository, StageScope } from '../inspection-run.js';
import type { Level } from '../ports.js';
import type { FileInspection } from '../../policies/schemas/inspection.js';
import { fileFactsOf, recordFactsOf } from './inspection.js';
import type { InspectionParts, InspectionTx } from './inspection.js';

/** What was found when a file was read again, or of the file that a conversion made: bytes, digest and judgement as measured now. */
export interface Measured { readonly bytes: number; readonly sm3: string; readonly inspection: Omit<FileInspection, 'path' | 'bytes' | 'sm3'> }

/** One record of a run with the files to be tested, each with what was measured; `null` where nothing stands at its place. */
export interface StageItem {
  readonly record: StoredRecord;
  readonly method: CaptureMethod;
  readonly files: readonly { readonly file: ComputerFile; readonly measured: Measured | null }[];
  readonly conversion?: ConversionFacts;
}

export interface StageInput {
  readonly stage: StageScope['kind'];
  /** Case of the conversion, or round of preservation. */
  readonly scope: string;
  readonly operator: string;
  readonly items: readonly StageItem[];
  /** How the box stands; of a preservation round only. */
  readonly preservation?: PreservationFacts;
}

/**
 * 长期保存与转换后四性检测 (第三十、三十一条): runs the rules of the stage over what was measured, and keeps the run. Called inside a unit of work that has been
 * allowed; whoever calls decides what an unqualified run undoes (`E_MIGRATION_POSTCHECK_FAILED`).
 */
export function stageTester(parts: InspectionParts) {
  const { clock, ids } = parts;
  const recordFacts = recordFactsOf(parts);

  return async (tx: Pick<InspectionTx, 'secrecy'> & { readonly stageRuns: StageRunRepository }, input: StageInput): Promise<StageRun> => {
    const startedAt = clock.now();
    const facts: RecordFacts[] = [];
    let [bytes, declared, count] = [0, 0, 0];
    for (const { record, method, files, conversion } of input.items) {
      const told = await recordFacts(tx, record, files.map(({ file }) => file), method);
      facts.push({ ...told, files: files.map(({ file, measured }) => measuredFacts(record, file, measured)), ...(conversion === undefined ? {} : { conversion }) });
      count += files.length;
      declared += files.reduce((sum, { file }) => sum + file.bytes, 0);
      bytes += files.reduce((sum, { measured }) => sum + (measured?.bytes ?? 0), 0);
    }
    const virusLibraryOn = await parts.virusLibraryOn();
    const items = parts.items();
    const around: BatchFacts = {
      ref: input.scope, stage: input.stage, today: clock.today(), declared: { items: input.items.length, bytes: declared }, voided: {}, firstNumber: {},
      known: { codes: new Set(), documents: new Set() }, requiredActivities: [], online: false, package: null, medium: null, databaseReadable: true, knownApplications: null,
      virusLibraryOn, procedure: { operator: true, device: true, channel: true, log: true }, systemLevel: parts.systemLevel, sealPolicy: parts.sealPolicy, manual: {},
      ...(input.preservation === undefined ? {} : { preservation: input.preservation }),
    };
    const outcome = testFourNatures(items, facts, around);
    const scope: StageScope = { kind: input.stage, id: input.scope };
    const run: StageRun = {
      id: ids.uuid(), reportNo: await drawNumber(ids, `4P-${input.stage}-${clock.today().replaceAll('-', '')}-`, async (no) => tx.stageRuns.numbered(no)), scope,
      run: (await tx.stageRuns.ofScope(scope)).length + 1, stage: input.stage, level: input.items.reduce<Level>((most, { record }) => (record.level > most ? record.level : most), 0),
      operator: input.operator, startedAt, finishedAt: clock.now(), conclusion: outcome.conclusion, records: input.items.map(({ record }) => record.id),
      content: { engineVersion: parts.engineVersion, ruleSetVersion: items.version, virusLibraryOn, items: input.items.length, files: count, bytes, summary: outcome.summary, results: outcome.results },
    };
    await tx.stageRuns.add(run);
    return run;
  };
}

export type StageTester = ReturnType<typeof stageTester>;

/** A file as it was entered, beside what was measured now. */
function measuredFacts(record: StoredRecord, file: ComputerFile, measured: Measured | null): FileFacts {
  const entered = fileFactsOf(record, file);
  if (measured === null) return { ...entered, actual: null };
  return { ...entered, actual: { name: file.sealed.fileName, inspection: { path: file.id, bytes: measured.bytes, sm3: measured.sm3, ...measured.inspection } } };
}
