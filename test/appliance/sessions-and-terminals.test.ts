import test from 'ava';
import { ensureBoxTerminal, proveBoxTerminal } from '../../appliance/identity/box-terminal.js';
import { disableUnused } from '../../appliance/identity/round.js';
import { checkBound, provenTerminal, terminalMessage } from '../../appliance/identity/terminal-service.js';
import { seedRehearsal } from '../../appliance/founding/rehearsal-records.js';
import type { Person } from '../../appliance/store/repositories/people.js';
import type { Terminal } from '../../appliance/store/repositories/terminals.js';
import { openTestBox } from '../helpers/box.js';
import { codeOf } from '../helpers/secrecy.js';
import { attempt } from '../helpers/wire.js';
import { HOUR, movable, ok, rowOf } from '../helpers/officers.js';
import type { Code, Row } from '../helpers/officers.js';

test.serial('07 §11-6, §11-7: the fifth wrong sign-in locks, the right one does not open it, an officer does; ten idle minutes ask again', async (t) => {
  const { time, clock } = movable();
  const box = await openTestBox(t, { clock });
  for (let n = 0; n < 5; n += 1) t.is((await attempt(box.url, { account: 'linxiao', password: 'Falsch-2026!' })).code, 'E_LOGIN_FAILED');
  t.is((await attempt(box.url, { account: 'linxiao' })).code, 'E_ACCOUNT_LOCKED');
  time.now += 24 * HOUR;
  t.is((await attempt(box.url, { account: 'linxiao' })).code, 'E_ACCOUNT_LOCKED', 'on a 机密 box no time unlocks');
  const entries = await box.running.box.reader.all<{ reason: string }>("SELECT reason FROM audit_entry WHERE action = 'session.sign-in' AND result = 'refused' AND object IS NOT NULL");
  t.true(entries.some(({ reason }) => reason === 'E_ACCOUNT_LOCKED'));
  const sysadmin = await box.as('sunhao');
  const { id, version } = await rowOf(sysadmin, 'linxiao');
  ok(t, await sysadmin.post('person.unlock', { person: id, reason: '本人到场核实', seenVersion: version }));
  t.is((await attempt(box.url, { account: 'linxiao' })).status, 200);

  const archivist = await box.as('zhaoxiaolan');
  time.now += 9 * 60_000;
  t.is((await archivist.get('capture.list')).status, 200);
  time.now += 10 * 60_000;
  t.is((await archivist.get<Code>('capture.list')).body.code, 'E_SESSION_EXPIRED');
  const { challenge, box: serial } = ok(t, await archivist.post<{ challenge: string; box: string }>('session.challenge', { account: 'zhaoxiaolan' }));
  ok(t, await archivist.post('session.unlock', { challenge, signature: archivist.sign(`shouzang sign-in\n${serial}\nzhaoxiaolan\n${challenge}\n`) }));
  t.is((await archivist.get('capture.list')).status, 200, 'the same session goes on');
  for (let n = 0; n < 24; n += 1) { time.now += 9.5 * 60_000; await archivist.get('desk.list'); }
  t.is((await archivist.get<Code>('capture.list')).body.code, 'E_SESSION_EXPIRED', 'four hours, whatever is done');
});

