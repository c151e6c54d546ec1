import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { onePem, toPem } from '../crypto/pem.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { toSpki } from '../crypto/sm2-curve.js';
import { deviceMessage } from './proof.js';

/** A device that can prove itself; a chip behind the same three things does as well. */
export interface DevicePort {
  readonly publicKey: string;
  /** DER, base64url. */
  answer(box: string, no: string, challenge: string): string;
  /** Opens what was encrypted for its key, e.g. its half of an envelope. @throws ArchiveError `E_DECRYPT_FAILED` */
  unwrap(wrapped: Uint8Array): Uint8Array;
}
/** `shouzang sm2 keygen --out DIR/shouzang-device.key` makes the same file. */
export const DEVICE_KEY = 'shouzang-device.key';

/** A directory that stands in for a device: whoever holds the key file holds the device. Never overwrites a key. */
export async function makeDirectoryDevice(crypto: CryptoProvider, directory: string): Promise<string> {
  const key = crypto.generateKeyPair();
  await writeFile(path.join(directory, DEVICE_KEY), toPem('PRIVATE KEY', crypto.exportPrivateKey(key)), { mode: 0o600, flag: 'wx', flush: true });
  return toPem('PUBLIC KEY', toSpki(key.publicKey));
}

export async function openDirectoryDevice(crypto: CryptoProvider, directory: string): Promise<DevicePort> {
  const key = crypto.loadPrivateKey(onePem(await readFile(path.join(directory, DEVICE_KEY), 'utf8'), 'PRIVATE KEY').der);
  return {
    publicKey: toPem('PUBLIC KEY', toSpki(key.publicKey)),
    answer: (box, no, challenge) => Buffer.from(crypto.sign(Buffer.from(deviceMessage(box, no, challenge)), key)).toString('base64url'),
    unwrap: (wrapped) => crypto.sm2Decrypt(wrapped, key),
  };
}
