import type { CalendarDate, Instant, Level, Target, TargetScope } from './ports.js';
import type { Description } from './description.js';
import type { CountLine } from './reconciliation.js';

/** 归档方式 (办法第十六条). */
export type CaptureMethod = 'online_auto' | 'offline_upload' | 'offline_package_import' | 'paper_scan';

/** 收集批次: what one department hands in together; counted, checked and filed as one (办法第二十一条). */
export interface CaptureBatch {
  readonly id: string;
  /** `SJ-2026-1123-4071`, drawn: see `drawn-number.ts` */
  readonly number: string;
  readonly fonds: string;
  readonly department: string;
  readonly openedBy: string;
  readonly method: CaptureMethod;
  readonly offlineReason: string | null;
  /** Every file of a batch is taken in at one level; marking may change a record's later. */
  readonly level: Level;
  readonly state: BatchState;
  /** 申报数: what the department says it hands in (办法第二十一条). */
  readonly declared: readonly CountLine[] | null;
  readonly openedAt: Instant;
  readonly closedAt: Instant | null;
  readonly version: number;
}
export type BatchState = 'open' | 'filed' | 'withdrawn';

/** Columns of a record: structural facts that may rest in the clear. */
/** 资源类型 (办法第二十七条): one catalogue holds both. */
export type ResourceType = 'born_digital' | 'digitized';

export interface RecordFacts {
  readonly id: string;
  /** As the catalogue has it: scans are 数字化成果 unless the description says otherwise. */
  readonly resourceType?: ResourceType;
  /** 电子文件号 M7 */
  readonly electronicRecordCode: string;
  readonly batch: string;
  readonly state: string;
  readonly level: Level;
  readonly fonds: string;
  readonly department: string;
  /** 经办人 */
  readonly owner: string;
  readonly categoryCode: string | null;
  readonly archivalYear: number | null;
  readonly retentionCode: string | null;
  readonly orgOrFunction: string | null;
  readonly scheduleItemId: string | null;
  readonly scheme: string | null;
  readonly documentDate: CalendarDate | null;
  readonly completedOn: CalendarDate | null;
  /** Key of the numbering sequence (`seriesOf`), once numbered. */
  readonly series: string | null;
  readonly sequence: number | null;
  readonly archivalCode: string | null;
  readonly codeProfile: string | null;
  readonly codeStatus: 'given' | 'void' | null;
  /** 定密记录 in force. */
  readonly classificationId: string | null;
  /** 标志 as text, `机密★20年`. */
  readonly mark: string | null;
  readonly filingDeadline: CalendarDate | null;
  readonly filedAt: Instant | null;
  readonly transferDueOn: CalendarDate | null;
  /** Of the period in force: `currentRetention` where an appraisal set one anew, else `retentionCode`. */
  readonly retentionExpiresOn: CalendarDate | null;
  /** 现行保管期限, where an appraisal set it anew; the 档号 keeps the period it was given with. @see 办法第三十八条 */
  readonly currentRetention: string | null;
  /** 冻结: some legal hold on it stands. */
  readonly legalHold: boolean;
  /** The approved appraisal that made it `appraised`. */
  readonly appraisal: string | null;
  readonly destructionOrder: string | null;
  readonly transferBatch: string | null;
  /** 移交后留存至. */
  readonly retainUntil: CalendarDate | null;
  /** Worst verdict of the last 四性检测: `accept`, `warn`, `reject`; null before it. */
  readonly verdict: 'accept' | 'warn' | 'reject' | null;
  /** SM3 of the canonical description when filed. */
  readonly metadataDigest: string | null;
  readonly capturedAt: Instant;
  readonly version: number;
}

export interface StoredRecord extends RecordFacts {
  readonly description: Description;
  readonly scope: TargetScope;
}

