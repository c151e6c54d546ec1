import test from 'ava';
import { openTestBox, upload } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';
import { done } from '../helpers/marked.js';
import { smallPdf } from '../helpers/office.js';
import type { TestItems } from '../../policies/schemas/test-items.js';

/* 检测规则包 (第二十一条, DA/T 70-2018) on one box: versions signed, put in force by another, run again, compared; what was tampered with is not run. */

interface Refused { readonly code: string }
interface Ran { readonly run: number; readonly reportNo: string; readonly conclusion: string; readonly content: { readonly ruleSetVersion: string } }
let box: TestBox;
let archivist: Client;
let secadmin: Client;
let batch: string;
const endings: (() => unknown)[] = [];
test.after.always(async () => { for (const end of endings) await end(); });
test.before(async () => {
  box = await openTestBox({ teardown: (work) => { endings.push(work); } });
  [archivist, secadmin] = [await box.as('zhaoxiaolan'), await box.as('chenlixin')];
  batch = done(await archivist.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' })).batch;
  done(await upload(archivist, batch, 'one.pdf', await smallPdf('one')));
});

/** The shipped table with its formats and readability left out, and 特殊字符 only a warning. */
const eased = (version: string): TestItems => {
  const shipped = box.running.box.policies.content('test-items.json');
  return { ...shipped, version, items: shipped.items.filter(({ code }) => code !== 'GD-2-4').map((item) => (item.code === 'GD-1-6' ? { ...item, level: 'advisory' as const } : item)) };
};

test.serial('第二十一条: the table that ships is entered under the signature of the box and in force; a run names its version', async (t) => {
  const { rows } = done(await archivist.get<{ rows: readonly { version: string; signer: string; inForce: boolean; holds: boolean }[] }>('rulepack.list'));
  const { version } = box.running.box.policies.content('test-items.json');
  t.deepEqual(rows.map(({ version: one, signer, inForce, holds }) => [one, signer, inForce, holds]), [[version, 'box', true, true]]);
  t.is(done(await archivist.post<Ran>('inspection.run', { batch })).content.ruleSetVersion, version);
});

test.serial('第二十一条: another version is signed by 安全保密管理员 over its digest; a changed byte, a wrong key and an unknown method are refused', async (t) => {
  const content = eased('2.0.0-test');
  const { statement, changes } = done(await secadmin.post<{ statement: string; changes: readonly { code: string; change: string; eased: boolean }[] }>('rulepack.preview', { content }));
  t.deepEqual(changes.map(({ code, change, eased: less }) => [code, change, less]), [['GD-1-6', 'changed', true], ['GD-2-4', 'removed', true]]);
  const signature = secadmin.sign(statement);
  t.is((await secadmin.post<Refused>('rulepack.enter', { content: { ...content, limits: { ...content.limits, virusLibraryDays: 999 } }, signature })).body.code, 'E_SIGNATURE_INVALID');
  t.is((await secadmin.post<Refused>('rulepack.enter', { content, signature: archivist.sign(statement) })).body.code, 'E_SIGNATURE_INVALID');
  t.is((await archivist.post<Refused>('rulepack.enter', { content, signature })).body.code, 'E_DENIED');
  const unknown = { ...content, items: content.items.map((item, at) => (at === 0 ? { ...item, method: 'magic' } : item)) };
  t.is((await secadmin.post<Refused>('rulepack.preview', { content: unknown })).body.code, 'E_INPUT_INVALID');
  t.is((await secadmin.post('rulepack.enter', { content, signature })).status, 200);
  t.is((await secadmin.post<Refused>('rulepack.enter', { content, signature })).body.code, 'E_DUPLICATE');
});

test.serial('第二十一条: run again by another version, the two runs compared line by line and in the report', async (t) => {
  const again = done(await archivist.post<Ran>('inspection.rerun', { batch, pack: '2.0.0-test' }));
  t.is(again.content.ruleSetVersion, '2.0.0-test');
  const compared = done(await archivist.get<{ left: { ruleSetVersion: string }; right: { ruleSetVersion: string }; rows: readonly { code: string; was: string; is: string }[] }>('inspection.compare', { batch, left: 1, right: again.run }));
  t.is(compared.right.ruleSetVersion, '2.0.0-test');
  t.deepEqual([...new Set(compared.rows.map(({ code, is }) => `${code} ${is}`))], ['GD-2-4 absent']);
  t.is((await archivist.post<Refused>('inspection.rerun', { batch, pack: '9.9.9' })).body.code, 'E_NOT_FOUND');
  t.is((await archivist.get<Refused>('inspection.compare', { batch, left: 1, right: 99 })).body.code, 'E_NOT_FOUND');
  const { report } = done(await archivist.post<{ report: string }>('report.create', { kind: 'R08', batch, run: again.run, against: 1 }));
  const json = JSON.parse((await archivist.get('report.read', { report, format: 'json' })).bytes.toString('utf8')) as { document?: unknown; sections?: readonly { key?: string; rows?: readonly { code: string; is: string }[] }[] };
  const sections = json.sections ?? (json.document as { sections: readonly { key?: string; rows?: readonly { code: string; is: string }[] }[] }).sections;
  t.deepEqual([...new Set(sections.find(({ key }) => key === 'changes')?.rows?.map(({ code, is }) => `${code} ${is}`))], ['GD-2-4 未检']);
});

test.serial('第二十一条: the signer does not put a version in force; somebody else does, and filing asks that one', async (t) => {
  t.is((await secadmin.post<Refused>('rulepack.activate', { version: '2.0.0-test' })).body.code, 'E_DENIED');
  const sysadmin = await box.as('sunhao');
  t.is((await sysadmin.post('rulepack.activate', { version: '2.0.0-test' })).status, 200);
  t.is(done(await archivist.post<Ran>('inspection.run', { batch })).content.ruleSetVersion, '2.0.0-test');
  t.is((await sysadmin.post<Refused>('rulepack.activate', { version: '2.0.0-test' })).body.code, 'E_STATE_INVALID');
});

test.serial('第二十一条: a pack that was tampered with is shown as such and nothing is tested by it', async (t) => {
  const { store } = box.running.box;
  await store.housekeep(async (sql) => {
    await sql.run('DROP TRIGGER rule_pack_stands');
    await sql.run(`UPDATE rule_pack SET content = replace(content, '"level":"mandatory"', '"level":"advisory"') WHERE version = '2.0.0-test'`);
  });
  await box.running.services.rulePacks.begin();
  t.is((await archivist.post<Refused>('inspection.run', { batch })).body.code, 'E_RULE_PACK_TAMPERED');
  t.is((await archivist.post<Refused>('inspection.rerun', { batch, pack: '2.0.0-test' })).body.code, 'E_RULE_PACK_TAMPERED');
  const { rows } = done(await archivist.get<{ rows: readonly { version: string; holds: boolean }[] }>('rulepack.list'));
  t.deepEqual(rows.map(({ holds }) => holds), [false, true]);
  const sysadmin = await box.as('sunhao');
  t.is((await sysadmin.post('rulepack.activate', { version: box.running.box.policies.content('test-items.json').version })).status, 200, 'back to the one that holds');
  t.is((await archivist.post('inspection.run', { batch })).status, 200);
});

test.serial('第二十六条: a box without an engine says so; the offline library is registered by the 系统管理员 and its age shown', async (t) => {
  const sysadmin = await box.as('sunhao');
  interface State { readonly engine: string; readonly why: string | null; readonly libraryOn: string | null; readonly stale: boolean; readonly ageDays: number | null; readonly code?: string }
  const before = done(await archivist.get<State>('virus.show'));
  if (before.engine !== 'builtin') { t.is((await sysadmin.post<Refused>('virus.register', { on: '2026-01-01', packageNo: 'X1' })).body.code, 'E_STATE_INVALID'); return; }
  t.truthy(before.why);
  t.is((await archivist.post<Refused>('virus.register', { on: '2026-01-01', packageNo: 'X1' })).body.code, 'E_DENIED');
  t.is((await sysadmin.post<Refused>('virus.register', { on: '2999-01-01', packageNo: 'X1' })).body.code, 'E_INPUT_INVALID');
  t.is((await sysadmin.post('virus.register', { on: '2020-01-01', packageNo: 'LX-2020-01' })).status, 200);
  const after = done(await archivist.get<State>('virus.show'));
  t.deepEqual([after.libraryOn, after.stale], ['2020-01-01', true]);
  t.is(done(await archivist.post<Ran>('inspection.run', { batch })).conclusion, 'unqualified', 'GD-4-1');
});
