import test from 'ava';
import { openTestBox } from '../helpers/box.js';
import type { Answer, Client, TestBox } from '../helpers/box.js';
import { at, described, done } from '../helpers/marked.js';

interface Listed { readonly total: number; readonly kinds: readonly { readonly key: string; readonly current: number; readonly keeps: boolean }[]; readonly rows: readonly { readonly id: string; readonly no: string; readonly state: string; readonly version: number; readonly texts: Readonly<Record<string, string>>; readonly reminders: readonly { readonly dueOn: string }[] }[] }
interface Refused { readonly code?: string; readonly details?: readonly { readonly at: string; readonly message: string }[] }
interface Shown { readonly version: number; readonly state: string; readonly history: readonly { readonly version: number; readonly act: string; readonly byName: string; readonly texts: Readonly<Record<string, string>> }[] }

const enter = async (client: Client, kind: string, values: Readonly<Record<string, unknown>>): Promise<Answer<Refused & { readonly entry: string; readonly no: string }>> => client.post('register.enter', { kind, values });
const code = (answer: Answer<Refused>): string => answer.body.code ?? 'ok';

let box: TestBox;
let sysadmin: Client;
let archivist: Client;
let officer: Client;
let head: Client;
test.before(async (t) => {
  box = await openTestBox({ teardown: (work) => { closing.push(work); } });
  [sysadmin, archivist, officer, head] = [await box.as('sunhao'), await box.as('zhaoxiaolan'), await box.as('zhoumin'), await box.as('wangzhenhua')];
  t.pass();
});
const closing: (() => unknown)[] = [];
test.after.always(async () => { for (const work of closing) await work(); });

test.serial('第二条: 单位登记 names the kind of body, once and by the system officer; every change of it is kept with who and when', async (t) => {
  t.is(code(await enter(archivist, 'organization', { orgType: 'organ', responsibilityRule: 'warn', trainingRule: 'warn' })), 'E_DENIED');
  t.is(code(await enter(sysadmin, 'organization', { orgType: 'kingdom', responsibilityRule: 'warn', trainingRule: 'warn' })), 'E_INPUT_INVALID');
  const { entry, no } = done(await enter(sysadmin, 'organization', { orgType: 'organ', responsibilityRule: 'warn', trainingRule: 'warn' }));
  t.regex(no, /^DW-\d{4}-0001$/u);
  t.is(code(await enter(sysadmin, 'organization', { orgType: 'organ', responsibilityRule: 'warn', trainingRule: 'warn' })), 'E_DUPLICATE');
  const values = { orgType: 'public_institution', repository: '演练市档案馆', responsibilityRule: 'warn', trainingRule: 'warn' };
  done(await sysadmin.post('register.amend', { entry, values, seenVersion: 1 }));
  t.is(code(await sysadmin.post('register.amend', { entry, values, seenVersion: 1 })), 'E_STALE_VERSION');
  const shown = done(await head.get<Shown>('register.show', { entry }));
  t.deepEqual(shown.history.map((one) => [one.version, one.act, one.byName, one.texts['orgType']]), [[2, 'register.amend', '孙浩', '事业单位'], [1, 'register.enter', '孙浩', '机关']]);
});

test.serial('第七条、第八条、第九条: plans and budgets, guidance and projects are entered by their keepers, remind of their days, and end without leaving the register', async (t) => {
  const plan = done(await enter(archivist, 'plan', { title: '十五五档案信息化规划', from: '2026-01-01', to: '2030-12-31', goals: '单套归档' }));
  done(await enter(head, 'budget', { fiscalYear: 2026, item: '档案一体机运维', amount: 120_000 }));
  done(await enter(archivist, 'guidance', { on: '2026-09-01', by: '演练市档案局', target: '本单位', findings: '补齐制度', dueOn: '2026-12-31' }));
  done(await enter(sysadmin, 'it-project', { title: '公文系统归档接口', approvedOn: '2026-03-01', archiveFunction: '收集、整理、归档', assessOn: '2027-03-01' }));
  t.is(code(await enter(officer, 'plan', { title: '保密规划', from: '2026-01-01', to: '2026-12-31', goals: '目标' })), 'E_DENIED');
  const listed = done(await head.get<Listed>('register.list', { kind: 'plan' }));
  t.deepEqual(listed.rows.map(({ no, reminders }) => [no, reminders.map(({ dueOn }) => dueOn)]), [[plan.no, ['2030-12-31']]]);
  t.deepEqual(listed.kinds.filter(({ current }) => current > 0).map(({ key }) => key), ['organization', 'plan', 'budget', 'guidance', 'it-project']);
  t.is(code(await archivist.post('register.end', { entry: plan.entry, on: '2999-01-01', reason: '调整', seenVersion: 1 })), 'E_INPUT_INVALID');
  done(await archivist.post('register.end', { entry: plan.entry, on: '2026-10-01', reason: '由新规划替代', seenVersion: 1 }));
  t.is(code(await archivist.post('register.amend', { entry: plan.entry, values: { title: '新', from: '2026-01-01', to: '2026-12-31', goals: '目标' }, seenVersion: 2 })), 'E_STATE_INVALID');
  t.deepEqual(done(await head.get<Listed>('register.list', { kind: 'plan', state: 'ended' })).rows.map(({ no, state }) => [no, state]), [[plan.no, 'ended']]);
  t.is(code(await (await box.as('linxiao')).get('register.list')), 'E_DENIED');
  t.is(code(await enter(await box.as('zhangjian'), 'plan', { title: '规划', from: '2026-01-01', to: '2026-12-31', goals: '目标' })), 'E_DENIED', 'an inspector writes nothing');
});

