import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { loadPolicies } from '../../../appliance/policies.js';
import { bufferSource } from '../../../appliance/inspection/source.js';
import { judge } from '../../../appliance/inspection/verdict.js';
import { inMemory, readVersion, scanObservations, virusEngine } from '../../../appliance/inspection/virus-engine.js';

/* 病毒引擎 behind its interface: a stand-in that speaks as ClamAV does, told apart by what it prints and how it exits. */

const policy = loadPolicies().content('virus.json');
const SHM = 'tmpfs /dev/shm tmpfs rw 0 0\noverlay / overlay rw 0 0';
const VERSION = 'ClamAV 1.0.7/27455/Sat Nov 22 08:33:05 2026';

async function standIn(t: ExecutionContext, name: string, version = VERSION): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'engine-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, name);
  await writeFile(file, `#!/bin/sh\n[ "$1" = --version ] && { echo '${version}'; exit 0; }\nbody=$(cat)\ncase "$body" in *EVIL*) echo 'stdin: Win.Test.EVIL-1 FOUND'; exit 1;; *BREAK*) exit 2;; *) echo 'stdin: OK'; exit 0;; esac\n`);
  await chmod(file, 0o755);
  return folder;
}
const source = (text: string) => bufferSource(Buffer.from(text));

test('GD-4-1 (第二十六条): what an engine says of itself and of its library is read; without a library it is none', (t) => {
  t.deepEqual(readVersion(VERSION), { version: '1.0.7', library: '27455', libraryOn: '2026-11-22' });
  t.deepEqual(readVersion('ClamAV 1.0.7'), { version: '1.0.7', library: null, libraryOn: null });
  t.is(readVersion('command not found'), null);
});

test('GD-4-2 (第二十一条): a file in which the engine finds something is refused, a clean one is not, one that it did not finish warns', async (t) => {
  const engine = virusEngine({ ...policy, folders: [await standIn(t, 'clamscan')] }, { mounts: SHM });
  t.deepEqual(await engine.state(), { key: 'clamscan', name: 'ClamAV 命令行引擎', version: '1.0.7', library: '27455', libraryOn: '2026-11-22', why: null });
  t.deepEqual([await engine.scan(source('good')), await engine.scan(source('EVIL')), await engine.scan(source('BREAK'))], [{ virus: null }, { virus: 'Win.Test.EVIL-1' }, 'failed']);
  t.deepEqual(await engine.scan(source(`${'x'.repeat(3 * 1024 * 1024)}EVIL`)), { virus: 'Win.Test.EVIL-1' }, 'more than one piece');
  const examined = { identified: { mime: 'application/pdf', name: 'PDF', version: null, puid: null }, facts: { encrypted: false, compressed: false, signed: false, sealImage: false, activeContent: false, extensionMismatch: false, valid: true }, observations: [] };
  const verdict = async (text: string) => judge({ ...examined, observations: scanObservations(await engine.scan(source(text))) });
  t.deepEqual([(await verdict('good')).verdict, (await verdict('EVIL')).verdict, (await verdict('BREAK')).verdict], ['accept', 'reject', 'warn']);
  t.true((await verdict('EVIL')).findings.some(({ code, message }) => code === 'GD-4-2' && message.includes('Win.Test.EVIL-1')));
});

test('第二十六、四十条: an engine that would put content on a disk is not used, and the state says why', async (t) => {
  const folder = await standIn(t, 'clamscan');
  const onDisk = virusEngine({ ...policy, folders: [folder] }, { mounts: 'overlay / overlay rw 0 0' });
  t.deepEqual([(await onDisk.state()).key, await onDisk.scan(source('EVIL'))], ['builtin', null]);
  t.regex((await onDisk.state()).why ?? '', /落盘/u);
  const daemon = await standIn(t, 'clamdscan');
  t.is((await virusEngine({ ...policy, folders: [daemon] }, { mounts: SHM, daemonSettings: 'TemporaryDirectory /var/tmp\n' }).state()).key, 'builtin');
  t.is((await virusEngine({ ...policy, folders: [daemon] }, { mounts: SHM, daemonSettings: 'TemporaryDirectory /dev/shm\n' }).state()).key, 'clamdscan');
  t.false(inMemory(SHM, '/dev/shmx'));
  t.true(inMemory(SHM, '/dev/shm/clam'));
});

test('第二十六条: without an engine the state says so, and what to do', async (t) => {
  const none = virusEngine({ ...policy, folders: ['/nonexistent'] }, { mounts: SHM });
  const state = await none.state();
  t.deepEqual([state.key, state.libraryOn, await none.scan(source('EVIL'))], ['builtin', null, null]);
  t.regex(state.why ?? '', /没有安装/u);
  const bare = virusEngine({ ...policy, folders: [await standIn(t, 'clamscan', 'ClamAV 1.0.7')] }, { mounts: SHM });
  t.regex((await bare.state()).why ?? '', /病毒库/u);
});
