import { readFileSync } from 'node:fs';
import test from 'ava';
import { inPackage } from '../../../appliance/package-root.js';
import { plannedReport, standing } from '../../../appliance/reports/document.js';
import { fourPropertyReport } from '../../../appliance/reports/four-property.js';
import type { FourPropertyFacts } from '../../../appliance/reports/four-property.js';
import { userRoleReport } from '../../../appliance/reports/user-role.js';
import type { UserRoleFacts } from '../../../appliance/reports/user-role.js';
import type { Grant, Person } from '../../../appliance/store/repositories/people.js';
import { readManifest } from '../../../appliance/reports/manifest.js';
import { typeface, REGULAR } from '../../../appliance/reports/typeface.js';
import type { ReportRow, ReportsPolicy } from '../../../policies/schemas/report.js';
import type { MarkingFile, PasswordsFile } from '../../../policies/schemas/secrecy.js';
import type { TestItems } from '../../../policies/schemas/test-items.js';
import type { Level } from '../../../core/ports.js';
import type { TestResult } from '../../../core/four-natures.js';

const read = <T>(name: string): T => JSON.parse(readFileSync(inPackage('policies', name), 'utf8')) as T;
const policy = read<ReportsPolicy>('reports.json');
const levels = { withoutTitlesLevel: 1, marks: read<MarkingFile>('marking.json') };

const stands = test.macro<[held: readonly (readonly [Level, string | null])[], titles: boolean, expected: readonly [level: Level, mark: string, lowered: boolean]]>({
  exec(t, held, titles, expected) {
    const at = standing(held.map(([level, mark]) => ({ level, mark })), titles, levels);
    t.deepEqual([at.level, at.mark, at.lowered], expected);
  },
  title: (given) => `报表密级: ${given ?? ''}`,
});
test('public things make a public report', stands, [[0, null]], true, [0, '公开', false]);
test('with titles the highest of what it holds', stands, [[1, '内部'], [3, '机密★20年'], [2, '秘密★10年']], true, [3, '机密★20年', false]);
test('without titles it is lowered to 内部', stands, [[3, '机密★20年']], false, [1, '内部', true]);
test('without titles nothing is raised', stands, [[0, null]], false, [0, '公开', false]);
test('two periods at one level: the report states none', stands, [[3, '机密★20年'], [3, '机密★10年']], true, [3, '机密★', false]);
test('one of the secrets is not marked yet: none is stated', stands, [[2, '秘密★10年'], [2, null]], true, [2, '秘密★', false]);
test('a mark of another level is not taken over', stands, [[3, '秘密★10年']], true, [3, '机密★', false]);

const result = (code: string, outcome: TestResult['result']): TestResult =>
  ({ code, name: '检测项', property: 'security', level: 'mandatory', objectRef: 'B1', expected: '', actual: '', result: outcome, message: '' });

function facts(results: readonly TestResult[]): FourPropertyFacts {
  return {
    run: {
      id: 'r', reportNo: '4P-filing-20261123-0001', batch: 'b', run: 1, stage: 'filing', level: 1, operator: 'p', startedAt: '2026-11-23T07:00:00.000Z', finishedAt: '2026-11-23T07:01:00.000Z',
      conclusion: 'unqualified', content: { engineVersion: '1', ruleSetVersion: '1', virusLibraryOn: null, items: 0, files: 0, bytes: 0, summary: [], results },
    },
    batch: {
      id: 'b', number: 'SJ-2026-1123-01', fonds: 'Z109', department: 'BGS', openedBy: 'p', method: 'offline_upload', offlineReason: null, level: 1, state: 'open', declared: null,
      openedAt: '2026-11-23T07:00:00.000Z', closedAt: null, version: 1,
    },
    departmentName: '办公室', fondsName: '', operator: 'a', records: [], items: read<TestItems>('test-items.json'), resultOrder: policy.resultOrder,
  };
}
const internal = standing([{ level: 1, mark: null }], false, levels);

test('DA/T 70-2018: no report is issued while an item waits for a person, and the item is named', (t) => {
  const error = t.throws(() => fourPropertyReport(plannedReport(policy, 'R08'), facts([result('GD-4-5', 'manual'), result('GD-1-1', 'pass')]), internal)) as unknown as { code: string; details: { at: string }[] };
  t.is(error.code, 'E_STATE_INVALID');
  t.deepEqual(error.details.map(({ at }) => at), ['GD-4-5']);
});

test('results stand with what failed first, then by number as people count', (t) => {
  const { sections } = fourPropertyReport(plannedReport(policy, 'R08'), facts([result('GD-1-10', 'pass'), result('GD-1-2', 'pass'), result('KM-02', 'warn'), result('GD-4-2', 'fail'), result('GD-2-1', 'skip')]), internal);
  const rules = sections.find((section) => section.type === 'table' && section.key === 'rules');
  t.deepEqual(rules?.type === 'table' ? rules.rows.map((row) => row['code']) : [], ['GD-4-2', 'KM-02', 'GD-1-2', 'GD-1-10', 'GD-2-1']);
});

