import test from 'ava';
import fc from 'fast-check';
import { HolidaysFile, MarkingCasesFile } from '../../policies/schemas/marking-case.js';
import { MarkingFile, type ClassAuthority, type Term } from '../../policies/schemas/secrecy.js';
import * as steps from '../../secrecy/classification.js';
import { isValid, originalCap, type Authorisation, type Proposal } from '../../secrecy/classification-rules.js';
import { ready, type Active, type Classification, type NewTerms, type Signed } from '../../secrecy/classification-state.js';
import { declassificationMark, markHistory, requireTransferReview } from '../../secrecy/mark-history.js';
import { amend, changed, enterStep, formOf, giveBack, noticeKind, sign, stepsNeeded, takeBack, type CaseDraft, type MarkingCase } from '../../secrecy/marking-case.js';
import { decide } from '../../secrecy/marking-decision.js';
import { enterDelivery, outstanding, recipientsOf, undelivered, type Notice, type NoticeEvent } from '../../secrecy/marking-notice.js';
import type { Level, SecretLevel } from '../../secrecy/level.js';
import { scopeOf } from '../../secrecy/scope.js';
import { yearStatistics, type Counts } from '../../secrecy/statistics.js';
import { isWorkingDay, workingDaysAfter } from '../../secrecy/working-days.js';
import { codeOf, shippedFile } from '../helpers/secrecy.js';

const policy = shippedFile('marking.json', MarkingFile);
const cases = shippedFile('marking-cases.json', MarkingCasesFile);
const holidays = shippedFile('holidays.json', HolidaysFile);

const vectors: readonly [from: string, days: number, on: string, covered: boolean][] = [
  ['2026-09-18', 10, '2026-10-09', true], ['2026-09-18', 11, '2026-10-10', true], ['2026-09-18', 1, '2026-09-20', true], ['2026-02-13', 1, '2026-02-14', true], ['2026-02-14', 1, '2026-02-24', true],
  ['2026-04-30', 5, '2026-05-11', true], ['2025-01-24', 3, '2025-02-05', true], ['2026-11-23', 10, '2026-12-07', true], ['2026-12-25', 10, '2027-01-08', false], ['2026-12-30', 1, '2026-12-31', true],
];
for (const [from, days, on, covered] of vectors) {
  test(`工作日: ${String(days)} working days after ${from} is ${on}${covered ? '' : ', said to be reckoned without that year\'s notice'} (实施条例第二十五条)`, (t) => {
    t.deepEqual(workingDaysAfter(from, days, holidays), { on, covered });
  });
}
test('law: the day found is a working day, later for more days, and said to be reckoned without the notice of a year that is not in the table', (t) => {
  const day = fc.date({ min: new Date('2024-06-01T00:00:00Z'), max: new Date('2028-06-01T00:00:00Z'), noInvalidDate: true }).map((one) => one.toISOString().slice(0, 10));
  fc.assert(fc.property(day, fc.integer({ min: 1, max: 30 }), (from, days) => {
    const found = workingDaysAfter(from, days, holidays);
    t.true(isWorkingDay(found.on, holidays));
    t.true(workingDaysAfter(from, days + 1, holidays).on > found.on);
    t.is(found.covered, from >= '2024-12-31' && found.on <= '2026-12-31', 'said of every year between');
  }));
});

const unit = { org: '本单位', maxOriginalLevel: 3 as const, source: '法定' };
const authority: ClassAuthority = { person: 'A', kind: 'statutory', maxLevel: 3, matterScope: ['*'], grantedBy: 'U', grantedOn: '2020-01-01', expiresOn: null, trainedOn: '2026-02-01' };
const ground = (today: string, more: Partial<steps.Ground> = {}) => ({ systemLevel: 4 as Level, unit, policy, today, verify: () => true, authority, ...more });
const signed = (person: string, today: string): Signed => ({ person, token: `T${person}`, certificateSerial: `C${person}`, signature: 'x', at: `${today}T04:00:00.000Z`, opinion: '同意' });
const P = { person: 'P', tokens: ['TP'] };
const years = (n: number): Term => ({ kind: 'duration', years: n, months: 0, days: 0 });
const proposal = (more: Partial<Proposal> = {}): Proposal => ({
  id: 'DM', matterId: 'M', recordIds: ['R'], type: 'original', originOrg: '本单位', level: 3, term: years(10), startOn: '2026-01-01', scope: scopeOf({ persons: ['P', 'A'] }), points: [], basis: '3-2', scheduleItem: null,
  sources: [], deriveReason: null, pointBasis: null, scopeSaysLongTerm: false, exceptionBasis: null, ...more,
});
const approved = (on: string, more: Partial<Proposal> = {}) => {
  const proposed = steps.propose(steps.draft(proposal(more), P, ground(on)), signed('P', on), ground(on)).next;
  return steps.approve(proposed, signed('A', on), `密审${more.id ?? ''}`, ground(on)).next as Active;
};
const to = (more: Partial<NewTerms> = {}): NewTerms => ({ level: 2, term: years(5), startOn: '2026-01-01', scope: scopeOf({ persons: ['P', 'A'] }), reason: 'harm_changed', noticeNo: null, ...more });
const ref = (no: string, renews = false) => ({ case: { id: 'C1', no, renews, text: null } });

