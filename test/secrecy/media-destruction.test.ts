import test from 'ava';
import fc from 'fast-check';
import { MediaDestructionFile, type MediumKind } from '../../policies/schemas/media-destruction.js';
import { methodFaults, requireMethod, rungOf, stepsWithoutDevice, sufficientMethods, type MediumFacts } from '../../secrecy/destruction-method.js';
import type { Level } from '../../secrecy/level.js';
import {
  agrees, approveDestruction, askDestruction, cancelDestruction, checkParts, closeDestruction, countDestruction, countDifferences, DESTRUCTION_STEPS, destructionFaults, executeDestruction, isolateDestruction, openDestruction, releaseDestruction, witnessDestruction,
} from '../../secrecy/media-destruction.js';
import type { LineFacts, MediaDestruction, MediaDestructionState, Plan } from '../../secrecy/media-destruction.js';
import { performMigration, planMigration, requireNothingStranded, reportOf, stranded, verifyMigration, type MediumContent } from '../../secrecy/medium-migration.js';
import { plainSerial, readNwipeLog } from '../../secrecy/nwipe-log.js';
import type { Signature } from '../../secrecy/signing.js';
import { codeOf, shippedFile } from '../helpers/secrecy.js';

const policy = shippedFile('media-destruction.json', MediaDestructionFile);
const medium = (kind: MediumKind, maxLevelEver: Level, more: Partial<MediumFacts> = {}): MediumFacts => ({ kind, maxLevelEver, broken: false, worm: false, ...more });

/** The second copy of the table (domain/08 §5): kind, then what is enough for 非涉密, 秘密, 机密, 绝密; `+` all of, `/` either. Higher columns are enough for lower ones. */
const TABLE = `
  paper        shred/pulp              shred/pulp        fine_shred/pulp   burn/pulp
  optical      shred/grind             shred/grind       shred             burn/melt
  disk         overwrite/degauss/shred degauss+shred     degauss+shred     degauss+shred+melt
  solid_state  overwrite/chip_shred    chip_shred        chip_shred        chip_shred+melt
  tape         overwrite/degauss/cut   degauss+cut       degauss+cut       burn
  microfilm    shred/burn              shred/burn        burn              burn
  drum_ribbon  dismantle               dismantle         dismantle         dismantle`;
const golden = new Map(TABLE.trim().split('\n').map((row) => row.trim().split(/\s+/u)).map(([kind = '', ...cells]) => [kind as MediumKind, cells.map((cell) => cell.split('/').map((one) => one.split('+')))] as const));
const COVERS: Readonly<Record<string, readonly string[]>> = { fine_shred: ['shred'], pulp: ['shred', 'fine_shred'] };
const LOGICAL = ['overwrite', 'format'];

test('第四十三条: the method table, every kind × highest-ever level × every set of up to three steps, is what domain/08 §5 says', (t) => {
  t.deepEqual([...golden.keys()].sort(), policy.kinds.map(({ key }) => key).sort());
  const keys = policy.steps.map(({ key }) => key);
  const sets = keys.flatMap((a, i) => [[a], ...keys.slice(i + 1).flatMap((b, j) => [[a, b], ...keys.slice(i + j + 2).map((c) => [a, b, c])])]);
  let [asked, enough] = [0, 0];
  for (const [kind, columns] of golden) {
    for (const [at, level] of ([0, 2, 3, 4] as const).entries()) {
      for (const steps of sets) {
        const met = new Set(steps.flatMap((one) => [one, ...(COVERS[one] ?? [])]));
        const physical = level >= 2;
        const works = steps.every((one) => policy.steps.find(({ key }) => key === one)?.kinds.includes(kind));
        const ought = works && columns.slice(at).flat().some((all) => all.every((one) => met.has(one)) && !(physical && all.every((one) => LOGICAL.includes(one)))) && !(physical && steps.every((one) => LOGICAL.includes(one)));
        t.is(methodFaults(policy, medium(kind, level), { steps, outcome: 'destroy' }).length === 0, ought, `${kind} ${String(level)} ${steps.join('+')}`);
        asked += 1;
        if (ought) enough += 1;
      }
    }
  }
  t.true(asked > 7000 && enough > 50);
});

