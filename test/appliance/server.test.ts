import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:tls';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Clock } from '../../core/ports.js';
import { inPackage } from '../../appliance/package-root.js';
import { openTestBox, SEGMENT_BYTES, upload } from '../helpers/box.js';
import type { TestBox } from '../helpers/box.js';
import { sm3, smallPdf } from '../helpers/office.js';
import { SYSTEM } from '../../appliance/access/gate.js';
import { attempt, entriesSince, hold, photograph, raw } from '../helpers/wire.js';
import type { Raw } from '../helpers/wire.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const NOBODY = '00000000-0000-4000-8000-000000000000';
const OPEN = { fonds: 'Z109', department: 'DAS', method: 'offline_upload' };

/** A clock that the test sets forward; it rests at an instant so that a photograph shows changes alone. */
function settable(from = '2026-11-23T01:00:00.000Z'): Clock & { forward(minutes: number): void } {
  let now = from;
  return {
    now: () => now,
    today: () => now.slice(0, 10),
    forward(minutes) { now = new Date(Date.parse(now) + minutes * 60_000).toISOString(); },
  };
}

interface Refusal { readonly what: string; readonly act: string; readonly status: number; readonly code: string; ask(): Promise<Raw> }

/** Asks, and holds the answer, the ledger and everything else against what a refusal must be. */
async function refused(t: ExecutionContext, box: TestBox, one: Refusal, told = true): Promise<Raw> {
  const inner = box.running.box;
  const before = await photograph(inner);
  const files = [...await readdir(inner.paths.staging), ...await readdir(inner.paths.vault)];
  const size = inner.ledger.head().size;
  const answer = await one.ask();
  t.is(`${String(answer.status)} ${answer.code}`, `${String(one.status)} ${one.code}`, `${one.what}: ${answer.text.slice(0, 300)}`);
  t.is(answer.headers['content-type'], 'application/problem+json', one.what);
  const { detail, traceId } = JSON.parse(answer.text) as { detail: string; traceId: string };
  t.regex(detail, /\p{Script=Han}/u, `${one.what}: said in Chinese`);
  t.is(answer.headers['x-trace-id'], traceId);
  if (told) {
    // The box itself enters the alarms that refusals raise, and its rounds.
    const entered = (await entriesSince(inner, size)).filter(({ actor }) => actor !== SYSTEM);
    t.deepEqual(entered.map(({ action, result }) => [action, result]), [[one.act, 'refused']], `${one.what}: one entry, a refusal`);
    t.truthy(entered[0]?.reason, one.what);
  }
  t.is(await photograph(inner), before, `${one.what}: nothing else changed`);
  t.deepEqual([...await readdir(inner.paths.staging), ...await readdir(inner.paths.vault)], files, `${one.what}: no file came or went`);
  return answer;
}