test('06 §4.4: the old mark crossed out, the new one beside it with date and number, for every kind of change', (t) => {
  const changed1 = steps.change(approved('2026-01-02'), to(), P, signed('A', '2026-06-01'), ground('2026-06-01', ref('密更1号'))).next as Active;
  const changed2 = steps.extend(changed1, to({ term: years(8) }), P, signed('A', '2027-01-01'), ground('2027-01-01', ref('密延1号'))).next as Active;
  const changed3 = steps.change(changed2, to({ term: years(8), scope: scopeOf({ persons: ['P', 'B', 'C'] }) }), P, signed('A', '2027-02-01'), ground('2027-02-01', ref('密更2号'))).next as Active;
  const reviewed = steps.review(ready(changed3, 'review'), P, signed('A', '2027-03-01'), ground('2027-03-01', ref('密核1号', true))).next as Active;
  const lifted = steps.declassify(ready(reviewed, 'declassify'), 'early', P, signed('A', '2028-05-10'), null, ground('2028-05-10', ref('密解3号'))).next;
  t.deepEqual(markHistory(lifted).map(({ old, text }) => [old, text]), [
    ['机密★10年', '变更：机密★10年→秘密★5年 2026-06-01 密更1号'], ['秘密★5年', '延期：秘密★8年（自2026-01-01） 2027-01-01 密延1号'], ['秘密★8年', '变更：知悉范围 增 2 减 1 2027-02-01 密更2号'],
    ['秘密★8年', '审核：继续保密 2027-03-01 密核1号'], ['秘密★8年', '解密 2028-05-10 密解3号'],
  ]);
  t.deepEqual([declassificationMark({ how: 'self', on: '2036-03-02', no: '密解4号', noticeNo: null }), declassificationMark({ how: 'published', on: '2026-05-10', no: null, noticeNo: null })], ['解密 2036-03-02 自行解密', '解密 正式公布 2026-05-10']);
  t.true(markHistory(lifted).every(({ text }, at) => at > 0 || text.includes('★')));
  t.false(declassificationMark(lifted).includes('★'), '06 §14-5: no ★ on what is no secret any more');
});

test('06 §14-9: what goes to a state archive was reviewed within twelve months, or is declassified', (t) => {
  const plain = approved('2026-01-02');
  t.is(codeOf(() => { requireTransferReview(plain, '2026-06-01', policy); }), 'E_TRANSFER_DECLASS_REVIEW_REQUIRED', 'marking is no review');
  const changedOnly = steps.change(plain, to(), P, signed('A', '2026-05-01'), ground('2026-05-01', ref('x'))).next as Active;
  t.is(codeOf(() => { requireTransferReview(changedOnly, '2026-06-01', policy); }), 'E_TRANSFER_DECLASS_REVIEW_REQUIRED', 'nor is a change for its own sake');
  const reviewed = steps.review(ready(changedOnly, 'review'), P, signed('A', '2026-05-02'), ground('2026-05-02', ref('y', true))).next;
  t.deepEqual(['2026-05-01', '2026-05-02', '2027-05-02', '2027-05-03'].map((on) => codeOf(() => { requireTransferReview(reviewed, on, policy); })), ['E_TRANSFER_DECLASS_REVIEW_REQUIRED', null, null, 'E_TRANSFER_DECLASS_REVIEW_REQUIRED']);
  t.is(codeOf(() => { requireTransferReview(steps.declassify(ready(plain, 'declassify'), 'early', P, signed('A', '2026-05-02'), null, ground('2026-05-02')).next, '2030-01-01', policy); }), null);
});

