import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import test from 'ava';
import { unzipSync, zipSync } from 'fflate';
import { runCli } from '../../appliance/cli/frame.js';
import { VERBS } from '../../appliance/cli/verbs.js';
import { openTestBox, upload } from '../helpers/box.js';
import { at, done, filedSecret, markers } from '../helpers/marked.js';
import { smallPdf } from '../helpers/office.js';
import { kept } from '../helpers/using.js';
import type { Problem } from '../helpers/using.js';

const afterwards: (() => unknown)[] = [];
test.after.always(async () => { for (const work of afterwards.reverse()) await work(); });
async function opened() {
  const box = await openTestBox({ teardown: (work) => { afterwards.push(work); } });
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-proof-'));
  afterwards.push(async () => rm(folder, { recursive: true, force: true }));
  const archivist = await box.as('zhaoxiaolan');
  const record = await kept(archivist, '关于龙泉路排水改造的批复', 1, '2020-05-06');
  return { box, folder, archivist, record };
}
let shared: ReturnType<typeof opened> | undefined;
const world = async (): ReturnType<typeof opened> => (shared ??= opened());

interface Verdict { readonly valid: boolean; readonly items: readonly { kind: string; what: string; faults: readonly { file: string; kind: string }[] }[] }
async function verify(file: string): Promise<{ exit: number; verdict: Verdict }> {
  const out: Buffer[] = [];
  const stdout = new PassThrough();
  stdout.on('data', (piece: Buffer) => out.push(piece));
  const exit = await runCli(VERBS, ['verify', file, '--json'], { stdin: new PassThrough(), stdout, stderr: new PassThrough(), env: {} });
  return { exit, verdict: JSON.parse(Buffer.concat(out).toString('utf8')) as Verdict };
}
const TO = { issuedTo: '昆明市演练中级人民法院', purpose: '诉讼举证' };

test.serial('第五条: a certified copy verifies without the box, and any change of statement, copy, original or proof is named', async (t) => {
  t.timeout(180_000);
  const { folder, archivist, record } = await world();
  const issued = await archivist.post('certificate.issue', { file: record.file, ...TO });
  t.is(issued.status, 200, issued.bytes.toString('utf8').slice(0, 300));
  const no = String(issued.headers['x-certificate-no']);
  t.regex(no, /^CZ-\d{4}-\d{4}$/u);
  const file = path.join(folder, `${no}.zip`);
  await writeFile(file, issued.bytes);
  const good = await verify(file);
  t.is(good.exit, 0, JSON.stringify(good.verdict));
  t.like(good.verdict.items[0], { kind: 'certificate', what: no, faults: [] });

  const members = unzipSync(issued.bytes);
  t.is(Buffer.from(members[`${no}.pdf`] ?? []).subarray(0, 5).toString(), '%PDF-');
  const statement = JSON.parse(Buffer.from(members[`${no}.json`] ?? []).toString('utf8')) as { record: { archivalCode: string }; file: { sm3: string }; proof: { path: string[]; index: number } };
  t.is(statement.record.archivalCode, record.code);
  const changed = async (name: string, change: (bytes: Buffer) => Buffer): Promise<readonly string[]> => {
    const other = path.join(folder, 'changed.zip');
    await writeFile(other, zipSync({ ...members, [name]: change(Buffer.from(members[name] ?? [])) }, { level: 0 }));
    const { exit, verdict } = await verify(other);
    t.is(exit, 1, name);
    return verdict.items.flatMap(({ faults }) => faults.map(({ file: where, kind }) => `${where}:${kind}`));
  };
  const flip = (bytes: Buffer): Buffer => { bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1; return bytes; };
  t.deepEqual(await changed(`${no}.original`, flip), [`${no}.original:altered`]);
  t.deepEqual(await changed(`${no}.pdf`, flip), [`${no}.pdf:altered`]);
  t.true((await changed(`${no}.json`, (bytes) => Buffer.from(bytes.toString('utf8').replace('诉讼举证', '买卖房屋')))).includes(`${no}.json.sig:signature`));
  t.true((await changed(`${no}.json`, (bytes) => Buffer.from(bytes.toString('utf8').replace(statement.proof.path[0] ?? '?', '0'.repeat(64))))).includes(`${no}.json:ledger`));

  const register = done(await archivist.get<{ total: number; rows: { no: string; issuedTo: string; archivalCode: string }[] }>('certificate.list', { record: record.record }));
  t.deepEqual(register.rows.map((one) => [one.no, one.issuedTo, one.archivalCode]), [[no, TO.issuedTo, record.code]]);
});

