import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import { canonicalBytes } from '../../core/canonical.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { toPem } from '../../appliance/crypto/pem.js';
import { parseCertificate } from '../../appliance/crypto/certificate.js';
import { toSpki } from '../../appliance/crypto/sm2-curve.js';
import type { PrivateKey } from '../../appliance/crypto/provider.js';
import type { SignedReceipt } from '../../core/source-request.js';
import type { OnlineItem } from '../../policies/schemas/source.js';
import { sm3 } from './office.js';
import type { Answer } from './box.js';

/**
 * A business system that hands in online, as a supplier would write it. It needs an SM2 key, SM3, canonical JSON (RFC 8785) and HTTPS:
 *
 * 1. The system makes its key pair; the public half (PEM) is registered in 来源系统, and the box gives a certificate and its own chain.
 * 2. Every request is `PUT /api/online.<verb>?source&at&nonce&sm3&signature` with the body as bytes. `sm3` is the digest of the body;
 *    the signature is over the canonical JSON of `act` and every other part of the query. Numbers of the query (`position`, `offset`) stay numbers.
 * 3. What is answered is kept: the receipt is signed by the box over its canonical JSON.
 */
export class SourceClient {
  readonly #provider = new NodeProvider();
  readonly #key: PrivateKey;

  constructor(private url: string, readonly code: string) {
    this.#key = this.#provider.generateKeyPair();
  }

  /** The box answers elsewhere from now on. */
  moved(url: string): void {
    this.url = url;
  }

  /** For the register. */
  get publicKey(): string {
    return toPem('PUBLIC KEY', toSpki(this.#key.publicKey));
  }

  /** An item with its contents inside; `large` ones are only announced and follow in parts. */
  item(key: string, more: Partial<OnlineItem> & Pick<OnlineItem, 'department' | 'description'>, files: readonly { readonly name: string; readonly content: Buffer; readonly large?: boolean }[]): OnlineItem {
    return {
      key, level: 0, events: [{ activity: 'draft', status: 'historical', at: '2026-05-06T01:00:00Z', by: '段文' }, { activity: 'sign_off', status: 'historical', at: '2026-05-06T08:00:00Z', by: '李建国', mandate: '单位职责' }], ...more,
      files: files.map(({ name, content, large }) => ({ name, bytes: content.length, sm3: sm3(content), ...(large === true ? {} : { content: content.toString('base64') }) })),
    };
  }

  /** The signed query of a request; a caller that repeats it is refused. */
  sign(act: string, body: Buffer, more: Readonly<Record<string, string | number>> = {}, at = new Date().toISOString()): Readonly<Record<string, string | number>> {
    const said = { source: this.code, at, nonce: randomBytes(18).toString('base64url'), sm3: sm3(body), ...more };
    return { ...said, signature: Buffer.from(this.#provider.sign(canonicalBytes({ act, ...said }), this.#key)).toString('base64url') };
  }

  async call<T = Record<string, never>>(verb: string, body: unknown, more: Readonly<Record<string, string | number>> = {}): Promise<Answer<T>> {
    const [act, bytes] = [`online.${verb}`, Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))];
    return this.send(act, this.sign(act, bytes, more), bytes);
  }

  async send<T = Record<string, never>>(act: string, query: Readonly<Record<string, string | number>>, body: Buffer): Promise<Answer<T>> {
    const address = new URL(`/api/${act}`, this.url);
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, String(value));
    return new Promise((resolve, reject) => {
      const outgoing = request(address, { method: 'PUT', rejectUnauthorized: false, headers: { 'content-type': 'application/octet-stream', 'content-length': body.length } }, (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const bytes = Buffer.concat(parts);
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, bytes, body: JSON.parse(bytes.toString('utf8')) as T });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** Sends a file that was only announced, part by part; the answer to the last part of the last file is the receipt. */
  async sendParts<T>(key: string, position: number, content: Buffer, partBytes: number, from = 0): Promise<Answer<T>> {
    for (let offset = from; ; offset += partBytes) {
      const part = content.subarray(offset, offset + partBytes);
      const answer = await this.call<T>('upload', part, { key, position, offset });
      if (answer.status !== 200 || offset + part.length >= content.length) return answer;
    }
  }

  /** Whether the box whose chain was given at registration signed this. */
  holds({ receipt, signature }: SignedReceipt, boxCertificate: string): boolean {
    return this.#provider.verify(canonicalBytes(receipt), Buffer.from(signature, 'base64url'), parseCertificate(boxCertificate).publicKey);
  }
}