test('domain/08 §5 规则 2, §11 用例 5: overwriting is never enough for what held a secret, degaussing never for flash, and no secret medium is given out again', (t) => {
  const line = { id: 'L', no: 'ZT3-1' };
  const refused = (it: MediumFacts, steps: readonly string[], outcome: 'destroy' | 'reuse' = 'destroy') => codeOf(() => { requireMethod(policy, it, { steps, outcome }, line); });
  t.is(refused(medium('disk', 3), ['overwrite'], 'reuse'), 'E_DESTROY_METHOD_INSUFFICIENT', '机密硬盘选“覆写+再利用”');
  t.deepEqual(methodFaults(policy, medium('disk', 3), { steps: ['overwrite'], outcome: 'reuse' }), ['once_secret']);
  for (const level of [2, 3, 4] as const) {
    for (const kind of ['disk', 'solid_state', 'tape'] as const) t.is(refused(medium(kind, level), ['overwrite', 'format']), 'E_DESTROY_METHOD_INSUFFICIENT');
    t.is(refused(medium('solid_state', level), ['degauss']), 'E_DESTROY_METHOD_INSUFFICIENT');
    t.is(refused(medium('solid_state', level), ['degauss', 'chip_shred', 'melt']), 'E_DESTROY_METHOD_INSUFFICIENT', 'what has no effect is not written down as done');
  }
  t.is(refused(medium('disk', 3), ['overwrite', 'degauss', 'shred']), null, 'an additional step does no harm');
  t.is(refused(medium('disk', 1), ['overwrite'], 'reuse'), null);
  t.is(refused(medium('optical', 1, { worm: true }), ['shred'], 'reuse'), 'E_DESTROY_METHOD_INSUFFICIENT');
  t.is(refused(medium('disk', 2), []), 'E_DESTROY_METHOD_INSUFFICIENT');
  t.is(refused(medium('disk', 2), ['prayer']), 'E_DESTROY_METHOD_INSUFFICIENT');
});

test('domain/08 §5 规则 3: a broken disk that held a secret is destroyed as 绝密; an ordinary broken one is not erased but destroyed', (t) => {
  t.is(rungOf(policy, medium('disk', 2, { broken: true })), 4);
  t.is(rungOf(policy, medium('paper', 2, { broken: true })), 2);
  t.deepEqual(sufficientMethods(policy, medium('disk', 2, { broken: true })), [['degauss', 'shred', 'melt']]);
  t.deepEqual(methodFaults(policy, medium('disk', 2, { broken: true }), { steps: ['degauss', 'shred'], outcome: 'destroy' }), ['below_level']);
  t.true(methodFaults(policy, medium('disk', 0, { broken: true }), { steps: ['overwrite'], outcome: 'destroy' }).includes('broken_not_physical'));
  t.deepEqual(methodFaults(policy, medium('disk', 0, { broken: true }), { steps: ['shred'], outcome: 'destroy' }), []);
});

test('domain/08 §5 规则 4: own destruction asks for a device whose certificate runs, reaches the level and was checked', (t) => {
  const device = { id: 'D', steps: ['degauss', 'shred'], certifiedLevel: 3 as Level, certValidTo: '2026-12-31', lastVerifyOn: '2026-06-01' };
  const on = { today: '2026-11-23', verifiedSince: '2025-11-23' };
  const without = (more: Partial<typeof device>, level: Level = 3) => stepsWithoutDevice(policy, medium('disk', level), ['degauss', 'shred'], [{ ...device, ...more }], on);
  t.deepEqual(without({}), []);
  t.deepEqual(without({ certValidTo: '2026-11-22' }), ['degauss', 'shred']);
  t.deepEqual(without({ lastVerifyOn: '2025-11-22' }), ['degauss', 'shred']);
  t.deepEqual(without({}, 4), ['degauss', 'shred']);
  t.deepEqual(without({ steps: ['shred'] }), ['degauss']);
});

