import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ArchiveError } from '../../core/errors.js';
import type { ConversionFile, ConverterRow } from '../../policies/schemas/conversion.js';
import { openWorkers } from '../inspection/pool.js';
import type { OpenSource } from '../inspection/source.js';
import { packageVersion } from '../package-root.js';
import sharp from 'sharp';
import { officeToPdf } from './office.js';
import { libreOffice } from './tools.js';
import type { ToolState } from './tools.js';
import type { ConvertAnswer, ConvertOrder, Evidence } from './worker.js';

export interface Converted { readonly output: Buffer; readonly evidence: Evidence; readonly tool: string }
export interface ConvertedFile { readonly mime: string; readonly fileName: string }

/** Every converter of the box, behind one call. */
export interface Converters {
  /** The programs that are not part of the box, as they are found now. */
  tools(): Promise<readonly ToolState[]>;
  /** @throws ArchiveError `E_CONVERSION_TOOL` where what the row needs is not there */
  requireTool(row: ConverterRow): Promise<string>;
  /** @throws ArchiveError `E_CONVERSION_TOOL`, `E_FMT_UNREADABLE`, `E_UPLOAD_TOO_LARGE` */
  convert(row: ConverterRow, source: OpenSource, file: ConvertedFile): Promise<Converted>;
  close(): Promise<void>;
}

/** What LibreOffice takes a source for, by its extension. */
const OFFICE: Readonly<Record<string, string>> = {
  'application/msword': 'doc', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx', 'application/vnd.oasis.opendocument.text': 'odt', 'application/rtf': 'rtf', 'text/rtf': 'rtf',
};

/** @param box serial of the box, in the names of its folders in memory */
export function openConverters(policy: ConversionFile, box: string): Converters {
  const { limits } = policy;
  const closing = new AbortController();
  const workers = openWorkers<ConvertOrder, ConvertAnswer>({ size: 1, milliseconds: limits.seconds * 1000, worker: fileURLToPath(new URL('./worker.js', import.meta.url)) });

  async function work(source: OpenSource, order: ConvertOrder): Promise<ConvertAnswer> {
    const answer = await workers.run(source, order);
    if (typeof answer === 'string') throw new ArchiveError('E_FMT_UNREADABLE', { death: answer });
    return answer;
  }
  const made = (answer: ConvertAnswer, tool: string): Converted => {
    if (answer.output === null) throw new ArchiveError('E_FMT_UNREADABLE', { death: 'crash' });
    return { output: Buffer.from(answer.output.buffer, answer.output.byteOffset, answer.output.byteLength), evidence: answer.evidence, tool };
  };

  async function requireTool(row: ConverterRow): Promise<string> {
    if (row.tool === 'builtin') return `shouzang ${packageVersion()}`;
    if (row.tool === 'sharp') return `sharp ${sharp.versions.sharp ?? ''}（libvips ${sharp.versions.vips}）`;
    const found = await libreOffice();
    if (found.state !== 'ready') throw new ArchiveError('E_CONVERSION_TOOL', { tool: found.key, why: found.state });
    return found.version;
  }

  return {
    tools: async () => [await libreOffice()],
    requireTool,
    async convert(row, source, file) {
      if (source.size > limits.bytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes: limits.bytes });
      const tool = await requireTool(row);
      const limitBytes = limits.bytes;
      if (row.tool === 'sharp') return made(await work(source, { kind: 'image', mime: file.mime, to: row.to.mime === 'image/tiff' ? 'tiff' : row.to.mime === 'image/png' ? 'png' : 'jpeg', limitBytes }), tool);
      if (row.key === 'text-utf8') return made(await work(source, { kind: 'text', limitBytes }), tool);
      if (row.key === 'ofd-text') return made(await work(source, { kind: 'ofd-text', limitBytes }), tool);
      if (row.key === 'ofd-pages') return made(await work(source, { kind: 'ofd-pages', widthPixels: policy.pageWidthPixels, limitBytes }), tool);
      const { hasWords = false } = await work(source, { kind: 'words', mime: file.mime, limitBytes });
      const { output, text } = await officeToPdf(await source.all(limitBytes), OFFICE[file.mime] ?? (path.extname(file.fileName).slice(1) || 'doc'), !hasWords, box, limits, closing.signal);
      const { evidence } = await work(source, { kind: 'compare-text', mime: file.mime, words: text, target: output, limitBytes });
      return { output, evidence, tool };
    },
    close: async () => { closing.abort(); await workers.close(); },
  };
}
