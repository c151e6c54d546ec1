import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { chooseCtr } from '../../../appliance/content/ctr.js';
import { openSealed, sealedObjectId } from '../../../appliance/content/open.js';
import { createSealer, resumeSealer, tagsPath } from '../../../appliance/content/seal.js';
import { NodeProvider } from '../../../appliance/crypto/node-provider.js';
import { pattern, sealingDesk } from '../../helpers/sealing.js';

const K = 65_536;
const provider = new NodeProvider();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

test('law: opening inverts sealing, for any content, any cut and any range', async (t) => {
  const desk = sealingDesk(t);
  const sizes = fc.oneof(fc.nat({ max: 300 }), fc.constantFrom(K - 1, K, K + 1, 2 * K, 3 * K + 17, 16 * K, 16 * K + 1, 33 * K + 9));
  await fc.assert(fc.asyncProperty(sizes, fc.array(fc.nat({ max: 2 ** 22 }), { maxLength: 5 }), fc.nat(), fc.nat(), async (size, cuts, from, length) => {
    const content = pattern(size);
    const made = await desk.seal(content, cuts.map((cut) => cut % (size + 1)));
    t.is(made.sealed.sm3, hex(provider.sm3(content)));
    t.is(statSync(made.path).size, made.sealed.sealedBytes);
    const reader = await desk.open(made);
    const [start, count] = [from % (size + 2), length % (size + 2)];
    t.true(sameBytes(await reader.readRange(start, count), content.subarray(start, start + count)));
    t.true(sameBytes(await reader.readRange(0, size), content));
    t.deepEqual(await reader.verifyAll(), made.sealed);
    await reader.close();
  }), { numRuns: 25 });
  t.deepEqual(readdirSync(desk.dir).filter((name) => name.endsWith('.tags')), []);
});

test('law: any flipped bit is noticed by the whole check, and never gives out another content', async (t) => {
  const desk = sealingDesk(t);
  const content = pattern(2 * K + 500);
  const made = await desk.seal(content);
  const good = readFileSync(made.path);
  await fc.assert(fc.asyncProperty(fc.nat({ max: good.length * 8 - 1 }), async (bit) => {
    const bad = Buffer.from(good);
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    writeFileSync(made.path, bad);
    await t.throwsAsync(async () => {
      const reader = await desk.open(made);
      await reader.verifyAll().finally(() => reader.close());
    }, { message: /^E_ENVELOPE_/ });
  }), { numRuns: 150, examples: [[0], [128 * 8], [good.length * 8 - 1]] });
  t.pass();
});

test('law: cutting or lengthening anywhere is noticed before anything is given out', async (t) => {
  const desk = sealingDesk(t);
  const made = await desk.seal(pattern(K + 500));
  const good = readFileSync(made.path);
  await fc.assert(fc.asyncProperty(fc.nat({ max: good.length - 1 }), async (length) => {
    writeFileSync(made.path, good.subarray(0, length));
    await t.throwsAsync(desk.open(made), { code: 'E_ENVELOPE_TRUNCATED' } as never);
    writeFileSync(made.path, Buffer.concat([good, good.subarray(0, length + 1)]));
    await t.throwsAsync(desk.open(made), { message: /^E_ENVELOPE_(TRUNCATED|FOOTER)$/ });
  }), { numRuns: 40, examples: [[good.length - 1], [288]] });
});

test('a chunk of another object, or of another content under another secret, does not fit in', async (t) => {
  const desk = sealingDesk(t);
  const [one, two] = [await desk.seal(pattern(3 * K)), await desk.seal(pattern(3 * K))];
  const [bytes, foreign] = [readFileSync(one.path), readFileSync(two.path)];
  foreign.copy(bytes, 128 + K, 128 + K, 128 + 2 * K);
  foreign.copy(bytes, 128 + 3 * K + 32, 128 + 3 * K + 32, 128 + 3 * K + 64);
  writeFileSync(one.path, bytes);
  const reader = await desk.open(one);
  t.true(sameBytes(await reader.readRange(0, K), pattern(K)), 'chunks before it still read');
  await t.throwsAsync(reader.readRange(K, 1), { code: 'E_ENVELOPE_CHUNK_TAG' } as never);
  await reader.close();
  await t.throwsAsync(openSealed(desk.tools, two.path, two.secret, one.objectId), { code: 'E_ENVELOPE_HEADER' } as never);
  await t.throwsAsync(openSealed(desk.tools, two.path, one.secret), { code: 'E_ENVELOPE_HEADER' } as never);
  t.is(await sealedObjectId(two.path), two.objectId);
});

