import { archivalCodes, differingSegments, runningNumber } from '../archival-code.js';
import type { FondsRules } from '../arrangement.js';
import { drawNumber } from '../drawn-number.js';
import { ArchiveError } from '../errors.js';
import { testFourNatures } from '../four-natures.js';
import type { BatchFacts, FileFacts, RecordFacts, SecrecyFacts } from '../four-natures.js';
import { batchTarget } from '../holdings.js';
import type { CaptureBatch, CaptureMethod, ComputerFile, Holdings, ListScope, StoredRecord } from '../holdings.js';
import type { FourPropertyRun, RunRepository } from '../inspection-run.js';
import type { SchemaFault } from '../metadata.js';
import type { CalendarDate, Call, Clock, Ids, Level, ReadTools, UnitOfWork, WriteTools } from '../ports.js';
import type { ArchivalCodeRules, RetentionSchedule, Schemes } from '../../policies/schemas/arrangement.js';
import type { InspectionCompare, InspectionRerun, InspectionRun, InspectionShow } from '../../policies/schemas/arranging.js';
import type { FileInspection } from '../../policies/schemas/inspection.js';
import type { TestItems } from '../../policies/schemas/test-items.js';

export interface InspectionTx extends Holdings {
  readonly runs: RunRepository;
  /** What the marking of a state secret asks the record to show; null for none. */
  readonly secrecy: { factsOf(record: StoredRecord): Promise<SecrecyFacts | null> };
  readonly known: {
    /** Which of these 档号 and document fingerprints the holdings have outside the batch. */
    codes(codes: readonly string[], exceptBatch: string): Promise<ReadonlySet<string>>;
  };
}

export interface InspectionParts {
  readonly store: UnitOfWork<InspectionTx & WriteTools, InspectionTx & ReadTools>;
  readonly clock: Clock;
  readonly ids: Ids;
  /** The rule pack in force. */
  readonly items: () => TestItems;
  /** A pack by its version, held against its signature. @throws ArchiveError `E_NOT_FOUND`, `E_RULE_PACK_TAMPERED` */
  readonly pack: (version: string) => Promise<TestItems>;
  readonly engineVersion: string;
  readonly codes: ArchivalCodeRules;
  readonly schemes: Schemes;
  readonly schedule: RetentionSchedule;
  readonly fondsRules: (fonds: string) => FondsRules;
  /** Faults of the record by the schema of the stage (DA/T 46 as data). */
  readonly schemaFaults: (record: StoredRecord, files: readonly ComputerFile[], method: CaptureMethod) => readonly SchemaFault[];
  readonly systemLevel: Level;
  readonly sealPolicy: 'mandatory' | 'optional';
  /** 病毒库日期, as last registered on the box. */
  readonly virusLibraryOn: () => Promise<CalendarDate | null>;
  /** Which records of a batch the person may see. */
  readonly visibleRecords: (call: Call) => Promise<ListScope>;
  /** 会话密级 */
  readonly levelOf: (call: Call) => Promise<Level>;
}

/** `pack`: another version of the rules than the one in force. */
export type Tester = (tx: InspectionTx, call: Call, batch: CaptureBatch, records: readonly StoredRecord[], pack?: TestItems) => Promise<FourPropertyRun>;

/** What the rules are shown of one record: its metadata, its code and its files, as they stand. */
export function recordFactsOf(parts: Pick<InspectionParts, 'codes' | 'fondsRules' | 'schedule' | 'schemaFaults'>) {
  const codes = archivalCodes(parts.codes);
  return async (tx: Pick<InspectionTx, 'secrecy'>, record: StoredRecord, files: readonly ComputerFile[], method: CaptureMethod): Promise<RecordFacts> => {
    const rules = parts.fondsRules(record.fonds);
    const parsed = record.archivalCode === null ? undefined : codes.parse(record.archivalCode, rules.profile);
    const segments = { fonds: record.fonds, category: record.categoryCode ?? '', year: String(record.archivalYear ?? ''), retention: record.retentionCode ?? '' };
    const entry = parts.schedule.items.find((item) => item.code === record.scheduleItemId);
    return {
      ref: record.archivalCode ?? record.electronicRecordCode,
      metadata: metadataOf(record, files, method),
      schemaFaults: parts.schemaFaults(record, files, method),
      level: record.level, mark: record.mark, secrecy: await tx.secrecy.factsOf(record),
      code: record.archivalCode === null ? null : {
        text: record.archivalCode, fault: parsed === undefined ? '不符合档号模板' : differingSegments(parsed, segments).join('、') || null,
        series: record.series ?? '', number: parsed === undefined ? Number.NaN : runningNumber(parsed),
      },
      volumeSpan: null, schedule: entry === undefined ? null : { retentionCode: entry.retention }, retentionReason: null,
      declaredAttachments: null, filedAt: record.filedAt, files: files.map((file) => fileFactsOf(record, file)),
    };
  };
}

