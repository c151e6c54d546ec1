import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { tellStory } from '../../appliance/demo/story.js';
import { inPackage } from '../../appliance/package-root.js';

const PRELOAD = inPackage('dist', 'test', 'helpers', 'no-network.js');
const watched = (log: string): string[] => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []).filter((line) => !line.startsWith('watching'));

test.serial('the watch sees what it must: a look-up, a connection, a fetch, a datagram, another program, also in a worker', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-egress-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  const log = path.join(folder, 'log');
  const tries = [
    "import('node:dns').then((dns) => dns.lookup('example.invalid', () => {}))",
    "import('node:net').then((net) => net.connect(9, '192.0.2.1'))",
    "fetch('https://192.0.2.1/')",
    "import('node:dgram').then((dgram) => dgram.createSocket('udp4'))",
    "import('node:child_process').then((one) => one.spawn('curl', []))",
    "import('node:worker_threads').then(({ Worker }) => new Worker(\"require('node:net').connect(10, '192.0.2.1')\", { eval: true }))",
  ];
  for (const script of tries) spawnSync(process.execPath, ['-e', script], { env: { ...process.env, NODE_OPTIONS: `--require ${PRELOAD}`, SHOUZANG_EGRESS_LOG: log }, timeout: 20_000 });
  const seen = watched(log);
  for (const [n, kind] of ['dns.lookup', 'connect', 'connect', 'dgram', 'program curl', 'connect'].entries()) t.true((seen[n] ?? '').startsWith(kind), `${kind}: ${String(seen[n])}`);
});

test.serial('air gap: in the whole life of records nothing is looked up, connected to or started outside the box', async (t) => {
  t.timeout(180_000);
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-egress-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  const log = path.join(folder, 'log');
  process.env['NODE_OPTIONS'] = `--require ${PRELOAD}`;
  process.env['SHOUZANG_EGRESS_LOG'] = log;
  t.teardown(() => { delete process.env['NODE_OPTIONS']; });
  const steps = await tellStory({ data: path.join(folder, 'data'), out: path.join(folder, 'out'), crypto: new NodeProvider(), year: 2026, told: () => undefined });
  t.true(steps.length >= 5 && steps.every((step) => step.ok), JSON.stringify(steps.filter((step) => !step.ok)));
  t.true(readFileSync(log, 'utf8').includes('watching'), 'the box was watched');
  t.deepEqual(watched(log), []);
  t.log(`${String(steps.length)} steps: ${steps.map((step) => step.step).join(', ')}`);
});
