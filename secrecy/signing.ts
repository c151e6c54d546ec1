import canonicalize from 'canonicalize';
import { ArchiveError } from '../core/errors.js';
import type { Instant } from '../core/ports.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** RFC 8785 text of a value: what is signed, kept and verified for ever. @throws ArchiveError `E_INPUT_INVALID` for what JSON cannot say */
export function canonical(value: Json): string {
  const unsayable = (one: unknown): boolean => one === undefined || typeof one === 'function' || typeof one === 'symbol' || typeof one === 'bigint'
    || (typeof one === 'number' && !Number.isFinite(one)) || (typeof one === 'string' && /\p{Surrogate}/u.test(one))
    || (typeof one === 'object' && one !== null && Object.values(one).some(unsayable));
  const text = unsayable(value) ? undefined : canonicalize(value);
  if (text === undefined) throw new ArchiveError('E_INPUT_INVALID', { rule: 'canonical' });
  return text;
}

/** An officer's SM2 signature and whose it is. */
export interface Signature {
  readonly person: string;
  /** Serial of the token or key file. */
  readonly token: string;
  readonly certificateSerial: string;
  /** DER, base64. */
  readonly signature: string;
  readonly at: Instant;
}

/**
 * Checks a signature over the UTF-8 bytes of a canonical text: the certificate is the person's, was valid at `at`, belongs to the
 * token, and the SM2 signature holds. Supplied by the appliance; on the box two independent libraries must agree.
 */
export type VerifySignature = (text: string, signature: Signature) => boolean;

/** @throws ArchiveError `E_SIGNATURE_INVALID` */
export function checkSignature(verify: VerifySignature, text: string, signature: Signature): void {
  if (!verify(text, signature)) throw new ArchiveError('E_SIGNATURE_INVALID', { person: signature.person, certificate: signature.certificateSerial });
}

export const holderOf = ({ person, token }: Signature) => ({ person, tokens: [token] });