const line = (id: string, more: Partial<LineFacts> = {}): LineFacts => ({ id, no: `ZT3-${id}`, kind: 'disk', level: 3, maxLevelEver: 3, broken: false, worm: false, copyNo: 1, quantity: 1, rating: null, ...more });
const who = (person: string, token = `T-${person}`) => ({ person, tokens: [token] });
const AT = '2026-11-23T02:00:00.000Z';
const LINES = [line('1'), line('2')];
const plan = (more: Partial<Plan> = {}): Plan => ({
  manner: 'send', urgency: null, unit: 'U1', consentNo: null, applicant: who('A'), executor: who('E'), witnesses: [who('W1'), who('W2')], methods: LINES.map(({ id }) => ({ line: id, steps: ['degauss', 'shred'], outcome: 'destroy' as const, devices: [] })), ...more,
});
const FOUND = LINES.map(({ no }) => ({ no, level: 3, copyNo: 1, quantity: 1 }));
const always = (): boolean => true;
const signs = (person: string, token = `T-${person}`): Signature => ({ person, token, certificateSerial: `C-${token}`, signature: 'S', at: AT });
const RESULT = { finishedAt: AT, place: '销毁中心', destroyedBy: '王某', voucherNo: 'PZ-1', remark: null, failed: [], evidence: ['aa'] };
const opened = openDestruction({ id: 'B', no: 'XH3-2026-0001', level: 3, openedBy: who('A'), openedOn: '2026-11-23', lines: ['1', '2'], reason: '到期' }).next;
const counted = countDestruction(opened, LINES, FOUND, { by: who('C'), at: AT, opinion: '相符' }).next;
const requested = askDestruction(counted, policy, LINES, plan(), 'AP').next;
const approved = approveDestruction(requested, policy, 'AP', [who('H')], AT).next;
const isolated = isolateDestruction(approved, { place: '待销库', sealNo: 'F1', by: 'A', at: AT, dueOn: '2026-12-23' }).next;
const RELEASE = { channel: 'escort', escorts: ['E'], sealNo: 'F1', destination: '销毁中心', by: 'A', at: AT };
const released = releaseDestruction(isolated, policy, LINES, RELEASE).next;
const executed = executeDestruction(released, policy, LINES, RESULT, 1, signs('E'), always).next;
const half = witnessDestruction(executed, policy, signs('W1'), always).next;
const witnessed = witnessDestruction(half, policy, signs('W2'), always).next;
const closed = closeDestruction(witnessed, { person: 'A', at: AT }).next;
const cancelled = cancelDestruction(opened, { by: 'A', at: AT, reason: '误立' }).next;
const IN: Readonly<Record<MediaDestructionState, MediaDestruction>> = { drafted: opened, counted, requested, approved, isolated, released, executed, witnessed, closed, cancelled };
const EVENTS: Readonly<Record<string, (it: MediaDestruction) => MediaDestruction>> = {
  count: (it) => countDestruction(it, LINES, FOUND, { by: who('C'), at: AT, opinion: '相符' }).next, ask: (it) => askDestruction(it, policy, LINES, plan(), 'AP').next, approve: (it) => approveDestruction(it, policy, 'AP', [who('H')], AT).next,
  isolate: (it) => isolateDestruction(it, isolated.isolation).next, release: (it) => releaseDestruction(it, policy, LINES, RELEASE).next, execute: (it) => executeDestruction(it, policy, LINES, RESULT, 1, signs('E'), always).next,
  witness: (it) => witnessDestruction(it, policy, signs('W1'), always).next, close: (it) => closeDestruction(it, { person: 'A', at: AT }).next, cancel: (it) => cancelDestruction(it, { by: 'A', at: AT, reason: '误立' }).next,
};

test('第四十三条: every state of a destruction × every event; before the approval whoever goes on destroys without leave', (t) => {
  t.deepEqual(Object.keys(DESTRUCTION_STEPS).sort(), Object.keys(IN).sort());
  for (const [state, it] of Object.entries(IN)) {
    t.is(it.state, state as MediaDestructionState);
    for (const [event, run] of Object.entries(EVENTS)) {
      const to = DESTRUCTION_STEPS[state as MediaDestructionState][event];
      if (to !== undefined) t.is(run(it).state, event === 'witness' ? 'executed' : to, `${state} ${event}`);
      else t.is(codeOf(() => run(it)), ['drafted', 'counted', 'requested'].includes(state) && ['isolate', 'release', 'execute', 'witness', 'close'].includes(event) ? 'E_DESTROY_UNAUTHORIZED' : 'E_STATE_INVALID', `${state} ${event}`);
    }
  }
  t.deepEqual(destructionFaults(closed, policy, always), []);
  t.is(destructionFaults(closed, policy, () => false).length, 3);
});

