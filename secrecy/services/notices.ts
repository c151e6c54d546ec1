import { ArchiveError } from '../../core/errors.js';
import type { Call } from '../../core/ports.js';
import type { EnterNotice } from '../../policies/schemas/marking-case.js';
import { enterDelivery, outstanding, undelivered, type NoticeEvent } from '../marking-notice.js';
import { matterTarget } from '../ports.js';
import { caseDecisionOf } from './case-decision.js';
import type { ClassificationParts, Grounds } from './grounds.js';

/** 书面通知的送出、送达、回执. Only who may see the matter knows of the notice. */
export function noticeService(parts: ClassificationParts, grounds: Grounds) {
  const { store, clock } = parts;
  const { closeWhenTold } = caseDecisionOf(parts, grounds);
  return {
    async enter(call: Call, input: EnterNotice) {
      return store.write(call, async (tx) => {
        const stored = await tx.notices.get(input.notice);
        const matter = stored && (await tx.matters.get(stored.it.classification));
        if (!stored || !matter) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(matterTarget(matter));
        const { event, on } = input;
        const entered: NoticeEvent = event === 'sent' ? { event, on, method: input.method ?? null } : event === 'delivered' ? { event, on } : { event, on, by: input.by ?? null };
        const it = enterDelivery(stored.it, input.recipient, entered, clock.today());
        await tx.notices.save({ it, version: stored.version }, input.seenVersion);
        await closeWhenTold(tx, { it, version: stored.version + 1 });
        tx.audit({ action: call.act, object: matter.it.id, objectType: 'classification', objectLevel: it.level, detail: { notice: it.number, recipient: input.recipient, event, on } });
        return { notice: it.id, version: stored.version + 1, outstanding: outstanding(it), undelivered: undelivered(it) };
      });
    },
  };
}
