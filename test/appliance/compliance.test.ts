import test from 'ava';
import { complianceReport, titleOf } from '../../appliance/compliance/report.js';
import { checkedFile, checkItem, counted } from '../../appliance/compliance/checklist.js';
import { guardEntering } from '../../appliance/compliance/entering.js';
import type { Facts } from '../../appliance/compliance/facts.js';
import { PROBES } from '../../appliance/compliance/probes.js';
import { loadPolicies } from '../../appliance/policies.js';
import { accreditedUntil } from '../../appliance/store/repositories/compliance.js';
import { route } from '../../appliance/server/route.js';
import type { ServerCall } from '../../appliance/server/route.js';
import { NoInput } from '../../policies/schemas/session.js';
import { openTestBox, upload } from '../helpers/box.js';
import type { Client } from '../helpers/box.js';
import { smallPdf } from '../helpers/office.js';

const NOW = '2026-11-23T08:00:00.000Z';
const policies = loadPolicies();
const file = policies.content('compliance.json');
const ok = { at: '2026-11-20T00:00:00.000Z', ok: true, seq: 10 };

/** A box on which everything that can be shown is in order. */
const GOOD: Facts = {
  now: NOW, today: '2026-11-23', systemLevel: 3, rehearsal: false, unit: true,
  accreditation: { assessOrg: '某测评中心', reportNo: 'CP-2026-1', approvalNo: '昆保审〔2026〕1号', validTo: '2028-01-01' },
  tables: { schemes: 1, scheduleItems: 40, scopeItems: 10, approvalNo: '昆档审〔2026〕5号' },
  access: { rows: 200, inspectorWrites: 0, unboundReads: 0, unboundWrites: 0, conflicts: 20 },
  duties: { sysadmin: 1, secadmin: 1, auditadmin: 1, archivist: 1, custodian: 1 }, conflictsFound: 0,
  grants: { live: 12, overdue: 0, unreasoned: 0, openEndedOffices: 0, ofDisabled: 0 },
  accounts: { active: 12, withoutCertificate: 0, expiredCertificates: 0, sharedTokens: 0, passwordOverdue: 0, unused: 0, guessable: 0, sessionsOfDisabled: 0 },
  cleared: { people: 6, withoutCategory: 0, withoutCommitment: 0, lapsed: 0 }, personnel: { registered: 6, unregistered: 0, untrained: 0 }, terminals: { registered: 3, required: true },
  pack: { minLength: 8, maxAgeDays: 30, maxFailures: 5, idleMinutes: 10, absoluteMinutes: 240, tokenRequired: true },
  ledger: { size: 100, actions: 20, incomplete: 0, verified: ok, fsck: ok, selfTest: ok, checkpoint: { size: 99, at: '2026-11-23T07:30:00.000Z' } },
  rest: { rows: 50, plainRows: 0, objects: 10, plainObjects: 0, secureDelete: true },
  keys: { unlocked: true, epoch: 2, epochMadeAt: '2026-05-01T00:00:00.000Z', holders: 3, threshold: 2, openCeremonies: 0, ceremonies: 2, orders: 0 },
  selfTest: { passed: true, tests: 16, wiping: true }, tls: { minVersion: 'TLSv1.3', until: '2036-01-01T00:00:00.000Z', national: true }, inputs: { routes: 60, unchecked: 0 },
  records: { filed: 20, stateWrong: 0, overdueFiling: 0, overdueTransfer: 0, withoutDigest: 0, unarranged: 0, badFiles: 0, gaps: 0, uninspected: 0, aboveSystem: 0, virusLibraryOn: '2026-11-20' },
  marks: { secrets: 5, unmarked: 0, unscoped: 0, overdueTerms: 0, withoutWrittenRecord: 0, authorities: 1, expiredAuthorities: 0, binding: { faults: 0, finishedAt: NOW }, readAbove: 4, knowledge: 4 },
  reads: { count: 9, untraced: 0 }, approvals: { done: 3, unsigned: 0 }, alarms: { open: 0, rules: 8 }, backup: ok, drill: ok, policies: { listed: 6, changed: 0 },
};

