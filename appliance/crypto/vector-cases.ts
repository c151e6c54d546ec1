/** How each shape of test vector is judged. `valid: false` must be refused by answer or by a typed error. */
import { ArchiveError } from '../../core/errors.js';
import { verifyChain } from './certificate-chain.js';
import { certificatesOf } from './certificate.js';
import { zValue } from './node-provider.js';
import { evpKey, evpVerify } from './openssl-evp.js';
import { onePem } from './pem.js';
import type { CryptoProvider, PrivateKey, Sm4Mode } from './provider.js';
import type { SecondVerifier } from './sm-crypto-adapter.js';
import { toSpki, writeCiphertext, writeSignature } from './sm2-curve.js';

export type VectorCase = Readonly<Record<string, unknown>>;
export interface World {
  readonly provider: CryptoProvider;
  readonly second: SecondVerifier;
  lookUp(file: string, list: string): readonly VectorCase[];
}
interface CaseKind {
  fits(one: VectorCase): boolean;
  /** A reason, where the product does not offer what the case needs. */
  skip?(one: VectorCase): string | undefined;
  run(one: VectorCase, world: World): boolean | Promise<boolean>;
}

const has = (...names: readonly string[]) => (one: VectorCase): boolean => names.every((name) => one[name] !== undefined);
const str = (one: VectorCase, name: string): string => {
  const value = one[name];
  if (typeof value !== 'string') throw new Error(`${name} is not text`);
  return value;
};
const num = (one: VectorCase, name: string): number => {
  const value = one[name];
  if (typeof value !== 'number') throw new Error(`${name} is not a number`);
  return value;
};
const hex = (text: string): Uint8Array => {
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) throw new Error('not hex');
  return Uint8Array.from(Buffer.from(text, 'hex'));
};
/** Bytes of `nameHex`, `nameText` or `nameB64`. */
function bytes(one: VectorCase, name: string): Uint8Array {
  if (typeof one[`${name}Hex`] === 'string') return hex(str(one, `${name}Hex`));
  if (typeof one[`${name}Text`] === 'string') return Buffer.from(str(one, `${name}Text`), 'utf8');
  return Buffer.from(str(one, `${name}B64`), 'base64');
}
const carries = (name: string) => (one: VectorCase): boolean => ['Hex', 'Text', 'B64'].some((form) => typeof one[`${name}${form}`] === 'string');
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

function orRefused<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof ArchiveError) return undefined;
    throw error;
  }
}

const MODES: Readonly<Record<string, [padded: Sm4Mode, raw: Sm4Mode]>> = { 'sm4-ecb': ['ecb', 'ecb'], 'sm4-cbc': ['cbc', 'cbc-raw'], 'sm4-ctr': ['ctr', 'ctr'] };

const sm4: CaseKind = {
  fits: (one) => has('key', 'ciphertextHex')(one) && carries('plaintext')(one) && (one['mode'] !== undefined || one['standard'] !== undefined),
  skip: (one) => (typeof one['mode'] === 'string' && one['mode'] in MODES ? undefined : `本产品不提供 ${String(one['mode'] ?? 'sm4-xts')}`),
  run(one, { provider }) {
    const [padded, raw] = MODES[str(one, 'mode')] ?? ['ecb', 'ecb'];
    const mode = one['padding'] === 'none' ? raw : padded;
    const [key, iv] = [hex(str(one, 'key')), typeof one['iv'] === 'string' ? hex(one['iv']) : new Uint8Array(0)];
    const [plain, cipher] = [bytes(one, 'plaintext'), hex(str(one, 'ciphertextHex'))];
    const rounds = Number(one['rounds'] ?? one['iterations'] ?? 1);
    let closed = plain;
    for (let round = 0; round < rounds; round++) closed = provider.sm4Encrypt(mode, key, iv, closed);
    return same(closed, cipher) && (rounds > 1 || same(provider.sm4Decrypt(mode, key, iv, cipher), plain));
  },
};

