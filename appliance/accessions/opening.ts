import type { ArrivedVolume, Opening } from '../../core/accession.js';
import { ArchiveError } from '../../core/errors.js';
import type { Level, WriteTools } from '../../core/ports.js';
import type { Inspector } from '../../core/services/content.js';
import type { AccessionPolicy } from '../../policies/schemas/accession.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { Box } from '../box.js';
import type { TransportKeys } from '../counterparts/transport-key.js';
import { parseCertificate } from '../crypto/certificate.js';
import type { Certificate } from '../crypto/certificate.js';
import { openDirectoryDevice } from '../devices/directory.js';
import type { DevicePort } from '../devices/directory.js';
import type { DeviceService } from '../devices/service.js';
import { readLabel } from '../packages/label.js';
import type { PackageRoom } from '../packages/compose.js';
import type { EnvelopeOpening, ReadPackage, ReadRecord } from '../packages/port.js';
import type { TwoVerifiers } from '../reports/two-verifiers.js';
import type { ServerCall } from '../server/route.js';
import type { AccessionItem, ItemContent, PackageLists, StoredAccession } from '../store/repositories/accessions.js';
import { accessionTarget } from '../store/repositories/accessions.js';
import type { Counterpart } from '../store/repositories/counterparts.js';
import type { Repositories } from '../store/repositories/index.js';
import { declaredName, levelOf, markOf } from './item.js';
import { codesIn, listOf } from './lists.js';
import type { Incoming } from './medium.js';

type Tx = Repositories & WriteTools;

export interface OpeningParts {
  readonly box: Box;
  readonly policy: AccessionPolicy;
  readonly room: PackageRoom;
  readonly two: TwoVerifiers;
  readonly transport: TransportKeys;
  readonly devices: DeviceService;
  readonly inspector: Inspector;
  readonly keepsFonds: (fonds: string) => boolean;
  readonly verifierFor: (authority: Certificate) => (certificate: string, at: string) => VerifySignature;
}

/** A refusal with everything that was learned of the package before it. */
export class Unopened extends Error {
  constructor(readonly error: ArchiveError, readonly defects: readonly string[], readonly packageNo: string | null, readonly volumes: readonly ArrivedVolume[]) { super(error.code); }
}
export interface Progress { done: number; total: number }
export interface Opened { readonly opening: Omit<Opening, 'by' | 'at'>; readonly lists: PackageLists }

interface Volume { readonly read: ReadPackage; readonly envelope: string | null; readonly digest: string; readonly volume: number; readonly volumes: number }

/**
 * 启封: the envelope is read in place, through the seal. Each file goes straight into a sealed object of the box, each item into a row that nobody
 * can see; the plain form is never on a disk. What comes to nothing leaves nothing.
 */