type Broken = { readonly [name: string]: readonly Partial<Facts>[] };
const old = { ...ok, at: '2024-01-01T00:00:00.000Z' };
const part = <K extends keyof Facts>(key: K, change: Partial<Facts[K] & object>): Partial<Facts> => ({ [key]: { ...(GOOD[key] as object), ...change } });
/** For every probe, ways to break the very thing that it looks at. */
const BROKEN: Broken = {
  'inspector-read-only': [part('access', { inspectorWrites: 1 })],
  'archivists-appointed': [{ duties: { ...GOOD.duties, archivist: 0 } }, { duties: { ...GOOD.duties, custodian: 0 } }],
  training: [{ personnel: null }, part('personnel', { untrained: 2 })],
  'three-officers': [{ duties: { ...GOOD.duties, auditadmin: 0 } }, { duties: {} }],
  'no-conflicts': [{ conflictsFound: 1 }, part('access', { conflicts: 0 })],
  'unique-identities': [part('accounts', { sharedTokens: 1 }), part('accounts', { withoutCertificate: 1 })],
  'sm2-identities': [part('accounts', { expiredCertificates: 1 })],
  'two-factors': [part('pack', { tokenRequired: false }), part('accounts', { withoutCertificate: 1 })],
  'password-pack': [{ rehearsal: true }, part('accounts', { passwordOverdue: 1 })],
  'session-limits': [part('pack', { idleMinutes: 60 }), part('pack', { maxFailures: 50 })],
  'grants-reasoned': [part('grants', { overdue: 1 }), part('grants', { unreasoned: 1 })],
  'default-accounts': [part('accounts', { guessable: 1 })], 'unused-accounts': [part('accounts', { unused: 1 })],
  'leavers-ended': [part('grants', { ofDisabled: 1 }), part('accounts', { sessionsOfDisabled: 1 })],
  'cleared-entered': [part('cleared', { withoutCategory: 1 }), part('cleared', { lapsed: 1 })], commitments: [part('cleared', { withoutCommitment: 1 })],
  'personnel-reviewed': [{ personnel: null }, part('personnel', { unregistered: 1 })],
  terminals: [{ terminals: null }, part('terminals', { registered: 0 }), part('terminals', { required: false })],
  'access-policy': [part('access', { rows: 0 })], 'access-bound': [part('access', { unboundReads: 1 })], 'labels-enforced': [part('access', { unboundWrites: 1 })],
  accreditation: [{ accreditation: null }, part('accreditation', { validTo: '2026-01-01' }), { systemLevel: 1 }],
  'system-level-set': [{ systemLevel: 1 }, { rehearsal: true }],
  'tls-only': [part('tls', { minVersion: 'TLSv1.2' }), part('tls', { until: '2020-01-01T00:00:00.000Z' })], 'national-tls': [part('tls', { national: false })],
  'inputs-checked': [part('inputs', { unchecked: 1 })], 'keys-wiped': [part('selfTest', { wiping: false })], 'self-test': [part('selfTest', { passed: false })],
  'secure-delete': [part('rest', { secureDelete: false })], 'encrypted-at-rest': [part('rest', { plainRows: 1 }), part('rest', { plainObjects: 1 }), part('rest', { rows: 0, objects: 0 })],
  'audit-coverage': [part('ledger', { size: 0 })], 'audit-fields': [part('ledger', { incomplete: 1 })],
  'audit-chain': [part('ledger', { verified: null }), part('ledger', { verified: { ...ok, ok: false } }), part('ledger', { verified: old })],
  checkpoints: [part('ledger', { checkpoint: null }), part('ledger', { checkpoint: { size: 1, at: '2026-11-01T00:00:00.000Z' } })],
  'fixity-check': [part('ledger', { fsck: null }), part('ledger', { fsck: { ...ok, ok: false } }), part('ledger', { fsck: old })],
  'key-custody': [part('keys', { ceremonies: 0 }), part('keys', { holders: 2 }), part('keys', { epochMadeAt: '2020-01-01T00:00:00.000Z' }), part('keys', { epochMadeAt: null }), part('keys', { openCeremonies: 1 }), part('keys', { orders: 1 })],
  'policy-integrity': [{ policies: null }, { policies: { listed: 6, changed: 1 } }], 'signatures-kept': [part('approvals', { unsigned: 1 })],
  alarms: [{ alarms: null }, part('alarms', { rules: 0 }), part('alarms', { open: 1 })],
  'virus-library': [part('records', { virusLibraryOn: null }), part('records', { virusLibraryOn: '2026-10-10' }), part('records', { virusLibraryOn: '2026-01-01' })],
  backups: [{ backup: null }, { backup: old }], 'restore-drill': [{ drill: null }, { drill: { ...ok, ok: false } }],
  'three-schedules': [part('tables', { scheduleItems: 0 }), part('tables', { approvalNo: null })],
  'filed-state': [part('records', { stateWrong: 1 }), part('records', { filed: 0 })], 'formats-judged': [part('records', { badFiles: 1 })], 'metadata-linked': [part('records', { withoutDigest: 1 })],
  'arranged-complete': [part('records', { unarranged: 1 })], 'filing-deadline': [part('records', { overdueFiling: 1 })], 'transfer-deadline': [part('records', { overdueTransfer: 1 })],
  'four-properties': [part('records', { uninspected: 1 })], 'codes-continuous': [part('records', { gaps: 1 })], 'levels-within-system': [part('records', { aboveSystem: 1 })],
  'marks-bound': [part('marks', { unmarked: 1 }), part('marks', { binding: { faults: 1, finishedAt: NOW } }), part('marks', { binding: null })],
  'scopes-set': [part('marks', { unscoped: 1 }), part('marks', { secrets: 0 })], 'terms-handled': [part('marks', { overdueTerms: 1 })], 'written-records': [part('marks', { withoutWrittenRecord: 1 })],
  'class-authorities': [part('marks', { authorities: 0 }), part('marks', { expiredAuthorities: 1 })],
  'knowledge-log': [part('marks', { knowledge: null }), part('marks', { knowledge: 3 }), part('marks', { readAbove: 0 })],
  'reads-traced': [part('reads', { count: 0 }), part('reads', { untraced: 1 })],
};
/** What this box cannot fully show by itself: never 符合, whatever the facts. */
const AT_MOST_PARTLY = new Set(['self-test']);

