import test from 'ava';
import fc from 'fast-check';
import { ArchiveError } from '../../core/errors.js';
import { MarkingFile, type ClassAuthority, type Term, type UnitAuthority } from '../../policies/schemas/secrecy.js';
import * as steps from '../../secrecy/classification.js';
import { checkProposal, derivedFrom, type Proposal, type Source } from '../../secrecy/classification-rules.js';
import { EVENTS, protectiveLevelOf, ready, STATES, type Classification, type Event, type NewTerms, type Ready, type Signed, type State } from '../../secrecy/classification-state.js';
import type { Level, SecretLevel } from '../../secrecy/level.js';
import { ending } from '../../secrecy/term.js';
import { scopeOf } from '../../secrecy/scope.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import { codeOf, shippedFile } from '../helpers/secrecy.js';

const policy = shippedFile('marking.json', MarkingFile);
const unit: UnitAuthority = { org: '本单位', maxOriginalLevel: 3, source: '设区的市级机关:保密法(2024)第十七条' };
const authority: ClassAuthority = { person: 'A', kind: 'statutory', maxLevel: 3, matterScope: ['*'], grantedBy: 'U', grantedOn: '2025-01-01', expiresOn: '2027-12-31', trainedOn: '2025-02-01' };
const verify: VerifySignature = (_text, { signature }) => signature === 'good';
const ground = { systemLevel: 4 as Level, unit, policy, today: '2026-03-01', verify, authority };
const signed = (person: string, more: Partial<Signed> = {}): Signed => ({ person, token: `T${person}`, certificateSerial: `C${person}`, signature: 'good', at: '2026-03-01T00:00:00.000Z', opinion: '同意', ...more });
const proposer = { person: 'P', tokens: ['TP'] };
const years = (n: number): Term => ({ kind: 'duration', years: n, months: 0, days: 0 });
const scope = scopeOf({ persons: ['P', 'A'] });
const proposal = (more: Partial<Proposal> = {}): Proposal => ({
  id: 'DM1', matterId: 'M1', recordIds: ['R1'], type: 'original', originOrg: '本单位', level: 2, term: years(10), startOn: '2026-03-01', scope, points: [], basis: '范围3-2', scheduleItem: null,
  sources: [], deriveReason: null, pointBasis: null, scopeSaysLongTerm: false, exceptionBasis: null, ...more,
});
const source = (id: string, level: SecretLevel, n: number, startOn = '2026-01-01', who = id): Source => ({ id, level, term: years(n), startOn, scope: scopeOf({ persons: [who] }), ending: ending(years(n), startOn, level, policy) });
const to = (more: Partial<NewTerms> = {}): NewTerms => ({ level: 2, term: years(5), startOn: '2026-03-01', scope, reason: 'harm_changed', noticeNo: null, ...more });