test('domain/08 §11 用例 6、7: the witness is not the executor; one witness, or one person with two accounts, is not two', (t) => {
  const refuse = (more: Partial<Plan>, approvers?: readonly { person: string; tokens: readonly string[] }[]) => codeOf(() => { checkParts(policy, { ...plan(more), ...(approvers === undefined ? {} : { approvers }) }); });
  t.is(refuse({}), null);
  t.is(refuse({ witnesses: [who('E'), who('W2')] }), 'E_SOD_CONFLICT');
  t.is(refuse({ witnesses: [who('E2', 'T-E'), who('W2')] }), 'E_SOD_CONFLICT', 'the executor under another account');
  t.is(refuse({ witnesses: [who('W1')] }), 'E_DESTROY_TWO_PERSON');
  t.is(refuse({ witnesses: [who('W1'), who('W9', 'T-W1')] }), 'E_DESTROY_TWO_PERSON');
  t.is(refuse({ witnesses: [who('A'), who('W2')] }), 'E_SOD_CONFLICT');
  t.is(refuse({ executor: who('A') }), 'E_SOD_CONFLICT');
  t.is(refuse({}, [who('W1')]), 'E_SOD_CONFLICT', 'who approves does not witness');
  t.is(codeOf(() => witnessDestruction(executed, policy, signs('E'), always)), 'E_SOD_CONFLICT');
  t.is(codeOf(() => witnessDestruction(executed, policy, signs('X'), always)), 'E_DENIED');
  t.is(codeOf(() => witnessDestruction(half, policy, signs('W1'), always)), 'E_SOD_SAME_PERSON');
  t.is(codeOf(() => witnessDestruction(half, policy, signs('W2', 'T-W1'), always)), 'E_SOD_SAME_PERSON', 'two accounts with one key');
  t.is(codeOf(() => executeDestruction(released, policy, LINES, RESULT, 1, signs('A'), always)), 'E_DENIED');
  t.is(codeOf(() => executeDestruction(released, policy, LINES, RESULT, 1, signs('E'), () => false)), 'E_SIGNATURE_INVALID');
});

