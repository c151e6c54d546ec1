import { checkPlan, dayAfter, isOverdue, nextBackup } from '../../core/backup-plan.js';
import { ArchiveError } from '../../core/errors.js';
import type { CalendarDate } from '../../core/ports.js';
import type { BackupPlan, BackupPlans, PlanSet } from '../../policies/schemas/backup.js';
import type { ServerCall } from '../call.js';
import { localDay } from '../reports/document.js';
import type { Repositories } from '../store/repositories/index.js';
import { planRows, type PlanRow } from './plan-rows.js';
import { backupRows } from './rows.js';
import type { BackupParts, BackupService } from './service.js';
import { apart, checkedTarget } from './targets.js';

/** So often the plan is looked at; a backup that failed is tried again the next hour. */
const LOOK_MS = 5 * 60_000;
const AGAIN_MS = 3_600_000;
const SIGNALS = ['backup-plan', 'backup-overdue', 'drill-due'] as const;
const hourOf = (instant: string): number => new Date(Date.parse(instant) + 8 * 3_600_000).getUTCHours();
const dayOf = (instant: string | null): CalendarDate | null => (instant === null ? null : localDay(instant));

/** 备份方案: adopted under two signatures, carried out by the box itself, and said aloud when it is not kept. */
export function planService(parts: BackupParts, backup: Pick<BackupService, 'planned' | 'busy'>) {
  const { box, policy, approvals, engine } = parts;
  const { store, clock, ids, reader } = box;
  engine.provide(...SIGNALS);
  const told = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<unknown> = Promise.resolve();

  async function say(signal: (typeof SIGNALS)[number], on: boolean): Promise<void> {
    if (told.has(signal) === on) return;
    if (on) told.add(signal);
    else told.delete(signal);
    await engine.signal(signal, on, signal === 'backup-plan' && on ? { code: 'E_BACKUP_PLAN_MISSING' } : {});
  }

  async function placesOf(tx: Pick<Repositories, 'sql'>, sets: readonly PlanSet[]): Promise<readonly { readonly target: string; readonly keyTarget: string }[]> {
    const named: { target: string; keyTarget: string }[] = [];
    for (const [at, set] of sets.entries()) {
      const [target, keys] = [await backupRows(tx.sql).target(set.target), await backupRows(tx.sql).target(set.keyTarget)];
      if (target === undefined || keys === undefined || target.retired_at !== null || keys.retired_at !== null) throw new ArchiveError('E_NOT_FOUND', {}, [{ at: `/sets/${String(at)}`, message: '没有登记这个备份目标' }]);
      apart(await checkedTarget(target.path, box.paths.root, policy), await checkedTarget(keys.path, box.paths.root, policy));
      named.push({ target: target.name, keyTarget: keys.name });
    }
    return named;
  }

  approvals.carries('backup.plan', async (tx, _call, granted, decided) => {
    const input = decided as unknown as BackupPlan;
    const id = ids.uuid();
    const version = await planRows(tx.sql).nextVersion();
    await planRows(tx.sql).adopt({ ...input, id, version, adoptedBy: granted.requestedBy.person, adoptedAt: clock.now(), approval: granted.id }, clock.today());
    tx.audit({ action: 'backup.plan', object: id, objectType: 'backup-plan', approval: granted.id, detail: { version, fullDays: input.fullDays, incrementalDays: input.incrementalDays, drillDays: input.drillDays, sets: input.sets.length } });
    tx.afterCommit(async () => say('backup-plan', false));
  });

  /** What each set has, and what it is to have next. */
  async function standing(plan: PlanRow) {
    const rows = planRows(reader);
    // Nothing was owed under it before it was adopted.
    const adopted = localDay(plan.adoptedAt);
    const from = plan.effectiveOn > adopted ? plan.effectiveOn : adopted;
    const sets = await Promise.all(plan.sets.map(async (set) => {
      const last = await rows.lastOf(set);
      return { set, last, due: nextBackup(plan, from, { full: dayOf(last.full), any: dayOf(last.any) }) };
    }));
    const drilled = dayOf(await rows.lastDrill());
    return { sets, drilled, drillDue: dayAfter(drilled ?? from, plan.drillDays) };
  }

  /** One look: warns of what is late, and begins what is due. True when a backup was begun. */
  async function round(): Promise<boolean> {
    if (box.keys.state === 'locked') return false;
    const today = clock.today();
    const plan = await planRows(reader).inForce(today);
    if (plan === undefined) return false;
    const now = await standing(plan);
    await say('backup-overdue', now.sets.some(({ due }) => isOverdue(due.on, today, policy.plan.graceDays)));
    await say('drill-due', isOverdue(now.drillDue, today, policy.plan.graceDays));
    if (backup.busy() || hourOf(clock.now()) < plan.hour) return false;
    for (const { set, due } of now.sets) {
      if (due.on > today) continue;
      const tried = await planRows(reader).lastTried(set);
      if (tried !== null && Date.parse(clock.now()) - Date.parse(tried) < AGAIN_MS) continue;
      await backup.planned({ ...set, kind: due.kind }, plan.id, plan.adoptedBy);
      return true;
    }
    return false;
  }

  box.entries((entries) => {
    if (told.has('backup-plan') || !entries.some(({ action, result }) => action === 'filing.file' && result === 'ok')) return;
    // 归档 goes on; what is missing is said to those who are to mend it.
    underWay = underWay.then(async () => say('backup-plan', (await planRows(reader).inForce(clock.today())) === undefined)).catch(() => undefined);
  });

  return {
    round,
    settled: async (): Promise<void> => { await underWay; },
    start(failed: (error: unknown) => void): void {
      timer = setInterval(() => { underWay = underWay.then(round).catch(failed); }, LOOK_MS);
      timer.unref();
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      await underWay;
    },

    async plans(call: ServerCall, _input: BackupPlans) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const today = clock.today();
        const inForce = await planRows(tx.sql).inForce(today);
        const names = new Map((await tx.sql.all<{ id: string; name: string }>('SELECT id, name FROM backup_target')).map(({ id, name }) => [id, name]));
        const setOf = ({ target, keyTarget }: PlanSet) => ({ target: names.get(target) ?? '', keyTarget: names.get(keyTarget) ?? '' });
        const now = inForce === undefined ? null : await standing(inForce);
        return {
          inForce: inForce?.id ?? null, limits: policy.plan,
          next: now === null ? null : {
            sets: now.sets.map(({ set, last, due }) => ({ ...setOf(set), lastFull: last.full, last: last.any, dueKind: due.kind, dueOn: due.on, overdue: isOverdue(due.on, today, policy.plan.graceDays) })),
            lastDrill: now.drilled, drillDue: now.drillDue, drillOverdue: isOverdue(now.drillDue, today, policy.plan.graceDays),
          },
          rows: await Promise.all((await planRows(tx.sql).list()).map(async (row) => ({
            id: row.id, version: row.version, name: row.name, approvalNo: row.approvalNo, effectiveOn: row.effectiveOn, fullDays: row.fullDays, incrementalDays: row.incrementalDays, hour: row.hour, drillDays: row.drillDays,
            sets: row.sets.map(setOf), adoptedBy: await parts.nameOf(row.adoptedBy), adoptedAt: row.adoptedAt, endedAt: row.endedAt,
          }))),
        };
      });
    },

    /** 提请启用方案: what the box then does unasked carries contents and keys out of it, so a second officer signs the plan. */
    async plan(call: ServerCall, input: BackupPlan) {
      return store.write(call, async (tx) => {
        await tx.allow();
        checkPlan({ ...input, sets: input.sets.length }, policy.plan);
        const places = await placesOf(tx, input.sets);
        const { id } = await approvals.request(tx, call, {
          act: call.act, object: box.identity.serial, decided: { ...input, sets: input.sets.map((set) => ({ ...set })) },
          words: [
            `启用备份方案「${input.name}」（${input.approvalNo}），自 ${input.effectiveOn} 起`, `完全备份每 ${String(input.fullDays)} 天，增量备份每 ${String(input.incrementalDays)} 天，${String(input.hour)} 时后开始；恢复演练每 ${String(input.drillDays)} 天`,
            ...places.map((one, at) => `第 ${String(at + 1)} 套：内容到「${one.target}」，密钥部分到「${one.keyTarget}」`), '签署后由本机按方案自动备份，内容与密钥须分人、分处保管',
          ],
        });
        return { approval: id };
      });
    },
  };
}
export type PlanService = ReturnType<typeof planService>;
