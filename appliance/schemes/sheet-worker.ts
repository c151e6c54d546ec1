/** The reading process: a workbook of a stranger, taken apart where it can do no harm. */
import type { RawRow } from '../../core/catalogue.js';
import { ArchiveError } from '../../core/errors.js';
import type { WorkerAnswer } from '../capture/refusal.js';
import { readWorkbook } from '../capture/catalogue-sheet.js';
import type { SheetLimits } from '../capture/catalogue-sheet.js';
import { serve } from '../inspection/serve.js';

serve<SheetLimits>(async (source, limits): Promise<WorkerAnswer<readonly RawRow[]>> => {
  try {
    return { ok: true, value: await readWorkbook(await source.all(limits.unpackedBytes), limits) };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return { ok: false, code: error.code, facts: error.facts, details: error.details };
  }
});
