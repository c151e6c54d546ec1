import test from 'ava';
import type { ExecutionContext } from 'ava';
import { boxSignatureCheck } from '../../appliance/box.js';
import { certificatePem } from '../../appliance/crypto/certificate.js';
import { ensureBoxTerminal, proveBoxTerminal } from '../../appliance/identity/box-terminal.js';
import { disableUnused } from '../../appliance/identity/round.js';
import { checkBound, provenTerminal, terminalMessage } from '../../appliance/identity/terminal-service.js';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { seedRehearsal } from '../../appliance/founding/rehearsal-records.js';
import type { Person } from '../../appliance/store/repositories/people.js';
import type { Terminal } from '../../appliance/store/repositories/terminals.js';
import { openTestBox } from '../helpers/box.js';
import type { Answer, Client, TestBox } from '../helpers/box.js';
import { draftCase, draftOf, formOf, marked, people, signedIn, takenIn } from '../helpers/marking.js';
import { codeOf } from '../helpers/secrecy.js';
import { attempt } from '../helpers/wire.js';

interface Code { readonly code?: string }
interface Row { readonly id: string; readonly account: string; readonly status: string; readonly version: number; readonly grants: readonly { id: string; duty: string; revokedAt: string | null; validUntil: string | null }[] }

function movable(start = '2026-11-23T01:00:00.000Z') {
  const time = { now: Date.parse(start) };
  return { time, clock: { now: () => new Date(time.now += 1).toISOString(), today: () => new Date(time.now + 8 * 3_600_000).toISOString().slice(0, 10) } };
}
const HOUR = 3_600_000;
const rowOf = async (client: Client, account: string): Promise<Row> => {
  const { body } = await client.get<{ rows: readonly Row[] }>('person.list', { size: 200 });
  const found = body.rows.find((one) => one.account === account);
  if (!found) throw new Error(`no person ${account}`);
  return found;
};
const ok = <T>(t: ExecutionContext, answer: Answer<T>): T => {
  t.is(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
};
async function sign(t: ExecutionContext, client: Client, approval: string): Promise<string> {
  const ready = ok(t, await client.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '同意' }));
  return ok(t, await client.post<{ state: string }>('approval.sign', { approval, opinion: '同意', signature: client.sign(ready.statement), seenVersion: ready.version })).state;
}
const newcomer = async (t: ExecutionContext, box: TestBox, sysadmin: Client, account: string): Promise<string> => {
  const { keys, crypto, clock } = box.running.box;
  const certificate = certificatePem(keys.certify({
    subject: { country: 'CN', commonName: account }, publicKey: crypto.generateKeyPair().publicKey, notBefore: clock.now(), notAfter: '2099-01-01T00:00:00.000Z', keyUsage: ['digitalSignature'],
  }));
  return ok(t, await sysadmin.post<{ id: string }>('person.create', { account, name: '新来人', position: '科员', department: 'DAS', initialPassword: 'Anfang-2026-Gut!', certificate })).id;
};
const check = async (box: TestBox) => {
  const { reader, vault, keys, paths, sm3, crypto, identity } = box.running.box;
  return (await fsck({ sql: reader, vault, keys, paths, sm3, check: boxSignatureCheck(crypto, identity.chain[0] ?? ''), deep: false })).findings;
};

