import type { FourNature } from '../policies/schemas/inspection.js';
import type { TestItems, TestLevel } from '../policies/schemas/test-items.js';
import { AUTHENTICITY } from './four-natures/authenticity.js';
import type { BatchFacts, Check, Method, Outcome, RecordFacts } from './four-natures/facts.js';
import { INTEGRITY } from './four-natures/integrity.js';
import { reasonableness } from './four-natures/reasonableness.js';
import { SECURITY } from './four-natures/security.js';
import { KEEPING } from './four-natures/keeping.js';
import { USABILITY } from './four-natures/usability.js';

export type { BatchFacts, Check, ConversionFacts, FileFacts, Outcome, PackageFacts, PreservationFacts, RecordFacts, SecrecyFacts } from './four-natures/facts.js';
export { fingerprints } from './four-natures/authenticity.js';

/** Every mechanism a row of test-items.json may name. */
export const METHODS: Readonly<Record<string, Method>> = { ...AUTHENTICITY, ...INTEGRITY, ...USABILITY, ...SECURITY, ...KEEPING, reasonableness };

export interface TestResult extends Check {
  readonly code: string;
  readonly name: string;
  readonly property: FourNature;
  readonly level: TestLevel;
}

/** 检测结论: 合格, 不合格, 有条件合格 (处置意见须填). */
export type Conclusion = 'qualified' | 'unqualified' | 'conditional';

export interface PropertySummary {
  readonly property: FourNature;
  readonly items: number;
  readonly passed: number;
  readonly failed: number;
  readonly warned: number;
  readonly manualPending: number;
}

export interface FourNaturesOutcome {
  readonly results: readonly TestResult[];
  readonly summary: readonly PropertySummary[];
  readonly conclusion: Conclusion;
  /** Codes a person has yet to answer; while any is left no report may be issued (04 §4). */
  readonly manualPending: readonly string[];
}

/**
 * 四性检测: every row of the table against every record of the batch, in the order of the table. Results name places and numbers,
 * never titles, so that a report stands at the level of the box and not of its content.
 * @throws RangeError on a row that names no method
 * @see DA/T 70-2018; 办法第二十一、二十五、二十六条
 */
export function testFourNatures(table: TestItems, records: readonly RecordFacts[], batch: BatchFacts): FourNaturesOutcome {
  const results = table.items.filter((item) => item.stages.includes(batch.stage)).flatMap((item): TestResult[] => {
    const method = METHODS[item.method];
    if (method === undefined) throw new RangeError(`test-items.json: ${item.code} names no method ${item.method}`);
    const code = batch.stage === 'transfer' ? item.transferCode ?? item.code : item.code;
    const checks = method({ item, limits: table.limits, records, batch });
    const rows = checks.length > 0 ? checks : [{ objectRef: batch.ref, expected: '', actual: '', result: 'skip' as const, message: '' }];
    return rows.map((row) => ({ code, name: item.name, property: item.property, level: item.level, ...row, result: weighed(row.result, item.level) }));
  });
  const manualPending = [...new Set(results.filter((row) => row.result === 'manual').map((row) => row.code))];
  return { results, summary: PROPERTIES.map((property) => summarize(property, results)), conclusion: conclude(results), manualPending };
}

/** An advisory item never fails a batch. */
const weighed = (result: Outcome, level: TestLevel): Outcome => (result === 'fail' && level === 'advisory' ? 'warn' : result);

function conclude(results: readonly TestResult[]): Conclusion {
  if (results.some((row) => row.result === 'fail')) return 'unqualified';
  return results.some((row) => row.result === 'warn' || row.result === 'manual') ? 'conditional' : 'qualified';
}

const PROPERTIES: readonly FourNature[] = ['authenticity', 'integrity', 'usability', 'security'];

function summarize(property: FourNature, results: readonly TestResult[]): PropertySummary {
  const own = results.filter((row) => row.property === property);
  const count = (outcome: Outcome): number => own.filter((row) => row.result === outcome).length;
  return { property, items: new Set(own.map((row) => row.code)).size, passed: count('pass'), failed: count('fail'), warned: count('warn'), manualPending: count('manual') };
}
