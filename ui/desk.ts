/** 工作台: what waits for this person. The box's own list where it has one, else gathered from the lists this person may read. */
import { read, type Page } from './api.js';
import type { ApprovalRow } from './approvals.js';
import type { ClassificationRow } from './classification.js';
import { deskLink, deskVerb, DUE_TABS, type Due as DueMarks } from './due-marks.js';
import type { CaseRow } from './marking-case.js';
import type { Alarms } from './guarding.js';
import type { OutputRow } from './outputs.js';
import { held, type People } from './people.js';
import type { PersonnelList } from './personnel.js';
import { departmentName } from './scheme.js';
import { may, person } from './session.js';
import { actName } from './strings.zh.js';
import type { Batch } from './shapes.js';
import { dateOf } from './wording.js';

export interface Task { readonly group: string; readonly level: number; readonly markText: string | null; readonly text: string; readonly handler: string | null; readonly dueOn: string | null; readonly overdueDays: number; readonly verb: string; readonly to: string }
export interface Alarm { readonly text: string; readonly note: string; readonly bad: boolean; readonly verb: string; readonly to: string | null }
export interface Period { readonly key: string; readonly name: string; readonly article: string; readonly page: string; readonly within90: number; readonly within30: number; readonly within7: number; readonly today: number; readonly overdue: number }
export interface Job { readonly title: string; readonly done: number; readonly total: number; readonly unit: string; readonly stopped: boolean; readonly notes: readonly string[]; readonly to: string | null }
export interface Recent { readonly at: string; readonly level: number; readonly markText: string | null; readonly text: string; readonly result: string; readonly entry: number | null }
export interface Desk {
  readonly now: string; readonly tasks: readonly Task[]; readonly alarms: readonly Alarm[]; readonly periods: readonly Period[];
  readonly days: readonly { readonly on: string; readonly count: number; readonly off: boolean }[]; readonly jobs: readonly Job[]; readonly recent: readonly Recent[]; readonly counts: Readonly<Record<string, number>>;
}

interface Counted { readonly states: Readonly<Record<string, number>>; readonly batch: Batch; readonly obstacles: readonly string[]; readonly files: { readonly rejected: number } }
const quiet = async <T>(act: string, query: Readonly<Record<string, string | number>> = {}): Promise<T | null> => (may(act) ? read<T>(act, query, { passive: true }).catch(() => null) : null);
const task = (group: string, text: string, verb: string, to: string, more: Partial<Task> = {}): Task => ({ group, text, verb, to, level: 1, markText: null, handler: null, dueOn: null, overdueDays: 0, ...more });
const DAY = 86_400_000;

async function batchesOf(): Promise<{ tasks: Task[]; jobs: Job[] }> {
  const batches = (await quiet<Page<Batch>>('capture.list', { page: 1, size: 20 }))?.rows.filter((row) => row.state === 'open').slice(0, 8) ?? [];
  const counted = await Promise.all(batches.map(async (batch) => quiet<Counted>('filing.reconcile', { batch: batch.id })));
  const tasks: Task[] = [];
  const jobs: Job[] = [];
  for (const [at, batch] of batches.entries()) {
    const states = counted[at]?.states ?? {};
    const of = (state: string): number => states[state] ?? 0;
    const about = { level: batch.level, handler: batch.openedBy === person.value?.id ? person.value.name : null };
    const where = `${batch.number}　${departmentName(batch.department)}`;
    const total = Object.entries(states).reduce((sum, [state, number]) => (state === 'withdrawn' ? sum : sum + number), 0);
    if (of('returned')) tasks.push(task('检测退回', `${where}　${of('returned')} 件退回，待补正`, '补正', `/capture/${batch.id}?verdict=reject`, about));
    if (of('inspected')) tasks.push(task('待整理编目', `${where}　${of('inspected')} 件检测合格，待整理`, '整理', `/arrangement?batch=${batch.id}`, about));
    if (of('arranged')) tasks.push(task('待清点归档', `${where}　${of('arranged')} 件已整理，待归档`, '归档', `/filing?batch=${batch.id}`, about));
    if (!total) tasks.push(task('收集中', `${where}　还没有收到文件`, '收集', `/capture/${batch.id}`, about));
    if (total) jobs.push({ title: `收集批次 ${batch.number}`, done: of('filed'), total, unit: '件归档', stopped: true, notes: [`已整理 ${of('arranged')}`, `待整理 ${of('inspected')}`, `退回 ${of('returned')}`], to: `/capture/${batch.id}` });
  }
  return { tasks, jobs };
}

