import test from 'ava';
import fc from 'fast-check';
import { ArchiveError } from '../../core/errors.js';
import type { Duty } from '../../policies/schemas/secrecy.js';
import { approvalFaults, carryOut, lapse, request, requireGranted, sign, statement, type Approval, type Requested, type Signing, type Verdict } from '../../secrecy/approval.js';
import { barredFromAuditing, checkApprover, checkAuditSpan, checkGrant, checkMatter, naturalPersons, samePerson, type HeldGrant } from '../../secrecy/separation.js';
import { canonical, type VerifySignature } from '../../secrecy/signing.js';
import { intersection, needsKnowledgeLog, requireScope, scopeChange, scopeOf, union } from '../../secrecy/scope.js';
import { codeOf, DUTIES, shipped } from '../helpers/secrecy.js';

const T = (n: number) => `2026-01-${String(n).padStart(2, '0')}T00:00:00.000Z`;
const grant = (person: string, duty: Duty, from = 1, until: number | null = null): HeldGrant => ({ person, duty, fonds: 'F1', from: T(from), until: until === null ? null : T(until) });
const one = (person: string, ...tokens: string[]) => ({ person, tokens });

test('互斥矩阵: of every pair of duties exactly the officers\' and officer×inspector exclude each other globally', async (t) => {
  const { conflicts } = await shipped();
  const box = ['sysadmin', 'secadmin', 'auditadmin'];
  for (const a of DUTIES) for (const b of DUTIES) {
    if (a === b) continue;
    const code = codeOf(() => { checkGrant(conflicts, [one('P1')], [grant('P1', a)], grant('P1', b)); });
    const expected = box.includes(a) || box.includes(b) || [a, b].sort().join() === 'inspector,officer';
    t.is(code, expected ? 'E_SOD_CONFLICT' : null, `${a} + ${b}`);
  }
});
test('07 §11-4: two accounts joined by a token are one person for a grant, through a chain as well', async (t) => {
  const { conflicts } = await shipped();
  const accounts = [one('A', 'T1'), one('B', 'T1', 'T2'), one('C', 'T2'), one('D', 'T9')];
  t.deepEqual([...naturalPersons(accounts)], [['A', 'A'], ['B', 'A'], ['C', 'A'], ['D', 'D']]);
  t.is(codeOf(() => { checkGrant(conflicts, accounts, [grant('A', 'sysadmin')], grant('C', 'auditadmin')); }), 'E_SOD_CONFLICT');
  t.is(codeOf(() => { checkGrant(conflicts, accounts, [grant('A', 'sysadmin')], grant('D', 'auditadmin')); }), null);
});
test('duties that follow each other in time do not conflict; any common time does', async (t) => {
  const { conflicts } = await shipped();
  const ask = (from: number, until: number | null) => codeOf(() => { checkGrant(conflicts, [], [grant('P', 'sysadmin', 5, 10)], grant('P', 'auditadmin', from, until)); });
  t.deepEqual([ask(10, null), ask(1, 5), ask(9, null), ask(1, 6), ask(6, 7), ask(1, null), ask(3, 3)], [null, null, 'E_SOD_CONFLICT', 'E_SOD_CONFLICT', 'E_SOD_CONFLICT', 'E_SOD_CONFLICT', 'E_INPUT_INVALID']);
});
test('law: no order of grants and revocations gives one person two of the three officers\' duties at a time', async (t) => {
  const { conflicts } = await shipped();
  const officers = ['sysadmin', 'secadmin', 'auditadmin'] as const;
  const step = fc.record({ person: fc.constantFrom('A', 'B', 'C'), duty: fc.constantFrom(...officers), from: fc.integer({ min: 1, max: 20 }), length: fc.option(fc.integer({ min: 1, max: 8 })), revoke: fc.boolean() });
  const accounts = [one('A', 'T1'), one('B', 'T1'), one('C', 'T3')];
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    let held: HeldGrant[] = [];
    for (const { person, duty, from, length, revoke } of steps) {
      if (revoke) { held = held.map((g) => (g.person === person && g.from < T(from) ? { ...g, until: g.until !== null && g.until < T(from) ? g.until : T(from) } : g)); continue; }
      const next = grant(person, duty, from, length === null ? null : from + length);
      try { checkGrant(conflicts, accounts, held, next); held.push(next); } catch (error) { if (!(error instanceof ArchiveError)) throw error; }
    }
    for (let day = 1; day <= 30; day += 1) for (const people of [['A', 'B'], ['C']]) {
      const now = held.filter((g) => people.includes(g.person) && g.from <= T(day) && (g.until === null || T(day) < g.until)).map((g) => g.duty);
      if (new Set(now).size > 1) return false;
    }
    return true;
  }));
  t.pass();
});
test('an auditor never audits a period in which the same person was another officer', (t) => {
  const held = [grant('A', 'sysadmin', 1, 5), grant('B', 'auditadmin', 6)];
  const accounts = [one('A', 'T1'), one('B', 'T1')];
  const ask = (from: number, until: number | null) => codeOf(() => { checkAuditSpan(accounts, held, 'B', { from: T(from), until: until === null ? null : T(until) }); });
  t.deepEqual(barredFromAuditing(accounts, held, 'B'), [{ from: T(1), until: T(5) }]);
  t.deepEqual([ask(5, null), ask(4, null), ask(1, 2)], [null, 'E_SOD_CONFLICT', 'E_SOD_CONFLICT']);
});
test('同一事项: proposer and 定密责任人, custodian and officer are different people', async (t) => {
  const { conflicts } = await shipped();
  const ask = (a: Duty, b: Duty, same: boolean) => codeOf(() => { checkMatter(conflicts, [{ holder: one('A', 'T1'), duty: a }, { holder: same ? one('B', 'T1') : one('B', 'T2'), duty: b }]); });
  t.deepEqual([ask('proposer', 'class_authority', true), ask('proposer', 'class_authority', false), ask('custodian', 'officer', true), ask('proposer', 'reader', true)], ['E_SOD_CONFLICT', null, 'E_SOD_CONFLICT', null]);
});
test('self-approval is refused by person and by token', (t) => {
  t.true(samePerson(one('A', 'T1'), one('B', 'T1')));
  t.deepEqual([codeOf(() => { checkApprover(one('A'), one('A')); }), codeOf(() => { checkApprover(one('A', 'T'), one('B', 'T')); }), codeOf(() => { checkApprover(one('A', 'T'), one('B', 'U')); })], ['E_SOD_SELF_APPROVAL', 'E_SOD_SELF_APPROVAL', null]);
});

