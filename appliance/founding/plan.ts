import { findScheme } from '../../core/arrangement.js';
import { dictionary } from '../../core/dictionary.js';
import { ArchiveError, type ErrorDetail } from '../../core/errors.js';
import type { Level } from '../../core/ports.js';
import { FoundingPlanFile } from '../../policies/schemas/founding.js';
import type { Duty } from '../../policies/schemas/secrecy.js';
import type { Conflict } from '../../secrecy/duties.js';
import { checkPassword, packFor } from '../../secrecy/password-pack.js';
import type { Policies } from '../policies.js';
import { checkFor } from '../validation.js';

/** 三员 */
export const OFFICERS = ['sysadmin', 'secadmin', 'auditadmin'] as const satisfies readonly Duty[];

/** What nobody writes down: one PIN for the key file and one first password for each account. */
export type Secrets = ReadonlyMap<string, { readonly pin: string; readonly password: string }>;

const check = checkFor(FoundingPlanFile);
const PIN_CHARACTERS = 6;
/** Printed in the manual of the rehearsal. */
const PUBLISHED = new Set(['246810', 'Yanlian#2026']);

/**
 * 初始化方案, judged whole before a key is made: the form, what the policies know, and 三员互斥.
 * @throws ArchiveError `E_INPUT_INVALID` with every place as a JSON pointer
 */
export function readPlan(value: unknown, policies: Policies, conflicts: readonly Conflict[]): FoundingPlanFile {
  const checked = check(value);
  if (!checked.ok) throw new ArchiveError('E_INPUT_INVALID', { what: 'plan' }, checked.details);
  const plan = checked.value;
  const details = [...unitFaults(plan, policies), ...peopleFaults(plan, policies, conflicts)];
  if (details.length > 0) throw new ArchiveError('E_INPUT_INVALID', { what: 'plan' }, details);
  return plan;
}

function unitFaults(plan: FoundingPlanFile, policies: Policies): ErrorDetail[] {
  const details: ErrorDetail[] = [];
  const orgTypes = dictionary(policies.content('dictionaries.json'), 'org_type').terms.map((term) => term.key);
  if (!orgTypes.includes(plan.orgType)) details.push({ at: '/orgType', message: `只能填：${orgTypes.join('、')}` });
  const profiles = policies.content('archival-codes.json').profiles.map((profile) => profile.id);
  const schemes = policies.content('schemes.json');
  plan.fonds.forEach(({ codeProfile, schemeId }, n) => {
    if (!profiles.includes(codeProfile)) details.push({ at: `/fonds/${String(n)}/codeProfile`, message: `只能填：${profiles.join('、')}` });
    if (!schemes.schemes.some((scheme) => scheme.id === schemeId)) details.push({ at: `/fonds/${String(n)}/schemeId`, message: `只能填：${schemes.schemes.map((scheme) => findScheme(schemes, scheme.id).id).join('、')}` });
  });
  details.push(...twice(plan.fonds.map((one) => one.fonds), (n) => `/fonds/${String(n)}/fonds`), ...twice(plan.departments.map((one) => one.id), (n) => `/departments/${String(n)}/id`));
  return details;
}

function peopleFaults(plan: FoundingPlanFile, policies: Policies, conflicts: readonly Conflict[]): ErrorDetail[] {
  const details: ErrorDetail[] = [...twice(plan.people.map((one) => one.account), (n) => `/people/${String(n)}/account`)];
  const known = policies.content('duties.json').duties.map((duty) => duty.key as string);
  plan.people.forEach((person, n) => {
    const at = `/people/${String(n)}`;
    if (!plan.departments.some((one) => one.id === person.department)) details.push({ at: `${at}/department`, message: '部门代码不在部门列表中，请核对' });
    if (person.clearance > plan.systemLevel) details.push({ at: `${at}/clearance`, message: '高于系统保护等级，请核对' });
    if (person.clearance >= 2 && (person.commitmentNo === undefined || person.category === undefined)) details.push({ at: `${at}/commitmentNo`, message: '涉密人员须登记类别和保密承诺书编号，请补填' });
    for (const duty of person.duties) if (!known.includes(duty)) details.push({ at: `${at}/duties`, message: `没有岗位 ${duty}，只能填：${known.join('、')}` });
    for (const { a, b, scope, reason } of conflicts) if (scope === 'global' && person.duties.includes(a) && person.duties.includes(b)) details.push({ at: `${at}/duties`, message: `${reason}，请由不同的人担任` });
  });
  plan.marking.authorities.forEach(({ account, maxLevel }, n) => {
    const at = `/marking/authorities/${String(n)}`;
    if (!plan.people.some((person) => person.account === account)) details.push({ at: `${at}/account`, message: '定密责任人须是首批人员之一，请核对账号' });
    if (maxLevel > plan.systemLevel) details.push({ at: `${at}/maxLevel`, message: '高于系统保护等级，请核对' });
  });
  for (const duty of OFFICERS) {
    const holders = plan.people.filter((person) => person.duties.includes(duty)).length;
    if (holders !== 1) details.push({ at: '/people', message: `三员须各有一人：${duty} 现有 ${String(holders)} 人` });
  }
  return details;
}

function twice(values: readonly string[], at: (n: number) => string): ErrorDetail[] {
  return values.flatMap((value, n) => (values.indexOf(value) < n ? [{ at: at(n), message: '重复，请改正' }] : []));
}

export const isOfficer = (person: FoundingPlanFile['people'][number]): boolean => OFFICERS.some((duty) => person.duties.includes(duty));

/**
 * PIN and first password of one person, by the password pack of the box's level; never the published ones of a rehearsal.
 * @throws ArchiveError `E_PASSWORD_WEAK`
 */
export function checkSecrets(policies: Policies, systemLevel: number, account: string, { pin, password }: { readonly pin: string; readonly password: string }): void {
  const pack = packFor(policies.content('passwords.json'), systemLevel as Level);
  const weak = (what: string, message: string) => new ArchiveError('E_PASSWORD_WEAK', { account, minLength: pack.withToken.minLength, minClasses: pack.withToken.minClasses }, [{ at: `${account}/${what}`, message }]);
  if ([...pin].length < PIN_CHARACTERS || new Set(pin).size < 3) throw weak('PIN', `PIN 不得少于 ${String(PIN_CHARACTERS)} 个字符，且不得由一两个字符重复而成`);
  if (PUBLISHED.has(pin) || PUBLISHED.has(password)) throw weak('PIN', '不得使用演练环境公开的 PIN 或口令');
  if (pin === password) throw weak('口令', '口令不得与 PIN 相同');
  checkPassword(password, account, false, 'token', pack);
}
