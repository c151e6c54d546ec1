import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { certificatePem } from '../../appliance/crypto/certificate.js';
import { inPackage } from '../../appliance/package-root.js';
import { certify, fileOf, hex, NOW, packageDesk, planOf, provider, recordOf, twoBoxes } from '../helpers/packages.js';

/** Steps of each kind that are tried: spread over all of them; `CRASH_STEPS=all` tries every one. */
const STEPS = process.env['CRASH_STEPS'] ?? '3';
const SCRIPT = inPackage('dist', 'test', 'helpers', 'seal-process.js');

test('killed at a file operation of sealing, laying out or opening, nothing half done has a name; the next run begins anew and ends whole', async (t) => {
  t.timeout(STEPS === 'all' ? 1_800_000 : 240_000);
  const folder = mkdtempSync(path.join(tmpdir(), 'shouzang-crash-envelope-'));
  const desk = packageDesk({ quick: true });
  t.teardown(async () => {
    await desk.bulk.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const road = twoBoxes();
  const records = [1, 2].map((at) => recordOf(at, [fileOf('main', 1, 'a.pdf', Buffer.alloc(150_000, at))]));
  await desk.room.writePackage(planOf(road.sender, records, { packageNo: 'package' }), folder);
  const encryption = certify(road.receiver, road.receiver.serial, road.envelopeKey, ['keyEncipherment']);
  const device = certify(road.sender, 'SB-001', road.deviceKey, ['keyEncipherment']);
  const out = path.join(folder, 'out');
  const covered: string[] = [];

  await desk.room.sealEnvelope(path.join(folder, 'package'), path.join(folder, 'road.envelope'), road.sealing('0d9c1c6e-7a51-4b38-8d19-7f3d0c9a1b22'));
  for (const mode of STEPS === 'all' ? (['seal', 'write', 'open'] as const) : (['seal', 'open'] as const)) {
    const run = async (step?: number) => {
      await writeFile(path.join(folder, 'plan.json'), JSON.stringify({
        envelope: '0d9c1c6e-7a51-4b38-8d19-7f3d0c9a1b22', chain: road.sender.chain, key: hex(provider.exportPrivateKey(road.sender.key)), encryption: certificatePem(encryption), anchor: certificatePem(road.receiver.authority), device: certificatePem(device),
        envelopeKey: hex(provider.exportPrivateKey(road.envelopeKey)), deviceKey: hex(provider.exportPrivateKey(road.deviceKey)), mode,
      }));
      return spawnSync(process.execPath, [SCRIPT, folder, ...(step === undefined ? [] : [String(step)])], { encoding: 'utf8', env: { ...process.env, NODE_V8_COVERAGE: '' } });
    };
    const whole = async (): Promise<void> => {
      if (mode === 'seal') {
        const { source } = await desk.room.openEnvelopeSource(path.join(out, 'a.envelope'), road.opening());
        const read = await desk.room.readPackageFrom(source, { anchors: [road.sender.authority], at: NOW });
        t.deepEqual(read.findings, []);
        await read.close();
      } else t.deepEqual((await desk.room.readPackage(path.join(out, 'copy'), { anchors: [road.sender.authority], at: NOW })).findings, []);
    };
    await rm(out, { recursive: true, force: true });
    await mkdir(out, { recursive: true });
    const steps = Number((await run()).stdout.trim());
    t.true(steps > 5, mode);
    await whole();
    const every = Array.from({ length: steps }, (_, at) => at + 1);
    const tried = STEPS === 'all' ? every : every.filter((step) => step === 1 || step > steps - 2 || step % Math.ceil(steps / Number(STEPS)) === 0);
    for (const step of tried) {
      await rm(out, { recursive: true, force: true });
      await mkdir(out);
      const killed = await run(step);
      t.is(killed.signal, 'SIGKILL', `${mode} ${String(step)}: ${killed.stderr}`);
      const named = (await readdir(out)).filter((name) => !/\.part(?:\.tags)?$/u.test(name));
      if (named.length > 0) {
        await whole(); // killed after it got its name
        await rm(out, { recursive: true, force: true });
      }
      const again = await run();
      t.is(again.status, 0, again.stderr);
      t.deepEqual(await readdir(out), [mode === 'seal' ? 'a.envelope' : 'copy']);
      await whole();
    }
    covered.push(`${mode} ${String(tried.length)} of ${String(steps)}`);
  }
  t.log(covered.join(', '));
});