const drafted = (more: Partial<Proposal> = {}) => steps.draft(proposal(more), proposer, ground);
const proposed = (more: Partial<Proposal> = {}) => steps.propose(drafted(more), signed('P'), ground).next;
const active = (more: Partial<Proposal> = {}) => steps.approve(proposed(more), signed('A'), '密审〔2026〕1号', ground).next;
const protectedOne = () => steps.protect(drafted({ level: 4, term: years(30) }), signed('P'), { claimed: [2, 3], reportDueOn: '2026-03-13', why: 'disputed' }, ground).next;
const due = () => steps.fallDue(ready(active(), 'fallDue'), '2027-03-01').next;
const reviewing = () => steps.openReview(ready(active(), 'openReview'), 'transfer', '2026-05-01').next;
const expired = () => steps.expire(ready(active(), 'expire'), '2036-03-02').next;
const SAMPLES: Readonly<Record<State, () => Classification>> = {
  draft: drafted, proposed, rejected: () => steps.reject(proposed(), signed('A'), ground).next, withdrawn: () => steps.withdraw(drafted(), signed('P'), ground).next,
  temporarily_protected: protectedOne, active, long_term: () => active({ term: { kind: 'long_term' }, scopeSaysLongTerm: true }), review_due: due, declass_review: reviewing, expired,
  declassified: () => steps.confirmExpiry(expired(), proposer, signed('A'), ground).next,
};
const onCondition = (it: Ready<'meet'>): Ready<'meet'> => ({ ...it, current: { ...it.current, term: { kind: 'condition', condition: '会议开始前', metOn: null }, ending: null } });
/** Every event as somebody would try it, on whatever it is tried on. */
const TRY: Readonly<Record<Event, (it: Classification) => { next: Classification }>> = {
  propose: (it) => steps.propose(ready(it, 'propose'), signed('P'), ground),
  protect: (it) => steps.protect(ready(it, 'protect'), signed('P'), { claimed: [4], reportDueOn: '2026-03-13', why: 'beyond' }, ground),
  withdraw: (it) => steps.withdraw(ready(it, 'withdraw'), signed('P'), ground),
  report: (it) => steps.report(ready(it, 'report'), '2026-03-05'),
  confirm: (it) => steps.confirm(ready(it, 'confirm'), to({ noticeNo: '国保〔2026〕2号' }), proposer, signed('A'), '密审〔2026〕3号', ground),
  dismiss: (it) => steps.dismiss(ready(it, 'dismiss'), '国保〔2026〕2号', proposer, signed('A'), ground),
  approve: (it) => steps.approve(ready(it, 'approve'), signed('A'), '密审〔2026〕1号', ground),
  reject: (it) => steps.reject(ready(it, 'reject'), signed('A'), ground),
  fallDue: (it) => steps.fallDue(ready(it, 'fallDue'), '2027-03-01'),
  review: (it) => steps.review(ready(it, 'review'), proposer, signed('A'), ground),
  change: (it) => steps.change(ready(it, 'change'), to(), proposer, signed('A'), ground),
  extend: (it) => steps.extend(ready(it, 'extend'), to({ startOn: '2026-06-01', term: years(10) }), proposer, signed('A'), ground),
  openReview: (it) => steps.openReview(ready(it, 'openReview'), 'annual', '2026-05-01'),
  continueSecrecy: (it) => steps.continueSecrecy(ready(it, 'continueSecrecy'), proposer, signed('A'), ground),
  closeReview: (it) => steps.closeReview(ready(it, 'closeReview')),
  meet: (it) => steps.meet(onCondition(ready(it, 'meet')), '2026-02-01', '2026-03-01', policy),
  declassifyPartly: (it) => steps.declassifyPartly(ready(it, 'declassifyPartly'), to(), proposer, signed('A'), ground),
  declassify: (it) => steps.declassify(ready(it, 'declassify'), 'early', proposer, signed('A'), '解审〔2026〕1号', ground),
  expire: (it) => steps.expire(ready(it, 'expire'), '2036-03-02'),
  confirmExpiry: (it) => steps.confirmExpiry(ready(it, 'confirmExpiry'), proposer, signed('A'), ground),
};
/** domain/06 §7, as a table: what each state becomes under each event; absent means refused. */
const TABLE: Readonly<Record<State, Partial<Record<Event, State>>>> = {
  draft: { propose: 'proposed', protect: 'temporarily_protected', withdraw: 'withdrawn' },
  proposed: { approve: 'active', reject: 'rejected', withdraw: 'withdrawn' },
  rejected: {}, withdrawn: {}, declassified: {},
  temporarily_protected: { withdraw: 'withdrawn', dismiss: 'withdrawn', report: 'temporarily_protected', confirm: 'active' },
  active: { fallDue: 'review_due', review: 'active', change: 'active', extend: 'active', openReview: 'declass_review', declassifyPartly: 'active', declassify: 'declassified', expire: 'expired', meet: 'expired' },
  long_term: { fallDue: 'review_due', review: 'long_term', openReview: 'declass_review', declassify: 'declassified' },
  review_due: { review: 'active', change: 'active', extend: 'active', openReview: 'declass_review', declassifyPartly: 'active', declassify: 'declassified', expire: 'expired', meet: 'expired' },
  declass_review: { change: 'active', extend: 'active', continueSecrecy: 'active', declassifyPartly: 'active', closeReview: 'active', declassify: 'declassified', expire: 'expired', meet: 'expired' },
  expired: { confirmExpiry: 'declassified' },
};
for (const state of STATES) {
  test(`定密状态机: ${state} lets through ${Object.keys(TABLE[state]).join(', ') || 'nothing'} and refuses every other event (domain/06 §7)`, (t) => {
    for (const event of Object.keys(EVENTS) as Event[]) {
      const it = SAMPLES[state]();
      t.is(it.state, state);
      const expected = TABLE[state][event];
      if (expected === undefined) t.is(codeOf(() => TRY[event](it)), 'E_STATE_INVALID', event);
      else t.is(TRY[event](it).next.state, expected, event);
    }
  });
}
test('every step leaves an audit entry with action, object and level, and never the basis or the scope', (t) => {
  const { audit } = steps.approve(proposed(), signed('A'), '密审〔2026〕1号', ground);
  t.deepEqual([audit.action, audit.object, audit.objectType, audit.objectLevel], ['classification.approve', 'DM1', 'classification', 2]);
  t.false(JSON.stringify(audit).includes('范围3-2'));
});