test('第四十三条: count, consent, own destruction, ways and evidence each refuse with their code', (t) => {
  t.is(codeOf(() => countDestruction(opened, LINES, FOUND, { by: who('A2', 'T-A'), at: AT, opinion: '相符' })), 'E_SOD_CONFLICT', 'who made the list does not count it');
  const short = countDestruction(opened, LINES, [{ no: 'ZT3-1', level: 2, copyNo: 2, quantity: 1 }, { no: 'ZT3-9', level: 3, copyNo: 1, quantity: 1 }], { by: who('C'), at: AT, opinion: '不符' });
  t.like(short.next, { state: 'drafted', differences: { missing: ['ZT3-2'], unexpected: ['ZT3-9'], level: ['ZT3-1'], copies: ['ZT3-1'] } });
  t.like(short.audit, { result: 'failed', reason: 'E_DESTROY_COUNT' });
  const top = [line('1', { maxLevelEver: 4 })];
  const melt = { methods: [{ line: '1', steps: ['degauss', 'shred', 'melt'], outcome: 'destroy' as const, devices: [] }] };
  t.is(codeOf(() => askDestruction(counted, policy, top, plan(melt), 'AP')), 'E_DESTROY_CONSENT');
  t.is(askDestruction(counted, policy, top, plan({ ...melt, consentNo: '省密批〔2026〕3号' }), 'AP').next.state, 'requested');
  t.is(codeOf(() => askDestruction(counted, policy, LINES, plan({ manner: 'own' }), 'AP')), 'E_DESTROY_OWN_LIMIT', 'no urgency');
  t.is(codeOf(() => askDestruction(counted, policy, Array.from({ length: policy.own.maxLines + 1 }, (_, n) => line(String(n))), plan({ manner: 'own', urgency: '搬迁', methods: Array.from({ length: policy.own.maxLines + 1 }, (_, n) => ({ line: String(n), steps: ['degauss', 'shred'], outcome: 'destroy' as const, devices: [] })) }), 'AP')), 'E_DESTROY_OWN_LIMIT');
  t.is(codeOf(() => askDestruction(counted, policy, LINES, plan({ methods: plan().methods.slice(0, 1) }), 'AP')), 'E_DESTROY_METHOD_INSUFFICIENT', 'a line without a method');
  for (const channel of ['post', 'scrap', 'gift', 'drone']) t.is(codeOf(() => releaseDestruction(isolated, policy, LINES, { ...RELEASE, channel })), 'E_DESTROY_UNAUTHORIZED', channel);
  t.is(codeOf(() => releaseDestruction(isolated, policy, LINES, { ...RELEASE, escorts: [] })), 'E_HANDOVER_TWO_PERSON');
  t.is(codeOf(() => releaseDestruction({ ...isolated, plan: { ...isolated.plan, methods: melt.methods } }, policy, top, RELEASE)), 'E_HANDOVER_TWO_PERSON', '绝密: one escort is not two');
  t.is(codeOf(() => releaseDestruction(isolated, policy, [line('1', { maxLevelEver: 4 }), line('2')], { ...RELEASE, escorts: ['E', 'F'] })), 'E_DESTROY_METHOD_INSUFFICIENT', 'a level raised since the approval');
  t.is(codeOf(() => executeDestruction(released, policy, LINES, { ...RESULT, voucherNo: null }, 1, signs('E'), always)), 'E_DESTROY_EVIDENCE');
  t.is(codeOf(() => executeDestruction(released, policy, LINES, RESULT, 0, signs('E'), always)), 'E_DESTROY_EVIDENCE');
  const erased = [line('1', { level: 0, maxLevelEver: 0 })];
  const wipe = { ...released, plan: { ...released.plan, methods: [{ line: '1', steps: ['overwrite'], outcome: 'reuse' as const, devices: [] }] } };
  t.is(codeOf(() => executeDestruction(wipe, policy, erased, RESULT, 1, signs('E'), always)), 'E_DESTROY_EVIDENCE', '非涉密再利用: no log');
  t.is(codeOf(() => executeDestruction(wipe, policy, [{ ...erased[0] as LineFacts, rating: 'reported' }], RESULT, 1, signs('E'), always)), 'E_DESTROY_EVIDENCE');
  t.is(executeDestruction(wipe, policy, [{ ...erased[0] as LineFacts, rating: 'verified' }], RESULT, 1, signs('E'), always).next.state, 'executed');
  fc.assert(fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 9 })), fc.array(fc.integer({ min: 0, max: 9 })), (ought, seen) => {
    const made = countDifferences(ought.map((n) => line(String(n))), seen.map((n) => ({ no: `ZT3-${String(n)}`, level: 3, copyNo: 1, quantity: 1 })));
    return agrees(made) === ([...seen].sort().join() === [...ought].sort().join());
  }));
});

test('domain/08 §8 四方分离: no sequence of acts by one person, under however many accounts, destroys a medium', (t) => {
  const account = fc.constantFrom('P1', 'P2', 'P3', 'W1', 'W2', 'E');
  const me = (person: string) => who(person, 'T-one');
  const act = fc.record({ event: fc.constantFrom('count', 'ask', 'approve', 'isolate', 'release', 'execute', 'witness', 'close'), by: account, a: account, b: account, c: account });
  const run = (it: MediaDestruction, one: { event: string; by: string; a: string; b: string; c: string }): MediaDestruction => {
    switch (one.event) {
      case 'count': return countDestruction(it, LINES, FOUND, { by: me(one.by), at: AT, opinion: '相符' }).next;
      case 'ask': return askDestruction(it, policy, LINES, plan({ applicant: me(one.by), executor: me(one.a), witnesses: [me(one.b), me(one.c)] }), 'AP').next;
      case 'approve': return approveDestruction(it, policy, 'AP', [me(one.by)], AT).next;
      case 'execute': return executeDestruction(it, policy, LINES, RESULT, 1, signs(one.by, 'T-one'), always).next;
      case 'witness': return witnessDestruction(it, policy, signs(one.by, 'T-one'), always).next;
      default: return EVENTS[one.event]?.(it) ?? it;
    }
  };
  fc.assert(fc.property(fc.constantFrom<MediaDestruction>(opened, counted, requested, approved, isolated, released, executed), fc.array(act, { maxLength: 60 }), (start, acts) => {
    let it: MediaDestruction = start.state === 'drafted' ? { ...opened, openedBy: me('P1') } : start;
    for (const one of acts) {
      try { it = run(it, one); } catch { /* a refusal changes nothing */ }
      if (it.state === 'witnessed' || it.state === 'closed') return false;
    }
    return true;
  }), { numRuns: 500 });
  t.is(run(run(executed, { event: 'witness', by: 'W1', a: '', b: '', c: '' }), { event: 'none', by: '', a: '', b: '', c: '' }).state, 'executed', 'one signature of one person is taken, and is not two');
});

