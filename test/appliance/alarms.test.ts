import sqlite3 from 'sqlite3';
import test from 'ava';
import { Temporal } from 'temporal-polyfill';
import { guardedClock } from '../../appliance/clock-guard.js';
import type { MachineClock } from '../../appliance/clock-guard.js';
import { inPackage } from '../../appliance/package-root.js';
import { readFileSync } from 'node:fs';
import { alarmWatcher, matches } from '../../secrecy/alarms.js';
import type { AuditEntry } from '../../core/audit.js';
import type { AlarmsFile } from '../../policies/schemas/alarms.js';
import { openTestBox } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';
import { at, described, done, filedSecret, markers } from '../helpers/marked.js';

const POLICY = JSON.parse(readFileSync(inPackage('policies', 'alarms.json'), 'utf8')) as AlarmsFile;

interface Alarm { readonly id: string; readonly code: string; readonly state: string; readonly disposition: string; readonly personName: string | null; readonly person: string | null; readonly record: string | null; readonly count: number; readonly version: number; readonly entry: number | null }
interface Listed { readonly total: number; readonly open: number; readonly rows: readonly Alarm[] }

async function alarmsOf(box: TestBox, officer: Client): Promise<readonly Alarm[]> {
  await box.running.services.alarmWork.engine.settled();
  return done(await officer.get<Listed>('alarm.list', { state: 'open' })).rows;
}
const only = async (box: TestBox, officer: Client, code: string): Promise<Alarm | undefined> => (await alarmsOf(box, officer)).find((one) => one.code === code);

/** Both seats of an approval, signed as the console does. */
async function signed(approval: string, ...officers: readonly Client[]): Promise<string> {
  let state = '';
  for (const officer of officers) {
    const ready = done(await officer.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '已核对' }));
    ({ state } = done(await officer.post<{ state: string }>('approval.sign', { approval, opinion: '已核对', signature: officer.sign(ready.statement), seenVersion: ready.version })));
  }
  return state;
}
const officersOf = async (box: TestBox) => ({ system: await box.as('sunhao'), security: await box.as('chenlixin'), auditor: await box.as('hejingyi') });

function entry(more: Partial<AuditEntry>): AuditEntry {
  return {
    seq: 0, at: '2026-11-23T01:00:00.000Z', actor: 'P1', duty: null, terminal: 'T', action: 'record.read', objectType: 'record', object: 'R1', objectLevel: 3, result: 'ok',
    reason: null, approval: null, detail: {}, prevHash: '', hash: '', ...more,
  };
}
const minutes = (count: number): string => Temporal.Instant.from('2026-11-23T01:00:00Z').add({ minutes: count }).toString({ smallestUnit: 'millisecond' });

test('07 §9: three readings above one\'s level within an hour are an alarm, by the true code behind the 404; two, or three in two hours, are none', (t) => {
  const refused = (count: number, more: Partial<AuditEntry> = {}) => entry({ at: minutes(count), result: 'refused', reason: 'E_NOT_FOUND', detail: { codes: ['E_MAC_READ_UP'] }, ...more });
  const run = (...entries: AuditEntry[]) => { const watcher = alarmWatcher(POLICY.rules); return entries.flatMap((one) => watcher.take(one)).map(({ rule, subject }) => `${rule.code}/${subject}`); };
  t.deepEqual(run(refused(0), refused(10), refused(59)), ['A_READ_UP_ATTEMPT/P1']);
  t.deepEqual(run(refused(0), refused(10)), []);
  t.deepEqual(run(refused(0), refused(55), refused(115)), [], 'each window by itself');
  t.deepEqual(run(refused(0), refused(1, { actor: 'P2' }), refused(2, { actor: 'P3' })), [], 'each person by themselves');
  t.deepEqual(run(refused(0), refused(1), refused(2), refused(3)), ['A_READ_UP_ATTEMPT/P1'], 'and again only after as many more');
  t.deepEqual(run(...Array.from({ length: 4 }, () => refused(0, { actor: 'anonymous' }))), []);
  t.deepEqual(run(entry({ action: 'record.show', result: 'refused', reason: 'E_MARK_BINDING', objectType: null, object: null, detail: { record: 'R9' } })), ['A_MARK_BINDING/R9']);
  t.deepEqual(run(entry({ action: 'alarm.list', result: 'refused', reason: 'E_MARK_BINDING', detail: { record: 'R9' } })), [], 'the alarms\' own acts raise none');
  const many = (count: number, distinct: boolean) => Array.from({ length: count }, (_, n) => entry({ at: minutes(0), object: distinct ? `R${String(n)}` : 'R1' }));
  t.deepEqual(run(...many(60, true)), ['A_BULK_EXPORT/P1']);
  t.deepEqual(run(...many(300, false)), [], 'one long document, page after page');
});

