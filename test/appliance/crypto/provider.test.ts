import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { toPem } from '../../../appliance/crypto/pem.js';
import { NodeProvider } from '../../../appliance/crypto/node-provider.js';
import { SmCryptoVerifier } from '../../../appliance/crypto/sm-crypto-adapter.js';
import { CURVE, readCiphertext, readSignature, scalarOf, toSpki, writeSignature } from '../../../appliance/crypto/sm2-curve.js';
import { children, der, integer, octets, oid, readAll, readOid, readOne, readUnsigned, sequence, smallInteger, TAG } from '../../../appliance/crypto/der.js';

const provider = new NodeProvider();
const second = new SmCryptoVerifier();
const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const text = (words: string) => new TextEncoder().encode(words);
const asHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sm-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Stock openssl, or `null` where the machine has none. */
function openssl(...args: string[]): string | null {
  try {
    return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
const stock = openssl('version') === null ? test.skip : test;

test('GB/T 32918.5 A.2: the published signature verifies, in both verifiers, and with no other id', (t) => {
  const key = hex('0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13');
  const signature = writeSignature(
    hex('f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3'),
    hex('b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa'),
  );
  t.true(provider.verify(text('message digest'), signature, key));
  t.true(second.verify(text('message digest'), signature, key));
  t.false(provider.verify(text('message digest'), signature, key, 'ALICE123@YAHOO.COM'));
  t.false(second.verify(text('message digest'), signature, key, 'ALICE123@YAHOO.COM'));
});

test('GM/T 0003: what is signed here is accepted by the independent verifier, for any message and user id', (t) => {
  const key = provider.generateKeyPair();
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }), (message, id) => {
    const signature = provider.sign(message, key, id);
    return provider.verify(message, signature, key.publicKey, id) && second.verify(message, signature, key.publicKey, id);
  }), { numRuns: 12 });
  t.pass();
});

test('a signature in any second coding, out of range or over another message is refused, never thrown at the caller', (t) => {
  const key = provider.generateKeyPair();
  const message = text('鉴定意见：同意');
  const signature = provider.sign(message, key);
  const { r, s } = readSignature(signature) ?? t.fail() as never;
  const n = hex(CURVE.n.toString(16));
  const bad: Record<string, Uint8Array> = {
    'trailing byte': Uint8Array.of(...signature, 0),
    'integer not minimal': sequence(der(TAG.integer, Uint8Array.of(0, 0), r), integer(s)),
    'three integers': sequence(integer(r), integer(s), integer(s)),
    'r = 0': writeSignature(new Uint8Array(32), s),
    's = n': writeSignature(r, n),
    'raw r || s': Uint8Array.of(...r, ...s),
    'long length form': Uint8Array.of(0x30, 0x81, signature.length - 2, ...signature.subarray(2)),
    empty: new Uint8Array(0),
    'another message': provider.sign(text('鉴定意见：不同意'), key),
  };
  for (const [name, one] of Object.entries(bad)) {
    t.false(provider.verify(message, one, key.publicKey), name);
    t.false(second.verify(message, one, key.publicKey), name);
  }
});

test('a public key off the curve and a private key outside [1, n-2] are refused by kind', (t) => {
  const off = provider.generateKeyPair().publicKey.slice();
  off[64] = (off[64] ?? 0) ^ 1;
  t.throws(() => provider.verify(text('x'), new Uint8Array(70), off), { code: 'E_CRYPTO_INPUT' } as never);
  t.throws(() => provider.sm2Encrypt(text('x'), off), { code: 'E_CRYPTO_INPUT' } as never);
  for (const d of [0n, CURVE.n - 1n, CURVE.n, CURVE.n + 5n]) {
    t.throws(() => provider.loadPrivateKey(hex(d.toString(16).padStart(64, '0'))), { code: 'E_CRYPTO_INPUT' } as never);
  }
  t.notThrows(() => provider.loadPrivateKey(hex((CURVE.n - 2n).toString(16))));
});

test('a private key goes out and comes back the same, and PKCS#8 and its scalar agree', (t) => {
  const key = provider.generateKeyPair();
  const again = provider.loadPrivateKey(provider.exportPrivateKey(key));
  t.deepEqual(Buffer.from(again.publicKey), Buffer.from(key.publicKey));
  t.true(provider.verify(text('m'), provider.sign(text('m'), again), key.publicKey));
  const stream = provider.signer(again, 'id');
  for (const part of ['一', '二']) stream.update(text(part));
  t.true(provider.verify(text('一二'), stream.sign(), key.publicKey, 'id'));
});

test('GM/T 0009: SM2 encryption opens to what was closed; any flipped byte is noticed', (t) => {
  const key = provider.generateKeyPair();
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (plain, place, flip) => {
    const cipher = provider.sm2Encrypt(plain, key.publicKey);
    t.deepEqual(Buffer.from(provider.sm2Decrypt(cipher, key)), Buffer.from(plain));
    const damaged = cipher.slice();
    const at = place % damaged.length;
    damaged[at] = (damaged[at] ?? 0) ^ flip;
    t.throws(() => provider.sm2Decrypt(damaged, key));
  }), { numRuns: 60 });
  t.throws(() => provider.sm2Encrypt(new Uint8Array(0), key.publicKey), { code: 'E_CRYPTO_INPUT' } as never);
});

test('GM/T 0009: a ciphertext whose point is not on the curve is refused before the key is used', (t) => {
  const key = provider.generateKeyPair();
  const { point, hash, cipher } = readCiphertext(provider.sm2Encrypt(text('x'), key.publicKey));
  const y = point.slice(33);
  y[31] = (y[31] ?? 0) ^ 1;
  const forged = sequence(integer(point.subarray(1, 33)), integer(y), octets(hash), octets(cipher));
  t.throws(() => provider.sm2Decrypt(forged, key), { code: 'E_CRYPTO_INPUT' } as never);
});