const rule = test.macro<[proposal: Partial<Proposal>, code: string | null, systemLevel?: Level]>({
  exec(t, more, code, systemLevel = 4) { t.is(codeOf(() => checkProposal(proposal(more), systemLevel, unit, policy)), code); },
  title: (given) => given ?? '',
});
test('06 §14-2: an original mark without basis is refused', rule, { basis: null }, 'E_CLS_BASIS_REQUIRED');
test('06 §14-2: a blank basis is none', rule, { basis: ' ' }, 'E_CLS_BASIS_REQUIRED');
test('06 §14-3: 秘密 over 10 years is refused', rule, { term: years(11) }, 'E_CLS_PERIOD_EXCEEDS_MAX');
test('06 §14-5: an internal thing gets no state secret mark', rule, { level: 1 as unknown as SecretLevel }, 'E_CLS_MARK_ON_NON_SECRET');
test('06 §14-10: nothing above the box\'s level', rule, { level: 3, term: years(20) }, 'E_CLS_OVER_SYSTEM_LEVEL', 2);
test('06 §2: a state secret names who may know', rule, { scope: scopeOf({}) }, 'E_CLS_SCOPE_REQUIRED');
test('06 §2: a period needs its start date', rule, { startOn: null }, 'E_CLS_BASIS_REQUIRED');
test('06 §2: an original mark is ours', rule, { originOrg: '外单位' }, 'E_CLS_NOT_ORIGIN');
test('06 §2: an inherited mark is another body\'s', rule, { type: 'inherited' }, 'E_INPUT_INVALID');
test('06 §2: an inherited mark carries the document that brought it', rule, { type: 'inherited', originOrg: '外单位', basis: null }, 'E_CLS_BASIS_REQUIRED');
test('06 §3: a derived mark names its source', rule, { type: 'derived', deriveReason: 'identical' }, 'E_CLS_DERIVE_SOURCE_REQUIRED');
test('06 §3: a derived mark names one of the four reasons', rule, { type: 'derived', sources: [source('S', 2, 10)], startOn: '2026-01-01' }, 'E_CLS_DERIVE_SOURCE_REQUIRED');
test('06 §14-8: a derived level other than the source\'s needs the point it rests on', rule, { type: 'derived', deriveReason: 'touches_point', sources: [source('S', 3, 10)], startOn: '2026-01-01' }, 'E_CLS_DERIVE_SOURCE_REQUIRED');
test('06 §14-8: with the point named it is taken', rule, { type: 'derived', deriveReason: 'touches_point', sources: [source('S', 3, 10)], startOn: '2026-01-01', pointBasis: '密点2' }, null);
test('06 §3: a derived mark like its source needs no basis of its own', rule, { type: 'derived', deriveReason: 'identical', sources: [source('S', 2, 10)], startOn: '2026-01-01', basis: null }, null);
test('06 §3: several sources give the highest level, the longest term and all their scopes', (t) => {
  const { level, term, startOn, scope: who } = derivedFrom([source('S1', 2, 10, '2026-01-01'), source('S2', 3, 5, '2026-06-01')]);
  t.deepEqual([level, term, startOn, who.persons], [3, years(10), '2026-01-01', ['S1', 'S2']]);
});

const caps = test.macro<[proposal: Partial<Proposal>, who: Partial<ClassAuthority>, org: Partial<UnitAuthority>, code: string | null]>({
  exec(t, more, who, org, code) {
    const there = { ...ground, unit: { ...unit, ...org }, authority: { ...authority, ...who } };
    t.is(codeOf(() => steps.approve(proposed(more), signed('A'), 'n', there)), code);
  },
  title: (given) => `06 §14-1: ${given ?? ''}`,
});
test('an original 机密 within both caps is taken', caps, { level: 3, term: years(20) }, {}, {}, null);
test('an original mark over the person\'s cap is refused', caps, { level: 3, term: years(20) }, { maxLevel: 2 }, {}, 'E_CLS_AUTHORITY_EXCEEDED');
test('an original mark over the unit\'s cap is refused', caps, { level: 4, term: years(20) }, { maxLevel: 4 }, {}, 'E_CLS_AUTHORITY_EXCEEDED');
test('a county body has no original authority', caps, {}, {}, { maxOriginalLevel: null }, 'E_CLS_AUTHORITY_EXCEEDED');
test('a matter outside the person\'s scope is refused', caps, {}, { matterScope: ['范围9'] }, {}, 'E_CLS_AUTHORITY_EXCEEDED');
test('an authority whose term has ended decides nothing', caps, {}, { expiresOn: '2026-02-28' }, {}, 'E_CLS_AUTHORITY_EXCEEDED');
test('another person\'s authority cannot be used', caps, {}, { person: 'B' }, {}, 'E_CLS_AUTHORITY_EXCEEDED');
test('a derived mark is not bound by the level of the cap (定密管理规定第十一条)', caps, { type: 'derived', level: 4, term: years(30), startOn: '2026-01-01', deriveReason: 'identical', sources: [source('S', 4, 30)] }, { maxLevel: 2 }, {}, null);