test('a review renews the year, a change for its own sake does not; a decision of a superior stands in for our own cap', (t) => {
  const it = approved('2026-01-02');
  t.is(it.reviewDueOn, '2027-01-02');
  t.is((steps.change(it, to(), P, signed('A', '2026-06-01'), ground('2026-06-01', ref('x'))).next as Active).reviewDueOn, '2027-01-02');
  t.is((steps.change(it, to(), P, signed('A', '2026-06-01'), ground('2026-06-01', ref('x', true))).next as Active).reviewDueOn, '2027-06-01');
  const top = to({ level: 4, term: years(30), reason: 'superior' });
  t.is(codeOf(() => steps.change(it, top, P, signed('A', '2026-06-01'), ground('2026-06-01'))), 'E_CLS_AUTHORITY_EXCEEDED');
  t.is((steps.change(it, { ...top, noticeNo: '上级1号' }, P, signed('A', '2026-06-01'), ground('2026-06-01')).next as Active).current.level, 4);
  t.is(codeOf(() => steps.confirmExpiry(steps.expire(ready(approved('2026-01-02'), 'expire'), '2036-01-02').next, { person: 'A', tokens: ['TA'] }, signed('A', '2036-02-01'), ground('2036-02-01'))), 'E_SOD_SELF_APPROVAL', 'what has run out is confirmed by two');
  t.is(codeOf(() => steps.review(ready(it, 'review'), { person: 'Z', tokens: ['TA'] }, signed('A', '2026-06-01'), ground('2026-06-01'))), 'E_SOD_SELF_APPROVAL', 'two accounts of one token are one person');
});

test('定密授权: its levels hold within its days and matters, and end with its revocation (实施条例第十六条)', (t) => {
  const one: Authorisation = { id: 'a', fromOrg: '市局', maxLevel: 3, matterScope: ['3-2'], basis: 'x', validFrom: '2026-01-01', validTo: '2026-12-31', docNo: 'n', revoked: null };
  t.deepEqual(['2025-12-31', '2026-01-01', '2026-12-31', '2027-01-01'].map((on) => isValid(one, on)), [false, true, true, false]);
  t.deepEqual(['2026-05-31', '2026-06-01'].map((on) => isValid({ ...one, revoked: { on: '2026-06-01', docNo: 'r' } }, on)), [true, false]);
  const county = { ...unit, maxOriginalLevel: null };
  t.deepEqual([originalCap(county, '3-2'), originalCap({ ...county, granted: [one] }, '3-2'), originalCap({ ...county, granted: [one] }, '9-9'), originalCap({ ...county, granted: [one] }, null), originalCap({ ...unit, maxOriginalLevel: 2, granted: [one] }, '9-9')], [null, 3, null, 3, 2]);
});

test('审核表: what each kind asks for, which steps and which notice (domain/06 §8, §9, §11)', (t) => {
  const base = { reason: '理由', legalBasis: '依据', findings: '核对' };
  const terms = { level: 2 as const, term: years(5), startOn: '2026-01-01', scope: { persons: ['11111111-1111-4111-8111-111111111111'], departments: [] } };
  const table: readonly [what: string, form: Parameters<typeof formOf>[0], steps: readonly string[], foreign: readonly string[], notice: string | null][] = [
    ['变更', { ...base, kind: 'change', to: terms, changeReason: 'basis_changed' }, [], ['origin'], '变更通知'],
    ['延长', { ...base, kind: 'extend', to: terms, keepReason: 'still_sensitive' }, [], ['origin'], '延长保密期限通知'],
    ['年度审核,继续', { ...base, kind: 'review', trigger: 'annual', outcome: 'continue', keepReason: 'scope_requires' }, [], [], null],
    ['信息公开审核', { ...base, kind: 'review', trigger: 'disclosure', outcome: 'declassify' }, ['consult'], ['consult', 'origin'], '解密通知'],
    ['正式公布', { ...base, kind: 'publish' }, ['consult'], ['consult', 'origin'], null],
    ['提前解密', { ...base, kind: 'declassify' }, [], ['origin'], '解密通知'],
    ['自行解密', { ...base, kind: 'confirm_expiry' }, [], [], null],
    ['部分解密', { ...base, kind: 'partial', to: terms }, [], ['origin'], '部分解密通知'],
  ];
  for (const [what, wire, own, foreign, notice] of table) {
    const form = formOf(wire, null, cases);
    t.deepEqual([stepsNeeded(form, false, cases), stepsNeeded(form, true, cases), noticeKind(form, cases)], [own, foreign, notice], what);
  }
  t.is(cases.steps.length, 10);
  const from = approved('2026-01-02').current;
  t.deepEqual(changed(from, { ...from, level: 2 }), ['level']);
  t.deepEqual(changed(from, { ...from, term: years(9) }), ['period']);
  t.deepEqual(changed(from, { ...from, scope: scopeOf({ persons: ['A', 'P', 'Q'] }) }), ['scope']);
  t.deepEqual(changed(from, { ...from, scope: scopeOf({ persons: ['A', 'P'] }) }), []);
});

