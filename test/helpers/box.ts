import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomIds, systemClock } from '../../appliance/clock.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { openKeyFile, readKeyFile } from '../../appliance/crypto/key-file.js';
import type { PrivateKey } from '../../appliance/crypto/provider.js';
import { foundRehearsal } from '../../appliance/founding/rehearsal.js';
import { signInMessage } from '../../appliance/identity/sign-in.js';
import { listen } from '../../appliance/server/listen.js';
import type { Running } from '../../appliance/server/listen.js';
import type { MachineClock } from '../../appliance/clock-guard.js';
import type { StorageProbe } from '../../appliance/alarms/probes.js';
import type { Clock, Ids } from '../../core/ports.js';

/** What a test needs of ava's context: something that runs when it ends. */
export interface Teardown { teardown(work: () => unknown): void }

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly bytes: Buffer;
  /** The JSON body; for a refusal the problem document. */
  readonly body: T;
}

/** A person at a terminal: holds the cookie, the CSRF token and the key file. */
export interface Client {
  readonly account: string;
  readonly person: string;
  readonly key: PrivateKey;
  get<T = Record<string, never>>(act: string, query?: Readonly<Record<string, string | number | boolean>>): Promise<Answer<T>>;
  post<T = Record<string, never>>(act: string, body?: unknown): Promise<Answer<T>>;
  put<T = Record<string, never>>(act: string, query: Readonly<Record<string, string | number | boolean>>, bytes: Buffer): Promise<Answer<T>>;
  /** Signs a text with the person's key: DER, base64url, as the console does. */
  sign(text: string): string;
}

export interface RehearsalPerson { readonly account: string; readonly pin: string; readonly password: string; readonly keyFile: string }

export interface TestBox {
  readonly data: string;
  readonly running: Running;
  readonly url: string;
  anonymous(): Pick<Client, 'get' | 'post'>;
  as(account: string): Promise<Client>;
  stop(): Promise<void>;
}

export interface TestBoxOptions { readonly data?: string; readonly clock?: MachineClock; readonly storage?: StorageProbe; readonly ids?: Ids; readonly mode?: 'unit' | 'repository'; readonly sysfs?: string }

/** The machine's clock without its counter: a test machine that was held up is no fault of the box. */
const testClock = (): Clock => { const { now, today } = systemClock(); return { now, today }; };

/** A rehearsal box of this test's own, listening on loopback at a port of its own. */
export async function openTestBox(t: Teardown, options: TestBoxOptions = {}): Promise<TestBox> {
  const data = options.data ?? path.join(await mkdtemp(path.join(tmpdir(), 'shouzang-')), 'data');
  const [clock, ids] = [options.clock ?? testClock(), options.ids ?? randomIds()];
  if (options.data === undefined) await foundRehearsal(data, clock, ids, options.mode ?? 'unit');
  const running = await listen({ data, host: '127.0.0.1', port: 0, clock, ids, logLevel: 'silent', ...(options.storage === undefined ? {} : { storage: options.storage }), ...(options.sysfs === undefined ? {} : { sysfs: options.sysfs }) });
  let open = true;
  const stop = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await running.close();
  };
  t.teardown(async () => {
    await stop();
    if (options.data === undefined) await rm(path.dirname(data), { recursive: true, force: true });
  });
  return { data, running, url: running.url, anonymous: () => connection(running.url, {}), as: async (account) => signIn(running.url, account), stop };
}

interface Credentials { cookie?: string; csrf?: string }

function connection(url: string, credentials: Credentials): Pick<Client, 'get' | 'post' | 'put'> {
  const send = async <T>(method: string, act: string, query: Readonly<Record<string, unknown>>, bytes: Buffer | undefined, type: string): Promise<Answer<T>> =>
    new Promise((resolve, reject) => {
      const address = new URL(`/api/${act}`, url);
      for (const [key, value] of Object.entries(query)) address.searchParams.set(key, String(value));
      const outgoing = request(address, {
        method, rejectUnauthorized: false,
        headers: {
          ...(credentials.cookie === undefined ? {} : { cookie: credentials.cookie }), ...(credentials.csrf === undefined ? {} : { 'x-csrf-token': credentials.csrf }),
          ...(bytes === undefined ? {} : { 'content-type': type, 'content-length': bytes.length }),
        },
      }, (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const [cookie] = incoming.headers['set-cookie'] ?? [];
          if (cookie !== undefined) credentials.cookie = cookie.split(';')[0] ?? '';
          const whole = Buffer.concat(parts);
          const json = /^application\/(problem\+)?json/u.test(incoming.headers['content-type'] ?? '');
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, bytes: whole, body: (json ? JSON.parse(whole.toString('utf8')) : {}) as T });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(bytes);
    });
  return {
    get: async (act, query = {}) => send('GET', act, query, undefined, ''),
    post: async (act, body = {}) => send('POST', act, {}, Buffer.from(JSON.stringify(body)), 'application/json'),
    put: async (act, query, bytes) => send('PUT', act, query, bytes, 'application/octet-stream'),
  };
}

/** Signs in as the console does: challenge, key file, PIN, signature, password. */
export async function signIn(url: string, account: string): Promise<Client> {
  const provider = new NodeProvider();
  const credentials: Credentials = {};
  const wire = connection(url, credentials);
  const { body: { people } } = await wire.get<{ people: RehearsalPerson[] }>('rehearsal.people');
  const who = people.find((one) => one.account === account);
  if (!who) throw new Error(`no rehearsal person ${account}`);
  const key = await openKeyFile(provider, readKeyFile(who.keyFile), who.pin);
  const sign = (text: string): string => Buffer.from(provider.sign(Buffer.from(text), key)).toString('base64url');
  const { body: { challenge, box } } = await wire.post<{ challenge: string; box: string }>('session.challenge', { account });
  const answer = await wire.post<{ person: string; code?: string }>('session.sign-in', { account, password: who.password, challenge, signature: sign(signInMessage(box, account, challenge)) });
  if (answer.status !== 200) throw new Error(`sign-in of ${account} refused: ${String(answer.body.code)}`);
  const { body: session } = await wire.get<{ csrfToken: string }>('session.current');
  credentials.csrf = session.csrfToken;
  return { account, person: answer.body.person, key, sign, ...wire };
}

export const SEGMENT_BYTES = 4 * 1024 * 1024;

/** Uploads one file in segments; the answer to the last one. */
export async function upload(client: Client, batch: string, fileName: string, content: Buffer, more: Readonly<Record<string, unknown>> = {}): Promise<Answer<{ done: boolean; record: string; state: string; file: { id: string; verdict: string; findings: { code: string }[] } }>> {
  const begun = await client.post<{ upload: string }>('capture.begin-upload', { batch, fileName, bytes: content.length, ...more });
  if (begun.status !== 200) return begun as never;
  for (let offset = 0; ; offset += SEGMENT_BYTES) {
    const part = content.subarray(offset, offset + SEGMENT_BYTES);
    const answer = await client.put<{ done: boolean; record: string; state: string; file: { id: string; verdict: string; findings: { code: string }[] } }>('capture.upload', { upload: begun.body.upload, offset }, part);
    if (answer.status !== 200 || answer.body.done) return answer;
  }
}
