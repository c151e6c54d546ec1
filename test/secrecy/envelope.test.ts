import test from 'ava';
import fc from 'fast-check';
import { chunkCount, chunkCounter, chunkPrefix, decodeFooter, decodeHeader, encodeFooter, encodeHeader, maskDigest, peekHeader, sealedSize, uuidBytes } from '../../secrecy/envelope.js';

const id = '6f1c1f0e-0d7a-4c49-9a52-1d0c3d1f8a55';
/** A toy MAC: the layout does not care which. */
const mac = (...parts: readonly Uint8Array[]): Uint8Array => {
  const out = new Uint8Array(32);
  parts.forEach((part, n) => part.forEach((byte, at) => (out[(at * 7 + n) % 32] = ((out[(at * 7 + n) % 32] ?? 0) * 31 + byte + 1) & 255)));
  return out;
};
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const counterOf = (value: bigint): Uint8Array => Uint8Array.from(Buffer.from(value.toString(16).padStart(32, '0'), 'hex'));
const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('header: what is written reads back, for any object and counter', (t) => {
  fc.assert(fc.property(fc.uuid(), bytes16, (objectId, counter) => {
    const header = encodeHeader({ objectId, counter }, mac);
    t.is(header.length, 128);
    t.deepEqual(decodeHeader(header, mac, equal), { objectId, counter });
  }));
});

test('header: every flipped bit is refused as header or version', (t) => {
  const good = encodeHeader({ objectId: id, counter: new Uint8Array(16) }, mac);
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bad = good.slice();
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    t.throws(() => decodeHeader(bad, mac, equal), { code: bit >= 64 && bit < 128 ? 'E_ENVELOPE_VERSION' : 'E_ENVELOPE_HEADER' } as never, `bit ${bit}`);
  }
  t.throws(() => peekHeader(good.subarray(0, 127)), { code: 'E_ENVELOPE_TRUNCATED' } as never);
});

test('footer: what is written reads back with the size that belongs to it, and with no other size', (t) => {
  const header = encodeHeader({ objectId: id, counter: new Uint8Array(16) }, mac);
  fc.assert(fc.property(fc.nat({ max: 2 ** 40 }), bytes32, bytes32, fc.integer({ min: -40, max: 40 }).filter((off) => off !== 0), (bytes, root, digest, off) => {
    const footer = encodeFooter({ bytes, root, maskedDigest: digest }, header, mac);
    t.deepEqual(decodeFooter(footer, header, sealedSize(bytes), mac, equal), { bytes, root, maskedDigest: digest });
    t.throws(() => decodeFooter(footer, header, sealedSize(bytes) + off, mac, equal), { code: 'E_ENVELOPE_TRUNCATED' } as never);
  }));
});

test('chunks: an empty content has one, and sizes follow', (t) => {
  t.deepEqual([0, 1, 65_535, 65_536, 65_537, 131_072].map(chunkCount), [1, 1, 1, 1, 2, 2]);
  t.is(sealedSize(100_000), 100_320);
  t.is(sealedSize(0), 288);
});

test('chunks: the counter of chunk i is the first plus 4096 i modulo 2^128', (t) => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.nat({ max: 2 ** 31 - 1 }), (first, index) => {
    t.deepEqual(chunkCounter(counterOf(first), index), counterOf((first + 4096n * BigInt(index)) % 2n ** 128n));
  }));
});

test('chunks: the prefix is one SM3 block and says index, length, last, object and header', (t) => {
  const digest = new Uint8Array(32).fill(9);
  const base = chunkPrefix(id, digest, 5, 100, false);
  t.is(base.length, 64);
  const others = [chunkPrefix(id, digest, 6, 100, false), chunkPrefix(id, digest, 5, 101, false), chunkPrefix(id, digest, 5, 100, true), chunkPrefix(id.replace('6f', '7f'), digest, 5, 100, false), chunkPrefix(id, digest.with(0, 1), 5, 100, false)];
  for (const one of others) t.notDeepEqual(one, base);
});

test('the mask comes off by putting it on again; an id that is no UUID is refused', (t) => {
  fc.assert(fc.property(bytes32, bytes32, (digest, mask) => equal(maskDigest(maskDigest(digest, mask), mask), digest)));
  t.is(Buffer.from(uuidBytes(id)).toString('hex'), id.replaceAll('-', ''));
  for (const bad of ['', 'x', id.toUpperCase(), `${id}0`, '../../etc']) t.throws(() => uuidBytes(bad), { code: 'E_CRYPTO_INPUT' } as never);
});
