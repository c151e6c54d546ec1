/**
 * 封装: a package becomes one sealed file for the road. It can be sealed while it is written, so that its plain form is never on the disk.
 * @see secrecy/transfer-envelope.md
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { canonicalBytes } from '../../core/canonical.js';
import { ArchiveError } from '../../core/errors.js';
import { addressBytes, encodeTail, HALF_BYTES, requireOpenable, secretInfo, secretSalt } from '../../secrecy/transfer-envelope.js';
import type { Address } from '../../secrecy/transfer-envelope.js';
import { exists, makeFolder, markStep, moveFile, removeFile } from '../content/file-ops.js';
import { createSealer, tagsPath } from '../content/seal.js';
import type { SealTools } from '../content/seal.js';
import { hexOf } from '../content/seal-keys.js';
import { parseCertificate } from '../crypto/certificate.js';
import type { Certificate } from '../crypto/certificate.js';
import { verifyChain } from '../crypto/certificate-chain.js';
import type { PublicKey } from '../crypto/provider.js';
import type { PackageTools } from './entries.js';
import { readFacts } from './facts.js';
import { FACTS, MANIFEST, pathFault, SIGNATURE } from './layout.js';
import { dayOf } from './open-envelope.js';
import type { EnvelopeLabel, EnvelopeSealing, PackageFacts, PackagePlan, SealedEnvelope, WritePackageWish, WrittenVolume } from './port.js';
import { folderSource } from './store.js';
import type { PackageSink } from './store.js';
import { TAR_END, tarHeader, tarPadding } from './tar-form.js';
import { planVolumes, writeVolume } from './write.js';

export interface EnvelopeSink extends PackageSink {
  /** After `finish`. */
  sealed(): SealedEnvelope;
}

type About = Pick<PackageFacts, 'packageNo' | 'kind' | 'volume' | 'volumes' | 'level' | 'mark'>;

/** 封套文件名 of a volume. */
export const envelopeName = (volumeFolder: string): string => `${volumeFolder}.envelope`;

/**
 * Seals a package that lies in a folder. `out` appears only when all of it is on the disk; what a dead seal left under the temporary
 * names is removed first.
 * @throws ArchiveError `E_PKG_MANIFEST_MISSING`, `E_PKG_PATH`, `E_ENVELOPE_EXPIRED`, `E_ENVELOPE_LEVEL`, `E_CERT_INVALID`, `E_DUPLICATE`
 */
export async function sealEnvelope(tools: SealTools, folder: string, out: string, sealing: EnvelopeSealing): Promise<SealedEnvelope> {
  const source = folderSource(folder);
  const entries = await source.list();
  const strange = entries.find(({ path: one, kind }) => kind === 'other' || pathFault(one) !== undefined);
  if (strange !== undefined) throw new ArchiveError('E_PKG_PATH', { why: 'not a package' });
  const files = new Map(entries.filter(({ kind }) => kind === 'file').map((entry) => [entry.path, entry]));
  for (const one of [MANIFEST, SIGNATURE, FACTS]) if (!files.has(one)) throw new ArchiveError('E_PKG_MANIFEST_MISSING', { missing: one });
  const pieces: Uint8Array[] = [];
  for await (const piece of source.open(FACTS)) pieces.push(piece);
  const sink = await envelopeSink(tools, out, sealing, readFacts(Buffer.concat(pieces)));
  try {
    const last = [MANIFEST, SIGNATURE];
    for (const one of [...[...files.keys()].filter((file) => !last.includes(file)), ...last]) await sink.put(one, files.get(one)?.bytes ?? 0, source.open(one));
    await sink.finish();
  } catch (error) {
    await sink.abort();
    throw error;
  }
  return sink.sealed();
}

/** Writes a package straight into its envelopes, one a volume: nothing of it is ever on the disk in the clear. */
export async function sealPackage(
  tools: PackageTools & SealTools, plan: PackagePlan, folder: string, sealing: (volume: number, volumes: number) => EnvelopeSealing, wish: WritePackageWish = {},
): Promise<readonly { readonly volume: WrittenVolume; readonly envelope: SealedEnvelope }[]> {
  const done: { volume: WrittenVolume; envelope: SealedEnvelope }[] = [];
  for (const part of planVolumes(tools, plan, wish)) {
    const about: About = { packageNo: plan.packageNo, kind: plan.kind, volume: part.volume, volumes: part.volumes, level: plan.level, mark: plan.mark };
    const sink = await envelopeSink(tools, path.join(folder, envelopeName(part.folder)), sealing(part.volume, part.volumes), about);
    try {
      const volume = await writeVolume(tools, plan, part, sink);
      done.push({ volume, envelope: sink.sealed() });
    } catch (error) {
      await sink.abort();
      throw error;
    }
  }
  return done;
}

