import fc from 'fast-check';
import test from 'ava';
import { ArchiveError, type ErrorCode } from '../../core/errors.js';
import {
  allowedEvents, appraise, arrange, capture, condemn, contentIsOpen, descriptionIsOpen, destroy, file, hold, inState, inspect, isArchived, isRecordState, keep, nextState,
  RECORD_EVENTS, RECORD_STATES, replace, requireNext, retain, sendBack, spare, transfer, type RecordEvent, type RecordLife, type RecordState, type Step,
} from '../../core/record.js';

const act = { by: 'person-1', at: '2026-11-23T07:04:05.000Z' };
const table: Readonly<Record<RecordState, Readonly<Partial<Record<RecordEvent, RecordState>>>>> = {
  captured: { inspect: 'inspected', return: 'returned', replace: 'captured' },
  returned: { replace: 'captured' },
  inspected: { arrange: 'arranged', return: 'returned', replace: 'captured' },
  arranged: { arrange: 'arranged', file: 'filed', return: 'returned' },
  filed: { transfer: 'transferred', appraise: 'appraised' },
  transferred: { retain: 'retained_copy' },
  retained_copy: { appraise: 'appraised' },
  appraised: { keep: 'filed', condemn: 'pending_destruction' },
  pending_destruction: { spare: 'appraised', destroy: 'destroyed' },
  destroyed: {},
};

const cell = test.macro<[state: RecordState, event: RecordEvent]>({
  exec(t, state, event) {
    const expected = table[state][event];
    t.is(nextState(state, event), expected);
    if (expected === undefined) {
      const error = t.throws(() => requireNext(state, event), { instanceOf: ArchiveError });
      t.deepEqual([error.code, error.facts['allowed']], ['E_STATE_INVALID', allowedEvents(state)]);
    } else t.is(requireNext(state, event), expected);
  },
  title: (_given, state, event) => `记录状态机: ${state} × ${event} → ${table[state][event] ?? 'E_STATE_INVALID'}`,
});
for (const state of RECORD_STATES) for (const event of RECORD_EVENTS) test(cell, state, event);

test('第三条: only what has been filed is an archive; before, description is open; content closes at arrangement', (t) => {
  const rows = RECORD_STATES.map((state) => [state, isArchived(state), descriptionIsOpen(state), contentIsOpen(state)]);
  t.deepEqual(rows, [
    ['captured', false, true, true], ['returned', false, true, true], ['inspected', false, true, true], ['arranged', false, true, false],
    ['filed', true, false, false], ['transferred', true, false, false], ['retained_copy', true, false, false], ['appraised', true, false, false],
    ['pending_destruction', true, false, false], ['destroyed', true, false, false],
  ]);
  t.false(isRecordState('toString'));
});

const number = { archivalCode: 'Z109-WS·2026·D10·办公室-0001', sequence: 1 };
const expired = { today: '2037-01-01', retentionExpiresOn: '2036-12-31' };
const born = (): ReturnType<typeof capture>['next'] => capture('id-1', act).next;
const filed = (): ReturnType<typeof file>['next'] => file(arrange(inspect(born(), act).next, act).next, act, number).next;

test('the whole life carries its facts along and leaves one audit entry a step, without a title', (t) => {
  const steps: Step<RecordLife>[] = [];
  const keepStep = <T extends RecordLife>(step: Step<T>): T => { steps.push(step); return step.next; };
  const back = keepStep(sendBack(keepStep(capture('id-1', act)), act, [{ code: 'GD-2-1', message: '件数不符' }]));
  const arranged = keepStep(arrange(keepStep(inspect(keepStep(replace(back, act)), act)), act));
  const copy = keepStep(retain(keepStep(transfer(keepStep(file(arranged, act, number)), act, 'YJ-1')), '2036-01-01'));
  const gone = keepStep(destroy(keepStep(condemn(keepStep(appraise(copy, act, 'JD-1', expired)), 'XH-1')), act));
  t.is(gone.filing.archivalCode, number.archivalCode);
  t.deepEqual(steps.map((step) => step.audit.action), [
    'record.capture', 'record.return', 'record.replace', 'record.inspect', 'record.arrange', 'record.file', 'record.transfer', 'record.retain', 'record.appraise', 'record.condemn', 'record.destroy',
  ]);
  t.true(steps.every((step) => step.audit.object === 'id-1' && step.audit.objectType === 'record'));
  t.is(keep(spare(condemn(appraise(filed(), act, 'JD-1', expired).next, 'XH-1').next).next).next.state, 'filed');
});

const refused = test.macro<[act: () => unknown, code: ErrorCode]>({
  exec(t, run, code) { t.is(t.throws(run, { instanceOf: ArchiveError }).code, code); },
  title: (name) => name ?? '',
});
test('第二十三条: nothing goes back without a defect', refused, () => sendBack(born(), act, []), 'E_RETURN_WITHOUT_DEFECT');
test('第三十八条: 永久 is never appraised for destruction', refused, () => appraise(filed(), act, 'JD-1', { today: '2999-01-01', retentionExpiresOn: null }), 'E_RETENTION_NOT_EXPIRED');
test('第三十八条: the last day of the period still counts', refused, () => appraise(filed(), act, 'JD-1', { ...expired, today: '2036-12-31' }), 'E_RETENTION_NOT_EXPIRED');
test('第二十二条: a retained copy is kept for its time', refused, () => appraise(retain(transfer(filed(), act, 'YJ-1').next, '2040-01-01').next, act, 'JD-1', expired), 'E_RETAINED_COPY_PROTECTED');
test('冻结: no appraisal', refused, () => appraise(hold(filed(), true, '审计').next, act, 'JD-1', expired), 'E_LEGAL_HOLD');
test('冻结: no listing for destruction', refused, () => condemn(hold(appraise(filed(), act, 'JD-1', expired).next, true, '诉讼').next, 'XH-1'), 'E_LEGAL_HOLD');
test('冻结: no destruction even at the last step', refused, () => destroy(hold(condemn(appraise(filed(), act, 'JD-1', expired).next, 'XH-1').next, true, '诉讼').next, act), 'E_LEGAL_HOLD');
test('a life in another state is refused by name', refused, () => inState(filed(), 'captured', 'returned'), 'E_STATE_INVALID');

test('a hold lifted leaves the record as it was', (t) => {
  const before = filed();
  t.deepEqual(hold(hold(before, true, '审计').next, false, '审计结束').next, before);
  t.is(inState(before, 'filed').filing.sequence, 1);
});

test('law: no order of events reaches destroyed without filing, appraisal and listing before it', (t) => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...RECORD_EVENTS), { maxLength: 60 }), (events) => {
    const path: RecordState[] = ['captured'];
    for (const event of events) {
      const next = nextState(path.at(-1) ?? 'captured', event);
      if (next !== undefined) path.push(next);
    }
    const end = path.indexOf('destroyed');
    if (end < 0) return true;
    const before = path.slice(0, end);
    return (['inspected', 'arranged', 'filed', 'appraised', 'pending_destruction'] as const).every((state) => before.includes(state)) && path.length === end + 1;
  }), { numRuns: 500 });
  t.pass();
});
