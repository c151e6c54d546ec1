import test from 'ava';
import { OutputsFile } from '../../policies/schemas/output.js';
import { CARRIER_STEPS, type CarrierState } from '../../secrecy/carrier.js';
import { compareAttached, type Expectable } from '../../secrecy/device.js';
import { knowings } from '../../secrecy/knowledge.js';
import type { Level } from '../../secrecy/level.js';
import { approveOutput, copyState, issueCopy, refuseOutput, requestOutput, standing, type Output, type OutputAsk, type OutputStanding } from '../../secrecy/output.js';
import { codeOf, shippedFile } from '../helpers/secrecy.js';

const policy = shippedFile('outputs.json', OutputsFile);
const NOW = '2026-11-23T01:00:00.000Z';
const TODAY = '2026-11-23';
const ask = (level: Level, more: Partial<OutputAsk> = {}): OutputAsk => ({
  id: 'O1', no: `DY${String(level)}-2026-0001`, kind: 'print', form: 'pictures', records: [{ record: 'R1', level: 0 }, { record: 'R2', level }], copies: 2, purpose: '会议用', keepUntil: '2026-11-30', consent: null,
  requestedBy: 'P1', requestedAt: NOW, lapsesAt: '2026-11-30T01:00:00.000Z', today: TODAY, ...more,
});
const requested = (level: Level = 3): Output => requestOutput(ask(level), policy).next;
const approved = (level: Level = 3): Output => approveOutput(requested(level), 'A1', TODAY, policy).next;
const issue = (it: Output, more: Partial<Parameters<typeof issueCopy>[1]> = {}) => issueCopy(it, { kind: 'print', by: 'P9', today: TODAY, now: [0, it.level], ...more }, policy);
const opened: OutputsFile = { ...policy, levels: policy.levels.map((one) => (one.level === 4 ? { ...one, open: true } : one)) };

test('domain/07 §5.1: an order stands at the highest level of its contents', (t) => {
  for (const level of [0, 1, 2, 3] as const) t.is(requestOutput(ask(level), policy).next.level, level);
});

test('保密法实施条例第二十九条: 绝密 is off by default; opened, it still needs the consent number of the body that classified it', (t) => {
  t.is(codeOf(() => requestOutput(ask(4, { consent: { no: '中办密复〔2026〕1号', by: '原定密机关' } }), policy)), 'E_COPY_FORBIDDEN_TOP_SECRET');
  t.is(codeOf(() => requestOutput(ask(4), opened)), 'E_COPY_FORBIDDEN_TOP_SECRET');
  t.is(requestOutput(ask(4, { consent: { no: '中办密复〔2026〕1号', by: '原定密机关' } }), opened).next.state, 'requested');
});

test('what is asked for is within the policy: number of copies and records, form, days', (t) => {
  const refused: readonly Partial<OutputAsk>[] = [{ copies: 0 }, { copies: 21 }, { records: [] }, { records: Array.from({ length: 51 }, (_, at) => ({ record: `R${String(at)}`, level: 0 as const })) }, { form: 'originals' }, { keepUntil: '2026-11-22' }, { keepUntil: '2026-12-24' }];
  for (const more of refused) t.is(codeOf(() => requestOutput(ask(1, more), policy)), 'E_INPUT_INVALID', JSON.stringify(more).slice(0, 60));
  const closed: OutputsFile = { ...policy, levels: policy.levels.map((one) => ({ ...one, open: one.level < 2 })) };
  t.is(codeOf(() => requestOutput(ask(2), closed)), 'E_COPY_NOT_AUTHORIZED', 'an office may close any level');
});

test('办法第三十五条: nothing is issued before the approval, after its day, twice over, by who asked for it, or higher than was approved', (t) => {
  t.is(codeOf(() => issue(requested())), 'E_COPY_NOT_AUTHORIZED');
  t.is(codeOf(() => issue(refuseOutput(requested(), 'A1').next)), 'E_COPY_NOT_AUTHORIZED');
  t.is(codeOf(() => issue(approved(), { today: '2026-12-01' })), 'E_APPROVAL_LAPSED');
  t.is(codeOf(() => issue(approved(), { by: 'P1' })), 'E_SOD_SAME_PERSON');
  t.is(issue(approved(1), { by: 'P1' }).copy, 1, 'of what is no secret who asked may take it');
  t.is(codeOf(() => issue(approved(), { now: [0, 4] })), 'E_OUTPUT_CHANGED');
  t.is(codeOf(() => issue(approved(), { now: [0, undefined] })), 'E_OUTPUT_CHANGED');
  t.is(codeOf(() => issue(approved(), { kind: 'burn' })), 'E_STATE_INVALID');
  const first = issue(approved());
  t.deepEqual([first.copy, first.next.state], [1, 'approved']);
  const second = issue(first.next);
  t.deepEqual([second.copy, second.next.state], [2, 'issued']);
  t.is(codeOf(() => issue(second.next)), 'E_STATE_INVALID');
  t.is(codeOf(() => approveOutput(second.next, 'A2', TODAY, policy)), 'E_STATE_INVALID');
  t.is(codeOf(() => refuseOutput(approved(), 'A2')), 'E_STATE_INVALID');
});

