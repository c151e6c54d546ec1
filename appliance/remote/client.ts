import { request } from 'node:https';
import type { CryptoProvider, PrivateKey } from '../crypto/provider.js';
import { openKeyFile, readKeyFile } from '../crypto/key-file.js';
import { signInMessage } from '../identity/sign-in.js';
import type { TerminalProof } from '../identity/terminal-service.js';

/** One of the people that a rehearsal box offers on its sign-in page. */
export interface RehearsalPerson {
  readonly account: string;
  readonly name: string;
  readonly position: string;
  readonly clearance: number;
  readonly pin: string;
  readonly password: string;
  readonly keyFile: string;
}

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly type: string;
  readonly body: T;
  readonly bytes: Buffer;
}

/** What signing in takes: the text of a key file, its PIN, the password. */
export type Credentials = Pick<RehearsalPerson, 'account' | 'pin' | 'password' | 'keyFile'>;

/** A refusal of the box, with its catalogue code. */
export class Refused extends Error {
  constructor(
    readonly act: string, readonly status: number, readonly code: string, detail: string, readonly details: readonly unknown[],
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(`${act}: ${code} ${detail} ${JSON.stringify(details).slice(0, 600)}`);
    this.name = 'Refused';
  }
}

/** The HTTP API as the console uses it: one session, its cookie and its token against forged requests. */
export class Client {
  #cookie = '';
  #csrf = '';
  #key: PrivateKey | undefined;
  /** Id of who signed in. */
  person = '';

  /** @param certificate PEM of the box's listener, which is the only one trusted */
  constructor(private readonly url: string, private readonly certificate: string, private readonly crypto: CryptoProvider) {}

  /** 登录: the key file signs the challenge, as the browser does. */
  async signIn(person: Credentials): Promise<void> {
    const key = await openKeyFile(this.crypto, readKeyFile(person.keyFile), person.pin);
    await this.prove(person.account, person.password, async (message) => Promise.resolve(this.crypto.sign(message, key)));
    this.#key = key;
  }

  /**
   * The same with whatever signs for the person, such as a token.
   * @param terminal proves where somebody sits, if at a registered terminal
   */
  async prove(account: string, password: string, sign: (message: Uint8Array) => Promise<Uint8Array>, terminal: (box: string, challenge: string) => Promise<TerminalProof | null> = async () => Promise.resolve(null)): Promise<void> {
    const { challenge, box } = await this.post<{ challenge: string; box: string }>('session.challenge', { account });
    const message = Buffer.from(signInMessage(box, account, challenge));
    const signature = Buffer.from(await sign(message)).toString('base64url');
    const proof = await terminal(box, challenge);
    await this.post('session.sign-in', { account, password, challenge, signature, ...(proof === null ? {} : { terminal: proof }) });
    const { csrfToken, person: who } = await this.get<{ csrfToken: string; person: { id: string } }>('session.current', {});
    this.#csrf = csrfToken;
    this.person = who.id;
  }

  /** The person's SM2 signature over what is decided: DER, base64url. */
  sign(statement: string): string {
    if (this.#key === undefined) throw new Error('nobody signed in');
    return Buffer.from(this.crypto.sign(Buffer.from(statement), this.#key)).toString('base64url');
  }

  async get<T = Record<string, unknown>>(act: string, input: Readonly<Record<string, string | number | boolean>>): Promise<T> {
    return (await this.accepted<T>('GET', act, input)).body;
  }

  async post<T = Record<string, unknown>>(act: string, input: object): Promise<T> {
    return (await this.accepted<T>('POST', act, {}, Buffer.from(JSON.stringify(input)), 'application/json')).body;
  }

  async put<T = Record<string, unknown>>(act: string, input: Readonly<Record<string, string | number | boolean>>, bytes: Buffer): Promise<T> {
    return (await this.accepted<T>('PUT', act, input, bytes, 'application/octet-stream')).body;
  }

  /** Content as it is: a page as a picture, an export. */
  async bytes(act: string, input: Readonly<Record<string, string | number>>): Promise<Buffer> {
    return (await this.accepted('GET', act, input)).bytes;
  }

  /** Whatever the box answers, refusals too. */
  async raw<T = Record<string, unknown>>(
    method: string, act: string, input: Readonly<Record<string, string | number | boolean>>, bytes?: Buffer, type?: string,
  ): Promise<Answer<T>> {
    const query = new URLSearchParams(Object.entries(input).map(([name, value]): [string, string] => [name, String(value)]));
    return new Promise((resolve, reject) => {
      const asked = request(`${this.url}/api/${act}${query.size > 0 ? `?${query}` : ''}`, {
        method, ca: this.certificate,
        headers: {
          ...(this.#cookie === '' ? {} : { cookie: this.#cookie }), ...(this.#csrf === '' ? {} : { 'x-csrf-token': this.#csrf }),
          ...(bytes === undefined ? {} : { 'content-type': type, 'content-length': bytes.length }),
        },
      }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => {
          for (const cookie of answer.headers['set-cookie'] ?? []) this.#cookie = cookie.split(';', 1)[0] ?? '';
          const whole = Buffer.concat(parts);
          const kind = answer.headers['content-type'] ?? '';
          const body: unknown = /^application\/(?:problem\+)?json\b/.test(kind) && whole.length > 0 ? JSON.parse(whole.toString('utf8')) : {};
          resolve({ status: answer.statusCode ?? 0, type: kind, body: body as T, bytes: whole });
        });
      });
      asked.on('error', reject);
      asked.end(bytes);
    });
  }

  private async accepted<T>(method: string, act: string, input: Readonly<Record<string, string | number | boolean>>, bytes?: Buffer, type?: string): Promise<Answer<T>> {
    const answer = await this.raw<T>(method, act, input, bytes, type);
    if (answer.status < 300) return answer;
    const problem = answer.body as { code?: string; detail?: string; details?: unknown[]; facts?: Record<string, unknown> };
    throw new Refused(act, answer.status, problem.code ?? 'E_INTERNAL', problem.detail ?? '', problem.details ?? [], problem.facts ?? {});
  }
}
