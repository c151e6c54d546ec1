import { ArchiveError } from '../../core/errors.js';
import type { Call } from '../../core/ports.js';
import type { CloseTask, Expiring } from '../../policies/schemas/marking-case.js';
import { matterTarget, type DueKind, type DueLine } from '../ports.js';
import { date } from '../term.js';
import { caseReads } from './case-reads.js';
import type { ClassificationParts, Grounds, Tx } from './grounds.js';
import { standing } from './showing.js';

/** What a line warns of once its day is past; before, what it reminds of. */
const WARNINGS: Readonly<Record<DueKind, readonly [soon: string | null, late: string | null]>> = {
  expiring: ['A_EXPIRY_DUE', 'A_EXPIRY_DUE'], expired: ['A_EXPIRY_DUE', 'A_EXPIRY_DUE'], review: ['A_REVIEW_DUE', 'W_CLS_REVIEW_OVERDUE'], source_changed: ['W_DERIVED_EXISTS', 'W_DERIVED_EXISTS'],
  copies: [null, null], report: [null, 'W_CLS_REPORT_OVERDUE'], notice: [null, 'W_CLS_NOTICE_OVERDUE'],
};

/** 到期台: marks about to end or ended, reviews, reports, follow-ups and notices that wait, of what the person may see. */
export function expiringService(parts: ClassificationParts, grounds: Grounds) {
  const { store, clock, policy } = parts;
  const { titleOf } = caseReads(parts, grounds);
  const windows = [...policy.expiry.remindDays].sort((a, b) => a - b);
  const later = (days: number): string => date(clock.today()).add({ days }).toString();

  async function shown(tx: Tx, call: Call, line: DueLine) {
    const matter = await tx.matters.get(line.classification);
    if (matter === undefined) return null;
    const today = clock.today();
    const daysLeft = date(today).until(date(line.dueOn), { largestUnit: 'days' }).days;
    const [soon, late] = WARNINGS[line.kind];
    const notice = line.kind === 'notice' && line.ref !== null ? await tx.notices.get(line.ref) : undefined;
    const marks = standing(matter.it, today, policy);
    return {
      kind: line.kind, classification: line.classification, state: matter.it.state, level: matter.level, title: await titleOf(tx, call, matter), mark: marks.mark === '' ? null : marks.mark,
      dueOn: line.dueOn, daysLeft, window: windows.find((days) => daysLeft <= days) ?? null, overdue: daysLeft < 0, code: daysLeft < 0 ? late : soon,
      task: line.kind === 'source_changed' || line.kind === 'copies' ? line.ref : null, notice: notice === undefined ? null : { id: notice.it.id, number: notice.it.number, case: notice.it.case, deliverBy: notice.it.deliverBy },
      openCase: (await tx.cases.openOf(line.classification))?.it.id ?? null,
    };
  }

  return {
    async list(call: Call, input: Expiring) {
      const { page = 1, size = 50, kind = null, window = windows.at(-1) ?? 90 } = input;
      const visible = await parts.visible(call, call.act);
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total, counts } = await tx.matters.expiring(visible, { kind, until: later(window), today: clock.today() }, { offset: (page - 1) * size, limit: size });
        const lines = (await Promise.all(rows.map(async (line) => shown(tx, call, line)))).filter((line) => line !== null);
        return { page, size, total, windows: [...windows].reverse(), counts, rows: lines };
      });
    },

    /** For the desk: how many of each, within the widest window. */
    async counts(call: Call): Promise<Readonly<Record<DueKind, number>>> {
      const visible = await parts.visible(call, 'classification.expiring');
      return store.read(call, async (tx) => {
        await tx.allow();
        return (await tx.matters.expiring(visible, { kind: null, until: later(windows.at(-1) ?? 90), today: clock.today() }, { offset: 0, limit: 1 })).counts;
      });
    },

    /** 升密后的副本、介质已核对收回. What a changed source asks for is closed by its review alone. */
    async close(call: Call, input: CloseTask) {
      return store.write(call, async (tx) => {
        const task = await tx.tasks.get(input.task);
        const matter = task && (await tx.matters.get(task.classification));
        if (!task || !matter) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(matterTarget(matter));
        if (task.closedAt !== null || task.kind !== 'copies') throw new ArchiveError('E_STATE_INVALID', { task: task.id, state: task.closedAt === null ? task.kind : 'closed', event: 'close-task', allowed: task.closedAt === null ? ['draft-case'] : [] });
        await tx.tasks.close(task.id, clock.now(), call.person);
        for (const record of matter.it.proposal.recordIds) await tx.records.addEvent(record, { activity: 'classify', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第四十一条', detail: { classification: matter.it.id, task: task.kind, what: input.what } });
        tx.audit({ action: call.act, object: matter.it.id, objectType: 'classification', objectLevel: matter.level, detail: { task: task.id, kind: task.kind } });
        return { task: task.id, closedAt: clock.now() };
      });
    },
  };
}