async function marksOf(): Promise<Task[]> {
  const [waiting, forms, due] = await Promise.all([
    may('classification.approve') ? quiet<Page<ClassificationRow>>('classification.list', { state: 'mine', page: 1, size: 20 }) : null,
    quiet<Page<CaseRow>>('classification.cases', { state: 'open', page: 1, size: 50 }), quiet<DueMarks>('classification.expiring', { page: 1, size: 30, window: 30 }),
  ]);
  const mine = (forms?.rows ?? []).filter((row) => (row.state === 'proposed' ? may('classification.decide-case') && row.proposer !== person.value?.id : row.proposer === person.value?.id));
  return [
    ...(waiting?.rows ?? []).map((row) => task('待签署的定密', `定密：《${row.title}》`, '办理', `/classification/${row.id}`, { level: row.level, markText: row.mark, handler: row.proposerName })),
    ...mine.map((row) => task(row.state === 'proposed' ? '待签署的定密' : '在办的审核表', `${row.kindName}：《${row.title}》`, row.state === 'proposed' ? '办理' : '续办', `/marking-case/${row.id}`, { level: row.level, markText: row.from, handler: row.proposerName })),
    ...(due?.rows ?? []).map((row) => { const tab = DUE_TABS.find((one) => one.kind === row.kind); return task(tab?.name ?? '到期', `《${row.title}》`, deskVerb(row), deskLink(row), { level: row.level, markText: row.mark, dueOn: row.dueOn, overdueDays: Math.max(0, -row.daysLeft) }); }),
  ];
}

async function approvalsOf(): Promise<Task[]> {
  const waiting = (await quiet<Page<ApprovalRow>>('approval.list', { state: 'mine', page: 1, size: 20 }))?.rows ?? [];
  return waiting.map((row) => task('待签审批', `${row.name}：${row.words[0] ?? ''}`, '签署', `/approvals/${row.id}`, { level: Math.max(1, row.level), handler: row.requestedByName, dueOn: row.lapsesAt }));
}

interface Unreviewed { readonly personName: string; readonly untilAt: string; readonly officerName: string | null; readonly auditorName: string | null }
async function emergenciesOf(): Promise<Task[]> {
  if (!may('emergency.review')) return [];
  const held = person.value?.duties.map((duty) => duty.key) ?? [];
  const rows = (await quiet<Page<Unreviewed>>('emergency.list', { state: 'unreviewed', page: 1, size: 20 }))?.rows ?? [];
  return rows.filter((row) => (held.includes('officer') && row.officerName === null) || (held.includes('auditadmin') && row.auditorName === null))
    .map((row) => task('应急访问待核查', `${row.personName} 的应急访问已结束`, '核查', '/emergency?state=unreviewed', { handler: row.personName }));
}

async function personnelOf(): Promise<Task[]> {
  if (!may('personnel.note')) return [];
  const rows = (await quiet<PersonnelList>('personnel.list', { page: 1, size: 200 }))?.rows ?? [];
  const short = rows.filter((row) => row.state === 'in_post' && row.trainingMissing);
  return [
    ...rows.filter((row) => row.openItems).map((row) => task('离岗清退', `${row.name} 待清退 ${String(row.openItems)} 项`, '清退', `/personnel/${row.person}`)),
    ...(short.length > 0 ? [task('保密教育培训', `${String(short.length)} 人本年培训学时不足`, '登记', '/personnel?state=in_post')] : []),
  ];
}

async function peopleOf(now: number): Promise<{ tasks: Task[]; alarms: Alarm[] }> {
  const rows = (await quiet<People>('person.list', { page: 1, size: 200 }))?.rows.filter((row) => row.status === 'active') ?? [];
  const tasks: Task[] = [];
  const alarms: Alarm[] = [];
  for (const row of rows) {
    const to = `/people?person=${row.id}`;
    if (row.lockedUntil) alarms.push({ text: `账号 ${row.account} 已锁定`, note: '连续登录失败', bad: false, verb: '核实解锁', to });
    if (row.clearanceUntil) {
      const days = Math.floor((Date.parse(row.clearanceUntil) - now) / DAY);
      if (days < 90) tasks.push(task('涉密资格到期', `${row.name} 的涉密资格`, '登记', to, { dueOn: row.clearanceUntil, overdueDays: Math.max(0, -days) }));
    }
    for (const grant of held(row)) {
      const days = grant.validUntil === null ? 90 : Math.floor((Date.parse(grant.validUntil) - now) / DAY);
      if (days < 90) tasks.push(task('授权到期', `${row.name} 的“${grant.dutyName}”`, '续任或接任', to, { dueOn: dateOf(grant.validUntil), overdueDays: Math.max(0, -days) }));
    }
    if (held(row).length === 0) tasks.push(task('待授予岗位', `${row.name} 尚无岗位`, '授权', to, { dueOn: dateOf(row.createdAt) }));
  }
  return { tasks, alarms };
}

