import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { verifyChain } from '../../../appliance/crypto/certificate-chain.js';
import { openKeyFile } from '../../../appliance/crypto/key-file.js';
import { createKeystore, openKeystore, openShare, recutShares, unlockRehearsal } from '../../../appliance/keystore/ceremony.js';
import { openKeyring } from '../../../appliance/keystore/keyring.js';
import type { KeyStore } from '../../../appliance/keystore/keystore.js';
import type { Level } from '../../../core/ports.js';
import { keystoreDesk, officerPins } from '../../helpers/keystore.js';

const LEVELS: readonly Level[] = [0, 1, 2, 3, 4];
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const words = (text: string): Uint8Array => new TextEncoder().encode(text);
type Desk = Awaited<ReturnType<typeof keystoreDesk>>;

/** What officer `place` brings: the share, opened with the key file. */
async function shareOf(desk: Desk, keystore: KeyStore, place: number): Promise<Uint8Array> {
  const [file, held] = [desk.keyFiles[place], keystore.heldShares[place]];
  if (file === undefined || held === undefined) throw new Error('no officer');
  return openShare(desk.provider, held, await openKeyFile(desk.provider, file, Object.values(officerPins)[place] ?? ''));
}
function filesUnder(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? filesUnder(join(dir, one.name)) : [join(dir, one.name)]));
}

test('开锁: any two of the three officers open the box, one alone never', async (t) => {
  const desk = await keystoreDesk(t);
  const id = randomUUID();
  const key = await desk.keystore.newDataKey(id, 3);
  for (const [a, b] of [[0, 1], [1, 2], [2, 0]] as const) {
    const keystore = await desk.reopen();
    t.is(keystore.state, 'locked');
    t.deepEqual(await keystore.offerShare(await shareOf(desk, keystore, a)), { state: 'locked', offered: [a + 1], need: 2 });
    t.like(await keystore.offerShare(await shareOf(desk, keystore, a)), { state: 'locked' }, 'the same officer twice');
    t.deepEqual(await keystore.offerShare(await shareOf(desk, keystore, b)), { state: 'unlocked', offered: [], need: 2 });
    t.is(hex(await keystore.dataKey(id)), hex(key));
  }
});

test('开锁: a damaged share or one of another box is refused and leaves the box locked', async (t) => {
  const desk = await keystoreDesk(t);
  const other = await keystoreDesk(t);
  const keystore = await desk.reopen();
  const good = await shareOf(desk, keystore, 0);
  await t.throwsAsync(keystore.offerShare(good.with(20, (good[20] ?? 0) ^ 1)), { code: 'E_KEY_SHARE_INVALID' } as never);
  await t.throwsAsync(keystore.offerShare(await shareOf(other, other.keystore, 1)), { code: 'E_KEY_SHARE_INVALID' } as never);
  t.deepEqual(keystore.unlocking, { state: 'locked', offered: [], need: 2 });
  const holder = keystore.heldShares[1];
  const wrongKey = await openKeyFile(desk.provider, desk.keyFiles[0] ?? t.fail() as never, officerPins['officer-1']);
  t.throws(() => holder && openShare(desk.provider, holder, wrongKey), { code: 'E_DECRYPT_FAILED' } as never);
});

test('重分分量: after an officer left, the new shares open the box and the old ones do not', async (t) => {
  const desk = await keystoreDesk(t);
  const id = randomUUID();
  const key = await desk.keystore.newDataKey(id, 3);
  const old = await Promise.all([0, 1].map((place) => shareOf(desk, desk.keystore, place)));
  const fresh = desk.provider.generateKeyPair();
  const certificate = desk.keystore.certify({ subject: { commonName: 'officer-4' }, publicKey: fresh.publicKey, notBefore: '2026-06-01T00:00:00Z', notAfter: '2031-01-01T00:00:00Z', keyUsage: ['digitalSignature', 'keyEncipherment'] });
  await recutShares(desk.keystore, desk.places, [...desk.certificates.slice(0, 2), { holder: 'officer-4', certificate }]);
  const keystore = await desk.reopen();
  for (const frame of old) await t.throwsAsync(keystore.offerShare(frame), { code: 'E_KEY_SHARE_INVALID' } as never);
  await t.throwsAsync(recutShares(keystore, desk.places, desk.certificates), { code: 'E_BOX_LOCKED' } as never);
  await keystore.offerShare(await shareOf(desk, keystore, 0));
  const held = keystore.heldShares[2] ?? t.fail() as never;
  t.like(await keystore.offerShare(openShare(desk.provider, held, fresh)), { state: 'unlocked' });
  t.is(hex(await keystore.dataKey(id)), hex(key));
});

