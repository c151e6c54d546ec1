import type { CatalogueRules } from '../../core/catalogue.js';
import type { CaptureLimits } from '../../policies/schemas/capture.js';
import type { Policies } from '../policies.js';
import { openCatalogueReader, type CatalogueReader } from './catalogue-reader.js';
import { openStripWorkers, type StripWorkers } from './seal-stripper.js';

/** 收集 beyond the upload itself: processes that read catalogues and take signatures out. They start when first needed. */
export interface Intake {
  readonly catalogues: CatalogueReader;
  readonly seals: StripWorkers;
  close(): Promise<void>;
}

export const catalogueRules = (policies: Policies): CatalogueRules => ({
  columns: policies.content('catalogue-columns.json'), scheme: policies.content('metadata.json'), dictionaries: policies.content('dictionaries.json'), schedule: policies.content('retention.json'),
});

export function openIntake(policies: Policies): Intake {
  const limits: CaptureLimits = policies.content('capture.json');
  const catalogues = openCatalogueReader(catalogueRules(policies), limits);
  const seals = openStripWorkers(limits.stripBytes);
  return { catalogues, seals, close: async () => { await catalogues.close(); await seals.close(); } };
}
