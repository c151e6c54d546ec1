import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { issueCertificate } from '../../appliance/crypto/certificate.js';
import { makeKeyFile, writeKeyFile } from '../../appliance/crypto/key-file.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import type { PrivateKey } from '../../appliance/crypto/provider.js';
import { KeyFileError, openKeyFile, readKeyFile } from '../../ui/signing/key-file.js';
import { decryptSm2, signSm2 } from '../../ui/signing/sm2.js';
import { hex, hmacSm3, pbkdf2Sm3, sm3 } from '../../ui/signing/sm3.js';

const provider = new NodeProvider();
const PIN = '演练-2026-é';
const certificateOf = (key: PrivateKey) => issueCertificate(provider, {
  subject: { commonName: 'officer-1' }, publicKey: key.publicKey, serial: Uint8Array.of(7), notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2031-01-01T00:00:00Z', keyUsage: ['digitalSignature'], issuer: { certificate: 'self', key },
});
async function sample() {
  const key = provider.generateKeyPair();
  return { key, text: writeKeyFile(await makeKeyFile(provider, { holder: 'officer-1', certificate: certificateOf(key), key, pin: PIN, iterations: 1000 })) };
}

test('GB/T 32905: the console digests as the box does, at every length around a block', (t) => {
  for (const length of [0, 1, 3, 55, 56, 63, 64, 65, 119, 120, 128, 1000]) {
    const message = Buffer.alloc(length, 7);
    t.is(hex(sm3(message)), createHash('sm3').update(message).digest('hex'), `${length}`);
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 1, maxLength: 100 }), (message, key) =>
    hex(hmacSm3(key, message)) === createHmac('sm3', key).update(message).digest('hex')), { numRuns: 60 });
});

test('RFC 8018: PBKDF2-HMAC-SM3 of the console equals the box for any PIN, salt and length of key', (t) => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), fc.uint8Array({ minLength: 1, maxLength: 70 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 70 }), (pin, salt, rounds, bytes) =>
    hex(pbkdf2Sm3(pin, salt, rounds, bytes)) === pbkdf2Sync(pin, salt, rounds, bytes, 'sm3').toString('hex')), { numRuns: 40 });
  t.pass();
});

test('a key file that the box wrote opens in the console with its PIN, and its signature holds on the box', async (t) => {
  const { key, text } = await sample();
  const opened = openKeyFile(text, PIN.normalize('NFD'));
  for (const message of ['', '同意将《演练》定为机密', 'x'.repeat(200)]) {
    const bytes = new TextEncoder().encode(message);
    t.true(provider.verify(bytes, signSm2(bytes, opened.secret), key.publicKey));
    t.false(provider.verify(Buffer.concat([bytes, Buffer.of(1)]), signSm2(bytes, opened.secret), key.publicKey));
  }
});

test('two signatures of one text never share a nonce', async (t) => {
  const { text } = await sample();
  const { secret } = openKeyFile(text, PIN);
  const signatures = Array.from({ length: 20 }, () => hex(signSm2(Uint8Array.of(1), secret)));
  t.is(new Set(signatures).size, 20);
});

test('a wrong PIN, a key of another certificate and another file are told apart by kind', async (t) => {
  const { text } = await sample();
  const other = (await sample()).text;
  const fault = (file: string, pin: string): string => {
    const error = t.throws(() => openKeyFile(file, pin), { instanceOf: KeyFileError });
    return error?.fault ?? '';
  };
  t.is(fault(text, '000000'), 'wrong-pin');
  t.is(fault(JSON.stringify({ ...readKeyFile(text), format: 'shouzang-key-file', version: 1, certificate: readKeyFile(other).certificate }), PIN), 'wrong-pin');
  t.is(fault('{}', PIN), 'not-a-key-file');
  t.is(fault(JSON.stringify({ format: 'shouzang-key-file', version: 1, holder: 'x', certificate: '', encryptedPrivateKey: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----' }), PIN), 'not-a-key-file');
});

test('a share that the box encrypted to an officer opens with the officer\'s key file and with no other', async (t) => {
  const { key, text } = await sample();
  const { secret } = openKeyFile(text, PIN);
  const share = provider.random(56);
  const cipher = provider.sm2Encrypt(share, key.publicKey);
  t.deepEqual(Buffer.from(decryptSm2(cipher, secret)), Buffer.from(share));
  const other = openKeyFile((await sample()).text, PIN).secret;
  t.throws(() => decryptSm2(cipher, other));
  t.throws(() => decryptSm2(Buffer.concat([cipher.subarray(0, -1), Buffer.of((cipher.at(-1) ?? 0) ^ 1)]), secret));
});
