import { drawNumber } from '../drawn-number.js';
import { testFourNatures } from '../four-natures.js';
import type { BatchFacts, FourNaturesOutcome, RecordFacts } from '../four-natures.js';
import type { CaptureMethod, ComputerFile, StoredRecord } from '../holdings.js';
import type { FourPropertyContent } from '../inspection-run.js';
import type { CalendarDate } from '../ports.js';
import { recordFactsOf } from './inspection.js';
import type { InspectionParts, InspectionTx } from './inspection.js';

/** One record as it stands in a transfer: with its files, and how it was once taken in. */
export interface TransferItem { readonly record: StoredRecord; readonly files: readonly ComputerFile[]; readonly method: CaptureMethod }
export interface TransferTested { readonly reportNo: string; readonly outcome: FourNaturesOutcome; readonly content: FourPropertyContent }

/** 移交前四性检测 (第二十五条一): every rule of the transfer stage over every record of the batch, whatever capture batch it came from. */
export function transferTester(parts: InspectionParts) {
  const { clock, ids } = parts;
  const recordFacts = recordFactsOf(parts);
  return async (tx: Pick<InspectionTx, 'secrecy'>, ref: string, tested: readonly TransferItem[], taken: (reportNo: string) => Promise<boolean>): Promise<TransferTested> => {
    const items = parts.items();
    const facts: RecordFacts[] = [];
    for (const { record, files, method } of tested) facts.push(await recordFacts(tx, record, files, method));
    const files = tested.flatMap((one) => one.files);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const virusLibraryOn: CalendarDate | null = await parts.virusLibraryOn();
    const around: BatchFacts = {
      ref, stage: 'transfer', today: clock.today(), declared: { items: tested.length, bytes }, ...runsOf(facts), known: { codes: new Set(), documents: new Set() }, requiredActivities: [],
      online: false, package: null, medium: null, databaseReadable: true, knownApplications: null, virusLibraryOn, procedure: { operator: true, device: true, channel: true, log: true },
      systemLevel: parts.systemLevel, sealPolicy: parts.sealPolicy, manual: {},
    };
    const outcome = testFourNatures(items, facts, around);
    const reportNo = await drawNumber(ids, `4P-transfer-${clock.today().replaceAll('-', '')}-`, taken);
    return { reportNo, outcome, content: { engineVersion: parts.engineVersion, ruleSetVersion: items.version, virusLibraryOn, items: tested.length, files: files.length, bytes, summary: outcome.summary, results: outcome.results } };
  };
}

/** What is not yet due stays behind: numbers between those of the batch are no gaps of it. */
function runsOf(records: readonly RecordFacts[]): Pick<BatchFacts, 'voided' | 'firstNumber'> {
  const bySeries = new Map<string, Set<number>>();
  for (const { code } of records) if (code !== null && Number.isInteger(code.number)) bySeries.set(code.series, (bySeries.get(code.series) ?? new Set()).add(code.number));
  const voided: Record<string, readonly number[]> = {};
  const firstNumber: Record<string, number> = {};
  for (const [series, numbers] of bySeries) {
    const [first, last] = [Math.min(...numbers), Math.max(...numbers)];
    firstNumber[series] = first;
    voided[series] = Array.from({ length: last - first + 1 }, (_, at) => first + at).filter((number) => !numbers.has(number));
  }
  return { voided, firstNumber };
}
