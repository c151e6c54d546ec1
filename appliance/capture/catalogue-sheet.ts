import type { Readable } from 'node:stream';
import { zipSync } from 'fflate';
import { readSheet } from 'read-excel-file/node';
import { fromBufferPromise, type ZipFile } from 'yauzl';
import { ArchiveError } from '../../core/errors.js';
import type { Cell, RawRow } from '../../core/catalogue.js';

/** What a workbook may unpack to. */
export interface SheetLimits { readonly unpackedBytes: number; readonly rows: number; readonly columns: number }

const ENTRIES = 2000;
/** Rows above the header and below the data. */
const HEAD_ROWS = 50;

const broken = (message: string): ArchiveError => new ArchiveError('E_CATALOGUE_INVALID', {}, [{ at: '目录', message }]);

/**
 * The first sheet of an XLSX workbook as text. Numbers keep the digits of the file; a date cell is a day. The package is unpacked under a
 * limit and only its sound parts are handed to the reader, so that a bomb or a lying directory ends here.
 * @throws ArchiveError `E_CATALOGUE_INVALID`
 */
export async function readWorkbook(bytes: Buffer, limits: SheetLimits): Promise<readonly RawRow[]> {
  const parts = await unpack(bytes, limits);
  if (parts['xl/workbook.xml'] === undefined) throw broken('不是 Excel 工作簿（xlsx），请另存为 xlsx 或 CSV');
  const sheet = await readSheet<string>(Buffer.from(zipSync(parts, { level: 0 })), { trim: false, parseNumber: (text) => text }).catch(() => {
    throw broken('工作簿损坏，无法读取，请在 Excel 中打开后另存');
  });
  return sheet.map((row, index) => ({ line: index + 1, cells: row.map(cellOf) }));
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return { day: value.toISOString().slice(0, 10) };
  if (typeof value === 'boolean') return value ? '是' : '否';
  return typeof value === 'string' ? value : null;
}

async function unpack(bytes: Buffer, limits: SheetLimits): Promise<Record<string, Uint8Array>> {
  const parts: Record<string, Uint8Array> = {};
  let left = limits.unpackedBytes;
  let zip: ZipFile | undefined;
  try {
    zip = await fromBufferPromise(bytes, { lazyEntries: true, validateEntrySizes: true });
    if (zip.entryCount > ENTRIES) throw broken('工作簿部件过多，请在 Excel 中另存后重新导入');
    for await (const entry of zip.eachEntry()) {
      if (!/^(?:\[Content_Types\]\.xml|_rels\/|xl\/(?:workbook|styles|sharedStrings|_rels\/|worksheets\/)).*/u.test(entry.fileName) || entry.fileName.endsWith('/')) continue;
      if (entry.uncompressedSize > left) throw broken('工作簿解开后过大，请分批导入');
      const stream = await zip.openReadStreamPromise(entry);
      const part = await collect(stream, left);
      left -= part.length;
      if (/<!(?:DOCTYPE|ENTITY)/iu.test(part.toString('latin1', 0, 4096))) throw broken('工作簿含外部实体声明，已拒绝读取');
      if (entry.fileName.startsWith('xl/worksheets/')) requireModestArea(part, limits);
      parts[entry.fileName] = part;
    }
  } catch (error) {
    throw error instanceof ArchiveError ? error : broken('工作簿损坏，无法解开，请在 Excel 中打开后另存');
  } finally {
    zip?.close();
  }
  return parts;
}

/** All bytes of a part, but at most so many: a directory entry may lie about its size. */
async function collect(stream: Readable, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let seen = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    seen += chunk.length;
    if (seen > limitBytes) throw broken('工作簿解开后过大，请分批导入');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The reader lays out every cell between the first and the last: one cell at XFD1048576 would take the memory of the box. */
function requireModestArea(sheet: Buffer, limits: SheetLimits): void {
  for (const [, letters = '', digits = ''] of sheet.toString('latin1').matchAll(/\br=["']([A-Z]{0,7})(\d{1,20})["']/gu)) {
    const column = [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);
    if (Number(digits) > limits.rows + HEAD_ROWS) throw broken(`超过 ${String(limits.rows)} 行，请删去末尾空行或分批导入`);
    if (column > limits.columns) throw broken(`超过 ${String(limits.columns)} 列，请删去空列`);
  }
}
