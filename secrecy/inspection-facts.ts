import type { SecrecyFacts } from '../core/four-natures.js';
import { derivedFrom } from './classification-rules.js';
import { isOrdinary } from './ordinary.js';
import type { Matter } from './ports.js';

/**
 * What the decision in force asks a record to show (KM-07, GD-1-5): period, end, mark, and the source of a derived one.
 * `null`: no decision is in force, so a secret record has no mark to be held to, which the test refuses.
 */
export function inspectionFacts(it: Matter): SecrecyFacts | null {
  if (isOrdinary(it) || !('current' in it) || it.state === 'declassified') return null;
  const { current, proposal } = it;
  const { term } = current;
  const source = proposal.type === 'derived' ? derivedFrom(proposal.sources) : null;
  const longest = source === null ? null : proposal.sources.find((one) => one.term === source.term && one.startOn === source.startOn)?.ending ?? null;
  return {
    period: term.kind === 'duration' ? { years: term.years, months: term.months, days: term.days } : null,
    exception: current.exceptionBasis ?? proposal.exceptionBasis, declassifyOn: current.ending?.declassifiesOn ?? null, requiredMark: current.mark,
    derivedFrom: source === null ? null : { level: source.level, declassifyOn: longest?.declassifiesOn ?? null, pointBasis: proposal.pointBasis },
  };
}