test('保密法第十六条: proposer and approver are two people, by person, account and token; signatures must hold', (t) => {
  const own: ClassAuthority = { ...authority, person: 'P' };
  t.is(codeOf(() => steps.approve(proposed(), signed('P'), 'n', { ...ground, authority: own })), 'E_SOD_SELF_APPROVAL');
  t.is(codeOf(() => steps.approve(proposed(), signed('A', { token: 'TP' }), 'n', ground)), 'E_SOD_SELF_APPROVAL');
  t.is(codeOf(() => steps.reject(proposed(), signed('A', { token: 'TP' }), ground)), 'E_SOD_SELF_APPROVAL');
  t.is(codeOf(() => steps.propose(drafted(), signed('X'), ground)), 'E_DENIED');
  t.is(codeOf(() => steps.approve(proposed(), signed('A', { signature: 'bad' }), 'n', ground)), 'E_SIGNATURE_INVALID');
  t.is(codeOf(() => steps.approve(proposed(), signed('A'), ' ', ground)), 'E_CLS_BASIS_REQUIRED');
});
test('a signature says what it is for: event, whole matter, signer and opinion', (t) => {
  const texts = new Set<string>();
  const add = (text: string) => texts.add(text);
  add(steps.eventStatement('approve', proposal(), signed('A'), '同意'));
  add(steps.eventStatement('reject', proposal(), signed('A'), '同意'));
  add(steps.eventStatement('approve', proposal({ level: 3 }), signed('A'), '同意'));
  add(steps.eventStatement('approve', proposal(), signed('B'), '同意'));
  add(steps.eventStatement('approve', proposal(), signed('A'), '不同意'));
  t.is(texts.size, 5);
});
test('06 §14-6: extension after the end is refused, before it the old mark stays beside the new', (t) => {
  const later = { ...ground, today: '2036-03-02', authority: { ...authority, expiresOn: null } };
  t.is(codeOf(() => steps.extend(ready(active(), 'extend'), to({ startOn: '2030-03-01', term: years(10) }), proposer, signed('A'), later)), 'E_CLS_EXTEND_AFTER_EXPIRY');
  const { next } = steps.extend(ready(active(), 'extend'), to({ startOn: '2026-06-01', term: years(10) }), proposer, signed('A'), ground);
  t.deepEqual(next.changes.map(({ kind, from, to: after }) => [kind, from.mark, from.ending?.lastSecretDay, after.ending?.lastSecretDay]), [['extend', '秘密★10年', '2036-03-01', '2036-06-01']]);
  t.is(codeOf(() => steps.extend(ready(active(), 'extend'), to({ term: years(5) }), proposer, signed('A'), ground)), 'E_INPUT_INVALID');
});
test('保密法第二十四条: what is partly declassified ends no later; a longer term is an extension', (t) => {
  const partly = (term: Term, startOn = '2026-03-01') => steps.declassifyPartly(ready(active({ term: years(8) }), 'declassifyPartly'), to({ term, startOn }), proposer, signed('A'), ground).next.current.mark;
  t.is(partly(years(8)), '秘密★8年');
  t.is(codeOf(() => partly(years(9))), 'E_INPUT_INVALID');
  t.is(codeOf(() => partly(years(8), '2026-04-01')), 'E_INPUT_INVALID');
  t.is(codeOf(() => partly({ kind: 'condition', condition: '启封后', metOn: null })), 'E_INPUT_INVALID', 'no end is later than any');
});
test('保密法第十七条: who may decide up to 秘密 neither raises to 机密 nor lowers what is 机密', (t) => {
  const it = ready(active({ level: 3, term: years(20) }), 'change');
  const low = { ...ground, authority: { ...authority, maxLevel: 2 as const } };
  t.is(codeOf(() => steps.change(it, to({ level: 2 }), proposer, signed('A'), low)), 'E_CLS_AUTHORITY_EXCEEDED');
  t.is(codeOf(() => steps.declassifyPartly(it, to({ level: 2 }), proposer, signed('A'), low)), 'E_CLS_AUTHORITY_EXCEEDED');
  t.is(steps.change(it, to({ level: 2, noticeNo: '国保〔2026〕9号' }), proposer, signed('A'), low).next.current.level, 2, 'the decision of a superior stands in');
});
test('06 §14-7: 长期 is lifted only with the competent body\'s decision', (t) => {
  const it = ready(active({ term: { kind: 'long_term' }, scopeSaysLongTerm: true }), 'declassify');
  t.is(codeOf(() => steps.declassify(it, 'early', proposer, signed('A'), null, ground)), 'E_CLS_LONG_TERM_DECLASSIFY');
  t.is(steps.declassify(it, 'early', proposer, signed('A'), '国保〔2026〕8号', ground).next.how, 'early');
});
test('06 §14-16: another body\'s mark changes only with its decision', (t) => {
  const it = active({ type: 'inherited', originOrg: '外单位', basis: '外发〔2026〕1号' });
  t.is(codeOf(() => steps.change(ready(it, 'change'), to(), proposer, signed('A'), ground)), 'E_CLS_NOT_ORIGIN');
  t.is(codeOf(() => steps.declassify(ready(it, 'declassify'), 'early', proposer, signed('A'), null, ground)), 'E_CLS_NOT_ORIGIN');
  t.is(steps.change(ready(it, 'change'), to({ noticeNo: '外发〔2026〕9号' }), proposer, signed('A'), ground).next.current.mark, '秘密★5年');
});
test('a change is made by two people within the caps, and raising stays within the box\'s level', (t) => {
  t.is(codeOf(() => steps.change(ready(active(), 'change'), to(), { person: 'A', tokens: [] }, signed('A'), ground)), 'E_SOD_SELF_APPROVAL');
  t.is(codeOf(() => steps.change(ready(active(), 'change'), to({ level: 4, term: years(30) }), proposer, signed('A'), ground)), 'E_CLS_AUTHORITY_EXCEEDED');
  t.is(codeOf(() => steps.change(ready(active(), 'change'), to({ level: 3, term: years(20) }), proposer, signed('A'), { ...ground, systemLevel: 2 })), 'E_CLS_OVER_SYSTEM_LEVEL');
  t.is(codeOf(() => steps.change(ready(active(), 'change'), to({ scope: scopeOf({}) }), proposer, signed('A'), ground)), 'E_CLS_SCOPE_REQUIRED');
});
test('06 §10: while open, the highest level anybody claims protects; the competent body\'s decision settles it', (t) => {
  t.is(protectiveLevelOf(protectedOne()), 4);
  t.is(codeOf(() => steps.confirm(protectedOne(), to(), proposer, signed('A'), 'n', ground)), 'E_CLS_AUTHORITY_EXCEEDED');
  t.is(steps.confirm(protectedOne(), to({ noticeNo: '省保〔2026〕2号' }), proposer, signed('A'), 'n', ground).next.current.level, 2);
});
test('06 §14-15: a mark that has run out protects until a person confirms it', (t) => {
  t.is(codeOf(() => steps.expire(ready(active(), 'expire'), '2036-03-01')), 'E_STATE_INVALID');
  t.is(protectiveLevelOf(expired()), 2);
  const done = steps.confirmExpiry(expired(), proposer, signed('A'), { ...ground, today: '2036-05-01' }).next;
  t.deepEqual([done.how, done.on, protectiveLevelOf(done)], ['self', '2036-03-02', 1]);
});
test('law: no order of events puts a mark in force, changes or lifts it without two different people', (t) => {
  const events = Object.keys(EVENTS) as Event[];
  fc.assert(fc.property(fc.array(fc.constantFrom(...events), { maxLength: 40 }), fc.boolean(), (order, honest) => {
    let it: Classification = drafted();
    for (const event of order) {
      try {
        const loner = { ...ground, authority: { ...authority, person: 'P' } };
        it = honest ? TRY[event](it).next
          : event === 'approve' ? steps.approve(ready(it, 'approve'), signed('P'), 'n', loner).next
          : event === 'confirm' ? steps.confirm(ready(it, 'confirm'), to({ noticeNo: 'x' }), proposer, signed('P'), 'n', loner).next
          : ['propose', 'protect', 'withdraw', 'report'].includes(event) ? TRY[event](it).next : it;
      } catch (error) {
        if (!(error instanceof ArchiveError)) throw error;
      }
    }
    if ('approved' in it) {
      t.true(honest);
      t.not(it.approved.person, it.proposed.person);
      for (const one of it.changes) t.not(one.approval.person, one.proposer.person);
    }
  }));
  t.pass();
});
