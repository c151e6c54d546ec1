import { reconcileAccession } from '../../core/accession.js';
import type { Difference, Inspection } from '../../core/accession.js';
import { drawNumber } from '../../core/drawn-number.js';
import { testFourNatures } from '../../core/four-natures.js';
import type { BatchFacts, RecordFacts } from '../../core/four-natures.js';
import type { FourPropertyRun } from '../../core/inspection-run.js';
import { ArchiveError } from '../../core/errors.js';
import { recordFactsOf } from '../../core/services/inspection.js';
import type { InspectionParts } from '../../core/services/inspection.js';
import type { MarkingPolicy } from '../../secrecy/classification-rules.js';
import { inspectionFacts } from '../../secrecy/inspection-facts.js';
import { requireTransferReview } from '../../secrecy/mark-history.js';
import type { AccessionItem, StoredAccession } from '../store/repositories/accessions.js';
import type { Repositories } from '../store/repositories/index.js';
import { recordOf } from './item.js';
import type { Becoming } from './item.js';

export interface TestingParts extends InspectionParts {
  readonly marking: MarkingPolicy;
  readonly becoming: (one: StoredAccession, item: AccessionItem) => Becoming;
}
export interface Tested { readonly inspection: Omit<Inspection, 'by' | 'at'>; readonly differences: readonly Difference[]; readonly run: FourPropertyRun }

/** A manual test of the medium that an ordinary one has nothing to answer to. */
const OPTICAL_ONLY = 'GD-4-6';
const APPEARANCE = 'GD-4-5';

/**
 * 接收检测 (第二十六条): every rule of the transfer stage over what came out of the package, with the same engine and rules as the sender's; then
 * list against content against counts, the three attachments, marks with their signatures, reviews before the transfer.
 */
export function receivingTester(parts: TestingParts) {
  const { clock, ids } = parts;
  const recordFacts = recordFactsOf(parts);

  return async (tx: Repositories, operator: string, one: StoredAccession, manual: Readonly<Record<string, boolean>>): Promise<Tested> => {
    if (!('opening' in one.it) || one.it.opening === null || one.lists === null) throw new ArchiveError('E_STATE_INVALID', { accession: one.it.id, state: one.it.state });
    const { opening, form } = one.it;
    const startedAt = clock.now();
    const items = parts.items();
    const facts: RecordFacts[] = [];
    const contents: string[] = [];
    const marks: string[] = [];
    const unreviewed: string[] = [];
    const known = new Set<string>();
    for await (const item of tx.accessions.everyItem(one.it.id)) {
      const { content } = item;
      if (content === null) continue;
      contents.push(item.archivalCode);
      if (await tx.accessions.knownCode(item.archivalCode, one.it.id)) known.add(item.archivalCode);
      if (content.markFaults.length > 0) marks.push(item.archivalCode);
      const { marking } = content;
      if (item.level >= 2 && marking !== null && !reviewed(marking.matter)) unreviewed.push(item.archivalCode);
      const becoming = parts.becoming(one, item);
      // As it will stand: known to who takes it in, under the mark that came with it.
      const { record, files } = recordOf(item, content, { ...becoming, persons: [...new Set([operator, ...one.it.signatures.map(({ person }) => person)])], classification: marking === null ? null : becoming.record });
      const told = await recordFacts({ secrecy: { factsOf: async () => Promise.resolve(marking === null || content.markFaults.length > 0 ? null : inspectionFacts(marking.matter)) } }, record, files, 'offline_package_import');
      facts.push({ ...told, files: told.files.map((file, at) => ({ ...file, declared: { ...file.declared, sm3: content.files[at]?.declaredSm3 ?? null } })) });
    }
    const virusLibraryOn = await parts.virusLibraryOn();
    const around: BatchFacts = {
      ref: opening.packageNo, stage: 'transfer', today: clock.today(), declared: opening.declared, ...runsOf(facts), known: { codes: known, documents: new Set() }, requiredActivities: [], online: false,
      // The reader gave out no item of a package with a finding: what came this far is whole.
      package: { missingDocuments: [], structureFaults: [], differingDigests: [], metadataFaults: [], declaredFiles: opening.files, actualFiles: facts.reduce((sum, { files }) => sum + files.length, 0), readable: true, metadataReadable: true },
      medium: { surplus: [], bytesPerSecond: one.lists.bytesPerSecond }, databaseReadable: true, knownApplications: null, virusLibraryOn,
      procedure: { operator: true, device: form.level < 2 || form.deviceNo !== null, channel: true, log: true }, systemLevel: parts.systemLevel, sealPolicy: 'mandatory',
      manual: { [APPEARANCE]: form.appearance === 'good' && form.sealsIntact, [OPTICAL_ONLY]: true, ...manual },
    };
    const outcome = testFourNatures(items, facts, around);
    const counted = reconcileAccession({ declared: opening.declared, found: { items: opening.items, bytes: opening.bytes }, catalogue: one.lists.catalogue, contents, transferList: one.lists.transferList, attachments: one.lists.attachments });
    const differences: readonly Difference[] = [
      ...counted, ...marks.map((archivalCode): Difference => ({ defect: 'KM-07', archivalCode, expected: '标志与定密签名相符', actual: '不符' })),
      ...unreviewed.map((archivalCode): Difference => ({ defect: 'KM-08', archivalCode, expected: '移交前一年内的解密审核', actual: '没有' })),
    ];
    const defects = [...new Set([
      ...outcome.results.filter((row) => row.result === 'fail').map(({ code }) => received(code)), ...differences.map(({ defect }) => defect),
    ])].sort();
    const reportNo = await drawNumber(ids, `4P-transfer-${clock.today().replaceAll('-', '')}-`, async (no) => (await tx.runs.byReportNo(no)) !== undefined);
    const run: FourPropertyRun = {
      id: ids.uuid(), reportNo, batch: one.it.id, run: 1, stage: 'transfer', level: one.level, operator, startedAt, finishedAt: clock.now(), conclusion: outcome.conclusion,
      content: { engineVersion: parts.engineVersion, ruleSetVersion: items.version, virusLibraryOn, items: facts.length, files: opening.files, bytes: opening.bytes, summary: outcome.summary, results: outcome.results },
    };
    return { inspection: { reportNo, run: 1, conclusion: defects.length > 0 ? 'unqualified' : outcome.conclusion, defects, manualPending: outcome.manualPending.map(received) }, differences, run };
  };

  function reviewed(matter: Parameters<typeof requireTransferReview>[0]): boolean {
    try {
      requireTransferReview(matter, clock.today(), parts.marking);
      return true;
    } catch (error) {
      if (error instanceof ArchiveError && error.code === 'E_TRANSFER_DECLASS_REVIEW_REQUIRED') return false;
      throw error;
    }
  }
}

/** Numbers of the receiving stage are YJ- throughout. */
const received = (code: string): string => code.replace(/^GD-/u, 'YJ-');

/** What is not yet due stays with the sender: numbers between those of the package are no gaps of it. */
function runsOf(records: readonly RecordFacts[]): Pick<BatchFacts, 'voided' | 'firstNumber'> {
  const numbers = records.flatMap(({ code }) => (code !== null && Number.isInteger(code.number) ? [code.number] : []));
  if (numbers.length === 0) return { voided: {}, firstNumber: {} };
  const held = new Set(numbers);
  const [first, last] = [Math.min(...held), Math.max(...held)];
  return { firstNumber: { '': first }, voided: { '': Array.from({ length: last - first + 1 }, (_, at) => first + at).filter((one) => !held.has(one)) } };
}
