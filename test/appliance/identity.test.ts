import test from 'ava';
import { boxSignatureCheck } from '../../appliance/box.js';
import { certificatePem, parseCertificate } from '../../appliance/crypto/certificate.js';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { recover } from '../../appliance/maintenance/recover.js';
import { openTestBox, upload } from '../helpers/box.js';
import type { Client } from '../helpers/box.js';

interface Code { readonly code?: string }
interface PersonRow { readonly id: string; readonly account: string; readonly version: number }
const row = async (client: Client, account: string): Promise<PersonRow> => {
  const { body } = await client.get<{ rows: readonly PersonRow[] }>('person.list', { size: 200 });
  const found = body.rows.find((one) => one.account === account);
  if (!found) throw new Error(`no person ${account}`);
  return found;
};

test('GB/T 22239 身份鉴别: a new password ends every other session, wrong ones count, and an old one does not come back', async (t) => {
  const box = await openTestBox(t);
  const [here, there] = [await box.as('zhaoxiaolan'), await box.as('zhaoxiaolan')];
  const { body: { people } } = await box.anonymous().get<{ people: readonly { account: string; password: string }[] }>('rehearsal.people');
  const first = people.find(({ account }) => account === 'zhaoxiaolan')?.password ?? '';
  t.is((await here.post<Code>('session.change-password', { current: 'falsch-Password-1', next: 'Neu-Passwort-2026!' })).body.code, 'E_LOGIN_FAILED');
  t.is((await box.running.box.reader.one<{ failures: number }>('SELECT failures FROM person WHERE id = $1', here.person))?.failures, 1);
  const changed = await here.post<Code>('session.change-password', { current: first, next: 'Neu-Passwort-2026!' });
  t.is(changed.status, 200, JSON.stringify(changed.body));
  t.is((await there.get('capture.list')).status, 401, 'the other session has ended');
  t.is((await here.get('capture.list')).status, 200, 'the own one goes on');
  await here.post('session.change-password', { current: 'Neu-Passwort-2026!', next: 'Noch-Eines-2026!!' });
  t.is((await here.post<Code>('session.change-password', { current: 'Noch-Eines-2026!!', next: first })).body.code, 'E_PASSWORD_REUSED', 'the first of all counts too');
});

test('domain/07 §4: one key is one account, a name is plain text, and an account ends once', async (t) => {
  const box = await openTestBox(t);
  const [sysadmin, secadmin, archivist] = [await box.as('sunhao'), await box.as('chenlixin'), await box.as('zhaoxiaolan')];
  const { keys, crypto, reader } = box.running.box;
  const own = await reader.one<{ certificate: string }>('SELECT certificate FROM person WHERE id = $1', archivist.person);
  const certify = (publicKey: Uint8Array): string => certificatePem(keys.certify({
    subject: { country: 'CN', commonName: 'zweitkonto' }, publicKey, notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2099-01-01T00:00:00.000Z', keyUsage: ['digitalSignature'],
  }));
  const input = { account: 'zweitkonto', name: '新人', position: '科员', department: 'DAS', initialPassword: 'Anfang-2026-Gut!', certificate: certify(parseCertificate(own?.certificate ?? '').publicKey) };
  t.is((await sysadmin.post<Code>('person.create', input)).body.code, 'E_DUPLICATE', 'another certificate for the same key');
  const fresh = { ...input, certificate: certify(crypto.generateKeyPair().publicKey) };
  for (const name of ['\u202e名', '新\u0000人', '   ']) t.is((await sysadmin.post<Code>('person.create', { ...fresh, name })).body.code, 'E_INPUT_INVALID', JSON.stringify(name));
  t.is((await sysadmin.post('person.create', fresh)).status, 200);

  t.is((await secadmin.post<Code>('person.grant', { person: secadmin.person, duty: 'reader', fonds: '*', reason: '自授' })).body.code, 'E_SOD_SELF_APPROVAL');
  const { version } = await row(sysadmin, 'zhaoxiaolan');
  const secret = '因举报人张某某停用';
  t.is((await sysadmin.post('person.disable', { person: archivist.person, reason: secret, seenVersion: version })).status, 200);
  t.is((await archivist.get('capture.list')).status, 401, 'the session ended with the account');
  t.is((await sysadmin.post<Code>('person.disable', { person: archivist.person, reason: secret, seenVersion: version + 1 })).body.code, 'E_STATE_INVALID');
  t.is((await secadmin.post<Code>('person.grant', { person: archivist.person, duty: 'reader', fonds: '*', reason: '停用者' })).body.code, 'E_STATE_INVALID');
  const rows = [...await reader.all('SELECT * FROM person'), ...await reader.all('SELECT * FROM duty_grant')];
  t.false(JSON.stringify(rows).includes(secret), 'what officers give as reasons does not rest in the clear');
  t.is((await row(sysadmin, 'zhaoxiaolan') as PersonRow & { disabledReason?: string }).disabledReason, secret);
});

