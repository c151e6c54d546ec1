import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import test from 'ava';
import { inPackage } from '../../appliance/package-root.js';
import {
  APPRAISAL_EVENTS, APPRAISAL_STATES, concludeItem, destructionChecks, destructionFaults, expiryList, isCountersigned, isDueForAppraisal, liftHold, newRetentionOf, nextAppraisal, requireCondemnable, requireDue,
  requireOpinions, requirePanel, retainedUntil, tally, type AppraisalEvent, type AppraisalState, type DestructionFacts, type ItemOpinion, type LegalHold, type Opinion, type PanelMember,
} from '../../core/appraisal.js';
import { addYears, daysBetween } from '../../core/calendar.js';
import { ArchiveError, type ErrorCode } from '../../core/errors.js';
import { retentionExpiresOn } from '../../core/retention.js';
import { lifeOf } from '../../core/services/life.js';
import type { AppraisalPolicy } from '../../policies/schemas/appraisal.js';

const policy = JSON.parse(readFileSync(inPackage('policies', 'appraisal.json'), 'utf8')) as AppraisalPolicy;
const TODAY = '2026-11-23';

const codeOf = (work: () => unknown): ErrorCode | null => {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof ArchiveError) return error.code;
    throw error;
  }
};

const table: Readonly<Record<AppraisalState, Readonly<Partial<Record<AppraisalEvent, AppraisalState>>>>> = {
  drafted: { convene: 'opinions', cancel: 'cancelled' },
  opinions: { opine: 'opinions', report: 'reported', cancel: 'cancelled' },
  reported: { sign: 'reported', countersign: 'countersigned', reopen: 'opinions', cancel: 'cancelled' },
  countersigned: { submit: 'submitted', reopen: 'opinions', cancel: 'cancelled' },
  submitted: { approve: 'approved', reopen: 'opinions', cancel: 'cancelled' },
  approved: { close: 'closed' },
  closed: {},
  cancelled: {},
};

const cell = test.macro<[state: AppraisalState, event: AppraisalEvent]>({
  exec(t, state, event) {
    const expected = table[state][event];
    if (expected === undefined) t.is(codeOf(() => nextAppraisal(state, event)), 'E_STATE_INVALID');
    else t.is(nextAppraisal(state, event), expected);
  },
  title: (_given, state, event) => `第三十八条 鉴定批次: ${state} × ${event}`,
});
for (const state of APPRAISAL_STATES) for (const event of APPRAISAL_EVENTS) test(cell, state, event);

test('第三十八条: no order of events reaches 批准 without opinions, a report, the countersigning and the submission before it', (t) => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...APPRAISAL_EVENTS), { maxLength: 30 }), (events) => {
    let state: AppraisalState = 'drafted';
    const done: AppraisalEvent[] = [];
    for (const event of events) {
      if (table[state][event] === undefined) continue;
      state = nextAppraisal(state, event);
      done.push(event);
    }
    if (state !== 'approved' && state !== 'closed') return true;
    // What a reopening undid does not count.
    const since = done.slice(done.lastIndexOf('reopen') + 1);
    return done.includes('convene') && ['report', 'countersign', 'submit', 'approve'].every((event) => since.includes(event as AppraisalEvent));
  }));
  t.pass();
});

const day = fc.integer({ min: 0, max: 80_000 }).map((days) => new Date(Date.UTC(1949, 9, 1) + days * 86_400_000).toISOString().slice(0, 10));
const edge = fc.constantFrom('2024-02-28', '2024-02-29', '2024-03-01', '2000-02-29', '2025-12-31', '2026-01-01', '2026-01-31', '2026-04-30');
const anyDay = fc.oneof(day, edge);
const code = fc.oneof(fc.constant('Y'), fc.integer({ min: 1, max: 100 }).map((years) => `D${String(years)}`));

