import type { Instant } from '../../core/ports.js';
import type { Duty, PasswordsFile } from '../../policies/schemas/secrecy.js';
import type { PlannedReport, ReportRow } from '../../policies/schemas/report.js';
import type { Conflict } from '../../secrecy/duties.js';
import { levelName } from '../../secrecy/level.js';
import { grantConflicts, naturalPersons } from '../../secrecy/separation.js';
import type { HeldGrant, Holder } from '../../secrecy/separation.js';
import { inForce } from '../../secrecy/subject.js';
import { parseCertificate } from '../crypto/certificate.js';
import type { Department, Grant, Person } from '../store/repositories/people.js';
import { localDay, localTime, tableSection } from './document.js';
import type { ReportContent, ReportStanding } from './document.js';

export interface PolicyDigest { readonly file: string; readonly version: string; readonly sm3: string }

export interface UserRoleFacts {
  readonly at: Instant;
  readonly today: string;
  readonly persons: readonly Person[];
  readonly grants: readonly Grant[];
  readonly departments: readonly Department[];
  readonly duties: ReadonlyMap<string, { readonly name: string; readonly kind: string }>;
  readonly conflicts: readonly Conflict[];
  /** Fonds the box keeps. */
  readonly fonds: readonly string[];
  readonly pack: PasswordsFile['packs'][number];
  /** Rehearsal passwords are published and do not age. */
  readonly passwordsAge: boolean;
  readonly policies: readonly PolicyDigest[];
  /** The same of the last list, where there was one. */
  readonly before: readonly PolicyDigest[] | null;
}

const CATEGORY = { core: '核心', important: '重要', general: '一般' } as const;
const DAY_MS = 86_400_000;

/** R11 用户、三员与权限清单: everybody with an account, and on the last page what the separation rules say of them. */
export function userRoleReport(planned: PlannedReport, facts: UserRoleFacts, standing: ReportStanding): ReportContent {
  const persons = [...facts.persons].sort((a, b) => (a.account < b.account ? -1 : 1));
  const held = facts.grants.filter((grant) => grant.revokedAt === null).map((grant): HeldGrant & { readonly id: string } => ({
    id: grant.id, person: grant.person, duty: grant.duty as Duty, fonds: grant.fonds, from: grant.validFrom, until: grant.validUntil,
  }));
  const live = inForce(held, facts.at);
  const [conflicts, overdue, orphans] = [conflictRows(facts, persons, live), overdueRows(facts, persons, held), orphanRows(facts, persons, live)];
  const found = conflicts.length + overdue.length + orphans.length;
  const officers = ['sysadmin', 'secadmin', 'auditadmin'].map((duty) => ({ duty, count: new Set(live.filter((grant) => grant.duty === duty).map(({ person }) => person)).size }));
  return {
    filters: [{ label: '范围', value: '全部账号' }, { label: '时点', value: localTime(facts.at) }],
    conclusion: conflicts.length > 0 ? { text: `互斥校验不通过：${String(conflicts.length)} 处`, tone: 'bad' }
      : found > 0 ? { text: `互斥校验通过；另有 ${String(found)} 项待处理`, tone: 'warn' } : { text: '互斥校验通过，无超期账号、无孤立权限', tone: 'good' },
    sections: [
      {
        type: 'facts', heading: '概况', items: [
          { label: '账号总数', value: String(persons.length) },
          { label: '在用', value: String(persons.filter(({ status }) => status === 'active').length) },
          { label: '停用', value: String(persons.filter(({ status }) => status === 'disabled').length) },
          ...officers.map(({ duty, count }) => ({ label: dutyName(facts, duty), value: `${String(count)} 人` })),
          { label: '有效授权', value: String(live.length) },
          { label: '互斥规则', value: `${String(facts.conflicts.filter(({ scope }) => scope === 'global').length)} 条全局，${String(facts.conflicts.filter(({ scope }) => scope === 'matter').length)} 条同一事项` },
        ],
      },
      tableSection(planned, 'persons', persons.map((person, index) => personRow(facts, person, live, index + 1)), standing),
      tableSection(planned, 'conflicts', conflicts, standing, '校验通过：没有同时担任互斥岗位的人员'),
      tableSection(planned, 'overdue', overdue, standing, '没有超期账号和超期授权'),
      tableSection(planned, 'orphans', orphans, standing, '没有孤立权限'),
      tableSection(planned, 'policies', facts.policies.map((one) => ({ file: one.file, version: one.version, sm3: one.sm3, change: changeOf(facts.before, one) })), standing),
    ],
  };
}

const dutyName = (facts: UserRoleFacts, duty: string): string => facts.duties.get(duty)?.name ?? duty;