test.serial('07 §11-4: sysadmin is not given auditadmin, by the act or by SQL, and what is planted past the database is found', async (t) => {
  const box = await openTestBox(t);
  const [sysadmin, secadmin] = [await box.as('sunhao'), await box.as('chenlixin')];
  const ask = (duty: string, more: object = { until: '2027-11-23' }) => secadmin.post<Code>('person.grant', { person: sysadmin.person, duty, fonds: '*', reason: '兼任', ...more });
  t.is((await ask('auditadmin')).body.code, 'E_SOD_CONFLICT');
  t.is((await ask('reader', {})).body.code, 'E_SOD_CONFLICT');
  const { store, systemCall } = box.running.box;
  const write = async (text: string, ...values: string[]): Promise<string> => {
    try {
      await store.write(systemCall('system.recover'), async (tx) => { await tx.allow(); tx.audit({ action: 'system.recover' }); await tx.sql.run(text, ...values); });
      return 'written';
    } catch (error) {
      return String((error as { parent?: Error }).parent?.message).match(/\bE_[A-Z_]+/)?.[0] ?? String(error);
    }
  };
  const insert = "INSERT INTO duty_grant (id, person, duty, fonds, sealed, valid_from, valid_until, granted_by, granted_at) SELECT $1, person, $2, fonds, sealed, valid_from, valid_until, granted_by, granted_at FROM duty_grant WHERE duty = 'sysadmin'";
  t.is(await write(insert, 'x1', 'auditadmin'), 'E_SOD_CONFLICT');
  t.is(await write(insert, 'x1', 'archivist'), 'E_SOD_CONFLICT');
  t.is(await write("UPDATE duty_grant SET duty = 'auditadmin' WHERE duty = 'secadmin'"), 'E_STATE_INVALID');
  t.is(await write('DELETE FROM duty_grant'), 'E_STATE_INVALID');
  t.is(await write("UPDATE duty_grant SET valid_until = NULL WHERE duty = 'sysadmin'"), 'E_GRANT_OPEN_ENDED');
  t.is(await write("INSERT INTO duty_grant (id, person, duty, fonds, sealed, valid_from, granted_by, granted_at) SELECT 'x2', person, 'sysadmin', '*', sealed, valid_from, granted_by, granted_at FROM duty_grant WHERE duty = 'reader'"), 'E_GRANT_OPEN_ENDED');
  t.is(await write("UPDATE person SET clearance_until = NULL WHERE clearance >= 2"), 'E_GRANT_OPEN_ENDED');
  t.deepEqual((await check(box)).filter(({ kind }) => kind === 'separation'), []);

  for (const name of ['duty_grant_excludes', 'duty_grant_by_another']) t.is(await write(`DROP TRIGGER ${name}`), 'written');
  t.is(await write(insert, 'planted', 'auditadmin'), 'written');
  const found = (await check(box)).filter(({ kind }) => kind === 'separation');
  t.deepEqual(found.map(({ object }) => object === 'planted' ? 'planted' : object === 'duty_grant' ? 'constraint' : 'other').sort(), ['constraint', 'other', 'planted']);
});

test.serial('domain/07 §5: grants have an end; an office of the three says which, and none is longer than the policy', async (t) => {
  const { clock } = movable();
  const box = await openTestBox(t, { clock });
  const [sysadmin, secadmin] = [await box.as('sunhao'), await box.as('chenlixin')];
  const id = await newcomer(t, box, sysadmin, 'xinlai');
  const head = await box.as('wangzhenhua');
  const ask = async (duty: string, until?: string) => (await secadmin.post<Code>('person.grant', { person: id, duty, fonds: '*', reason: '任命', ...(until === undefined ? {} : { until }) })).body.code ?? 'ok';
  t.is(await ask('auditadmin'), 'E_GRANT_OPEN_ENDED');
  t.is(await ask('auditadmin', '2029-11-24'), 'E_INPUT_INVALID');
  t.is(await ask('auditadmin', '2029-11-23'), 'ok');
  t.is((await rowOf(sysadmin, 'xinlai')).grants.length, 0, 'asked for, not yet made');
  const { body: { rows: [waiting] } } = await head.get<{ rows: readonly { id: string }[] }>('approval.list', { state: 'mine' });
  t.is(await sign(t, head, waiting?.id ?? ''), 'done');
  t.is((await rowOf(sysadmin, 'xinlai')).grants[0]?.duty, 'auditadmin');
  const second = await newcomer(t, box, sysadmin, 'xinlai2');
  ok(t, await secadmin.post('person.grant', { person: second, duty: 'reader', fonds: '*', reason: '借阅' }));
  t.is((await rowOf(sysadmin, 'xinlai2')).grants[0]?.validUntil, '2031-11-23T15:59:59.999Z', 'no grant without an end');
});

