/** 封套签条: read, judged by shape and signature. What it says may be shown to anyone; whether it is to be believed needs the sender's root. */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Type } from '@sinclair/typebox';
import { canonicalBytes } from '../../core/canonical.js';
import { ArchiveError } from '../../core/errors.js';
import { decodeTail, isTail, TAIL_BYTES } from '../../secrecy/transfer-envelope.js';
import type { Tail } from '../../secrecy/transfer-envelope.js';
import { hexOf } from '../content/seal-keys.js';
import { boxCertificates, chainFault, checkSignature } from '../reports/two-verifiers.js';
import type { BoxCertificates, TwoVerifiers } from '../reports/two-verifiers.js';
import { checkFor } from '../validation.js';
import type { EnvelopeLabel } from './port.js';

const closed = { additionalProperties: false } as const;
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Name = Type.String({ minLength: 1, maxLength: 200 });
const Instant = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' });
const Level = Type.Integer({ minimum: 0, maximum: 4 });
const Count = Type.Integer({ minimum: 1 });
const Sealed = Type.String({ pattern: '^[A-Za-z0-9+/]+=*$', maxLength: 1000 });
const Label = Type.Object({
  format: Type.Literal('shouzang-transfer-envelope'), version: Type.Literal(1), envelope: Type.String({ format: 'uuid' }),
  package: Type.Object({ no: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9-]{0,39}$' }), kind: Type.Union([Type.Literal('filing'), Type.Literal('transfer')]), volume: Count, volumes: Count }, closed),
  level: Level, mark: Type.Union([Name, Type.Null()]), handover: Type.Union([Name, Type.Null()]), sealedAt: Instant, validUntil: Instant,
  sender: Type.Object({ box: Name, chain: Type.Array(Type.String({ maxLength: 8000 }), { minItems: 2, maxItems: 2 }) }, closed),
  receiver: Type.Object({ box: Name, key: Digest, systemLevel: Level }, closed),
  device: Type.Object({ no: Name, key: Digest, certifiedLevel: Level, validTo: Type.String({ format: 'date' }) }, closed),
  halves: Type.Object({ box: Sealed, device: Sealed }, closed),
  content: Type.Object({ bytes: Type.Integer({ minimum: 0 }), sealedBytes: Count, root: Digest, manifest: Digest }, closed),
}, closed);
const check = checkFor(Label);

export interface ReadLabel {
  readonly label: EnvelopeLabel;
  /** SM3 of the label's bytes, hex. */
  readonly digest: string;
  readonly tail: Tail;
  readonly fileBytes: number;
  readonly certificates: BoxCertificates;
}

/** Whether the file ends like an envelope. */
export async function isEnvelope(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    return size > TAIL_BYTES && isTail(await readAt(handle, size - TAIL_BYTES, TAIL_BYTES));
  } finally {
    await handle.close();
  }
}

/**
 * The label with a good signature of the box it names, whose certificate was issued by the root beside it and valid when it sealed. Whose
 * root that is, is the caller's to ask.
 * @throws ArchiveError `E_ENVELOPE_TRUNCATED`, `E_ENVELOPE_VERSION`, `E_ENVELOPE_LABEL`, `E_ENVELOPE_EXPIRED`
 */
export async function readLabel(two: TwoVerifiers, file: string): Promise<ReadLabel> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size < TAIL_BYTES) throw new ArchiveError('E_ENVELOPE_TRUNCATED', { size });
    const tail = decodeTail(await readAt(handle, size - TAIL_BYTES, TAIL_BYTES));
    const [signatureAt, labelAt] = [size - TAIL_BYTES - tail.signatureBytes, size - TAIL_BYTES - tail.signatureBytes - tail.labelBytes];
    if (labelAt < 0) throw refuse('length');
    const [bytes, signature] = [await readAt(handle, labelAt, tail.labelBytes), await readAt(handle, signatureAt, tail.signatureBytes)];
    const label = parse(bytes);
    const certificates = certificatesOf(label);
    if (certificates.box.subject.commonName !== label.sender.box) throw refuse('sender');
    if (!isGood(two, bytes, signature, certificates)) throw refuse('signature');
    const fault = chainFault(two, certificates, label.sealedAt);
    if (fault === 'expired' || fault === 'not-yet-valid') throw new ArchiveError('E_ENVELOPE_EXPIRED', { what: '发出单位签名证书' });
    if (fault !== undefined) throw refuse(fault);
    if (label.content.sealedBytes !== tail.sealedBytes) throw refuse('length');
    return { label, digest: hexOf(two.native.sm3(bytes)), tail, fileBytes: size, certificates };
  } finally {
    await handle.close();
  }
}

const refuse = (why: string): ArchiveError => new ArchiveError('E_ENVELOPE_LABEL', { why });

function isGood(two: TwoVerifiers, bytes: Uint8Array, signature: Uint8Array, { box }: BoxCertificates): boolean {
  try {
    return checkSignature(two, bytes, signature, box.publicKey) === 'good';
  } catch (error) {
    if (error instanceof ArchiveError) return false;
    throw error;
  }
}

function certificatesOf(label: EnvelopeLabel): BoxCertificates {
  try {
    return boxCertificates(label.sender.chain.join(''));
  } catch (error) {
    if (error instanceof ArchiveError) throw refuse('certificate');
    throw error;
  }
}

/** In its one canonical form. */
function parse(bytes: Uint8Array): EnvelopeLabel {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw refuse('not JSON');
  }
  const checked = check(value);
  if (!checked.ok || !Buffer.from(canonicalBytes(value)).equals(bytes)) throw refuse('form');
  return checked.value as EnvelopeLabel;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(into, at, length - at, position + at);
    if (bytesRead === 0) throw new ArchiveError('E_ENVELOPE_TRUNCATED', { at: position + at });
    at += bytesRead;
  }
  return into;
}