test('a long read stops at the damaged chunk: what came before is right, nothing of it comes out', async (t) => {
  const desk = sealingDesk(t);
  const content = pattern(40 * K);
  const made = await desk.seal(content);
  const bytes = readFileSync(made.path);
  bytes[128 + 20 * K] = (bytes[128 + 20 * K] ?? 0) ^ 1;
  writeFileSync(made.path, bytes);
  const reader = await desk.open(made);
  const out: Uint8Array[] = [];
  const error = await t.throwsAsync(async () => {
    for await (const piece of reader.pieces()) out.push(piece);
  }, { code: 'E_ENVELOPE_CHUNK_TAG' } as never);
  t.like(error, { facts: { chunk: 20 } });
  t.true(sameBytes(Buffer.concat(out), content.subarray(0, 16 * K)));
  await reader.close();
});

test('a sealer that died is taken up at the last good chunk and gives what one stroke would have given', async (t) => {
  const desk = sealingDesk(t);
  const content = pattern(50 * K + 321);
  const whole = await desk.seal(content, [], { counter: new Uint8Array(16).fill(3) });
  await fc.assert(fc.asyncProperty(fc.nat({ max: content.length }), fc.constantFrom('as it was', 'tags cut', 'body cut', 'tail overwritten', 'both cut to nothing', 'header cut'), async (stopAt, damage) => {
    const plan = { ...desk.plan(), objectId: whole.objectId, secret: whole.secret, counter: new Uint8Array(16).fill(3) };
    const first = await createSealer(desk.tools, plan);
    await first.write(content.subarray(0, stopAt));
    await first.suspend();
    const size = statSync(plan.path).size;
    if (damage === 'tags cut' && size > 128) truncateSync(tagsPath(plan.path), Math.max(0, statSync(tagsPath(plan.path)).size - 33));
    if (damage === 'body cut' && size > 128) truncateSync(plan.path, size - 1);
    if (damage === 'both cut to nothing' && size > 128) truncateSync(tagsPath(plan.path), 0);
    if (damage === 'header cut') truncateSync(plan.path, 100);
    if (damage === 'tail overwritten' && size > 128) {
      const bytes = readFileSync(plan.path);
      writeFileSync(plan.path, bytes.fill(0, size - 1000));
    }
    const second = await resumeSealer(desk.tools, plan);
    t.true(second.bytes <= stopAt && second.bytes % K === 0);
    if (damage === 'as it was') t.true(stopAt - second.bytes <= 17 * K, 'little is lost');
    await second.write(content.subarray(second.bytes));
    t.deepEqual(await second.finish(), whole.sealed);
    t.true(sameBytes(readFileSync(plan.path), readFileSync(whole.path)));
  }), { numRuns: 24, examples: [[50 * K, 'as it was'], [17 * K, 'tail overwritten'], [0, 'as it was'], [content.length, 'as it was']] });
});

test('a sealer taken up with another secret, or over a file that is no sealed object, is refused', async (t) => {
  const desk = sealingDesk(t);
  const plan = desk.plan();
  const sealer = await createSealer(desk.tools, plan);
  await sealer.write(pattern(20 * K));
  await sealer.suspend();
  await t.throwsAsync(resumeSealer(desk.tools, { ...plan, secret: provider.random(32) }), { code: 'E_ENVELOPE_HEADER' } as never);
  writeFileSync(plan.path, pattern(500));
  await t.throwsAsync(resumeSealer(desk.tools, plan), { code: 'E_ENVELOPE_HEADER' } as never);
  await t.throwsAsync(createSealer(desk.tools, plan), { code: 'EEXIST' });
  rmSync(plan.path);
  const anew = await createSealer(desk.tools, plan);
  await anew.write(pattern(20 * K));
  t.is((await anew.finish()).sm3, hex(provider.sm3(pattern(20 * K))), 'tags left over do no harm');
});