test.serial('domain/07 §4: account, clearance and audit are three people\'s, over time as well', async (t) => {
  const { time, clock } = movable();
  const box = await openTestBox(t, { clock });
  const [sysadmin, secadmin] = [await box.as('sunhao'), await box.as('chenlixin')];
  const made = await newcomer(t, box, sysadmin, 'xinlai');
  const before = box.running.box.ledger.head().size;
  time.now += 300_000;
  const head = await box.as('wangzhenhua');
  const office = async (act: string, body: object): Promise<void> => { t.is(await sign(t, head, ok(t, await secadmin.post<{ approval: string }>(act, body)).approval), 'done'); };
  await office('person.revoke', { grant: (await rowOf(secadmin, 'sunhao')).grants[0]?.id, reason: '轮岗' });
  // A colleague becomes 系统管理员, so that the box stays officered; the old one becomes 安全审计员 beside the first.
  ok(t, await secadmin.post('person.revoke', { grant: (await rowOf(secadmin, 'linxiao')).grants[0]?.id, reason: '轮岗' }));
  time.now += 1000;
  await office('person.grant', { person: (await rowOf(secadmin, 'linxiao')).id, duty: 'sysadmin', fonds: '*', reason: '接任', until: '2028-01-01' });
  await office('person.grant', { person: sysadmin.person, duty: 'auditadmin', fonds: '*', reason: '轮岗', until: '2028-01-01' });
  const auditor = await box.as('sunhao');
  const listed = ok(t, await auditor.get<{ total: number; rows: readonly { at: string; seq: number }[]; barred: readonly { from: string; until: string }[] }>('audit.list', { size: 200 }));
  t.is(listed.barred.length, 1);
  t.true(listed.rows.length > 0 && listed.rows.every(({ at }) => at >= (listed.barred[0]?.until ?? '')), 'nothing of the own time in office');
  t.is(listed.total, listed.rows.length, 'and not in the count');
  const other = await box.as('hejingyi');
  ok(t, await other.post('audit.checkpoint'));
  t.is((await auditor.get<Code>('audit.prove', { seq: before - 1 })).body.code, 'E_SOD_CONFLICT');
  t.is((await auditor.get<Code>('audit.prove', { seq: listed.rows.at(-1)?.seq ?? 0 })).status, 200);
  t.is((await auditor.get<Code>('audit.export')).body.code, 'E_SOD_CONFLICT');
  t.is((await other.get('audit.prove', { seq: before - 1 })).status, 200);

  // And as 安全保密管理员 the maker of an account neither appoints nor clears it.
  await office('person.revoke', { grant: (await rowOf(secadmin, 'sunhao')).grants.find(({ revokedAt }) => revokedAt === null)?.id, reason: '再轮岗' });
  time.now += 1000;
  await office('person.grant', { person: sysadmin.person, duty: 'secadmin', fonds: '*', reason: '再轮岗', until: '2028-01-01' });
  const again = await box.as('sunhao');
  t.is((await again.post<Code>('person.grant', { person: made, duty: 'reader', fonds: '*', reason: '授权' })).body.code, 'E_SOD_SELF_APPROVAL');
  t.is((await again.post<Code>('person.clear', { person: made, clearance: 1, reason: '定级', seenVersion: 1 })).body.code, 'E_SOD_SELF_APPROVAL');
  t.is((await again.post<Code>('personnel.enter', { person: made, category: 'general', reviewedOn: '2026-11-01', reviewNo: 'S1', reviewedBy: '人事处', committedOn: '2026-11-01', commitmentNo: 'C1', seenVersion: 0 })).body.code, 'E_SOD_SELF_APPROVAL');
  t.is((await secadmin.post('person.grant', { person: made, duty: 'reader', fonds: '*', reason: '授权' })).status, 200);
});

test.serial('实施条例第三十四条: without all three officers business stops, and what appoints them goes on', async (t) => {
  const box = await openTestBox(t);
  const [secadmin, archivist, sysadmin, head] = [await box.as('chenlixin'), await box.as('zhaoxiaolan'), await box.as('sunhao'), await box.as('wangzhenhua')];
  t.is((await archivist.get('capture.list')).status, 200);
  const auditor = await rowOf(sysadmin, 'hejingyi');
  const { approval } = ok(t, await secadmin.post<{ approval: string }>('personnel.leave', { person: auditor.id, reason: '调离', leftOn: '2026-01-05', seenVersion: auditor.version }));
  t.is(await sign(t, head, approval), 'done');
  for (const act of ['capture.list', 'record.search', 'classification.list', 'report.list']) t.is((await (act === 'classification.list' ? head : archivist).get<Code>(act)).body.code, 'E_OFFICERS_MISSING', act);
  t.is((await archivist.get('desk.list')).status, 200);
  const next = await newcomer(t, box, sysadmin, 'jieren');
  t.is((await head.post<Code>('person.appoint', { person: next, duty: 'sysadmin', reason: '越权', until: '2027-01-01' })).body.code, 'E_STATE_INVALID', 'an office that is held is not filled over the head of who grants it');
  t.is((await head.post<Code>('person.appoint', { person: head.person, duty: 'auditadmin', reason: '自任', until: '2027-01-01' })).body.code, 'E_SOD_SELF_APPROVAL');
  const appointed = ok(t, await head.post<{ approval: string }>('person.appoint', { person: next, duty: 'auditadmin', reason: '接任', until: '2027-01-01' })).approval;
  t.is((await archivist.get<Code>('capture.list')).body.code, 'E_OFFICERS_MISSING', 'not by the head of the unit alone');
  t.is(await sign(t, await box.as('zhoumin'), appointed), 'done');
  t.is((await archivist.get('capture.list')).status, 200);
});

