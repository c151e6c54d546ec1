import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { issueCertificate } from '../../../appliance/crypto/certificate.js';
import { children, octets, oid, readOne, readSmall, sequence, smallInteger } from '../../../appliance/crypto/der.js';
import { decryptPrivateKey, ITERATIONS, makeKeyFile, openKeyFile, readKeyFile, writeKeyFile } from '../../../appliance/crypto/key-file.js';
import { NodeProvider } from '../../../appliance/crypto/node-provider.js';
import { onePem, toPem } from '../../../appliance/crypto/pem.js';
import type { PrivateKey } from '../../../appliance/crypto/provider.js';

const provider = new NodeProvider();
const PIN = '演练-2026-口令';
const certificateOf = (key: PrivateKey) => issueCertificate(provider, {
  subject: { commonName: 'officer-1' }, publicKey: key.publicKey, serial: Uint8Array.of(7), notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2031-01-01T00:00:00Z', keyUsage: ['digitalSignature'], issuer: { certificate: 'self', key },
});
async function sample(iterations: number | undefined = 1000) {
  const key = provider.generateKeyPair();
  const file = await makeKeyFile(provider, { holder: 'officer-1', certificate: certificateOf(key), key, pin: PIN, ...(iterations ? { iterations } : {}) });
  return { key, file };
}

test('a key file opens with its PIN, however the PIN was composed, and with no other', async (t) => {
  const { key, file } = await sample();
  const again = readKeyFile(writeKeyFile(file));
  t.deepEqual([again.holder, again.rehearsal], ['officer-1', false]);
  const opened = await openKeyFile(provider, again, PIN);
  t.deepEqual(Buffer.from(opened.publicKey), Buffer.from(key.publicKey));
  for (const pin of ['', 'wrong', `${PIN} `]) await t.throwsAsync(openKeyFile(provider, again, pin), { code: 'E_PIN_WRONG' } as never);
  const composed = await makeKeyFile(provider, { ...file, key, pin: 'caf\u00e9', iterations: 1 });
  await t.notThrowsAsync(openKeyFile(provider, composed, 'cafe\u0301'));
});

test('a key file is written with at least 600 000 iterations of PBKDF2-HMAC-SM3 unless a test says otherwise', async (t) => {
  t.true(ITERATIONS >= 600_000);
  const { file } = await sample();
  const [algorithm] = children(readOne(onePem(file.encryptedPrivateKey, 'ENCRYPTED PRIVATE KEY').der));
  const [, parameters] = children(algorithm);
  const [derivation] = children(parameters);
  const [, kdf] = children(derivation);
  t.is(readSmall(children(kdf)[1]), 1000);
});

test('a key file with the certificate of another key, another field or another version is refused', async (t) => {
  const { file } = await sample();
  const other = provider.generateKeyPair();
  await t.throwsAsync(openKeyFile(provider, { ...file, certificate: certificateOf(other) }, PIN), { code: 'E_PIN_WRONG' } as never);
  const good = JSON.parse(writeKeyFile(file)) as Record<string, unknown>;
  for (const bad of [{ ...good, version: 2 }, { ...good, extra: 1 }, { ...good, holder: 5 }, { ...good, format: 'x' }, []]) {
    t.throws(() => readKeyFile(JSON.stringify(bad)), { code: 'E_CRYPTO_INPUT' } as never);
  }
  t.throws(() => readKeyFile('{'), { code: 'E_CRYPTO_INPUT' } as never);
});

test('a key under either object identifier of HMAC-SM3 opens; an unknown scheme or a hostile iteration count is refused', async (t) => {
  const key = provider.generateKeyPair();
  const [salt, iv] = [provider.random(16), provider.random(16)];
  const kek = await provider.pbkdf2Sm3(Buffer.from('pin'), salt, 3, 16);
  const file = (prf: string, iterations = 3, cipher = '1.2.156.10197.1.104.2') => toPem('ENCRYPTED PRIVATE KEY', sequence(
    sequence(oid('1.2.840.113549.1.5.13'), sequence(
      sequence(oid('1.2.840.113549.1.5.12'), sequence(octets(salt), smallInteger(iterations), sequence(oid(prf)))), sequence(oid(cipher), octets(iv)),
    )),
    octets(provider.sm4Encrypt('cbc', kek, iv, provider.exportPrivateKey(key))),
  ));
  for (const prf of ['1.2.156.10197.1.401.2', '1.2.156.10197.1.401.3.1']) {
    t.deepEqual(Buffer.from((await decryptPrivateKey(provider, file(prf), 'pin')).publicKey), Buffer.from(key.publicKey));
  }
  const bad = { sha1: file('1.2.840.113549.2.7'), endless: file('1.2.156.10197.1.401.2', 4_000_000_000), none: file('1.2.156.10197.1.401.2', 0), aes: file('1.2.156.10197.1.401.2', 3, '2.16.840.1.101.3.4.1.2') };
  for (const [name, pem] of Object.entries(bad)) await t.throwsAsync(decryptPrivateKey(provider, pem, 'pin'), { code: 'E_CRYPTO_INPUT' } as never, name);
});

test('a key that stock openssl encrypted (SM4-CBC, HMAC-SHA256) opens too', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'key-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const at = (name: string) => join(dir, name);
  try {
    execFileSync('openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:SM2', '-out', at('key')], { stdio: 'pipe' });
    execFileSync('openssl', ['pkcs8', '-topk8', '-v2', 'sm4-cbc', '-v2prf', 'hmacWithSHA256', '-in', at('key'), '-passout', 'pass:secret', '-out', at('enc')], { stdio: 'pipe' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    t.log('no openssl on this machine');
    t.pass();
    return;
  }
  const key = await decryptPrivateKey(provider, readFileSync(at('enc'), 'utf8'), 'secret');
  writeFileSync(at('m'), 'x');
  t.true(provider.verify(Buffer.from('x'), provider.sign(Buffer.from('x'), key), key.publicKey));
  await t.throwsAsync(decryptPrivateKey(provider, readFileSync(at('enc'), 'utf8'), 'Secret'), { code: 'E_PIN_WRONG' } as never);
});