export async function envelopeSink(tools: SealTools, out: string, sealing: EnvelopeSealing, about: About): Promise<EnvelopeSink> {
  const { provider } = tools;
  const address = addressOf(tools, sealing, about);
  const device = sealing.device.certificate.publicKey;
  const receiver = sealing.receiver.chain[0]?.publicKey ?? new Uint8Array(0);
  if (await exists(out)) throw new ArchiveError('E_DUPLICATE', { what: 'envelope' });
  const part = `${out}.part`;
  await makeFolder(path.dirname(out));
  for (const left of [part, tagsPath(part)]) await removeFile(left);

  const halves = [provider.random(HALF_BYTES), provider.random(HALF_BYTES)] as const;
  const joined = Buffer.concat(halves);
  const secret = provider.hkdfSm3(joined, secretSalt(sealing.envelopeId), secretInfo(provider.sm3(addressBytes(address))), 32);
  const wrapped = { box: wrap(tools, halves[0], receiver), device: wrap(tools, halves[1], device) };
  for (const one of [joined, ...halves]) one.fill(0);
  markStep('create', part);
  const sealer = await createSealer(tools, { objectId: sealing.envelopeId, secret, path: part }).finally(() => { secret.fill(0); });

  let manifest = '';
  let result: SealedEnvelope | undefined;
  return {
    async put(file, bytes, pieces) {
      await sealer.write(tarHeader(file, bytes));
      const digest = file === MANIFEST ? provider.sm3Stream() : undefined;
      let seen = 0;
      for await (const piece of pieces) {
        seen += piece.length;
        if (seen > bytes) break;
        digest?.update(piece);
        await sealer.write(piece);
      }
      if (seen !== bytes) throw new ArchiveError('E_FIXITY_FAILED', { why: 'length', registered: bytes, found: seen });
      await sealer.write(tarPadding(bytes));
      if (digest !== undefined) manifest = hexOf(digest.digest());
    },
    async finish() {
      await sealer.write(TAR_END);
      markStep('sync', part);
      const content = await sealer.finish();
      const label: EnvelopeLabel = { ...address, halves: wrapped, content: { bytes: content.bytes, sealedBytes: content.sealedBytes, root: content.root, manifest } };
      const bytes = canonicalBytes(label);
      const signature = sealing.sender.sign(bytes);
      await append(part, Buffer.concat([bytes, signature, encodeTail({ sealedBytes: content.sealedBytes, labelBytes: bytes.length, signatureBytes: signature.length })]));
      await moveFile(part, out);
      result = { path: out, label, digest: hexOf(provider.sm3(bytes)), bytes: content.sealedBytes + bytes.length + signature.length + 32 };
    },
    abort: async () => sealer.abort(),
    sealed() {
      if (result === undefined) throw new ArchiveError('E_STATE_INVALID', { state: 'open' });
      return result;
    },
  };
}

/** What the label says before anything is sealed; refused here is what no receiver would open. */
function addressOf(tools: SealTools, sealing: EnvelopeSealing, about: About): Address {
  const { sender, receiver, device, sealedAt, validUntil } = sealing;
  const [leaf] = receiver.chain;
  if (leaf === undefined) throw new ArchiveError('E_CERT_INVALID', { which: 'receiver' });
  requireChain(tools, 'receiver', receiver.chain, receiver.anchor, sealedAt);
  requireChain(tools, 'device', [device.certificate], parseCertificate(sender.chain[1] ?? ''), sealedAt);
  const keyOf = (key: PublicKey): string => hexOf(tools.provider.sm3(key));
  const address: Address = {
    format: 'shouzang-transfer-envelope', version: 1, envelope: sealing.envelopeId, package: { no: about.packageNo, kind: about.kind, volume: about.volume, volumes: about.volumes },
    level: about.level, mark: about.mark, handover: sealing.handoverNo, sealedAt, validUntil, sender: { box: sender.serial, chain: sender.chain },
    receiver: { box: receiver.serial, key: keyOf(leaf.publicKey), systemLevel: receiver.systemLevel },
    device: { no: device.no, key: keyOf(device.certificate.publicKey), certifiedLevel: device.certifiedLevel, validTo: device.validTo },
  };
  requireOpenable({ ...address, halves: { box: '', device: '' }, content: { bytes: 0, sealedBytes: 0, root: '', manifest: '' } }, {
    at: sealedAt, today: dayOf(sealedAt), box: { ...address.receiver, serial: receiver.serial }, device: address.device,
  });
  return address;
}

function requireChain({ provider }: SealTools, which: string, chain: readonly Certificate[], anchor: Certificate, at: string): void {
  const verdict = verifyChain(provider, { chain, anchors: [anchor], at, usage: 'keyEncipherment' });
  if (verdict.valid) return;
  if (verdict.fault === 'expired' || verdict.fault === 'not-yet-valid') throw new ArchiveError('E_ENVELOPE_EXPIRED', { which, what: which === 'device' ? '专用设备证书' : '收件系统加密证书' });
  throw new ArchiveError('E_CERT_INVALID', { which, why: verdict.fault });
}

const wrap = ({ provider }: SealTools, half: Uint8Array, key: PublicKey): string => Buffer.from(provider.sm2Encrypt(half, key)).toString('base64');

async function append(file: string, bytes: Uint8Array): Promise<void> {
  markStep('overwrite', file);
  const handle = await open(file, constants.O_WRONLY | constants.O_APPEND);
  try {
    await handle.writeFile(bytes);
    markStep('sync', file);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