test('第三十九条三款: a live record whose other verified copies are missing holds its medium; migrated, verified by another, it lets it go', (t) => {
  const content = (more: Partial<MediumContent> = {}): MediumContent => ({ record: 'R1', state: 'filed', purpose: 'keep', vault: true, carriers: [], ...more });
  t.deepEqual(stranded(policy, [content(), content({ record: 'R2', carriers: ['C2'] }), content({ record: 'R3', state: 'destroyed' }), content({ record: 'R4', state: 'pending_destruction' }), content({ record: 'R5', purpose: 'use' }), content({ record: 'R6', purpose: 'use', vault: false })]), ['R1', 'R6']);
  t.deepEqual(stranded({ guard: { ...policy.guard, vaultCounts: true } }, [content()]), []);
  t.is(codeOf(() => { requireNothingStranded(policy, { id: 'C1', no: 'ZT3-1' }, ['R1', 'R2', 'R3'].map((record) => content({ record }))); }), 'E_DESTROY_MEDIUM_HAS_LIVE_RECORDS');
  const planned = planMigration({ id: 'M', no: 'QY', from: 'C1', to: 'C2', records: ['R1'], risk: '到期换盘', plannedBy: who('A') }).next;
  const file = { record: 'R1', file: 'F1', bytes: 3, before: 'aa', after: 'aa', rejected: false };
  const done = performMigration(planned, { holder: who('A'), at: AT, tool: 't' }, [file]).next;
  const expected = new Map([['R1', ['F1']]]);
  const verify = (files: readonly (typeof file)[], extra = 0, by = who('B')) => codeOf(() => verifyMigration(done, { holder: by, at: AT }, files, reportOf(['R1'], files, expected, extra)));
  t.is(verify([file]), null);
  t.is(verify([file], 0, who('A2', 'T-A')), 'E_SOD_CONFLICT');
  t.is(verify([{ ...file, after: 'bb' }]), 'E_MIGRATION_POSTCHECK_FAILED');
  t.is(verify([]), 'E_MIGRATION_POSTCHECK_FAILED');
  t.is(verify([{ ...file, rejected: true }]), 'E_MIGRATION_POSTCHECK_FAILED');
  t.is(verify([file], 1), 'E_MIGRATION_POSTCHECK_FAILED', 'something on the carrier that nobody put there');
  t.is(codeOf(() => verifyMigration(planned, { holder: who('B'), at: AT }, [file], reportOf(['R1'], [file], expected, 0))), 'E_STATE_INVALID');
});

