import { fileURLToPath } from 'node:url';
import { ArchiveError } from '../../core/errors.js';
import type { ByteSource } from '../inspection/format.js';
import { openWorkers, type Death, type PoolOptions } from '../inspection/pool.js';
import type { Watermark } from './watermark.js';

export type PreviewOrder =
  | { readonly kind: 'count'; readonly mime: string }
  | { readonly kind: 'page'; readonly mime: string; readonly pageNo: number; readonly widthPixels: number; readonly watermark?: Watermark | undefined };

/** 在线阅览: pages as pictures, so that reading needs no copy of the file and every page carries its reader's mark. */
export interface Preview {
  /**
   * Pages that can be shown.
   * @param mime as identified by the inspection, never as declared
   * @throws ArchiveError `E_PREVIEW_UNAVAILABLE` when the format has no page view or the file cannot be drawn
   */
  pageCount(source: ByteSource, mime: string): Promise<number>;
  /**
   * Page `pageNo` (from 1) as PNG.
   * @throws ArchiveError `E_PREVIEW_UNAVAILABLE`; `E_NOT_FOUND` is the caller's, who knows the count
   */
  renderPage(source: ByteSource, mime: string, pageNo: number, options: { readonly widthPixels: number; readonly watermark?: Watermark | undefined }): Promise<Buffer>;
  close(): Promise<void>;
}

type Outcome = number | Uint8Array | null;

/** Drawing happens in processes with the limits of an inspection: a file that breaks its drawer is not shown, and nothing else suffers. */
export function openPreview(options: PoolOptions = {}): Preview {
  const workers = openWorkers<PreviewOrder, Outcome>({ ...options, worker: options.worker ?? fileURLToPath(new URL('./worker.js', import.meta.url)) });
  const refuse = (outcome: Death | null): never => {
    throw new ArchiveError('E_PREVIEW_UNAVAILABLE', { reason: outcome ?? 'no-view' });
  };
  return {
    async pageCount(source, mime) {
      const outcome = await workers.run(source, { kind: 'count', mime });
      return typeof outcome === 'number' ? outcome : refuse(typeof outcome === 'string' ? outcome : null);
    },
    async renderPage(source, mime, pageNo, { widthPixels, watermark }) {
      const outcome = await workers.run(source, { kind: 'page', mime, pageNo, widthPixels, watermark });
      return outcome instanceof Uint8Array ? Buffer.from(outcome.buffer, outcome.byteOffset, outcome.byteLength) : refuse(typeof outcome === 'string' ? outcome : null);
    },
    close: () => workers.close(),
  };
}
