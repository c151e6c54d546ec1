/** Whose key: a key file, or a token behind a PKCS#11 library; both are one interface from here on. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { ArchiveError } from '../../core/errors.js';
import type { OfficerKey } from '../crypto/officer-key.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { secretFrom } from './ask.js';
import type { Io } from './verb.js';

export interface OfficerOptions { readonly key?: string; readonly token?: string | true; readonly pkcs11?: string; readonly profile?: string; readonly certificate?: string; readonly pinEnv: string }

/** `SHOUZANG_PKCS11` and `SHOUZANG_PKCS11_PROFILE` stand in for the options, so that a terminal is set up once. */
export function withToken(command: Command): Command {
  return command
    .option('--token [label]', '用 PKCS#11 签名钥匙（可给标签）/ use a PKCS#11 token, by label')
    .option('--pkcs11 <file>', '钥匙驱动库路径，默认取 SHOUZANG_PKCS11 / library of the token')
    .option('--profile <id>', '厂商机制，见 policies/pkcs11.json，默认取 SHOUZANG_PKCS11_PROFILE / mechanisms of the vendor')
    .option('--certificate <file>', '本人证书，默认取钥匙内的 / certificate, by default the one on the token');
}

/** @throws ArchiveError `E_CLI_USAGE` without either, and what opening them throws */
export async function officerOf(io: Io, crypto: CryptoProvider, options: OfficerOptions): Promise<OfficerKey> {
  if (options.token === undefined) {
    if (options.key === undefined) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: '--key', message: '请用 --key 指定密钥文件，或用 --token 使用签名钥匙' }]);
    const { officerKeyFile } = await import('../crypto/officer-key.js');
    return officerKeyFile(crypto, await readFile(options.key, 'utf8'), await secretFrom(io, options.pinEnv, '密钥文件的 PIN'));
  }
  const [{ openToken }, { loadCryptoki }, { loadPolicies }, { parseCertificate }] = await Promise.all([import('../pkcs11/token-key.js'), import('../pkcs11/library.js'), import('../policies.js'), import('../crypto/certificate.js')]);
  const library = options.pkcs11 ?? io.env['SHOUZANG_PKCS11'];
  if (library === undefined || library === '') throw new ArchiveError('E_CLI_USAGE', {}, [{ at: '--pkcs11', message: '请指定钥匙驱动库，或设置 SHOUZANG_PKCS11' }]);
  const { profiles } = loadPolicies().content('pkcs11.json');
  const wanted = options.profile ?? io.env['SHOUZANG_PKCS11_PROFILE'] ?? profiles[0]?.id;
  const profile = profiles.find(({ id }) => id === wanted);
  if (profile === undefined) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: '--profile', message: `没有这个厂商机制，可用：${profiles.map(({ id }) => id).join('、')}` }]);
  const certificate = options.certificate === undefined ? {} : { certificate: parseCertificate(await readFile(options.certificate, 'utf8')) };
  return openToken(crypto, loadCryptoki(library), { profile, pin: await secretFrom(io, options.pinEnv, '签名钥匙的 PIN'), ...(typeof options.token === 'string' ? { label: options.token } : {}), ...certificate });
}
