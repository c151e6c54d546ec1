/** SM3 of files, read once in large pieces with little memory. */
import { createReadStream } from 'node:fs';
import type { CryptoProvider, Digesting } from './provider.js';

const PIECE_BYTES = 1024 * 1024;

/** Feeds a file into a digest, a signature or a check. @returns bytes read */
export async function feedFile(path: string, into: { update(part: Uint8Array): void }): Promise<number> {
  let bytes = 0;
  for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Uint8Array>) {
    into.update(piece);
    bytes += piece.length;
  }
  return bytes;
}

/** @returns size and lower-case hex digest */
export async function digestFile(provider: CryptoProvider, path: string): Promise<{ bytes: number; sm3: string }> {
  const digest: Digesting = provider.sm3Stream();
  const bytes = await feedFile(path, digest);
  return { bytes, sm3: Buffer.from(digest.digest()).toString('hex') };
}