test('闭环: an order is closed when no copy can follow and every copy is back or destroyed; what is lost or waits to be destroyed keeps it open', (t) => {
  const out = issue(issue(approved()).next).next;
  const table: readonly (readonly [Output, readonly CarrierState[], string, OutputStanding])[] = [
    [requested(), [], NOW, 'requested'], [requested(), [], '2026-11-30T01:00:00.000Z', 'lapsed'], [refuseOutput(requested(), 'A').next, [], NOW, 'refused'], [approved(), [], NOW, 'approved'],
    [out, ['in_use', 'in_custody'], NOW, 'issued'], [out, ['in_custody', 'pending_destruction'], NOW, 'issued'], [out, ['destroyed', 'lost'], NOW, 'issued'], [out, ['destroyed', 'in_custody'], NOW, 'closed'], [out, ['returned', 'returned'], NOW, 'closed'],
  ];
  for (const [it, carriers, now, expected] of table) t.is(standing(it, carriers.map(copyState), now, TODAY), expected, `${it.state} ${carriers.join()}`);
  t.is(standing(approved(), [], NOW, '2026-12-01'), 'lapsed', 'approved and never issued');
  t.is(standing(issue(approved()).next, ['returned'], NOW, '2026-12-01'), 'closed', 'the second copy never came');
  for (const state of Object.keys(CARRIER_STEPS) as CarrierState[]) t.truthy(copyState(state), state);
  t.is(copyState(null), 'free');
});

test('第二十条: who makes a copy of 机密 and who is handed it both come to know it; of 秘密 nobody is registered', (t) => {
  const entry = { seq: 1, at: NOW, actor: 'P9', duty: 'custodian', terminal: 'box', action: 'output.print', objectType: 'record', object: 'R2', objectLevel: 3 as Level, result: 'ok' as const, reason: null, approval: null, detail: { output: 'O1', holder: 'P1' }, prevHash: '', hash: '' };
  t.deepEqual(knowings([entry]).map(({ person, mode }) => [person, mode]), [['P9', 'export'], ['P1', 'export']]);
  t.deepEqual(knowings([{ ...entry, objectLevel: 2 }]), []);
  t.deepEqual(knowings([{ ...entry, objectType: 'output' }]), [], 'the order itself is no record');
});

test('第四十二条: what is plugged in is a registered storage device in date and high enough, or is named with what is wrong', (t) => {
  const usb = { vendor: '0781', product: '5581', serial: '4C530001' };
  const known: Expectable = { id: 'D1', no: 'YD-01', storage: true, usb, state: 'in_use', certValidTo: '2026-12-31', certifiedLevel: 2, boundUser: 'P1', boundDepartment: null, lastCheckOn: '2026-11-01' };
  const found = (attached: Partial<typeof usb>, register: Partial<Expectable> = {}, level: Level = 2) => compareAttached([{ name: 'sdb', ...usb, ...attached }], [{ ...known, ...register }], { level, today: TODAY, checkedSince: '2025-11-23' })[0];
  t.like(found({}), { no: 'YD-01', code: null });
  t.like(found({ serial: '4C530002' }), { no: null, code: 'E_DEVICE_PROOF', why: 'unregistered' });
  t.like(found({ product: '5582' }), { code: 'E_DEVICE_PROOF' });
  t.like(found({ serial: '' }, { usb: { ...usb, serial: '' } }), { code: 'E_DEVICE_PROOF' });
  t.like(found({}, { storage: false }), { code: 'E_DEVICE_PROOF' });
  t.like(found({}, {}, 3), { no: 'YD-01', code: 'E_DEVICE_LEVEL' });
  t.like(found({}, { certValidTo: '2026-11-22' }), { code: 'E_DEVICE_NOT_CERTIFIED', why: 'expired' });
  t.like(found({}, { state: 'suspended' }), { code: 'E_DEVICE_NOT_CERTIFIED', why: 'suspended' });
});

test('the shipped policy: every level has its seats and its source; 机密 asks for two people beside who asks, and another to issue', (t) => {
  t.deepEqual(policy.levels.map(({ level }) => level), [0, 1, 2, 3, 4]);
  for (const one of policy.levels) t.true(one.level < 2 || (one.returns && one.otherIssuer), String(one.level));
  for (const level of [3, 4]) t.true((policy.levels[level]?.seats.length ?? 0) >= 2);
  t.false(policy.levels[4]?.open);
  t.true(policy.levels[4]?.consent);
});