/** Runs every filing-stage rule over the records and keeps the outcome. Called inside a unit of work that has been allowed. */
export function tester(parts: InspectionParts): Tester {
  const { clock, ids } = parts;
  const recordFacts = recordFactsOf(parts);

  return async (tx, call, batch, records, pack) => {
    const startedAt = clock.now();
    const items = pack ?? parts.items();
    const facts: RecordFacts[] = [];
    let [bytes, count] = [0, 0];
    const filesOf = await filesByRecord(tx, batch.id);
    for (const record of records) {
      const files = filesOf(record.id);
      count += files.length;
      bytes += files.reduce((sum, file) => sum + file.bytes, 0);
      facts.push(await recordFacts(tx, record, files, batch.method));
    }
    const virusLibraryOn = await parts.virusLibraryOn();
    const around: BatchFacts = {
      ref: batch.number, stage: 'filing', today: clock.today(),
      declared: batch.declared === null ? null : { items: batch.declared.reduce((sum, line) => sum + line.items, 0), bytes },
      voided: {}, firstNumber: firstNumbers(parts, records),
      known: { codes: await tx.known.codes(records.flatMap((record) => (record.archivalCode === null ? [] : [record.archivalCode])), batch.id), documents: new Set() },
      requiredActivities: [], online: batch.method === 'online_auto', package: null, medium: null, databaseReadable: true, knownApplications: null,
      virusLibraryOn, procedure: { operator: true, device: true, channel: true, log: true }, systemLevel: parts.systemLevel, sealPolicy: parts.sealPolicy, manual: {},
    };
    const outcome = testFourNatures(items, facts, around);
    const run = (await tx.runs.ofBatch(batch.id)).length + 1;
    const reportNo = await drawNumber(ids, `4P-filing-${clock.today().replaceAll('-', '')}-`, async (one) => (await tx.runs.byReportNo(one)) !== undefined);
    const kept: FourPropertyRun = {
      id: ids.uuid(), reportNo, batch: batch.id, run, stage: 'filing', level: highest(batch, records),
      operator: call.person, startedAt, finishedAt: clock.now(), conclusion: outcome.conclusion,
      content: {
        engineVersion: parts.engineVersion, ruleSetVersion: items.version, virusLibraryOn, items: records.length, files: count, bytes,
        summary: outcome.summary, results: outcome.results,
      },
    };
    await tx.runs.add(kept);
    return kept;
  };
}

/** The files of a batch, asked for once and not for every record. */
export async function filesByRecord(tx: Holdings, batch: string): Promise<(record: string) => readonly ComputerFile[]> {
  const grouped = new Map<string, ComputerFile[]>();
  for (const file of await tx.files.ofBatch(batch)) {
    const own = grouped.get(file.record);
    if (own) own.push(file);
    else grouped.set(file.record, [file]);
  }
  for (const own of grouped.values()) own.sort((one, other) => one.position - other.position);
  return (record) => grouped.get(record) ?? [];
}

/** What is said of many records is guarded as the most secret of them. */
const highest = (batch: CaptureBatch, records: readonly StoredRecord[]): Level => records.reduce<Level>((level, record) => (record.level > level ? record.level : level), batch.level);

