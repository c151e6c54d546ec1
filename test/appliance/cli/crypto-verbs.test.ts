import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { runCli } from '../../../appliance/cli/frame.js';
import { EXIT } from '../../../appliance/cli/verb.js';
import { DEVICE_KEY, openDirectoryDevice } from '../../../appliance/devices/directory.js';
import { deviceMessage } from '../../../appliance/devices/proof.js';
import { NodeProvider } from '../../../appliance/crypto/node-provider.js';
import { onePem } from '../../../appliance/crypto/pem.js';
import { fromSpki } from '../../../appliance/crypto/sm2-curve.js';
import { VERBS } from '../../../appliance/cli/verbs.js';

function desk(t: ExecutionContext) {
  const dir = mkdtempSync(join(tmpdir(), 'verbs-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const run = async (...args: string[]) => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const exit = await runCli(VERBS, [...args, '--json'], { stdin: new PassThrough(), stdout, stderr, env: {} });
    return { exit, data: JSON.parse(String(stdout.read() ?? 'null')) as Record<string, unknown> };
  };
  return { at: (name: string) => join(dir, name), run };
}
const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const hasOpenssl = (() => {
  try {
    return openssl('version') !== '';
  } catch {
    return false;
  }
})();
const stock = hasOpenssl ? test : test.skip;

test('sm3: prints the digest of each file', async (t) => {
  const { at, run } = desk(t);
  writeFileSync(at('abc'), 'abc');
  const { exit, data } = await run('sm3', at('abc'));
  t.is(exit, EXIT.good);
  t.like(data, { files: { 0: { bytes: 3, sm3: '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0' } } });
  t.is((await run('sm3', at('missing'))).exit, EXIT.usage);
});

test('sm2: keygen, sign and verify; a changed file is a finding; a key file is never overwritten', async (t) => {
  const { at, run } = desk(t);
  writeFileSync(at('file'), '移交清单');
  t.is((await run('sm2', 'keygen', '--out', at('key.pem'), '--pub', at('pub.pem'))).exit, EXIT.good);
  t.is(statSync(at('key.pem')).mode & 0o777, 0o600);
  t.is((await run('sm2', 'keygen', '--out', at('key.pem'), '--pub', at('pub2.pem'))).exit, EXIT.usage);
  t.is((await run('sm2', 'sign', at('file'), '--key', at('key.pem'))).exit, EXIT.good);
  t.is((await run('sm2', 'verify', at('file'), '--key', at('pub.pem'))).exit, EXIT.good);
  t.is((await run('sm2', 'verify', at('file'), '--key', at('pub.pem'), '--id', 'other')).exit, EXIT.finding);
  writeFileSync(at('file'), '移交清单 ');
  t.is((await run('sm2', 'verify', at('file'), '--key', at('pub.pem'))).exit, EXIT.finding);
  t.is((await run('sm2', 'sign', at('file'), '--key', at('pub.pem'))).exit, EXIT.refused);
});

test('sm2: a private key under a PIN needs its PIN', async (t) => {
  const { at, run } = desk(t);
  writeFileSync(at('file'), 'x');
  writeFileSync(at('pin'), '口令\n');
  writeFileSync(at('wrong'), '口令2\n');
  await run('sm2', 'keygen', '--out', at('key.pem'), '--pub', at('pub.pem'), '--pin-file', at('pin'));
  t.true(readFileSync(at('key.pem'), 'utf8').startsWith('-----BEGIN ENCRYPTED PRIVATE KEY-----'));
  t.is((await run('sm2', 'sign', at('file'), '--key', at('key.pem'))).exit, EXIT.usage);
  t.is((await run('sm2', 'sign', at('file'), '--key', at('key.pem'), '--pin-file', at('wrong'))).exit, EXIT.refused);
  t.false(existsSync(at('file.sig')));
  t.is((await run('sm2', 'sign', at('file'), '--key', at('key.pem'), '--pin-file', at('pin'))).exit, EXIT.good);
  t.is((await run('sm2', 'verify', at('file'), '--key', at('pub.pem'))).exit, EXIT.good);
});

stock('sm2 sign and stock openssl judge each other: -sm3 with distid 1234567812345678', async (t) => {
  const { at, run } = desk(t);
  const distid = ['-sigopt', 'distid:1234567812345678'];
  writeFileSync(at('file'), '审批意见');
  await run('sm2', 'keygen', '--out', at('key.pem'), '--pub', at('pub.pem'));
  await run('sm2', 'sign', at('file'), '--key', at('key.pem'), '--out', at('ours'));
  t.regex(openssl('dgst', '-sm3', '-verify', at('pub.pem'), ...distid, '-signature', at('ours'), at('file')), /OK/);

  openssl('dgst', '-sm3', '-sign', at('key.pem'), ...distid, '-out', at('theirs'), at('file'));
  t.is((await run('sm2', 'verify', at('file'), '--key', at('pub.pem'), '--signature', at('theirs'))).exit, EXIT.good);

  openssl('ecparam', '-name', 'SM2', '-genkey', '-noout', '-out', at('sec1.pem'));
  openssl('ec', '-in', at('sec1.pem'), '-pubout', '-out', at('sec1.pub'));
  await run('sm2', 'sign', at('file'), '--key', at('sec1.pem'), '--out', at('sec1.sig'), '--id', 'ALICE');
  t.regex(openssl('dgst', '-sm3', '-verify', at('sec1.pub'), '-sigopt', 'distid:ALICE', '-signature', at('sec1.sig'), at('file')), /OK/);
});

test('selftest: everything passes, and a folder of vectors with a wrong one is a finding', async (t) => {
  const { at, run } = desk(t);
  t.like(await run('selftest'), { exit: EXIT.good, data: { failed: 0 } });
  writeFileSync(at('bad.json'), JSON.stringify({ list: [{ messageHex: '00', sm3: '00'.repeat(32) }] }));
  t.like(await run('selftest', '--vectors', at('.')), { exit: EXIT.finding, data: { failed: 1 } });
});

test('seal and open: the content comes back; a damaged object gives no file at all', async (t) => {
  const { at, run } = desk(t);
  writeFileSync(at('in'), Buffer.alloc(300_000, '涉密'));
  t.is((await run('seal', at('in'), at('sealed'))).exit, EXIT.usage);
  const sealed = await run('seal', at('in'), at('sealed'), '--new-secret', at('secret'));
  t.like(sealed, { exit: EXIT.good, data: { bytes: 300_000 } });
  t.false(readFileSync(at('sealed')).includes('涉密涉密'));
  t.is((await run('seal', at('in'), at('sealed'), '--secret-file', at('secret'))).exit, EXIT.usage);
  t.like(await run('open', at('sealed'), at('out'), '--secret-file', at('secret')), { exit: EXIT.good, data: { sm3: sealed.data['sm3'] } });
  t.deepEqual(readFileSync(at('out')), readFileSync(at('in')));

  const bytes = readFileSync(at('sealed'));
  bytes[200_000] = (bytes[200_000] ?? 0) ^ 1;
  writeFileSync(at('sealed'), bytes);
  t.like(await run('open', at('sealed'), at('out2'), '--secret-file', at('secret')), { exit: EXIT.refused, data: { code: 'E_ENVELOPE_CHUNK_TAG' } });
  t.false(existsSync(at('out2')) || existsSync(at('out2.part')));
});

test('第四十二条: a directory is a device, made by device make or by sm2 keygen under the same name; it signs a challenge of the box and nothing else', async (t) => {
  const { at, run } = desk(t);
  const [made, generated] = [at('made'), at('generated')];
  for (const folder of [made, generated]) mkdirSync(folder);
  const { exit, data } = await run('device', 'make', made);
  t.is(exit, EXIT.good);
  t.is(data['key'], DEVICE_KEY);
  t.is((await run('device', 'make', made)).exit, EXIT.usage, 'a key is never overwritten');
  t.is((await run('sm2', 'keygen', '--out', join(generated, DEVICE_KEY), '--pub', at('pub.pem'))).exit, EXIT.good);
  const crypto = new NodeProvider();
  t.is((await openDirectoryDevice(crypto, generated)).publicKey, readFileSync(at('pub.pem'), 'utf8'));
  const message = deviceMessage('SZ-0001', 'YD-01', 'abc_-9');
  writeFileSync(at('message'), message.trimEnd());
  const signed = await run('device', 'sign', made, '--message', at('message'));
  t.is(signed.exit, EXIT.good);
  t.true(crypto.verify(Buffer.from(message), Buffer.from(String(signed.data['signature']), 'base64url'), fromSpki(onePem(String(data['publicKey']), 'PUBLIC KEY').der)));
  for (const other of ['', 'shouzang device\nSZ-0001\nYD-01\n', 'shouzang sign-in\nSZ-0001\nsunhao\nabc\n', `${message}more\n`]) {
    writeFileSync(at('message'), other);
    t.is((await run('device', 'sign', made, '--message', at('message'))).exit, EXIT.usage, JSON.stringify(other));
  }
  t.is((await run('device', 'sign', at('nowhere'), '--message', at('message'))).exit, EXIT.usage);
});
