import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { openKeyFile } from '../../../appliance/crypto/key-file.js';
import { readBoxFile, writeBoxFile } from '../../../appliance/keystore/box-file.js';
import { beginEpoch, destroyEpoch, openKeystore, openShare, renewRoot, unlockRehearsal } from '../../../appliance/keystore/ceremony.js';
import { KeyTree } from '../../../appliance/keystore/key-tree.js';
import { openKeyring } from '../../../appliance/keystore/keyring.js';
import type { KeyStore } from '../../../appliance/keystore/keystore.js';
import { BODY_AT, headOf } from '../../../appliance/keystore/sealed-thing.js';
import { combineRoot } from '../../../appliance/keystore/shares.js';
import { SmallBox } from '../../../appliance/crypto/small-box.js';
import { provesWiping } from '../../../appliance/keystore/wipe-proof.js';
import type { Level } from '../../../core/ports.js';
import { keystoreDesk, officerPins } from '../../helpers/keystore.js';

const AT = '2026-11-23T08:00:00.000Z';
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const words = (text: string): Uint8Array => new TextEncoder().encode(text);
type Desk = Awaited<ReturnType<typeof keystoreDesk>>;

async function keyOf(desk: Desk, place: number) {
  const file = desk.keyFiles[place];
  if (file === undefined) throw new Error('no officer');
  return openKeyFile(desk.provider, file, Object.values(officerPins)[place] ?? '');
}
async function shareOf(desk: Desk, keystore: KeyStore, place: number): Promise<Uint8Array> {
  const held = keystore.heldShares[place];
  if (held === undefined) throw new Error('no share');
  return openShare(desk.provider, held, await keyOf(desk, place));
}
async function unlocked(desk: Desk, keystore: KeyStore) {
  for (const place of [0, 1]) await keystore.offerShare(await shareOf(desk, keystore, place));
  return keystore;
}

test('换期: data keys and headers move to the new epoch, every byte of a body stays, reading goes on meanwhile', async (t) => {
  const desk = await keystoreDesk(t);
  const { keystore, places } = desk;
  const objects = await Promise.all(Array.from({ length: 25 }, async (_, n) => { const id = randomUUID(); return { id, level: (n % 5) as Level, key: await keystore.newDataKey(id, (n % 5) as Level) }; }));
  const things = objects.map(({ id, level }) => ({ id, level, sealed: keystore.sealUnderLevel(level, words(`题名 ${id}`), [`record/${id}`]) }));
  const search = hex(keystore.levelKey(3, 'search'));

  await beginEpoch(keystore, places, 2, AT);
  await beginEpoch(keystore, places, 2, AT);
  t.is(keystore.epoch, 2);
  t.deepEqual(keystore.epochs.map(({ epoch, state }) => [epoch, state]), [[1, 'retiring'], [2, 'current']]);
  await t.throwsAsync(destroyEpoch(keystore, places, 1, AT), { code: 'E_STATE_INVALID' } as never, 'still referred to');
  await t.throwsAsync(destroyEpoch(keystore, places, 2, AT), { code: 'E_STATE_INVALID' } as never, 'the present one');
  t.like(await keystore.rewrapOlder(10), { done: 10, failed: 0 });
  for (const { id, key } of objects) t.is(hex(await keystore.dataKey(id)), hex(key), 'half moved, all open');
  await keystore.destroy(objects[0]?.id ?? '');
  await keystore.rewrap(objects[1]?.id ?? '', 4);
  for (let moved = -1; moved !== 0;) moved = (await keystore.rewrapOlder(10)).done;
  t.deepEqual([...await keystore.keysByEpoch()], [[2, 24]]);
  t.is((await keystore.placeOf(objects[1]?.id ?? ''))?.level, 4);

  for (const { id, level, sealed } of things) {
    const next = keystore.rewrapSealed(sealed);
    if (next === null) return t.fail();
    t.deepEqual([headOf(sealed), headOf(next)], [{ epoch: 1, level }, { epoch: 2, level }]);
    t.is(hex(desk.provider.sm3(next.subarray(BODY_AT))), hex(desk.provider.sm3(sealed.subarray(BODY_AT))), 'the body is not rewritten');
    t.notDeepEqual(next.subarray(0, BODY_AT), sealed.subarray(0, BODY_AT));
    t.is(Buffer.from(keystore.openUnderLevel(level, next, [`record/${id}`])).toString(), `题名 ${id}`);
    t.is(keystore.rewrapSealed(next), null, 'done is done');
    t.throws(() => keystore.openUnderLevel(level, next, ['record/other']), { code: 'E_DECRYPT_FAILED' } as never);
  }
  await destroyEpoch(keystore, places, 1, AT);
  await destroyEpoch(keystore, places, 1, AT);
  t.throws(() => keystore.openUnderLevel(things[0]?.level ?? 0, things[0]?.sealed ?? words(''), [`record/${things[0]?.id ?? ''}`]), { code: 'E_DECRYPT_FAILED' } as never);
  t.is(hex(keystore.levelKey(3, 'search')), search, 'blind words stay findable');

  const again = await unlocked(desk, await desk.reopen());
  t.deepEqual(again.epochs.map(({ epoch, state }) => [epoch, state]), [[1, 'destroyed'], [2, 'current']]);
  for (const { id, key } of objects.slice(1)) t.is(hex(await again.dataKey(id)), hex(key));
  t.throws(() => again.levelKey(3, 'meta', 1), { code: 'E_CRYPTO_INPUT' } as never);
  return undefined;
});

