import { caseService } from './cases.js';
import { classificationService } from './classification.js';
import { groundsOf, type ClassificationParts } from './grounds.js';
import { noticeService } from './notices.js';

/** Every service of 定密 over one set of parts. */
export function composeMarking(parts: ClassificationParts) {
  const grounds = groundsOf(parts);
  return { classification: classificationService(parts, grounds), cases: caseService(parts, grounds), notices: noticeService(parts, grounds) };
}