test.serial('第五、三十五条: content that does not match its registered digest is not certified (E_FIXITY_FAILED), a state secret neither, and strangers learn nothing', async (t) => {
  t.timeout(180_000);
  const { box, archivist, record } = await world();
  const outsider = await at(await box.as('duanwen'), 1);
  t.is((await outsider.post<Problem>('certificate.issue', { file: record.file, ...TO })).body.code, 'E_NOT_FOUND');
  t.is((await outsider.get<Problem>('certificate.list')).body.code, 'E_DENIED');
  const marking = await markers(box);
  const secret = await filedSecret(marking, '隐龙潭泄洪预案');
  t.is((await (await at(marking.custodian, 3)).post<Problem>('certificate.issue', { file: secret.file, ...TO })).body.code, 'E_COPY_NOT_AUTHORIZED');
  t.is((await archivist.post<Problem>('certificate.issue', { file: secret.file, ...TO })).body.code, 'E_NOT_FOUND');

  const other = await kept(archivist, '关于档案库房搬迁的请示', 0, '2020-06-06');
  await box.running.box.store.write(box.running.box.systemCall('system.fsck'), async (tx) => {
    await tx.allow();
    await tx.sql.run('UPDATE computer_file SET sm3 = $1 WHERE id = $2', 'ab'.repeat(32), other.file);
    tx.audit({ action: 'system.fsck' });
  });
  const refused = await archivist.post<Problem & { facts: { registered: string; found: string } }>('certificate.issue', { file: other.file, ...TO });
  t.is(refused.body.code, 'E_FIXITY_FAILED');
  t.is(refused.body.facts.registered, 'abababab');
  t.is(done(await archivist.get<{ total: number }>('certificate.list', { record: other.record })).total, 0, 'nothing is entered');
});

test.serial('第五条: 单套归档: submitted by the department, reviewed by the archives, and not filed before', async (t) => {
  t.timeout(180_000);
  const { box } = await world();
  const [proposer, archivist] = [await at(await box.as('duanwen'), 1), await at(await box.as('zhaoxiaolan'), 1)];
  const department = done(await proposer.get<{ person: { department: string } }>('session.current')).person.department;
  const { batch } = done(await proposer.post<{ batch: string }>('capture.open', { fonds: 'Z109', department, method: 'offline_upload', offlineReason: '系统未联网' }));
  const { record } = done(await upload(proposer, batch, '通知.pdf', await smallPdf('text')));
  const yes = { met: true, evidence: '由登记的办公系统形成，留有办理单' };
  const claim = { batch, electronicOnly: true, sourceReliable: yes, procedureCompliant: yes, elementsCompliant: { ...yes, met: false }, seenVersion: 0 };
  t.is((await proposer.post<Problem>('eligibility.submit', claim)).body.code, 'E_SINGLE_SET_NOT_ELIGIBLE');
  done(await proposer.post('eligibility.submit', { ...claim, elementsCompliant: yes }));
  const review = { batch, verdict: 'approve', opinion: '证据齐全', seenVersion: 1 };
  t.is((await proposer.post<Problem>('eligibility.review', review)).body.code, 'E_DENIED');
  t.is((await archivist.post<Problem>('eligibility.review', review)).body.code, 'E_SINGLE_SET_NOT_ELIGIBLE', 'not inspected yet');
  const { rows: [row] } = done(await archivist.get<{ rows: { id: string; version: number }[] }>('arrangement.list', { batch }));
  done(await archivist.post('arrangement.save', { batch, rows: [{ record, seenVersion: row?.version, facts: { categoryCode: 'WS', scheduleItemId: '6.2', archivalYear: 2026, documentDate: '2026-05-06', completedOn: '2026-06-01', orgOrFunction: department }, description: { title: '关于值班的通知', author: ['演练局'] } }] }));
  done(await archivist.post('inspection.run', { batch }));
  const { batch: { version } } = done(await archivist.get<{ batch: { version: number } }>('capture.show', { batch }));
  done(await archivist.post('capture.declare', { batch, seenVersion: version, counts: [{ category: 'WS', archivalYear: 2026, retention: 'D10', items: 1, metadata: 1 }] }));
  t.is((await archivist.post<Problem>('filing.file', { batch, seenVersion: version + 1 })).body.code, 'E_SINGLE_SET_NOT_ELIGIBLE', 'the claim waits');
  done(await archivist.post('eligibility.review', review));
  done(await archivist.post('filing.file', { batch, seenVersion: version + 1 }));
  t.like(done(await archivist.get<{ claim: { state: string; missing: string[] } }>('eligibility.show', { batch })).claim, { state: 'approved', missing: [] });
});
