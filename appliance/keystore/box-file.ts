/**
 * `box/keystore.json`: what the keystore keeps besides the keyring. All of it may be read by anyone: certificates, encrypted
 * shares, level keys and private keys sealed under the root. The certificates and the mode are bound into the sealed keys, so a box
 * file with another certificate in it does not unlock.
 */
import { ArchiveError } from '../../core/errors.js';
import type { Instant } from '../../core/ports.js';
import { type Certificate, certificatePem, parseCertificate } from '../crypto/certificate.js';
import type { ShareSet } from './shares.js';

/** One holder's share, readable with the holder's private key only. */
export interface HeldShare {
  readonly holder: string;
  readonly index: number;
  readonly certificate: Certificate;
  /** SM2 ciphertext, GM/T 0009 DER. */
  readonly encrypted: Uint8Array;
}

/** The level keys of one epoch (期次). */
export interface KeptEpoch {
  readonly epoch: number;
  /** `retiring`: nothing new is closed with it; it opens what still refers to it. */
  readonly state: 'current' | 'retiring' | 'destroyed';
  /** Null in a file of version 1, which told no time. */
  readonly madeAt: Instant | null;
  readonly destroyedAt: Instant | null;
  /** Small box under the root; null once destroyed, and where version 1 derived the keys. */
  readonly sealed: Uint8Array | null;
}

export interface BoxFile {
  readonly boxId: string;
  readonly rehearsal: boolean;
  /** In order, one of them current. */
  readonly epochs: readonly KeptEpoch[];
  /** Keys of the blind words, a small box under the root; null where version 1 derived them. */
  readonly sealedSearch: Uint8Array | null;
  readonly authority: Certificate;
  readonly certificate: Certificate;
  /** Small boxes under the root: PKCS#8 of the authority and of the box. */
  readonly sealedAuthorityKey: Uint8Array;
  readonly sealedBoxKey: Uint8Array;
  readonly set: ShareSet;
  readonly shares: readonly HeldShare[];
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const fromBase64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));

export function writeBoxFile(file: BoxFile): string {
  return `${JSON.stringify({
    format: 'shouzang-keystore', version: 2, boxId: file.boxId, rehearsal: file.rehearsal,
    epochs: file.epochs.map(({ sealed, ...epoch }) => ({ ...epoch, sealed: sealed === null ? null : base64(sealed) })),
    sealedSearch: file.sealedSearch === null ? null : base64(file.sealedSearch),
    authority: certificatePem(file.authority), certificate: certificatePem(file.certificate),
    sealedAuthorityKey: base64(file.sealedAuthorityKey), sealedBoxKey: base64(file.sealedBoxKey), set: file.set,
    shares: file.shares.map(({ holder, index, certificate, encrypted }) => ({ holder, index, certificate: certificatePem(certificate), encrypted: base64(encrypted) })),
  }, null, 2)}\n`;
}

/** @throws ArchiveError `E_CRYPTO_INPUT` for another shape */
export function readBoxFile(text: string): BoxFile {
  const root = objectOf(parse(text));
  if (root['format'] !== 'shouzang-keystore' || (root['version'] !== 1 && root['version'] !== 2)) refuse('format');
  const set = objectOf(root['set']);
  const shares = root['shares'];
  return {
    boxId: textOf(root['boxId']), rehearsal: root['rehearsal'] !== false,
    epochs: root['version'] === 1 ? [{ epoch: 1, state: 'current', madeAt: null, destroyedAt: null, sealed: null }] : readEpochs(root['epochs']),
    sealedSearch: root['version'] === 1 ? null : bytesOrNull(root['sealedSearch']),
    authority: parseCertificate(textOf(root['authority'])), certificate: parseCertificate(textOf(root['certificate'])),
    sealedAuthorityKey: fromBase64(textOf(root['sealedAuthorityKey'])), sealedBoxKey: fromBase64(textOf(root['sealedBoxKey'])),
    set: { setId: textOf(set['setId']), threshold: numberOf(set['threshold']), total: numberOf(set['total']), check: textOf(set['check']) },
    shares: (Array.isArray(shares) ? shares : refuse('shares')).map(objectOf).map((share) => ({
      holder: textOf(share['holder']), index: numberOf(share['index']),
      certificate: parseCertificate(textOf(share['certificate'])), encrypted: fromBase64(textOf(share['encrypted'])),
    })),
  };
}

/** The context that a sealed private key is bound to. */
export const identityContext = (which: 'authority' | 'box', file: Pick<BoxFile, 'boxId' | 'rehearsal' | 'authority' | 'certificate'>): readonly string[] =>
  [which, file.boxId, file.rehearsal ? 'rehearsal' : 'real', base64(file.authority.der), base64(file.certificate.der)];

function readEpochs(value: unknown): readonly KeptEpoch[] {
  const epochs = (Array.isArray(value) ? value : refuse('epochs')).map(objectOf).map((one): KeptEpoch => {
    const state = one['state'];
    if (state !== 'current' && state !== 'retiring' && state !== 'destroyed') return refuse('epoch state');
    return { epoch: numberOf(one['epoch']), state, madeAt: textOrNull(one['madeAt']), destroyedAt: textOrNull(one['destroyedAt']), sealed: bytesOrNull(one['sealed']) };
  });
  if (epochs.filter(({ state }) => state === 'current').length !== 1 || epochs.some(({ epoch }, at) => epoch !== at + 1)) refuse('epochs');
  return epochs;
}

const refuse = (why: string): never => {
  throw new ArchiveError('E_CRYPTO_INPUT', { what: 'keystore file', why });
};
const textOf = (value: unknown): string => (typeof value === 'string' ? value : refuse('text'));
const textOrNull = (value: unknown): string | null => (value === null ? null : textOf(value));
const bytesOrNull = (value: unknown): Uint8Array | null => (value === null ? null : fromBase64(textOf(value)));
const numberOf = (value: unknown): number => (typeof value === 'number' && Number.isSafeInteger(value) ? value : refuse('number'));
const objectOf = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : refuse('object'));

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return refuse('not JSON');
  }
}