const blankForm = (wire: Parameters<typeof formOf>[0], from: CaseDraft['from']): CaseDraft => ({
  id: 'C', classification: 'DM', form: formOf(wire, from, cases), from, proposer: P, openedAt: '2026-06-01T04:00:00.000Z', entries: [], returns: [], state: 'draft',
});
/** 审核表 states × events; absent means E_STATE_INVALID. */
const CASE_TABLE: Readonly<Record<MarkingCase['state'], Partial<Record<'amend' | 'step' | 'sign' | 'return' | 'decide' | 'withdraw', MarkingCase['state']>>>> = {
  draft: { amend: 'draft', step: 'draft', sign: 'proposed', withdraw: 'withdrawn' }, returned: { amend: 'returned', step: 'returned', sign: 'proposed', withdraw: 'withdrawn' },
  proposed: { return: 'returned', decide: 'decided', withdraw: 'withdrawn' }, withdrawn: {}, decided: {}, closed: {},
};
const wireForm = { kind: 'declassify', reason: '理由', legalBasis: '依据', findings: '核对' } as const;
const tryCase = (it: MarkingCase, event: string, person = event === 'return' || event === 'decide' ? 'A' : 'P', matter: Classification = approved('2026-01-02')): MarkingCase => {
  const by = signed(person, '2026-06-01');
  switch (event) {
    case 'amend': return amend(it, it.form, it.from);
    case 'step': return enterStep(it, { step: 'consult', at: by.at, person, what: 'x', body: 'y', no: null, on: '2026-06-01' });
    case 'sign': return sign(it, by, () => true);
    case 'return': return giveBack(it, by, () => true);
    case 'withdraw': return takeBack(it, by, () => true);
    default: return decide(it, matter, by, '密解1号', { ...ground('2026-06-01'), authority: { ...authority, person } }, cases).next;
  }
};
const drawn = (): CaseDraft => blankForm(wireForm, approved('2026-01-02').current);
const inState: Readonly<Record<MarkingCase['state'], () => MarkingCase>> = {
  draft: drawn, proposed: () => tryCase(drawn(), 'sign'), returned: () => tryCase(tryCase(drawn(), 'sign'), 'return'), withdrawn: () => tryCase(drawn(), 'withdraw'),
  decided: () => tryCase(tryCase(drawn(), 'sign'), 'decide'), closed: () => ({ ...(tryCase(tryCase(drawn(), 'sign'), 'decide') as Extract<MarkingCase, { state: 'decided' | 'closed' }>), state: 'closed' }),
};
for (const state of Object.keys(CASE_TABLE) as MarkingCase['state'][]) {
  test(`审核表: ${state} lets through ${Object.keys(CASE_TABLE[state]).join(', ') || 'nothing'} and refuses every other event (domain/06 §8)`, (t) => {
    for (const event of ['amend', 'step', 'sign', 'return', 'decide', 'withdraw'] as const) {
      const expected = CASE_TABLE[state][event];
      if (expected === undefined) t.is(codeOf(() => tryCase(inState[state](), event)), 'E_STATE_INVALID', event);
      else t.is(tryCase(inState[state](), event).state, expected, event);
    }
  });
}
test('law: whoever tries what in whatever order, a form is decided only over the signature of another person, and what was signed is kept', (t) => {
  const move = fc.record({ event: fc.constantFrom('amend', 'step', 'sign', 'return', 'decide', 'withdraw'), person: fc.constantFrom('P', 'A', 'B') });
  fc.assert(fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
    let it = drawn() as MarkingCase;
    for (const { event, person } of moves) {
      const before: MarkingCase = it;
      const code = codeOf(() => { it = tryCase(it, event, person); });
      if (code !== null) t.is(it, before);
      t.true(it.returns.length >= before.returns.length && it.entries.length >= before.entries.length, 'nothing entered is ever lost');
    }
    if (it.state === 'decided' || it.state === 'closed') {
      t.not(it.decided.person, it.proposed.person);
      t.is(it.proposed.person, it.proposer.person);
    }
    for (const { proposed, returned } of it.returns) t.not(returned.person, proposed.person);
  }));
});
test('保密法第十六条: what the decider signs holds the matter, the form and the proposer\'s own signature', (t) => {
  const it = inState.proposed();
  const texts: string[] = [];
  const verify = (text: string): boolean => { texts.push(text); return true; };
  decide(it, approved('2026-01-02'), signed('A', '2026-06-01'), '密解1号', { ...ground('2026-06-01'), verify }, cases);
  const [text = ''] = texts;
  for (const part of ['"event":"declassify"', '"no":"密解1号"', '"findings":"核对"', '"signature":"x"', '"matterId":"M"', '"certificateSerial":"CA"']) t.true(text.includes(part), part);
  t.is(codeOf(() => decide(it, approved('2026-01-02'), signed('A', '2026-06-01'), '密解1号', { ...ground('2026-06-01'), verify: (one) => one === text.replace('密解1号', '密解2号') }, cases)), 'E_SIGNATURE_INVALID');
  t.is(codeOf(() => decide(it, approved('2026-01-02'), signed('A', '2026-06-01'), ' ', ground('2026-06-01'), cases)), 'E_CLS_BASIS_REQUIRED', 'a decision has its number');
});

