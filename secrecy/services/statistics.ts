import { ArchiveError } from '../../core/errors.js';
import type { Call, Level } from '../../core/ports.js';
import type { Statistics } from '../../policies/schemas/class-authority.js';
import { isOrdinary } from '../ordinary.js';
import { otherLines, yearStatistics, type StatisticsFacts } from '../statistics.js';
import type { ClassificationParts } from './grounds.js';

/** 定密统计: over every matter of the box, so for those alone who work at the level of the box itself. */
export function statisticsService(parts: ClassificationParts, levelOf: (call: Call) => Promise<Level>) {
  const { store, clock } = parts;
  return {
    async show(call: Call, input: Statistics) {
      const level = await levelOf(call);
      return store.read(call, async (tx) => {
        await tx.allow();
        if (level < parts.systemLevel) throw new ArchiveError('E_DENIED', { level, systemLevel: parts.systemLevel }, [{ at: '/year', message: '统计覆盖全部密级，须在本机最高密级的会话中查看' }]);
        if (`${String(input.year)}-01-01` > clock.today()) throw new ArchiveError('E_INPUT_INVALID', { rule: 'year' }, [{ at: '/year', message: '年度不得晚于今年' }]);
        const matters: StatisticsFacts['matters'][number][] = [];
        for await (const { it, department } of tx.matters.every()) if (!isOrdinary(it)) matters.push({ it, department });
        const cases = await tx.cases.decidedIn(input.year);
        const made = yearStatistics({ matters, cases: cases.map(({ it }) => it), authorities: await tx.authorities.all() }, input.year, clock.today());
        tx.audit({ action: call.act, objectType: 'classification', objectLevel: parts.systemLevel, detail: { year: input.year } });
        return { ...made, level: parts.systemLevel, others: otherLines(made), departments: await Promise.all(made.departments.map(async (one) => ({ ...one, name: await parts.names.department(one.department) }))) };
      });
    },
  };
}