const person = (account: string, change: Partial<Person> = {}): Person => ({
  id: account, account, name: '某人', position: '', department: 'BGS', status: 'active', disabledReason: null, clearance: 1, clearanceCategory: null, clearanceUntil: null, commitmentNo: null,
  certificate: null, certificateSerial: null, token: account, passwordHash: null, passwordAt: '2026-11-20T00:00:00.000Z', mustChange: false, failures: 0, lockedUntil: null, lastSignIn: null,
  createdAt: '2026-01-01T00:00:00.000Z', createdBy: 'system', version: 1, ...change,
});
const grant = (who: string, duty: string, change: Partial<Grant> = {}): Grant => ({
  id: `${who}-${duty}`, person: who, duty, fonds: '*', reason: '任命', validFrom: '2026-01-01T00:00:00.000Z', validUntil: null, grantedBy: 'system', grantedAt: '2026-01-01T00:00:00.000Z',
  revokedBy: null, revokedAt: null, ...change,
});

function listed(persons: readonly Person[], grants: readonly Grant[]): (key: string) => readonly ReportRow[] {
  const [pack] = read<PasswordsFile>('passwords.json').packs;
  if (!pack) throw new Error('no pack');
  const facts: UserRoleFacts = {
    at: '2026-11-23T07:00:00.000Z', today: '2026-11-23', persons, grants, departments: [{ id: 'BGS', fonds: 'Z109', name: '办公室' }],
    duties: new Map([['sysadmin', { name: '系统管理员', kind: 'box' }], ['auditadmin', { name: '安全审计员', kind: 'box' }], ['reader', { name: '利用者', kind: 'business' }]]),
    conflicts: [{ a: 'sysadmin', b: 'auditadmin', scope: 'global', reason: '三员不得兼任' }], fonds: ['Z109'], pack, passwordsAge: true, policies: [], before: null,
  };
  const { sections } = userRoleReport(plannedReport(policy, 'R11'), facts, standing([{ level: 1, mark: null }], true, levels));
  return (key) => sections.flatMap((section) => (section.type === 'table' && section.key === key ? section.rows : []));
}

test('实施条例第三十四条: one natural person with two accounts of one key in two offices is found, once', (t) => {
  const rows = listed([person('a', { token: 'k' }), person('b', { token: 'k' }), person('c')], [grant('a', 'sysadmin'), grant('b', 'auditadmin'), grant('c', 'auditadmin')])('conflicts');
  t.deepEqual(rows, [{ no: 1, accounts: 'a、b', duties: '系统管理员、安全审计员', reason: '三员不得兼任' }]);
});

const overdue = test.macro<[people: Partial<Person>, grants: readonly Grant[], expected: RegExp | null]>({
  exec(t, people, grants, expected) {
    const found = listed([person('a', people)], grants)('overdue').map((row) => String(row['what'])).filter((what) => what !== '没有可用的证书');
    if (expected === null) t.deepEqual(found, []);
    else t.regex(found.join('；'), expected);
  },
  title: (given) => `超期: ${given ?? ''}`,
});
test('nothing overdue', overdue, {}, [grant('a', 'reader')], null);
test('clearance past its last day', overdue, { clearanceUntil: '2026-11-22' }, [], /涉密资格到期/);
test('clearance on its last day still counts', overdue, { clearanceUntil: '2026-11-23' }, [], null);
test('a password past its age', overdue, { passwordAt: '2026-06-01T00:00:00.000Z' }, [], /口令超过 90 天/);
test('not signed in for long', overdue, { lastSignIn: '2026-06-01T00:00:00.000Z' }, [], /未登录/);
test('a grant that ended and was not revoked', overdue, {}, [grant('a', 'reader', { validUntil: '2026-11-01T00:00:00.000Z' })], /授权到期未撤销：利用者/);
test('a disabled account is not overdue', overdue, { status: 'disabled', clearanceUntil: '2020-01-01' }, [], null);

test('孤立权限: rights of an account that is off, of nobody, of an unknown duty or fonds', (t) => {
  const rows = listed([person('off', { status: 'disabled' }), person('on')], [grant('off', 'reader'), grant('gone', 'reader'), grant('on', 'wizard'), grant('on', 'reader', { fonds: 'X001' }), grant('on', 'sysadmin')])('orphans');
  t.deepEqual(rows.map((row) => row['why']), ['账号已停用，授权未撤销', '账号不存在', '岗位不在岗位表中', '全宗不在本机']);
});

test('a manifest with a line of another shape is refused at that line', (t) => {
  const head = `shouzang-report-manifest 1\nreport R08-20261123-0001\nbox SZ-1\ngenerated 2026-11-23T07:00:00.000Z\nlevel 1\ncheckpoint 3 ${'A'.repeat(43)}=\n`;
  t.is(readManifest(head).files.length, 0);
  for (const bad of [`${head}file x 1 a\n`, `${head}part ${'0'.repeat(64)} 0 1\n`, `${head}file ${'0'.repeat(64)} 1 a`, head.replace('level 1', 'level 9'), ` ${head}`]) t.throws(() => readManifest(bad), { message: 'E_INPUT_INVALID' });
});

test('避头点: no line of a cell begins with a closing mark, none is wider than its column, nothing is lost', (t) => {
  const face = typeface(REGULAR);
  for (const text of ['文件已加密或设有口令、权限限制（附件）。请由形成部门解除加密后重新提交，谢谢！', 'Z109-WS·2026·D10·BGS-0001', 'a'.repeat(80), '〔2026〕5号']) {
    for (const width of [30, 47, 60, 90]) {
      const lines = face.lines(face.safe(text), 8, width);
      t.is(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''));
      for (const line of lines) {
        t.true(face.width(line, 8) <= width + 0.001, line);
        t.notRegex(line, /^[，。、；！）]/u, line);
      }
    }
  }
});
