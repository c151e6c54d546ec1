import { ArchiveError } from '../../core/errors.js';
import type { Instant } from '../../core/ports.js';
import type { CheckSignature } from '../audit/verify.js';
import { verifyChain } from '../crypto/certificate-chain.js';
import { certificatesOf } from '../crypto/certificate.js';
import type { Certificate } from '../crypto/certificate.js';
import type { CryptoProvider, PublicKey } from '../crypto/provider.js';
import type { SecondVerifier } from '../crypto/sm-crypto-adapter.js';
import { CURVE_BYTES, DEFAULT_ID } from '../crypto/sm2-curve.js';

/** Two implementations without common code. What they disagree on counts as false, and is named as what it is. */
export interface TwoVerifiers {
  readonly native: CryptoProvider;
  readonly second: SecondVerifier;
}

export type SignatureVerdict = 'good' | 'bad' | 'differ';

/** Above this the second implementation is given the digest e instead of the bytes: it is a thousand times slower. */
const SECOND_BYTES = 256 * 1024;

export function checkSignature(two: TwoVerifiers, message: Uint8Array, signature: Uint8Array, key: PublicKey): SignatureVerdict {
  const first = two.native.verify(message, signature, key);
  const other = message.length <= SECOND_BYTES ? two.second.verify(message, signature, key) : two.second.verifyDigest(digestOf(two.native, message, key), signature, key);
  return first !== other ? 'differ' : first ? 'good' : 'bad';
}

/** e = SM3(Z ‖ M), Z = SM3(ENTL ‖ id ‖ a ‖ b ‖ G ‖ P), GB/T 32918.2-2016 5.5 and 6.1. */
function digestOf(native: CryptoProvider, message: Uint8Array, key: PublicKey): Uint8Array {
  const id = Buffer.from(DEFAULT_ID);
  const bits = Buffer.alloc(2);
  bits.writeUInt16BE(id.length * 8);
  return native.sm3(native.sm3(bits, id, CURVE_BYTES, key.length === 65 ? key.subarray(1) : key), message);
}

/** SM3 by both, up to the size the second can bear; hex. */
export function checkDigest(two: TwoVerifiers, content: Uint8Array): { readonly sm3: string; readonly agree: boolean } {
  const first = Buffer.from(two.native.sm3(content)).toString('hex');
  return { sm3: first, agree: content.length > SECOND_BYTES || Buffer.from(two.second.sm3(content)).toString('hex') === first };
}

export interface BoxCertificates { readonly box: Certificate; readonly authority: Certificate }

/** The two certificates of a PEM, box first. @throws ArchiveError `E_CRYPTO_INPUT` */
export function boxCertificates(pem: string): BoxCertificates {
  const [box, authority, ...more] = certificatesOf(pem);
  if (!box || !authority || more.length > 0) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'certificate chain' });
  return { box, authority };
}

/** What is wrong with the chain at an instant; undefined when the authority issued the box's certificate and both were valid. Both verifiers look. */
export function chainFault(two: TwoVerifiers, { box, authority }: BoxCertificates, at: Instant): string | undefined {
  const verdict = verifyChain(two.native, { chain: [box], anchors: [authority], at, usage: 'digitalSignature' });
  if (!verdict.valid) return verdict.fault;
  if (!verifiedBy(two, authority, authority)) return 'signature';
  return verifiedBy(two, box, authority) ? undefined : 'signature';
}

const verifiedBy = (two: TwoVerifiers, one: Certificate, issuer: Certificate): boolean => checkSignature(two, one.tbs, one.signature, issuer.publicKey) === 'good';

/** For checkpoints: both must say yes, and the signer must be the one the certificate names. */
export const checkpointCheck = (two: TwoVerifiers, box: Certificate): CheckSignature => (message, signature, signer) =>
  signer === box.subject.commonName && checkSignature(two, message, signature, box.publicKey) === 'good';