test('07 §9: every rule names a code of the catalogue, a source and somebody to tell; a trigger matches by result, act and code together', (t) => {
  t.deepEqual(POLICY.rules.filter(({ source, tell }) => source === '' || tell.length === 0), []);
  t.is(new Set(POLICY.rules.map(({ code }) => code)).size, POLICY.rules.length);
  const trigger = { kind: 'entries', results: ['failed'], actions: ['audit.verify'], threshold: 1, windowMinutes: 1 } as const;
  const asked = { ...trigger, results: [...trigger.results], actions: [...trigger.actions] };
  t.true(matches(asked, entry({ action: 'audit.verify', result: 'failed' })));
  t.false(matches(asked, entry({ action: 'audit.verify' })));
  t.false(matches(asked, entry({ action: 'system.fsck', result: 'failed' })));
});

test('07 §9, §11-1: whoever asks three times for what is above them is told 404 each time; 安全保密管理员 is told who, nobody is told what', async (t) => {
  t.timeout(120_000);
  const box = await openTestBox(t);
  const people = await markers(box);
  const secret = await filedSecret(people, '隐龙潭泄洪预案');
  const reader = await box.as('zhaoxiaolan');
  const { security, auditor } = await officersOf(box);
  for (let n = 0; n < 3; n += 1) t.is((await reader.get('record.show', { record: secret.record })).status, 404);
  const alarm = await only(box, security, 'A_READ_UP_ATTEMPT');
  t.like(alarm, { personName: '赵晓岚', record: null, count: 1, entry: null });
  t.is(await only(box, auditor, 'A_READ_UP_ATTEMPT'), undefined, 'the rule tells one duty');
  const bytes = (await security.get('alarm.list')).bytes.toString('utf8');
  t.false(bytes.includes('隐龙潭') || bytes.includes(secret.record));
  t.is((await reader.get<{ code: string }>('alarm.list')).body.code, 'E_DENIED');
  t.is((await security.post<{ code: string }>('alarm.acknowledge', { alarm: alarm?.id, opinion: '已谈话', seenVersion: 9 })).body.code, 'E_STALE_VERSION');
  t.is((await auditor.post<{ code: string }>('alarm.acknowledge', { alarm: alarm?.id, opinion: '已谈话', seenVersion: 1 })).body.code, 'E_NOT_FOUND');
  t.is(done(await security.post<{ state: string }>('alarm.acknowledge', { alarm: alarm?.id, opinion: '已谈话核实', seenVersion: alarm?.version })).state, 'closed');
  t.deepEqual(await alarmsOf(box, security), []);
  t.is(done(await security.get<Listed>('alarm.list', { state: 'closed' })).total, 1);
});

test('07 §9: reading very many records in a short time pauses the session of that person alone, until 安全保密管理员 has looked', async (t) => {
  t.timeout(120_000);
  const box = await openTestBox(t);
  const reader = await at(await box.as('liusiyuan'), 1);
  const other = await at(await box.as('zhaoxiaolan'), 1);
  const { engine } = box.running.services.alarmWork;
  engine.observe(Array.from({ length: 60 }, (_, n) => entry({ seq: 1000 + n, at: box.running.box.clock.now(), actor: reader.person, object: `R${String(n)}` })));
  await engine.settled();
  t.is((await reader.get<{ code: string }>('record.search')).body.code, 'E_SESSION_PAUSED');
  t.is((await reader.get('session.current')).status, 200);
  t.is((await other.get('record.search')).status, 200);
  const { security } = await officersOf(box);
  const alarm = await only(box, security, 'A_BULK_EXPORT');
  done(await security.post('alarm.acknowledge', { alarm: alarm?.id, opinion: '已核实为工作需要', seenVersion: alarm?.version }));
  t.is((await reader.get('record.search')).status, 200);
});