test('GB/T 22239 访问控制: every refusal at the door has its code, its Chinese sentence and its entry in the ledger, and changes nothing', async (t) => {
  const box = await openTestBox(t, { clock: settable() });
  const { url } = box;
  const [archivist, other] = [await hold(url, 'zhaoxiaolan'), await hold(url, 'duanwen')];
  const mine = { cookie: archivist.cookie, 'x-csrf-token': archivist.csrf, ...JSON_TYPE };
  const post = async (act: string, body: string | object, headers: Record<string, string> = mine): Promise<Raw> =>
    raw(url, 'POST', `/api/${act}`, headers, typeof body === 'string' ? body : JSON.stringify(body));
  const get = async (path: string, headers: Record<string, string> = mine): Promise<Raw> => raw(url, 'GET', `/api/${path}`, headers);
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  const cases: readonly Refusal[] = [
    { what: 'no session', act: 'capture.open', status: 401, code: 'E_SESSION_REQUIRED', ask: async () => post('capture.open', OPEN, JSON_TYPE) },
    { what: 'an invented cookie', act: 'capture.list', status: 401, code: 'E_SESSION_REQUIRED', ask: async () => get('capture.list', { cookie: `__Host-shouzang=${'A'.repeat(43)}` }) },
    { what: 'no token against forged requests', act: 'capture.open', status: 403, code: 'E_CSRF', ask: async () => post('capture.open', OPEN, { cookie: archivist.cookie, ...JSON_TYPE }) },
    { what: 'a wrong token', act: 'capture.open', status: 403, code: 'E_CSRF', ask: async () => post('capture.open', OPEN, { ...mine, 'x-csrf-token': `${archivist.csrf.slice(0, -1)}_` }) },
    { what: 'the token of another session', act: 'capture.open', status: 403, code: 'E_CSRF', ask: async () => post('capture.open', OPEN, { ...mine, 'x-csrf-token': other.csrf }) },
    { what: 'no token on content', act: 'capture.upload', status: 403, code: 'E_CSRF', ask: async () => raw(url, 'PUT', `/api/capture.upload?upload=${NOBODY}&offset=0`, { cookie: archivist.cookie }, 'x') },
    { what: 'an unknown field', act: 'capture.open', status: 400, code: 'E_INPUT_INVALID', ask: async () => post('capture.open', { ...OPEN, level: 4 }) },
    { what: 'a field of the prototype', act: 'capture.open', status: 400, code: 'E_INPUT_INVALID', ask: async () => post('capture.open', '{"fonds":"Z109","department":"DAS","method":"offline_upload","__proto__":{"level":4}}') },
    { what: 'a missing field', act: 'capture.open', status: 400, code: 'E_INPUT_INVALID', ask: async () => post('capture.open', { fonds: 'Z109' }) },
    { what: 'a number as text', act: 'session.switch-level', status: 400, code: 'E_INPUT_INVALID', ask: async () => post('session.switch-level', { level: '1' }) },
    { what: 'an unknown word in the query', act: 'record.search', status: 400, code: 'E_INPUT_INVALID', ask: async () => get('record.search?q=%E9%80%9A%E7%9F%A5&order=rank') },
    { what: 'an id that is none', act: 'record.show', status: 400, code: 'E_INPUT_INVALID', ask: async () => get(`record.show?record=${encodeURIComponent("' OR 1=1 --")}`) },
    { what: 'half a JSON', act: 'capture.open', status: 400, code: 'E_INPUT_INVALID', ask: async () => post('capture.open', '{"fonds":"Z1') },
    { what: 'a JSON that is no object', act: 'capture.open', status: 400, code: 'E_INPUT_INVALID', ask: async () => post('capture.open', '[1]') },
    { what: 'a form instead of JSON', act: 'capture.open', status: 400, code: 'E_INPUT_INVALID', ask: async () => post('capture.open', 'fonds=Z109&department=DAS&method=offline_upload', { ...mine, 'content-type': 'application/x-www-form-urlencoded' }) },
    { what: 'JSON of 9 MiB', act: 'capture.open', status: 400, code: 'E_INPUT_INVALID', ask: async () => post('capture.open', JSON.stringify({ ...OPEN, offlineReason: 'x'.repeat(9 * 1024 * 1024) })) },
    { what: 'JSON 50000 deep', act: 'capture.open', status: 400, code: 'E_INPUT_INVALID', ask: async () => post('capture.open', `{"fonds":${deep}}`) },
    { what: 'a batch that is nowhere', act: 'capture.show', status: 404, code: 'E_NOT_FOUND', ask: async () => get(`capture.show?batch=${NOBODY}`) },
    { what: 'an upload that is nowhere', act: 'capture.upload', status: 404, code: 'E_NOT_FOUND', ask: async () => raw(url, 'PUT', `/api/capture.upload?upload=${NOBODY}&offset=0`, { cookie: archivist.cookie, 'x-csrf-token': archivist.csrf }, 'x') },
    { what: 'a level over the clearance', act: 'session.switch-level', status: 403, code: 'E_CLEARANCE_REQUIRED', ask: async () => post('session.switch-level', { level: 3 }) },
    { what: 'a fonds the box does not keep', act: 'capture.open', status: 400, code: 'E_INPUT_INVALID', ask: async () => post('capture.open', { ...OPEN, fonds: 'Z999' }) },
    { what: 'a department that is nowhere', act: 'capture.open', status: 400, code: 'E_INPUT_INVALID', ask: async () => post('capture.open', { ...OPEN, department: 'XXX' }) },
    { what: 'an act without the duty', act: 'audit.list', status: 403, code: 'E_DENIED', ask: async () => get('audit.list') },
  ];
  for (const one of cases) await refused(t, box, one);

  for (const path of ['/api/nothing.here', '/api/', '/api/record.show%00', '/api/../etc/passwd']) {
    const answer = await raw(url, 'POST', path, mine, '{}');
    t.is(answer.status, 404, path);
  }
  // A read cannot be made to write, and a write cannot be asked for by a link.
  t.is((await get('capture.open?fonds=Z109&department=DAS&method=offline_upload')).status, 404);
  t.is((await post('record.search', { q: '通知' })).status, 404);
});