test('第三十八条 期满清单: what is due on a day stays due on every later one, and 永久 is due on none', (t) => {
  fc.assert(fc.property(fc.integer({ min: 1949, max: 2100 }), code, anyDay, anyDay, (year, retention, one, other) => {
    const [first, second] = one <= other ? [one, other] : [other, one];
    const expiresOn = retentionExpiresOn(year, retention);
    if (retention === 'Y') return expiresOn === null && !isDueForAppraisal(expiresOn, first) && codeOf(() => { requireDue({ id: 'r', state: 'filed', retentionExpiresOn: expiresOn }, first); }) === 'E_RETENTION_NOT_EXPIRED';
    return !isDueForAppraisal(expiresOn, first) || isDueForAppraisal(expiresOn, second);
  }));
  t.pass();
});

test('第三十八条 期满清单: a period is due from its own last day, 31 December of a leap year too, and not the day before', (t) => {
  t.is(retentionExpiresOn(2014, 'D10'), '2024-12-31');
  t.deepEqual(['2024-12-30', '2024-12-31', '2025-01-01'].map((on) => isDueForAppraisal('2024-12-31', on)), [false, true, true]);
  t.deepEqual(['2024-02-28', '2024-02-29', '2024-03-01'].map((on) => isDueForAppraisal('2024-02-29', on)), [false, true, true]);
});

test('第三十八条 期满清单: only what lies in the archive, the longest due first', (t) => {
  const row = (id: string, state: string, retentionExpiresOnDay: string | null) => ({ id, state, retentionExpiresOn: retentionExpiresOnDay });
  const rows = [row('c', 'filed', '2025-12-31'), row('a', 'retained_copy', '2020-12-31'), row('p', 'filed', null), row('b', 'filed', '2025-12-31'), row('x', 'appraised', '2020-12-31'), row('y', 'arranged', '2020-12-31'), row('z', 'filed', '2026-12-31')];
  t.deepEqual(expiryList(rows, TODAY).map(({ id }) => id), ['a', 'b', 'c']);
  t.is(codeOf(() => { requireDue(row('x', 'appraised', '2020-12-31'), TODAY); }), 'E_STATE_INVALID');
});

test('第二十二条三款: a retained copy is protected for the whole of its years, never a day less, from 29 February to 1 March', (t) => {
  t.is(retainedUntil('2024-02-29', 5), '2029-03-01');
  t.is(retainedUntil('2023-02-28', 5), '2028-02-28');
  t.is(retainedUntil('2024-02-29', 8), '2032-02-29');
  fc.assert(fc.property(anyDay, fc.integer({ min: 5, max: 60 }), (on, years) => {
    const until = retainedUntil(on, years);
    const late = daysBetween(addYears(on, years), until);
    return (late === 0 || late === 1) && (late === 1) === (on.endsWith('-02-29') && !until.endsWith('-02-29'));
  }));
});

const member = (person: string, part: PanelMember['part']): PanelMember => ({ person, part });
const THREE = [member('a', 'archives'), member('b', 'business'), member('c', 'business')];

test('domain/08 §11 用例 11: a batch with classified records and no 保密员 on its panel is refused with E_APPRAISAL_SECRECY_MEMBER', (t) => {
  t.is(codeOf(() => { requirePanel(THREE, true, policy); }), 'E_APPRAISAL_SECRECY_MEMBER');
  t.is(codeOf(() => { requirePanel([...THREE, member('d', 'secrecy')], true, policy); }), null);
  t.is(codeOf(() => { requirePanel(THREE, false, policy); }), null);
});

test('第三十八条 鉴定小组: at least three different people, with the parts that the policy requires', (t) => {
  t.is(codeOf(() => { requirePanel(THREE.slice(0, 2), false, policy); }), 'E_APPRAISAL_PANEL');
  t.is(codeOf(() => { requirePanel([...THREE.slice(0, 2), member('a', 'legal')], false, policy); }), 'E_APPRAISAL_PANEL');
  t.is(codeOf(() => { requirePanel([member('a', 'business'), member('b', 'business'), member('c', 'legal')], false, policy); }), 'E_APPRAISAL_PANEL');
});