test.serial('domain/07 §2: a pack is tightened by an act, at once and for good, and loosened by none', async (t) => {
  const { time, clock } = movable();
  const box = await openTestBox(t, { clock });
  const [secadmin, sysadmin, archivist] = [await box.as('chenlixin'), await box.as('sunhao'), await box.as('zhaoxiaolan')];
  const tighten = async (change: object, seenVersion: number) => secadmin.post<Code & { facts?: object }>('policy.tighten', { change, reason: '按测评意见', seenVersion });
  for (const change of [{ idleMinutes: 11 }, { maxFailures: 6 }, { lockMinutes: 60 }, { historyDepth: 7 }, { terminalRequired: false }, { withToken: { minLength: 4, minClasses: 1, maxAgeDays: 31 } }]) {
    t.is((await tighten(change, 0)).body.code, 'E_POLICY_WEAKEN_FORBIDDEN', JSON.stringify(change));
  }
  t.is((await tighten({ idleMinutes: 10 }, 0)).body.code, 'E_INPUT_INVALID', 'nothing changed');
  t.is((await sysadmin.post<Code>('policy.tighten', { change: { idleMinutes: 5 }, reason: '代办', seenVersion: 0 })).body.code, 'E_DENIED');
  t.is((await tighten({ idleMinutes: 5, maxFailures: 3, absoluteMinutes: 60, withToken: { minLength: 12, minClasses: 4, maxAgeDays: 7 } }, 0)).status, 200);
  t.is((await tighten({ idleMinutes: 4 }, 0)).body.code, 'E_STALE_VERSION');
  t.is((await tighten({ idleMinutes: 6 }, 1)).body.code, 'E_POLICY_WEAKEN_FORBIDDEN', 'what was tightened is the new floor');
  t.is((await archivist.post<Code>('session.change-password', { current: 'Yanlian#2026', next: 'Kurz-26!' })).body.code, 'E_PASSWORD_WEAK');
  time.now += 5 * 60_000;
  t.is((await archivist.get<Code>('capture.list')).body.code, 'E_SESSION_EXPIRED', 'sessions that were open already, too');
  for (let n = 0; n < 3; n += 1) await attempt(box.url, { account: 'linxiao', password: 'Falsch-2026!' });
  t.is((await attempt(box.url, { account: 'linxiao' })).code, 'E_ACCOUNT_LOCKED');
  await box.stop();
  const again = await openTestBox(t, { data: box.data, clock });
  const shown = ok(t, await (await again.as('chenlixin')).get<{ version: number; pack: { idleMinutes: number; maxFailures: number }; history: readonly { reason: string }[] }>('policy.show'));
  t.like(shown, { version: 1, pack: { idleMinutes: 5, maxFailures: 3 } });
  t.is(shown.history[0]?.reason, '按测评意见');
});