async function outputsOf(): Promise<Task[]> {
  const [approved, overdue] = await Promise.all([may('output.print') ? quiet<Page<OutputRow>>('output.list', { state: 'approved', page: 1, size: 20 }) : null, may('output.return') ? quiet<Page<OutputRow>>('output.list', { state: 'overdue', page: 1, size: 20 }) : null]);
  const to = (row: OutputRow): string => `/outputs?output=${row.id}`;
  return [
    ...(overdue?.rows ?? []).map((row) => task('副本逾期未还', `${row.no}　${row.purpose}`, '催还', to(row), { level: row.level, handler: row.requestedByName, dueOn: row.keepUntil, overdueDays: Math.max(1, Math.floor((Date.now() - Date.parse(row.keepUntil)) / DAY)) })),
    ...(approved?.rows ?? []).map((row) => task('待出件', `${row.kindName} ${row.no}　${row.purpose}`, '出件', to(row), { level: row.level, handler: row.requestedByName, dueOn: row.issueBy })),
  ];
}

/** What is not yet looked into, the worst first. */
async function alarmsOf(): Promise<Alarm[]> {
  const open = (await quiet<Alarms>('alarm.list', { state: 'open', page: 1, size: 10 }))?.rows ?? [];
  return open.map((row) => ({ text: row.message, note: `${row.personName ?? ''}　${String(row.count)} 次　${row.code}`.trim(), bad: row.severity === 'critical', verb: row.needsApproval ? '恢复写入' : '核查', to: '/alarms' })).sort((a, b) => Number(b.bad) - Number(a.bad));
}

async function gathered(): Promise<Desk> {
  const now = new Date();
  const [alarms, batches, marks, people, approvals, emergencies, personnel, outputs] = await Promise.all([alarmsOf(), batchesOf(), marksOf(), peopleOf(now.getTime()), approvalsOf(), emergenciesOf(), personnelOf(), outputsOf()]);
  const tasks = [...approvals, ...marks, ...batches.tasks, ...people.tasks, ...emergencies, ...personnel, ...outputs];
  const of = (group: string): number => tasks.filter((one) => one.group === group).length;
  return {
    now: now.toISOString(), tasks, alarms: [...alarms, ...people.alarms], periods: [], days: [], jobs: batches.jobs, recent: [],
    counts: { '/': tasks.length, '/capture': of('检测退回') + of('收集中'), '/arrangement': of('待整理编目'), '/filing': of('待清点归档'), '/classification': of('待签署的定密') + of('在办的审核表'), '/annual-review': of('年度审核'), '/notices': of('通知未回执'), '/alarms': alarms.length, '/people': people.tasks.length + people.alarms.length, '/approvals': approvals.length, '/emergency': emergencies.length, '/personnel': personnel.length, '/outputs': outputs.length },
  };
}

/** The frame and the page ask at the same moment: one answer serves both, for every list read is an entry in the ledger. */
const KEEP_MS = 20_000;
let last: { readonly who: string; readonly at: number; readonly desk: Promise<Desk> } | null = null;

/** @throws Problem when the box is not reached or refuses the session */
export function readDesk(): Promise<Desk> {
  const who = `${person.value?.id ?? ''}/${person.value?.currentLevel ?? ''}`;
  if (!last || last.who !== who || Date.now() - last.at > KEEP_MS) {
    last = { who, at: Date.now(), desk: freshDesk() };
    last.desk.catch(() => { last = null; });
  }
  return last.desk;
}

interface Due extends Pick<Desk, 'now' | 'periods' | 'days'> {
  readonly due: readonly { readonly kind: string; readonly name: string; readonly level: number; readonly text: string; readonly dueOn: string | null; readonly to: string }[];
  readonly recent: readonly { readonly at: string; readonly level: number; readonly act: string; readonly entry: number | null }[];
}

/** Gathered from their own lists, line by line. */
const ELSEWHERE = ['clearance', 'grant', 'training', 'secrecy', 'confirm', 'review'];

/** What falls due comes from the box, which counts it under the person's own filter; what waits is gathered from the lists. */
async function freshDesk(): Promise<Desk> {
  const [desk, due] = await Promise.all([gathered(), read<Due>('desk.list', {}, { passive: true })]);
  const recent = due.recent.map((one) => ({ at: one.at, level: one.level, markText: null, text: actName(one.act), result: '已办', entry: one.entry }));
  const lines = due.due.filter(({ kind }) => !ELSEWHERE.includes(kind))
    .map((one) => task(one.name, one.text, '办理', one.to, { level: one.level, dueOn: one.dueOn, overdueDays: one.dueOn === null ? 0 : Math.max(0, Math.floor((Date.parse(due.now) - Date.parse(`${one.dueOn}T00:00:00+08:00`)) / DAY)) }));
  const tasks = [...desk.tasks, ...lines];
  return { ...desk, tasks, counts: { ...desk.counts, '/': tasks.length, '/calendar': due.periods.reduce((sum, { overdue }) => sum + overdue, 0) }, now: due.now, periods: due.periods, days: due.days, recent };
}