test('domain/07 §10: at least 80 items, of the sources and numbers asked for, each with a source and a way to be shown', (t) => {
  const of = (source: string): number => file.items.filter((one) => one.source === source).length;
  t.true(file.items.length >= 80);
  t.true(of('measures') >= 20 && of('law') + of('regulation') >= 20 && of('mlps') >= 24);
  t.deepEqual([of('crypto'), of('classified')], [8, 8]);
  t.true(file.items.filter(({ source }) => source === 'classified').every(({ confidence, conclusion }) => confidence === 'K' && conclusion === 'assessment'));
  t.is(checkedFile(file), file);
  for (const { code, article, source } of file.items) t.regex(article, { measures: /^办法第/u, law: /^保密法\(2024\)第/u, regulation: /^保密法实施条例\(2024\)第/u, mlps: /^GB\/T 22239-2019/u, crypto: /^GB\/T 39786-2021 8\.4 [a-h]$/u, classified: /^分级保护通识$/u }[source], code);
  const used = new Set(file.items.map(({ evidence }) => evidence));
  t.deepEqual(Object.keys(PROBES).filter((name) => !used.has(name)), [], 'no probe without an item');
  t.throws(() => checkedFile({ ...file, items: [{ ...file.items[0] ?? t.fail() as never, evidence: 'no-such-probe' }] }), { code: 'E_POLICY_INVALID' } as never);
});