const opinion = (one: Opinion): ItemOpinion => ({ opinion: one, newRetention: null, reason: '无保存价值', by: 'a', at: '2026-11-23T07:04:05.000Z' });

test('第三十八条: with one opinion missing nothing is summed up', (t) => {
  t.is(codeOf(() => { requireOpinions([opinion('destroy'), null]); }), 'E_APPRAISAL_INCOMPLETE');
  t.is(codeOf(() => { requireOpinions([]); }), 'E_APPRAISAL_INCOMPLETE');
  t.is(codeOf(() => { requireOpinions([opinion('destroy')]); }), null);
  t.deepEqual(tally([opinion('destroy'), opinion('hold_legal'), opinion('destroy'), null], policy).map(({ opinion: key, items }) => [key, items]),
    [['retain_permanent', 0], ['retain_extended', 0], ['destroy', 2], ['hold_legal', 1], ['hold_secrecy', 0], ['transfer_to_archive', 0]]);
});

test('第三十八条二款: 存续 sets a longer period anew, counted from the archival year; no other opinion sets one', (t) => {
  const record = { archivalYear: 2010, current: 'D10' };
  t.deepEqual(newRetentionOf('retain_extended', 'D30', record, TODAY), { code: 'D30', expiresOn: '2040-12-31' });
  t.deepEqual(newRetentionOf('retain_permanent', null, record, TODAY), { code: 'Y', expiresOn: null });
  t.is(newRetentionOf('destroy', null, record, TODAY), null);
  const refused: readonly [Opinion, string | null, ErrorCode][] = [
    ['retain_extended', null, 'E_RETENTION_REQUIRED'], ['retain_extended', 'Y', 'E_RETENTION_REQUIRED'], ['retain_extended', 'D10', 'E_RETENTION_TOO_SHORT'],
    ['retain_extended', 'D15', 'E_RETENTION_TOO_SHORT'], ['retain_extended', 'D5', 'E_RETENTION_TOO_SHORT'], ['destroy', 'D30', 'E_INPUT_INVALID'], ['retain_permanent', 'D30', 'E_INPUT_INVALID'],
  ];
  for (const [one, wanted, expected] of refused) t.is(codeOf(() => newRetentionOf(one, wanted, record, TODAY)), expected, `${one} ${String(wanted)}`);
  fc.assert(fc.property(fc.integer({ min: 1949, max: 2026 }), fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 200 }), anyDay, (archivalYear, current, wanted, today) => {
    const code0 = codeOf(() => newRetentionOf('retain_extended', `D${String(wanted)}`, { archivalYear, current: `D${String(current)}` }, today));
    const longer = wanted > current && !isDueForAppraisal(retentionExpiresOn(archivalYear, `D${String(wanted)}`), today);
    return code0 === (longer ? null : 'E_RETENTION_TOO_SHORT');
  }));
});

test('会签: the report is countersigned once everybody of the panel has signed', (t) => {
  const signed = (person: string) => ({ ...member(person, 'archives'), at: '', certificateSerial: '', token: '', signature: '', statement: '' });
  t.false(isCountersigned({ members: THREE, signatures: [signed('a'), signed('b')] }));
  t.true(isCountersigned({ members: THREE, signatures: [signed('c'), signed('a'), signed('b')] }));
});

test('第三十八条 冻结: a hold is lifted once, with who and why, and what was placed stays', (t) => {
  const placed: LegalHold = { id: 'h', record: 'r', kind: 'litigation', requestedBy: '法规处', reason: '行政诉讼未结', placedBy: 'a', placedAt: '2026-01-01T00:00:00.000Z', lifted: null };
  const lifted = liftHold(placed, 'b', '2026-02-01T00:00:00.000Z', '已判决生效');
  t.deepEqual(lifted, { ...placed, lifted: { by: 'b', at: '2026-02-01T00:00:00.000Z', reason: '已判决生效' } });
  t.is(codeOf(() => liftHold(lifted, 'b', '2026-02-02T00:00:00.000Z', '再次')), 'E_STATE_INVALID');
});