test.serial('domain/07 §5.2: a registered terminal bounds the session level; registering and clearing are two officers\' acts', async (t) => {
  const box = await openTestBox(t);
  const [sysadmin, secadmin] = [await box.as('sunhao'), await box.as('chenlixin')];
  const { crypto, reader } = box.running.box;
  const key = crypto.generateKeyPair();
  const publicKey = Buffer.from(key.publicKey).toString('hex');
  const { id } = ok(t, await sysadmin.post<{ id: string }>('terminal.register', { no: 'ZD-01', publicKey, location: '档案室一号桌' }));
  t.is((await sysadmin.post<Code>('terminal.register', { no: 'ZD-02', publicKey, location: '档案室二号桌' })).body.code, 'E_DUPLICATE', 'one key, one terminal');
  t.is((await sysadmin.post<Code>('terminal.clear', { terminal: id, level: 2, person: null, reason: '核定', seenVersion: 1 })).body.code, 'E_DENIED');
  t.is((await secadmin.post<Code>('terminal.clear', { terminal: id, level: 4, person: null, reason: '核定', seenVersion: 1 })).body.code, 'E_CLS_OVER_SYSTEM_LEVEL');
  ok(t, await secadmin.post('terminal.clear', { terminal: id, level: 2, person: null, reason: '核定为秘密级', seenVersion: 1 }));
  const { body: { people } } = await box.anonymous().get<{ people: readonly { account: string; password: string }[] }>('rehearsal.people');
  const at = async (account: string, terminal: (challenge: string, serial: string) => object) => {
    const client = await box.as(account);
    const { challenge, box: serial } = (await client.post<{ challenge: string; box: string }>('session.challenge', { account })).body;
    const answer = await client.post<Code>('session.sign-in', {
      account, password: people.find((one) => one.account === account)?.password, challenge, signature: client.sign(`shouzang sign-in\n${serial}\n${account}\n${challenge}\n`), ...terminal(challenge, serial),
    });
    return { client, answer };
  };
  const proof = (no: string, challenge: string, serial: string) => ({ terminal: { no, signature: Buffer.from(crypto.sign(Buffer.from(terminalMessage(serial, no, challenge)), key)).toString('base64url') } });
  t.is((await at('yangjing', (_challenge, serial) => proof('ZD-01', 'another-challenge', serial))).answer.body.code, 'E_TERMINAL_REQUIRED', 'a signature over another challenge');
  const { answer } = await at('yangjing', (challenge, serial) => proof('ZD-01', challenge, serial));
  t.is(answer.status, 200, JSON.stringify(answer.body));
  const session = await reader.one<{ id: string; terminal: string; current_level: number }>('SELECT * FROM session WHERE terminal_id = $1 AND ended_at IS NULL', id);
  t.like(session, { terminal: 'ZD-01', current_level: 1 });
  const view = await box.running.services.keeper.resume('x'.repeat(43));
  t.is(view, undefined);

  const bound = ok(t, await secadmin.post('terminal.clear', { terminal: id, level: 2, person: (await rowOf(sysadmin, 'linxiao')).id, reason: '绑定林晓', seenVersion: 2 }));
  t.deepEqual(bound, {});
  t.is((await reader.one<{ n: number }>('SELECT count(*) AS n FROM session WHERE terminal_id = $1 AND ended_at IS NULL', id))?.n, 0, 'bound to another: who sat there signs in again');
  t.is((await at('yangjing', (challenge, serial) => proof('ZD-01', challenge, serial))).answer.body.code, 'E_TERMINAL_REQUIRED');
  t.is((await at('linxiao', (challenge, serial) => proof('ZD-01', challenge, serial))).answer.status, 200);
  ok(t, await sysadmin.post('terminal.retire', { terminal: id, reason: '报废', seenVersion: 3 }));
  t.is((await secadmin.post<Code>('terminal.clear', { terminal: id, level: 1, person: null, reason: '再用', seenVersion: 4 })).body.code, 'E_STATE_INVALID');

  // Where the pack asks for a terminal: none, an unknown one, one not cleared, a forged one, one bound to another.
  const message = (no: string): string => Buffer.from(crypto.sign(Buffer.from(terminalMessage('B', no, 'C')), key)).toString('base64url');
  const one = (state: Terminal['state'], person: string | null = null): Terminal => ({
    id, no: 'ZD-01', publicKey, state, level: 2, person, registeredBy: 'a', registeredAt: '', clearedBy: 'b', clearedAt: '', retiredAt: null, location: '', serial: null, mac: null, reason: null, version: 1,
  });
  const ask = (required: boolean, found: Terminal | undefined, given = { no: 'ZD-01', signature: message('ZD-01') } as { no: string; signature: string } | undefined) =>
    codeOf(() => { provenTerminal({ crypto, box: 'B', required }, found, given, 'C'); }) ?? 'in';
  t.deepEqual([ask(true, undefined, undefined), ask(true, undefined), ask(true, one('registered')), ask(true, one('retired')), ask(true, one('cleared'), { no: 'ZD-01', signature: message('ZD-02') })], Array<string>(5).fill('E_TERMINAL_REQUIRED'));
  t.deepEqual([ask(true, one('cleared')), ask(false, undefined, undefined), ask(false, one('registered'))], ['in', 'in', 'in']);
  t.is(codeOf(() => { checkBound(one('cleared', 'someone'), { id: 'other' } as Person); }), 'E_TERMINAL_REQUIRED');
});

