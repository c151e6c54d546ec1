import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { boxSignatureCheck, openBox } from '../../appliance/box.js';
import { randomIds, systemClock } from '../../appliance/clock.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { Client } from '../../appliance/remote/client.js';
import type { RehearsalPerson } from '../../appliance/remote/client.js';
import { foundRehearsal } from '../../appliance/founding/rehearsal.js';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { inPackage } from '../../appliance/package-root.js';
import { spawnBox } from '../helpers/killable-box.js';
import { Archivist, isDeath } from '../helpers/office.js';
import type { Promised } from '../helpers/office.js';

/** A dozen in every run; `SHOUZANG_KILLS=200` for the whole proof. */
const KILLS = Number(process.env['SHOUZANG_KILLS'] ?? '12');
/** Of which this many at a given file operation, the others at random moments. */
const STEPS = Math.min(14, Math.floor(KILLS / 2));
const PRELOAD = inPackage('dist', 'test', 'helpers', 'kill-at-step.js');

/** Pseudo-random and the same in every run of the same length: a kill that found something can be met again. */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function untilAnswers(archivist: Archivist, count: number): Promise<void> {
  for (let waited = 0; archivist.answers < count && waited < 20_000; waited += 4) await pause(4);
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => { resolve(port); });
    });
  });
}

/** Starts the box in this process (recovery runs), and holds all it promised against what is there. */
async function examine(data: string, promised: Promised): Promise<{ readonly faults: readonly string[]; readonly objects: number; readonly entries: number }> {
  const faults: string[] = [];
  const box = await openBox({ data, clock: systemClock(), ids: randomIds() });
  try {
    const found = await fsck({ sql: box.reader, vault: box.vault, keys: box.keys, paths: box.paths, sm3: box.sm3, check: boxSignatureCheck(box.crypto, box.identity.chain[0] ?? ''), deep: true });
    faults.push(...found.findings.map((one) => `fsck ${one.kind} ${one.object}: ${one.text}`));

    const rows = await box.reader.all<{ id: string; state: string; archival_code: string | null; sm3: string | null; object: string | null; entered: number }>(
      `SELECT record.id, record.state, record.archival_code, computer_file.sm3, computer_file.object,
         (SELECT count(*) FROM audit_entry WHERE object = record.id AND action = 'capture.upload' AND result = 'ok') AS entered
       FROM record LEFT JOIN computer_file ON computer_file.record = record.id AND computer_file.replaced_by IS NULL`,
    );
    const known = new Map(rows.map((row) => [row.id, row]));
    for (const [id, want] of promised.records) {
      const row = known.get(id);
      if (!row) faults.push(`acknowledged record ${id} is gone`);
      else if (row.sm3 !== want.sm3) faults.push(`acknowledged record ${id} has other bytes`);
      else if (row.entered !== 1) faults.push(`acknowledged record ${id} has ${String(row.entered)} entries in the ledger`);
      else if (want.archivalCode !== null && (row.state !== 'filed' || row.archival_code !== want.archivalCode)) faults.push(`filing of ${id} was acknowledged and is gone`);
    }
    const open = new Set((await box.reader.all<{ object: string }>("SELECT object FROM upload WHERE state = 'open'")).map((row) => row.object));
    for (const name of await readdir(box.paths.staging)) if (!open.has(name.split('.')[0] ?? '')) faults.push(`staged ${name} is nobody's`);
    for (const { id } of await box.reader.all<{ id: string }>("SELECT id FROM stored_object WHERE state = 'staged'")) faults.push(`object ${id} was never promoted`);
    for (const { id } of await box.reader.all<{ id: string }>("SELECT upload.id FROM upload JOIN stored_object ON stored_object.id = upload.object WHERE upload.state = 'open'")) faults.push(`upload ${id} is open though its file was taken`);
    return { faults, objects: found.objects, entries: found.entries };
  } finally {
    await box.close();
  }
}

