import type { ReadTools, WriteTools } from '../../core/ports.js';
import type { Inspector } from '../../core/services/content.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { Box } from '../box.js';
import type { Repositories } from '../store/repositories/index.js';
import { openConverters } from './converters.js';
import { conversionForm } from './form.js';
import type { ConversionParts } from './parts.js';
import { conversionReads } from './reads.js';
import { conversionRows } from './rows.js';
import { conversionService } from './service.js';
import { conversionWork } from './work.js';

export interface ConversionComposition {
  readonly approvals: ApprovalService<Repositories & WriteTools, Repositories & ReadTools>;
  readonly inspector: Inspector;
  readonly nameOf: (person: string) => Promise<string>;
  readonly late: (error: unknown) => void;
}

/** 格式转换与迁移 over the parts of the box. */
export function composeConversion(box: Box, { approvals, inspector, nameOf, late }: ConversionComposition) {
  const policy = box.policies.content('conversion.json');
  const converters = openConverters(policy, box.identity.serial);
  const work = conversionWork({ box, policy, converters, inspector, late });
  const parts: ConversionParts = {
    store: box.store, gate: box.gate, clock: box.clock, ids: box.ids, sealing: box.sealing, vault: box.vault, policy, approvals, converters, work, nameOf,
    unit: { name: box.profile.unitName, fonds: box.profile.fonds[0]?.fonds ?? '', rehearsal: box.profile.rehearsal, serial: box.identity.serial },
  };
  const service = conversionService(parts);
  approvals.carries('conversion.ask', async (tx, _call, granted) => service.approved(tx, granted));
  approvals.refuses('conversion.ask', async (tx, _call, refused) => service.refused(tx, refused));
  approvals.knownBy('conversion.ask', async (tx, call, { it }) => {
    const one = await conversionRows(tx.sql, box.sealing).get(it.object);
    return one !== undefined && await box.gate.would(call, 'conversion.show', { type: 'conversion', id: one.it.id, fonds: one.fonds, department: one.department, level: one.level, state: one.it.state, scope: { persons: [], departments: [] }, owner: one.it.draftedBy });
  });
  return { conversions: { ...service, ...conversionReads(parts), ...conversionForm(parts) }, conversionWork: work };
}