test.serial('domain/07 §5.2: the box is a terminal of its own level, so that where terminals are asked for its command line still gets in', async (t) => {
  const box = await openTestBox(t);
  const { running: { box: inner } } = box;
  const real = { ...inner, profile: { ...inner.profile, rehearsal: false } };
  await ensureBoxTerminal(inner);
  t.is(await proveBoxTerminal(inner.crypto, inner.paths.box, 'B', 'C'), null, 'a rehearsal has none');
  await ensureBoxTerminal(real);
  await ensureBoxTerminal(real);
  const found = await inner.reader.all<{ no: string; state: string; level: number }>('SELECT no, state, level FROM terminal');
  t.deepEqual(found, [{ no: 'BOX', state: 'cleared', level: 3 }]);
  const client = await box.as('yangjing');
  const { challenge, box: serial } = (await client.post<{ challenge: string; box: string }>('session.challenge', { account: 'yangjing' })).body;
  const terminal = await proveBoxTerminal(inner.crypto, inner.paths.box, serial, challenge);
  ok(t, await client.post('session.sign-in', { account: 'yangjing', password: 'Yanlian#2026', challenge, signature: client.sign(`shouzang sign-in\n${serial}\nyangjing\n${challenge}\n`), terminal }));
  t.is((await inner.reader.one<{ n: number }>("SELECT count(*) AS n FROM session WHERE terminal = 'BOX' AND ended_at IS NULL"))?.n, 1);
  const sysadmin = await box.as('sunhao');
  t.is(ok(t, await (await box.as('chenlixin')).get<{ clearedTerminals: number }>('policy.show')).clearedTerminals, 0, 'the box alone asks nobody for a terminal');
  t.is((await sysadmin.post<Code>('terminal.register', { no: 'BOX', publicKey: `04${'a'.repeat(128)}`, location: '冒名' })).body.code, 'E_INPUT_INVALID');
});

test.serial('domain/07 §3: an account that nobody used for ninety days ends, but never one of the three officers', async (t) => {
  const { time, clock } = movable();
  const box = await openTestBox(t, { clock });
  await box.as('zhaoxiaolan');
  const { store, pack, systemCall } = box.running.box;
  const round = disableUnused({ store, clock, pack: () => pack.current(), rehearsal: false });
  t.is(await round(systemCall('person.disable')), 0);
  time.now += 90 * 24 * HOUR;
  await box.as('zhaoxiaolan');
  t.true(await round(systemCall('person.disable')) > 0);
  const { rows } = ok(t, await (await box.as('sunhao')).get<{ rows: readonly Row[] }>('person.list', { size: 200 }));
  t.deepEqual(rows.filter(({ status }) => status === 'active').map(({ account }) => account).sort(), ['chenlixin', 'hejingyi', 'sunhao', 'zhaoxiaolan']);
  t.is(await round(systemCall('person.disable')), 0);
});

test.serial('三员: whatever the system officer asks with GET, no title, number or name of a record comes back', async (t) => {
  t.timeout(240_000);
  const box = await openTestBox(t);
  await seedRehearsal(box.running.box, box.running.services);
  const { reader, sealing } = box.running.box;
  const rows = await reader.all<{ id: string; level: 0 | 1 | 2 | 3 | 4; sealed: Buffer; archival_code: string | null; batch: string }>('SELECT id, level, sealed, archival_code, batch FROM record');
  const words = rows.flatMap((row) => {
    const { title, documentNumber } = sealing.open<{ title: string; documentNumber?: string }>(row.level, `record/${row.id}`, row.sealed);
    return [title, documentNumber, row.archival_code].filter((word): word is string => typeof word === 'string' && word.length > 2);
  });
  t.true(words.length > 3);
  const sysadmin = await box.as('sunhao');
  const ids = [rows[0]?.id, rows.find(({ level }) => level >= 2)?.id, rows[0]?.batch, sysadmin.person].filter((id): id is string => id !== undefined);
  const { body: described } = await box.anonymous().get<{ paths: Readonly<Record<string, { get?: { parameters: readonly { name: string; required: boolean; schema: { type?: string; anyOf?: readonly { const?: string }[] } }[] } }>> }>('openapi.json');
  let answered = 0;
  for (const [address, { get }] of Object.entries(described.paths)) {
    if (!get) continue;
    const act = address.slice('/api/'.length);
    const given = (id: string) => Object.fromEntries(get.parameters.filter(({ required }) => required).map(({ name, schema }) =>
      [name, schema.anyOf?.[0]?.const ?? (schema.type === 'integer' ? 1 : name === 'act' ? 'record.show' : name === 'q' ? words[0]?.slice(0, 2) ?? '' : id)]));
    for (const id of ids) {
      if (act === 'rehearsal.people') continue;
      const answer = await sysadmin.get(act, given(id));
      if (answer.status === 200) answered += 1;
      const text = answer.bytes.toString('utf8');
      for (const word of words) t.false(text.includes(word), `${act}: ${word}`);
    }
  }
  t.true(answered > 20, `${String(answered)} answers read`);
});