/** Stands in for SM2: the signature is the text under the certificate's name. */
const verify: VerifySignature = (text, { certificateSerial, signature }) => signature === `${certificateSerial}|${text}`;
const DECIDED = { batch: 'XH-2026-0001', objects: ['a', 'b'], n: 1.5 };
const opened = (): Requested => request({ id: 'AP1', act: 'destruction.start', object: 'XH-2026-0001', decided: DECIDED, words: ['销毁 XH-2026-0001 所列 2 件'], requestedBy: one('P0', 'T0'), at: T(1), lapsesAt: T(10), seats: [{ name: '审批', duties: ['unit_head'] }, { name: '监销', duties: ['officer'] }] }).next;
const by = (approval: Approval, n: number, seat: number, duty: Duty, more: Partial<Signing> = {}, verdict: Verdict = 'grant'): Signing => {
  const who = { person: `P${n}`, token: `T${n}`, certificateSerial: `C${n}`, at: T(2), seat, verdict, opinion: '同意', duties: [duty], ...more };
  return { ...who, signature: more.signature ?? `${who.certificateSerial}|${statement(approval, who, who.seat, who.verdict, who.opinion)}` };
};

test('审批: granted once every seat is signed by a different person, and verifiable for ever', (t) => {
  const first = sign(opened(), by(opened(), 1, 0, 'unit_head'), verify);
  t.is(first.next.state, 'requested');
  t.is(first.audit.action, 'approval.sign');
  const { next } = sign(first.next, by(first.next, 2, 1, 'officer'), verify);
  t.is(next.state, 'granted');
  t.deepEqual(approvalFaults(next, verify), []);
  t.is(requireGranted(next, 'destruction.start', 'XH-2026-0001', { n: 1.5, objects: ['a', 'b'], batch: 'XH-2026-0001' }, verify).id, 'AP1');
});
const refused = test.macro<[sign: (approval: Requested) => Signing, code: string]>({
  exec(t, signing, code) {
    const approval = sign(opened(), by(opened(), 1, 0, 'unit_head'), verify).next as Requested;
    t.is(codeOf(() => sign(approval, signing(approval), verify)), code);
  },
  title: (given) => `审批: ${given ?? ''}`,
});
test('the requester does not sign', refused, (a) => by(a, 0, 1, 'officer'), 'E_SOD_SELF_APPROVAL');
test('another account with the requester\'s token does not sign', refused, (a) => by(a, 5, 1, 'officer', { token: 'T0' }), 'E_SOD_SELF_APPROVAL');
test('nobody signs twice', refused, (a) => by(a, 1, 1, 'officer'), 'E_SOD_SAME_PERSON');
test('a second account with the same token is the same person', refused, (a) => by(a, 5, 1, 'officer', { token: 'T1' }), 'E_SOD_SAME_PERSON');
test('a second account with the same certificate is the same person', refused, (a) => by(a, 5, 1, 'officer', { certificateSerial: 'C1' }), 'E_SOD_SAME_PERSON');
test('a seat is not signed twice', refused, (a) => by(a, 2, 0, 'unit_head'), 'E_SOD_SAME_PERSON');
test('a seat is for its duties', refused, (a) => by(a, 2, 1, 'archivist'), 'E_DENIED');
test('there is no third seat', refused, (a) => by(a, 2, 2, 'officer'), 'E_DENIED');
test('a signature that does not verify counts for nothing', refused, (a) => by(a, 2, 1, 'officer', { signature: 'C2|other' }), 'E_SIGNATURE_INVALID');
test('a refusal cannot be passed off as a grant', refused, (a) => ({ ...by(a, 2, 1, 'officer', {}, 'refuse'), verdict: 'grant' }), 'E_SIGNATURE_INVALID');
test('a signature after the limit is late', refused, (a) => by(a, 2, 1, 'officer', { at: T(10) }), 'E_APPROVAL_LAPSED');
test('审批: every state × every event', (t) => {
  const asked = opened();
  const granted = sign(sign(asked, by(asked, 1, 0, 'unit_head'), verify).next, by(asked, 2, 1, 'officer'), verify).next;
  const no = sign(asked, by(asked, 1, 0, 'unit_head', {}, 'refuse'), verify).next;
  const late = lapse(asked, T(10)).next;
  const done = carryOut(granted, T(9)).next;
  const table = [asked, granted, done, no, late].map((one) => [
    one.state, codeOf(() => sign(one, by(one, 3, 0, 'unit_head'), verify)), codeOf(() => lapse(one, T(10))), codeOf(() => lapse(one, T(9))), codeOf(() => carryOut(one, T(9))), codeOf(() => carryOut(one, T(10))),
  ]);
  t.deepEqual(table, [
    ['requested', null, null, 'E_STATE_INVALID', 'E_STATE_INVALID', 'E_STATE_INVALID'],
    ['granted', 'E_STATE_INVALID', null, 'E_STATE_INVALID', null, 'E_APPROVAL_LAPSED'],
    ['done', 'E_STATE_INVALID', 'E_STATE_INVALID', 'E_STATE_INVALID', 'E_STATE_INVALID', 'E_STATE_INVALID'],
    ['refused', 'E_STATE_INVALID', 'E_STATE_INVALID', 'E_STATE_INVALID', 'E_STATE_INVALID', 'E_STATE_INVALID'],
    ['lapsed', 'E_APPROVAL_LAPSED', 'E_STATE_INVALID', 'E_STATE_INVALID', 'E_STATE_INVALID', 'E_STATE_INVALID'],
  ]);
  t.deepEqual(approvalFaults(done, verify), []);
  t.is(codeOf(() => requireGranted(done, 'destruction.start', 'XH-2026-0001', DECIDED, verify)), 'E_APPROVAL_REQUIRED', 'one approval, one act');
  t.is(codeOf(() => sign(asked, by({ ...asked, words: ['销毁全部'] }, 1, 0, 'unit_head'), verify)), 'E_SIGNATURE_INVALID', 'the words are part of what is signed');
});
test('审批: an approval lets through only its own act, object and matter, and only while its signatures hold', (t) => {
  const asked = opened();
  const granted = sign(sign(asked, by(asked, 1, 0, 'unit_head'), verify).next, by(asked, 2, 1, 'officer'), verify).next;
  const use = (approval: Approval | null, act = 'destruction.start', object = 'XH-2026-0001', decided: { batch: string; objects: string[]; n: number } = DECIDED) => codeOf(() => requireGranted(approval, act, object, decided, verify));
  t.deepEqual([use(null), use(asked), use(granted, 'record.export'), use(granted, undefined, 'XH-2'), use(granted, undefined, undefined, { ...DECIDED, objects: ['a'] })], Array<string>(5).fill('E_APPROVAL_REQUIRED'));
  t.is(use({ ...granted, lapsesAt: T(11) } as Approval), 'E_SIGNATURE_INVALID');
  t.true(approvalFaults({ ...granted, signatures: granted.signatures.slice(0, 1) } as Approval, verify).includes('签署不齐而标为已批准'));
  const [first] = granted.signatures;
  t.not(first, undefined);
  if (first !== undefined) t.true(approvalFaults({ ...granted, signatures: [first, first] } as Approval, verify).length > 0);
});
test('canonical text: names sorted, one text for one value, and nothing JSON cannot say', (t) => {
  t.is(canonical({ b: 1, a: ['é', 1e21, -0] }), '{"a":["é",1e+21,0],"b":1}');
  for (const bad of [NaN, Infinity, '\uD800', undefined, { a: undefined }, 1n, () => 1]) t.is(codeOf(() => canonical(bad as never)), 'E_INPUT_INVALID');
});
test('law: 知悉范围 change says exactly what is added and removed, and widening is noticed', (t) => {
  const words = fc.subarray(['a', 'b', 'c', 'd']);
  const scope = fc.record({ persons: words, departments: words, requests: words, compartments: words });
  fc.assert(fc.property(scope, scope, (a, b) => {
    const { added, removed, widens } = scopeChange(a, b);
    t.deepEqual(scopeOf({ persons: [...a.persons.filter((x) => !removed.persons.includes(x)), ...added.persons] }).persons, scopeOf(b).persons);
    t.is(widens, added.persons.length + added.departments.length + added.requests.length + removed.compartments.length > 0);
    t.deepEqual(union([a, b]), union([b, a]));
    for (const name of intersection([a, b]).persons) t.true(a.persons.includes(name) && b.persons.includes(name));
  }));
});
test('保密法第二十一条: a state secret names who may know; 实施条例第二十条, 06 §14-12: 机密 and above is logged', (t) => {
  t.is(codeOf(() => { requireScope(2, scopeOf({ requests: ['Q'] })); }), 'E_CLS_SCOPE_REQUIRED');
  t.is(codeOf(() => { requireScope(1, scopeOf({})); }), null);
  t.deepEqual(([0, 1, 2, 3, 4] as const).map(needsKnowledgeLog), [false, false, false, true, true]);
});