function personRow(facts: UserRoleFacts, person: Person, live: readonly HeldGrant[], no: number): ReportRow {
  const own = live.filter((grant) => grant.person === person.id);
  const ends = own.flatMap(({ until }) => (until === null ? [] : [until])).sort();
  const locked = person.lockedUntil !== null && facts.at < person.lockedUntil;
  return {
    no, account: person.account, name: person.name, dept: facts.departments.find(({ id }) => id === person.department)?.name ?? person.department,
    clearanceCategory: person.clearanceCategory === null ? null : CATEGORY[person.clearanceCategory], clearanceLevel: levelName(person.clearance),
    clearanceUntil: person.clearanceUntil, certSerial: person.certificateSerial,
    roles: own.map(({ duty }) => dutyName(facts, duty)).join('、') || null, scope: [...new Set(own.map(({ fonds }) => (fonds === '*' ? '全部' : fonds)))].join('、') || null,
    createdOn: localDay(person.createdAt), expiresOn: ends[0] === undefined ? (own.length > 0 ? '长期' : null) : localDay(ends[0]),
    lastLoginOn: person.lastSignIn === null ? null : localDay(person.lastSignIn), passwordAgeDays: person.passwordAt === null ? null : ageDays(facts.at, person.passwordAt),
    lockStatus: person.status === 'disabled' ? '停用' : person.status === 'pending' ? '待启用' : locked ? '锁定' : '在用', disabledReason: person.disabledReason,
  };
}

const ageDays = (now: Instant, then: Instant): number => Math.floor((Date.parse(now) - Date.parse(then)) / DAY_MS);

/** Over natural persons: two accounts of one key are one person, and each pair of grants is named once. */
function conflictRows(facts: UserRoleFacts, persons: readonly Person[], live: readonly HeldGrant[]): readonly ReportRow[] {
  const accounts: Holder[] = persons.map((person) => ({ person: person.id, tokens: person.token === null ? [] : [person.token] }));
  const natural = naturalPersons(accounts);
  const accountOf = new Map(persons.map((person) => [person.id, person.account]));
  const seen = new Map<string, ReportRow>();
  for (const [index, grant] of live.entries()) {
    for (const one of grantConflicts(facts.conflicts, accounts, live.filter((_, at) => at !== index), grant)) {
      const self = natural.get(grant.person) ?? grant.person;
      const theirs = [...new Set(live.filter((other) => (natural.get(other.person) ?? other.person) === self && (other.duty === one.a || other.duty === one.b)).map(({ person }) => accountOf.get(person) ?? person))];
      seen.set(`${self} ${one.a} ${one.b}`, { accounts: theirs.sort().join('、'), duties: `${dutyName(facts, one.a)}、${dutyName(facts, one.b)}`, reason: one.reason });
    }
  }
  return [...seen.values()].map((row, index) => ({ no: index + 1, ...row }));
}

function overdueRows(facts: UserRoleFacts, persons: readonly Person[], held: readonly HeldGrant[]): readonly ReportRow[] {
  const rows: ReportRow[] = [];
  const accountOf = new Map(persons.map((person) => [person.id, person.account]));
  for (const person of persons.filter(({ status }) => status === 'active')) {
    const add = (what: string, since: string, action: string): void => { rows.push({ account: person.account, what, since, action }); };
    if (person.clearanceUntil !== null && person.clearanceUntil < facts.today) add('涉密资格到期', person.clearanceUntil, '重新审查登记，或撤销涉密岗位');
    const until = certificateEnd(person.certificate);
    if (until === undefined) add('没有可用的证书', '', '重新签发证书，或停用账号');
    else if (until < facts.at) add('证书到期', localDay(until), '重新签发证书');
    if (facts.passwordsAge && person.passwordAt !== null && ageDays(facts.at, person.passwordAt) > facts.pack.withToken.maxAgeDays) add(`口令超过 ${String(facts.pack.withToken.maxAgeDays)} 天`, localDay(person.passwordAt), '登录时强制更换');
    if (person.lastSignIn !== null && ageDays(facts.at, person.lastSignIn) > facts.pack.unusedDays) add(`超过 ${String(facts.pack.unusedDays)} 天未登录`, localDay(person.lastSignIn), '核实后停用账号');
  }
  for (const grant of held) {
    if (grant.until !== null && grant.until < facts.at) rows.push({ account: accountOf.get(grant.person) ?? grant.person, what: `授权到期未撤销：${dutyName(facts, grant.duty)}`, since: localDay(grant.until), action: '撤销授权，或重新授予' });
  }
  return rows.map((row, index) => ({ no: index + 1, ...row }));
}

function certificateEnd(pem: string | null): Instant | undefined {
  try {
    return pem === null ? undefined : parseCertificate(pem).notAfter;
  } catch {
    return undefined;
  }
}

function orphanRows(facts: UserRoleFacts, persons: readonly Person[], live: readonly HeldGrant[]): readonly ReportRow[] {
  const byId = new Map(persons.map((person) => [person.id, person]));
  return live.flatMap((grant) => {
    const person = byId.get(grant.person);
    const why = person === undefined ? '账号不存在' : person.status === 'disabled' ? '账号已停用，授权未撤销' : person.status === 'pending' ? '账号尚未启用'
      : !facts.duties.has(grant.duty) ? '岗位不在岗位表中' : grant.fonds !== '*' && !facts.fonds.includes(grant.fonds) ? '全宗不在本机' : null;
    return why === null ? [] : [{ account: person?.account ?? grant.person, duty: dutyName(facts, grant.duty), fonds: grant.fonds === '*' ? '全部' : grant.fonds, why }];
  }).map((row, index) => ({ no: index + 1, ...row }));
}

function changeOf(before: readonly PolicyDigest[] | null, now: PolicyDigest): string {
  if (before === null) return '首份清单';
  const was = before.find(({ file }) => file === now.file);
  return was === undefined ? '新增' : was.sm3 === now.sm3 ? '未变' : `已变更（原版本 ${was.version}）`;
}
