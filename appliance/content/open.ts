/**
 * 启封: reads sealed objects. No byte of a chunk is given out before the chunk's tag was compared.
 * @see secrecy/envelope.md
 */
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { ArchiveError } from '../../core/errors.js';
import { CHUNK_BYTES, decodeFooter, decodeHeader, FOOTER_BYTES, type Footer, HEADER_BYTES, LEAST_BYTES, maskDigest, peekHeader, sealedSize, TAG_BYTES, chunkCount } from '../../secrecy/envelope.js';
import { RUN_BYTES, type Slot } from './bulk.js';
import { type ChunkKeys, checkRun, chunkTag, openRun, type Run } from './chunk-crypto.js';
import type { SealedContent, SealTools } from './seal.js';
import { hexOf, type ObjectKeys, objectKeys } from './seal-keys.js';

/** Up to here a read is opened in the calling thread. */
const SMALL_BYTES = 4 * CHUNK_BYTES;
/** Places before and after a bad chunk that are tried for whose it is: under a second of work. */
const NEAR = 1024;

export interface SealedReader extends SealedContent {
  readonly objectId: string;
  /** Content bytes from `offset`, fewer at the end. For ranges a viewer asks for; longer ones should be streamed. */
  readRange(offset: number, length: number): Promise<Uint8Array>;
  /** The content or a part of it, piece by piece. */
  pieces(offset?: number, length?: number): AsyncGenerator<Uint8Array, void, void>;
  /** The same as a node stream. */
  stream(offset?: number, length?: number): Readable;
  /** After a refused chunk: whether what lies in its place belongs to another one, by the tags of the object. Looks at the `NEAR` next to it. */
  misplaced(chunk: number): Promise<boolean>;
  /** 固定性检查: every tag, the root and the content digest. @throws ArchiveError `E_ENVELOPE_…` by kind */
  verifyAll(): Promise<SealedContent>;
  /**
   * 固定性巡检 without decrypting: every tag and the root over them. What was encrypted is then as it was sealed, and so is what it decrypts to; its
   * digest stands in the footer under a tag of its own. @throws ArchiveError `E_ENVELOPE_…` by kind
   */
  checkAll(): Promise<SealedContent>;
  /** Closes the file and wipes the keys. */
  close(): Promise<void>;
}

/** The object id a sealed file says it has, to look up its key. Nothing is proved by it. */
export async function sealedObjectId(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    return peekHeader(await readAt(file, 0, HEADER_BYTES)).objectId;
  } finally {
    await file.close();
  }
}

/**
 * Checks header, footer and size; chunks are checked as they are read.
 * @param objectId when given, the object must be this one
 * @param length when given, the object is that many bytes from the start of the file, and what follows is not looked at
 * @throws ArchiveError `E_ENVELOPE_HEADER`, `E_ENVELOPE_VERSION`, `E_ENVELOPE_TRUNCATED`, `E_ENVELOPE_FOOTER`
 */
export async function openSealed(tools: SealTools, path: string, secret: Uint8Array, objectId?: string, length?: number): Promise<SealedReader> {
  const file = await open(path, 'r');
  let keys: ObjectKeys | undefined;
  try {
    const size = length ?? (await file.stat()).size;
    if (size < LEAST_BYTES) throw new ArchiveError('E_ENVELOPE_TRUNCATED', { size });
    const header = await readAt(file, 0, HEADER_BYTES);
    const claimed = peekHeader(header).objectId;
    if (objectId !== undefined && claimed !== objectId) throw new ArchiveError('E_ENVELOPE_HEADER', { why: 'object id' });
    keys = objectKeys(tools.provider, claimed, secret);
    const equal = (a: Uint8Array, b: Uint8Array): boolean => tools.provider.equal(a, b);
    const { counter } = decodeHeader(header, keys.headerMac, equal);
    const footer = decodeFooter(await readAt(file, size - FOOTER_BYTES, FOOTER_BYTES), header, size, keys.headerMac, equal);
    const chunkKeys: ChunkKeys = { enc: keys.enc, mac: keys.mac, counter, objectId: claimed, headerDigest: tools.provider.sm3(header) };
    return new FileReader(tools, file, keys, chunkKeys, footer);
  } catch (error) {
    keys?.wipe();
    await file.close();
    throw error;
  }
}