test('保密法第四十三条: a clearance that has run out takes the session down with it, and nothing above is shown', async (t) => {
  let now = Date.parse('2026-11-23T01:00:00.000Z');
  const clock = { now: () => new Date(now += 1).toISOString(), today: () => new Date(now + 8 * 3_600_000).toISOString().slice(0, 10) };
  const box = await openTestBox(t, { clock });
  const [custodian, secadmin] = [await box.as('yangjing'), await box.as('chenlixin')];
  t.is((await custodian.post('session.switch-level', { level: 3 })).status, 200);
  const sysadmin = await box.as('sunhao');
  const cleared = await secadmin.post('person.clear', {
    person: custodian.person, clearance: 3, until: '2026-11-23', reason: '续期', seenVersion: (await row(sysadmin, 'yangjing')).version,
  });
  t.is(cleared.status, 200, JSON.stringify(cleared.body));
  t.is((await custodian.get<{ person: { currentLevel: number } }>('session.current')).body.person.currentLevel, 3);
  now += 16 * 3_600_000;
  const again = await box.as('yangjing');
  t.is((await again.get<{ person: { currentLevel: number; clearance: number } }>('session.current')).body.person.currentLevel, 0);
  t.is((await again.post<Code>('session.switch-level', { level: 1 })).body.code, 'E_CLEARANCE_REQUIRED');
  const { body: { batch } } = await again.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' });
  t.is((await box.running.box.reader.one<{ level: number }>('SELECT level FROM capture_batch WHERE id = $1', batch))?.level, 0, 'what is done now is done at 公开');
});

test('a locked box says so at every door and nothing else', async (t) => {
  const box = await openTestBox(t);
  const [archivist, anonymous] = [await box.as('zhaoxiaolan'), box.anonymous()];
  box.running.box.keys.lock();
  const id = '00000000-0000-4000-8000-000000000000';
  for (const [act, one] of Object.entries(box.running.routes)) {
    if (one.open) continue;
    const fields = Object.fromEntries(Object.keys((one.input as { properties?: object }).properties ?? {}).map((field) => [field, id]));
    const answer = one.method === 'POST' ? await archivist.post<Code>(act, fields) : one.method === 'PUT' ? await archivist.put<Code>(act, fields, Buffer.alloc(0)) : await archivist.get<Code>(act, fields);
    t.is(answer.body.code, 'E_BOX_LOCKED', act);
  }
  t.like((await anonymous.get('session.current')).body, { signedIn: false, boxState: 'locked' });
  t.is((await anonymous.get('key.shares')).status, 200);
  const challenge = (await anonymous.post<{ challenge: string }>('session.challenge', { account: 'zhaoxiaolan' })).body.challenge;
  t.is((await anonymous.post<Code>('session.sign-in', { account: 'zhaoxiaolan', password: 'x', challenge, signature: 'A'.repeat(96) })).body.code, 'E_BOX_LOCKED');
});

test('recovery that runs while people already work takes nothing of theirs away', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const { body: { batch } } = await archivist.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' });
  const { reader, vault, keys, paths, sm3, crypto, identity } = box.running.box;
  let working = true;
  const recovering = (async () => { while (working) await recover({ sql: reader, vault, keys, paths }); })();
  const answers = await Promise.all(Array.from({ length: 30 }, async (_, n) => upload(archivist, batch, `${String(n)}.txt`, Buffer.from(`第${String(n)}件`))));
  working = false;
  await recovering;
  t.deepEqual(answers.filter(({ status }) => status !== 200).map(({ body }) => body), []);
  const found = await fsck({ sql: reader, vault, keys, paths, sm3, check: boxSignatureCheck(crypto, identity.chain[0] ?? ''), deep: true });
  t.deepEqual(found.findings, []);
});
