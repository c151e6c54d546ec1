import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { boxSignatureCheck, openBox } from '../../appliance/box.js';
import { randomIds, systemClock } from '../../appliance/clock.js';
import { foundRehearsal } from '../../appliance/founding/rehearsal.js';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { openReadOnly } from '../../appliance/store/read-only.js';
import { countOfEpoch, countOlder } from '../../appliance/store/resealing.js';
import { spawnBox } from '../helpers/killable-box.js';

const KEYS = 2400;
const KILL_AT = [1, 900, 1700] as const;

test('换期: killed in the middle of the round, the box goes on at its next start and loses nothing', async (t) => {
  t.timeout(240_000);
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-rotation-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  const data = path.join(folder, 'data');
  const [clock, ids] = [systemClock(), randomIds()];
  await foundRehearsal(data, clock, ids);

  const objects: string[] = [];
  const made = await openBox({ data, clock, ids });
  const keyOf = new Map<string, string>();
  await made.store.write(made.systemCall('key.rotate'), async (tx) => {
    await tx.allow();
    const [person] = (await tx.people.list({ offset: 0, limit: 1 })).rows;
    await tx.sql.run("INSERT INTO capture_batch (id, number, fonds, department, opened_by, method, level, state, sealed, opened_at, version) VALUES ('b', 'B-1', 'Z109', 'BGS', $1, 'offline_upload', 1, 'open', NULL, $2, 1)", person?.id ?? '', clock.now());
    for (let at = 0; at < KEYS; at += 1) {
      const object = ids.uuid();
      objects.push(object);
      keyOf.set(object, Buffer.from(await made.keys.newDataKey(object, 1)).toString('hex'));
      await tx.sql.run("INSERT INTO upload (id, batch, object, level, bytes, sealed, state, opened_by, opened_at) VALUES ($1, 'b', $1, 1, 10, $2, 'open', $3, $4)", object, made.sealing.seal(1, `upload/${object}`, { fileName: `文件 ${object}` }), person?.id ?? '', clock.now());
    }
    const [first] = (await tx.custody.ceremonies({ offset: 0, limit: 1 })).rows;
    await tx.custody.addOrder({ id: ids.uuid(), kind: 'rotate', epoch: 2, ceremony: first?.id ?? '', madeAt: clock.now() });
    tx.audit({ action: 'key.rotate', detail: { test: true } });
  });
  await made.close();

  const moved = async (): Promise<number> => {
    const { sql, close } = await openReadOnly(path.join(data, 'keyring.db'));
    try {
      return (await sql.one<{ n: number }>('SELECT count(*) AS n FROM data_key WHERE epoch = 2'))?.n ?? 0;
    } catch {
      return 0;
    } finally {
      await close();
    }
  };
  for (const at of KILL_AT) {
    const box = spawnBox({ data, port: 0 });
    t.teardown(async () => box.kill());
    for (let waited = 0; (await moved()) < at && waited < 20_000; waited += 5) await pause(5);
    await box.kill();
    const then = await moved();
    t.true(then >= at, `${String(then)} moved: ${box.output().slice(-300)}`);
    t.log(`killed with ${String(then)} of ${String(KEYS)} data keys moved`);
  }
  const box = await openBox({ data, clock, ids });
  t.teardown(async () => box.close());
  await box.rotation.settled();
  t.is(box.keys.epoch, 2);
  t.deepEqual([...(await box.keys.keysByEpoch()).keys()], [2]);
  t.deepEqual([await countOlder(box.reader, 2), await countOfEpoch(box.reader, 1)], [0, 0]);
  for (const object of objects) if (Buffer.from(await box.keys.dataKey(object)).toString('hex') !== keyOf.get(object)) t.fail(object);
  for (const row of await box.reader.all<{ id: string; sealed: Buffer }>('SELECT id, sealed FROM upload')) t.regex(box.sealing.open<{ fileName: string }>(1, `upload/${row.id}`, row.sealed).fileName, /^文件 /u);
  t.deepEqual((await fsck({ sql: box.reader, vault: box.vault, keys: box.keys, paths: box.paths, sm3: box.sm3, check: boxSignatureCheck(box.crypto, box.identity.chain[0] ?? ''), deep: false })).findings, []);
});