export function openingOf(parts: OpeningParts) {
  const { box, policy, room, two, inspector } = parts;
  const { clock, ids, vault, store } = box;

  /** The device at hand, proven: it is the registered one, in date, and good for this level and person. */
  async function deviceAt(call: ServerCall, no: string, level: Level, directory: string): Promise<{ readonly port: DevicePort; readonly opening: EnvelopeOpening['device'] }> {
    const port = await openDirectoryDevice(box.crypto, directory).catch(() => { throw new ArchiveError('E_DEVICE_PROOF', { why: 'no device' }); });
    const { challenge } = await parts.devices.challenge(call, { no });
    return store.write(call, async (tx) => {
      await tx.allow();
      const device = await parts.devices.prove(tx, call, { no, challenge, signature: port.answer(box.identity.serial, no, challenge), level });
      await tx.devices.used(device.id, clock.now());
      tx.audit({ action: call.act, object: device.id, objectType: 'device', detail: { no, level } });
      return { port, opening: { no, publicKey: Buffer.from(device.publicKey, 'hex'), certifiedLevel: device.certifiedLevel, validTo: device.certValidTo, unwrap: (wrapped: Uint8Array) => port.unwrap(wrapped) } };
    });
  }

  async function opened(call: ServerCall, one: StoredAccession, counterpart: Counterpart, incoming: Incoming, deviceDirectory: string, note: (volume: ArrivedVolume, packageNo: string) => void): Promise<Volume> {
    const { form } = one.it;
    const authority = parseCertificate(counterpart.card.chain.at(-1) ?? '');
    const trust = { anchors: [authority], at: clock.now() };
    if (incoming.kind === 'plain') {
      if (form.level >= 2) throw new ArchiveError('E_ENVELOPE_LABEL', { why: 'classified and plain' });
      const read = await room.readPackage(incoming.path, trust);
      note({ envelope: null, digest: read.manifest ?? '0'.repeat(64), manifest: read.manifest }, read.facts?.packageNo ?? '');
      return { read, envelope: null, digest: read.manifest ?? '', volume: read.facts?.volume ?? 0, volumes: read.facts?.volumes ?? 0 };
    }
    const { label, digest } = await readLabel(two, incoming.path);
    note({ envelope: label.envelope, digest, manifest: null }, label.package.no);
    if (label.handover !== null && label.handover !== form.handoverNo) throw new ArchiveError('E_ACCESSION_HANDOVER', { accession: one.it.id });
    if (label.level > box.profile.systemLevel) throw new ArchiveError('E_ENVELOPE_LEVEL', { level: label.level, systemLevel: box.profile.systemLevel });
    if (label.level > one.level) throw new ArchiveError('E_ACCESSION_LEVEL', { level: label.level });
    const { opening: device } = await deviceAt(call, form.deviceNo ?? label.device.no, label.level, deviceDirectory);
    const opener = await parts.transport.opener(label.receiver.key).catch((error: unknown) => {
      if (error instanceof ArchiveError && error.code === 'E_DECRYPT_FAILED') throw new ArchiveError('E_ENVELOPE_FOREIGN', { envelope: label.envelope });
      throw error;
    });
    const source = await room.openEnvelopeSource(incoming.path, {
      at: clock.now(), box: { ...opener, systemLevel: box.profile.systemLevel }, device, senders: [authority],
      seen: async (envelope) => store.read(box.systemCall('accession.open'), async (tx) => { await tx.allow(); return tx.accessions.envelopeSeen(envelope); }),
    });
    return { read: await room.readPackageFrom(source.source, trust), envelope: label.envelope, digest, volume: label.package.volume, volumes: label.package.volumes };
  }

  /** Bytes into a sealed object of their own, checked against what the catalogue says, and judged. */
  async function staged(record: ReadRecord, level: Level): Promise<ItemContent['files']> {
    const files: ItemContent['files'][number][] = [];
    try {
      for (const [at, file] of record.files.entries()) {
        const object = ids.uuid();
        await vault.begin(object, level);
        const name = declaredName(record.metadata, at, file.name);
        files.push({ object, role: file.role, position: at + 1, name, bytes: file.bytes, sm3: file.sm3, declaredSm3: file.sm3, judgement: NOT_YET });
        await vault.append(object, 0, file.open(), file.bytes);
        const { bytes, sm3 } = await vault.finish(object);
        if (sm3 !== file.sm3 || bytes !== file.bytes) throw new ArchiveError('E_PKG_FILE_CHANGED', { bytes });
        files[at] = { ...(files[at] as ItemContent['files'][number]), bytes, sm3, judgement: await inspector.inspect(object, name) };
      }
    } catch (error) {
      for (const { object } of files) await vault.discard(object);
      throw error;
    }
    return files;
  }

  async function take(call: ServerCall, one: StoredAccession, seq: number, record: ReadRecord, verifier: (certificate: string, at: string) => VerifySignature): Promise<number> {
    const level = levelOf(record);
    if (level > one.level) throw new ArchiveError('E_ACCESSION_LEVEL', { level });
    if (await store.read(box.systemCall(call.act), async (tx) => { await tx.allow(); return tx.accessions.knownCode(record.row.archivalCode, one.it.id); })) throw new ArchiveError('E_CODE_DUPLICATE', { item: seq });
    const files = await staged(record, level);
    const item: AccessionItem = {
      id: ids.uuid(), accession: one.it.id, seq, state: 'staged', level, archivalCode: record.row.archivalCode, accessionNo: null, record: null,
      content: { metadata: record.metadata, events: record.events, mark: record.mark, ...markOf({ ...record, level }, verifier), files },
    };
    await store.write(call, async (tx: Tx) => {
      await tx.allow(accessionTarget(one));
      for (const file of files) await tx.objects.keep({ id: file.object, level, bytes: file.bytes, sm3: file.sm3, storedAt: clock.now() });
      await tx.accessions.addItem(item);
      tx.audit({ action: call.act, object: one.it.id, objectType: 'accession', objectLevel: level, detail: { item: seq, files: files.length } });
      tx.afterCommit(async () => { for (const file of files) await vault.promote(file.object); });
    });
    return files.length;
  }

  /** @throws Unopened for what is wrong with the package; anything else is a fault of the box and changes nothing */
  return async (call: ServerCall, one: StoredAccession, counterpart: Counterpart, incoming: readonly Incoming[], deviceDirectory: string, progress: Progress): Promise<Opened> => {
    const seen: ArrivedVolume[] = [];
    let packageNo: string | null = null;
    const volumes: Volume[] = [];
    const unopened = (error: ArchiveError, defects = policy.causes[error.code]): Unopened => new Unopened(error, defects ?? [], packageNo, seen);
    try {
      if (incoming.length > policy.volumesAtMost) throw new ArchiveError('E_ACCESSION_INCOMPLETE', { volumes: incoming.length });
      for (const place of incoming) {
        const volume = await opened(call, one, counterpart, place, deviceDirectory, (arrived, no) => { seen.push(arrived); packageNo ??= no; });
        volumes.push(volume);
        seen[seen.length - 1] = { envelope: volume.envelope, digest: volume.digest, manifest: volume.read.manifest };
        const [first] = volume.read.findings;
        if (first !== undefined) {
          const codes = [...new Set(volume.read.findings.map(({ code }) => code))];
          throw unopened(new ArchiveError(first.code, { findings: codes }), [...new Set(codes.flatMap((code) => policy.causes[code] ?? []))].sort());
        }
      }
      return await taken(call, one, counterpart, volumes, seen, progress);
    } catch (error) {
      if (error instanceof Unopened) throw error;
      if (error instanceof ArchiveError && Object.hasOwn(policy.causes, error.code)) throw unopened(error);
      throw error;
    } finally {
      for (const { read } of volumes) await read.close();
    }
  };

  async function taken(call: ServerCall, one: StoredAccession, counterpart: Counterpart, volumes: readonly Volume[], seen: readonly ArrivedVolume[], progress: Progress): Promise<Opened> {
    const facts = volumes.map(({ read }) => read.facts).filter((each) => each !== null);
    const [first] = facts;
    if (first === undefined || facts.length !== volumes.length || facts.some(({ packageNo }) => packageNo !== first.packageNo) || first.volumes !== volumes.length || new Set(volumes.map(({ volume }) => volume)).size !== volumes.length) {
      throw new ArchiveError('E_ACCESSION_INCOMPLETE', { volumes: volumes.length });
    }
    if (!parts.keepsFonds(first.fonds)) throw new ArchiveError('E_ACCESSION_FONDS', { fonds: first.fonds });
    progress.total = facts.reduce((sum, { items }) => sum + items, 0);
    if (progress.total > policy.recordsAtMost) throw new ArchiveError('E_ACCESSION_INCOMPLETE', { items: progress.total });
    const verifier = parts.verifierFor(parseCertificate(counterpart.card.chain.at(-1) ?? ''));
    const catalogue: string[] = [];
    let [seq, files, bytes] = [0, 0, 0];
    const begun = Date.parse(clock.now());
    for (const { read } of [...volumes].sort((a, b) => a.volume - b.volume)) {
      for await (const record of read.records()) {
        seq += 1;
        files += await take(call, one, seq, record, verifier);
        bytes += record.files.reduce((sum, file) => sum + file.bytes, 0);
        catalogue.push(record.row.archivalCode);
        progress.done = seq;
        if (files > policy.filesAtMost) throw new ArchiveError('E_ACCESSION_INCOMPLETE', { files });
      }
    }
    const others = volumes.flatMap(({ read }) => read.files.filter(({ path }) => path.startsWith('其他/')));
    const transferList = await listOf(others, policy.lists.transferList);
    // 登记件数与字节数 are those of the signed list; a package without one is told apart by the test that misses it.
    const declared = transferList === null ? { items: progress.total, bytes } : { items: transferList.length, bytes: transferList.some((row) => row.bytes === null) ? bytes : transferList.reduce((sum, row) => sum + (row.bytes ?? 0), 0) };
    const seconds = (Date.parse(clock.now()) - begun) / 1000;
    return {
      opening: { packageNo: first.packageNo, fonds: first.fonds, unit: first.unitName, volumes: seen, items: seq, files, bytes, declared, level: facts.reduce<Level>((level, each) => (each.level > level ? each.level : level), 0) },
      lists: {
        catalogue, transferList: codesIn(transferList),
        attachments: Object.fromEntries(await Promise.all(policy.lists.attachments.map(async ({ name, file }) => [name, codesIn(await listOf(others, file))] as const))),
        others: others.map(({ path, sm3, bytes: size }) => ({ path, sm3, bytes: size })), bytesPerSecond: bytes > 64 * 1024 * 1024 ? bytes / Math.max(seconds, 0.001) : null,
      },
    };
  }
}

const NOT_YET = { format: { mime: 'application/octet-stream', name: '', version: null, puid: null }, facts: {}, verdict: 'reject', findings: [] } as const;