/** One computer file of a record (M46). */
export interface ComputerFile {
  readonly id: string;
  readonly record: string;
  readonly batch: string;
  readonly upload: string | null;
  readonly role: FileRole;
  /** From 1 within the record. */
  readonly position: number;
  /** Sealed object that holds the bytes. */
  readonly object: string;
  readonly level: Level;
  readonly bytes: number;
  readonly sm3: string;
  readonly mime: string;
  /** Format name as identified, e.g. `PDF/A-2b`. */
  readonly format: string;
  readonly puid: string | null;
  readonly verdict: 'accept' | 'warn' | 'reject';
  readonly facts: Readonly<Record<string, unknown>>;
  readonly findings: readonly FileFinding[];
  /** Sealed: 计算机文件名 and what was known of its signatures before they were removed. */
  readonly sealed: FileDescription;
  readonly replacedBy: string | null;
  readonly receivedAt: Instant;
}
export type FileRole = 'main' | 'attachment' | 'process_sheet' | 'draft' | 'final' | 'annotation';

export interface FileFinding {
  readonly code: string;
  readonly property: string;
  readonly severity: string;
  readonly message: string;
  readonly article: string;
}

export interface FileDescription {
  readonly fileName: string;
  /** 去除前验签结果 (办法第十九条三款). */
  readonly signatures?: readonly Readonly<Record<string, unknown>>[];
  readonly sm3Before?: string;
}

export interface StoredObject { readonly id: string; readonly level: Level; readonly bytes: number; readonly sm3: string; readonly storedAt: Instant }

