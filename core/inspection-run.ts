import type { TestStage } from '../policies/schemas/test-items.js';
import type { Conclusion, PropertySummary, TestResult } from './four-natures.js';
import type { ListScope, Page, Paged } from './holdings.js';
import type { Instant, Level } from './ports.js';

/** 一次四性检测, as it is kept and reported (DA/T 70-2018). Never changed: a new run is a new row. */
export interface FourPropertyRun {
  readonly id: string;
  /** `4P-filing-20261123-4071`, drawn: see `drawn-number.ts` */
  readonly reportNo: string;
  readonly batch: string;
  /** From 1 within the batch. */
  readonly run: number;
  readonly stage: TestStage;
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

/** What a run of the later stages was about: the case of a conversion, or a round of preservation. */
export interface StageScope { readonly kind: 'conversion' | 'preservation'; readonly id: string }

/** 一次长期保存或转换后检测: of records that came from any batch. Never changed. */
export interface StageRun extends Omit<FourPropertyRun, 'batch'> {
  readonly scope: StageScope;
  /** Ids of the records tested: who may know all of them may read the run. */
  readonly records: readonly string[];
}
export type StageRunHead = Omit<StageRun, 'content' | 'records'> & { readonly items: number };

export interface StageRunRepository {
  add(run: StageRun): Promise<void>;
  get(id: string): Promise<StageRun | undefined>;
  /** Runs of one case, the newest first. */
  ofScope(scope: StageScope): Promise<readonly StageRunHead[]>;
  /** Runs whose every record is within `visible`, the newest first. */
  list(visible: ListScope, stage: TestStage | null, page: Page): Promise<Paged<StageRunHead>>;
  numbered(reportNo: string): Promise<boolean>;
}