test('实施条例第三十四条: the three officers cannot read what is kept, the inspector cannot write, and each attempt is entered', async (t) => {
  const box = await openTestBox(t, { clock: settable() });
  const archivist = await box.as('zhaoxiaolan');
  const { body: { batch } } = await archivist.post<{ batch: string }>('capture.open', OPEN);
  const { body: { record, file } } = await upload(archivist, batch, 'notice.pdf', await smallPdf('text'));
  for (const account of ['sunhao', 'chenlixin', 'hejingyi']) {
    const officer = await hold(box.url, account);
    for (const [act, path, hidden] of [
      ['record.search', 'record.search?q=%E9%80%9A%E7%9F%A5', false], ['record.show', `record.show?record=${record}`, true], ['record.pages', `record.pages?file=${file.id}`, true],
      ['record.read', `record.read?file=${file.id}&page=1`, true], ['capture.show', `capture.show?batch=${batch}`, true], ['arrangement.list', `arrangement.list?batch=${batch}`, true],
    ] as const) {
      const answer = await refused(t, box, {
        what: `${account} ${act}`, act, status: hidden ? 404 : 403, code: hidden ? 'E_NOT_FOUND' : 'E_DENIED', ask: async () => raw(box.url, 'GET', `/api/${path}`, { cookie: officer.cookie }),
      });
      t.false(answer.text.includes('notice'), 'no word of it');
    }
  }
  const inspector = await hold(box.url, 'zhangjian');
  for (const [act, body] of [['capture.open', OPEN], ['person.grant', { person: NOBODY, duty: 'sysadmin', fonds: '*', reason: '自授' }], ['audit.checkpoint', {}], ['key.lock', {}]] as const) {
    const size = box.running.box.ledger.head().size;
    const before = await photograph(box.running.box);
    const answer = await raw(box.url, 'POST', `/api/${act}`, { cookie: inspector.cookie, 'x-csrf-token': inspector.csrf, ...JSON_TYPE }, JSON.stringify(body));
    t.true(['E_INSPECTOR_READ_ONLY', 'E_DENIED'].includes(answer.code), `${act}: ${answer.text}`);
    t.deepEqual((await entriesSince(box.running.box, size)).map((one) => [one.action, one.result, one.reason]), [[act, 'refused', answer.code]]);
    t.is(await photograph(box.running.box), before);
  }
});

/** Names of our own; the corpus adds its list where it is at hand. */
const HOSTILE = ['../../etc/passwd', '..\\..\\boot.ini', '/etc/shadow', 'C:\\Windows\\win.ini', 'a/b.pdf', 'a\\b.pdf', '..', '.', 'year\u202Efdp.exe', 'zero\u200Bwidth.pdf', 'line\nbreak.pdf', 'nul\u0000.pdf', 'bell\u0007.pdf', ' ', 'lone\uD800.pdf', 'file.pdf:stream', '\u2066x\u2069.pdf'];
const ODD = ['CON.txt', 'aux', 'trailing. ', '.hidden', '-rf.txt', '=1+1.csv', '%2e%2e%2fx.txt', '<b>.txt', '年度总结（终稿）.pdf', "O'Brien;--.txt"];

