import test from 'ava';
import fc from 'fast-check';
import { ArchiveError } from '../../core/errors.js';
import { ApprovalsFile } from '../../policies/schemas/approval.js';
import { PeopleFile, type Category } from '../../policies/schemas/people.js';
import { PasswordsFile, type Duty, type PasswordPack } from '../../policies/schemas/secrecy.js';
import { decide } from '../../secrecy/access.js';
import { request, sign, statement, type Approval } from '../../secrecy/approval.js';
import { checkClearance, clearanceToday, coolOffUntil, grantEnd, trainingMissing } from '../../secrecy/personnel.js';
import { strictest, tighten } from '../../secrecy/password-pack.js';
import { barredFromAuditing, checkAuditSpan, checkGrant, type HeldGrant, type Holder } from '../../secrecy/separation.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import { asWriter } from '../../secrecy/subject.js';
import { ACTS, codeOf, DUTIES, person, SECRET_BOX, shipped, shippedFile, thing } from '../helpers/secrecy.js';

const policy = shippedFile('people.json', PeopleFile);
const approvals = shippedFile('approvals.json', ApprovalsFile);
const TODAY = '2026-11-23';

test('保密法第四十三条: who may be cleared how far, by category, register and end', (t) => {
  const ask = (category: Category | null, level: 0 | 1 | 2 | 3 | 4, until: string | null = '2027-01-01', state: 'in_post' | 'cooling' | 'released' = 'in_post') =>
    codeOf(() => { checkClearance(policy, category === null ? undefined : { state, category }, level, until, TODAY); });
  const most: Readonly<Record<Category, number>> = { core: 4, important: 3, general: 2 };
  for (const category of ['core', 'important', 'general'] as const) {
    for (const level of [0, 1, 2, 3, 4] as const) t.is(ask(category, level), level > most[category] ? 'E_INPUT_INVALID' : null, `${category} ${String(level)}`);
  }
  for (const level of [2, 3, 4] as const) t.is(ask(null, level), 'E_CLEARANCE_REQUIRED');
  for (const state of ['cooling', 'released'] as const) t.is(ask('core', 2, '2027-01-01', state), 'E_CLEARANCE_REQUIRED');
  t.deepEqual([ask(null, 1, null), ask('general', 2, null), ask('general', 2, '2026-11-22'), ask('general', 2, TODAY), ask('general', 2, '2029-11-23'), ask('general', 2, '2029-11-24')],
    [null, 'E_INPUT_INVALID', 'E_INPUT_INVALID', null, null, 'E_INPUT_INVALID']);
});
test('a clearance counts to its last day; one without an end, or one that cannot be read, is none', (t) => {
  t.deepEqual([clearanceToday(3, '2026-11-23', TODAY), clearanceToday(3, '2026-11-22', TODAY), clearanceToday(3, null, TODAY), clearanceToday(1, null, TODAY), clearanceToday('3', '2027-01-01', TODAY), clearanceToday(99, '2027-01-01', TODAY), clearanceToday(null, null, TODAY)],
    [3, 0, 0, 1, 0, 0, 0]);
});
test('domain/07 §3.1: 脱密期 by category, from the day of leaving, within its years; 29 February ends on the 28th', (t) => {
  t.deepEqual([coolOffUntil(policy, 'core', '2026-11-23'), coolOffUntil(policy, 'important', '2026-11-23'), coolOffUntil(policy, 'general', '2026-11-23'), coolOffUntil(policy, 'general', '2028-02-29', 1)],
    ['2031-11-23', '2029-11-23', '2028-11-23', '2029-02-28']);
  t.deepEqual(([['core', 2], ['core', 6], ['important', 1], ['important', 4], ['general', 3]] as const).map(([category, years]) => codeOf(() => coolOffUntil(policy, category, TODAY, years))), Array<string>(5).fill('E_INPUT_INVALID'));
  t.deepEqual([trainingMissing(policy, 0), trainingMissing(policy, 3.5), trainingMissing(policy, 4), trainingMissing(policy, 9)], [4, 0.5, 0, 0]);
});
test('domain/07 §5: every grant ends; an office of the three says when', (t) => {
  t.is(codeOf(() => grantEnd(policy, 'box', undefined, TODAY)), 'E_GRANT_OPEN_ENDED');
  t.is(grantEnd(policy, 'business', undefined, TODAY), '2031-11-23');
  t.deepEqual([codeOf(() => grantEnd(policy, 'box', '2029-11-24', TODAY)), codeOf(() => grantEnd(policy, 'business', '2031-11-24', TODAY))], ['E_INPUT_INVALID', 'E_INPUT_INVALID']);
});