test('law: a header exchanged any number of times opens the same content, and no bit of it may change', async (t) => {
  const { keystore, places, provider } = await keystoreDesk(t);
  const all = [1, 2, 3, 4].map((epoch) => ({ epoch, level: ((epoch + 1) % 5) as Level }));
  for (const { epoch, level } of all) {
    if (epoch > 1) await beginEpoch(keystore, places, epoch, AT);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(), (plain, bit) => {
      const sealed = keystore.sealUnderLevel(level, plain, ['x', epoch]);
      t.is(headOf(sealed)?.epoch, epoch);
      const at = bit % (sealed.length * 8);
      t.throws(() => keystore.openUnderLevel(level, sealed.with(at >> 3, (sealed[at >> 3] ?? 0) ^ (1 << (at & 7))), ['x', epoch]), { code: 'E_DECRYPT_FAILED' } as never);
    }), { numRuns: 20 });
  }
  let thing = keystore.sealUnderLevel(3, words('一'), ['a']);
  const other = keystore.sealUnderLevel(3, words('二'), ['a']);
  t.throws(() => keystore.openUnderLevel(3, Buffer.concat([thing.subarray(0, BODY_AT), other.subarray(BODY_AT)]), ['a']), { code: 'E_DECRYPT_FAILED' } as never, 'a header of another body');
  t.throws(() => new SmallBox(provider, new Uint8Array(48)).open(thing.subarray(BODY_AT), ['meta', 3, 'a']), { code: 'E_DECRYPT_FAILED' } as never, 'the key of a body is not an empty one');
  for (const epoch of [5, 6, 7]) {
    await beginEpoch(keystore, places, epoch, AT);
    thing = keystore.rewrapSealed(thing) ?? words('');
  }
  t.is(Buffer.from(keystore.openUnderLevel(3, thing, ['a'])).toString(), '一');
});