const sm4File: CaseKind = {
  fits: has('kind', 'plaintextB64', 'ciphertextB64'),
  async run(one, { provider }) {
    let [key, iv] = [hex(str(one, 'key')), hex(str(one, 'iv'))];
    let cipher = Buffer.from(str(one, 'ciphertextB64'), 'base64');
    if (one['kind'] === 'openssl-salted') {
      const file = Buffer.from(str(one, 'fileB64'), 'base64');
      const made = await provider.pbkdf2Sm3(bytes({ pText: one['passphrase'] }, 'p'), file.subarray(8, 16), num(one, 'iterations'), 32);
      if (file.subarray(0, 8).toString('latin1') !== 'Salted__' || !same(made, Buffer.concat([key, iv]))) return false;
      [key, iv, cipher] = [made.subarray(0, 16), made.subarray(16), file.subarray(16)];
    }
    const plain = Buffer.from(str(one, 'plaintextB64'), 'base64');
    return same(provider.sm4Encrypt('cbc', key, iv, plain), cipher) && same(provider.sm4Decrypt('cbc', key, iv, cipher), plain)
      && same(provider.sm3(plain), hex(str(one, 'plaintextSm3')));
  },
};

const sm3: CaseKind = {
  fits: (one) => has('sm3')(one) && carries('message')(one),
  run(one, { provider, second }) {
    const unit = bytes(one, 'message');
    const message = Buffer.concat(Array.from({ length: Number(one['repeat'] ?? 1) }, () => unit));
    const expected = hex(str(one, 'sm3'));
    return same(provider.sm3(message), expected) && (message.length > 1_000_000 || same(second.sm3(message), expected));
  },
};

const hmac: CaseKind = {
  fits: has('keyHex', 'messageHex', 'hmacSm3'),
  run: (one, { provider, second }) => [provider, second].every((by) => same(by.hmacSm3(bytes(one, 'key'), bytes(one, 'message')), hex(str(one, 'hmacSm3')))),
};

const wycheproofMac: CaseKind = {
  fits: (one) => one['groupType'] === 'MacTest' && has('key', 'msg', 'tag', 'result')(one),
  run(one, { provider }) {
    const tag = provider.hmacSm3(hex(str(one, 'key')), hex(str(one, 'msg'))).subarray(0, num(one, 'tagSize') / 8);
    return one['result'] === 'acceptable' || provider.equal(tag, hex(str(one, 'tag'))) === (one['result'] === 'valid');
  },
};

const aead: CaseKind = {
  fits: (one) => one['groupType'] === 'AeadTest' || has('aadHex', 'tagHex')(one),
  skip: (one) => `本产品不提供 ${String(one['mode'] ?? 'SM4-GCM/SM4-CCM')}`,
  run: () => false,
};

const kdf: CaseKind = {
  fits: has('kdf', 'outHex', 'length'),
  async run(one, { provider }) {
    const salt = bytes(one, 'salt');
    if (str(one, 'kdf').startsWith('PBKDF2')) {
      return same(await provider.pbkdf2Sm3(Buffer.from(str(one, 'password'), 'utf8'), salt, num(one, 'iterations'), num(one, 'length')), bytes(one, 'out'));
    }
    const secret = hex(str(one, ['ikmHex', 'secretHex', 'keyHex'].find((name) => typeof one[name] === 'string') ?? 'ikmHex'));
    return same(provider.hkdfSm3(secret, salt, carries('info')(one) ? bytes(one, 'info') : new Uint8Array(0), num(one, 'length')), bytes(one, 'out'));
  },
};

const prehashed: CaseKind = {
  fits: (one) => has('e', 'signatureDer')(one) && one['messageHex'] === undefined,
  run(one, world) {
    const { publicKey } = privateKeyOf(one, world);
    const [e, signature] = [hex(str(one, 'e')), hex(str(one, 'signatureDer'))];
    return [evpVerify(evpKey('public', toSpki(publicKey)), signature, e), world.second.verifyDigest(e, signature, publicKey)].every((good) => good === (one['valid'] ?? true));
  },
};