class FileReader implements SealedReader {
  readonly objectId: string;
  readonly bytes: number;
  readonly sm3: string;
  readonly root: string;
  readonly sealedBytes: number;

  constructor(
    private readonly tools: SealTools, private readonly file: FileHandle, private readonly keys: ObjectKeys,
    private readonly chunkKeys: ChunkKeys, footer: Footer,
  ) {
    this.objectId = chunkKeys.objectId;
    this.bytes = footer.bytes;
    this.sm3 = hexOf(maskDigest(footer.maskedDigest, keys.dig));
    this.root = hexOf(footer.root);
    this.sealedBytes = sealedSize(footer.bytes);
  }

  async readRange(offset: number, length: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.pieces(offset, length)) pieces.push(piece);
    return pieces.length === 1 ? (pieces[0] ?? new Uint8Array(0)) : Buffer.concat(pieces);
  }

  async *pieces(offset = 0, length = this.bytes): AsyncGenerator<Uint8Array, void, void> {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) throw new ArchiveError('E_INPUT_INVALID', { why: 'range' });
    const end = Math.min(this.bytes, offset + length);
    if (offset >= end) {
      if (this.bytes === 0) await this.#run(0, 0);
      return;
    }
    const start = Math.floor(offset / CHUNK_BYTES) * CHUNK_BYTES;
    const next = (from: number): Promise<Uint8Array> | undefined => {
      const promise = from < end ? this.#run(from, Math.min(RUN_BYTES, this.#chunkEnd(end) - from)) : undefined;
      promise?.catch(() => undefined); // told where it is awaited
      return promise;
    };
    let ahead = next(start);
    for (let from = start; ahead !== undefined; from += RUN_BYTES) {
      const plain = await ahead;
      ahead = next(from + RUN_BYTES);
      yield plain.subarray(Math.max(0, offset - from), Math.min(plain.length, end - from));
    }
  }

  stream(offset?: number, length?: number): Readable {
    return Readable.from(this.pieces(offset, length), { objectMode: false, highWaterMark: RUN_BYTES });
  }

  async verifyAll(): Promise<SealedContent> {
    const digest = this.tools.bulk.digesting();
    for await (const piece of this.pieces()) await digest.update(piece);
    const table = this.tools.provider.sm3Stream();
    const end = chunkCount(this.bytes) * TAG_BYTES;
    for (let at = 0; at < end; at += RUN_BYTES) {
      table.update(await readAt(this.file, HEADER_BYTES + this.bytes + at, Math.min(RUN_BYTES, end - at)));
    }
    const found = { sm3: hexOf(await digest.digest()), root: hexOf(table.digest()) };
    if (found.root !== this.root || found.sm3 !== this.sm3) {
      throw new ArchiveError('E_ENVELOPE_FOOTER', { why: found.root === this.root ? 'digest' : 'root' });
    }
    return { bytes: this.bytes, sealedBytes: this.sealedBytes, ...found };
  }

  async checkAll(): Promise<SealedContent> {
    const table = this.tools.provider.sm3Stream();
    const ahead: Promise<Uint8Array>[] = [];
    for (let from = 0; from === 0 || from < this.bytes; from += RUN_BYTES) {
      const run = this.#checkRun(from, Math.min(RUN_BYTES, this.bytes - from));
      run.catch(() => undefined); // told where it is awaited
      ahead.push(run);
      if (ahead.length > this.tools.bulk.threads + 1) table.update((await ahead.shift()) ?? new Uint8Array(0));
    }
    for (const run of ahead) table.update(await run);
    if (hexOf(table.digest()) !== this.root) throw new ArchiveError('E_ENVELOPE_FOOTER', { why: 'root' });
    return { bytes: this.bytes, sealedBytes: this.sealedBytes, sm3: this.sm3, root: this.root };
  }

  async misplaced(chunk: number): Promise<boolean> {
    const [all, at] = [chunkCount(this.bytes), chunk * CHUNK_BYTES];
    const cipher = await readAt(this.file, HEADER_BYTES + at, Math.min(CHUNK_BYTES, this.bytes - at));
    const [from, to] = [Math.max(0, chunk - NEAR), Math.min(all, chunk + NEAR)];
    const table = Buffer.from(await readAt(this.file, HEADER_BYTES + this.bytes + from * TAG_BYTES, (to - from) * TAG_BYTES));
    const tags = new Set(Array.from({ length: to - from }, (_, place) => table.toString('hex', place * TAG_BYTES, (place + 1) * TAG_BYTES)));
    for (let other = from; other < to; other++) {
      if (other === chunk) continue;
      if (tags.has(hexOf(chunkTag(this.chunkKeys, other, cipher, other === all - 1)))) return true;
    }
    return false;
  }

  async close(): Promise<void> {
    this.keys.wipe();
    await this.file.close();
  }

  /** The tags of whole chunks from a chunk boundary, once each was found right. */
  async #checkRun(from: number, length: number): Promise<Uint8Array> {
    const { bulk } = this.tools;
    return this.#sealedRun(from, length, {
      small: (run, cipher, tags) => [checkRun(this.chunkKeys, run, cipher, tags), tags],
      large: async (run, slot, tagBytes) => { await bulk.check(this.chunkKeys, run, slot); return Uint8Array.from(slot.tags.subarray(0, tagBytes)); },
    });
  }

  #chunkEnd(end: number): number {
    return Math.min(this.bytes, Math.ceil(end / CHUNK_BYTES) * CHUNK_BYTES);
  }

  /** Whole chunks from a chunk boundary. */
  async #run(from: number, length: number): Promise<Uint8Array> {
    const { bulk } = this.tools;
    return this.#sealedRun(from, length, {
      small: (run, cipher, tags) => [openRun(bulk.choice.ctr, this.chunkKeys, run, cipher, tags, cipher), cipher],
      large: async (run, slot) => { await bulk.open(this.chunkKeys, run, slot); return Buffer.from(slot.plain.slice(0, length)); },
    });
  }

  /** Reads body and tags of a run and hands them to one of two ways: a few bytes here, many to a worker. @throws ArchiveError `E_ENVELOPE_CHUNK_TAG` */
  async #sealedRun(from: number, length: number, ways: {
    readonly small: (run: Run, cipher: Uint8Array, tags: Uint8Array) => readonly [bad: number | null, result: Uint8Array];
    readonly large: (run: Run, slot: Slot, tagBytes: number) => Promise<Uint8Array>;
  }): Promise<Uint8Array> {
    const { bulk } = this.tools;
    const run: Run = { first: from / CHUNK_BYTES, length, last: from + length === this.bytes };
    const tagBytes = Math.max(1, Math.ceil(length / CHUNK_BYTES)) * TAG_BYTES;
    const [bodyAt, tagsAt] = [HEADER_BYTES + from, HEADER_BYTES + this.bytes + run.first * TAG_BYTES];
    if (length <= SMALL_BYTES) {
      const [cipher, tags] = await Promise.all([readAt(this.file, bodyAt, length), readAt(this.file, tagsAt, tagBytes)]);
      const [bad, result] = ways.small(run, cipher, tags);
      if (bad !== null) throw new ArchiveError('E_ENVELOPE_CHUNK_TAG', { chunk: bad });
      return result;
    }
    const slot = await bulk.slot();
    try {
      await Promise.all([readInto(this.file, slot.cipher, bodyAt, length), readInto(this.file, slot.tags, tagsAt, tagBytes)]);
      return await ways.large(run, slot, tagBytes);
    } finally {
      bulk.release(slot);
    }
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(length);
  await readInto(file, into, position, length);
  return into;
}

async function readInto(file: FileHandle, into: Uint8Array, position: number, length: number): Promise<void> {
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(into, at, length - at, position + at);
    if (bytesRead === 0) throw new ArchiveError('E_ENVELOPE_TRUNCATED', { at: position + at });
    at += bytesRead;
  }
}
