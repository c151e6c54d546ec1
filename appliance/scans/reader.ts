import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ArchiveError } from '../../core/errors.js';
import { tidyRecognised } from '../../core/scan.js';
import type { ScansFile } from '../../policies/schemas/scan.js';
import { inMemory, runTool, tesseract } from '../conversion/tools.js';
import type { ToolState } from '../conversion/tools.js';
import { openWorkers } from '../inspection/pool.js';
import type { OpenSource } from '../inspection/source.js';
import type { Measured } from './measure.js';
import type { ScanAnswer, ScanOrder } from './worker.js';

export interface Recognised {
  readonly text: string;
  readonly pages: number;
  /** Mean of what the program says of its words, 0 to 100; null where it found none. */
  readonly confidence: number | null;
  readonly tool: string;
}

export interface ScanReader {
  measure(source: OpenSource, mime: string): Promise<Measured>;
  tool(): Promise<ToolState>;
  /** @throws ArchiveError `E_CONVERSION_TOOL`, `E_FMT_UNREADABLE` */
  recognise(source: OpenSource, mime: string, pages: number, dpi: number | null): Promise<Recognised>;
  close(): Promise<void>;
}

/** Width of an A4 sheet, where the picture does not say how large it is. */
const SHEET_INCHES = 8.27;
const MEASURE_MS = 120_000;

export function openScanReader(policy: ScansFile, box: string): ScanReader {
  const { ocr, limits } = policy;
  const closing = new AbortController();
  const workers = openWorkers<ScanOrder, ScanAnswer>({ size: 1, milliseconds: MEASURE_MS, worker: fileURLToPath(new URL('./worker.js', import.meta.url)) });

  async function ask(source: OpenSource, order: ScanOrder): Promise<ScanAnswer> {
    const answer = await workers.run(source, order);
    if (typeof answer === 'string') throw new ArchiveError('E_FMT_UNREADABLE', { format: order.mime, death: answer });
    return answer;
  }

  async function one(folder: string, png: Uint8Array, number: number): Promise<{ readonly text: string; readonly words: readonly number[] }> {
    const [picture, out] = [path.join(folder, `${String(number)}.png`), path.join(folder, `${String(number)}`)];
    await writeFile(picture, png, { mode: 0o600 });
    const { code, death } = await runTool('tesseract', [picture, out, '-l', ocr.languages.join('+'), '--dpi', String(ocr.dpi), '--psm', '3', 'txt', 'tsv'], folder, { seconds: ocr.secondsPerPage, memoryMebibytes: ocr.memoryMebibytes }, closing.signal);
    if (code !== 0) throw new ArchiveError('E_FMT_UNREADABLE', { format: 'image/png', death: death ?? 'crash' });
    const small = async (file: string): Promise<string> => ((await stat(file)).size > ocr.characters * 8 ? '' : readFile(file, 'utf8'));
    const words = (await small(`${out}.tsv`)).split('\n').slice(1).flatMap((line) => { const cells = line.split('\t'); return cells[0] === '5' && Number(cells[10]) >= 0 ? [Number(cells[10])] : []; });
    return { text: tidyRecognised(await small(`${out}.txt`)), words };
  }

  return {
    async measure(source, mime) {
      if (source.size > limits.bytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes: limits.bytes });
      const answer = await ask(source, { kind: 'measure', mime, limitBytes: limits.bytes });
      if (!('pages' in answer)) throw new ArchiveError('E_FMT_UNREADABLE', { format: mime });
      return answer;
    },
    tool: async () => tesseract(ocr.languages),
    async recognise(source, mime, pages, dpi) {
      if (source.size > limits.bytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes: limits.bytes });
      const tool = await tesseract(ocr.languages);
      if (tool.state !== 'ready') throw new ArchiveError('E_CONVERSION_TOOL', { tool: tool.key, why: tool.state });
      return inMemory(box, 256 * 2 ** 20, async (folder) => {
        const texts: string[] = [];
        const words: number[] = [];
        for (let page = 0; page < Math.min(pages, limits.pages); page += 1) {
          const scale = dpi === null || dpi <= ocr.dpi ? 1 : ocr.dpi / dpi;
          const answer = await ask(source, { kind: 'page', mime, page, scale, widthPixels: Math.round(SHEET_INCHES * ocr.dpi), limitBytes: limits.bytes });
          if (!('png' in answer) || answer.png === null) continue;
          const read = await one(folder, answer.png, page);
          texts.push(read.text);
          words.push(...read.words);
        }
        return { text: texts.join('\n\f\n').slice(0, ocr.characters), pages: texts.length, confidence: words.length === 0 ? null : Math.round(words.reduce((sum, value) => sum + value, 0) / words.length), tool: tool.version };
      });
    },
    close: async () => { closing.abort(); await workers.close(); },
  };
}
