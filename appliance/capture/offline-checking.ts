/** 收入之前的核对: every item of the package as it would come in. Nothing is written; what is wrong is said with the entry it is wrong at. */
import { placeOf } from '../../core/catalogue.js';
import { ArchiveError, errorRow } from '../../core/errors.js';
import type { CaptureBatch, StoredRecord } from '../../core/holdings.js';
import type { ImportFinding, ImportPreview, PackageImport } from '../../core/package-import.js';
import { missingForFiling } from '../../core/services/amendment.js';
import type { Amend } from '../../core/services/amendment.js';
import type { ArrangementFacts } from '../../policies/schemas/arranging.js';
import type { Parcel, ParcelItem } from '../exchange/parcel.js';

export interface Checking {
  readonly amend: Amend;
  /** A record of the batch that holds nothing yet but its title. */
  readonly blank: (batch: CaptureBatch, item: ParcelItem) => StoredRecord;
  readonly codeHasOrg: (batch: CaptureBatch) => boolean;
  /** 机构名称 → 代码 */
  readonly departments: ReadonlyMap<string, string>;
  readonly fileBytes: number;
  readonly filesPerBatch: number;
  readonly destroyed: (digests: readonly string[]) => Promise<ReadonlySet<string>>;
}

/** At most so many are kept and shown; the count of items is always whole. */
const SHOWN = 500;
const PREVIEW = 50;
const ASKED = 500;

/** The item as a record, or why it cannot be one. */
export function asRecord({ amend, blank, departments }: Checking, batch: CaptureBatch, item: ParcelItem): StoredRecord {
  const { documentDate, completedOn, archivalYear, retentionCode, categoryCode, orgOrFunction, scheduleItemId } = item.structure;
  const given = { documentDate, completedOn, archivalYear, retentionCode, categoryCode, scheduleItemId, orgOrFunction: orgOrFunction === undefined ? undefined : (departments.get(orgOrFunction) ?? orgOrFunction) };
  const facts = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as ArrangementFacts;
  return amend(blank(batch, item), { facts, description: item.description }, '');
}

export async function checkParcel(tools: Checking, batch: CaptureBatch, parcel: Parcel, told: (done: number, total: number) => void): Promise<Pick<PackageImport, 'total' | 'form'> & { readonly sealed: Omit<PackageImport['sealed'], 'source'> }> {
  const findings: ImportFinding[] = parcel.findings.slice(0, SHOWN).map((one) => ({ ...one }));
  const preview: ImportPreview[] = [];
  const add = (code: ImportFinding['code'], entry: string, text: string): void => { if (findings.length < SHOWN) findings.push({ code, entry, text }); };
  let [total, files] = [0, 0];
  let asked: { readonly path: string; readonly sm3: string }[] = [];
  const ask = async (): Promise<void> => {
    const gone = await tools.destroyed(asked.map(({ sm3 }) => sm3));
    for (const { path, sm3 } of asked) if (gone.has(sm3)) add('E_PKG_DESTROYED', path, '内容与本机已销毁的档案相同');
    asked = [];
  };
  if (findings.length === 0) {
    for await (const item of parcel.items()) {
      total += 1;
      files += item.files.length;
      judgeItem(tools, batch, item, add);
      asked.push(...item.files);
      if (asked.length >= ASKED) await ask();
      if (preview.length < PREVIEW) preview.push(previewOf(tools, batch, item));
      if (total % 100 === 0) told(total, parcel.total);
    }
    await ask();
    if (total === 0) add('E_PKG_MANIFEST_MISSING', parcel.name, '包内没有一件档案');
    if (files > tools.filesPerBatch) add('E_PKG_TOO_LARGE', parcel.name, `包内有 ${String(files)} 个文件，超过一批 ${String(tools.filesPerBatch)} 个，请分批制作`);
  }
  return { total, form: parcel.form, sealed: { name: parcel.name, findings, warnings: parcel.warnings.slice(0, SHOWN).map((one) => ({ ...one })), preview: findings.length > 0 ? [] : preview } };
}

function judgeItem(tools: Checking, batch: CaptureBatch, item: ParcelItem, add: (code: string, entry: string, text: string) => void): void {
  if (item.level !== null && item.level !== batch.level) add('E_MAC_WRITE_DOWN', item.place, '该件的密级与本次导入的会话密级不同，请切换会话密级，或由移出方按密级分包');
  if (item.structure.fondsIdentifier !== undefined && item.structure.fondsIdentifier !== batch.fonds) add('E_META_INVALID', item.place, '全宗号与所选全宗不同');
  const mains = item.files.filter(({ role }) => role === 'main').length;
  if (mains !== 1) add('E_PKG_CATALOGUE', item.place, mains === 0 ? '该件没有正文' : '该件有多个正文');
  for (const file of item.files) if (file.bytes > tools.fileBytes) add('E_UPLOAD_TOO_LARGE', file.path, '文件超过本机允许的大小');
  try {
    asRecord(tools, batch, item);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    for (const { at, message } of error.details) add(error.code, `${item.place}${at}`, message);
    if (error.details.length === 0) add(error.code, item.place, errorRow(error.code).message);
  }
}

function previewOf(tools: Checking, batch: CaptureBatch, item: ParcelItem): ImportPreview {
  let missing: readonly string[] = [];
  try {
    missing = missingForFiling(asRecord(tools, batch, item), { codeHasOrg: tools.codeHasOrg(batch) });
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
  }
  const { title, declaredArchivalCode } = item.description;
  return { place: item.place === '' ? placeOf(0) : item.place, title, code: declaredArchivalCode ?? null, date: item.structure.documentDate ?? null, files: item.files.length, missing };
}
