import type { Clock, Ids } from '../../core/ports.js';
import { ceremonyText, openCeremony, signCeremony, type Ceremony } from '../../secrecy/ceremony.js';
import { certificatePem } from '../crypto/certificate.js';
import { openKeyFile, type KeyFile } from '../crypto/key-file.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { beginRegister, keysThatAre } from '../custody/register.js';
import type { SoftwareKeyStore } from '../keystore/software.js';
import type { CustodyRepository } from '../store/repositories/custody.js';

/** An officer of the ceremony, who has just typed the PIN of the key file just made. */
export interface FirstHolder { readonly person: string; readonly account: string; readonly pin: string; readonly keyFile: KeyFile }

/** 生成仪式: the register begins, and every officer signs the record with the new key before it is handed over. */
export async function firstCeremony(parts: { readonly crypto: CryptoProvider; readonly keys: SoftwareKeyStore; readonly register: CustodyRepository; readonly clock: Clock; readonly ids: Ids; readonly serial: string }, holders: readonly FirstHolder[]): Promise<string> {
  const { crypto, keys, register, clock, ids } = parts;
  const at = clock.now();
  let it: Ceremony = openCeremony({
    type: 'shouzang-ceremony/v1', number: `YS-${clock.today().slice(0, 4)}-0001`, kind: 'generate', box: parts.serial, at, approval: null, reason: '初始化本机',
    present: holders.map(({ person, account, keyFile }) => ({ person, account, certificateSerial: keyFile.certificate.serial, part: '持有人' })), keys: keysThatAre(keys),
    shares: { setId: keys.shareSet.setId, threshold: keys.shareSet.threshold, holders: keys.heldShares.map(({ index, holder, certificate }) => ({ index, account: holder, certificateSerial: certificate.serial })) },
    checks: ['密码自检通过', '根密钥由随机数生成，分为分量，各以持有人证书加密；根密钥不落盘', '层级密钥、检索密钥、本机私钥封存于根密钥之下'],
  });
  const certificates: Record<string, string> = {};
  for (const { person, account, pin, keyFile } of holders) {
    const key = await openKeyFile(crypto, keyFile, pin);
    const signature = Buffer.from(crypto.sign(Buffer.from(ceremonyText(it.record)), key)).toString('base64url');
    const verify = (text: string): boolean => crypto.verify(Buffer.from(text), Buffer.from(signature, 'base64url'), keyFile.certificate.publicKey);
    it = signCeremony(it, { person, account, token: Buffer.from(key.publicKey).toString('hex'), certificateSerial: keyFile.certificate.serial, signature, at }, verify).next;
    certificates[keyFile.certificate.serial] = certificatePem(keyFile.certificate);
  }
  const id = ids.uuid();
  await register.addCeremony({ id, it, certificates, version: 1 });
  await beginRegister(register, ids, keys, at, id);
  return id;
}
