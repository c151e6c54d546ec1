import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { boxSignatureCheck, openBox } from '../../appliance/box.js';
import { randomIds, systemClock } from '../../appliance/clock.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { Client } from '../../appliance/remote/client.js';
import type { RehearsalPerson } from '../../appliance/remote/client.js';
import { openTestBox } from '../helpers/box.js';
import { deviceFor, folderOf, handedOver, introduce, signedInBy } from '../helpers/handed-over.js';
import { spawnBox } from '../helpers/killable-box.js';
import { described, fileBatch, filedSecret, markers } from '../helpers/marked.js';

/** Kills, each on a copy of the same archive; more of them are asked for in the environment. */
const KILLS = Number(process.env['SHOUZANG_RECEIVING_KILLS'] ?? '2');
const PRELOAD = fileURLToPath(new URL('../helpers/kill-at-step.js', import.meta.url));

const freePort = async (): Promise<number> => new Promise((resolve) => {
  const server = createServer();
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => { resolve(typeof address === 'object' && address !== null ? address.port : 0); });
  });
});

interface Shown { readonly state: string; readonly version: number; readonly counts: { readonly staged: number; readonly stored: number } }

async function receiver(url: string, data: string): Promise<Client> {
  const client = new Client(url, await readFile(path.join(data, 'box', 'tls-cert.pem'), 'utf8'), new NodeProvider());
  const { people } = await client.get<{ people: readonly RehearsalPerson[] }>('rehearsal.people', {});
  const person = people.find(({ account }) => account === 'gaoyuan');
  if (person === undefined) throw new Error('no receiver');
  await client.signIn(person);
  await client.post('session.switch-level', { level: 3 });
  return client;
}

/** From where it stands to 入库. */
async function bringIn(client: Client, accession: string, medium: string): Promise<void> {
  const show = async (): Promise<Shown> => client.get<Shown>('accession.show', { accession });
  let { state, version } = await show();
  if (state === 'signed_in') ({ version } = await client.post<{ version: number }>('accession.open', { accession, seenVersion: version, directory: medium }));
  ({ state } = await show());
  if (state === 'opened') ({ version } = await client.post<{ version: number }>('accession.inspect', { accession, seenVersion: version }));
  ({ state } = await show());
  if (state === 'inspected') await client.post('accession.accept', { accession, seenVersion: version, storageLocation: '一号库房', persons: [] });
}

test('第二十六条: killed while a package is opened or taken in, the archive starts whole: the medium is as it was, or all of it is in', async (t) => {
  t.timeout(KILLS * 90_000 + 120_000);
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-receiving-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  const [unit, archive] = [await openTestBox(t), await openTestBox(t, { mode: 'repository' })];
  const counterpart = await introduce(archive, unit);
  const medium = await folderOf(t, 'medium');
  await deviceFor(medium, [unit, archive]);
  const marking = await markers(unit);
  const secret = await filedSecret(marking, '关于断电演练的通知（演练）');
  const plain = await described(marking.proposer, '关于值班安排的通知（演练）', 1);
  await fileBatch(marking.proposer, marking.custodian, plain.batch, 1);
  await handedOver(unit, archive, [secret.record, plain.record], medium, 'YD-01');
  const { accession } = await signedInBy([await archive.as('gaoyuan'), await archive.as('xunan')], counterpart, 'YD-01');
  await unit.stop();
  await archive.stop();

  const reached: string[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const data = path.join(folder, `data-${String(kill)}`);
    await cp(archive.data, data, { recursive: true });
    const log = path.join(folder, `steps-${String(kill)}`);
    // Half of them at a file operation of the opening, half at a moment of the taking in.
    const step = kill % 2 === 0 ? 12 + kill * 4 : 100_000;
    const port = await freePort();
    const box = spawnBox({ data, port, preload: PRELOAD, env: { SHOUZANG_KILL_STEP: String(step), SHOUZANG_KILL_LOG: log } });
    t.teardown(async () => box.kill());
    const url = await box.ready;
    if (url !== null) {
      const client = await receiver(url, data);
      const work = bringIn(client, accession, medium).catch(() => undefined);
      if (kill % 2 === 1) {
        await new Promise((resolve) => { setTimeout(resolve, 150 + kill * 120); });
        await box.kill();
      }
      await Promise.race([work, box.ended]);
      await box.kill();
    }
    reached.push(await readFile(log, 'utf8').then((text) => text.trim(), () => 'moment'));

    const again = spawnBox({ data, port });
    t.teardown(async () => again.kill());
    const restarted = await again.ready;
    t.truthy(restarted, again.output().slice(-500));
    const client = await receiver(restarted ?? '', data);
    const stood = await client.get<Shown>('accession.show', { accession });
    const whole: Readonly<Record<string, object>> = { signed_in: { staged: 0, stored: 0 }, opened: { staged: 2, stored: 0 }, inspected: { staged: 2, stored: 0 }, stored: { staged: 0, stored: 2 } };
    t.deepEqual(stood.counts, whole[stood.state] as Shown['counts'], `kill ${String(kill)} (${reached.at(-1) ?? ''}): ${stood.state}`);
    await bringIn(client, accession, medium);
    t.like(await client.get<Shown>('accession.show', { accession }), { state: 'stored', counts: { staged: 0, stored: 2 } });
    await again.kill('SIGTERM');

    const opened = await openBox({ data, clock: systemClock(), ids: randomIds() });
    try {
      const faults = (await fsck({ sql: opened.reader, vault: opened.vault, keys: opened.keys, paths: opened.paths, sm3: opened.sm3, check: boxSignatureCheck(opened.crypto, opened.identity.chain[0] ?? ''), deep: true, bindings: opened.bindings })).findings;
      t.deepEqual(faults, [], `kill ${String(kill)}`);
      t.deepEqual(await readdir(opened.paths.staging), [], 'nothing is nobody\'s');
      t.is((await opened.reader.all("SELECT id FROM record WHERE state = 'filed'")).length, 2);
    } finally {
      await opened.close();
    }
    await rm(data, { recursive: true, force: true });
  }
  t.log(reached.join(', '));
});
