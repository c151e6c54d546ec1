import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { verifyBackup } from '../../appliance/backup/verify.js';
import { boxSignatureCheck, openBox } from '../../appliance/box.js';
import { openIntake } from '../../appliance/capture/intake.js';
import { randomIds, systemClock } from '../../appliance/clock.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { SmCryptoVerifier } from '../../appliance/crypto/sm-crypto-adapter.js';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { inPackage } from '../../appliance/package-root.js';
import { openPool } from '../../appliance/inspection/pool.js';
import { openPreview } from '../../appliance/preview/preview.js';
import { servicesOf } from '../../appliance/services.js';
import { openTestBox } from '../helpers/box.js';
import { condemn, filedPaper, frozen, parts } from '../helpers/condemned.js';
import { done } from '../helpers/marked.js';
import { pdf } from '../helpers/pdf.js';
import { filesUnder, remainsIn, tracesOf } from '../helpers/remains.js';

/** Some in every run, spread over all; `SHOUZANG_KILLS=all` for the whole proof, `SHOUZANG_KILLS=4,5` for these. */
const SAMPLE = 5;
const TWO = { native: new NodeProvider(), second: new SmCryptoVerifier() };

interface Ended { readonly code: number | null; readonly signal: string | null; readonly output: string }
const carryOut = async (...args: readonly string[]): Promise<Ended> => new Promise((resolve) => {
  const child = execFile(process.execPath, [inPackage('dist', 'test', 'helpers', 'destruction-process.js'), ...args], { env: { ...process.env, NODE_V8_COVERAGE: '' } }, (_error, stdout, stderr) => {
    resolve({ code: child.exitCode, signal: child.signalCode, output: `${stdout}${stderr}` });
  });
});

test('第三十九条: killed at every file operation and commit of a destruction, the box is intact or goes on at its next start; nothing is half destroyed without saying so', async (t) => {
  t.timeout(1_800_000);
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-destroy-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  const [root, prepared, log] = [path.join(folder, 'box'), path.join(folder, 'prepared'), path.join(folder, 'steps')];
  const data = path.join(root, 'data');
  const [contents, keys] = [path.join(root, 'contents'), path.join(root, 'keys')];

  // A box with two records, a backup of them on two media, and the list frozen and signed.
  const box = await openTestBox(t);
  const people = await parts(box);
  const records: string[] = [];
  const words = ['KillCanaryAlder', 'KillCanaryBirch'];
  for (const word of words) records.push((await filedPaper(people.applicant, people.applicant, `${word}通知`, await pdf([word], { title: word, compress: false }))).record);
  for (const one of [contents, keys]) await mkdir(one, { recursive: true });
  const sysadmin = await box.as('sunhao');
  const [target, keyTarget] = [
    done(await sysadmin.post<{ target: string }>('backup.register-target', { name: '内容', path: contents })).target, done(await sysadmin.post<{ target: string }>('backup.register-target', { name: '密钥', path: keys })).target,
  ];
  done(await sysadmin.post('backup.create', { target, keyTarget }));
  await box.running.services.backup.settled();
  await condemn(box.running.box, records, people.applicant.person);
  const batch = await frozen(records, people);
  const { traces, objects } = await tracesOf(box.running.box, records, words);
  const { statement, version } = done(await people.executor.get<{ statement: string; version: number }>('destruction.preview', { batch }));
  const order = [batch, people.executor.person, String(version), people.executor.sign(statement)] as const;
  const serial = box.running.box.identity.serial;
  await box.stop();
  await cp(box.data, data, { recursive: true });
  await cp(root, prepared, { recursive: true });
  const again = async (): Promise<void> => {
    await rm(root, { recursive: true, force: true });
    await cp(prepared, root, { recursive: true });
  };

  const whole = await carryOut(data, ...order, '0');
  const operations = Number(whole.output.trim());
  t.true(operations > 60, whole.output);
  const every = Array.from({ length: operations }, (_, n) => n + 1);
  const asked = process.env['SHOUZANG_KILLS'] ?? '';
  const chosen = asked === 'all' ? every : asked.includes(',') ? asked.split(',').map(Number) : every.filter((n) => n % Math.ceil(operations / SAMPLE) === 1);
  let intact = 0;
  for (const at of chosen) {
    await again();
    const killed = await carryOut(data, ...order, String(at), log);
    t.is(killed.signal, 'SIGKILL', `${String(at)}: ${killed.output}`);
    const started = await openBox({ data, clock: systemClock(), ids: randomIds() });
    const services = servicesOf(started, openPool(), openPreview(), openIntake(started.policies));
    const state = async (): Promise<string | undefined> => (await started.reader.one<{ state: string }>('SELECT state FROM destruction WHERE id = $1', batch))?.state;
    const then = await state();
    const listed = (await started.reader.all('SELECT 1 FROM destroyed_object')).length;
    if (then === 'frozen') {
      intact += 1;
      t.is(listed, 0);
      for (const object of objects) await (await started.vault.open(object)).close();
    } else {
      t.is(listed, objects.length, `${String(at)}: whatever was begun is on the list of the destroyed`);
      t.true(then === 'executing' || then === 'verified', `${String(at)}: ${String(then)}`);
      await services.destructionWork.begin();
      await services.destructionWork.settled();
      t.is(await state(), 'verified', `${String(at)}: it goes on: ${JSON.stringify([(await services.destructionWork.progress(batch)).checks, await started.reader.all("SELECT place, facts FROM destruction_step WHERE state = 'failed'")])}`);
      const steps = await started.reader.all<{ place: string; ref: string; state: string; facts: string }>('SELECT place, ref, state, facts FROM destruction_step WHERE destruction = $1', batch);
      t.true(steps.every((step) => step.state === 'done'), `${String(at)}: ${JSON.stringify(steps.filter((step) => step.state !== 'done'))}`);
      t.is(new Set(steps.map(({ place, ref }) => `${place} ${ref}`)).size, steps.length, 'no evidence twice');
      for (const { place, facts } of steps) if (place === 'vault') t.regex(facts, /读回全为零/u, 'what was overwritten before the kill is still known');
      t.is((await started.reader.all('SELECT 1 FROM tombstone')).length, records.length);
      t.deepEqual(await remainsIn([...await filesUnder(root)], traces), [], String(at));
      for (const [where, part] of [[contents, ''], [keys, '-keys']] as const) {
        const verdict = await verifyBackup(path.join(where, `${serial}-BF-2026-0001${part}`), { two: TWO, anchor: null });
        t.true(verdict.valid, `${String(at)}: ${JSON.stringify(verdict.faults)}`);
      }
    }
    const found = await fsck({ sql: started.reader, vault: started.vault, keys: started.keys, paths: started.paths, sm3: started.sm3, check: boxSignatureCheck(started.crypto, started.identity.chain[0] ?? ''), deep: true, bindings: started.bindings });
    t.deepEqual(found.findings, [], String(at));
    await started.close();
  }
  const steps = (await readFile(log, 'utf8')).trim().split('\n');
  t.is(steps.length, chosen.length, 'every chosen operation was reached');
  t.log(`${String(chosen.length)} of ${String(operations)} kills, ${String(intact)} of them before anything was begun: ${[...new Set(steps)].join(', ')}`);
});
