/** What the verbs that talk to a running box share: where it is, which certificate it has, who signs in. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { ArchiveError, isErrorCode, type ErrorDetail } from '../../core/errors.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { Client, RehearsalPerson } from '../remote/client.js';
import { secretFrom } from './ask.js';
import { DATA, dataOf } from './audit.js';
import { officerOf, withToken, type OfficerOptions } from './officer.js';
import type { Io } from './verb.js';

export interface RemoteOptions { readonly url?: string; readonly ca?: string; readonly data?: string }
export interface PersonOptions extends RemoteOptions, OfficerOptions { readonly as: string; readonly passwordEnv: string }

export const PIN_ENV = ['--pin-env <var>', '存放 PIN 的环境变量 / environment variable with the PIN', 'SHOUZANG_PIN'] as const;

export function withRemote(command: Command): Command {
  return command
    .option('--url <url>', '服务地址，默认本机 / address of the box, this machine by default')
    .option('--ca <file>', '服务证书，默认取数据目录中的 / certificate of the box, by default the one in the data directory')
    .option(...DATA);
}

export function withPerson(command: Command): Command {
  return withToken(withRemote(command))
    .requiredOption('--as <account>', '以哪个账号办理 / account to sign in with')
    .option('--key <file>', '密钥文件；演练环境自动取得 / key file; a rehearsal finds it by itself')
    .option(...PIN_ENV)
    .option('--password-env <var>', '存放口令的环境变量 / environment variable with the password', 'SHOUZANG_PASSWORD');
}

export interface Remote { readonly client: Client; readonly crypto: CryptoProvider }

export async function connect(io: Io, { url, ca, data }: RemoteOptions): Promise<Remote> {
  const [{ Client }, { NodeProvider }, { dataPaths }] = await Promise.all([import('../remote/client.js'), import('../crypto/node-provider.js'), import('../content/paths.js')]);
  const certificate = await readFile(ca ?? path.join(dataPaths(dataOf(data, io)).box, 'tls-cert.pem'), 'utf8');
  const crypto = new NodeProvider();
  return { client: new Client((url ?? `https://127.0.0.1:${io.env['SHOUZANG_PORT'] ?? '8443'}`).replace(/\/+$/u, ''), certificate, crypto), crypto };
}

/** Signs in and hands back the connection. In a rehearsal the account alone is enough. */
export async function signedIn(io: Io, options: PersonOptions): Promise<Remote> {
  const remote = await connect(io, options);
  await answered(async () => {
    if (options.key === undefined && options.token === undefined) {
      const offered = await remote.client.raw<{ people?: readonly RehearsalPerson[] }>('GET', 'rehearsal.people', {});
      const person = offered.body.people?.find((one) => one.account === options.as);
      if (person === undefined) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: '--key', message: offered.status === 200 ? '演练环境没有这个账号，请核对' : '请用 --key 指定本人的密钥文件' }]);
      await remote.client.signIn(person);
      return;
    }
    const [{ proveBoxTerminal }, { dataPaths }] = await Promise.all([import('../identity/box-terminal.js'), import('../content/paths.js')]);
    const folder = dataPaths(dataOf(options.data, io)).box;
    const officer = await officerOf(io, remote.crypto, options);
    try {
      await remote.client.prove(options.as, await secretFrom(io, options.passwordEnv, '口令'), async (message) => officer.sign(message), async (box, challenge) => proveBoxTerminal(remote.crypto, folder, box, challenge));
    } finally {
      await officer.close();
    }
  });
  return remote;
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EHOSTUNREACH', 'ETIMEDOUT', 'EPIPE']);

/** Runs what asks the box; its refusals come back with their own code, a box that is not there as `E_BOX_UNREACHABLE`. */
export async function answered<T>(work: () => Promise<T>): Promise<T> {
  const { Refused } = await import('../remote/client.js');
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refused && isErrorCode(error.code)) throw new ArchiveError(error.code, error.facts, error.details as readonly ErrorDetail[]);
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
    if (UNREACHABLE.has(code) || /CERT|SSL|TLS/u.test(code)) throw new ArchiveError('E_BOX_UNREACHABLE', {}, [{ at: 'url', message: code }]);
    throw error;
  }
}
