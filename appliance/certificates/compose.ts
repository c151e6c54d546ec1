import type { filingService } from '../../core/services/filing.js';
import type { Box } from '../box.js';
import type { Preview } from '../preview/preview.js';
import { certificateService } from './service.js';
import { singleSetService } from './single-set.js';

export interface CertificateComposition { readonly preview: Preview; readonly nameOf: (person: string) => Promise<string> }

/** 出证 and 单套归档资格 over the parts of the box. */
export function composeCertificates(box: Box, { preview, nameOf }: CertificateComposition) {
  const singleSets = singleSetService({ store: box.store, clock: box.clock, ids: box.ids, nameOf });
  return {
    certificates: certificateService({ box, preview, nameOf, policy: box.policies.content('outputs.json') }),
    singleSets,
    /** 归档 only of a batch whose claim to be kept as electronic files alone was approved. */
    settledFiling: (filing: ReturnType<typeof filingService>): ReturnType<typeof filingService> => ({
      ...filing,
      async file(call, input) {
        await singleSets.requireSettled(call, input.batch);
        return filing.file(call, input);
      },
    }),
  };
}
