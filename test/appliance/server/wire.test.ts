import { request } from 'node:https';
import { connect } from 'node:tls';
import test from 'ava';
import { allRoutes } from '../../../appliance/server/routes/index.js';
import { checkFor } from '../../../appliance/validation.js';
import { openTestBox } from '../../helpers/box.js';
import type { TestBox } from '../../helpers/box.js';

interface Raw { readonly status: number; readonly code: string; readonly text: string }

async function raw(box: TestBox, method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: string | Buffer): Promise<Raw> {
  const { hostname, port } = new URL(box.url);
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, headers, agent: false, rejectUnauthorized: false }, (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        const json = (incoming.headers['content-type'] ?? '').includes('json');
        resolve({ status: incoming.statusCode ?? 0, text, code: json ? String((JSON.parse(text) as { code?: unknown }).code ?? '') : '' });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The status of a request written by hand. */
async function spoken(box: TestBox, lines: readonly string[]): Promise<number> {
  const { hostname, port } = new URL(box.url);
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    socket.on('data', (part: Buffer) => { heard += part.toString('latin1'); });
    socket.on('end', () => { resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(heard)?.[1] ?? '0')); });
    socket.on('error', reject);
  });
}

interface EntryRow { readonly action: string; readonly actor: string; readonly duty: string | null; readonly result: string; readonly reason: string | null; readonly detail: Readonly<Record<string, unknown>> }
const entries = async (box: TestBox, query: Readonly<Record<string, string | number>>): Promise<readonly EntryRow[]> =>
  (await (await box.as('hejingyi')).get<{ rows: readonly EntryRow[] }>('audit.list', { size: 200, ...query })).body.rows;

const JSON_BODY = { 'content-type': 'application/json' };

test('a hostile address, method, query or body is refused in the words of the catalogue, never with 500, and no word of it comes back', async (t) => {
  const box = await openTestBox(t);
  for (const path of ['/%E0%A4%A', '/%00', '/..%2f..%2fetc%2fpasswd', '/a%5c..%5cb', '//evil/api/session.current', '/api/%ff', '/api/nope', '/api/session.current?%ff=1', '/api/session.current?__proto__=1']) {
    const answer = await raw(box, 'GET', path);
    t.true([400, 404].includes(answer.status), `${path} ${String(answer.status)}`);
    t.true(['E_NOT_FOUND', 'E_INPUT_INVALID'].includes(answer.code), path);
    t.notRegex(answer.text, /node_modules|dist\/|SQLITE|stack|at .*\.js/u);
  }
  for (const method of ['DELETE', 'PUT', 'PATCH', 'OPTIONS', 'TRACE', 'POST']) t.is((await raw(box, method, '/api/session.current')).code, 'E_NOT_FOUND', method);
  for (const host of ['[::bad', 'a b', '']) t.true((await spoken(box, ['GET /api/session.current HTTP/1.1', `Host: ${host}`, 'Connection: close'])) < 500, host);
  const bodies: readonly [string, Readonly<Record<string, string>>, string | Buffer][] = [
    ['cut', JSON_BODY, '{'], ['bad UTF-8', JSON_BODY, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])], ['charset', { 'content-type': 'application/json; charset=zzz' }, '{}'],
    ['gzip', { ...JSON_BODY, 'content-encoding': 'gzip' }, '{}'], ['array', JSON_BODY, '[]'], ['scalar', JSON_BODY, '1'], ['prototype', JSON_BODY, '{"__proto__":{"a":1},"account":"abc"}'],
    ['deep', JSON_BODY, '['.repeat(20_000)], ['deep object', JSON_BODY, `${'{"account":'.repeat(5_000)}1${'}'.repeat(5_000)}`], ['no type', {}, '{"account":"abc"}'],
  ];
  for (const [name, headers, body] of bodies) {
    const answer = await raw(box, 'POST', '/api/session.challenge', headers, body);
    t.is(answer.code, 'E_INPUT_INVALID', `${name} ${String(answer.status)}`);
  }
});

test('a field given twice, or one nobody knows, is refused and not left out', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  t.is((await archivist.get('capture.list?page=1&page=2')).status, 400);
  t.is((await archivist.get('capture.list?__proto__=2')).status, 400);
  t.is((await archivist.get('capture.list', { page: '1e3' })).status, 400);
  t.is((await archivist.get('capture.list', { page: '' })).status, 400);
  t.is((await archivist.get('access.explain', { act: 'no.such' })).status, 404);
});

