/** The reading process: a catalogue of a stranger, taken apart where it can do no harm. */
import type { CatalogueRules } from '../../core/catalogue.js';
import { ArchiveError } from '../../core/errors.js';
import { serve } from '../inspection/serve.js';
import { readCatalogueFile } from './catalogue-file.js';
import type { WorkerAnswer } from './refusal.js';
import type { CatalogueFileReading } from './catalogue-file.js';

serve<CatalogueRules>(async (source, rules): Promise<WorkerAnswer<CatalogueFileReading>> => {
  try {
    return { ok: true, value: await readCatalogueFile(await source.all(rules.columns.limits.bytes), rules) };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return { ok: false, code: error.code, facts: error.facts, details: error.details };
  }
});
