/** 签名钥匙: what an officer signs with and opens a share with, whatever holds the private key: a key file or a token behind PKCS#11. */
import type { Certificate } from './certificate.js';
import { openKeyFile, readKeyFile } from './key-file.js';
import type { CryptoProvider } from './provider.js';

export interface OfficerKey {
  /** 密钥文件, or the label of the token. */
  readonly name: string;
  readonly holder: string;
  readonly certificate: Certificate;
  /** SM2 over SM3(Z ‖ message), DER, default user id. */
  sign(message: Uint8Array): Promise<Uint8Array>;
  /** Opens what was encrypted to the certificate: SM2 ciphertext, GM/T 0009 DER. @throws ArchiveError `E_DECRYPT_FAILED` */
  open(encrypted: Uint8Array): Promise<Uint8Array>;
  /** Logs out, forgets the key. */
  close(): Promise<void>;
}

/** @throws ArchiveError `E_PIN_WRONG`, `E_CRYPTO_INPUT` */
export async function officerKeyFile(provider: CryptoProvider, text: string, pin: string): Promise<OfficerKey> {
  const file = readKeyFile(text);
  const key = await openKeyFile(provider, file, pin);
  return {
    name: '密钥文件', holder: file.holder, certificate: file.certificate,
    sign: async (message) => Promise.resolve(provider.sign(message, key)),
    open: async (encrypted) => Promise.resolve(provider.sm2Decrypt(encrypted, key)),
    close: async () => Promise.resolve(),
  };
}