const READY: DestructionFacts = { state: 'appraised', conclusion: 'destroy', retentionExpiresOn: '2025-12-31', retention: 'D10', retainUntil: null, held: false, secret: 'none', consented: false, derived: 0 };
const faultsOf = (more: Partial<DestructionFacts>, today = TODAY) => destructionFaults({ ...READY, ...more }, today, policy).map(({ code: one }) => one);

test('domain/08 §2.1: with every pre-condition met nothing stands in the way', (t) => { t.deepEqual(faultsOf({}), []); });

test('domain/08 §11 用例 1: destruction without appraisal is refused with E_APPRAISAL_REQUIRED', (t) => {
  t.deepEqual(faultsOf({ state: 'filed', conclusion: null }), ['E_APPRAISAL_REQUIRED']);
  t.deepEqual(faultsOf({ state: 'filed', conclusion: 'destroy' }), ['E_APPRAISAL_REQUIRED'], 'an opinion that nobody approved is no conclusion');
  t.deepEqual(faultsOf({ conclusion: 'retain_extended' }), ['E_APPRAISAL_REQUIRED']);
});

test('domain/08 §11 用例 2: destruction before the period has ended is refused with E_RETENTION_NOT_EXPIRED, on its last day and for 永久 too', (t) => {
  t.deepEqual(faultsOf({}, '2025-12-31'), ['E_RETENTION_NOT_EXPIRED']);
  t.deepEqual(faultsOf({}, '2026-01-01'), []);
  t.deepEqual(faultsOf({ retentionExpiresOn: null, retention: 'D10' }), ['E_RETENTION_NOT_EXPIRED']);
});

test('domain/08 §2.1: what must first go to an archive, or is kept after it went, is E_RETAINED_COPY_PROTECTED', (t) => {
  t.deepEqual(faultsOf({ retention: 'D30' }), ['E_RETAINED_COPY_PROTECTED']);
  t.deepEqual(faultsOf({ retention: 'D30', retainUntil: TODAY }), ['E_RETAINED_COPY_PROTECTED'], 'the last day is protected');
  t.deepEqual(faultsOf({ retention: 'D30', retainUntil: '2026-11-22' }), []);
});

test('domain/08 §2.1: a hold, and a state secret without review or without the consent of both, each stop it by their own code', (t) => {
  t.deepEqual(faultsOf({ held: true }), ['E_LEGAL_HOLD']);
  t.deepEqual(faultsOf({ secret: 'in_term' }), ['E_DESTROY_SECRECY_CONSENT']);
  t.deepEqual(faultsOf({ secret: 'in_term', consented: true }), []);
  t.deepEqual(faultsOf({ secret: 'unreviewed', consented: true }), ['E_DESTROY_SECRECY_CONSENT'], 'consent does not stand for the review');
});

test('domain/08 §2.1: matters derived from it are told as W_DERIVED_EXISTS and stop nothing', (t) => {
  t.deepEqual(faultsOf({ derived: 2 }), []);
  const warned = destructionChecks({ ...READY, derived: 2 }, TODAY, policy).filter(({ passed }) => !passed);
  t.deepEqual(warned.map(({ code: one, blocks }) => [one, blocks]), [['W_DERIVED_EXISTS', false]]);
});