/** 管理过程元数据 (M80–M84): who did what to the record when. */
export interface ProcessEvent {
  readonly activity: string;
  readonly at: Instant;
  readonly person: string;
  readonly duty: string | null;
  readonly mandate: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A file on its way in. */
export interface Upload {
  readonly id: string;
  readonly batch: string;
  readonly object: string;
  readonly level: Level;
  /** Declared size. */
  readonly bytes: number;
  readonly fileName: string;
  /** The record it joins, where it does. */
  readonly record: string | null;
  readonly role: FileRole | null;
  readonly openedBy: string;
  readonly openedAt: Instant;
}

export interface Page { readonly offset: number; readonly limit: number }
export interface Paged<T> {
  readonly rows: readonly T[];
  readonly total: number;
  /** There are more than `total`: counting was given up. */
  readonly more?: boolean;
}

/** What of a list the person may see; made by the decision point, opaque here. */
export interface ListScope { readonly sql: string; readonly values: readonly unknown[] }

export interface BatchRepository {
  get(id: string): Promise<CaptureBatch | undefined>;
  add(batch: CaptureBatch): Promise<void>;
  save(batch: CaptureBatch, seenVersion: number): Promise<void>;
  list(visible: ListScope, page: Page): Promise<Paged<CaptureBatch>>;
  /** Whether a number is in use. */
  numbered(number: string): Promise<boolean>;
}

/** A search as the store runs it: who may see what is already in `visible`. */
export interface RecordQuery {
  readonly visible: ListScope;
  /** Of the words: some alternative must have all its phrases found, each as written (`planQuery`); `null` = no words asked for. */
  readonly words: readonly (readonly (readonly string[])[])[] | null;
  /** Levels whose words the session can form: up to its own. */
  readonly levels: readonly Level[];
  readonly equals: Readonly<Partial<Record<'categoryCode' | 'archivalYear' | 'retentionCode' | 'fonds' | 'department' | 'level' | 'state' | 'orgOrFunction', string | number>>>;
  readonly resourceType?: ResourceType;
  readonly codePrefix: string | null;
  readonly from: CalendarDate | null;
  readonly until: CalendarDate | null;
  readonly sort: 'newest' | 'oldest' | 'code';
}

export interface RecordRepository {
  get(id: string): Promise<StoredRecord | undefined>;
  /** Marking may hide some records of a batch from some of its people: `visible` is what the person may see. */
  ofBatch(batch: string, visible?: ListScope): Promise<readonly StoredRecord[]>;
  /** Withdrawn ones left out unless asked for. */
  pageOfBatch(batch: string, state: string | null, page: Page, visible: ListScope): Promise<Paged<StoredRecord>>;
  /** How many records of a batch stand where. */
  statesOfBatch(batch: string, visible: ListScope): Promise<Readonly<Record<string, number>>>;
  /** The searchable words of a record, blind under its level's search key; replaces what was there. */
  indexWords(record: Pick<StoredRecord, 'id' | 'level'>, words: readonly string[]): Promise<void>;
  search(query: RecordQuery, page: Page): Promise<Paged<StoredRecord>>;
  add(record: StoredRecord): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(record: StoredRecord, seenVersion: number): Promise<void>;
  /** Largest number given in a sequence, void ones included; 0 for none. */
  lastSequence(series: string): Promise<number>;
  events(record: string): Promise<readonly ProcessEvent[]>;
  addEvent(record: string, event: ProcessEvent): Promise<void>;
}

/** How a record stands before anything happens to it after filing. */
export const NOTHING_SINCE_FILING = {
  currentRetention: null, legalHold: false, appraisal: null, destructionOrder: null, transferBatch: null, retainUntil: null,
} as const satisfies Partial<RecordFacts>;

export interface FileCounts { readonly files: number; readonly accepted: number; readonly warned: number; readonly rejected: number; readonly bytes: number }

export interface FileRepository {
  get(id: string): Promise<ComputerFile | undefined>;
  ofRecord(record: string): Promise<readonly ComputerFile[]>;
  ofBatch(batch: string): Promise<readonly ComputerFile[]>;
  countOf(batch: string, visible?: ListScope): Promise<FileCounts>;
  add(file: ComputerFile): Promise<void>;
  replace(id: string, by: string): Promise<void>;
  /** Sealed objects of a record that still stand, those of replaced files too. */
  objectsOf(record: string): Promise<readonly string[]>;
  /** Moves a file, with what it replaced, under another record of the same batch. */
  assign(id: string, record: string, role: FileRole, position: number): Promise<void>;
  /** 变更密级: every file of a record, replaced ones too, sealed under another level. The objects that hold their bytes. */
  relevel(record: string, level: Level): Promise<readonly string[]>;
}

export interface ObjectRepository {
  /** A sealed object that stays: its row, and the intent to move its bytes into the vault. */
  keep(object: StoredObject): Promise<void>;
  get(id: string): Promise<StoredObject | undefined>;
  /** The intent to destroy key and bytes. */
  erase(id: string, at: Instant): Promise<void>;
  /** The level written down, and the intent to move its key there. */
  relevel(id: string, level: Level, at: Instant): Promise<void>;
}

/** Uploads under way. One that is refused or left behind is found by `recover` and cleared away. */
export interface UploadRepository {
  add(upload: Upload): Promise<void>;
  /** Open ones only. */
  get(id: string): Promise<Upload | undefined>;
  ofBatch(batch: string): Promise<readonly Upload[]>;
  /** How many are open in a batch. */
  openIn(batch: string): Promise<number>;
  close(id: string, state: 'done' | 'refused' | 'abandoned'): Promise<void>;
}

export interface Holdings {
  readonly uploads: UploadRepository;
  readonly batches: BatchRepository;
  readonly records: RecordRepository;
  readonly files: FileRepository;
  readonly objects: ObjectRepository;
}

/** The record as decisions see it. */
export function recordTarget(record: RecordFacts & { readonly scope: TargetScope }): Target {
  return {
    type: 'record', id: record.id, fonds: record.fonds, level: record.level, state: record.state, department: record.department,
    scope: record.scope, owner: record.owner,
  };
}

export function batchTarget(batch: Pick<CaptureBatch, 'id' | 'fonds' | 'level' | 'state' | 'department' | 'openedBy'>): Target {
  return {
    type: 'capture', id: batch.id, fonds: batch.fonds, level: batch.level, state: batch.state, department: batch.department,
    scope: { persons: [batch.openedBy], departments: [] }, owner: batch.openedBy,
  };
}