test('上锁: a locked box gives no key, signs nothing and certifies nothing; destroying still works', async (t) => {
  const { keystore } = await keystoreDesk(t);
  const id = randomUUID();
  await keystore.newDataKey(id, 2);
  const sealed = keystore.sealUnderLevel(2, words('题名'), ['record', 'r1']);
  keystore.lock();
  t.is(keystore.state, 'locked');
  const acts: (() => unknown)[] = [
    () => keystore.levelKey(2, 'search'), () => keystore.sealUnderLevel(2, words('x'), []), () => keystore.openUnderLevel(2, sealed, ['record', 'r1']),
    () => keystore.sign(words('x')), () => keystore.certify({} as never),
  ];
  for (const act of acts) t.throws(act, { code: 'E_BOX_LOCKED' } as never);
  for (const act of [() => keystore.newDataKey(randomUUID(), 1), () => keystore.dataKey(id), () => keystore.rewrap(id, 1)]) await t.throwsAsync(act, { code: 'E_BOX_LOCKED' } as never);
  t.true(await keystore.holds(id));
  await keystore.destroy(id);
  t.false(await keystore.holds(id));
});

test('level keys: every level and purpose has its own, the same after a restart', async (t) => {
  const desk = await keystoreDesk(t);
  const all = (keystore: KeyStore) => LEVELS.flatMap((level) => (['meta', 'search', 'wrap'] as const).map((purpose) => hex(keystore.levelKey(level, purpose))));
  const before = all(desk.keystore);
  t.is(new Set(before).size, 15);
  const wiped = desk.keystore.levelKey(3, 'meta');
  wiped.fill(0);
  const keystore = await desk.reopen();
  for (const place of [0, 1]) await keystore.offerShare(await shareOf(desk, keystore, place));
  t.deepEqual(all(keystore), before);
  t.throws(() => keystore.levelKey(5 as Level, 'meta'), { code: 'E_CRYPTO_INPUT' } as never);
});

test('law: what is sealed under a level opens under that level and context only', async (t) => {
  const { keystore } = await keystoreDesk(t);
  const level = fc.constantFrom(...LEVELS);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), level, level, fc.string(), fc.string(), fc.nat(), (plain, at, other, about, elsewhere, bit) => {
    const sealed = keystore.sealUnderLevel(at, plain, ['record', about]);
    t.is(hex(keystore.openUnderLevel(at, sealed, ['record', about])), hex(plain));
    if (other !== at) t.throws(() => keystore.openUnderLevel(other, sealed, ['record', about]), { code: 'E_DECRYPT_FAILED' } as never);
    if (elsewhere !== about) t.throws(() => keystore.openUnderLevel(at, sealed, ['record', elsewhere]), { code: 'E_DECRYPT_FAILED' } as never);
    const place = bit % (sealed.length * 8);
    const bad = sealed.with(place >> 3, (sealed[place >> 3] ?? 0) ^ (1 << (place & 7)));
    t.throws(() => keystore.openUnderLevel(at, bad, ['record', about]), { code: 'E_DECRYPT_FAILED' } as never);
  }), { numRuns: 60 });
});

