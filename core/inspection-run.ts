import type { Conclusion, PropertySummary, TestResult } from './four-natures.js';
import type { Instant, Level } from './ports.js';

/** 一次四性检测, as it is kept and reported (DA/T 70-2018). Never changed: a new run is a new row. */
export interface FourPropertyRun {
  readonly id: string;
  /** `4P-filing-20261123-4071`, drawn: see `drawn-number.ts` */
  readonly reportNo: string;
  readonly batch: string;
  /** From 1 within the batch. */
  readonly run: number;
  readonly stage: 'filing' | 'transfer' | 'preservation';
  readonly level: Level;
  readonly operator: string;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  readonly conclusion: Conclusion;
  readonly content: FourPropertyContent;
}

export interface FourPropertyContent {
  readonly engineVersion: string;
  readonly ruleSetVersion: string;
  readonly virusLibraryOn: string | null;
  readonly items: number;
  readonly files: number;
  readonly bytes: number;
  readonly summary: readonly PropertySummary[];
  readonly results: readonly TestResult[];
}

export interface RunRepository {
  add(run: FourPropertyRun): Promise<void>;
  ofBatch(batch: string): Promise<readonly Omit<FourPropertyRun, 'content'>[]>;
  get(batch: string, run: number): Promise<FourPropertyRun | undefined>;
  byReportNo(reportNo: string): Promise<FourPropertyRun | undefined>;
}