test('换根重分: old shares open nothing of the present box; with an old key file they open only what was closed before and not rotated', async (t) => {
  const desk = await keystoreDesk(t);
  const { provider, places, keystore } = desk;
  const [before, after] = [randomUUID(), randomUUID()];
  await keystore.newDataKey(before, 3);
  const oldFrames = await Promise.all([0, 1].map(async (place) => shareOf(desk, keystore, place)));
  const oldFile = readFileSync(join(places.box, 'keystore.json'), 'utf8');
  const oldSet = keystore.shareSet;

  const fresh = provider.generateKeyPair();
  const certificate = keystore.certify({ subject: { commonName: 'officer-4' }, publicKey: fresh.publicKey, notBefore: '2026-06-01T00:00:00Z', notAfter: '2031-01-01T00:00:00Z', keyUsage: ['digitalSignature', 'keyEncipherment'] });
  await renewRoot(keystore, places, [...desk.certificates.slice(1), { holder: 'officer-4', certificate }], 'aa'.repeat(8));
  await beginEpoch(keystore, places, 2, AT);
  for (let moved = -1; moved !== 0;) moved = (await keystore.rewrapOlder(100)).done;
  await keystore.newDataKey(after, 3);
  t.is(keystore.state, 'unlocked', 'nobody is shut out by it');
  t.is((await keystore.dataKey(before)).length, 32);

  const now = await desk.reopen();
  t.is(now.shareSet.setId, 'aa'.repeat(8));
  for (const frame of oldFrames) await t.throwsAsync(now.offerShare(frame), { code: 'E_KEY_SHARE_INVALID' } as never);
  const oldRoot = await combineRoot(provider, oldSet, oldFrames);
  t.throws(() => { now.unlockWith(Uint8Array.from(oldRoot)); }, { code: 'E_KEY_SHARE_INVALID' } as never, 'nor does the old root itself');
  const box = readBoxFile(readFileSync(join(places.box, 'keystore.json'), 'utf8'));
  const tree = new KeyTree(provider, oldRoot, box.boxId);
  for (const { epoch, sealed } of box.epochs) t.throws(() => tree.custodyBox().open(sealed ?? words(''), ['level-keys', box.boxId, epoch]), { code: 'E_DECRYPT_FAILED' } as never);
  t.throws(() => tree.identityBox().open(box.sealedBoxKey, []), { code: 'E_DECRYPT_FAILED' } as never);

  // The worst case: a copy of the old key file, the old shares and the present keyring. The rotation has taken that away.
  writeFileSync(join(places.box, 'keystore.json'), oldFile);
  const attacker = await desk.reopen();
  for (const frame of oldFrames) await attacker.offerShare(frame);
  t.is(attacker.state, 'unlocked');
  for (const id of [before, after]) await t.throwsAsync(attacker.dataKey(id), { code: 'E_KEY_DESTROYED' } as never);
  writeFileSync(join(places.box, 'keystore.json'), writeBoxFile(box));

  const good = await desk.reopen();
  await good.offerShare(openShare(provider, good.heldShares[0] ?? t.fail() as never, await keyOf(desk, 1)));
  t.like(await good.offerShare(openShare(provider, good.heldShares[2] ?? t.fail() as never, fresh)), { state: 'unlocked' });
  t.is((await good.dataKey(after)).length, 32);
  t.true(provider.verify(words('x'), good.sign(words('x')), good.identity.certificate.publicKey));
});

test('演练换根: a stop at any moment of the exchange leaves a box that opens itself', async (t) => {
  const desk = await keystoreDesk(t, { rehearsal: true });
  const id = randomUUID();
  await desk.keystore.newDataKey(id, 2);
  const unlockFile = join(desk.places.rehearsal, 'rehearsal-unlock.json');
  const [boxBefore, rootBefore] = [readFileSync(join(desk.places.box, 'keystore.json')), readFileSync(unlockFile, 'utf8')];
  await renewRoot(desk.keystore, desk.places, desk.certificates);
  const rootAfter = readFileSync(unlockFile, 'utf8');
  t.false(rootAfter.includes(/"rootKey": "(\w+)"/u.exec(rootBefore)?.[1] ?? 'no'), 'the old root is gone from the file');
  const both = rootAfter.replace(/\n\}\n$/u, `,\n  "formerRootKey": "${/"rootKey": "(\w+)"/u.exec(rootBefore)?.[1] ?? ''}"\n}\n`);
  const boxAfter = readFileSync(join(desk.places.box, 'keystore.json'));
  for (const [box, root] of [[boxBefore, rootBefore], [boxBefore, both], [boxAfter, both], [boxAfter, rootAfter]] as const) {
    writeFileSync(join(desk.places.box, 'keystore.json'), box);
    writeFileSync(unlockFile, root);
    const keystore = await desk.reopen();
    await unlockRehearsal(keystore, desk.places);
    t.is((await keystore.dataKey(id)).length, 32);
  }
});

