/**
 * 封存: seals a content that comes in segments into `<name>.part`. Nothing of it is ever on a disk in the clear, memory is a few
 * MiB whatever the size, and a sealer that died is taken up again at the last whole chunk.
 * @see secrecy/envelope.md
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ArchiveError } from '../../core/errors.js';
import { CHUNK_BYTES, decodeHeader, encodeFooter, encodeHeader, FOOTER_BYTES, HEADER_BYTES, maskDigest, sealedSize, TAG_BYTES } from '../../secrecy/envelope.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { type Bulk, RUN_BYTES } from './bulk.js';
import { type ChunkKeys, chunksIn, openRun, type Run, sealRun } from './chunk-crypto.js';
import { exists, isMissing, removeFile } from './file-ops.js';
import { HeldBytes } from './held-bytes.js';
import { hexOf, type ObjectKeys, objectKeys } from './seal-keys.js';

/** What sealing needs of the box. */
export interface SealTools {
  readonly provider: CryptoProvider;
  readonly bulk: Bulk;
}

export interface SealPlan {
  /** UUID of the object, bound into every tag. */
  readonly objectId: string;
  /** 32 bytes, for this one content. Not kept; the caller wipes it. */
  readonly secret: Uint8Array;
  /** The file to make, refused if it exists; the caller renames it when all is done. */
  readonly path: string;
  /** 16 bytes; given by test vectors only, else random. */
  readonly counter?: Uint8Array;
}

export interface SealedContent {
  /** Length of the content. */
  readonly bytes: number;
  /** SM3 of the content, hex. */
  readonly sm3: string;
  /** Root over the chunk tags, hex. */
  readonly root: string;
  /** Length of the sealed file. */
  readonly sealedBytes: number;
}

export interface Sealer {
  readonly objectId: string;
  /** Content bytes taken so far; after `resumeSealer`, where the content has to go on. */
  readonly bytes: number;
  /** One caller at a time; the segment is copied. Slow when the disk or the processors are: wait for it. */
  write(segment: Uint8Array): Promise<void>;
  /** Ends the content; when it returns, the file is whole and on the disk (its folder is the caller's to sync). */
  finish(): Promise<SealedContent>;
  /** Closes the files as they are, to be resumed or removed. */
  suspend(): Promise<void>;
  /** Closes and removes the files. */
  abort(): Promise<void>;
}

export const tagsPath = (path: string): string => `${path}.tags`;
/** Up to here a content is sealed in the calling thread: a message to a worker would cost more. */
const SMALL_BYTES = 2 * CHUNK_BYTES;
const SYNC_EVERY_BYTES = 64 * 1024 * 1024;

export async function createSealer(tools: SealTools, plan: SealPlan): Promise<Sealer> {
  const keys = objectKeys(tools.provider, plan.objectId, plan.secret);
  const header = encodeHeader({ objectId: plan.objectId, counter: plan.counter ?? tools.provider.random(16) }, keys.headerMac);
  const file = await open(plan.path, 'wx+', 0o600);
  if (await exists(tagsPath(plan.path))) await removeFile(tagsPath(plan.path)); // of a sealer whose .part is gone
  await file.write(header, 0, HEADER_BYTES, 0);
  return new StreamSealer(tools, plan, keys, header, file);
}

/**
 * Takes up a `.part` that a dead sealer left. Every chunk found is checked against its tag; both files are cut after the last
 * good one. A file too short for its header, or none at all, is begun anew.
 * @throws ArchiveError `E_ENVELOPE_HEADER` when the header belongs to another object or secret
 */
export async function resumeSealer(tools: SealTools, plan: SealPlan): Promise<Sealer> {
  const file = await open(plan.path, 'r+').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  const header = new Uint8Array(HEADER_BYTES);
  if (file === undefined || (await file.read(header, 0, HEADER_BYTES, 0)).bytesRead < HEADER_BYTES) {
    await file?.close();
    await Promise.all([removeFile(plan.path), removeFile(tagsPath(plan.path))]);
    return createSealer(tools, plan);
  }
  const keys = objectKeys(tools.provider, plan.objectId, plan.secret);
  try {
    const { objectId } = decodeHeader(header, keys.headerMac, (a, b) => tools.provider.equal(a, b));
    if (objectId !== plan.objectId) throw new ArchiveError('E_ENVELOPE_HEADER', { why: 'object id' });
    const sealer = new StreamSealer(tools, plan, keys, header, file);
    await sealer.takeUp();
    return sealer;
  } catch (error) {
    await file.close();
    throw error;
  }
}

