import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import test from 'ava';
import { runCli } from '../../../appliance/cli/frame.js';
import { VERBS } from '../../../appliance/cli/verbs.js';
import { randomIds, systemClock } from '../../../appliance/clock.js';
import { dataPaths } from '../../../appliance/content/paths.js';
import { NodeProvider } from '../../../appliance/crypto/node-provider.js';
import { initialise } from '../../../appliance/founding/initialise.js';
import { readPlan } from '../../../appliance/founding/plan.js';
import { inPackage } from '../../../appliance/package-root.js';
import { loadPolicies } from '../../../appliance/policies.js';
import { Client } from '../../../appliance/remote/client.js';
import type { Conflict } from '../../../secrecy/duties.js';
import { ArchiveError } from '../../../core/errors.js';
import { openTestBox } from '../../helpers/box.js';
import type { Teardown, TestBox } from '../../helpers/box.js';

const person = (account: string, duties: readonly string[], more: object = {}) => ({ account, name: `姓名${account}`, position: '职员', department: 'BGS', clearance: 0, duties, ...more });
const PLAN = {
  unitName: '某市档案局', orgType: 'organ', mode: 'unit', systemLevel: 3,
  fonds: [{ fonds: 'A001', name: '某市档案局全宗', codeProfile: 'DAT13_2022', schemeId: 'Y_O_R', separateClassifiedSequence: true }],
  departments: [{ id: 'BGS', name: '办公室' }],
  people: [person('sys', ['sysadmin']), person('sec', ['secadmin']), person('aud', ['auditadmin']), person('arch', ['archivist'], { clearance: 2, category: 'general', commitmentNo: '承诺〔2026〕1号' })],
  marking: { maxOriginalLevel: null, source: '没有原始定密权限', authorities: [] },
} as const;
const SECRET = { pin: '90817263', password: 'First#Sign1n' };
const CONFLICTS: readonly Conflict[] = [{ a: 'sysadmin', b: 'secadmin', scope: 'global', reason: '三员互斥' }];

async function folder(t: Teardown): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'shouzang-init-'));
  t.teardown(async () => rm(made, { recursive: true, force: true }));
  return made;
}

async function founded(t: Teardown): Promise<{ data: string; keys: string }> {
  const root = await folder(t);
  const [data, keys] = [path.join(root, 'data'), path.join(root, 'keys')];
  const plan = readPlan(PLAN, loadPolicies(), CONFLICTS);
  await initialise({ data, keys, plan, secrets: new Map(plan.people.map(({ account }) => [account, SECRET])), clock: systemClock(), ids: randomIds(), iterations: 1000 });
  return { data, keys };
}

const keyFile = (keys: string, account: string): string => path.join(keys, account, `${account}.key.json`);

async function cli(args: readonly string[], env: Readonly<Record<string, string>> = {}, typed = ''): Promise<{ exit: number; data: Record<string, unknown>; text: string }> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(typed);
  const exit = await runCli(VERBS, [...args, '--json'], { stdin, stdout, stderr, env });
  const text = String(stdout.read() ?? '');
  return { exit, text, data: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
}

const at = (box: TestBox, data: string): readonly string[] => ['--url', box.url, '--data', data];

