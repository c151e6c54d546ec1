import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { Level, ReadTools, Target, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { AccessRehearse, PersonRehearse } from '../../policies/schemas/guarding.js';
import type { AccessGate } from '../access/gate.js';
import type { ServerCall } from '../call.js';
import type { Repositories } from '../store/repositories/index.js';

export interface RehearsalParts {
  readonly store: UnitOfWork<Repositories & WriteTools, Repositories & ReadTools>;
  readonly gate: AccessGate;
}

/** One person for whom the answer changes, with the reasons that stand or stood in the way. */
interface Changed { readonly person: string; readonly name: string; readonly departmentName: string; readonly clearance: Level; readonly reasons: readonly string[] }

const EVERYBODY = 100_000;
const LEVELS: readonly Level[] = [0, 1, 2, 3, 4];

/** 访问预演: the decision itself, asked of everybody before and after; nothing is changed. */
export function rehearsalService(parts: RehearsalParts) {
  const { store, gate } = parts;
  return {
    /** 谁会因此获得或失去知悉. Each person as they would stand at their full clearance. */
    async record(call: ServerCall, input: AccessRehearse) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const record = await tx.records.get(input.record);
        if (!record) throw new ArchiveError('E_NOT_FOUND');
        const now = recordTarget(record);
        await tx.allow(now, 'record.show');
        const then: Target = { ...now, level: input.level ?? now.level, scope: { ...now.scope, ...input.scope } };
        const departments = new Map((await tx.people.departments()).map(({ id, name }) => [id, name]));
        const { rows: people } = await tx.people.list({ status: 'active', offset: 0, limit: EVERYBODY });
        const gain: Changed[] = [];
        const lose: Changed[] = [];
        let keep = 0;
        for (const person of people) {
          const before = await gate.imagine(person.id, {}, 'record.show', now);
          const after = await gate.imagine(person.id, {}, 'record.show', then);
          if (before.allowed && after.allowed) keep += 1;
          if (before.allowed === after.allowed) continue;
          const reasons = (after.allowed ? before : after).reasons.filter(({ passed }) => !passed).map(({ text }) => text);
          (after.allowed ? gain : lose).push({ person: person.id, name: person.name, departmentName: departments.get(person.department) ?? '', clearance: person.clearance, reasons });
        }
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { gain: gain.length, lose: lose.length } });
        return { record: record.id, level: record.level, version: record.version, keep, gain, lose };
      });
    },

    /** What another 涉密等级 would open or close to a person, counted by level: whoever clears people sees no records. */
    async clearance(call: ServerCall, input: PersonRehearse) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const person = await tx.people.get(input.person);
        if (!person) throw new ArchiveError('E_NOT_FOUND');
        const count = async (clearance?: Level): Promise<number[]> => {
          const { sql, values } = await gate.visibleTo(person.id, clearance === undefined ? {} : { clearance }, 'record.show', 1);
          const rows = await tx.sql.all<{ level: number; n: number }>(`SELECT level, count(*) AS n FROM record WHERE ${sql} GROUP BY level`, ...values);
          return LEVELS.map((level) => rows.find((row) => row.level === level)?.n ?? 0);
        };
        const [before, after] = [await count(), await count(input.clearance as Level)];
        tx.audit({ action: call.act, object: person.id, objectType: 'person', detail: { clearance: input.clearance } });
        return { person: person.id, clearance: person.clearance, levels: LEVELS.map((level) => ({ level, before: before[level] ?? 0, after: after[level] ?? 0 })) };
      });
    },
  };
}
