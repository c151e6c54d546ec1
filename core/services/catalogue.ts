import { findScheme } from '../arrangement.js';
import type { FondsRules } from '../arrangement.js';
import { placeOf } from '../catalogue.js';
import type { CatalogueEntry, CatalogueReading } from '../catalogue.js';
import { compositionOf, differs, matchCatalogue } from '../catalogue-match.js';
import type { Composition, MatchedRow } from '../catalogue-match.js';
import { ArchiveError, errorRow } from '../errors.js';
import type { ErrorDetail } from '../errors.js';
import { batchTarget, recordTarget } from '../holdings.js';
import type { CaptureBatch, ComputerFile, Holdings, ListScope, StoredRecord } from '../holdings.js';
import type { Call, Clock, ReadTools, UnitOfWork, WriteTools } from '../ports.js';
import { contentIsOpen, isRecordState, requireNext } from '../record.js';
import type { RetentionSchedule, Schemes } from '../../policies/schemas/arrangement.js';
import type { ArrangementFacts } from '../../policies/schemas/arranging.js';
import type { CaptureCatalogue } from '../../policies/schemas/capture.js';
import { amendment, missingForFiling } from './amendment.js';
import type { CategoryKeys } from '../metadata.js';
import type { RelationGuard, RelationTx } from './relations.js';
import { requireOpen } from './capture.js';
import { settling, worstOf } from './settling.js';

type People = { readonly people: { departments(): Promise<readonly { readonly id: string; readonly name: string }[]> } };
export type CatalogueTx = Holdings & RelationTx & People;

/** The catalogue as it was read, and how. */
export type ReadCatalogue = CatalogueReading & { readonly format: string; readonly encoding: string | null };

export interface CatalogueParts {
  readonly store: UnitOfWork<CatalogueTx & WriteTools, CatalogueTx & ReadTools>;
  readonly clock: Clock;
  readonly schedule: RetentionSchedule;
  readonly schemes: Schemes;
  readonly fondsRules: (fonds: string) => FondsRules;
  readonly relations: RelationGuard;
  /** What each 门类 must have filled in beside. */
  readonly categories: CategoryKeys;
  /** Which records of a batch the person may see. */
  readonly visibleRecords: (call: Call) => Promise<ListScope>;
  /** Reads the whole body under the limits of the policy. @throws ArchiveError `E_UPLOAD_TOO_LARGE`, `E_CATALOGUE_ENCODING`, `E_CATALOGUE_INVALID` */
  readonly read: (body: AsyncIterable<Uint8Array>) => Promise<ReadCatalogue>;
}

/** At most so many rows and places leave with an answer; the counts are always whole. */
const SHOWN = 1000;
const DETAILS = 500;

interface PlannedRow extends MatchedRow {
  readonly record: StoredRecord | undefined;
  /** As it will stand, state aside. */
  readonly next: StoredRecord | undefined;
  readonly composition: readonly Composition[];
  readonly composes: boolean;
}

