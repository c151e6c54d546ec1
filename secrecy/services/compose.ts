import type { Call, Level } from '../../core/ports.js';
import type { ClassificationPreview } from '../../policies/schemas/classification.js';
import { authorityService, type AuthorityApprovals } from './authorities.js';
import { caseService } from './cases.js';
import { classificationService } from './classification.js';
import { groundsOf, type ClassificationParts } from './grounds.js';
import { expiringService } from './expiring.js';
import { markingRound } from './marking-round.js';
import { noticeService } from './notices.js';
import { protectingService } from './protecting.js';
import { statisticsService } from './statistics.js';

/** Every service of 定密 over one set of parts. */
export function composeMarking(parts: ClassificationParts, approvals: AuthorityApprovals, levelOf: (call: Call) => Promise<Level>) {
  const grounds = groundsOf(parts);
  const [marks, protecting] = [classificationService(parts, grounds), protectingService(parts, grounds)];
  return {
    classification: {
      ...marks,
      /** One preview for every signature on a matter itself. */
      async preview(call: Call, input: ClassificationPreview) {
        const { event } = input;
        return event === 'protect' || event === 'withdraw' ? protecting.preview(call, input) : marks.preview(call, { ...input, event });
      },
    },
    protecting, cases: caseService(parts, grounds), notices: noticeService(parts, grounds), expiring: expiringService(parts, grounds), round: markingRound(parts, grounds),
    authorities: authorityService(parts, grounds, approvals), statistics: statisticsService(parts, levelOf),
  };
}