test('every probe says 符合 of a box in order, and stops saying so when the thing is broken', (t) => {
  t.deepEqual(Object.keys(BROKEN).sort(), Object.keys(PROBES).sort(), 'a new probe needs its ways to break');
  for (const [name, probe] of Object.entries(PROBES)) {
    t.is(probe(GOOD, file.recent).status, AT_MOST_PARTLY.has(name) ? 'partly' : 'met', name);
    for (const change of BROKEN[name] ?? []) {
      const found = probe({ ...GOOD, ...change }, file.recent);
      t.not(found.status, 'met', `${name} ${JSON.stringify(change)}`);
      t.not(found.note, '', name);
      if (AT_MOST_PARTLY.has(name)) t.is(found.status, 'pending', name);
    }
  }
});

test('分级保护: the box concludes nothing, whatever it sees; a manual item is 待核查 without an entry and after its time', (t) => {
  const [item] = file.items.filter(({ source, evidence }) => source === 'classified' && evidence !== 'manual');
  const found = checkItem(file, item ?? t.fail() as never, GOOD, undefined);
  t.is(found.status, 'pending');
  t.regex(found.note, /^按测评意见/u);
  const manual = file.items.find(({ evidence, conclusion }) => evidence === 'manual' && conclusion === undefined) ?? t.fail() as never;
  const entry = { id: 'x', code: manual.code, status: 'met' as const, checkedOn: '2026-11-01', enteredBy: 'p', enteredAt: NOW, account: 'zhoumin', evidenceRef: '检查记录 3 号', note: '现场核查', signature: {} as never, certificate: '' };
  t.is(checkItem(file, manual, GOOD, undefined).status, 'pending');
  t.like(checkItem(file, manual, GOOD, entry), { status: 'met', checkedBy: 'zhoumin', evidenceRef: '检查记录 3 号' });
  t.is(checkItem(file, manual, GOOD, { ...entry, checkedOn: '2025-01-01' }).status, 'pending');
});

interface Row { readonly code: string; readonly evidence: Readonly<Record<string, string | number | null>>; readonly evidenceRef: string; readonly status: string; readonly note: string; readonly checkedBy: string }
interface Listed { readonly counts: { readonly total: number; readonly met: number }; readonly rows: readonly (Row & { readonly evidenceRef: string })[]; readonly accredited: boolean; readonly declaration: string; readonly bySource: readonly { readonly total: number }[] }
interface Code { readonly code?: string }
const listed = async (client: Client, query = {}) => (await client.get<Listed>('compliance.list', query)).body;