/** 目录导入: rows of a catalogue become the description of what was handed in. A dry run says row by row what would happen; applied, it is all or nothing. */
export function catalogueService(parts: CatalogueParts) {
  const { store, clock, schemes } = parts;
  const amend = amendment(parts);
  const settle = settling(clock);

  async function open(tx: CatalogueTx & ReadTools, id: string): Promise<CaptureBatch> {
    const batch = await tx.batches.get(id);
    if (batch === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(batchTarget(batch));
    requireOpen(batch);
    return batch;
  }

  /** Only records the person may see, and at the level the batch was taken in at: a line of text never changes level on its way. */
  async function plan(tx: CatalogueTx, batch: CaptureBatch, reading: ReadCatalogue, visible: ListScope) {
    const records = new Map((await tx.records.ofBatch(batch.id, visible)).filter((record) => record.state !== 'withdrawn' && record.level === batch.level).map((record) => [record.id, record]));
    const files = (await tx.files.ofBatch(batch.id)).filter((file) => records.has(file.record));
    const items = new Map<string, ComputerFile[]>();
    for (const file of files) items.set(file.record, [...(items.get(file.record) ?? []), file].sort((one, other) => one.position - other.position));
    const departments = new Map((await tx.people.departments()).map(({ id, name }) => [name, id]));
    const taken = new Map<string, number>();
    const match = matchCatalogue(reading.entries, files);
    const rows = match.rows.map((row): PlannedRow => {
      const [main] = row.files;
      const record = main === undefined ? undefined : records.get(main.record);
      const problems = [...row.problems, ...batchProblems(batch, row.entry)];
      if (record === undefined) return { ...row, problems, record, next: undefined, composition: [], composes: false };
      const composition = compositionOf(row.files, record.id);
      const composes = differs(items.get(record.id) ?? [], composition);
      problems.push(...itemProblems(row, record, composes, items, records, taken));
      taken.set(record.id, row.entry.line);
      let next: StoredRecord | undefined;
      try {
        next = amend(record, { facts: factsOf(row.entry, departments), description: row.entry.description }, '');
        if ((next.orgOrFunction ?? '').length > 12) problems.push({ at: placeOf(row.entry.line, '机构或问题'), message: '超过 12 字，请填机构（问题）代码' });
      } catch (error) {
        if (!(error instanceof ArchiveError)) throw error;
        problems.push(...amendProblems(error, row.entry.line));
      }
      return { ...row, problems, record, next, composition, composes };
    });
    const problems = [...reading.faults, ...rows.flatMap((row) => row.problems)];
    return { rows, problems, unlisted: match.unlisted, scheme: findScheme(schemes, parts.fondsRules(batch.fonds).schemeId) };
  }
  type Plan = Awaited<ReturnType<typeof plan>>;

  function report(reading: ReadCatalogue, { rows, problems, unlisted, scheme }: Plan, applied: boolean) {
    const faulty = new Map<number, ErrorDetail[]>();
    for (const fault of reading.faults) {
      const line = Number(/^第(\d+)行/u.exec(fault.at)?.[1] ?? '0');
      if (line > 0) faulty.set(line, [...(faulty.get(line) ?? []), fault]);
    }
    const entered = new Set(rows.map((row) => row.entry.line));
    const lines = [
      ...[...faulty].filter(([line]) => !entered.has(line)).map(([line, found]) => ({ line, status: 'fault' as const, record: null, complete: false, problems: found })),
      ...rows.map((row) => {
        const all = [...row.problems, ...(faulty.get(row.entry.line) ?? [])];
        const status = all.length === 0 ? 'matched' as const : row.missing.length > 0 ? 'missing' as const : 'fault' as const;
        return { line: row.entry.line, status, record: row.record?.id ?? null, complete: row.next !== undefined && missingForFiling(row.next, scheme, parts.categories).length === 0, problems: all };
      }),
    ].sort((one, other) => Number(one.status === 'matched') - Number(other.status === 'matched') || one.line - other.line);
    return {
      format: reading.format, encoding: reading.encoding, rows: reading.rowsRead,
      matched: lines.filter((line) => line.status === 'matched').length, complete: lines.filter((line) => line.status === 'matched' && line.complete).length,
      missing: rows.flatMap((row) => row.missing).slice(0, SHOWN), unlisted: unlisted.map((file) => file.sealed.fileName).slice(0, SHOWN),
      problems: problems.slice(0, DETAILS), problemsFound: problems.length, notices: reading.notices.slice(0, DETAILS),
      lines: lines.slice(0, SHOWN), linesLeftOut: Math.max(0, lines.length - SHOWN), applied,
    };
  }

  async function write(tx: CatalogueTx & WriteTools, call: Call, batch: CaptureBatch, row: PlannedRow, scheme: Plan['scheme']): Promise<boolean> {
    const { record, next } = row;
    if (record === undefined || next === undefined) throw new ArchiveError('E_CATALOGUE_INVALID');
    await tx.allow(recordTarget(record));
    let now = { state: record.state, verdict: record.verdict, version: record.version };
    if (row.composes) {
      const emptied = new Set(row.files.map((file) => file.record).filter((id) => id !== record.id));
      for (const [index, { file, role }] of row.composition.entries()) await tx.files.assign(file, record.id, role, index + 1);
      now = { state: await settle(tx, call, record, row.files), verdict: worstOf(row.files), version: record.version + 1 };
      for (const id of emptied) {
        const other = await tx.records.get(id);
        if (other !== undefined) await tx.records.save({ ...other, state: 'withdrawn' }, other.version);
      }
    }
    const complete = missingForFiling(next, scheme, parts.categories).length === 0;
    const state = complete && (now.state === 'inspected' || now.state === 'arranged') ? requireNext(now.state, 'arrange') : now.state;
    if (!row.composes && state === record.state && sameFacts(record, next)) return false;
    await tx.records.save({ ...next, state, verdict: now.verdict }, now.version);
    const fields = Object.keys({ ...row.entry.structure, ...row.entry.description });
    await tx.records.addEvent(record.id, { activity: 'arrange', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第十八、十九条', detail: { catalogueLine: row.entry.line, fields, files: row.files.length } });
    tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { batch: batch.number, line: row.entry.line, fields, files: row.files.length, state } });
    return true;
  }

  return {
    async catalogue(call: Call, input: CaptureCatalogue, body: AsyncIterable<Uint8Array>) {
      await store.read(call, async (tx) => open(tx, input.batch));
      const reading = await parts.read(body);
      const visible = await parts.visibleRecords(call);
      if (input.apply !== true) {
        return store.read(call, async (tx) => {
          const batch = await open(tx, input.batch);
          const planned = await plan(tx, batch, reading, visible);
          tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { dryRun: true, rows: reading.rowsRead, problems: planned.problems.length } });
          return report(reading, planned, false);
        });
      }
      return store.write(call, async (tx) => {
        const batch = await open(tx, input.batch);
        const planned = await plan(tx, batch, reading, visible);
        if (planned.problems.length > 0) {
          const unlinked = reading.faults.length === 0 && planned.rows.every((row) => row.problems.length === row.missing.length);
          throw new ArchiveError(unlinked ? 'E_META_UNLINKED' : 'E_CATALOGUE_INVALID', { batch: batch.id, problems: planned.problems.length }, planned.problems.slice(0, DETAILS));
        }
        let written = 0;
        for (const row of planned.rows) if (await write(tx, call, batch, row, planned.scheme)) written += 1;
        await parts.relations.requireAlike(tx, planned.rows.flatMap(({ next }) => next ?? []), visible);
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { format: reading.format, rows: reading.rowsRead, written, unlisted: planned.unlisted.length } });
        return { ...report(reading, planned, true), written };
      });
    },
  };
}