test('nothing of the content is on the disk in the clear, while sealing and after', async (t) => {
  const desk = sealingDesk(t);
  const words = Buffer.from('机密★20年 关于年度涉密文件的请示');
  const content = Buffer.concat(Array.from({ length: 60_000 }, () => words));
  const plan = desk.plan();
  const sealer = await createSealer(desk.tools, plan);
  const clean = () => readdirSync(desk.dir).every((name) => !readFileSync(join(desk.dir, name)).includes(words.subarray(0, 12)));
  await sealer.write(content);
  await sealer.write(content);
  t.true(clean());
  const sealed = await sealer.finish();
  t.true(clean());
  t.false(readFileSync(plan.path).includes(Buffer.from(sealed.sm3, 'hex')), 'not even its digest');
  t.is(statSync(plan.path).mode & 0o777, 0o600);
});

test('many sealers at once share the same few slots, slow ones hold none, an aborted one leaves nothing', async (t) => {
  const desk = sealingDesk(t);
  const slow = await Promise.all(Array.from({ length: 12 }, async () => {
    const sealer = await createSealer(desk.tools, desk.plan());
    await sealer.write(pattern(3 * K + 1));
    return sealer;
  }));
  const made = await Promise.all(Array.from({ length: 8 }, (_none, i) => desk.seal(pattern(40 * K + i))));
  for (const [i, one] of made.entries()) t.is(one.sealed.sm3, hex(provider.sm3(pattern(40 * K + i))));
  await Promise.all(slow.map((sealer) => sealer.abort()));
  t.is(readdirSync(desk.dir).length, 8);
  await t.throwsAsync(async () => slow[0]?.write(pattern(1)), { code: 'E_STATE_INVALID' } as never);
});

test.serial('memory stays flat: sealing 96 MiB takes a few MiB', async (t) => {
  const desk = sealingDesk(t);
  const sealer = await createSealer(desk.tools, desk.plan());
  const segment = pattern(16 * K);
  await sealer.write(segment);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let i = 0; i < 95; i++) {
    await sealer.write(segment);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  t.is((await sealer.finish()).bytes, 96 * 16 * K);
  t.true(most < 60 * 1024 * 1024, `${most}`);
});

test('the implementations of SM4-CTR on this machine seal to the same bytes', async (t) => {
  const choice = chooseCtr();
  t.true(Object.keys(choice.rates).includes('node'));
  const counter = new Uint8Array(16).fill(0xff);
  const results = [];
  for (const ctr of ['node', 'libgcrypt'] as const) {
    const desk = sealingDesk(t, ctr);
    const made = await desk.seal(pattern(20 * K + 3), [], { objectId: '6f1c1f0e-0d7a-4c49-9a52-1d0c3d1f8a55', secret: new Uint8Array(32), counter });
    results.push(hex(provider.sm3(readFileSync(made.path))));
  }
  t.is(results[0], results[1]);
});

test('envelope.md: stock openssl recovers the content from the secret with the lines of the page', async (t) => {
  const desk = sealingDesk(t);
  const content = pattern(100_000);
  const made = await desk.seal(content);
  const run = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    const key = run('kdf', '-keylen', '16', '-kdfopt', 'digest:SM3', '-kdfopt', `hexkey:${hex(made.secret)}`, '-kdfopt', `hexsalt:${made.objectId.replaceAll('-', '')}`,
      '-kdfopt', 'info:shouzang envelope 1 enc', 'HKDF').replace(/[:\n]/g, '');
    const sealed = readFileSync(made.path);
    writeFileSync(join(desk.dir, 'body'), sealed.subarray(128, 128 + made.sealed.bytes));
    run('enc', '-d', '-sm4-ctr', '-K', key, '-iv', hex(sealed.subarray(32, 48)), '-in', join(desk.dir, 'body'), '-out', join(desk.dir, 'file'));
    t.true(sameBytes(readFileSync(join(desk.dir, 'file')), content));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    t.log('no openssl on this machine');
    t.pass();
  }
});
