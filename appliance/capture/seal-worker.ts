/** The process that takes signatures out of a file: it parses what strangers made, so it may die without hurting the box. */
import { ArchiveError } from '../../core/errors.js';
import { serve } from '../inspection/serve.js';
import type { StripResult } from '../seals/report.js';
import { stripSeals } from '../seals/strip.js';
import type { WorkerAnswer } from './refusal.js';

export interface StripOrder { readonly mime: string; readonly limitBytes: number }

serve<StripOrder>(async (source, { mime, limitBytes }): Promise<WorkerAnswer<StripResult>> => {
  try {
    return { ok: true, value: await stripSeals(await source.all(limitBytes), mime) };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return { ok: false, code: error.code, facts: error.facts, details: error.details };
  }
});