test('变更密级: rewrapping keeps the data key, changes its wrapping and needs no content', async (t) => {
  const { keystore, keyringFile } = await keystoreDesk(t);
  const id = randomUUID();
  const key = await keystore.newDataKey(id, 4);
  await t.throwsAsync(keystore.newDataKey(id, 4), { code: 'E_DUPLICATE' } as never);
  const keyring = await openKeyring(keyringFile);
  const before = await keyring.get(id);
  for (const level of [1, 1, 3] as const) {
    await keystore.rewrap(id, level);
    t.is(hex(await keystore.dataKey(id)), hex(key));
  }
  const after = await keyring.get(id);
  t.is(after?.level, 3);
  t.notDeepEqual(after?.wrapped, before?.wrapped);
  await t.throwsAsync(keystore.rewrap(randomUUID(), 1), { code: 'E_KEY_DESTROYED' } as never);
  await keyring.close();
});

test('a wrapped key moved to another object or given another level does not open', async (t) => {
  const { keystore, keyringFile } = await keystoreDesk(t);
  const [one, two] = [randomUUID(), randomUUID()];
  await keystore.newDataKey(one, 3);
  await keystore.newDataKey(two, 3);
  const keyring = await openKeyring(keyringFile);
  const row = (await keyring.get(one)) ?? t.fail() as never;
  await keyring.replace({ ...row, objectId: two });
  await t.throwsAsync(keystore.dataKey(two), { code: 'E_DECRYPT_FAILED' } as never);
  await keyring.replace({ ...row, level: 0 });
  await t.throwsAsync(keystore.dataKey(one), { code: 'E_DECRYPT_FAILED' } as never);
  await keyring.close();
});

test('密钥销毁: the wrapped key is gone from the database and its log, destroying again is success, others are untouched', async (t) => {
  const { dir, keystore, keyringFile } = await keystoreDesk(t);
  const ids = Array.from({ length: 30 }, () => randomUUID());
  const keys = await Promise.all(ids.map((id) => keystore.newDataKey(id, 3)));
  const keyring = await openKeyring(keyringFile);
  const [first = '', ...rest] = ids;
  const canary = Buffer.from((await keyring.get(first))?.wrapped ?? []).subarray(0, 24);
  const onDisk = () => filesUnder(dir).filter((path) => readFileSync(path).includes(canary)).length;
  t.true(onDisk() > 0, 'the canary is findable while it lives');
  await keyring.close();
  await keystore.destroy(first);
  await keystore.destroy(first);
  t.is(onDisk(), 0);
  await t.throwsAsync(keystore.dataKey(first), { code: 'E_KEY_DESTROYED' } as never);
  for (const [at, id] of rest.entries()) t.is(hex(await keystore.dataKey(id)), hex(keys[at + 1] ?? new Uint8Array(0)));
  const listed: string[] = [];
  for await (const id of keystore.objects()) listed.push(id);
  t.deepEqual(listed, [...rest].sort());
});

test('证书: the box authority certifies box, officers and later people, and the chains verify', async (t) => {
  const { provider, keystore, certificates } = await keystoreDesk(t, { organization: '示例单位' });
  const { authority, certificate } = keystore.identity;
  const person = provider.generateKeyPair();
  const wish = { publicKey: person.publicKey, notBefore: '2026-06-01T00:00:00Z', notAfter: '2029-06-01T00:00:00Z', keyUsage: ['digitalSignature'] as const };
  const later = keystore.certify({ ...wish, subject: { commonName: 'person-9' } });
  for (const one of [certificate, later, ...certificates.map((officer) => officer.certificate)]) {
    t.true(verifyChain(provider, { chain: [one], anchors: [authority], at: '2026-11-23T00:00:00Z', usage: 'digitalSignature' }).valid);
  }
  t.true(provider.verify(words('报表'), keystore.sign(words('报表')), certificate.publicKey));
  t.deepEqual(certificates.map(({ holder, certificate: { subject } }) => [holder, subject.commonName]), Object.keys(officerPins).map((holder) => [holder, holder]));
});

test('an officer with a token gets a certificate for the token\'s key and no key file', async (t) => {
  const token = (await keystoreDesk(t)).provider.generateKeyPair();
  const desk = await keystoreDesk(t, { officers: [{ holder: 'a', key: { publicKey: token.publicKey } }, { holder: 'b', key: { pin: 'x', iterations: 1 } }] });
  t.deepEqual(desk.keyFiles.map(({ holder }) => holder), ['b']);
  const held = desk.keystore.heldShares[0] ?? t.fail() as never;
  t.true(openShare(desk.provider, held, token).length > 40);
});