test('初始化: a real box starts locked, answers 423, opens with two of three shares, works, and nothing at rest unlocks it', async (t) => {
  const { data, keys } = await founded(t);
  t.deepEqual((await readdir(keys)).sort(), ['arch', 'aud', 'sec', 'sys']);
  const rest = await readdir(data, { recursive: true });
  t.deepEqual(rest.filter((name) => /rehearsal|unlock|founding/u.test(name)), [], 'no unlock file, no key files, no unfinished mark');

  const box = await openTestBox(t, { data });
  const certificate = await readFile(path.join(dataPaths(data).box, 'tls-cert.pem'), 'utf8');
  const client = new Client(box.url, certificate, new NodeProvider());
  t.is((await client.raw('GET', 'rehearsal.people', {})).status, 404, 'no rehearsal routes');
  const { challenge } = await client.post<{ challenge: string }>('session.challenge', { account: 'arch' });
  const early = await client.raw<{ code: string }>('POST', 'session.sign-in', {}, Buffer.from(JSON.stringify({ account: 'arch', password: SECRET.password, challenge, signature: 'A'.repeat(96) })), 'application/json');
  t.deepEqual([early.status, early.body.code], [423, 'E_BOX_LOCKED'], JSON.stringify(early.body));

  const env = { SHOUZANG_PIN: SECRET.pin };
  const stranger = await cli(['unlock', '--key', keyFile(keys, 'arch'), ...at(box, data)], env);
  t.deepEqual([stranger.exit, stranger.data['code']], [3, 'E_KEY_SHARE_INVALID'], 'who holds no share cannot help');
  t.is((await cli(['unlock', '--key', keyFile(keys, 'sys'), ...at(box, data)], { SHOUZANG_PIN: 'wrong-pin' })).data['code'], 'E_PIN_WRONG');
  const first = await cli(['unlock', '--key', keyFile(keys, 'sys'), ...at(box, data)], env);
  t.like(first, { exit: 0, data: { state: 'locked', need: 2 } });
  const same = await cli(['unlock', '--key', keyFile(keys, 'sys'), ...at(box, data)], env);
  t.like(same.data, { state: 'locked' }, 'one person twice is one person');
  const second = await cli(['unlock', '--key', keyFile(keys, 'aud'), ...at(box, data)], env);
  t.like(second, { exit: 0, data: { state: 'unlocked' } }, second.text);

  const arch = new Client(box.url, certificate, new NodeProvider());
  await arch.signIn({ account: 'arch', pin: SECRET.pin, password: SECRET.password, keyFile: await readFile(keyFile(keys, 'arch'), 'utf8') });
  const forced = await arch.raw<{ code: string }>('GET', 'capture.list', {});
  t.is(forced.body.code, 'E_PASSWORD_EXPIRED', 'the first password must be changed');
  await arch.post('session.change-password', { current: SECRET.password, next: 'Own#Secret77' });
  const opened = await arch.post<{ number: string }>('capture.open', { fonds: 'A001', department: 'BGS', method: 'offline_upload' });
  t.regex(opened.number, /^SJ-/u);

  const refused = await cli(['lock', '--as', 'arch', '--key', keyFile(keys, 'arch'), ...at(box, data)], { ...env, SHOUZANG_PASSWORD: 'Own#Secret77' });
  t.deepEqual([refused.exit, refused.data['code']], [3, 'E_DENIED']);
  const sec = new Client(box.url, certificate, new NodeProvider());
  await sec.signIn({ account: 'sec', pin: SECRET.pin, password: SECRET.password, keyFile: await readFile(keyFile(keys, 'sec'), 'utf8') });
  await sec.post('session.change-password', { current: SECRET.password, next: 'Mein#Wort78' });
  const locked = await cli(['lock', '--as', 'sec', '--key', keyFile(keys, 'sec'), ...at(box, data)], { ...env, SHOUZANG_PASSWORD: 'Mein#Wort78' });
  t.like(locked, { exit: 0, data: { state: 'locked' } }, locked.text);
  t.is((await arch.raw<{ code: string }>('GET', 'capture.list', {})).status, 423);

  await box.stop();
  const again = await openTestBox(t, { data });
  t.is(again.running.box.keys.state, 'locked', 'a restart locks');
  const verdict = await cli(['audit', 'verify', '--data', data]);
  t.is(verdict.exit, 0, verdict.text);
});

test('初始化: an existing box is refused; a ceremony that broke does not open and is begun anew', async (t) => {
  const { data, keys } = await founded(t);
  const plan = readPlan(PLAN, loadPolicies(), CONFLICTS);
  const wishes = { data, keys, plan, secrets: new Map(plan.people.map(({ account }) => [account, SECRET])), clock: systemClock(), ids: randomIds(), iterations: 1000 };
  t.is((await t.throwsAsync(initialise(wishes), { instanceOf: ArchiveError })).code, 'E_ALREADY_FOUNDED');
  t.is((await t.throwsAsync(initialise({ ...wishes, data: path.join(data, '..', 'other') }), { instanceOf: ArchiveError })).code, 'E_CLI_FILE', 'key files are never overwritten');
  const planFile = path.join(data, '..', 'plan.json');
  await writeFile(planFile, JSON.stringify(PLAN));
  const cliRefused = await cli(['init', '--plan', planFile, '--keys', path.join(data, '..', 'k2'), '--data', data]);
  t.deepEqual([cliRefused.exit, cliRefused.data['code']], [3, 'E_ALREADY_FOUNDED']);

  await writeFile(dataPaths(data).founding, '');
  t.is((await t.throwsAsync(openTestBox(t, { data }), { instanceOf: ArchiveError })).code, 'E_STATE_INVALID');
  const doctor = await cli(['doctor', '--data', data]);
  t.is(doctor.exit, 1);
  const before = await readFile(path.join(dataPaths(data).box, 'keystore.json'), 'utf8');
  await initialise(wishes);
  t.not(await readFile(path.join(dataPaths(data).box, 'keystore.json'), 'utf8'), before);
  t.is((await openTestBox(t, { data })).running.box.keys.state, 'locked');
});