test.serial('保密法第四十三条: no clearance without review and commitment, none above the category, none without an end', async (t) => {
  const { clock } = movable();
  const box = await openTestBox(t, { clock });
  const [sysadmin, secadmin] = [await box.as('sunhao'), await box.as('chenlixin')];
  const person = await newcomer(t, box, sysadmin, 'xinlai');
  const clear = async (clearance: number, until?: string) => {
    const { version } = await rowOf(sysadmin, 'xinlai');
    return (await secadmin.post<Code>('person.clear', { person, clearance, reason: '定级', seenVersion: version, ...(until === undefined ? {} : { until }) })).body.code ?? 'ok';
  };
  const enter = async (category: string, seenVersion: number) => (await secadmin.post<Code>('personnel.enter', {
    person, category, reviewedOn: '2026-11-20', reviewNo: '审〔2026〕7号', reviewedBy: '人事处', committedOn: '2026-11-20', commitmentNo: '承-7', seenVersion,
  })).body.code ?? 'ok';
  t.is(await clear(2, '2027-01-01'), 'E_CLEARANCE_REQUIRED');
  t.is(await enter('general', 0), 'ok');
  t.is(await enter('general', 0), 'E_STALE_VERSION');
  t.is(await clear(3, '2027-01-01'), 'E_INPUT_INVALID', '一般涉密人员 is not cleared for 机密');
  t.is(await clear(2), 'E_INPUT_INVALID', 'a clearance has an end');
  t.is(await clear(2, '2029-11-24'), 'E_INPUT_INVALID', 'and one within the policy');
  t.is(await clear(2, '2029-11-23'), 'ok');
  t.is((await secadmin.post<Code>('personnel.note', { person, kind: 'training', on: '2026-11-22', text: '年度保密培训' })).body.code, 'E_INPUT_INVALID');
  ok(t, await secadmin.post('personnel.note', { person, kind: 'training', on: '2026-11-22', hours: 2.5, text: '年度保密培训' }));
  ok(t, await secadmin.post('personnel.note', { person, kind: 'major_matter', on: '2026-11-22', text: '配偶移居境外' }));
  const listed = ok(t, await secadmin.get<{ rows: readonly { account: string; trainingHours: number; trainingMissing: number; category: string }[] }>('personnel.list'));
  t.like(listed.rows.find(({ account }) => account === 'xinlai'), { trainingHours: 2.5, trainingMissing: 1.5, category: 'general' });
  const tables = JSON.stringify((await Promise.all(['personnel', 'personnel_note', 'hand_back'].map(async (table) => box.running.box.reader.all(`SELECT * FROM ${table}`)))).flat().map((row) => ({ ...row, sealed: (row as { sealed: Buffer }).sealed.toString('latin1') })));
  for (const word of ['移居', '人事处', '审〔2026〕7号', '年度保密培训']) t.false(tables.includes(word), word);
  const cooling = ok(t, await secadmin.get<{ rows: readonly unknown[]; candidates: readonly { account: string }[] }>('personnel.list', { state: 'cooling' }));
  t.deepEqual([cooling.rows.length, cooling.candidates.some(({ account }) => account === 'xinlai')], [0, false], 'who has an entry is not offered for one, whatever the list shows');
  t.is(await enter('important', 1), 'E_STALE_VERSION');
  const { version } = ok(t, await secadmin.get<{ version: number }>('personnel.show', { person }));
  t.is(await enter('important', version), 'ok');
  t.like(await rowOf(sysadmin, 'xinlai'), { clearance: 2, clearanceCategory: 'important' }, 'the card says what the register says');
  t.is((await sysadmin.get('personnel.list')).status, 403, 'the system officer keeps no register of persons cleared');
});

