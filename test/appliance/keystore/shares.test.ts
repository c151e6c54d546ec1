import test from 'ava';
import fc from 'fast-check';
import { combineRoot, readShare, splitRoot } from '../../../appliance/keystore/shares.js';
import { NodeProvider } from '../../../appliance/crypto/node-provider.js';

const provider = new NodeProvider();
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

test('law: any threshold of the shares give the root back; one fewer is refused', async (t) => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 0, max: 3 }), fc.nat(), async (threshold, spare, turn) => {
    const total = threshold + spare;
    const root = provider.random(32);
    const { set, shares } = await splitRoot(provider, root, total, threshold);
    const chosen = shares.map((_share, at) => shares[(at + turn) % total] ?? new Uint8Array(0)).slice(0, threshold);
    t.is(hex(await combineRoot(provider, set, chosen)), hex(root));
    await t.throwsAsync(combineRoot(provider, set, chosen.slice(1)), { code: 'E_KEY_SHARE_TOO_FEW' } as never);
    const repeated = [...chosen.slice(1), ...chosen.slice(1)];
    await t.throwsAsync(combineRoot(provider, set, repeated), { code: 'E_KEY_SHARE_TOO_FEW' } as never, 'the same share twice counts once');
  }), { numRuns: 20 });
});

test('law: any flipped bit of a share is noticed in that share alone', async (t) => {
  const { shares } = await splitRoot(provider, provider.random(32), 3, 2);
  const good = shares[0] ?? new Uint8Array(0);
  t.like(readShare(provider, good), { index: 1, threshold: 2, total: 3 });
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bad = good.slice();
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    t.throws(() => readShare(provider, bad), { code: 'E_KEY_SHARE_INVALID' } as never);
  }
  for (const length of [0, 10, good.length - 1]) t.throws(() => readShare(provider, good.subarray(0, length)), { code: 'E_KEY_SHARE_INVALID' } as never);
});

test('shares of two sets never mix, and a forged share that has a right frame gives no root', async (t) => {
  const [one, two] = await Promise.all([splitRoot(provider, provider.random(32), 3, 2), splitRoot(provider, provider.random(32), 3, 2)]);
  const [a, b] = [one.shares[0] ?? new Uint8Array(0), two.shares[1] ?? new Uint8Array(0)];
  await t.throwsAsync(combineRoot(provider, one.set, [a, b]), { code: 'E_KEY_SHARE_INVALID' } as never);
  const body = (one.shares[1] ?? new Uint8Array(0)).slice(0, -8);
  body[20] = (body[20] ?? 0) ^ 1;
  const forged = Uint8Array.of(...body, ...provider.sm3(body).subarray(0, 8));
  await t.throwsAsync(combineRoot(provider, one.set, [a, forged]), { code: 'E_KEY_SHARE_INVALID' } as never);
});