/** 四性检测, run by hand at any time before filing, and again by filing itself. */
export function inspectionService(parts: InspectionParts, test: Tester = tester(parts)) {
  const { store } = parts;
  return {
    async run(call: Call, input: InspectionRun) {
      const visible = await parts.visibleRecords(call);
      return store.write(call, async (tx) => {
        const batch = await tx.batches.get(input.batch);
        if (!batch) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(batchTarget(batch));
        const records = (await tx.records.ofBatch(batch.id, visible)).filter((record) => record.state !== 'withdrawn');
        const run = await test(tx, call, batch, records);
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { reportNo: run.reportNo, conclusion: run.conclusion } });
        return run;
      });
    },

    /** 换规则包重新检测: the records as they stand, filed ones too, by a version that somebody names. Filing always asks the one in force. */
    async rerun(call: Call, input: InspectionRerun) {
      const visible = await parts.visibleRecords(call);
      return store.write(call, async (tx) => {
        const batch = await tx.batches.get(input.batch);
        if (!batch) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(batchTarget(batch));
        const pack = await parts.pack(input.pack);
        const records = (await tx.records.ofBatch(batch.id, visible)).filter((record) => !['withdrawn', 'destroyed'].includes(record.state));
        if (records.length === 0) throw new ArchiveError('E_STATE_INVALID', { state: batch.state }, [{ at: '/batch', message: '批次中没有可检测的件' }]);
        const run = await test(tx, call, batch, records, pack);
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { reportNo: run.reportNo, conclusion: run.conclusion, pack: pack.version } });
        return run;
      });
    },

    /** Two runs side by side: what differs, rule by rule and object by object. */
    async compare(call: Call, input: InspectionCompare) {
      const visible = await parts.visibleRecords(call);
      const level = await parts.levelOf(call);
      return store.read(call, async (tx) => {
        const batch = await tx.batches.get(input.batch);
        if (!batch) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(batchTarget(batch));
        const spoken = await speakable(tx, batch, visible);
        const of = async (number: number): Promise<FourPropertyRun> => {
          const run = await tx.runs.get(batch.id, number);
          if (run === undefined || run.level > level || !(await spoken(number))) throw new ArchiveError('E_NOT_FOUND');
          return run;
        };
        const [left, right] = [await of(input.left), await of(input.right)];
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { left: input.left, right: input.right } });
        const head = ({ content, ...run }: FourPropertyRun) => ({ ...run, ruleSetVersion: content.ruleSetVersion, engineVersion: content.engineVersion, virusLibraryOn: content.virusLibraryOn, items: content.items, files: content.files });
        return { batch: { id: batch.id, number: batch.number, level: batch.level, state: batch.state }, left: head(left), right: head(right), rows: runDifferences(left, right) };
      });
    },

    /** One run whole, with what changed since the run before; of runs that speak of a record hidden from the person, nothing. */
    async show(call: Call, input: InspectionShow) {
      const visible = await parts.visibleRecords(call);
      const level = await parts.levelOf(call);
      return store.read(call, async (tx) => {
        const batch = await tx.batches.get(input.batch);
        if (!batch) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(batchTarget(batch));
        const spoken = await speakable(tx, batch, visible);
        const runs: Omit<FourPropertyRun, 'content'>[] = [];
        for (const run of await tx.runs.ofBatch(batch.id)) if (run.level <= level && await spoken(run.run)) runs.push(run);
        const place = input.run === undefined ? 0 : runs.findIndex(({ run }) => run === input.run);
        const [at, earlier] = [runs[place]?.run, runs[place + 1]?.run];
        const shown = at === undefined ? undefined : await tx.runs.get(batch.id, at);
        const before = earlier === undefined ? undefined : await tx.runs.get(batch.id, earlier);
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { run: at ?? 0 } });
        return { batch: { id: batch.id, number: batch.number, level: batch.level, state: batch.state }, runs, run: shown ?? null, changed: shown && before ? changes(before, shown) : [] };
      });
    },
  };
}

/** Whether a run names no record of the batch that is hidden from the person. */
async function speakable(tx: InspectionTx, batch: CaptureBatch, visible: ListScope): Promise<(run: number) => Promise<boolean>> {
  const counts = async (scope: ListScope): Promise<number> => Object.entries(await tx.records.statesOfBatch(batch.id, scope)).reduce((sum, [state, n]) => (state === 'withdrawn' ? sum : sum + n), 0);
  if (await counts(visible) === await counts(EVERYTHING)) return async () => Promise.resolve(true);
  const shown = new Set((await tx.records.ofBatch(batch.id, visible)).map(({ id }) => id));
  const hidden = new Set((await tx.records.ofBatch(batch.id)).filter(({ id, state }) => state !== 'withdrawn' && !shown.has(id)).flatMap((record) => [record.electronicRecordCode, record.archivalCode ?? '']));
  return async (run) => !((await tx.runs.get(batch.id, run))?.content.results.some(({ objectRef }) => hidden.has(objectRef)) ?? false);
}

const EVERYTHING: ListScope = { sql: '1 = 1', values: [] };

export interface RunDifference { readonly code: string; readonly name: string; readonly objectRef: string; readonly was: string; readonly is: string; readonly message: string }

