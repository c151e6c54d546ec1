import { open } from 'node:fs/promises';
import type { CryptoProvider } from '../crypto/provider.js';

/** One stretch of a file that has a digest of its own. */
export const PIECE_BYTES = 4 * 1024 * 1024;

export interface FileDigest { readonly bytes: number; readonly sm3: string; readonly pieces?: string[] }

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Reads a file once: length, SM3, and the SM3 of its pieces where there is more than one. */
export async function digestFile(provider: Pick<CryptoProvider, 'sm3' | 'sm3Stream'>, file: string): Promise<FileDigest> {
  const handle = await open(file, 'r');
  try {
    const whole = provider.sm3Stream();
    const pieces: string[] = [];
    const buffer = Buffer.allocUnsafe(PIECE_BYTES);
    let bytes = 0;
    for (;;) {
      let filled = 0;
      while (filled < PIECE_BYTES) {
        const { bytesRead } = await handle.read(buffer, filled, PIECE_BYTES - filled, bytes + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      if (filled === 0) break;
      const piece = buffer.subarray(0, filled);
      whole.update(piece);
      pieces.push(hex(provider.sm3(piece)));
      bytes += filled;
      if (filled < PIECE_BYTES) break;
    }
    const sm3 = hex(whole.digest());
    return pieces.length > 1 ? { bytes, sm3, pieces } : { bytes, sm3 };
  } finally {
    await handle.close();
  }
}

/** Bytes that differ, `[from, to)`, as far as the pieces tell. */
export function damagedRanges(kept: { readonly bytes: number; readonly pieces?: readonly string[] }, found: FileDigest): readonly (readonly [from: number, to: number])[] {
  if (kept.bytes !== found.bytes) return [[Math.min(kept.bytes, found.bytes), Math.max(kept.bytes, found.bytes)]];
  if (kept.pieces === undefined || found.pieces === undefined) return [[0, kept.bytes]];
  return kept.pieces.flatMap((piece, at) => (piece === found.pieces?.[at] ? [] : [[at * PIECE_BYTES, Math.min(kept.bytes, (at + 1) * PIECE_BYTES)] as const]));
}
