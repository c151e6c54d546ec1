/**
 * 启封: two keys open it, and only here, now, once. What comes out is a package that can be read in place, or laid out in a folder.
 * @see secrecy/transfer-envelope.md
 */
import { Temporal } from 'temporal-polyfill';
import { ArchiveError } from '../../core/errors.js';
import type { CalendarDate, Instant } from '../../core/ports.js';
import { utf8Bytes } from '../../core/computer-file-name.js';
import { CHUNK_BYTES } from '../../secrecy/envelope.js';
import { addressBytes, HALF_BYTES, requireOpenable, secretInfo, secretSalt } from '../../secrecy/transfer-envelope.js';
import { removeFolder } from '../content/file-ops.js';
import { openSealed, sealedObjectId } from '../content/open.js';
import type { SealedReader } from '../content/open.js';
import type { SealTools } from '../content/seal.js';
import { hexOf } from '../content/seal-keys.js';
import type { TwoVerifiers } from '../reports/two-verifiers.js';
import { readFacts } from './facts.js';
import { readLabel } from './label.js';
import type { ReadLabel } from './label.js';
import { FACTS, MANIFEST, pathFault, samePathKey, volumeFolder } from './layout.js';
import type { EnvelopeLabel, EnvelopeOpening, PackageFacts, Unwrapper } from './port.js';
import { folderSink, isTaken } from './store.js';
import type { PackageSource } from './store.js';
import { tarEntries } from './tar-form.js';
import type { TarEntry } from './tar-form.js';

export interface OpenTools extends SealTools { readonly two: TwoVerifiers }

export const dayOf = (at: Instant): CalendarDate => Temporal.Instant.from(at).toZonedDateTimeISO('Asia/Shanghai').toPlainDate().toString();

/** An opened envelope: the package in it, read through the seal, so that its plain form is never on the disk. Close it. */
export interface OpenedEnvelope { readonly label: EnvelopeLabel; readonly digest: string; readonly source: PackageSource }