/** What differs between two runs, in the order of the later one, then what it no longer asks. Alike lines of one rule and object are told once. */
export function runDifferences(before: FourPropertyRun, after: FourPropertyRun): readonly RunDifference[] {
  const key = (one: { code: string; objectRef: string }): string => `${one.code} ${one.objectRef}`;
  const worst = (run: FourPropertyRun): Map<string, FourPropertyRun['content']['results'][number]> => {
    const kept = new Map<string, FourPropertyRun['content']['results'][number]>();
    for (const one of run.content.results) if (WEIGHT[one.result] >= WEIGHT[kept.get(key(one))?.result ?? 'skip']) kept.set(key(one), one);
    return kept;
  };
  const [was, is] = [worst(before), worst(after)];
  const rows = [...is.values()].filter((one) => (was.get(key(one))?.result ?? 'absent') !== one.result).map((one) => ({ code: one.code, name: one.name, objectRef: one.objectRef, was: was.get(key(one))?.result ?? 'absent', is: one.result as string, message: one.message }));
  return [...rows, ...[...was.values()].filter((one) => !is.has(key(one))).map((one) => ({ code: one.code, name: one.name, objectRef: one.objectRef, was: one.result as string, is: 'absent', message: '' }))];
}
const WEIGHT: Readonly<Record<FourPropertyRun['content']['results'][number]['result'], number>> = { skip: 0, pass: 1, manual: 2, warn: 3, fail: 4 };

/** Results that are not what they were, by rule and object. */
function changes(before: FourPropertyRun, after: FourPropertyRun): { code: string; objectRef: string; was: string; is: string }[] {
  const key = (one: { code: string; objectRef: string }): string => `${one.code} ${one.objectRef}`;
  const was = new Map(before.content.results.map((one) => [key(one), one.result]));
  return after.content.results
    .filter((one) => was.get(key(one)) !== one.result)
    .map((one) => ({ code: one.code, objectRef: one.objectRef, was: was.get(key(one)) ?? 'skip', is: one.result }));
}

function firstNumbers(parts: InspectionParts, records: readonly StoredRecord[]): Record<string, number> {
  const first: Record<string, number> = {};
  for (const record of records) {
    if (record.series !== null && record.sequence !== null) first[record.series] = Math.min(first[record.series] ?? record.sequence, record.sequence);
  }
  return first;
}

/** The record as its JSON stands, with the keys of the metadata scheme. */
export function metadataOf(record: StoredRecord, files: readonly ComputerFile[], captureMethod: CaptureMethod): Readonly<Record<string, unknown>> {
  const present = <T>(key: string, value: T | null | undefined): Record<string, T> => (value === null || value === undefined ? {} : { [key]: value });
  const named = [...record.scope.persons, ...record.scope.departments];
  return {
    ...record.description, id: record.id, electronicRecordCode: record.electronicRecordCode, recordState: record.state,
    aggregationLevel: record.description.aggregationLevel ?? 'item', unitOfManagement: record.description.unitOfManagement ?? 'item',
    securityLevel: record.level, fondsIdentifier: record.fonds, captureMethod,
    ...present('categoryCode', record.categoryCode), ...present('archivalYear', record.archivalYear), ...present('retentionCode', record.retentionCode),
    ...present('scheduleItemId', record.scheduleItemId), ...present('orgOrFunction', record.orgOrFunction), ...present('documentDate', record.documentDate),
    ...present('completedOn', record.completedOn), ...present('sequence', record.sequence), ...present('archivalCode', record.archivalCode),
    ...present('classificationId', record.classificationId), ...present('marking', record.mark),
    ...(record.level >= 2 && named.length > 0 ? { compartments: named } : {}),
    compositionType: record.description.compositionType ?? (files.length > 1 ? 'composite' : 'single'),
    digitalObjects: files.map((file) => ({
      objectId: file.object, fileName: file.sealed.fileName, fileSize: file.bytes, mime: file.mime, formatInfo: file.format, role: file.role, digest: file.sm3,
      ...(typeof file.facts['signed'] === 'boolean' ? { sealPresent: file.facts['signed'] } : {}), ...(file.sealed.signatures === undefined ? {} : { sealStripped: true }),
    })),
  };
}

export function fileFactsOf(record: StoredRecord, file: ComputerFile): FileFacts {
  const inspection: FileInspection = {
    path: file.id, bytes: file.bytes, sm3: file.sm3, format: { mime: file.mime, name: file.format, version: null, puid: file.puid },
    facts: file.facts as FileInspection['facts'], verdict: file.verdict, findings: file.findings as FileInspection['findings'],
  };
  return {
    id: file.id, role: file.role, recordRef: record.archivalCode ?? record.electronicRecordCode,
    declared: { name: file.sealed.fileName, bytes: file.bytes, mime: file.mime, sm3: file.sm3 },
    actual: { name: file.sealed.fileName, inspection }, signatures: (file.sealed.signatures ?? []).map((one) => ({ verified: typeof one['verified'] === 'boolean' ? one['verified'] : null })),
  };
}