test('SM4: wrong lengths, unknown modes and broken padding are errors, never silence', (t) => {
  const key = provider.random(16);
  const iv = provider.random(16);
  const none = new Uint8Array(0);
  t.throws(() => provider.sm4Encrypt('gcm' as never, key, iv, none), { code: 'E_CRYPTO_INPUT' } as never);
  t.throws(() => second.sm4Encrypt('ctr' as never, key, iv, none), { code: 'E_CRYPTO_INPUT' } as never);
  t.throws(() => second.sm4Encrypt('ecb', key, none, new Uint8Array(20)), { code: 'E_CRYPTO_INPUT' } as never);
  t.throws(() => provider.sm4Encrypt('ctr', key.subarray(1), iv, none), { code: 'E_CRYPTO_INPUT' } as never);
  t.throws(() => provider.sm4Decrypt('cbc', key, iv, new Uint8Array(20)), { code: 'E_CRYPTO_INPUT' } as never);
  const zeroPadded = provider.sm4Encrypt('cbc-raw', key, iv, new Uint8Array(16));
  t.throws(() => provider.sm4Decrypt('cbc', key, iv, zeroPadded), { code: 'E_DECRYPT_FAILED' } as never);
  t.throws(() => second.sm4Decrypt('cbc', key, iv, zeroPadded), { code: 'E_DECRYPT_FAILED' } as never);
});

test('SM3, HMAC-SM3 and SM4: two implementations without common code agree on any input', (t) => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 260 }), fc.uint8Array({ minLength: 1, maxLength: 130 }), fc.uint8Array({ minLength: 16, maxLength: 16 }), (data, key, block) => {
    t.is(asHex(provider.sm3(data)), asHex(second.sm3(data)));
    t.is(asHex(provider.hmacSm3(key, data)), asHex(second.hmacSm3(key, data)));
    const closed = provider.sm4Encrypt('cbc', block, block, data);
    t.is(asHex(closed), asHex(second.sm4Encrypt('cbc', block, block, data)));
    t.is(asHex(second.sm4Decrypt('cbc', block, block, closed)), asHex(data));
  }), { numRuns: 40 });
});

test('SM4-CTR counts in all 128 bits: the carry runs through the whole block', (t) => {
  const key = provider.random(16);
  const iv = new Uint8Array(16).fill(0xff);
  const stream = provider.sm4Encrypt('ctr', key, iv, new Uint8Array(32));
  const block = (counter: Uint8Array) => provider.sm4Encrypt('ecb', key, new Uint8Array(0), counter);
  t.is(asHex(stream), asHex(block(iv)) + asHex(block(new Uint8Array(16))));
});

test('DER: what is written reads back; every second coding of a length or number is refused', (t) => {
  t.is(readOid(readOne(oid('1.2.156.10197.1.501'))), '1.2.156.10197.1.501');
  t.deepEqual(readUnsigned(readOne(smallInteger(65_537))), Uint8Array.of(1, 0, 1));
  t.is(children(readOne(sequence(smallInteger(0), smallInteger(200)))).length, 2);
  const bad = ['30800000', '308100', '30820001', '0200', '02020001', '0203', '3003020101ff', '1f8101', '30', ''];
  for (const one of bad) t.throws(() => readUnsigned(children(readOne(hex(one)))[0]), { code: 'E_CRYPTO_INPUT' } as never, one);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
    try {
      t.is(asHex(Uint8Array.from(readAll(bytes).flatMap(({ raw }) => [...raw]))), asHex(bytes));
    } catch (error) {
      t.is((error as { code?: string }).code, 'E_CRYPTO_INPUT');
    }
  }));
});

stock('stock openssl verifies what the box signs, and the box what openssl signs (distid 1234567812345678)', (t) => {
  const dir = folder(t);
  const file = (name: string) => join(dir, name);
  const key = provider.generateKeyPair();
  writeFileSync(file('message'), '移交清单 2026');
  writeFileSync(file('public.pem'), toPem('PUBLIC KEY', toSpki(key.publicKey)));
  writeFileSync(file('ours.sig'), provider.sign(readFileSync(file('message')), key));
  const distid = ['-sigopt', 'distid:1234567812345678'];
  t.regex(openssl('dgst', '-sm3', '-verify', file('public.pem'), ...distid, '-signature', file('ours.sig'), file('message')) ?? '', /Verified OK/);

  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:SM2', '-out', file('theirs.pem'));
  openssl('dgst', '-sm3', '-sign', file('theirs.pem'), ...distid, '-out', file('theirs.sig'), file('message'));
  openssl('pkcs8', '-topk8', '-nocrypt', '-in', file('theirs.pem'), '-outform', 'DER', '-out', file('theirs.der'));
  const theirs = provider.loadPrivateKey(readFileSync(file('theirs.der')));
  t.true(provider.verify(readFileSync(file('message')), readFileSync(file('theirs.sig')), theirs.publicKey));

  openssl('ec', '-in', file('theirs.pem'), '-outform', 'DER', '-out', file('theirs.sec1'));
  t.is(asHex(scalarOf(readFileSync(file('theirs.sec1')))), asHex(scalarOf(readFileSync(file('theirs.der')))));

  writeFileSync(file('cipher'), provider.sm2Encrypt(text('分量'), theirs.publicKey));
  t.is(openssl('pkeyutl', '-decrypt', '-inkey', file('theirs.pem'), '-in', file('cipher')), '分量');
});