test.serial('07 §11-12: leaving a post ends account, sessions, duties, clearance and authority at once and lists what is to be handed back', async (t) => {
  const { clock } = movable();
  const box = await openTestBox(t, { clock });
  const [sysadmin, secadmin, officer, leaver] = [await box.as('sunhao'), await box.as('chenlixin'), await box.as('zhoumin'), await box.as('lijianguo')];
  const custodian = await box.as('yangjing');
  const { number } = ok(t, await custodian.post<{ number: string }>('capture.open', { fonds: 'Z109', department: 'DAS', method: 'offline_upload', offlineReason: '系统未联网' }));
  const desk = await signedIn(box);
  const { classification } = await marked(desk);
  ok(t, await draftCase(desk.custodian, classification, formOf({ kind: 'declassify' })));
  const sheet = { draft: draftOf([await takenIn(desk.proposer, 2)], people(desk), { level: 2, basis: '不明确事项' }), claimed: [], why: 'unclear', opinion: '拟定' };
  const ready = ok(t, await desk.proposer.post<{ id: string; statement: string }>('classification.preview', { event: 'protect', ...sheet }));
  ok(t, await desk.proposer.post('classification.protect', { id: ready.id, ...sheet, signature: desk.proposer.sign(ready.statement) }));
  const { version } = await rowOf(sysadmin, 'lijianguo');
  const body = { person: leaver.person, reason: '退休', leftOn: '2026-11-23', seenVersion: version };
  t.is((await secadmin.post<Code>('personnel.leave', { ...body, coolOffYears: 5 })).body.code, 'E_INPUT_INVALID', '重要涉密人员: two or three years');
  t.is((await secadmin.post<Code>('personnel.leave', { ...body, leftOn: '2026-11-24' })).body.code, 'E_INPUT_INVALID');
  ok(t, await secadmin.post('personnel.leave', { ...body, coolOffYears: 2 }));
  t.is((await leaver.get('classification.list')).status, 401);
  t.is((await attempt(box.url, { account: 'lijianguo' })).code, 'E_LOGIN_FAILED');
  const after = await rowOf(sysadmin, 'lijianguo') as Row & { clearance: number };
  t.like(after, { status: 'disabled', clearance: 0 });
  t.true(after.grants.every(({ revokedAt }) => revokedAt !== null));
  const { rows: authorities } = ok(t, await officer.get<{ rows: readonly { person: string; inOffice: boolean }[] }>('classification.authorities'));
  t.deepEqual(authorities.filter(({ person }) => person === leaver.person).map(({ inOffice }) => inOffice), [false]);
  interface Shown { readonly state: string; readonly coolsOffUntil: string; readonly items: readonly { id: string; kind: string; ref: string; returnedAt: string | null }[] }
  const shown = ok(t, await secadmin.get<Shown>('personnel.show', { person: leaver.person }));
  t.like(shown, { state: 'cooling', coolsOffUntil: '2028-11-23' });
  t.deepEqual(shown.items.map(({ kind }) => kind), ['certificate']);
  ok(t, await officer.post('personnel.return', { item: shown.items[0]?.id, note: '密钥文件已收回' }));
  t.is((await officer.post<Code>('personnel.return', { item: shown.items[0]?.id, note: '再收一次' })).body.code, 'E_STATE_INVALID');
  t.is((await secadmin.post<Code>('personnel.leave', { ...body, seenVersion: after.version })).body.code, 'E_STATE_INVALID', 'one leaves once');

  ok(t, await secadmin.post('personnel.leave', { person: custodian.person, reason: '调离', leftOn: '2026-11-23', seenVersion: (await rowOf(sysadmin, 'yangjing')).version }));
  const items = ok(t, await secadmin.get<Shown>('personnel.show', { person: custodian.person })).items;
  t.deepEqual(items.map(({ kind }) => kind).sort(), ['batch', 'certificate', 'marking-case']);
  t.true(items.some(({ ref }) => ref === number));
  ok(t, await secadmin.post('personnel.leave', { person: desk.proposer.person, reason: '调离', leftOn: '2026-11-23', seenVersion: (await rowOf(sysadmin, 'liusiyuan')).version }));
  const open = ok(t, await secadmin.get<Shown>('personnel.show', { person: desk.proposer.person })).items;
  t.deepEqual(open.filter(({ kind }) => kind === 'classification').map(({ ref }) => ref), [ready.id], '先行保密 is still to be reported and settled');
});

