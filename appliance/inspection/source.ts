import { open } from 'node:fs/promises';
import type { ByteSource } from './format.js';

/** Reads up to `length` bytes from `offset`; the callers below never ask past the end. */
export type RangedRead = (offset: number, length: number) => Promise<Buffer>;

/** A source over an arbitrary ranged reader, e.g. a sealed object opened chunk by chunk. */
export function rangedSource(size: number, readRange: RangedRead): ByteSource {
  const read = async (offset: number, length: number): Promise<Buffer> => {
    const start = Math.max(0, offset);
    const end = Math.min(size, start + Math.max(0, length));
    return end <= start ? Buffer.alloc(0) : readRange(start, end - start);
  };
  return {
    size,
    read,
    all: (limitBytes) => {
      if (size > limitBytes) return Promise.reject(new RangeError(`content of ${size} bytes is over the limit of ${limitBytes}`));
      return read(0, size);
    },
  };
}

export function bufferSource(bytes: Buffer): ByteSource {
  return rangedSource(bytes.length, (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)));
}

export interface OpenSource extends ByteSource {
  close(): Promise<void>;
}

/** A loose file, read in place. A symbolic link is followed only by the caller's own decision: see the inspect verb. */
export async function fileSource(path: string): Promise<OpenSource> {
  const handle = await open(path, 'r');
  const { size } = await handle.stat();
  const source = rangedSource(size, async (offset, length) => {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  });
  return { ...source, close: () => handle.close() };
}
