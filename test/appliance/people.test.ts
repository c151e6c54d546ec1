import test from 'ava';
import { boxSignatureCheck } from '../../appliance/box.js';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { seedRehearsal } from '../../appliance/founding/rehearsal-records.js';
import { openTestBox } from '../helpers/box.js';
import type { TestBox } from '../helpers/box.js';
import { draftCase, draftOf, formOf, marked, people, signedIn, takenIn } from '../helpers/marking.js';
import { attempt } from '../helpers/wire.js';
import { HOUR, movable, newcomer, ok, rowOf, sign } from '../helpers/officers.js';
import type { Code, Row } from '../helpers/officers.js';

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