/** What a row says about the whole batch must be what the batch is. */
function batchProblems(batch: CaptureBatch, { line, structure }: CatalogueEntry): ErrorDetail[] {
  const problems: ErrorDetail[] = [];
  if (structure.fondsIdentifier !== undefined && structure.fondsIdentifier !== batch.fonds) problems.push({ at: placeOf(line, '全宗号'), message: '与批次的全宗不同，请改正，或在该全宗的批次中导入' });
  if (structure.securityLevel !== undefined && structure.securityLevel !== batch.level) problems.push({ at: placeOf(line, '密级'), message: '与批次的密级不同，请改正，或切换会话密级后另建批次导入' });
  if (structure.captureMethod !== undefined && structure.captureMethod !== batch.method) problems.push({ at: placeOf(line, '归档方式'), message: '与批次的归档方式不同，请改正，或另建批次导入' });
  return problems;
}

/** Whether the files of the row may become one item. */
function itemProblems(
  { entry, files }: MatchedRow, record: StoredRecord, composes: boolean, items: ReadonlyMap<string, readonly ComputerFile[]>, records: ReadonlyMap<string, StoredRecord>, taken: ReadonlyMap<string, number>,
): ErrorDetail[] {
  const at = placeOf(entry.line, '文件名');
  const other = taken.get(record.id);
  if (other !== undefined) return [{ at, message: `与第${String(other)}行的文件已合为一件，请在一行内著录，附件写入“附件”列` }];
  if (!composes) return [];
  const closed = [...new Set(files.map((file) => file.record))].some((id) => {
    const state = records.get(id)?.state ?? '';
    return !isRecordState(state) || !contentIsOpen(state);
  });
  if (closed) return [{ at, message: '该件已整理或已归档，不能再改变组成，请先退回' }];
  const own = new Set(files.map((file) => file.id));
  const torn = [...new Set(files.map((file) => file.record))].some((id) => (items.get(id) ?? []).some((file) => !own.has(file.id)));
  return torn ? [{ at, message: '同件还有目录未列的文件，请写入该行的“附件”列' }] : [];
}

const COLUMNS: Readonly<Record<string, string>> = { documentDate: '日期', completedOn: '办理完毕日', title: '题名' };
const CODE_COLUMNS: Readonly<Record<string, string>> = { E_RETENTION_TOO_SHORT: '保管期限', E_RETENTION_REQUIRED: '保管期限', E_SCOPE_NOT_IN_SCHEDULE: '保管期限表条目', E_STATE_INVALID: '文件名' };

function amendProblems(error: ArchiveError, line: number): ErrorDetail[] {
  if (error.details.length === 0) return [{ at: placeOf(line, CODE_COLUMNS[error.code]), message: errorRow(error.code).message }];
  return error.details.map(({ at, message }) => ({ at: placeOf(line, COLUMNS[at.split('/')[1] ?? '']), message }));
}

function factsOf({ structure }: CatalogueEntry, departments: ReadonlyMap<string, string>): ArrangementFacts {
  const { documentDate, completedOn, archivalYear, retentionCode, categoryCode, orgOrFunction, scheduleItemId } = structure;
  const given = { documentDate, completedOn, archivalYear, retentionCode, categoryCode, scheduleItemId, orgOrFunction: orgOrFunction === undefined ? undefined : (departments.get(orgOrFunction) ?? orgOrFunction) };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

const facts = ({ documentDate, completedOn, archivalYear, retentionCode, categoryCode, orgOrFunction, scheduleItemId, description }: StoredRecord): string =>
  JSON.stringify([documentDate, completedOn, archivalYear, retentionCode, categoryCode, orgOrFunction, scheduleItemId, Object.entries(description).sort(([one], [other]) => (one < other ? -1 : 1))]);
const sameFacts = (one: StoredRecord, other: StoredRecord): boolean => facts(one) === facts(other);