test('a million wrong parts in one form are refused at once and told briefly', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const begin = performance.now();
  const answer = await archivist.post<{ code: string; details: readonly unknown[] }>('arrangement.save', { batch: '00000000-0000-4000-8000-000000000000', rows: Array.from({ length: 1_000_000 }, () => 1) });
  t.is(answer.body.code, 'E_INPUT_INVALID');
  t.true(answer.body.details.length <= 200);
  t.true(performance.now() - begin < 10_000);
  const some = await archivist.post<{ details: readonly unknown[] }>('arrangement.save', { batch: 'x', rows: [{ record: 1 }, { record: 2, more: 1 }] });
  t.true(some.body.details.length > 3, 'a small form is told every fault');
});

test('every route answers 4xx to fields of the wrong type, whoever asks', async (t) => {
  const box = await openTestBox(t);
  const people = [await box.as('zhaoxiaolan'), await box.as('hejingyi')];
  const wrong: readonly unknown[] = [null, -1, 1e300, '', 'x'.repeat(100_000), '\u0000', '\ud800', [], {}, [[]], true];
  for (const [act, row] of Object.entries(box.running.routes)) {
    const fields = Object.keys((row.input as { properties?: object }).properties ?? {});
    if (act === 'session.sign-out' || act === 'session.lock') continue;
    for (const value of row.method === 'POST' ? wrong : wrong.slice(1, 7)) {
      const input = Object.fromEntries(fields.map((field) => [field, value]));
      for (const person of people) {
        const short = Object.fromEntries(Object.entries(input).map(([key, one]) => [key, String(one).slice(0, 2_000)]));
        const answer = row.method === 'POST' ? await person.post<{ code?: string }>(act, input) : row.method === 'PUT' ? await person.put<{ code?: string }>(act, short, Buffer.from('x')) : await person.get<{ code?: string }>(act, short);
        t.true(answer.status < 500, `${act} ${JSON.stringify(value).slice(0, 40)} ${String(answer.body.code)}`);
      }
    }
  }
});

test('every refusal is entered: of a form, of a missing token, of a stranger; strangers cannot fill the ledger', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  await archivist.get('capture.list', { page: 0 });
  await raw(box, 'GET', '/api/capture.list');
  for (let n = 0; n < 60; n += 1) await raw(box, 'GET', '/api/system.status');
  const refused = await entries(box, { result: 'refused' });
  t.like(refused.find(({ reason }) => reason === 'E_INPUT_INVALID'), { action: 'capture.list', actor: archivist.person, duty: 'archivist' });
  t.truthy(refused.find(({ action, reason, actor }) => action === 'capture.list' && reason === 'E_SESSION_REQUIRED' && actor === 'anonymous'));
  t.true(refused.filter(({ actor }) => actor === 'anonymous').length <= 30);
  const unknown = await box.anonymous().post<{ challenge: string }>('session.challenge', { account: 'nobody' });
  const login = await box.anonymous().post<{ code: string }>('session.sign-in', { account: 'nobody', password: 'x', challenge: unknown.body.challenge, signature: 'A'.repeat(96) });
  t.is(login.body.code, 'E_LOGIN_FAILED');
});

test('an entry names the duty that let the act through, not the first of several', async (t) => {
  const box = await openTestBox(t);
  const [reader, secadmin] = [await box.as('linxiao'), await box.as('chenlixin')];
  const granted = await secadmin.post('person.grant', { person: reader.person, duty: 'archivist', fonds: '*', reason: '兼任档案员' });
  t.is(granted.status, 200, JSON.stringify(granted.body));
  t.is((await reader.post('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' })).status, 200);
  const [opened] = await entries(box, { action: 'capture.open' });
  t.is(opened?.duty, 'archivist');
});

test('the schema of every act compiles', async (t) => {
  const { running: { box, services } } = await openTestBox(t);
  const acts = Object.entries(allRoutes(box, services));
  t.true(acts.length > 200, String(acts.length));
  for (const [act, { input }] of acts) t.notThrows(() => checkFor(input), act);
});