interface Drive { readonly name?: string; readonly serial?: string; readonly verified?: boolean; readonly status?: string; readonly errors?: number; readonly written?: number; readonly size?: number; readonly summary?: boolean; readonly hidden?: string; readonly option?: string }
/** A log as nwipe 0.3x writes it. */
function nwipe(drives: readonly Drive[]): string {
  const stamp = '[2026/11/20 10:00:00]';
  const lines: string[] = [];
  for (const { name = 'sdb', serial = 'WD-ABC123', verified = true, size = 524_288_000, written = 524_288_000, hidden } of drives) {
    lines.push(`${stamp}  notice: Found /dev/${name},  ATA, WDC WD1600AAJS-2,  160 GB, S/N=${serial}`, ...(hidden === undefined ? [] : [`${stamp} warning: ${hidden} on /dev/${name}`]), `${stamp}  notice: /dev/${name} has serial number ${serial}`,
      `${stamp}  notice: /dev/${name}, sect/blk/dev 512/4096/${String(size)}`, `${stamp}  notice: Invoking method 'PRNG Stream' on /dev/${name}`, `${stamp}  notice: Starting pass 1/1, round 1/1, on /dev/${name}`,
      `${stamp}  notice: ${String(written)} bytes written to /dev/${name}`, ...(verified ? [`${stamp}  notice: Verifying pass 1 of 1, round 1 of 1, on /dev/${name}`, `${stamp}  notice: Verified pass 1 of 1, round 1 of 1, on '/dev/${name}'.`] : []), `${stamp}  notice: Finished final round 1 of 1 on /dev/${name}`);
  }
  if (drives.every(({ summary }) => summary !== false)) {
    lines.push('', '******************************** Error Summary *********************************', '!   Device | Pass Errors | Verifications Errors | Fdatasync I\\O Errors', '-'.repeat(80), ...drives.map(({ name = 'sdb', errors = 0 }) => `  ${name.padStart(8)} |  ${String(errors).padStart(10)} |           ${'0'.padStart(10)} |           ${'0'.padStart(10)}`), '*'.repeat(80), '',
      '********************************* Drive Status *********************************', '!   Device | Status | Thru-put | HH:MM:SS | Model/Serial Number', '-'.repeat(80), ...drives.map(({ name = 'sdb', serial = 'WD-ABC123', status = ' Erased ' }) => `${status === ' Erased ' ? ' ' : '!'} ${name.padStart(8)} |${status}| 120 MB/s | 00:12:01 | WDC WD1600AAJS-2/${serial}`), '-'.repeat(80),
      `${stamp} Total Throughput 120 MB/s, PRNG Stream, 1R+B+${drives[0]?.option ?? 'VL'}`, '*'.repeat(80), '');
  }
  return lines.join('\n');
}
const LOGS: readonly (readonly [string, Drive, string, readonly string[]])[] = [
  ['verified to the last byte', {}, 'verified', []], ['not read back', { verified: false, option: 'NV' }, 'reported', ['not_verified']], ['short of the capacity', { written: 1000 }, 'reported', ['short']],
  ['hidden area not known', { hidden: 'HIDDEN AREA INDETERMINATE!' }, 'reported', ['hidden_unknown']], ['hidden sectors', { hidden: 'HIDDEN SECTORS DETECTED!' }, 'unknown', ['hidden_sectors']],
  ['failed', { status: '-FAILED-', errors: 3 }, 'unknown', ['failed', 'errors']], ['aborted', { status: 'UABORTED' }, 'unknown', ['aborted']], ['cut before its summary', { summary: false }, 'unknown', ['no_summary']], ['anonymised with -q', { serial: '???????????????' }, 'unknown', ['no_serial']],
];
for (const [what, drive, rating, doubts] of LOGS) {
  test(`domain/08 §7: an nwipe log of a drive ${what} is rated ${rating}`, (t) => {
    const [one] = readNwipeLog(nwipe([drive]));
    t.is(one?.rating, rating as 'verified');
    t.deepEqual(one?.doubts, doubts as never);
    if (rating === 'verified') t.like(one, { device: 'sdb', serial: 'WD-ABC123', method: 'PRNG Stream', model: 'WDC WD1600AAJS-2' });
  });
}

test('domain/08 §7: drives of one log are told apart by serial number; the same serial twice, and the older log without one, are not believed', (t) => {
  t.deepEqual(readNwipeLog(nwipe([{}, { name: 'sdc', serial: 'ZX 677-888', verified: false }])).map(({ serial, rating }) => [plainSerial(serial), rating]), [['WDABC123', 'verified'], ['ZX677888', 'reported']]);
  t.deepEqual(readNwipeLog(nwipe([{}, { name: 'sdc' }])).map(({ rating, doubts }) => [rating, doubts]), [['unknown', ['ambiguous']], ['unknown', ['ambiguous']]]);
  t.is(readNwipeLog(nwipe([{}]) + nwipe([{}]))[0]?.rating, 'unknown', 'two runs in one file');
  const old = "[2016/08/18 15:41:48] nwipe: info: Device '/dev/sdb' is size 600127266816.\n[2016/08/18 15:41:48] nwipe: notice: Invoking method 'PRNG Stream' on device '/dev/sdb'.\n[2016/08/18 17:02:30] nwipe: notice: 600127266816 bytes written to device '/dev/sdb'.\n";
  t.like(readNwipeLog(old)[0], { device: 'sdb', rating: 'unknown' });
  t.deepEqual(readNwipeLog('今日无事'), []);
  fc.assert(fc.property(fc.integer({ min: 0, max: 2000 }), (cut) => readNwipeLog(nwipe([{}]).slice(0, cut)).every(({ rating }) => rating !== 'verified' || cut >= nwipe([{}]).indexOf('Erased'))));
});
