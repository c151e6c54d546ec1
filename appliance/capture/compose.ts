import { findScheme } from '../../core/arrangement.js';
import { amendment } from '../../core/services/amendment.js';
import { freshRecord } from '../../core/services/fresh-record.js';
import type { RetentionSchedule, Schemes } from '../../policies/schemas/arrangement.js';
import type { CaptureBatch } from '../../core/holdings.js';
import type { FondsRules } from '../../core/arrangement.js';
import type { Box } from '../box.js';
import { openParcelAt, openParcelFile } from '../exchange/open.js';
import type { OpenTools } from '../exchange/open.js';
import { exchangeService } from '../exchange/service.js';
import type { ParcelItem } from '../exchange/parcel.js';
import type { PackageRoom } from '../packages/compose.js';
import { packageImportRepository } from '../store/repositories/package-imports.js';
import { peopleRepository } from '../store/repositories/people.js';
import { catalogueRules } from './intake.js';
import type { Intake } from './intake.js';
import type { Checking } from './offline-checking.js';
import { offlinePackages } from './offline-packages.js';
import type { OfflinePackageParts } from './offline-packages.js';

export interface OfflineComposition extends Pick<OfflinePackageParts, 'inspector' | 'levelOf' | 'visibleBatches' | 'late'> {
  readonly room: PackageRoom;
  readonly intake: Intake;
  readonly rulesOf: (fonds: string) => FondsRules;
  readonly schedule: RetentionSchedule;
  readonly schemes: Schemes;
}

/** 离线数据包导入 over the parts of the box. */
export function composeOffline(box: Box, given: OfflineComposition) {
  const { policies, clock, ids, vault, reader, sealing } = box;
  const limits = policies.content('capture.json');
  const tools: OpenTools = {
    rules: catalogueRules(policies), room: given.room, readList: async (body) => given.intake.catalogues.read(body),
    limits: { entries: limits.packageEntries, unpackedBytes: limits.packageBytes, ratio: limits.packageRatio },
  };
  const amend = amendment({ clock, schedule: given.schedule, schemes: given.schemes });
  return {
    exchange: exchangeService({ box, room: given.room, rules: tools.rules }),
    imports: offlinePackages({
      box, limits, inspector: given.inspector, levelOf: given.levelOf, visibleBatches: given.visibleBatches, late: given.late, requireFonds: given.rulesOf,
      checking: async (): Promise<Checking> => ({
        amend, blank: (batch: CaptureBatch, item: ParcelItem) => freshRecord({ clock, ids }, batch, { title: item.description.title }),
        codeHasOrg: ({ fonds }) => findScheme(given.schemes, given.rulesOf(fonds).schemeId).codeHasOrg,
        departments: new Map((await peopleRepository(reader, sealing).departments()).map(({ id, name }) => [name, id])),
        fileBytes: limits.fileBytes, filesPerBatch: limits.filesPerBatch, destroyed: async (digests) => packageImportRepository(reader, sealing).destroyed(digests),
      }),
      open: async ({ object, sealed }) => (object === null ? openParcelAt(tools, sealed.source) : openParcelFile(tools, await vault.source(object), sealed.source)),
    }),
  };
}