test('a box of file version 1 opens, rotates and lets its derived keys live on under another root', async (t) => {
  const desk = await keystoreDesk(t);
  const { provider, places } = desk;
  const path = join(places.box, 'keystore.json');
  // As version 1 wrote it: no epochs, keys derived from the root, descriptions straight under the level key.
  const { epochs: _epochs, sealedSearch: _search, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...rest, version: 1, epoch: 1 }));
  const old = await unlocked(desk, await desk.reopen());
  const [id, search] = [randomUUID(), hex(old.levelKey(2, 'search'))];
  const key = hex(await old.newDataKey(id, 2));
  const box = new SmallBox(provider, old.levelKey(2, 'meta', 1));
  const thing = Buffer.concat([Buffer.from([0, 0, 0, 1]), box.close(words('旧密件'), ['meta', 2, 'record/1'])]);
  t.is(Buffer.from(old.openUnderLevel(2, thing, ['record/1'])).toString(), '旧密件');
  t.is(old.rewrapSealed(thing), null, 'version 1 waits until its row is saved again');
  await beginEpoch(old as never, places, 2, AT);
  await renewRoot(old as never, places, desk.certificates);
  const now = await unlocked(desk, await desk.reopen());
  t.deepEqual([hex(await now.dataKey(id)), hex(now.levelKey(2, 'search'))], [key, search]);
  t.is(Buffer.from(now.openUnderLevel(2, thing, ['record/1'])).toString(), '旧密件');
});

test('上锁: keys of every epoch are overwritten in memory, and the self-test proves it', async (t) => {
  const desk = await keystoreDesk(t);
  t.true(provesWiping(desk.provider));
  const tree = new KeyTree(desk.provider, desk.provider.random(32), 'SZ-x');
  for (const epoch of [1, 2]) { tree.addEpoch(epoch, desk.provider.random(320)); tree.box(3, 'meta', epoch); tree.box(3, 'wrap', epoch); }
  const secrets = tree.secrets();
  t.is(secrets.length, 2 + 2 + 8);
  tree.wipe();
  t.true(secrets.every((one) => one.every((byte) => byte === 0)));
});

test('a box file whose epochs were exchanged, cut or doubled does not open', async (t) => {
  const desk = await keystoreDesk(t);
  await beginEpoch(desk.keystore, desk.places, 2, AT);
  const path = join(desk.places.box, 'keystore.json');
  const good = JSON.parse(readFileSync(path, 'utf8')) as { epochs: Record<string, unknown>[] };
  const [one, two] = good.epochs;
  const keyring = async () => openKeyring(desk.keyringFile);
  for (const epochs of [[], [one], [two], [one, { ...two, state: 'retiring' }], [{ ...one, state: 'current' }, two]]) {
    writeFileSync(path, JSON.stringify({ ...good, epochs }));
    await t.throwsAsync(openKeystore(desk.provider, desk.places, await keyring()), { code: 'E_CRYPTO_INPUT' } as never);
  }
  writeFileSync(path, JSON.stringify({ ...good, epochs: [{ ...one, sealed: two?.['sealed'] }, two] }));
  const keystore = await desk.reopen();
  await keystore.offerShare(await shareOf(desk, keystore, 0));
  await t.throwsAsync(shareOf(desk, keystore, 1).then(async (share) => keystore.offerShare(share)), { code: 'E_DECRYPT_FAILED' } as never);
});