test('07 §11-11: a ledger edited in the file stops writing at the next check; reading goes on; two officers sign before it goes on', async (t) => {
  t.timeout(180_000);
  const box = await openTestBox(t);
  const proposer = await box.as('liusiyuan');
  const fresh = await described(proposer, '普通通知', 1);
  const { system, security, auditor } = await officersOf(box);
  t.is(await box.running.services.alarmWork.checkLedger(), 0);
  await new Promise<void>((resolve, reject) => {
    const outside = new sqlite3.Database(box.running.box.paths.database);
    outside.exec("PRAGMA busy_timeout = 5000; DROP TRIGGER audit_entry_no_update; UPDATE audit_entry SET actor = 'nobody' WHERE seq = 3;", (error) => { outside.close(() => { if (error) reject(error); else resolve(); }); });
  });
  t.true(await box.running.services.alarmWork.checkLedger() > 0);
  const open = { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' };
  t.is((await proposer.post<{ code: string }>('capture.open', open)).body.code, 'E_WRITES_STOPPED');
  t.is((await proposer.get('record.show', { record: fresh.record })).status, 200, 'reading goes on');
  const alarm = await only(box, auditor, 'A_AUDIT_GAP');
  t.is((await security.post<{ code: string }>('alarm.acknowledge', { alarm: alarm?.id, opinion: '没事', seenVersion: alarm?.version })).body.code, 'E_APPROVAL_REQUIRED');
  t.is((await system.post<{ code: string }>('alarm.resume', { alarm: alarm?.id, opinion: '没事' })).body.code, 'E_DENIED');
  const { approval } = done(await auditor.post<{ approval: string }>('alarm.resume', { alarm: alarm?.id, opinion: '已取证封存，按应急预案恢复' }));
  t.is(await signed(approval, system), 'requested');
  t.is((await proposer.post<{ code: string }>('capture.open', open)).body.code, 'E_WRITES_STOPPED', 'one signature is not two');
  t.is(await signed(approval, security), 'done');
  t.is((await proposer.post('capture.open', open)).status, 200);
  // The ledger itself is not mended: the next check says so again, also after a restart.
  t.true(await box.running.services.alarmWork.checkLedger() > 0);
  t.is((await proposer.post<{ code: string }>('capture.open', open)).body.code, 'E_WRITES_STOPPED');
});

test('07 §6: at 80 % of the disk somebody is told, at 95 % business writing stops by itself and goes on when there is room', async (t) => {
  t.timeout(120_000);
  let used = 10;
  const box = await openTestBox(t, { storage: async () => Promise.resolve({ used, total: 100 }) });
  const proposer = await at(await box.as('liusiyuan'), 1);
  const { system } = await officersOf(box);
  const open = { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' };
  const look = async (percent: number): Promise<readonly string[]> => {
    used = percent;
    await box.running.services.alarmWork.everyMinute();
    return (await alarmsOf(box, system)).map(({ code }) => code);
  };
  t.deepEqual(await look(79), []);
  t.deepEqual(await look(80), ['A_STORAGE_WARN']);
  t.is((await proposer.post('capture.open', open)).status, 200);
  t.deepEqual(await look(95), ['A_STORAGE_STOP']);
  t.is((await proposer.post<{ code: string }>('capture.open', open)).body.code, 'E_WRITES_STOPPED');
  t.is((await proposer.get('capture.list')).status, 200);
  t.deepEqual(await look(50), []);
  t.is((await proposer.post('capture.open', open)).status, 200);
  const rules = done(await system.get<{ rows: { code: string; state: string }[] }>('alarm.rules')).rows;
  t.is(rules.find(({ code }) => code === 'A_STORAGE_STOP')?.state, 'on');
  t.is(rules.find(({ code }) => code === 'A_BACKUP_FAILED')?.state, 'on');
  t.is(rules.find(({ code }) => code === 'A_RISK_ASSESS_DUE')?.state, 'off', 'what nothing on this box could tell is 未启用, never 正常');
  t.is(rules.find(({ code }) => code === 'A_REVIEW_DUE')?.state, 'desk');
});

const LIMITS = POLICY.clock;
/** A machine whose clock and counter are set by the test. */
function machine(start = '2026-11-23T01:00:00.000Z', counted = true): MachineClock & { set(at: string): void; pass(seconds: number, shown?: number): void } {
  let [at, elapsed] = [Date.parse(start), 0];
  const now = (): string => new Date(at).toISOString();
  return {
    now, today: () => now().slice(0, 10), ...(counted ? { elapsed: () => elapsed } : {}),
    set(to) { at = Date.parse(to); },
    pass(seconds, shown = seconds) { elapsed += seconds * 1000; at += shown * 1000; },
  };
}

test('07 §5.2, §9: time never runs backwards; a step back within jitter is held, beyond it time stands still, and so does a jump past the counter', (t) => {
  const it = machine();
  const clock = guardedClock(it, { highWater: '2026-11-23T00:59:00.000Z', offsetMs: 0 }, LIMITS);
  const faults: string[] = [];
  clock.onFault((fault) => faults.push(fault));
  it.pass(60);
  t.is(clock.now(), '2026-11-23T01:01:00.000Z');
  it.pass(1, -3);
  t.is(clock.now(), '2026-11-23T01:01:00.000Z', 'jitter: the last instant again');
  it.pass(1, -10);
  t.is(clock.now(), '2026-11-23T01:01:00.000Z');
  t.deepEqual(faults, ['backward']);
  it.set('2026-11-23T03:00:00.000Z');
  t.is(clock.now(), '2026-11-23T01:01:00.000Z', 'it stands until two officers have signed, whatever the machine shows now');
  t.false(clock.correct(clock.offsetFor('2026-11-22T00:00:00.000Z')), 'not back before what was vouched for');
  t.true(clock.correct(clock.offsetFor('2026-11-23T01:05:00.000Z')));
  t.is(clock.now(), '2026-11-23T01:05:00.000Z');
  it.pass(600, 600 + LIMITS.driftSeconds + 1);
  t.is(clock.now(), '2026-11-23T01:05:00.000Z');
  t.deepEqual(faults, ['backward', 'jump']);

  t.is(guardedClock(machine('2026-12-31T00:00:00.000Z'), { highWater: '2026-11-23T01:00:00.000Z', offsetMs: 0 }, LIMITS).state().fault, 'long-off');
  t.is(guardedClock(machine('2026-12-31T00:00:00.000Z', false), { highWater: '2026-11-23T01:00:00.000Z', offsetMs: 0 }, LIMITS).state().fault, null);
  t.is(guardedClock(machine('2026-11-23T00:00:00.000Z'), { highWater: '2026-11-23T01:00:00.000Z', offsetMs: 0 }, LIMITS).state().fault, 'backward', 'at the start, too');
});

test('07 §9: a box whose clock was set back starts, writes nothing, and goes on after 系统管理员 and 安全保密管理员 have signed the true time', async (t) => {
  t.timeout(180_000);
  const it = machine('2026-11-23T01:00:00.000Z', false);
  const box = await openTestBox(t, { clock: it });
  const proposer = await at(await box.as('liusiyuan'), 1);
  const open = { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' };
  t.is((await proposer.post('capture.open', open)).status, 200);
  it.set('2026-11-20T01:00:00.000Z');
  await box.running.services.alarmWork.everyMinute();
  t.is((await proposer.post<{ code: string }>('capture.open', open)).body.code, 'E_WRITES_STOPPED');
  const { system, security, auditor } = await officersOf(box);
  t.like(done(await auditor.get('clock.show')), { fault: 'backward', text: '时间早于最后一次登记' });
  t.is((await only(box, security, 'A_CLOCK_WRONG'))?.disposition, 'stop-writes');
  t.is((await auditor.post<{ code: string }>('clock.correct', { trueTime: '2026-11-20T01:00:00Z', opinion: '与授时一致' })).body.code, 'E_CLOCK_BACKWARD');
  t.is((await system.post<{ code: string }>('clock.correct', { trueTime: '2026-11-23T02:00:00Z', opinion: '与授时一致' })).body.code, 'E_DENIED');
  const { approval } = done(await auditor.post<{ approval: string }>('clock.correct', { trueTime: '2026-11-23T02:00:00Z', opinion: '与授时设备核对' }));
  await signed(approval, system);
  t.is((await proposer.post<{ code: string }>('capture.open', open)).body.code, 'E_WRITES_STOPPED');
  t.is(await signed(approval, security), 'done');
  t.is(box.running.box.clock.now(), '2026-11-23T02:00:00.000Z');
  t.is((await proposer.post<{ code: string }>('capture.open', open)).body.code, 'E_SESSION_EXPIRED', 'the hour that passed counts for sessions, too');
  t.is((await at(await box.as('liusiyuan'), 1).then(async (one) => one.post('capture.open', open))).status, 200);
  const entered = await box.running.box.reader.all<{ detail: string }>("SELECT detail FROM audit_entry WHERE action = 'clock.correct' AND result = 'ok'");
  t.is((JSON.parse(entered[0]?.detail ?? '{}') as { offsetMs?: number }).offsetMs, 3 * 86_400_000 + 3_600_000, 'the offset stands in the ledger');
  // The offset holds after a restart.
  const { data } = box;
  await box.stop();
  const again = await openTestBox(t, { data, clock: it });
  t.is(again.running.box.clock.now(), '2026-11-23T02:00:00.000Z');
});