test('第十八条: hostile file names are refused with E_NAME_HOSTILE, entered and leave nothing; odd ones are kept as they were given', async (t) => {
  const box = await openTestBox(t, { clock: settable() });
  const { cookie, csrf } = await hold(box.url, 'zhaoxiaolan');
  const headers = { cookie, 'x-csrf-token': csrf, ...JSON_TYPE };
  const client = await box.as('zhaoxiaolan');
  const { body: { batch } } = await client.post<{ batch: string }>('capture.open', OPEN);
  const begin = async (fileName: string): Promise<Raw> => raw(box.url, 'POST', '/api/capture.begin-upload', headers, JSON.stringify({ batch, fileName, bytes: 4 }));
  for (const name of HOSTILE) {
    await refused(t, box, { what: JSON.stringify(name), act: 'capture.begin-upload', status: 422, code: 'E_NAME_HOSTILE', ask: async () => begin(name) });
  }
  await refused(t, box, { what: 'no name', act: 'capture.begin-upload', status: 400, code: 'E_INPUT_INVALID', ask: async () => begin('') });
  await refused(t, box, { what: 'a name of 2000 characters', act: 'capture.begin-upload', status: 400, code: 'E_INPUT_INVALID', ask: async () => begin('长'.repeat(2000)) });

  const listed = inPackage('..', 'shared', 'corpus', 'names', 'hostile-names.json');
  const corpus = existsSync(listed) ? (JSON.parse(readFileSync(listed, 'utf8')) as { names: { name: string }[] }).names.map((one) => one.name) : [];
  const kept = new Set<string>();
  for (const name of [...ODD, 'caf\u00e9.txt', 'cafe\u0301.txt', ...corpus]) {
    const answer = await begin(name);
    if (answer.status === 200) kept.add(name);
    else t.true(['E_NAME_HOSTILE', 'E_INPUT_INVALID'].includes(answer.code), `${JSON.stringify(name)}: ${answer.text}`);
  }
  for (const name of ODD) t.true(kept.has(name), `${name} is odd, not hostile`);
  const { body: { rows } } = await client.get<{ rows: { fileName: string }[] }>('capture.uploads', { batch });
  t.deepEqual(new Set(rows.map((row) => row.fileName)), kept, 'kept byte for byte, look-alikes side by side');
  for (const name of await readdir(box.running.box.paths.staging)) t.regex(name, /^[0-9a-f-]{36}\.part$/u, 'what rests on the disk is named by the box alone');
});

test('第十七条: a segment at the wrong place is refused with the true one, too many bytes are refused, and an upload goes on after a restart', async (t) => {
  const box = await openTestBox(t);
  const client = await box.as('zhaoxiaolan');
  const { body: { batch } } = await client.post<{ batch: string }>('capture.open', OPEN);
  const content = await smallPdf('resumed', Buffer.alloc(9 * 1024 * 1024, 'noise '));
  const { body: begun } = await client.post<{ upload: string }>('capture.begin-upload', { batch, fileName: 'long.pdf', bytes: content.length });
  t.is((await client.put<{ offset: number }>('capture.upload', { upload: begun.upload, offset: 0 }, content.subarray(0, SEGMENT_BYTES))).body.offset, SEGMENT_BYTES);
  for (const offset of [0, SEGMENT_BYTES - 1, SEGMENT_BYTES + 1, content.length]) {
    const wrong = await client.put<{ code: string; facts: { offset: number } }>('capture.upload', { upload: begun.upload, offset }, content.subarray(0, 10));
    t.is(wrong.body.code, 'E_UPLOAD_OFFSET');
    t.is(wrong.body.facts.offset, SEGMENT_BYTES, 'the true place');
  }
  const stranger = await box.as('yangjing');
  t.is((await stranger.put('capture.upload', { upload: begun.upload, offset: SEGMENT_BYTES }, Buffer.from('x'))).status, 404, 'another person\'s upload is not there');

  const { body: small } = await client.post<{ upload: string }>('capture.begin-upload', { batch, fileName: 'small.txt', bytes: 4 });
  t.is((await client.put<{ code: string }>('capture.upload', { upload: small.upload, offset: 0 }, Buffer.from('12345'))).body.code, 'E_UPLOAD_TOO_LARGE');
  t.is((await client.post<{ code: string }>('capture.begin-upload', { batch, fileName: 'huge.bin', bytes: 2 ** 37 })).body.code, 'E_UPLOAD_TOO_LARGE');
  const { cookie, csrf } = await hold(box.url, 'zhaoxiaolan');
  const said = await raw(box.url, 'PUT', `/api/capture.upload?upload=${begun.upload}&offset=${String(SEGMENT_BYTES)}`, { cookie, 'x-csrf-token': csrf, 'content-length': 2 ** 33 }, 'x').catch(() => null);
  if (said !== null) t.is(said.code, 'E_UPLOAD_TOO_LARGE', 'a segment that says it is 8 GiB is not begun');

  await box.stop();
  const again = await openTestBox(t, { data: box.data });
  const resumed = await again.as('zhaoxiaolan');
  const { body: { rows } } = await resumed.get<{ rows: { upload: string; offset: number }[] }>('capture.uploads', { batch });
  const row = rows.find((one) => one.upload === begun.upload);
  t.truthy(row);
  t.true((row?.offset ?? 0) > 0 && (row?.offset ?? 0) <= SEGMENT_BYTES, `goes on at ${String(row?.offset)}`);
  let done: { done: boolean; file?: { sm3: string; bytes: number } } = { done: false };
  for (let offset = row?.offset ?? 0; offset < content.length; offset += SEGMENT_BYTES) {
    done = (await resumed.put<typeof done>('capture.upload', { upload: begun.upload, offset }, content.subarray(offset, offset + SEGMENT_BYTES))).body;
  }
  t.true(done.done);
  t.is(done.file?.sm3, sm3(content), 'byte for byte, across the restart');
});