test('合规清单 on a running box: computed from what is there, follows what is broken, signed by hand where it cannot be computed', async (t) => {
  const box = await openTestBox(t);
  const [secadmin, officer, auditor, archivist] = [await box.as('chenlixin'), await box.as('zhoumin'), await box.as('hejingyi'), await box.as('zhaoxiaolan')];
  const { box: it } = box.running;
  const { body: { batch } } = await archivist.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' });
  t.is((await upload(archivist, batch, '试件.pdf', await smallPdf('compliance'))).status, 200);
  t.is((await archivist.get<Code>('compliance.list')).body.code, 'E_DENIED');
  t.is((await auditor.post('audit.verify')).status, 200);
  const first = await listed(secadmin);
  t.is(first.counts.total, file.items.length);
  t.is(first.bySource.reduce((sum, { total }) => sum + total, 0), file.items.length);
  t.is(first.declaration, '一体机软件为安全功能载体，是否可用于处理国家秘密取决于其所在系统是否通过保密行政管理部门审查；软件本身不替代测评审查。');
  const statusOf = async (evidence: string) => (await listed(secadmin)).rows.find(({ evidenceRef }) => evidenceRef === evidence)?.status;
  for (const evidence of ['three-officers', 'no-conflicts', 'encrypted-at-rest', 'audit-chain', 'labels-enforced', 'tls-only', 'inputs-checked', 'keys-wiped', 'unique-identities']) t.is(await statusOf(evidence), 'met', evidence);
  for (const evidence of ['backups', 'restore-drill']) t.is(await statusOf(evidence), 'pending', `${evidence}: what was never done is not claimed`);

  // Broken for real, one after the other.
  const breaks: readonly (readonly [string, string, string])[] = [
    ['encrypted-at-rest', "UPDATE capture_batch SET sealed = CAST('{\"note\":\"plain\"}' AS BLOB)", 'partly'],
    ['commitments', "UPDATE person SET commitment_no = NULL WHERE account = 'zhoumin'", 'partly'],
    ['three-officers', "UPDATE person SET status = 'disabled' WHERE account = 'sunhao'", 'partly'],
    ['leavers-ended', "UPDATE person SET status = 'disabled' WHERE account = 'sunhao'", 'partly'],
  ];
  for (const [evidence, statement, wanted] of breaks) {
    const before = await statusOf(evidence);
    await it.store.housekeep(async (sql) => sql.run(statement));
    const now = await statusOf(evidence);
    t.is(now, wanted, `${evidence}, ${String(before)} before`);
  }

  const entry = { code: 'BF-02', status: 'met', evidenceRef: '三要素核验单 2026-01', note: '抽查 20 件，三要素齐全', checkedOn: it.clock.today() };
  const ready = await officer.post<{ statement: string; code?: string }>('compliance.preview', entry);
  t.is(ready.status, 200, JSON.stringify(ready.body));
  t.is((await officer.post<Code>('compliance.enter', { ...entry, note: '改过的说明', signature: officer.sign(ready.body.statement) })).body.code, 'E_SIGNATURE_INVALID');
  t.is((await officer.post<Code>('compliance.enter', { ...entry, signature: secadmin.sign(ready.body.statement) })).body.code, 'E_SIGNATURE_INVALID');
  t.is((await officer.post('compliance.enter', { ...entry, signature: officer.sign(ready.body.statement) })).status, 200);
  t.like((await listed(secadmin, { kind: 'manual', status: 'met' })).rows[0], { code: 'BF-02', note: '抽查 20 件，三要素齐全', checkedBy: 'zhoumin' });
  t.is((await officer.post<Code>('compliance.preview', { ...entry, code: 'BF-01' })).body.code, 'E_INPUT_INVALID', 'what the box computes nobody overrides');
  t.is((await officer.post<Code>('compliance.preview', { ...entry, code: 'FB-01' })).body.code, 'E_INPUT_INVALID', '分保只能按测评意见');
  t.is((await officer.post<Code>('compliance.preview', { ...entry, code: 'ZZ-99' })).body.code, 'E_NOT_FOUND');
  t.is((await officer.post<Code>('compliance.preview', { ...entry, checkedOn: '2999-01-01' })).body.code, 'E_INPUT_INVALID');
});