const notice = (deliverBy: string | null = null): Notice => ({
  id: 'n', number: '密通1号', kind: '变更通知', classification: 'DM', case: 'C', level: 3, text: '', recipients: recipientsOf([scopeOf({ persons: ['P', 'A'] }), scopeOf({ persons: ['A'], departments: ['BGS'] })], ['外单位']),
  madeAt: '2026-06-01T04:00:00.000Z', madeOn: '2026-06-01', dueOn: '2026-06-04', dueCovered: true, deliverBy,
});
test('law: a notice goes 送出, 送达, 回执 for each who knew or is to know, in that order and no other', (t) => {
  t.deepEqual(notice().recipients.map(({ kind, ref: who }) => [kind, who]), [['person', 'A'], ['person', 'P'], ['department', 'BGS'], ['outside', '外单位']]);
  const event = fc.record({ at: fc.nat(3), event: fc.constantFrom<NoticeEvent['event']>('sent', 'delivered', 'receipt'), day: fc.integer({ min: 1, max: 28 }) });
  fc.assert(fc.property(fc.array(event, { maxLength: 40 }), (events) => {
    let it = notice('2026-06-10');
    for (const { at, event: name, day } of events) {
      const on = `2026-06-${String(day).padStart(2, '0')}`;
      const entered: NoticeEvent = name === 'sent' ? { event: name, on, method: null } : name === 'delivered' ? { event: name, on } : { event: name, on, by: null };
      const before = it;
      const code = codeOf(() => { it = enterDelivery(it, at, entered, '2026-06-20'); });
      if (code !== null) t.is(it, before);
    }
    for (const one of it.recipients) {
      t.true(one.deliveredOn === null || (one.sentOn !== null && one.sentOn <= one.deliveredOn));
      t.true(one.receiptOn === null || (one.deliveredOn !== null && one.deliveredOn <= one.receiptOn && one.receiptOn <= '2026-06-20'));
    }
    t.is(outstanding(it), it.recipients.filter(({ receiptOn }) => receiptOn === null).length);
    t.is(undelivered(it), it.recipients.filter(({ deliveredOn }) => deliveredOn === null || deliveredOn > '2026-06-10').length);
  }));
});

