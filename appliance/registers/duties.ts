import { ArchiveError } from '../../core/errors.js';
import type { CalendarDate } from '../../core/ports.js';
import { missingResponsibilities } from '../../core/register-entry.js';
import type { RegistersFile } from '../../policies/schemas/registers.js';
import { Temporal } from 'temporal-polyfill';
import type { Person } from '../store/repositories/people.js';
import type { Repositories } from '../store/repositories/index.js';
import { organisationRules } from './service.js';

type Tx = Pick<Repositories, 'registers' | 'personnel'>;

/** 责任登记 before filing: who is missing, and whether the unit made that a bar. @see 办法第十一条(一) */
export async function responsibilityGap(file: RegistersFile, tx: Pick<Tx, 'registers'>, today: CalendarDate): Promise<{ readonly missing: readonly string[]; readonly blocks: boolean }> {
  const missing = missingResponsibilities(file, (await tx.registers.current('responsibility')).map(({ values }) => values), today).map(({ label }) => label);
  return { missing, blocks: missing.length > 0 && (await organisationRules(tx)).responsibility === 'block' };
}

/** Whether a person was trained within the months asked for: by the secrecy register, or by an entry in the register of training. */
async function trained(file: RegistersFile, tx: Tx, person: Person, today: CalendarDate): Promise<boolean> {
  const since = Temporal.PlainDate.from(today).subtract({ months: file.trainingRequired.validMonths }).toString();
  if ((await tx.personnel.notes(person.id)).some(({ kind, on }) => kind === 'training' && on >= since)) return true;
  return (await tx.registers.current('training')).some(({ values: { trainee, date, exam, validTo } }) =>
    (trainee === person.account || trainee === person.name) && exam !== 'failed' && (typeof validTo === 'string' ? today <= validTo : typeof date === 'string' && date >= since));
}

/**
 * 授岗前的培训登记: a gap is told, and bars the grant where the unit decided so.
 * @throws ArchiveError `E_TRAINING_REQUIRED` where it bars
 * @see 办法第十三条
 */
export async function requireTraining(file: RegistersFile, tx: Tx, person: Person, duty: string, today: CalendarDate): Promise<'trained' | 'untrained'> {
  if (!file.trainingRequired.duties.includes(duty) || await trained(file, tx, person, today)) return 'trained';
  if ((await organisationRules(tx)).training === 'block') {
    throw new ArchiveError('E_TRAINING_REQUIRED', { person: person.id, duty }, [{ at: '/person', message: `近 ${String(file.trainingRequired.validMonths)} 个月没有培训登记，请先在“组织与制度”登记业务培训，或在涉密人员台账登记教育培训` }]);
  }
  return 'untrained';
}