const signature: CaseKind = {
  fits: (one) => has('publicKey', 'messageHex')(one) && (has('signatureDer')(one) || has('signatureRaw')(one)),
  run(one, { provider, second }) {
    const [key, message, id] = [hex(str(one, 'publicKey')), bytes(one, 'message'), typeof one['userId'] === 'string' ? one['userId'] : undefined];
    const valid = one['valid'] ?? true;
    const raw = typeof one['signatureRaw'] === 'string' ? hex(one['signatureRaw']) : undefined;
    const forms = [
      ...(typeof one['signatureDer'] === 'string' ? [hex(one['signatureDer'])] : []),
      ...(raw?.length === 64 ? [writeSignature(raw.subarray(0, 32), raw.subarray(32))] : []),
    ];
    const numbers = !valid || typeof one['z'] !== 'string'
      || (same(zValue(key, id), hex(one['z'])) && (typeof one['e'] !== 'string' || same(provider.sm3(zValue(key, id), message), hex(one['e']))));
    const judged = forms.every((form) => [provider, second].every((by) => (orRefused(() => by.verify(message, form, key, id)) ?? false) === valid));
    if (!valid || typeof one['privateKey'] !== 'string') return numbers && judged && (valid === false || forms.length > 0);
    const own = provider.loadPrivateKey(hex(one['privateKey']));
    return numbers && judged && forms.length > 0 && same(own.publicKey, key) && second.verify(message, provider.sign(message, own, id), key, id);
  },
};

function privateKeyOf(one: VectorCase, { provider, lookUp }: World): PrivateKey {
  if (typeof one['privateKey'] === 'string') return provider.loadPrivateKey(hex(one['privateKey']));
  const pem = str(one, 'privateKeyPem');
  const [, file, list] = /^\(key of (\S+) (\w+)\)$/.exec(pem) ?? [];
  const source = file === undefined || list === undefined ? pem : str(lookUp(file, list)[0] ?? {}, 'privateKeyPem');
  return provider.loadPrivateKey(onePem(source, 'PRIVATE KEY', 'EC PRIVATE KEY').der);
}

const encryption: CaseKind = {
  fits: (one) => ['ciphertextDer', 'ciphertextC1C3C2', 'ciphertextC1C2C3'].some((name) => typeof one[name] === 'string'),
  run(one, world) {
    const key = privateKeyOf(one, world);
    const forms: Uint8Array[] = typeof one['ciphertextDer'] === 'string' ? [hex(one['ciphertextDer'])] : [];
    for (const order of ['ciphertextC1C3C2', 'ciphertextC1C2C3'] as const) {
      if (typeof one[order] !== 'string') continue;
      const given = hex(one[order]);
      const raw = given.length % 2 === 1 && given[0] === 4 && one['plaintextHex'] !== undefined && given.length === str(one, 'plaintextHex').length / 2 + 97 ? given.subarray(1) : given;
      const point = Uint8Array.of(4, ...raw.subarray(0, 64));
      const rest = raw.subarray(64);
      forms.push(order === 'ciphertextC1C3C2'
        ? writeCiphertext(point, rest.subarray(0, 32), rest.subarray(32))
        : writeCiphertext(point, rest.subarray(-32), rest.subarray(0, -32)));
    }
    const opened = forms.map((form) => orRefused(() => world.provider.sm2Decrypt(form, key)));
    if (one['valid'] === false) return opened.every((plain) => plain === undefined);
    const expected = bytes(one, 'plaintext');
    const back = world.provider.sm2Decrypt(world.provider.sm2Encrypt(expected, key.publicKey), key);
    return opened.every((plain) => plain !== undefined && same(plain, expected)) && same(back, expected);
  },
};

const chain: CaseKind = {
  fits: has('chainPem', 'trustedRootPem', 'verifyAt'),
  run(one, { provider }) {
    const list = one['chainPem'];
    if (!Array.isArray(list)) return false;
    const verdict = orRefused(() => verifyChain(provider, {
      chain: list.flatMap((pem: unknown) => certificatesOf(String(pem))), anchors: certificatesOf(str(one, 'trustedRootPem')),
      at: str(one, 'verifyAt'), ...(typeof one['distid'] === 'string' ? { id: one['distid'] } : {}),
    }));
    return (verdict?.valid ?? false) === one['valid'];
  },
};

const named = (name: string, reason: string, ...fields: readonly string[]): CaseKind => ({
  fits: (one) => fields.some((field) => field in one) || String(one['name'] ?? one['id'] ?? '').includes(name), skip: () => reason, run: () => false,
});

/** In this order: the first kind that fits judges. */
export const CASE_KINDS: readonly CaseKind[] = [
  wycheproofMac, aead, sm4File, sm4, sm3, hmac, kdf, chain, prehashed, signature, encryption,
  named('exchange', '本产品不提供 SM2 密钥交换', 'sharedKey', 'sharedKeyHex', 'ephemeralA', 'ra', 'rA'),
];