class StreamSealer implements Sealer {
  readonly objectId: string;
  readonly #chunkKeys: ChunkKeys;
  readonly #tableRoot;
  readonly #digest: ReturnType<Bulk['digesting']>;
  /** Content not given out yet. */
  readonly #held = new HeldBytes(RUN_BYTES);
  /** Bytes given to workers, always whole chunks until the end. */
  #sent = 0;
  #written = 0;
  #unsynced = 0;
  #tags: FileHandle | undefined;
  /** The writes, in order; the first failure stays. */
  #writes: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  #state: 'open' | 'closed' = 'open';

  constructor(
    private readonly tools: SealTools, private readonly plan: SealPlan, private readonly keys: ObjectKeys,
    private readonly header: Uint8Array, private readonly file: FileHandle,
  ) {
    this.objectId = plan.objectId;
    this.#chunkKeys = { enc: keys.enc, mac: keys.mac, counter: header.slice(32, 48), objectId: plan.objectId, headerDigest: tools.provider.sm3(header) };
    this.#tableRoot = tools.provider.sm3Stream();
    this.#digest = tools.bulk.digesting();
  }

  get bytes(): number {
    return this.#sent + this.#held.length;
  }

  async write(segment: Uint8Array): Promise<void> {
    this.#mustBeOpen();
    for (let at = 0; at < segment.length; ) {
      // A run goes out only when more follows it: the last chunk has to be known as the last.
      if (this.#held.length === RUN_BYTES) await this.#send(false);
      const piece = segment.subarray(at, at + RUN_BYTES - this.#held.length);
      this.#held.hold(piece);
      at += piece.length;
    }
  }

  async finish(): Promise<SealedContent> {
    this.#mustBeOpen();
    this.#state = 'closed';
    try {
      const ending = this.#sent === 0 && this.#held.length <= SMALL_BYTES ? await this.#finishSmall() : await this.#finishLarge();
      await this.file.datasync();
      await this.#close();
      if (this.#tags !== undefined) await removeFile(tagsPath(this.plan.path));
      return ending;
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  async suspend(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    await this.#writes.catch(() => undefined);
    await this.#close();
  }

  async abort(): Promise<void> {
    await this.suspend();
    await Promise.all([removeFile(this.plan.path), removeFile(tagsPath(this.plan.path))]);
  }

  /** Checks and counts what is already there; see `resumeSealer`. The last good chunk is held, for it may be the content's last. */
  async takeUp(): Promise<void> {
    const tags = (this.#tags = await open(tagsPath(this.plan.path), constants.O_RDWR | constants.O_CREAT, 0o600));
    const [body, table] = [(await this.file.stat()).size - HEADER_BYTES, (await tags.stat()).size];
    const there = Math.min(Math.floor(body / CHUNK_BYTES), Math.floor(table / TAG_BYTES)) * CHUNK_BYTES;
    for (let at = 0, length = RUN_BYTES; at < there && length === RUN_BYTES; at += length) {
      length = await this.#recheck(tags, at, Math.min(RUN_BYTES, there - at));
    }
    this.#written = this.#sent;
    await this.file.truncate(HEADER_BYTES + this.#sent);
    await tags.truncate((this.#sent / CHUNK_BYTES) * TAG_BYTES);
  }

  /** @returns bytes of the run that are good, from its start */
  async #recheck(tags: FileHandle, at: number, length: number): Promise<number> {
    const { bulk } = this.tools;
    const slot = await bulk.slot();
    try {
      await this.file.read(slot.cipher, 0, length, HEADER_BYTES + at);
      await tags.read(slot.tags, 0, (length / CHUNK_BYTES) * TAG_BYTES, (at / CHUNK_BYTES) * TAG_BYTES);
      const attempt = (good: number): number | null =>
        openRun(bulk.choice.ctr, this.#chunkKeys, { first: at / CHUNK_BYTES, length: good, last: false }, slot.cipher, slot.tags, slot.plain);
      const bad = attempt(length);
      const good = bad === null ? length : bad * CHUNK_BYTES - at;
      if (good === 0) return 0;
      if (bad !== null) attempt(good);
      await this.#count(tags, this.#held.bytes);
      await this.#count(tags, slot.plain.subarray(0, good - CHUNK_BYTES));
      this.#held.clear();
      this.#held.hold(slot.plain.subarray(good - CHUNK_BYTES, good));
      return good;
    } finally {
      bulk.release(slot);
    }
  }

  /** Takes checked plaintext into the digest, and its tags into the root. */
  async #count(tags: FileHandle, plain: Uint8Array): Promise<void> {
    await this.#digest.update(plain);
    const own = new Uint8Array((plain.length / CHUNK_BYTES) * TAG_BYTES);
    await tags.read(own, 0, own.length, (this.#sent / CHUNK_BYTES) * TAG_BYTES);
    this.#tableRoot.update(own);
    this.#sent += plain.length;
  }

  async #send(last: boolean): Promise<void> {
    const { bulk } = this.tools;
    this.#tags ??= await open(tagsPath(this.plan.path), 'wx+', 0o600);
    const slot = await bulk.slot();
    const run: Run = { first: this.#sent / CHUNK_BYTES, length: this.#held.length, last };
    this.#held.takeInto(slot.plain);
    this.#sent += run.length;
    const done = Promise.all([bulk.seal(this.#chunkKeys, run, slot), this.#digest.update(slot.plain.subarray(0, run.length))]);
    done.catch(() => undefined); // told by the chain of writes
    const before = this.#writes;
    this.#writes = (async () => {
      try {
        await Promise.all([before, done]);
        await this.#append(slot.cipher.subarray(0, run.length), slot.tags.subarray(0, chunksIn(run) * TAG_BYTES));
      } finally {
        await done.catch(() => undefined); // no worker may still write into a slot that is given back
        bulk.release(slot);
      }
    })();
    this.#writes.catch((error: unknown) => (this.#failure ??= error instanceof Error ? error : new Error(String(error)))); // thrown by the next call
  }

  async #append(cipher: Uint8Array, tags: Uint8Array): Promise<void> {
    await writeAll(this.file, cipher, HEADER_BYTES + this.#written);
    await writeAll(this.#tags, tags, Math.ceil(this.#written / CHUNK_BYTES) * TAG_BYTES);
    this.#tableRoot.update(Uint8Array.from(tags));
    this.#written += cipher.length;
    this.#unsynced += cipher.length;
    if (this.#unsynced >= SYNC_EVERY_BYTES) {
      this.#unsynced = 0;
      await this.file.datasync();
    }
  }

  async #finishSmall(): Promise<SealedContent> {
    const { provider, bulk } = this.tools;
    const bytes = this.#held.length;
    const plain = new Uint8Array(bytes);
    this.#held.takeInto(plain);
    const run: Run = { first: 0, length: bytes, last: true };
    const rest = new Uint8Array(sealedSize(bytes) - HEADER_BYTES);
    const tags = rest.subarray(bytes, rest.length - FOOTER_BYTES);
    sealRun(bulk.choice.ctr, this.#chunkKeys, run, plain, rest, tags);
    const [digest, root] = [provider.sm3(plain), provider.sm3(tags)];
    plain.fill(0);
    rest.set(this.#footer(bytes, digest, root), rest.length - FOOTER_BYTES);
    await writeAll(this.file, rest, HEADER_BYTES);
    return { bytes, sm3: hexOf(digest), root: hexOf(root), sealedBytes: sealedSize(bytes) };
  }

  async #finishLarge(): Promise<SealedContent> {
    await this.#send(true);
    await this.#writes;
    const digest = await this.#digest.digest();
    const root = this.#tableRoot.digest();
    const bytes = this.#sent;
    const piece = new Uint8Array(RUN_BYTES);
    let at = HEADER_BYTES + bytes;
    for (let from = 0; ; from += piece.length) {
      const { bytesRead = 0 } = (await this.#tags?.read(piece, 0, piece.length, from)) ?? {};
      if (bytesRead === 0) break;
      await writeAll(this.file, piece.subarray(0, bytesRead), at);
      at += bytesRead;
    }
    await writeAll(this.file, this.#footer(bytes, digest, root), at);
    return { bytes, sm3: hexOf(digest), root: hexOf(root), sealedBytes: at + FOOTER_BYTES };
  }

  #footer(bytes: number, digest: Uint8Array, root: Uint8Array): Uint8Array {
    return encodeFooter({ bytes, root, maskedDigest: maskDigest(digest, this.keys.dig) }, this.header, this.keys.headerMac);
  }

  #mustBeOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state === 'closed') throw new ArchiveError('E_STATE_INVALID', { state: 'closed' });
  }

  async #close(): Promise<void> {
    await this.#writes.catch(() => undefined);
    this.keys.wipe();
    this.#held.clear();
    await Promise.all([this.file.close(), this.#tags?.close()]);
  }
}

async function writeAll(file: FileHandle | undefined, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten = 0 } = (await file?.write(bytes, at, bytes.length - at, position + at)) ?? {};
    if (bytesWritten === 0) throw new ArchiveError('E_INTERNAL', { why: 'short write' });
    at += bytesWritten;
  }
}
