import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { watchFileOps } from '../../appliance/content/file-ops.js';
import { inPackage } from '../../appliance/package-root.js';
import { transferRepository } from '../../appliance/store/repositories/transfers.js';
import { openTestBox } from '../helpers/box.js';
import { spawnBox } from '../helpers/killable-box.js';
import { at, done } from '../helpers/marked.js';
import { prepared, show, sign, step } from '../helpers/transfers.js';

/** Some in every run, spread over all; `SHOUZANG_KILLS=all` for the whole proof. */
const SAMPLE = 2;

test('第二十四条: killed at any file operation of a sealing, the box begins it again at its next start and the package is whole; nothing half written stays', async (t) => {
  t.timeout(900_000);
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-seal-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  const box = await openTestBox(t);
  const archive = await openTestBox(t, { mode: 'repository' });
  const { archivist, batch, directory } = await prepared(t, box, archive, ['防汛通知', '值班安排']);
  await archive.stop();
  done(await step(archivist, 'transfer.inspect', batch));
  const { approval } = done(await step<{ approval: string }>(archivist, 'transfer.approve', batch, { reason: '按计划移交' }));
  await sign(await at(await box.as('wangzhenhua'), 1), approval);
  // Ordered and not begun: as the row stands when the power goes.
  await box.running.services.transferSealing.stop();
  const { packageNo } = done(await step<{ packageNo: string }>(archivist, 'transfer.seal', batch, { directory, encoding: 'UTF-8', form: 'folder', capacity: '64 GB' }));
  t.is((await show(archivist, batch)).it.state, 'approved');
  await box.stop();
  const kept = path.join(folder, 'kept');
  await cp(box.data, kept, { recursive: true });

  const finish = async (data: string): Promise<void> => {
    const again = await openTestBox(t, { data });
    await again.running.services.transferSealing.settled();
    const { reader, sealing } = again.running.box;
    const [stored, job] = [await transferRepository(reader, sealing).get(batch), await transferRepository(reader, sealing).job(batch)];
    t.is(stored?.it.state, 'sealed', job?.reason ?? '');
    t.is(job?.state, 'done');
    await again.stop();
    t.deepEqual((await readdir(directory)).sort(), [packageNo, 'shouzang-device.key'].sort(), 'nothing half written stays on the medium');
    const manifest = await readFile(path.join(directory, packageNo, '校验', 'manifest-sm3.txt'), 'utf8');
    const provider = new NodeProvider();
    for (const line of manifest.trimEnd().split('\n')) {
      const [sm3 = '', name = ''] = [line.slice(0, 64), line.slice(66)];
      t.is(Buffer.from(provider.sm3(await readFile(path.join(directory, packageNo, name)))).toString('hex'), sm3, name);
    }
    await rm(path.join(directory, packageNo), { recursive: true });
  };

  // Counted once in this process; a start touches files, too.
  const seen: number[] = [];
  let ops = 0;
  watchFileOps((_step, file) => { ops += 1; if (file.startsWith(directory)) seen.push(ops); });
  const first = path.join(folder, 'first');
  await cp(kept, first, { recursive: true });
  await finish(first);
  watchFileOps(undefined);
  t.true(seen.length > 20, String(seen.length));
  const chosen = process.env['SHOUZANG_KILLS'] === 'all' ? seen : Array.from({ length: SAMPLE }, (_, n) => seen[Math.floor(((n + 0.5) * seen.length) / SAMPLE)] ?? 1);
  for (const at of chosen) {
    const data = path.join(folder, `killed-${String(at)}`);
    await cp(kept, data, { recursive: true });
    const log = path.join(folder, `log-${String(at)}`);
    const dying = spawnBox({ data, port: 0, preload: inPackage('dist', 'test', 'helpers', 'kill-at-step.js'), env: { SHOUZANG_KILL_STEP: String(at), SHOUZANG_KILL_LOG: log } });
    await dying.ended;
    t.regex(await readFile(log, 'utf8').catch(() => ''), /^\w/u, `killed at ${String(at)}: ${dying.output().slice(-300)}`);
    await finish(data);
    await rm(data, { recursive: true });
  }
});
