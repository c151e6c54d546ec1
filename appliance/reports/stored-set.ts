import { ArchiveError } from '../../core/errors.js';
import type { Vault } from '../content/vault.js';
import type { StoredReport } from '../store/repositories/reports.js';
import { setName, unzipSet } from './report-set.js';
import type { SetEnding } from './report-set.js';

/** The set of a report as it was kept: a zip. */
export async function setOf(vault: Vault, report: Pick<StoredReport, 'object'>): Promise<Buffer> {
  const sealed = await vault.open(report.object);
  try {
    return Buffer.from(await sealed.readRange(0, sealed.bytes));
  } finally {
    await sealed.close();
  }
}

/** One file of it. @throws ArchiveError `E_NOT_FOUND` */
export async function fileOf(vault: Vault, report: Pick<StoredReport, 'id' | 'number' | 'object'>, ending: SetEnding): Promise<Buffer> {
  const file = unzipSet(await setOf(vault, report)).get(setName(report.number, ending));
  if (!file) throw new ArchiveError('E_NOT_FOUND', { report: report.id, ending });
  return file;
}
