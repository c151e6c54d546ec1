import { ArchiveError } from '../../core/errors.js';
import type { CalendarDate, Level } from '../../core/ports.js';
import { levelName } from '../../secrecy/level.js';
import { clearanceToday } from '../../secrecy/personnel.js';
import type { Repositories } from '../store/repositories/index.js';

/**
 * 持有人: somebody of the unit in office, cleared for what they carry.
 * @param at place in the form, for the refusal
 * @returns the name
 * @throws ArchiveError `E_INPUT_INVALID`, `E_CLEARANCE_REQUIRED`
 */
export async function requireBearer(tx: Pick<Repositories, 'people'>, today: CalendarDate, id: string, level: Level, at: string): Promise<string> {
  const person = await tx.people.get(id);
  if (person?.status !== 'active') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at, message: '没有这个在用的账号，请从列表中选择' }]);
  if (clearanceToday(person.clearance, person.clearanceUntil, today) < level) throw new ArchiveError('E_CLEARANCE_REQUIRED', { person: id, level }, [{ at, message: `该人员涉密等级低于载体密级（${levelName(level)}）` }]);
  return person.name;
}