test.serial('第十一条(一)、第十二条: without the persons responsible a batch is filed with a warning, or with E_RESPONSIBILITY_MISSING not at all; rules and facilities of unit and archive have their registers', async (t) => {
  const proposer = await box.as('liusiyuan');
  const { batch } = await described(proposer, '关于责任登记的通知', 1);
  const { batch: { version } } = done(await proposer.get<{ batch: { version: number } }>('capture.show', { batch }));
  done(await proposer.post('capture.declare', { batch, seenVersion: version, counts: [{ category: 'WS', archivalYear: 2026, retention: 'D10', items: 1, metadata: 1 }] }));
  await at(archivist, 1);
  const counted = done(await archivist.get<{ responsibility: { missing: string[]; blocks: boolean } }>('filing.reconcile', { batch }));
  t.deepEqual(counted.responsibility, { missing: ['分管档案工作负责人', '档案员'], blocks: false });
  const [organisation] = done(await sysadmin.get<Listed>('register.list', { kind: 'organization' })).rows;
  const stricter = { orgType: 'organ', responsibilityRule: 'block', trainingRule: 'warn' };
  done(await sysadmin.post('register.amend', { entry: organisation?.id, values: stricter, seenVersion: organisation?.version }));
  const refused = await archivist.post<Refused>('filing.file', { batch, seenVersion: version + 1 });
  t.is(code(refused), 'E_RESPONSIBILITY_MISSING');
  t.regex(refused.body.details?.[0]?.message ?? '', /分管档案工作负责人、档案员/u);
  for (const [role, person] of [['leader', '王振华'], ['archivist', '赵晓岚']]) done(await enter(sysadmin, 'responsibility', { role, person, department: '办公室', from: '2026-01-01', appointment: '演练发〔2026〕1号' }));
  const filed = done(await archivist.post<{ filed: unknown[]; responsibility: { missing: string[] } }>('filing.file', { batch, seenVersion: version + 1 }));
  t.deepEqual([filed.filed.length, filed.responsibility.missing], [1, []]);
  done(await enter(archivist, 'rule', { title: '档案馆接收办法', body: 'repository', edition: '2026版', issuedOn: '2026-01-10', reviewOn: '2028-01-10', owner: '收集科' }));
  done(await enter(sysadmin, 'asset', { name: '离线存储柜', assetKind: 'storage', place: '二号库房', usedFrom: '2026-02-01', keeper: '赵晓岚', checkOn: '2026-12-01' }));
  done(await enter(officer, 'meeting', { on: '2026-10-10', topic: '归档接口', participants: ['archives', 'it', 'secrecy'], decisions: '公文系统十二月接入' }));
  t.deepEqual(done(await archivist.get<Listed>('register.list', { kind: 'meeting' })).rows[0]?.texts['participants'], '档案、信息化、保密');
});

test.serial('第十三条: whoever has no training on register is granted a duty with a warning, or with E_TRAINING_REQUIRED not at all; certificates remind of their end', async (t) => {
  const secadmin = await box.as('chenlixin');
  const reader = await box.as('linxiao');
  const grant = async () => secadmin.post<Refused & { readonly training: string }>('person.grant', { person: reader.person, duty: 'archivist', fonds: '*', reason: '兼任档案员' });
  const [organisation] = done(await sysadmin.get<Listed>('register.list', { kind: 'organization' })).rows;
  done(await sysadmin.post('register.amend', { entry: organisation?.id, values: { orgType: 'organ', responsibilityRule: 'block', trainingRule: 'block' }, seenVersion: organisation?.version }));
  t.is(code(await grant()), 'E_TRAINING_REQUIRED');
  const day = new Date().toISOString().slice(0, 10);
  const trained = async (values: Readonly<Record<string, unknown>>) => done(await enter(officer, 'training', { trainee: 'linxiao', topic: '电子档案管理', date: day, hours: 8, exam: 'passed', ...values }));
  await trained({ date: '2020-01-01' });
  await trained({ exam: 'failed' });
  t.is(code(await grant()), 'E_TRAINING_REQUIRED', 'long ago, or not passed');
  await trained({});
  t.is(done(await grant()).training, 'trained');
  const { no } = done(await enter(officer, 'certificate', { holder: '赵晓岚', name: '档案专业人员岗位培训合格证', number: '2026-1', issuer: '演练市档案局', issuedOn: '2026-01-01', validTo: '2029-01-01' }));
  t.deepEqual(done(await officer.get<Listed>('register.list', { kind: 'certificate' })).rows.map((row) => [row.no, row.reminders[0]?.dueOn]), [[no, '2029-01-01']]);
});

test.serial('第四十四条: a violation is registered under the law it falls under, and only those who deal with it may look at it', async (t) => {
  const { entry } = done(await enter(officer, 'violation', { foundOn: '2026-11-01', violationType: 'A48-4', articleRef: '办法第三十九条', facts: '未经审批删除网盘副本', handledBy: '保密办', dueOn: '2026-12-01' }));
  t.is(code(await enter(archivist, 'violation', { foundOn: '2026-11-01', violationType: 'other', articleRef: '办法', facts: '事实', handledBy: '保密办' })), 'E_DENIED');
  t.regex(done(await head.get<Listed>('register.list', { kind: 'violation' })).rows[0]?.texts['violationType'] ?? '', /擅自销毁档案/u);
  t.is(code(await sysadmin.get('register.list', { kind: 'violation' })), 'E_DENIED');
  t.is(code(await sysadmin.get('register.show', { entry })), 'E_DENIED');
  t.false(done(await sysadmin.get<Listed>('register.list')).kinds.some(({ key }) => key === 'violation'));
});
