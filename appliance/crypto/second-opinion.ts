/**
 * 双重验签: approvals, packages and receipts are judged by two implementations without common code. A signature counts only when
 * both say yes; if they differ, one of them is wrong, and nothing may rest on either until the self-test has said which.
 */
import { ArchiveError } from '../../core/errors.js';
import type { CryptoProvider, PublicKey } from './provider.js';
import type { SecondVerifier } from './sm-crypto-adapter.js';

/** About 25 ms. @throws ArchiveError `E_CRYPTO_SELF_TEST` when the two differ */
export function verifyByBoth(provider: CryptoProvider, second: SecondVerifier, message: Uint8Array, signature: Uint8Array, publicKey: PublicKey, id?: string): boolean {
  const [one, other] = [provider.verify(message, signature, publicKey, id), second.verify(message, signature, publicKey, id)];
  if (one !== other) throw new ArchiveError('E_CRYPTO_SELF_TEST', { differ: [provider.name, second.name] });
  return one;
}