/** @throws ArchiveError by cause; the order is that of the format's page */
export async function openEnvelopeSource(tools: OpenTools, file: string, opening: EnvelopeOpening): Promise<OpenedEnvelope> {
  const read = await readLabel(tools.two, file);
  await requireMine(tools, read, opening);
  const { label, digest, tail, fileBytes } = read;
  if (fileBytes !== tail.sealedBytes + tail.labelBytes + tail.signatureBytes + 32) throw new ArchiveError('E_ENVELOPE_CHUNK_ORDER', { why: 'length', bytes: fileBytes });
  if ((await sealedObjectId(file)) !== label.envelope) throw new ArchiveError('E_ENVELOPE_SWAPPED', { envelope: label.envelope });

  const secret = await secretOf(tools, label, opening);
  let reader: SealedReader;
  try {
    reader = await openSealed(tools, file, secret, label.envelope, tail.sealedBytes);
  } finally {
    secret.fill(0);
  }
  try {
    if (reader.bytes !== label.content.bytes || reader.root !== label.content.root) throw new ArchiveError('E_ENVELOPE_SWAPPED', { envelope: label.envelope });
    const source = await tarSource(reader, volumeFolder(label.package.no, label.package.volume, label.package.volumes));
    if (hexOf(tools.provider.sm3(await contentOf(source, MANIFEST))) !== label.content.manifest) throw new ArchiveError('E_ENVELOPE_CONTENT', { why: 'manifest' });
    requireSamePackage(label, factsOf(await contentOf(source, FACTS)));
    return { label, digest, source };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function contentOf(source: PackageSource, file: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source.open(file)) pieces.push(piece);
  return Buffer.concat(pieces);
}

function factsOf(bytes: Uint8Array): PackageFacts {
  try {
    return readFacts(bytes);
  } catch {
    throw new ArchiveError('E_ENVELOPE_CONTENT', { why: 'facts' });
  }
}

/** A label of a lower level, or of another volume, than what is behind it opens nothing. */
function requireSamePackage(label: EnvelopeLabel, facts: PackageFacts): void {
  const { no, kind, volume, volumes } = label.package;
  const same = no === facts.packageNo && kind === facts.kind && volume === facts.volume && volumes === facts.volumes && label.level === facts.level && label.mark === facts.mark && label.sender.box === facts.box;
  if (!same) throw new ArchiveError('E_ENVELOPE_CONTENT', { why: 'another package', envelope: label.envelope });
}

/**
 * Lays the package out in a folder, which appears only when all of it was checked and is on the disk.
 * @returns the label, for the register
 */
export async function openEnvelope(tools: OpenTools, file: string, folder: string, opening: EnvelopeOpening): Promise<Pick<OpenedEnvelope, 'label' | 'digest'>> {
  if (await isTaken(folder)) throw new ArchiveError('E_DUPLICATE', { what: 'folder' });
  const { label, digest, source } = await openEnvelopeSource(tools, file, opening);
  try {
    await extract(source, folder);
    return { label, digest };
  } finally {
    await source.close();
  }
}

export async function extract(source: PackageSource, folder: string): Promise<void> {
  await removeFolder(folder); // empty, or not there
  const sink = await folderSink(folder);
  try {
    for (const { path: file, bytes, kind } of await source.list()) if (kind === 'file') await sink.put(file, bytes, source.open(file));
    await sink.finish();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

async function requireMine(tools: OpenTools, { label, certificates }: ReadLabel, opening: EnvelopeOpening): Promise<void> {
  const { at, box, device, senders, seen } = opening;
  if (!senders.some((one) => Buffer.compare(one.der, certificates.authority.der) === 0)) throw new ArchiveError('E_ENVELOPE_SENDER', { envelope: label.envelope });
  if (await seen.call(opening, label.envelope)) throw new ArchiveError('E_ENVELOPE_REPLAYED', { envelope: label.envelope });
  const keyOf = (key: Uint8Array): string => hexOf(tools.provider.sm3(key));
  requireOpenable(label, {
    at, today: dayOf(at), box: { serial: box.serial, key: keyOf(box.publicKey), systemLevel: box.systemLevel },
    device: { no: device.no, key: keyOf(device.publicKey), certifiedLevel: device.certifiedLevel, validTo: device.validTo },
  });
}

async function secretOf({ provider }: OpenTools, label: EnvelopeLabel, { box, device }: EnvelopeOpening): Promise<Uint8Array> {
  const { halves, content: _content, ...address } = label;
  const half = async (which: Unwrapper, wrapped: string): Promise<Uint8Array> => {
    const found = await which.unwrap(Buffer.from(wrapped, 'base64'));
    if (found.length !== HALF_BYTES) throw new ArchiveError('E_DECRYPT_FAILED', { what: 'half' });
    return found;
  };
  const parts = [await half(box, halves.box), await half(device, halves.device)] as const;
  const joined = Buffer.concat(parts);
  for (const one of parts) one.fill(0);
  try {
    return provider.hkdfSm3(joined, secretSalt(label.envelope), secretInfo(provider.sm3(addressBytes(address))), 32);
  } finally {
    joined.fill(0);
  }
}

/** Entries of the tar; a chunk that was moved is told from one that was changed. */
async function tarSource(reader: SealedReader, name: string): Promise<PackageSource> {
  const told = async (error: unknown): Promise<never> => {
    if (error instanceof ArchiveError && error.code === 'E_ENVELOPE_CHUNK_TAG' && typeof error.facts['chunk'] === 'number' && (await reader.misplaced(error.facts['chunk']))) {
      throw new ArchiveError('E_ENVELOPE_CHUNK_ORDER', error.facts);
    }
    throw error;
  };
  const near = windowOf(reader);
  const entries = await tarEntries(reader.bytes, async (offset, length) => near.read(offset, length).catch(told));
  const byPath = new Map<string, TarEntry>();
  const keys = new Set<string>();
  for (const entry of entries) {
    const key = samePathKey(entry.path);
    if (pathFault(entry.path, utf8Bytes(name) + 1) !== undefined || keys.has(key)) throw new ArchiveError('E_PKG_PATH', { why: 'in the envelope' });
    keys.add(key);
    byPath.set(entry.path, entry);
  }
  return {
    name,
    list: async () => Promise.resolve(entries.map(({ path: file, bytes }) => ({ path: file, bytes, kind: 'file' as const }))),
    async *open(file) {
      const entry = byPath.get(file);
      if (entry === undefined) throw new ArchiveError('E_ENVELOPE_CONTENT', { why: 'no such file' });
      try {
        if (entry.bytes <= CHUNK_BYTES) yield await near.read(entry.at, entry.bytes);
        else for await (const piece of reader.pieces(entry.at, entry.bytes)) yield piece;
      } catch (error) {
        await told(error);
      }
    },
    async close() {
      near.clear();
      await reader.close();
    },
  };
}

const WINDOW_BYTES = 16 * CHUNK_BYTES;

/** Headers and small files lie many to a chunk: each chunk is opened once for all that are read in their order. */
function windowOf(reader: SealedReader) {
  let [from, held] = [0, new Uint8Array(0)];
  return {
    async read(offset: number, length: number): Promise<Uint8Array> {
      if (offset < from || offset + length > from + held.length) {
        held.fill(0);
        held = new Uint8Array(0);
        const at = Math.floor(offset / CHUNK_BYTES) * CHUNK_BYTES;
        [from, held] = [at, Uint8Array.from(await reader.readRange(at, Math.min(WINDOW_BYTES, reader.bytes - at)))];
      }
      return held.slice(offset - from, offset - from + length);
    },
    clear: () => held.fill(0),
  };
}
