import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { NodeProvider } from '../../../appliance/crypto/node-provider.js';
import type { CryptoProvider } from '../../../appliance/crypto/provider.js';
import { requireSelfTest, selfTest } from '../../../appliance/crypto/self-test.js';
import { SmCryptoVerifier } from '../../../appliance/crypto/sm-crypto-adapter.js';
import { verifyByBoth } from '../../../appliance/crypto/second-opinion.js';
import { runVectors } from '../../../appliance/crypto/vector-files.js';
import { packageRoot } from '../../../appliance/package-root.js';

const provider = new NodeProvider();
const second = new SmCryptoVerifier();

test('every start: both implementations give the known answers and agree on fresh input', async (t) => {
  const report = await requireSelfTest(provider, second);
  t.true(report.passed);
  t.true(report.rows.length >= 15);
});

/** A provider that is right but for one thing. */
const spoilt = (change: Partial<CryptoProvider>): CryptoProvider => new Proxy(provider, {
  get: (target, name) => {
    const own: unknown = Reflect.get(change, name) ?? Reflect.get(target, name, target);
    return typeof own === 'function' ? own.bind(target) : own;
  },
});
const faults: Record<string, [Partial<CryptoProvider>, RegExp]> = {
  'SM3 with one wrong bit': [{ sm3: () => new Uint8Array(32) }, /SM3/],
  'signatures with the empty user id': [{ sign: (message, key) => provider.sign(message, key, '') }, /SM2 signature over Z/],
  'a verifier that says yes': [{ verify: () => true }, /SM2/],
  'a counter of 32 bits': [{ sm4Encrypt: (mode, key, iv, plain) => provider.sm4Encrypt(mode, key, mode === 'ctr' ? Uint8Array.of(...iv.subarray(0, 12), 0, 0, 0, 0) : iv, plain) }, /CTR/],
  'constant random numbers': [{ random: (length) => new Uint8Array(length).fill(7) }, /random/],
  'HKDF that ignores its info': [{ hkdfSm3: (secret, salt, _info, length) => provider.hkdfSm3(secret, salt, 'x', length) }, /HKDF/],
};
for (const [name, [change, row]] of Object.entries(faults)) {
  test(`a provider is refused: ${name}`, async (t) => {
    const report = await selfTest(spoilt(change), second);
    t.false(report.passed);
    t.true(report.rows.some((one) => !one.passed && row.test(one.name)));
    await t.throwsAsync(requireSelfTest(spoilt(change), second), { code: 'E_CRYPTO_SELF_TEST' } as never);
  });
}

test('双重验签: a signature counts when both say yes, and a difference stops everything', (t) => {
  const key = provider.generateKeyPair();
  const [message, other] = [Buffer.from('同意'), Buffer.from('不同意')];
  const signature = provider.sign(message, key);
  t.true(verifyByBoth(provider, second, message, signature, key.publicKey));
  t.false(verifyByBoth(provider, second, other, signature, key.publicKey));
  t.throws(() => verifyByBoth(spoilt({ verify: () => true }), second, other, signature, key.publicKey), { code: 'E_CRYPTO_SELF_TEST' } as never);
});

test('vector files: a right case passes, a wrong one is named, what is not offered is skipped by name', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'vectors-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const abc = { messageHex: '616263', sm3: '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0' };
  const gcm = { mode: 'sm4-gcm', key: '00'.repeat(16), iv: '00'.repeat(12), aadHex: '', plaintextHex: '', ciphertextHex: '', tagHex: '00'.repeat(16) };
  writeFileSync(join(dir, 'mixed.json'), JSON.stringify({ title: 'x', fields: {}, sums: [abc, { ...abc, id: 'bad', sm3: '00'.repeat(32) }], aead: [gcm], odd: [{ what: 1 }] }));
  const report = await runVectors(provider, second, dir);
  t.deepEqual([report.passed, report.failed, report.skipped], [1, 1, 2]);
  t.deepEqual(report.lists.map(({ list, failed, skipped }) => [list, failed, Object.keys(skipped)]), [
    ['sums', ['bad'], []], ['aead', [], ['本产品不提供 sm4-gcm']], ['odd', [], ['未识别的用例形式']],
  ]);
});

const shared = ['../shared/vectors', '../../shared/vectors'].map((path) => join(packageRoot, path)).find((path) => existsSync(path));
(shared === undefined ? test.skip : test)('every published vector of the offered algorithms passes: SM2, SM3, HMAC, KDF, SM4 ECB/CBC/CTR, chains', async (t) => {
  const report = await runVectors(provider, second, shared ?? '');
  t.is(report.failed, 0);
  t.true(report.passed >= 265);
  const reasons = report.lists.flatMap(({ skipped }) => Object.keys(skipped));
  t.true(reasons.every((reason) => /sm4-(gcm|ccm|xts|ofb|cfb)|SM4-GCM|密钥交换/.test(reason)));
});