test('GB/T 22239 身份鉴别: idleness locks the session until the key signs again, and its absolute end comes whatever is done', async (t) => {
  const clock = settable();
  const box = await openTestBox(t, { clock });
  const client = await box.as('zhaoxiaolan');
  clock.forward(9.9);
  t.is((await client.get('capture.list')).status, 200, 'within ten minutes');
  clock.forward(10.1);
  t.is((await client.get<{ code: string }>('capture.list')).body.code, 'E_SESSION_EXPIRED');
  const current = await client.get<{ locked: boolean; abilities: string[]; box: string; serial: string }>('session.current');
  t.true(current.body.locked);
  t.deepEqual(current.body.abilities, []);
  const { body: { challenge, box: serial } } = await client.post<{ challenge: string; box: string }>('session.challenge', { account: 'zhaoxiaolan' });
  const stranger = await box.as('duanwen');
  const text = `shouzang sign-in\n${serial}\nzhaoxiaolan\n${challenge}\n`;
  t.is((await client.post<{ code: string }>('session.unlock', { challenge, signature: stranger.sign(text) })).body.code, 'E_LOGIN_FAILED', 'another\'s key');
  t.is((await client.post<{ code: string }>('session.unlock', { challenge, signature: client.sign(text) })).body.code, 'E_LOGIN_FAILED', 'a challenge is good once');
  const { body: next } = await client.post<{ challenge: string }>('session.challenge', { account: 'zhaoxiaolan' });
  t.is((await client.post('session.unlock', { challenge: next.challenge, signature: client.sign(text.replace(challenge, next.challenge)) })).status, 200);
  t.is((await client.get('capture.list')).status, 200);
  for (let minutes = 0; minutes < 240; minutes += 9) {
    clock.forward(9);
    await client.get('session.current');
  }
  t.is((await client.get<{ code: string }>('capture.list')).body.code, 'E_SESSION_EXPIRED', 'four hours after signing in');
  t.is((await client.get<{ signedIn: boolean }>('session.current')).body.signedIn, false);
});

test('GB/T 22239 身份鉴别: five wrong passwords lock the account, and nobody learns from the answers whether it exists', async (t) => {
  const clock = settable();
  const box = await openTestBox(t, { clock });
  const words = (answer: Raw): string => JSON.stringify({ ...JSON.parse(answer.text) as object, traceId: '' });
  for (let count = 0; count < 7; count += 1) {
    const known = await attempt(box.url, { account: 'linxiao', keyOf: 'duanwen', password: 'Wrong#20261' });
    const unknown = await attempt(box.url, { account: 'nobody', keyOf: 'duanwen', password: 'Wrong#20261' });
    t.is(known.code, 'E_LOGIN_FAILED');
    t.is(words(known), words(unknown), `attempt ${String(count + 1)}: the same answer for an account that is not there`);
  }
  t.is((await attempt(box.url, { account: 'linxiao' })).code, 'E_ACCOUNT_LOCKED', 'who holds the key is told');
  t.is((await attempt(box.url, { account: 'linxiao', password: 'Wrong#20261' })).code, 'E_ACCOUNT_LOCKED', 'whatever the password: a locked account answers no guesses');
  const refusals = await box.running.box.reader.all<{ actor: string; reason: string }>("SELECT actor, reason FROM audit_entry WHERE action = 'session.sign-in' AND result = 'refused'");
  t.true(refusals.some((one) => one.reason === 'E_ACCOUNT_LOCKED') && refusals.some((one) => one.actor === 'anonymous'), 'both are in the ledger');

  const officer = await box.as('sunhao');
  const { body: { rows } } = await officer.get<{ rows: { id: string; account: string; version: number; lockedUntil: string | null }[] }>('person.list');
  const row = rows.find((one) => one.account === 'linxiao');
  t.truthy(row?.lockedUntil);
  t.is((await officer.post('person.unlock', { person: row?.id, reason: '本人到场核实', seenVersion: row?.version })).status, 200);
  t.is((await attempt(box.url, { account: 'linxiao' })).status, 200);
});