const faulty = test.macro<[plan: object, places: readonly string[]]>({
  exec(t, plan, places) {
    const error = t.throws(() => readPlan({ ...PLAN, ...plan }, loadPolicies(), CONFLICTS), { instanceOf: ArchiveError });
    t.is(error.code, 'E_INPUT_INVALID');
    t.deepEqual([...new Set(error.details.map((one) => one.at))].sort(), [...places].sort());
  },
  title: (given = '') => `初始化方案: ${given} is refused with its place`,
});
test('初始化方案: the example of the manual is one', (t) => {
  t.is(readPlan(JSON.parse(readFileSync(inPackage('appliance', 'founding', 'plan-example.json'), 'utf8')), loadPolicies(), CONFLICTS).mode, 'unit');
});
test('a PIN in the plan', faulty, { people: [...PLAN.people.slice(0, 3), { ...PLAN.people[3], pin: '123456' }] }, ['/people/3/pin']);
test('two officers in one person', faulty, { people: [person('one', ['sysadmin', 'secadmin']), person('two', ['auditadmin']), person('three', ['reader'])] }, ['/people/0/duties']);
test('no auditor', faulty, { people: [person('a0', ['sysadmin']), person('b0', ['secadmin']), person('c0', ['reader'])] }, ['/people']);
test('an unknown duty and department', faulty, { people: [...PLAN.people, person('x0', ['king'], { department: 'NO' })] }, ['/people/4/duties', '/people/4/department']);
test('a clearance above the system and without commitment', faulty, { systemLevel: 1 }, ['/people/3/clearance']);
test('a secret clearance without commitment', faulty, { people: [...PLAN.people, person('y0', ['reader'], { clearance: 3 })] }, ['/people/4/commitmentNo']);
test('an unknown scheme', faulty, { fonds: [{ ...PLAN.fonds[0], schemeId: 'NO' }] }, ['/fonds/0/schemeId']);

test('init: PIN and password come from the environment; weak, missing and published ones are refused before a key is made', async (t) => {
  const root = await folder(t);
  const planFile = path.join(root, 'plan.json');
  await writeFile(planFile, JSON.stringify(PLAN));
  const args = ['init', '--plan', planFile, '--keys', path.join(root, 'keys'), '--data', path.join(root, 'data')];
  t.like((await cli([...args, '--check'])).data, { checked: true, officers: ['sys', 'sec', 'aud'] });
  t.like(await cli(args), { exit: 2, data: { code: 'E_CLI_USAGE' } });
  const env = Object.fromEntries(PLAN.people.flatMap(({ account }) => [[`SHOUZANG_PIN_${account.toUpperCase()}`, SECRET.pin], [`SHOUZANG_PASSWORD_${account.toUpperCase()}`, SECRET.password]]));
  for (const weak of [{ SHOUZANG_PIN_AUD: '111111' }, { SHOUZANG_PIN_AUD: '246810' }, { SHOUZANG_PASSWORD_AUD: 'x' }, { SHOUZANG_PASSWORD_AUD: SECRET.pin }]) {
    t.is((await cli(args, { ...env, ...weak })).data['code'], 'E_PASSWORD_WEAK', JSON.stringify(weak));
  }
  t.deepEqual((await readdir(root)).sort(), ['plan.json'], 'nothing was made');
  const made = await cli(args, env);
  t.is(made.exit, 0, made.text);
  t.like(made.data, { officers: ['sys', 'sec', 'aud'] });
  t.false(made.text.includes(SECRET.pin) || made.text.includes(SECRET.password));
});

test('init: without a plan the same is asked line by line', async (t) => {
  const officers = [['sys', 'sysadmin'], ['sec', 'secadmin'], ['aud', 'auditadmin']].flatMap(([account = '', duty = '']) => [account, `姓名${account}`, '职员', 'BGS', duty, '']);
  const answers = ['某市档案局', '', '', '2', 'A001', '', '', '', '', 'BGS', '办公室', '', ...officers, 'head', '局长', '局长', 'BGS', 'unit_head', '2', '', '承诺1号', '', '2', '授权〔2026〕1号', 'head', 'statutory', '', '法定', '', ''];
  const asked = await cli(['init', '--keys', 'nowhere', '--check'], {}, answers.map((line) => `${line}\n`).join(''));
  t.like(asked, { exit: 0, data: { checked: true, officers: ['sys', 'sec', 'aud'], people: 4 } }, asked.text);
  t.is((await cli(['init', '--keys', 'nowhere', '--check'], {}, '某市档案局\n')).data['code'], 'E_CLI_USAGE', 'an input that ends early');
});

test('doctor: names what the box stands on, and says of an empty directory what to do', async (t) => {
  const root = await folder(t);
  const { data } = await cli(['doctor', '--data', path.join(root, 'none')]);
  const checks = new Map((data['checks'] as { check: string; state: string; text: string }[]).map((one) => [one.check, one]));
  for (const name of ['node', 'sqlite', 'secure_delete', 'fts5', 'crypto', 'policies', 'fonts', 'clock']) t.is(checks.get(name)?.state, 'good', JSON.stringify(checks.get(name)));
  for (const name of ['libgcrypt', 'space', 'console', 'box']) t.true(checks.has(name));
});
