import { ArchiveError } from '../../core/errors.js';
import type { Box } from '../box.js';
import type { RouteRow, Routes, ServerCall } from '../server/route.js';
import { complianceRepository } from '../store/repositories/compliance.js';
import type { ComplianceService } from './service.js';

/** The level that a call would bring in: what the form says, or the session's, under which uploads are taken. */
function levelOf(call: ServerCall, input: unknown): number {
  const field = (of: unknown, name: string): unknown => (typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined);
  const said = field(field(input, 'draft'), 'level') ?? field(input, 'level');
  return typeof said === 'number' ? said : (call.session?.currentLevel ?? 4);
}

/**
 * 未登记系统审查的正式环境不得录入国家秘密 (实施条例第三十三条): before any act of `entersSecrets` at 秘密 and above. What is held already is still read,
 * reviewed, declassified and destroyed. A rehearsal is exempt: it holds no real secret.
 */
export function guardEntering(routes: Routes, box: Box, compliance: Pick<ComplianceService, 'file' | 'mayEnterSecrets'>): Routes {
  const guarded = (row: RouteRow): RouteRow => ({
    ...row, errors: [...row.errors, 'E_ACCREDITATION_REQUIRED'],
    async handle(call, input, body) {
      if (levelOf(call, input) >= 2) {
        const allowed = await compliance.mayEnterSecrets({ compliance: complianceRepository(box.reader, box.sealing) }, box.profile.rehearsal);
        if (!allowed) throw new ArchiveError('E_ACCREDITATION_REQUIRED', { act: call.act });
      }
      return row.handle(call, input, body);
    },
  });
  return Object.fromEntries(Object.entries(routes).map(([act, row]) => [act, compliance.file.entersSecrets.includes(act) ? guarded(row) : row]));
}