test('GB/T 22239 身份鉴别: a challenge is good once, for one account, for two minutes, and a signature for nothing else', async (t) => {
  const clock = settable();
  const box = await openTestBox(t, { clock });
  const used = await attempt(box.url, { account: 'linxiao' });
  t.is(used.status, 200);
  t.is((await attempt(box.url, { account: 'linxiao', challenge: used.challenge })).code, 'E_LOGIN_FAILED', 'replayed');
  t.is((await attempt(box.url, { account: 'linxiao', signedFor: 'duanwen' })).code, 'E_LOGIN_FAILED', 'signed for another account');
  const { challenge } = JSON.parse((await raw(box.url, 'POST', '/api/session.challenge', JSON_TYPE, JSON.stringify({ account: 'duanwen' }))).text) as { challenge: string };
  t.is((await attempt(box.url, { account: 'linxiao', challenge })).code, 'E_LOGIN_FAILED', 'made for another account');
  const old = JSON.parse((await raw(box.url, 'POST', '/api/session.challenge', JSON_TYPE, JSON.stringify({ account: 'linxiao' }))).text) as { challenge: string };
  clock.forward(2.1);
  t.is((await attempt(box.url, { account: 'linxiao', challenge: old.challenge })).code, 'E_LOGIN_FAILED', 'too old');
  t.is((await attempt(box.url, { account: 'linxiao' })).status, 200);
});

test('the wire: the cookie is the browser\'s alone, every answer carries its headers, only TLS 1.3 is spoken, and no path leads out of the console', async (t) => {
  const box = await openTestBox(t);
  const [cookie = ''] = (await attempt(box.url, { account: 'linxiao' })).headers['set-cookie'] ?? [];
  t.regex(cookie, /^__Host-shouzang=[A-Za-z0-9_-]{43}; path=\/; samesite=strict; secure; httponly$/iu);
  for (const path of ['/', '/api/session.current', '/api/record.show', '/api/nothing', '/healthz', '/assets/none.js']) {
    const { headers } = await raw(box.url, 'GET', path);
    const csp = String(headers['content-security-policy']);
    for (const rule of ["default-src 'self'", "script-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'", "connect-src 'self'"]) t.true(csp.includes(rule), `${path}: ${rule}`);
    t.false(/https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/u.test(csp), `${path}: nothing from elsewhere, no script in the page`);
    t.is(headers['x-content-type-options'], 'nosniff', path);
    t.is(headers['referrer-policy'], 'no-referrer', path);
    t.is(headers['x-frame-options'], 'SAMEORIGIN', path);
    t.truthy(headers['strict-transport-security'], path);
    t.is(headers['x-powered-by'], undefined, path);
    t.is(headers['access-control-allow-origin'], undefined, path);
    if (path.startsWith('/api/')) t.is(headers['cache-control'], 'no-store', path);
  }
  for (const path of ['/../package.json', '/..%2f..%2fpackage.json', '/%2e%2e/%2e%2e/package.json', '/assets/..%5c..%5cpackage.json', '/.git/config', '//etc/passwd', '/%00']) {
    const answer = await raw(box.url, 'GET', path);
    t.false(/"dependencies"|root:|\[core\]/u.test(answer.text), path);
  }
  const older = await new Promise<string>((resolve) => {
    const { hostname, port } = new URL(box.url);
    const socket = connect({ host: hostname, port: Number(port), maxVersion: 'TLSv1.2', rejectUnauthorized: false }, () => { resolve('connected'); socket.destroy(); });
    socket.on('error', () => { resolve('refused'); });
  });
  t.is(older, 'refused');
});
