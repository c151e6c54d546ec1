import { unzipSync, zipSync } from 'fflate';
import { canonicalBytes } from '../../core/canonical.js';
import { parseCheckpoint } from '../../core/checkpoint.js';
import { ArchiveError } from '../../core/errors.js';
import type { Sm3 } from '../../core/ports.js';
import type { ReportDocument } from '../../policies/schemas/report.js';
import type { BoxIdentity } from '../audit/identity.js';
import { reportCsv } from './csv.js';
import { manifestFile, manifestText } from './manifest.js';
import { reportPdf } from './pdf.js';

/** Endings of the files of a set, in the order of manifest and zip (report-format.md). */
export const SET_ENDINGS = ['json', 'pdf', 'csv', 'json.sig', 'pdf.sig', 'csv.sig', 'pem', 'manifest', 'manifest.sig'] as const;
export type SetEnding = (typeof SET_ENDINGS)[number];
export const SIGNED = ['json', 'pdf', 'csv'] as const satisfies readonly SetEnding[];
/** What the manifest speaks of: everything but itself and its signature. */
export const LISTED = SET_ENDINGS.filter((ending) => !ending.startsWith('manifest'));

/** Name → bytes, in the order of `SET_ENDINGS`. */
export type ReportFiles = ReadonlyMap<string, Buffer>;

export const setName = (reportNo: string, ending: SetEnding): string => `${reportNo}.${ending}`;

/** Draws, digests and signs. The same document and key give the same JSON, PDF and CSV; SM2 signatures differ each time. */
export async function reportSet(document: ReportDocument, box: BoxIdentity, sm3: Sm3): Promise<ReportFiles> {
  const chain = box.chain.join('');
  const drawn = {
    json: Buffer.concat([canonicalBytes(document), Buffer.from('\n')]),
    pdf: await reportPdf(document, authorityFingerprint(chain, sm3)),
    csv: reportCsv(document),
  };
  const files = new Map<string, Buffer>();
  const put = (ending: SetEnding, bytes: Uint8Array): void => { files.set(setName(document.reportNo, ending), Buffer.from(bytes)); };
  for (const ending of SIGNED) put(ending, drawn[ending]);
  for (const ending of SIGNED) put(`${ending}.sig`, box.sign(drawn[ending]));
  put('pem', Buffer.from(chain));
  const checkpoint = parseCheckpoint(document.checkpoint);
  if (!checkpoint) throw new ArchiveError('E_INPUT_INVALID', { what: 'checkpoint' });
  const manifest = Buffer.from(manifestText({
    report: document.reportNo, box: document.box, generated: document.generatedAt, level: document.level,
    checkpoint: { size: checkpoint.size, root: Buffer.from(checkpoint.root).toString('base64') },
    files: [...files].map(([name, bytes]) => manifestFile(sm3, name, bytes)),
  }));
  put('manifest', manifest);
  put('manifest.sig', box.sign(manifest));
  return files;
}

/** SM3 of the last certificate of a chain, in groups of four: what two people read to each other. */
export function authorityFingerprint(chain: string, sm3: Sm3): string {
  const [last = ''] = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\s*$/) ?? [];
  const der = Buffer.from(last.replace(/-----[A-Z ]+-----/g, ''), 'base64');
  return (Buffer.from(sm3(der)).toString('hex').match(/.{1,8}/g) ?? []).join(' ');
}

/** The one way to write a set: stored, order of `SET_ENDINGS`, a fixed time (fflate takes its local fields, hence no time zone in it). */
export function zipSet(files: ReportFiles): Buffer {
  const mtime = new Date(1980, 0, 1);
  return Buffer.from(zipSync(Object.fromEntries(files), { level: 0, mtime }));
}

/** Entries of a zip as they stand, none judged. @throws ArchiveError `E_INPUT_INVALID` when it is no zip */
export function unzipSet(zip: Uint8Array): Map<string, Buffer> {
  try {
    // Stored only, and no larger than the zip itself: nothing a stranger hands in may be inflated here.
    const stored = unzipSync(zip, { filter: ({ compression, size, originalSize }) => refuseUnless(compression === 0 && size === originalSize && size <= zip.length) });
    return new Map(Object.entries(stored).map(([name, bytes]) => [name, Buffer.from(bytes)]));
  } catch {
    throw new ArchiveError('E_INPUT_INVALID', { what: 'zip' });
  }
}

function refuseUnless(good: boolean): true {
  if (!good) throw new RangeError('not a stored entry');
  return true;
}
