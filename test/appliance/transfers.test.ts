import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { LIST_FILES } from '../../appliance/transfers/lists.js';
import { openTestBox } from '../helpers/box.js';
import type { Client } from '../helpers/box.js';
import { at, done, filedSecret, markers } from '../helpers/marked.js';
import { formOf, settle } from '../helpers/marking.js';
import { clockAt, EARLY, medium, missing, prepared, prove, receiptOf, registered, show, sign, step } from '../helpers/transfers.js';
import type { Batch, Code } from '../helpers/transfers.js';

test('第二十二至二十六、四十二条: a 机密 batch goes from the due list to the medium, every missing thing named on the way, two approve, two sign it off', async (t) => {
  t.timeout(300_000);
  const { time, clock } = clockAt();
  const box = await openTestBox(t, { clock });
  const archive = await openTestBox(t, { clock, mode: 'repository' });
  const marking = await markers(box);
  const { custodian } = marking;
  const secret = await filedSecret(marking, '隐龙潭水库泄洪预案');
  const counterpart = await registered(box, archive);
  await at(custodian, 3);
  const { carrier, directory, device } = await medium(t, box, custodian, 3);

  const due = done(await custodian.get<{ rows: readonly { record: string; early: boolean; dueOn: string }[]; total: number }>('transfer.due'));
  t.like(due.rows.find(({ record }) => record === secret.record), { early: true, dueOn: '2031-05-06' });
  t.is((await (await box.as('linxiao')).get<Code>('transfer.due')).body.code, 'E_DENIED');
  const archivist = await at(await box.as('zhaoxiaolan'), 2);
  t.false(done(await archivist.get<{ rows: readonly { record: string }[] }>('transfer.due')).rows.some(({ record }) => record === secret.record));
  const plan = { records: [secret.record], counterpart, mode: 'offline_medium', taskName: 'Z109 2026 年第 1 批', contentDescription: '文书档案，PDF，专人护送' };
  for (const mode of ['internet', 'https', 'dedicated_network']) t.is((await custodian.post<Code>('transfer.plan', { ...plan, mode, address: 'https://archives.example' })).body.code, 'E_TRANSFER_OVER_INTERNET');
  t.is((await archivist.post<Code>('transfer.plan', plan)).body.code, 'E_NOT_FOUND', 'a record above the session is nowhere');
  const { batch, level } = done(await custodian.post<{ batch: string; number: string; level: number }>('transfer.plan', plan));
  t.is(level, 3);
  t.is((await custodian.post<Code>('transfer.plan', plan)).body.code, 'E_TRANSFER_IN_BATCH');
  t.is((await archivist.get<Code>('transfer.show', { batch })).status, 404);
  t.is(done(await archivist.get<{ total: number }>('transfer.list')).total, 0);
  // Whether there is such a batch at all: the same bytes for one above the session and for one that never was.
  for (const [act, more] of [['transfer.show', {}], ['transfer.progress', {}], ['transfer.handover', {}], ...['handover', 'registration', 'list', 'attachments'].map((form) => ['transfer.print', { form }] as const)] as const) {
    const [hidden, nowhere] = await Promise.all([batch, '00000000-0000-4000-8000-000000000000'].map(async (id) => (await archivist.get(act, { batch: id, ...more })).bytes.toString('utf8').replace(/"traceId":"[^"]*"/u, '')));
    t.is(hidden, nowhere, act);
  }

  // Every missing thing is on the list, and sealing is refused with the code of each in turn.
  const PREPARATION = ['early', 'rights', 'openOpinion', 'foiStatus', 'classificationChange', 'companions', 'review', 'medium', 'mediumTest', 'device'];
  t.deepEqual(await missing(custodian, batch), [...PREPARATION, 'inspected', 'head', 'officer']);
  const order = { directory, encoding: 'UTF-8', form: 'folder', capacity: '64 GB' };
  const refusedWith = async (): Promise<string> => {
    const [sealing, preparing] = [await step(custodian, 'transfer.seal', batch, order), await step(custodian, 'transfer.prepare', batch)];
    if (['E_TRANSFER_NOT_INSPECTED', 'E_APPROVAL_REQUIRED'].every((code) => code !== sealing.body.code)) t.is(preparing.body.code, sealing.body.code);
    return sealing.body.code;
  };
  const amend = async (change: object) => done(await step(custodian, 'transfer.amend', batch, change));
  const item = async () => { const [first] = (await show(custodian, batch)).items; if (first === undefined) throw new Error('no item'); return first; };
  t.is(await refusedWith(), 'E_TRANSFER_EARLY_CONSENT');
  await amend({ early: { ...EARLY, rights: { ...EARLY.rights, migrate: '' } } });
  t.is(await refusedWith(), 'E_TRANSFER_RIGHTS_UNDEFINED');
  await amend({ early: EARLY });
  t.is(await refusedWith(), 'E_TRANSFER_ATTACHMENTS_MISSING');
  const { suggested } = await item();
  t.like(suggested.openOpinion, { dueOpenYear: 2051, opinion: 'controlled' });
  t.like(suggested.classificationChange, { classified: true, originalMark: '机密★10年', currentMark: '机密★10年', changes: [] });
  const row = { record: secret.record, openOpinion: { ...suggested.openOpinion, opinionBy: '杨静', opinionOn: '2026-11-23' }, foiStatus: suggested.foiStatus };
  t.is((await step(custodian, 'transfer.attach', batch, { rows: [{ ...row, openOpinion: { ...row.openOpinion, opinion: 'open' } }] })).body.code, 'E_INPUT_INVALID', 'a secret is not opened by an attachment');
  done(await step(custodian, 'transfer.attach', batch, { rows: [{ record: secret.record, openOpinion: row.openOpinion }] }));
  t.deepEqual((await missing(custodian, batch)).filter((key) => ['openOpinion', 'foiStatus', 'classificationChange'].includes(key)), ['foiStatus', 'classificationChange']);
  done(await step(custodian, 'transfer.attach', batch, { rows: [{ record: secret.record, foiStatus: row.foiStatus }] }));
  t.is(await refusedWith(), 'E_TRANSFER_ATTACHMENTS_MISSING');
  done(await step(custodian, 'transfer.attach', batch, { rows: [{ record: secret.record, classificationChange: { reviewer: '周敏', remark: '' } }] }));
  t.is(await refusedWith(), 'E_TRANSFER_COMPANIONS_MISSING');
  const put = async (kind: string, name: string) => custodian.put<Code & { seq: number }>('transfer.put-companion', { batch, kind, name, seenVersion: (await show(custodian, batch)).version }, Buffer.from(`内容 ${name}`));
  done(await put('fonds_dossier', '全宗介绍.txt'));
  t.is(await refusedWith(), 'E_TRANSFER_COMPANIONS_MISSING');
  t.is((await put('finding_aid', '../目录.txt')).body.code, 'E_NAME_HOSTILE');
  done(await put('finding_aid', '案卷目录.txt'));
  t.is((await put('finding_aid', '案卷目录.txt')).body.code, 'E_NAME_COLLISION');
  t.is(await refusedWith(), 'E_TRANSFER_DECLASS_REVIEW_REQUIRED', 'rule 9: what goes to an archive was reviewed within the year');
  await settle({ proposer: custodian, authority: marking.authority }, secret.classification ?? '', formOf({ kind: 'review', trigger: 'transfer', outcome: 'continue', keepReason: 'still_sensitive' }));
  await at(custodian, 3);
  t.is(await refusedWith(), 'E_TRANSFER_ATTACHMENTS_MISSING', 'the history of the mark has moved on: it is confirmed anew');
  done(await step(custodian, 'transfer.attach', batch, { rows: [{ record: secret.record, classificationChange: { reviewer: '周敏', remark: '' } }] }));
  t.is(await refusedWith(), 'E_TRANSFER_MEDIUM_UNREGISTERED');
  await amend({ carrier });
  t.is(await refusedWith(), 'E_TRANSFER_MEDIUM_UNTESTED');
  await amend({ mediumTest: { on: '2026-11-20', method: '全盘读写校验', qualified: true } });
  t.is(await refusedWith(), 'E_DEVICE_NOT_CERTIFIED');
  t.is((await step(custodian, 'transfer.amend', batch, { device: 'NIEMALS' })).body.code, 'E_DEVICE_NOT_CERTIFIED');
  await amend({ device });
  t.deepEqual(await missing(custodian, batch), ['inspected', 'head', 'officer']);

  t.is((await step(custodian, 'transfer.prepare', batch)).body.state, 'prepared');
  t.is(await refusedWith(), 'E_TRANSFER_NOT_INSPECTED');
  t.is((await step(custodian, 'transfer.approve', batch, { reason: '到馆' })).body.code, 'E_STATE_INVALID');
  const run = done(await step<{ conclusion: string; state: string; reportNo: string }>(custodian, 'transfer.inspect', batch));
  t.is(run.state, 'inspected', JSON.stringify((await custodian.get('transfer.show', { batch })).body).slice(0, 4000));
  t.regex(run.reportNo, /^4P-transfer-20261123-\d{4}$/u);
  t.is(await refusedWith(), 'E_APPROVAL_REQUIRED');
  const asked = done(await step<{ approval: string }>(custodian, 'transfer.approve', batch, { reason: '按计划移交' }));
  t.is((await step(custodian, 'transfer.approve', batch, { reason: '再提' })).body.code, 'E_DUPLICATE');
  t.is(await sign(await at(await box.as('wangzhenhua'), 3), asked.approval), 'requested');
  t.is(await refusedWith(), 'E_APPROVAL_REQUIRED', 'the head alone does not suffice for a secret');
  const officer = await at(await box.as('zhoumin'), 3);
  t.is(await sign(officer, asked.approval), 'done');
  t.is((await show(custodian, batch)).it.state, 'approved');
  t.deepEqual(await missing(custodian, batch), []);

  // All present: sealed, to a device that proves itself, on a medium that is not our own data directory.
  t.is((await step(custodian, 'transfer.seal', batch, { ...order, directory: box.data })).body.code, 'E_TRANSFER_TARGET');
  t.is((await step(custodian, 'transfer.seal', batch, order)).body.code, 'E_DEVICE_PROOF');
  const other = await medium(t, box, custodian, 3, 'YJ-02');
  t.is((await step(custodian, 'transfer.seal', batch, { ...order, proof: await prove(custodian, other.directory, device) })).body.code, 'E_DEVICE_PROOF', 'another device does not answer for it');
  const { packageNo } = done(await step<{ packageNo: string }>(custodian, 'transfer.seal', batch, { ...order, proof: await prove(custodian, directory, device) }));
  await box.running.services.transferSealing.settled();
  const sealed = await show(custodian, batch);
  t.is(sealed.it.state, 'sealed', sealed.job?.reason ?? '');
  t.deepEqual((await readdir(directory)).sort(), [`${packageNo}.envelope`, 'shouzang-device.key'].sort());
  t.is((await step(custodian, 'transfer.amend', batch, { taskName: '改名' })).body.code, 'E_STATE_INVALID');
  t.true(done(await custodian.get<{ contents: readonly { record: string }[] }>('carrier.show', { carrier })).contents.some(({ record }) => record === secret.record));

  // 双人交接
  const handover = { couriers: [custodian.person], sealNos: ['FQ-2026-7'], packaging: '密封袋', channel: 'courier', dueOn: '2026-11-30', quantity: 1, setNo: '1/1' };
  t.is((await step(custodian, 'transfer.draw-handover', batch, { ...handover, sealNos: [] })).body.code, 'E_INPUT_INVALID');
  t.is((await step(custodian, 'transfer.draw-handover', batch, { ...handover, couriers: [archivist.person] })).body.code, 'E_CLEARANCE_REQUIRED');
  done(await step(custodian, 'transfer.draw-handover', batch, handover));
  const statement = async (client: Client) => done(await client.get<{ statement: string }>('transfer.handover', { batch })).statement;
  t.is((await step(custodian, 'transfer.sign-handover', batch, { signature: custodian.sign('something else') })).body.code, 'E_SIGNATURE_INVALID');
  t.is((await step(custodian, 'transfer.sign-handover', batch, { signature: custodian.sign(await statement(custodian)) })).body.state, 'sealed');
  t.is((await step(custodian, 'transfer.sign-handover', batch, { signature: custodian.sign(await statement(custodian)) })).body.code, 'E_HANDOVER_TWO_PERSON', 'one person cannot complete a handover');
  t.is((await step(custodian, 'transfer.draw-handover', batch, handover)).body.code, 'E_STATE_INVALID', 'what is signed is not drawn up anew');
  t.is(done(await custodian.get<{ state: string }>('carrier.show', { carrier })).state, 'in_custody', 'the medium has not left');
  t.is((await step(officer, 'transfer.sign-handover', batch, { signature: officer.sign(await statement(officer)) })).body.state, 'dispatched');
  const form = done(await custodian.post<{ level: number; conclusion: string }>('report.create', { kind: 'R07', transfer: batch }));
  t.deepEqual([form.level, form.conclusion], [3, '已交接，待接收凭证'], 'R07 tells the batch and its hands');
  t.like(done(await custodian.get<{ state: string; history: readonly { approval: string | null }[] }>('carrier.show', { carrier })), { state: 'in_transit' });
  for (const form of ['handover', 'registration', 'list', 'attachments']) t.is((await custodian.get('transfer.print', { batch, form })).bytes.subarray(0, 5).toString('latin1'), '%PDF-');
  t.is((await step(custodian, 'transfer.withdraw', batch, { reason: '不移交了' })).body.code, 'E_STATE_INVALID', 'what is on the road is not withdrawn');

  // 变更 while it is on the road: whoever was handed a copy is told, by the transfer ledger.
  const terms = { level: 3, term: { kind: 'duration', years: 12, months: 0, days: 0 }, startOn: '2026-05-06', scope: { persons: [marking.proposer.person, marking.authority.person, custodian.person], departments: [] } } as const;
  const { case: changed } = await settle({ proposer: custodian, authority: marking.authority }, secret.classification ?? '', formOf({ kind: 'extend', keepReason: 'still_sensitive', to: { ...terms, scope: { persons: [...terms.scope.persons], departments: [] } } }));
  const notices = done(await custodian.get<{ rows: readonly { recipients: readonly { kind: string; ref: string }[] }[] }>('classification.notices', { case: changed }));
  t.true(JSON.stringify(notices).includes(archive.running.box.profile.unitName), 'the archive stands among those to be told');

  // 回执: nothing that is not this receipt of this package is believed.
  const { it } = await show(custodian, batch) as unknown as { it: { sealed: { packageNo: string; handoverNo: string; volumes: Batch['volumes'] } } };
  const sent: Batch = { ...it.sealed, codes: [(await item()).code] };
  const receive = async (file: Buffer) => custodian.put<Code & { state: string; outcome: string }>('transfer.receive', { batch, seenVersion: (await show(custodian, batch)).version }, file);
  const faults = async (file: Buffer) => (await receive(file)).body.facts['faults'];
  t.deepEqual(await faults(Buffer.from('{}')), ['shape']);
  const good = await receiptOf(archive, box, sent);
  t.deepEqual(await faults(Buffer.concat([good, Buffer.from('\n')])), ['shape']);
  t.deepEqual(await faults(await receiptOf(archive, box, { ...sent, packageNo: 'YJB-2026-1123-0000' })), ['package']);
  t.deepEqual(await faults(await receiptOf(archive, box, { ...sent, handoverNo: 'JJ-2026-1123-0000' })), ['handover']);
  t.deepEqual(await faults(await receiptOf(archive, box, { ...sent, codes: [] })), ['numbers', 'records']);
  t.deepEqual(await faults(await receiptOf(archive, box, { ...sent, volumes: sent.volumes.map((one) => ({ ...one, digest: '0'.repeat(64) })) })), ['volumes']);
  t.deepEqual(await faults(await receiptOf(archive, box, sent, {}, (one) => ({ ...one, body: { ...one.body, receiptNo: 'HZ-2026-0002' } }))), ['receiver-signature', 'box-signature']);
  t.deepEqual(await faults(await receiptOf(archive, box, sent, {}, (one) => ({ ...one, receivers: [one.receivers[0], one.receivers[0]].flatMap((each) => each ?? []) }))), ['receivers', 'box-signature']);
  t.is((await show(custodian, batch)).it.state, 'dispatched');
  const took = done(await receive(good));
  t.is(took.state, 'accepted');
  const kept = await item();
  t.like(kept, { state: 'retained_copy', accessionNo: 'G2026-0001', retainUntil: '2031-11-23' });
  t.is(done(await custodian.get<{ state: string }>('carrier.show', { carrier })).state, 'returned', 'the medium stays with the archive');
  t.like(done(await custodian.get<{ record: { state: string; retainUntil: string } }>('record.show', { record: secret.record })).record, { state: 'retained_copy', retainUntil: '2031-11-23' });
  t.is((await receive(good)).body.code, 'E_STATE_INVALID', 'a receipt is good once');
  t.is(done(await step<{ state: string }>(custodian, 'transfer.close', batch, { note: '登记表双方签章，存全宗卷' })).state, 'closed');
  t.true(time.now > 0);
});

test('第二十二、二十三条: an ordinary batch travels as a plain signed package; returned with a defect its records stay filed, and go again in a new batch', async (t) => {
  t.timeout(300_000);
  const { clock } = clockAt();
  const box = await openTestBox(t, { clock });
  const archive = await openTestBox(t, { clock, mode: 'repository' });
  const { archivist, batch, directory, items, plan, records } = await prepared(t, box, archive, ['防汛通知', '值班安排']);
  const head = await box.as('wangzhenhua');
  t.is(done(await step<{ state: string }>(archivist, 'transfer.inspect', batch)).state, 'inspected');
  // What is changed after the inspection is inspected again.
  done(await step(archivist, 'transfer.amend', batch, { contentDescription: '文书档案 2 件' }));
  t.is((await show(archivist, batch)).it.state, 'prepared');
  done(await step(archivist, 'transfer.inspect', batch));
  const { approval } = done(await step<{ approval: string }>(archivist, 'transfer.approve', batch, { reason: '按计划移交' }));
  t.is(await sign(await at(head, 1), approval), 'done', 'no officer is needed for what is no secret');
  const order = { directory, encoding: 'GB18030', form: 'folder', capacity: '64 GB' };
  t.is((await step(archivist, 'transfer.seal', batch, { ...order, directory: 'relative' })).body.code, 'E_TRANSFER_TARGET');
  const { packageNo } = done(await step<{ packageNo: string }>(archivist, 'transfer.seal', batch, order));
  await box.running.services.transferSealing.settled();
  t.is((await show(archivist, batch)).it.state, 'sealed', (await show(archivist, batch)).job?.reason ?? '');
  t.true((await readdir(path.join(directory, packageNo))).includes('说明文件.TXT'));
  const others = await readdir(path.join(directory, packageNo, '其他'));
  for (const name of [...Object.values(LIST_FILES), '登记表', '检测报告', '全宗卷', '检索工具']) t.true(others.includes(name), name);
  const read = JSON.parse(await readFile(path.join(directory, packageNo, '其他', LIST_FILES.transferList), 'utf8')) as { rows: readonly { archivalCode: string }[] };
  t.deepEqual(read.rows.map(({ archivalCode }) => archivalCode).sort(), items.map(({ code }) => code).sort());
  // The signed list verifies with stock openssl, by the script in the package itself.
  t.regex(execFileSync('sh', ['其他/verify-package.sh'], { cwd: path.join(directory, packageNo), encoding: 'utf8' }), /全部相符/u);

  done(await step(archivist, 'transfer.draw-handover', batch, { couriers: [archivist.person], sealNos: [], packaging: '信封', channel: 'courier', dueOn: '2026-11-30', quantity: 1, setNo: '1/1' }));
  const text = async (client: Client) => done(await client.get<{ statement: string }>('transfer.handover', { batch })).statement;
  done(await step(archivist, 'transfer.sign-handover', batch, { signature: archivist.sign(await text(archivist)) }));
  const officer = await at(await box.as('zhoumin'), 1);
  t.is((await step(officer, 'transfer.sign-handover', batch, { signature: officer.sign(await text(officer)) })).body.state, 'dispatched');
  const { it } = await show(archivist, batch) as unknown as { it: { sealed: { packageNo: string; handoverNo: string; volumes: Batch['volumes'] } } };
  t.is(it.sealed.volumes[0]?.envelope, null);
  const codes = items.map(({ code }) => code);
  const returned = { outcome: 'returned' as const, defects: ['YJ-1-14', 'YJ-2-1'], records: codes.slice(0, 1).map((archivalCode) => ({ archivalCode, accessionNo: null })) };
  const receive = async (file: Buffer) => archivist.put<Code & { state: string; defects: readonly string[] }>('transfer.receive', { batch, seenVersion: (await show(archivist, batch)).version }, file);
  t.deepEqual((await receive(await receiptOf(archive, box, { ...it.sealed, codes }, { ...returned, defects: [] }))).body.facts['faults'], ['defects'], 'a compliant batch cannot be refused');
  t.like(done(await receive(await receiptOf(archive, box, { ...it.sealed, codes }, returned))), { state: 'returned', defects: ['YJ-1-14', 'YJ-2-1'] });
  t.is(done(await archivist.get<{ record: { state: string } }>('record.show', { record: records[0] ?? '' })).record.state, 'filed');
  t.is(done(await step<{ state: string }>(archivist, 'transfer.close', batch, { note: '按缺陷重做' })).state, 'closed');
  const again = await plan(records);
  t.is((await show(archivist, again)).it.state, 'planned', 'put right in a new batch');
  t.is(done(await step<{ state: string }>(archivist, 'transfer.withdraw', again, { reason: '改日再办' })).state, 'withdrawn');
  t.is((await show(archivist, await plan(records.slice(0, 1)))).records, 1, 'what was withdrawn is free');
});
