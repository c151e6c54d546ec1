import { fileURLToPath } from 'node:url';
import type { CatalogueRules } from '../../core/catalogue.js';
import { ArchiveError } from '../../core/errors.js';
import type { CaptureLimits } from '../../policies/schemas/capture.js';
import { openWorkers } from '../inspection/pool.js';
import { bufferSource } from '../inspection/source.js';
import { readCatalogueFile, type CatalogueFileReading } from './catalogue-file.js';
import { valueOf, type WorkerAnswer } from './refusal.js';

export interface CatalogueReader {
  /** @throws ArchiveError `E_UPLOAD_TOO_LARGE`, `E_CATALOGUE_ENCODING`, `E_CATALOGUE_INVALID` */
  read(body: AsyncIterable<Uint8Array>): Promise<CatalogueFileReading>;
  close(): Promise<void>;
}

/** A text of up to so many lines is read where it arrives; longer ones, and every workbook, in a process of their own. */
const LINES_HERE = 2000;
/** A hundred thousand rows in a workbook take a while on a slow machine. */
const MILLISECONDS = 300_000;

/** Reads catalogues under the limits of `policies/capture.json` and `policies/catalogue-columns.json`, whichever is lower. */
export function openCatalogueReader(shipped: CatalogueRules, limits: Pick<CaptureLimits, 'catalogueBytes' | 'catalogueRows'>): CatalogueReader {
  const own = shipped.columns.limits;
  const rules: CatalogueRules = { ...shipped, columns: { ...shipped.columns, limits: { ...own, bytes: Math.min(own.bytes, limits.catalogueBytes), rows: Math.min(own.rows, limits.catalogueRows) } } };
  const { bytes: limitBytes } = rules.columns.limits;
  const workers = openWorkers<CatalogueRules, WorkerAnswer<CatalogueFileReading>>({ size: 1, milliseconds: MILLISECONDS, worker: fileURLToPath(new URL('./catalogue-worker.js', import.meta.url)) });
  return {
    async read(body) {
      const bytes = await collect(body, limitBytes);
      if (isShortText(bytes)) return readCatalogueFile(bytes, rules);
      const answer = await workers.run(bufferSource(bytes), rules);
      if (typeof answer === 'string') throw new ArchiveError('E_CATALOGUE_INVALID', { death: answer }, [{ at: '目录', message: '在限定的时间和内存内没有读完，请分批导入或另存为 CSV' }]);
      return valueOf(answer);
    },
    close: async () => workers.close(),
  };
}

async function collect(body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let seen = 0;
  for await (const part of body) {
    seen += part.length;
    if (seen > limitBytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes });
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function isShortText(bytes: Buffer): boolean {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return false;
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    lines += 1;
    if (lines > LINES_HERE) return false;
  }
  return bytes.length < 4 * 1024 * 1024;
}