test('第二十一条、第二十五条: killed at any moment of capture and filing, the box starts whole: nothing acknowledged is lost, nothing half-written is left', async (t) => {
  t.timeout(KILLS * 20_000);
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-kill-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  const [data, killLog] = [path.join(folder, 'data'), path.join(folder, 'steps')];
  await foundRehearsal(data, systemClock(), randomIds());
  const promised: Promised = { records: new Map(), uploads: new Map() };
  const port = await freePort();
  const crypto = new NodeProvider();
  const seed = 20_260_506 + KILLS;
  const roll = dice(seed);
  const counts = { atStep: 0, whileStarting: 0, whileWorking: 0, resumed: 0, entries: 0, objects: 0 };

  // Once undisturbed: the listener's certificate is made, the archivist signs in. That session outlives every kill: it rests in the database.
  const first = spawnBox({ data, port });
  t.teardown(async () => first.kill());
  const client = new Client(await first.ready ?? '', await readFile(path.join(data, 'box', 'tls-cert.pem'), 'utf8'), crypto);
  const { people } = await client.get<{ people: RehearsalPerson[] }>('rehearsal.people', {});
  const person = people.find((one) => one.account === 'zhaoxiaolan');
  if (person) await client.signIn(person);
  await first.kill();

  for (let kill = 0; kill < KILLS; kill += 1) {
    const step = kill < STEPS ? kill + 1 : null;
    const box = spawnBox({ data, port, ...(step === null ? {} : { preload: PRELOAD, env: { SHOUZANG_KILL_STEP: String(step), SHOUZANG_KILL_LOG: killLog } }) });
    t.teardown(async () => box.kill());
    if (step === null && kill % 5 === 4) {
      // Now and then while it starts, where recovery itself may be under way.
      await pause(roll() * 1500);
      await box.kill();
      counts.whileStarting += 1;
    } else {
      const url = await box.ready;
      if (url === null && step !== null) {
        // The chosen operation belongs to the start itself; that it was reached is counted below.
        await box.ended;
        counts.atStep += 1;
        const started = await examine(data, promised);
        t.deepEqual(started.faults, [], `after kill ${String(kill)} (seed ${String(seed)})`);
        continue;
      }
      t.truthy(url, `the box starts after kill ${String(kill)}: ${box.output().slice(-500)}`);
      if (url === null) return;
      const archivist = new Archivist(client, promised);
      const work = (async () => {
        counts.resumed += await archivist.resume();
        await archivist.work(`kill-${String(kill)}`, kill % 4 === 0);
      })().catch((error: unknown) => { if (!isDeath(error)) throw error; });
      if (step === null) {
        await Promise.race([work, untilAnswers(archivist, Math.floor(roll() * 34)).then(async () => pause(roll() * 60))]);
        await box.kill();
        counts.whileWorking += 1;
      } else {
        await box.ended;
        counts.atStep += 1;
      }
      await work;
    }
    const after = await examine(data, promised);
    t.deepEqual(after.faults, [], `after kill ${String(kill)} (seed ${String(seed)})`);
    if (after.faults.length > 0) return;
    counts.entries = after.entries;
    counts.objects = after.objects;
  }
  const steps = (await readFile(killLog, 'utf8')).trim().split('\n');
  t.is(steps.length, STEPS, 'every chosen file operation was reached');
  const filed = [...promised.records.values()].filter((one) => one.archivalCode !== null).length;
  t.true(promised.records.size > KILLS / 2 && filed > 0, 'the box had time to promise something');
  t.log(`${String(KILLS)} kills: ${String(counts.atStep)} at a file operation (${[...new Set(steps)].join(', ')}), ${String(counts.whileStarting)} while starting, ${String(counts.whileWorking)} while working; `
    + `${String(promised.records.size)} records acknowledged, ${String(filed)} of them filed, ${String(counts.resumed)} uploads gone on with; ${String(counts.objects)} objects, ${String(counts.entries)} entries`);
});
