/**
 * 密码自检: runs at every start, before anything else. A provider that gives one wrong answer, or accepts one thing it must
 * refuse, is not used and the box does not start. Known answers first, then two implementations against each other on
 * fresh random input, so that a stored answer alone cannot satisfy it.
 * @see GM/T 0062-2018 (power-on tests of cryptographic modules), GB/T 37092-2018 clause on self-tests
 */
import { ArchiveError } from '../../core/errors.js';
import { provesWiping } from '../keystore/wipe-proof.js';
import { concat } from './der.js';
import type { CryptoProvider, Sm4Mode } from './provider.js';
import type { SecondVerifier } from './sm-crypto-adapter.js';
import { readSignature, writeSignature } from './sm2-curve.js';

export interface SelfTestRow {
  /** e.g. `SM3 GB/T 32905 A.1` */
  readonly name: string;
  readonly passed: boolean;
}
export interface SelfTestReport {
  readonly provider: string;
  readonly second: string;
  readonly passed: boolean;
  readonly rows: readonly SelfTestRow[];
}

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const none = new Uint8Array(0);

const KEY = hex('0123456789abcdeffedcba9876543210');
const PUBLISHED = {
  key: hex('0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13'),
  d: hex('3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8'),
  message: text('message digest'),
  signature: writeSignature(
    hex('f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3'),
    hex('b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa'),
  ),
};

type Check = (provider: CryptoProvider, second: SecondVerifier) => boolean | Promise<boolean>;
const CHECKS: Readonly<Record<string, Check>> = {
  'SM3 GB/T 32905-2016 A.1': (p, s) => [p.sm3(text('abc')), s.sm3(text('abc'))]
    .every((one) => same(one, hex('66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0'))),
  'SM3 GB/T 32905-2016 A.2': (p) => same(p.sm3(text('abcd'.repeat(8)), text('abcd'.repeat(8))),
    hex('debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732')),
  'HMAC-SM3 GM/T 0042-2015 D.3': (p, s) => {
    const key = hex('0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20');
    const message = text('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'.repeat(2));
    const expected = hex('ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a');
    return same(p.hmacSm3(key, message), expected) && same(s.hmacSm3(key, message), expected);
  },
  'PBKDF2-HMAC-SM3': async (p) => same(await p.pbkdf2Sm3(text('password'), text('salt1234'), 1, 32),
    hex('602f87d56c5cb664143d40747f3392a5d4d4108da8577fc72200898790289e38')),
  'HKDF-SM3 against its definition (RFC 5869)': (p) => {
    const [secret, salt] = [p.random(32), p.random(16)];
    const prk = p.hmacSm3(salt, secret);
    const first = p.hmacSm3(prk, text('info'), Uint8Array.of(1));
    const whole = concat(first, p.hmacSm3(prk, first, text('info'), Uint8Array.of(2)));
    return same(p.hkdfSm3(secret, salt, 'info', 40), whole.subarray(0, 40));
  },
  'SM4 GB/T 32907-2016 A.1': (p, s) => {
    const expected = hex('681edf34d206965e86b3e94f536e4246');
    return same(p.sm4Encrypt('ecb', KEY, none, KEY), expected) && same(s.sm4Encrypt('ecb', KEY, none, KEY), expected)
      && same(p.sm4Decrypt('ecb', KEY, none, expected), KEY);
  },
  'SM4-CBC against the second verifier': (p, s) => {
    const [key, iv, plain] = [p.random(16), p.random(16), p.random(100)];
    const cipher = p.sm4Encrypt('cbc', key, iv, plain);
    return same(cipher, s.sm4Encrypt('cbc', key, iv, plain)) && same(p.sm4Decrypt('cbc', key, iv, cipher), plain);
  },
  'SM4-CTR with carry over 128 bits, against the block cipher of the second verifier': (p, s) => {
    const key = p.random(16);
    const counters = concat(new Uint8Array(16).fill(0xff), new Uint8Array(16));
    const stream = s.sm4Encrypt('ecb', key, none, counters);
    return same(p.sm4Encrypt('ctr', key, counters.subarray(0, 16), new Uint8Array(32)), stream);
  },
  'SM4 refuses an unknown mode and an incomplete block': (p) =>
    refuses('E_CRYPTO_INPUT', () => p.sm4Encrypt('gcm' as Sm4Mode, KEY, KEY, none)) && refuses('E_CRYPTO_INPUT', () => p.sm4Encrypt('ecb', KEY, none, hex('00'))),
  'SM2 GB/T 32918.5-2017 A.2 verification': (p, s) =>
    [p, s].every((one) => one.verify(PUBLISHED.message, PUBLISHED.signature, PUBLISHED.key) && !one.verify(text('message digesT'), PUBLISHED.signature, PUBLISHED.key)),
  'SM2 public key from private (GB/T 32918.5-2017 A.2)': (p) => same(p.loadPrivateKey(PUBLISHED.d).publicKey, PUBLISHED.key),
  'SM2 signature over Z, judged by the second verifier': (p, s) => {
    const [key, message] = [p.generateKeyPair(), p.random(64)];
    const [plain, named] = [p.sign(message, key), p.sign(message, key, '守藏')];
    return s.verify(message, plain, key.publicKey) && s.verify(message, named, key.publicKey, '守藏')
      && !s.verify(message, named, key.publicKey) && !p.verify(message, plain, key.publicKey, '守藏');
  },
  'SM2 refuses a second coding of a good signature': (p, s) => {
    const { r, s: second } = readSignature(PUBLISHED.signature) ?? { r: none, s: none };
    const codings = [concat(PUBLISHED.signature, hex('00')), concat(r, second), none];
    return codings.every((one) => [p, s].every((verifier) => !verifier.verify(PUBLISHED.message, one, PUBLISHED.key)));
  },
  'SM2 encryption and decryption, tampering refused': (p) => {
    const [key, plain] = [p.generateKeyPair(), p.random(32)];
    const cipher = p.sm2Encrypt(plain, key.publicKey);
    const bad = cipher.slice();
    bad[bad.length - 1] = (bad.at(-1) ?? 0) ^ 1;
    return same(p.sm2Decrypt(cipher, key), plain) && refuses('E_DECRYPT_FAILED', () => p.sm2Decrypt(bad, key));
  },
  '上锁后内存中各期密钥清零': (p) => provesWiping(p),
  'random numbers differ and are spread': (p) => {
    const [a, b] = [p.random(4096), p.random(4096)];
    const ones = a.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    return !same(a, b) && new Set(a).size > 200 && Math.abs(ones - 16_384) < 900;
  },
};

function refuses(code: string, act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch (error) {
    return error instanceof ArchiveError && error.code === code;
  }
}

/** Every check, none left out after a failure. */
export async function selfTest(provider: CryptoProvider, second: SecondVerifier): Promise<SelfTestReport> {
  const rows: SelfTestRow[] = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    rows.push({ name, passed: await Promise.resolve().then(() => check(provider, second)).catch(() => false) });
  }
  return { provider: provider.name, second: second.name, passed: rows.every(({ passed }) => passed), rows };
}

/** @throws ArchiveError `E_CRYPTO_SELF_TEST` naming what failed */
export async function requireSelfTest(provider: CryptoProvider, second: SecondVerifier): Promise<SelfTestReport> {
  const report = await selfTest(provider, second);
  const failed = report.rows.filter(({ passed }) => !passed).map(({ name }) => name);
  if (failed.length > 0) throw new ArchiveError('E_CRYPTO_SELF_TEST', { provider: provider.name, failed }, failed.map((name) => ({ at: name, message: '结果不符' })));
  return report;
}