/** Stands in for SM2: the signature is the text under the certificate's name. */
const verify: VerifySignature = (text, { certificateSerial, signature }) => signature === `${certificateSerial}|${text}`;
const T = (n: number): string => new Date(Date.UTC(2026, 0, 1, n)).toISOString();
const ACCOUNTS = [{ account: 'A', token: 'T1' }, { account: 'B', token: 'T1' }, { account: 'C', token: 'T2' }, { account: 'D', token: 'T3' }] as const;
/** Everything any of them could ever hold. */
const ALL = [...DUTIES];

function attempted(seats: Approval['seats'], act: string, steps: readonly { readonly who: number; readonly seat: number }[]): Approval {
  let approval: Approval = request({ id: 'AP', act, object: 'X', decided: { x: 1 }, words: ['事项'], requestedBy: { person: 'A', tokens: ['T1'] }, at: T(1), lapsesAt: T(900), seats }).next;
  steps.forEach(({ who, seat }, n) => {
    const one = ACCOUNTS[who];
    if (one === undefined) return;
    const by = { person: one.account, token: one.token, certificateSerial: `S-${one.account}`, at: T(2 + n), seat, verdict: 'grant' as const, opinion: '同意', duties: ALL };
    try {
      approval = sign(approval, { ...by, signature: `${by.certificateSerial}|${statement(approval, by, seat, 'grant', '同意')}` }, verify).next;
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
    }
  });
  return approval;
}

for (const { act, name, seats } of approvals.approvals) {
  test(`审批 ${act}「${name}」: one person with two accounts and one token never satisfies it, whatever duties they hold`, (t) => {
    const step = (most: number) => fc.record({ who: fc.integer({ min: 0, max: most }), seat: fc.integer({ min: 0, max: seats.length }) });
    fc.assert(fc.property(fc.array(step(1), { maxLength: 12 }), (steps) => attempted(seats, act, steps).state === 'requested'));
    fc.assert(fc.property(fc.array(step(3), { maxLength: 12 }), (steps) => {
      const { state, signatures } = attempted(seats, act, steps);
      const tokens = signatures.map(({ token }) => token);
      return new Set(tokens).size === tokens.length && !tokens.includes('T1') && (state === 'granted') === (tokens.length === seats.length);
    }));
    t.true(seats.length > 0);
    for (const { duties } of seats) t.false(duties.includes('anyone') || duties.includes('inspector'), 'a seat is for named duties, never for who only looks');
  });
}
for (const { act } of ACTS.filter(({ twoPerson }) => twoPerson)) {
  test(`审批 ${act}: neither who drew it up nor another account with the same token decides it (07 §11-5)`, async (t) => {
    const rules = await shipped();
    for (const duty of DUTIES) for (const [who, tokens] of [['P1', ['T9']], ['P7', ['T1']], ['P1', ['T1']]] as const) {
      const decision = decide(rules, SECRET_BOX, person(duty), act, thing({ state: 'proposed', drafter: { person: who, tokens: [...tokens] } }));
      t.false(decision.allowed, `${duty} ${who}`);
      t.true(decision.reasons.some(({ code }) => code === 'E_SOD_SELF_APPROVAL'));
    }
  });
}

test('law: in no order of grants, revocations and time does one person hold two of the three offices, or audit the own time in another', async (t) => {
  const { conflicts } = await shipped();
  const accounts: readonly Holder[] = [{ person: 'A', tokens: ['T1'] }, { person: 'B', tokens: ['T1', 'T2'] }, { person: 'C', tokens: ['T2'] }, { person: 'D', tokens: ['T4'] }];
  const offices: readonly Duty[] = ['sysadmin', 'secadmin', 'auditadmin'];
  const step = fc.oneof(
    fc.record({ kind: fc.constant('grant' as const), who: fc.constantFrom('A', 'B', 'C', 'D'), duty: fc.constantFrom<Duty>(...offices, 'archivist', 'reader'), length: fc.integer({ min: 1, max: 12 }), wait: fc.integer({ min: 0, max: 4 }) }),
    fc.record({ kind: fc.constant('revoke' as const), who: fc.constantFrom('A', 'B', 'C', 'D'), duty: fc.constantFrom<Duty>(...offices), length: fc.constant(0), wait: fc.integer({ min: 0, max: 4 }) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 0, max: 120 }), fc.integer({ min: 1, max: 20 }), (steps, from, length) => {
    let held: HeldGrant[] = [];
    let hour = 0;
    for (const { kind, who, duty, length: hours, wait } of steps) {
      hour += wait;
      if (kind === 'revoke') held = held.map((one) => (one.person === who && one.duty === duty && one.from < T(hour) && (one.until === null || T(hour) < one.until) ? { ...one, until: T(hour) } : one));
      else {
        const next: HeldGrant = { person: who, duty, fonds: '*', from: T(hour), until: T(hour + hours) };
        try { checkGrant(conflicts, accounts, held, next); held.push(next); } catch (error) { if (!(error instanceof ArchiveError)) throw error; }
      }
    }
    for (let at = 0; at <= hour + 14; at += 1) for (const people of [['A', 'B', 'C'], ['D']]) {
      const now = new Set(held.filter((one) => people.includes(one.person) && one.from <= T(at) && (one.until === null || T(at) < one.until)).map(({ duty }) => duty));
      if (offices.some((office) => now.has(office)) && now.size > 1) return false;
    }
    // Auditing a span is refused exactly when it touches a time in one of the other two offices, by any account of the person.
    for (const who of ['A', 'D']) {
      const mine = who === 'A' ? ['A', 'B', 'C'] : ['D'];
      const own = held.filter((one) => mine.includes(one.person) && (one.duty === 'sysadmin' || one.duty === 'secadmin'));
      const touches = own.some((one) => one.from < T(from + length) && (one.until === null || T(from) < one.until) && (one.until === null || one.from < one.until));
      if (barredFromAuditing(accounts, held, who).length !== own.length) return false;
      const refused = codeOf(() => { checkAuditSpan(accounts, held, who, { from: T(from), until: T(from + length) }); }) === 'E_SOD_CONFLICT';
      if (touches && !refused) return false;
    }
    return true;
  }), { numRuns: 400 });
  t.pass();
});