test.serial('应急访问: two key holders open what the scope keeps closed, never above clearance, never for writing, and time ends it', async (t) => {
  t.timeout(240_000);
  const { time, clock } = movable();
  const box = await openTestBox(t, { clock });
  await seedRehearsal(box.running.box, box.running.services);
  const { reader } = box.running.box;
  const records = await reader.all<{ id: string; level: number; archival_code: string | null }>("SELECT id, level, archival_code FROM record WHERE state = 'filed' AND level >= 2 AND archival_code IS NOT NULL ORDER BY level");
  t.true(records.length > 0, 'the rehearsal holds filed secrets');
  const archivist = await box.as('zhaoxiaolan');
  ok(t, await archivist.post('session.switch-level', { level: 2 }));
  const outside: typeof records = [];
  for (const one of records) if (one.level <= 2 && (await archivist.get('record.show', { record: one.id })).status === 404) outside.push(one);
  const above = records.find(({ level }) => level === 3);
  const [closed] = outside;
  const wanted = [closed?.archival_code, above?.archival_code].filter((code): code is string => typeof code === 'string');
  t.true(wanted.length > 0, 'something outside the scope');
  const asked = { codes: [...wanted, 'Z109-WS·2026·D10·BMB-9999'], hours: 2, reason: '抢险调阅预案' };
  t.is((await archivist.post<Code>('emergency.request', { ...asked, hours: 48 })).body.code, 'E_INPUT_INVALID');
  const { approval } = ok(t, await archivist.post<{ approval: string }>('emergency.request', asked));
  const [secadmin, sysadmin, officer, auditor] = [await box.as('chenlixin'), await box.as('sunhao'), await box.as('zhoumin'), await box.as('hejingyi')];
  t.is(await sign(t, secadmin, approval), 'requested');
  if (closed) t.is((await archivist.get('record.show', { record: closed.id })).status, 404, 'one signature opens nothing');
  t.is((await secadmin.post<Code>('approval.preview', { approval, verdict: 'grant', opinion: '再签' })).body.code, 'E_DENIED', 'nobody takes both seats');
  t.is(await sign(t, sysadmin, approval), 'done');
  if (closed) {
    t.is((await archivist.get('record.show', { record: closed.id })).status, 200);
    const known = await reader.one<{ approval: string | null }>("SELECT approval FROM audit_entry WHERE action = 'record.show' AND object = $1 AND actor = $2 AND result = 'ok' ORDER BY seq DESC LIMIT 1", closed.id, archivist.person);
    t.is(known?.approval, approval, 'the ledger says by what it was known');
    const { body: { allowed } } = await archivist.get<{ allowed: boolean }>('access.explain', { act: 'record.amend', record: closed.id });
    t.false(allowed, 'nothing is written under it');
  }
  if (above) t.is((await archivist.get('record.show', { record: above.id })).status, 404, 'a clearance for 秘密 stays one');
  interface Listed { readonly rows: readonly { id: string; state: string; reads: number | null; codes: readonly string[] }[] }
  const own = ok(t, await archivist.get<Listed>('emergency.list'));
  t.like(own.rows[0], { state: 'active', reads: null });
  t.is((await officer.post<Code>('emergency.review', { emergency: own.rows[0]?.id, opinion: '核查' })).body.code, 'E_STATE_INVALID', 'looked over when it is over');
  t.is((await sysadmin.get('emergency.list')).status, 403);
  time.now += 2 * HOUR;
  await box.running.services.emergency.close(box.running.box.systemCall('emergency.end'));
  const later = await box.as('zhaoxiaolan');
  ok(t, await later.post('session.switch-level', { level: 2 }));
  if (closed) t.is((await later.get('record.show', { record: closed.id })).status, 404, 'it ended by itself');
  const [o, a] = [await box.as('zhoumin'), await box.as('hejingyi')];
  t.is(auditor.account, a.account);
  const due = ok(t, await o.get<Listed>('emergency.list', { state: 'unreviewed' }));
  t.is(due.rows.length, 1);
  if (closed) t.is(due.rows[0]?.reads, 1);
  ok(t, await o.post('emergency.review', { emergency: due.rows[0]?.id, opinion: '确属抢险需要' }));
  t.is((await o.post<Code>('emergency.review', { emergency: due.rows[0]?.id, opinion: '再核一次' })).body.code, 'E_STATE_INVALID');
  ok(t, await a.post('emergency.review', { emergency: due.rows[0]?.id, opinion: '阅览记录相符' }));
  t.is(ok(t, await a.get<Listed>('emergency.list', { state: 'unreviewed' })).rows.length, 0);
});

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