test('实施条例第三十三条: without registered 系统审查 the report says so and a real box takes no state secret in; the head\'s signature registers it', async (t) => {
  const box = await openTestBox(t);
  const [secadmin, head] = [await box.as('chenlixin'), await box.as('wangzhenhua')];
  const { box: it, services } = box.running;
  const real = { ...it, profile: { ...it.profile, rehearsal: false } };
  const done = route({ method: 'POST', summary: '', input: NoInput, errors: [], handle: async () => Promise.resolve('taken') });
  t.is((await secadmin.get<{ accredited: boolean }>('session.current')).body.accredited, true, '演练环境不提示');
  t.false(await accreditedUntil(it.reader, it.clock.today()));
  const routes = guardEntering({ 'capture.open': done, 'classification.propose': done, 'record.amend': done }, real, services.compliance);
  const at = (currentLevel: number): ServerCall => ({ ...it.systemCall('capture.open'), session: { currentLevel } } as unknown as ServerCall);
  const ask = async (act: string, level: number, input: unknown = {}) => routes[act]?.handle(at(level), input as never, undefined as never);
  await t.throwsAsync(ask('capture.open', 2), { code: 'E_ACCREDITATION_REQUIRED' } as never);
  await t.throwsAsync(ask('classification.propose', 1, { draft: { level: 3 } }), { code: 'E_ACCREDITATION_REQUIRED' } as never, 'what is proposed counts, not the session');
  t.is(await ask('capture.open', 1), 'taken', '公开、内部件照常');
  t.is(await ask('classification.propose', 3, { draft: { level: 1 } }), 'taken');
  t.is(await ask('record.amend', 3), 'taken', 'what is held already is still worked on');
  t.is(await guardEntering({ 'capture.open': done }, it, services.compliance)['capture.open']?.handle(at(3), {} as never, undefined as never), 'taken', '演练豁免');

  const officer = await box.as('zhoumin');
  const before = await officer.post<{ title: string; report: string; code?: string }>('report.create', { kind: 'R17' });
  t.is(before.status, 200, JSON.stringify(before.body));
  t.is(before.body.title, '合规清单报告（未取得系统审查）');
  const json = JSON.parse((await officer.get('report.read', { report: before.body.report, format: 'json' })).bytes.toString('utf8')) as { sections: readonly { items?: readonly { value: string }[]; rows?: readonly unknown[] }[] };
  t.is(json.sections[0]?.items?.[0]?.value, file.declaration, 'the fixed words stand on the cover');
  t.is(json.sections[2]?.rows?.length, file.items.length);
  t.is((await officer.get('report.read', { report: before.body.report, format: 'pdf' })).bytes.subarray(0, 5).toString(), '%PDF-');
  t.is((await (await box.as('zhaoxiaolan')).post<Code>('report.create', { kind: 'R17' })).body.code, 'E_DENIED');

  t.is((await secadmin.post<Code>('accreditation.register', { assessOrg: '某测评中心', reportNo: 'CP-1', approvalNo: '保审1号', validTo: '2020-01-01' })).body.code, 'E_INPUT_INVALID');
  const asked = await secadmin.post<{ approval: string; code?: string }>('accreditation.register', { assessOrg: '某测评中心', reportNo: 'CP-2026-1', approvalNo: '昆保审〔2026〕1号', validTo: '2030-01-01' });
  t.is(asked.status, 200, JSON.stringify(asked.body));
  await t.throwsAsync(ask('capture.open', 2), { code: 'E_ACCREDITATION_REQUIRED' } as never, 'asking alone changes nothing');
  const ready = await head.post<{ statement: string; version: number }>('approval.preview', { approval: asked.body.approval, verdict: 'grant', opinion: '情况属实' });
  t.is((await head.post<{ state: string }>('approval.sign', { approval: asked.body.approval, opinion: '情况属实', signature: head.sign(ready.body.statement), seenVersion: ready.body.version })).body.state, 'done');
  t.is(await ask('capture.open', 2), 'taken');
  t.deepEqual([await accreditedUntil(it.reader, '2030-01-01'), await accreditedUntil(it.reader, '2030-01-02')], [true, false]);
  t.true((await listed(secadmin)).accredited);
  t.is((await officer.post<{ title: string }>('report.create', { kind: 'R17' })).body.title, '合规清单报告');
});

test('R17: coverage adds up, and the title follows 系统审查', (t) => {
  const planned = policies.content('reports.json').reports.find(({ kind }) => kind === 'R17') ?? t.fail() as never;
  const items = file.items.map((item) => checkItem(file, item, GOOD, undefined));
  const report = complianceReport(planned, file, GOOD, items, { level: 1, mark: '内部', titles: true, lowered: false });
  const coverage = report.sections.find((one) => one.type === 'table' && one.key === 'coverage');
  const sum = (key: string): number => (coverage?.type === 'table' ? coverage.rows.reduce((total, row) => total + Number(row[key]), 0) : 0);
  t.deepEqual([sum('total'), sum('met'), sum('partly'), sum('na'), sum('pending')], Object.values(counted(items)));
  t.is(titleOf(planned, GOOD), '合规清单报告');
  t.is(titleOf(planned, { ...GOOD, accreditation: null }), '合规清单报告（未取得系统审查）');
  t.is(titleOf(planned, { ...GOOD, accreditation: null, systemLevel: 1 }), '合规清单报告', '非涉密系统无须审查');
});