/** A matter's life as a list of what happens to it, one event a month from a month on. */
const life = fc.record({ group: fc.integer({ min: 1, max: 4 }), born: fc.nat(40), level: fc.constantFrom<SecretLevel>(2, 3), events: fc.array(fc.constantFrom('up', 'down', 'scope', 'review', 'lift'), { maxLength: 6 }) });
const monthOf = (n: number): string => new Date(Date.UTC(2024, n, 5)).toISOString().slice(0, 10);
function live({ group, born, level, events }: { group: number; born: number; level: SecretLevel; events: readonly string[] }, n: number): Classification {
  let it: Classification = approved(monthOf(born), { id: `D${String(n)}`, matterId: `M${String(group)}`, level, term: years(10), startOn: monthOf(born) });
  for (const [at, event] of events.entries()) {
    const on = monthOf(born + at + 1);
    if (it.state !== 'active') break;
    const same: NewTerms = { level: it.current.level, term: it.current.term, startOn: it.current.startOn, scope: it.current.scope, reason: 'harm_changed', noticeNo: null };
    const [by, basis] = [signed('A', on), ground(on)];
    if (event === 'lift') it = steps.declassify(it, 'early', P, by, null, basis).next;
    else if (event === 'review') it = steps.review(it, P, by, basis).next;
    else it = steps.change(it, { ...same, level: event === 'up' ? 3 : event === 'down' ? 2 : same.level, scope: event === 'scope' ? scopeOf({ persons: ['P', 'A', `X${String(at)}`] }) : same.scope }, P, by, basis).next;
  }
  return it;
}
test('law, 实施条例第五十六条: statistics close for every level and year over random lives, several decisions of one 事项 counting once', (t) => {
  fc.assert(fc.property(fc.array(life, { maxLength: 8 }), (lives) => {
    const matters = lives.map((one, n) => ({ it: live(one, n), department: 'BGS' }));
    let before: Counts | undefined;
    for (let year = 2024; year <= 2029; year += 1) {
      const { lines } = yearStatistics({ matters, cases: [], authorities: [authority] }, year, '2029-12-31');
      const of = (key: string): Counts | undefined => lines.find((line) => line.key === key)?.counts;
      if (before !== undefined) t.deepEqual(of('start'), before, 'a year begins as the last one ended');
      before = of('end');
    }
    // The last end, reckoned plainly: groups with something in force, at the highest level of it.
    const groups = new Map<string, SecretLevel>();
    for (const { it } of matters) if (it.state === 'active') groups.set(it.proposal.matterId, Math.max(groups.get(it.proposal.matterId) ?? 0, it.current.level) as SecretLevel);
    t.is(before?.total, groups.size);
    t.is(before?.secret, [...groups.values()].filter((level) => level === 3).length);
  }), { numRuns: 60 });
});
test('E_STAT_UNBALANCED: decisions that do not make up what the matters say are refused, not smoothed over', (t) => {
  const it = approved('2026-01-02');
  const broken: Classification = { ...it, current: { ...it.current, level: 2 } };
  t.is(codeOf(() => yearStatistics({ matters: [{ it: broken, department: 'BGS' }], cases: [], authorities: [] }, 2026, '2026-06-01')), null, 'without changes the mark itself is what began it');
  const changedOnce = steps.change(it, to(), P, signed('A', '2026-05-01'), ground('2026-05-01')).next as Active;
  t.is(codeOf(() => yearStatistics({ matters: [{ it: { ...changedOnce, current: it.current }, department: 'BGS' }], cases: [], authorities: [] }, 2026, '2026-06-01')), 'E_STAT_UNBALANCED');
});

test('统计: what was kept before the competent body decided counts in its year, whatever became of it', (t) => {
  const kept = (id: string, why: 'unclear' | 'beyond' | 'disputed') => steps.protect(steps.draft(proposal({ id, matterId: id }), P, ground('2026-02-01')), signed('P', '2026-02-01'), { claimed: [], reportDueOn: '2026-02-14', why }, ground('2026-02-01')).next;
  const decided = (it: ReturnType<typeof kept>) => steps.confirm(steps.report(it, '2026-02-03', { body: 'b', no: 'n' }).next, to({ noticeNo: '省1号' }), P, signed('A', '2026-03-01'), `w${it.id}`, ground('2026-03-01')).next;
  const dismissed = steps.dismiss(kept('c', 'disputed'), '省2号', P, signed('A', '2026-03-01'), ground('2026-03-01')).next;
  const lifted = steps.declassify(ready(decided(kept('d', 'beyond')), 'declassify'), 'early', P, signed('A', '2026-04-01'), null, ground('2026-04-01')).next;
  const matters = [kept('a', 'unclear'), decided(kept('b', 'beyond')), dismissed, lifted].map((it) => ({ it, department: 'BGS' }));
  t.deepEqual(yearStatistics({ matters, cases: [], authorities: [] }, 2026, '2026-06-01').protection, { beyond: 2, unclear: 1, disputed: 1, reported: 2 });
  t.deepEqual(yearStatistics({ matters, cases: [], authorities: [] }, 2027, '2027-06-01').protection, { beyond: 0, unclear: 0, disputed: 0, reported: 0 });
});
