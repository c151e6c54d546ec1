import type { Box } from '../box.js';
import { registerService } from './service.js';

export interface RegisterComposition { readonly nameOf: (person: string) => Promise<string>; readonly dutyName: (duty: string) => string }

/** 组织与制度 over the parts of the box. */
export const composeRegisters = (box: Box, { nameOf, dutyName }: RegisterComposition) => ({
  registers: registerService({ store: box.store, gate: box.gate, clock: box.clock, ids: box.ids, file: box.policies.content('registers.json'), nameOf, dutyName }),
});