test('domain/08 §2.1: all that fails is named at once, and the panel may not say 销毁 where more than the conclusion or the consent is missing', (t) => {
  t.deepEqual(faultsOf({ state: 'filed', conclusion: null, retentionExpiresOn: '2030-12-31', held: true, retention: 'D30', secret: 'in_term' }),
    ['E_APPRAISAL_REQUIRED', 'E_RETENTION_NOT_EXPIRED', 'E_RETAINED_COPY_PROTECTED', 'E_LEGAL_HOLD', 'E_DESTROY_SECRECY_CONSENT']);
  const before = { ...READY, state: 'filed', conclusion: null };
  t.is(codeOf(() => { requireCondemnable({ ...before, secret: 'in_term' }, TODAY, policy); }), null);
  t.is(codeOf(() => { requireCondemnable({ ...before, held: true }, TODAY, policy); }), 'E_LEGAL_HOLD');
  t.is(codeOf(() => { requireCondemnable(before, '2025-12-31', policy); }), 'E_RETENTION_NOT_EXPIRED');
});

const said = fc.array(fc.record({ opinion: fc.constantFrom(...policy.precedence.order), years: fc.constantFrom('D20', 'D30', 'D50') }), { minLength: 1, maxLength: 9 })
  .map((all) => all.map(({ opinion, years }) => ({ opinion, newRetention: opinion === 'retain_permanent' ? 'Y' : opinion === 'retain_extended' ? years : null })));

test('第三十八条: whoever disagrees protects: 销毁 needs everybody who spoke, in whatever order they did, and one more voice never makes a conclusion less protective', (t) => {
  const rank = (opinion: Opinion): number => policy.precedence.order.indexOf(opinion);
  fc.assert(fc.property(said, fc.integer({ min: 0, max: 8 }), (all, at) => {
    const concluded = concludeItem(all, policy);
    if (concluded === null) return false;
    const turned = concludeItem([...all.slice(at), ...all.slice(0, at)], policy);
    const fewer = concludeItem(all.slice(1), policy);
    return concluded.opinion === turned?.opinion && concluded.newRetention === turned.newRetention
      && (concluded.opinion === 'destroy') === all.every(({ opinion }) => opinion === 'destroy')
      && (fewer === null || rank(concluded.opinion) <= rank(fewer.opinion));
  }), { numRuns: 500 });
  t.is(concludeItem([], policy), null);
  t.deepEqual(concludeItem([{ opinion: 'retain_extended', newRetention: 'D20' }, { opinion: 'retain_extended', newRetention: 'D50' }, { opinion: 'destroy', newRetention: null }], policy), { opinion: 'retain_extended', newRetention: 'D50' }, 'of several longer periods the longest');
  t.deepEqual([...policy.precedence.order].sort(), policy.opinions.map(({ key }) => key).sort(), 'every opinion has its place');
  t.is(policy.precedence.order.at(-1), 'destroy');
});

test('a stored record is read as the life that decides about it, and refused where the facts of its state are missing', (t) => {
  const base = { id: 'r', owner: 'p', capturedAt: '2014-01-01T00:00:00.000Z', filedAt: '2014-07-01T00:00:00.000Z', legalHold: false, archivalCode: 'Z109-WS·2014·D10·DAS-0001', sequence: 1, appraisal: null, transferBatch: null, retainUntil: null, destructionOrder: null };
  t.is(lifeOf({ ...base, state: 'filed' }).state, 'filed');
  t.is(lifeOf({ ...base, state: 'appraised', appraisal: 'b' }).state, 'appraised');
  t.is(lifeOf({ ...base, state: 'retained_copy', transferBatch: 'y', retainUntil: '2030-01-01' }).state, 'retained_copy');
  t.is(lifeOf({ ...base, state: 'pending_destruction', appraisal: 'b', destructionOrder: 'x' }).state, 'pending_destruction');
  for (const wrong of [{ state: 'captured' }, { state: 'destroyed' }, { state: 'withdrawn' }, { state: 'appraised' }, { state: 'retained_copy' }, { state: 'pending_destruction', appraisal: 'b' }, { state: 'filed', archivalCode: null }, { state: 'filed', filedAt: null }]) {
    t.is(codeOf(() => lifeOf({ ...base, ...wrong })), 'E_STATE_INVALID', JSON.stringify(wrong));
  }
});
