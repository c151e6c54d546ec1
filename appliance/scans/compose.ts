import type { Box } from '../box.js';
import { openScanReader } from './reader.js';
import { scanService } from './service.js';
import { scanWork } from './work.js';

/** 扫描件与文字识别 over the parts of the box. */
export function composeScans(box: Box, { searchedKeys, late }: { readonly searchedKeys: readonly string[]; readonly late: (error: unknown) => void }) {
  const policy = box.policies.content('scans.json');
  const reader = openScanReader(policy, box.identity.serial);
  const work = scanWork({ box, policy, reader, searchedKeys, late });
  return { scans: scanService({ store: box.store, gate: box.gate, clock: box.clock, vault: box.vault, reader, sql: box.reader, policy, work }), scanWork: work };
}