test('应急访问: it gives need-to-know to read, and nothing else', async (t) => {
  const rules = await shipped();
  const closed = { id: 'R1', scope: { persons: ['P9'] }, department: 'D9', owner: 'P9' };
  const who = (more: object = {}) => person('archivist', { person: 'P1', emergencies: ['R1'], ...more });
  const may = (act: string, more: object = {}, thingMore: object = {}) => decide(rules, SECRET_BOX, who(more), act, thing({ ...closed, level: 3, ...thingMore })).allowed;
  t.deepEqual(['record.show', 'record.read', 'record.search'].map((act) => may(act)), [true, true, true]);
  t.deepEqual(['record.show', 'record.read', 'record.search'].map((act) => may(act, { emergencies: ['R2'] })), [false, false, false]);
  t.false(may('record.read', { clearance: 2, currentLevel: 2 }), 'never above the clearance');
  t.false(may('record.read', { currentLevel: 2 }), 'nor above the session');
  t.false(may('record.read', {}, { scope: { persons: ['P9'], compartments: ['K1'] } }), 'nor into a compartment');
  for (const { act, object, write } of ACTS) {
    if (!write || object === 'none') continue;
    for (const state of ['open', 'filed', 'proposed']) {
      for (const duty of DUTIES) {
        const asker = person(duty, { person: 'P1', emergencies: ['R1'] });
        const aim = thing({ ...closed, level: 3, state });
        t.deepEqual(decide(rules, SECRET_BOX, asker, act, aim).allowed, decide(rules, SECRET_BOX, asWriter(asker), act, aim).allowed, `${duty} ${act}`);
      }
    }
  }
});

test('law: the stricter of two packs is weaker than neither, and no tightening is lost when a release ships other numbers', (t) => {
  const packs = shippedFile('passwords.json', PasswordsFile).packs;
  const strength = fc.record({ minLength: fc.integer({ min: 4, max: 20 }), minClasses: fc.integer({ min: 1, max: 4 }), maxAgeDays: fc.integer({ min: 1, max: 90 }) });
  const pack: fc.Arbitrary<PasswordPack> = fc.record({
    systemLevel: fc.constant(3 as const), name: fc.constant('机密级系统'), tokenRequired: fc.boolean(), terminalRequired: fc.boolean(), alone: strength, withToken: strength,
    historyDepth: fc.integer({ min: 1, max: 50 }), maxFailures: fc.integer({ min: 1, max: 10 }), lockMinutes: fc.option(fc.integer({ min: 1, max: 1440 })), idleMinutes: fc.integer({ min: 1, max: 60 }),
    absoluteMinutes: fc.integer({ min: 10, max: 1440 }), unusedDays: fc.integer({ min: 1, max: 365 }),
  });
  fc.assert(fc.property(pack, pack, (a, b) => {
    const both = strictest(a, b);
    // `tighten` refuses a weaker value, so both must be reachable by tightening alone.
    for (const one of [a, b]) if (codeOf(() => tighten(one, both)) !== null) return false;
    return JSON.stringify(strictest(both, a)) === JSON.stringify(both);
  }));
  for (const one of packs) t.deepEqual(strictest(one, one), one);
});
