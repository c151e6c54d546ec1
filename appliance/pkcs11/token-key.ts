import { ArchiveError } from '../../core/errors.js';
import type { Pkcs11Profile } from '../../policies/schemas/pkcs11.js';
import { type Certificate, parseCertificate } from '../crypto/certificate.js';
import type { OfficerKey } from '../crypto/officer-key.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { zValue } from '../crypto/node-provider.js';
import { readCiphertext, readSignature, writeSignature } from '../crypto/sm2-curve.js';
import { concat } from '../crypto/der.js';
import { CKA, CKO, CKR, CryptokiError, type Cryptoki, type CryptokiSession } from './cryptoki.js';

/** What a token said, in the words of the catalogue. */
export function tokenFault(error: unknown): unknown {
  if (!(error instanceof CryptokiError)) return error;
  const { rv, call } = error;
  const facts = { call, rv: `0x${rv.toString(16)}` };
  const among = (...codes: readonly number[]): boolean => codes.includes(rv);
  if (among(CKR.pinIncorrect, CKR.pinInvalid, CKR.pinLengthRange)) return new ArchiveError('E_TOKEN_PIN_WRONG', facts);
  if (among(CKR.pinLocked, CKR.pinExpired)) return new ArchiveError('E_TOKEN_PIN_LOCKED', facts);
  if (among(CKR.tokenNotPresent, CKR.tokenNotRecognized, CKR.deviceRemoved, CKR.slotIdInvalid, CKR.sessionClosed, CKR.sessionHandleInvalid)) return new ArchiveError('E_TOKEN_ABSENT', facts);
  if (among(CKR.mechanismInvalid, CKR.mechanismParamInvalid, CKR.keyTypeInconsistent)) return new ArchiveError('E_TOKEN_UNSUPPORTED', facts);
  if (among(CKR.encryptedDataInvalid)) return new ArchiveError('E_DECRYPT_FAILED', facts);
  return new ArchiveError('E_TOKEN_FAILED', facts);
}

function told<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw tokenFault(error);
  }
}

export interface TokenWish {
  readonly profile: Pkcs11Profile;
  /** Of the token; left out where only one is plugged in. */
  readonly label?: string;
  readonly pin: string;
  /** The officer's certificate; the token's own where it is left out. */
  readonly certificate?: Certificate;
}

/**
 * The officer's key on a token: the private key never leaves it. Whatever the token signs is verified here with the certificate before it
 * is handed on, since vendors differ in what they hash (`policies/pkcs11.json`).
 * @throws ArchiveError `E_TOKEN_ABSENT`, `E_TOKEN_PIN_WRONG`, `E_TOKEN_PIN_LOCKED`, `E_TOKEN_NO_KEY`, `E_TOKEN_UNSUPPORTED`, `E_TOKEN_FAILED`
 */
export function openToken(provider: CryptoProvider, library: Cryptoki, wish: TokenWish): OfficerKey {
  const { profile } = wish;
  const tokens = told(() => library.tokens()).filter(({ label }) => wish.label === undefined || label === wish.label);
  const [token, another] = tokens;
  if (token === undefined) throw new ArchiveError('E_TOKEN_ABSENT', { label: wish.label ?? '' });
  if (another !== undefined) throw new ArchiveError('E_TOKEN_ABSENT', { tokens: tokens.length }, [{ at: '--token', message: '插有多个钥匙，请用标签指定本人的钥匙' }]);
  if (token.pinLocked) throw new ArchiveError('E_TOKEN_PIN_LOCKED', { slot: token.slot });
  const session = told(() => library.open(token.slot));
  try {
    told(() => { session.login(wish.pin); });
    const certificate = wish.certificate ?? certificateOn(session);
    const key = told(() => session.find({ class: CKO.privateKey, keyType: profile.keyType }))[0];
    if (key === undefined) throw new ArchiveError('E_TOKEN_NO_KEY', { profile: profile.id });
    return {
      name: token.label, holder: certificate.subject.commonName ?? '', certificate,
      async sign(message) {
        const input = profile.input === 'message' ? message : provider.sm3(zValue(certificate.publicKey), message);
        const raw = told(() => session.sign(profile.sign, key, input));
        const signature = profile.signature === 'der' ? raw : writeSignature(raw.subarray(0, 32), raw.subarray(32, 64));
        if (readSignature(signature) === undefined || !provider.verify(message, signature, certificate.publicKey)) throw new ArchiveError('E_TOKEN_FAILED', { profile: profile.id }, [{ at: 'profile', message: '钥匙的签名未通过验证：钥匙与证书不符，或厂商机制编号不对' }]);
        return Promise.resolve(signature);
      },
      async open(encrypted) {
        const input = profile.ciphertext === 'der' ? encrypted : rawCiphertext(encrypted, profile.ciphertext);
        return Promise.resolve(told(() => session.decrypt(profile.decrypt, key, input)));
      },
      close: async () => { session.close(); return Promise.resolve(); },
    };
  } catch (error) {
    session.close();
    throw error;
  }
}

/** GM/T 0009 DER as the bytes of GB/T 32918.4: `04 ‖ x ‖ y` with C3 and C2 in the order of the vendor. */
function rawCiphertext(der: Uint8Array, order: 'c1c3c2' | 'c1c2c3'): Uint8Array {
  const { point, hash, cipher } = readCiphertext(der);
  return order === 'c1c3c2' ? concat(point, hash, cipher) : concat(point, cipher, hash);
}

function certificateOn(session: CryptokiSession): Certificate {
  const [object] = told(() => session.find({ class: CKO.certificate }));
  if (object === undefined) throw new ArchiveError('E_TOKEN_NO_KEY', {}, [{ at: '--token', message: '钥匙内没有证书，请另以 --certificate 指定' }]);
  return parseCertificate(told(() => session.attribute(object, CKA.value)));
}