test('a real box has nothing on the disk that opens it; a rehearsal has one file that says what it is', async (t) => {
  const real = await keystoreDesk(t);
  t.false(existsSync(real.places.rehearsal));
  t.deepEqual(filesUnder(real.places.box).map((path) => path.split('/').at(-1)), ['keystore.json']);
  await t.throwsAsync(unlockRehearsal(await real.reopen(), real.places), { code: 'E_BOX_LOCKED' } as never);

  const trial = await keystoreDesk(t, { rehearsal: true });
  t.true(trial.keyFiles.every(({ rehearsal }) => rehearsal));
  const keystore = await trial.reopen();
  t.deepEqual([keystore.state, keystore.rehearsal], ['locked', true]);
  await unlockRehearsal(keystore, trial.places);
  t.is(keystore.state, 'unlocked');
  t.regex(readFileSync(join(trial.places.rehearsal, 'rehearsal-unlock.json'), 'utf8'), /演练专用.*严禁/);
});

test('keystore.json with another certificate, mode or sealed key does not unlock', async (t) => {
  const desk = await keystoreDesk(t, { rehearsal: true });
  const other = await keystoreDesk(t, { rehearsal: true });
  const path = join(desk.places.box, 'keystore.json');
  const good = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const foreign = JSON.parse(readFileSync(join(other.places.box, 'keystore.json'), 'utf8')) as Record<string, unknown>;
  for (const [name, change] of Object.entries({ certificate: { certificate: foreign['certificate'] }, authority: { authority: foreign['authority'] }, key: { sealedBoxKey: good['sealedAuthorityKey'] } })) {
    writeFileSync(path, JSON.stringify({ ...good, ...change }));
    const keystore = await desk.reopen();
    await t.throwsAsync(unlockRehearsal(keystore, desk.places), { code: 'E_DECRYPT_FAILED' } as never, name);
    t.is(keystore.state, 'locked');
  }
  writeFileSync(path, JSON.stringify({ ...good, rehearsal: false }));
  await t.throwsAsync(unlockRehearsal(await desk.reopen(), desk.places), { code: 'E_BOX_LOCKED' } as never);
  writeFileSync(path, '{');
  await t.throwsAsync(openKeystore(desk.provider, desk.places, await openKeyring(desk.keyringFile)), { code: 'E_CRYPTO_INPUT' } as never);
});

test('a ceremony never overwrites a box, and needs as many officers as unlock it, each once', async (t) => {
  const desk = await keystoreDesk(t);
  const plan = { boxId: 'SZ-2', rehearsal: false, notBefore: '2026-01-01T00:00:00Z', notAfter: '2036-01-01T00:00:00Z', officersUntil: '2031-01-01T00:00:00Z' };
  const keyring = await openKeyring(desk.keyringFile);
  const officer = (holder: string) => ({ holder, key: { pin: 'x', iterations: 1 } });
  await t.throwsAsync(createKeystore(desk.provider, desk.places, keyring, { ...plan, officers: [officer('a'), officer('b')] }), { code: 'E_DUPLICATE' } as never);
  const elsewhere = { box: join(desk.dir, 'b2'), rehearsal: join(desk.dir, 'r2') };
  for (const officers of [[officer('a')], [officer('a'), officer('a')]]) {
    await t.throwsAsync(createKeystore(desk.provider, elsewhere, keyring, { ...plan, officers }), { code: 'E_CRYPTO_INPUT' } as never);
  }
  const broken = { ...plan, officers: [officer('a'), officer('b')], handOver: () => Promise.reject(new Error('medium full')) };
  await t.throwsAsync(createKeystore(desk.provider, elsewhere, keyring, broken), { message: 'medium full' }, 'officers who got no key file lock nobody out');
  t.false(existsSync(elsewhere.box));
  await keyring.close();
});
