import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { PdfDict, PdfName, PdfText, nameOf, type PdfValue } from './objects.js';

/** 标准安全处理程序 (ISO 32000-2 §7.6.4) opened with the empty user password, so that owner-locked files can be searched. */
export interface Security {
  /** `Standard`, `Adobe.PubSec`, … */
  readonly handler: string;
  readonly revision: number;
  /** False: a password or a private key is needed; nothing is decrypted. */
  readonly opensWithoutPassword: boolean;
  decrypt(bytes: Buffer, owner: { readonly num: number; readonly gen: number }, dict: PdfDict): Buffer;
}

const PADDING = Buffer.from('28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A', 'hex');
const md5 = (...parts: Buffer[]): Buffer => createHash('md5').update(Buffer.concat(parts)).digest();

function rc4(key: Buffer, data: Buffer): Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (let i = 0, j = 0; i < 256; i += 1) {
    j = (j + (state[i] ?? 0) + (key[i % key.length] ?? 0)) & 255;
    [state[i], state[j]] = [state[j] ?? 0, state[i] ?? 0];
  }
  const out = Buffer.alloc(data.length);
  for (let n = 0, i = 0, j = 0; n < data.length; n += 1) {
    i = (i + 1) & 255;
    j = (j + (state[i] ?? 0)) & 255;
    [state[i], state[j]] = [state[j] ?? 0, state[i] ?? 0];
    out[n] = (data[n] ?? 0) ^ (state[((state[i] ?? 0) + (state[j] ?? 0)) & 255] ?? 0);
  }
  return out;
}

function aesCbc(key: Buffer, data: Buffer, iv: Buffer, padded: boolean): Buffer {
  const cut = data.subarray(0, data.length - (data.length % 16));
  const cipher = createDecipheriv(`aes-${String(key.length * 8)}-cbc`, key, iv);
  cipher.setAutoPadding(false);
  const out = Buffer.concat([cipher.update(cut), cipher.final()]);
  const pad = out[out.length - 1] ?? 0;
  return padded && pad >= 1 && pad <= 16 ? out.subarray(0, out.length - pad) : out;
}

/** Algorithm 2.B of ISO 32000-2. */
function hash2b(password: Buffer, salt: Buffer, revision: number): Buffer {
  let key = createHash('sha256').update(Buffer.concat([password, salt])).digest();
  if (revision < 6) return key;
  for (let round = 0, last = 0; round < 64 || last > round - 32; round += 1) {
    const block = Buffer.concat(Array.from({ length: 64 }, () => Buffer.concat([password, key])));
    const cipher = createCipheriv('aes-128-cbc', key.subarray(0, 16), key.subarray(16, 32));
    cipher.setAutoPadding(false);
    const mixed = cipher.update(block);
    const choice = mixed.subarray(0, 16).reduce((sum, octet) => sum + octet, 0) % 3;
    key = createHash(['sha256', 'sha384', 'sha512'][choice] ?? 'sha256').update(mixed).digest();
    last = mixed[mixed.length - 1] ?? 0;
  }
  return key.subarray(0, 32);
}

function legacyKey(id: Buffer, revision: number, octets: number, owner: Buffer, permissions: number, metadata: boolean): Buffer {
  const p = Buffer.alloc(4);
  p.writeInt32LE(permissions | 0);
  let key = md5(PADDING, owner.subarray(0, 32), p, id, revision >= 4 && !metadata ? Buffer.from([255, 255, 255, 255]) : Buffer.alloc(0));
  if (revision >= 3) for (let i = 0; i < 50; i += 1) key = md5(key.subarray(0, octets));
  return key.subarray(0, octets);
}

function legacyUser(key: Buffer, id: Buffer, revision: number): Buffer {
  if (revision < 3) return rc4(key, PADDING);
  let value = rc4(key, md5(PADDING, id));
  for (let i = 1; i < 20; i += 1) value = rc4(Buffer.from(key.map((octet) => octet ^ i)), value);
  return value;
}

/** Reads the encryption dictionary; never throws, an odd dictionary is simply not opened. */
export function openSecurity(encrypt: PdfDict, id: Buffer, resolve: (value: PdfValue) => PdfValue): Security {
  const handler = nameOf(resolve(encrypt.get('Filter'))) ?? 'unknown';
  const number = (key: string, otherwise: number): number => {
    const value = resolve(encrypt.get(key));
    return typeof value === 'number' ? value : otherwise;
  };
  const octetsOf = (key: string): Buffer => {
    const value = resolve(encrypt.get(key));
    return value instanceof PdfText ? value.bytes : Buffer.alloc(0);
  };
  const revision = number('R', 0);
  const version = number('V', 0);
  const closed: Security = { handler, revision, opensWithoutPassword: false, decrypt: (bytes) => bytes };
  if (handler !== 'Standard') return closed;
  let method = version >= 4 ? 'None' : 'V2';
  let octets = version === 1 ? 5 : Math.min(16, Math.max(5, number('Length', 40) / 8));
  if (version >= 4) {
    const filters = resolve(encrypt.get('CF'));
    const named = nameOf(resolve(encrypt.get('StmF'))) ?? 'Identity';
    const filter = filters instanceof PdfDict ? resolve(filters.get(named)) : null;
    method = filter instanceof PdfDict ? (nameOf(resolve(filter.get('CFM'))) ?? 'None') : 'None';
    if (version === 4) octets = 16;
  }
  try {
    let key: Buffer;
    if (revision >= 5) {
      const user = octetsOf('U');
      if (!hash2b(Buffer.alloc(0), user.subarray(32, 40), revision).equals(user.subarray(0, 32))) return closed;
      key = aesCbc(hash2b(Buffer.alloc(0), user.subarray(40, 48), revision), octetsOf('UE').subarray(0, 32), Buffer.alloc(16), false);
    } else {
      key = legacyKey(id, revision, octets, octetsOf('O'), number('P', 0), resolve(encrypt.get('EncryptMetadata')) !== false);
      const compared = revision < 3 ? 32 : 16;
      if (!legacyUser(key, id, revision).subarray(0, compared).equals(octetsOf('U').subarray(0, compared))) return closed;
    }
    return {
      handler,
      revision,
      opensWithoutPassword: true,
      decrypt(bytes, owner, dict) {
        if (method === 'None' || (dict.get('Type') instanceof PdfName && nameOf(dict.get('Type')) === 'XRef')) return bytes;
        try {
          if (revision >= 5) return aesCbc(key, bytes.subarray(16), bytes.subarray(0, 16), true);
          const tail = Buffer.from([owner.num & 255, (owner.num >> 8) & 255, (owner.num >> 16) & 255, owner.gen & 255, (owner.gen >> 8) & 255]);
          const own = md5(key, tail, method === 'AESV2' ? Buffer.from('sAlT') : Buffer.alloc(0)).subarray(0, Math.min(16, key.length + 5));
          return method === 'AESV2' ? aesCbc(own, bytes.subarray(16), bytes.subarray(0, 16), true) : rc4(own, bytes);
        } catch {
          return bytes;
        }
      },
    };
  } catch {
    return closed;
  }
}
