import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Bulk } from '../../appliance/content/bulk.js';
import type { CtrName } from '../../appliance/content/ctr.js';
import { openSealed } from '../../appliance/content/open.js';
import { createSealer, type SealPlan, type SealTools } from '../../appliance/content/seal.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';

/** A folder of its own and the tools to seal in it. */
export function sealingDesk(t: ExecutionContext, ctr?: CtrName) {
  const dir = mkdtempSync(join(tmpdir(), 'seal-'));
  const bulk = new Bulk({ threads: 2, ...(ctr === undefined ? {} : { ctr }) });
  const provider = new NodeProvider();
  const tools: SealTools = { provider, bulk };
  t.teardown(async () => {
    await bulk.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const plan = (): SealPlan => {
    const objectId = randomUUID();
    return { objectId, secret: provider.random(32), path: join(dir, `${objectId}.part`) };
  };
  return {
    dir, tools, provider, plan,
    async seal(content: Uint8Array, cuts: readonly number[] = [], wish: Partial<SealPlan> = {}) {
      const made = { ...plan(), ...wish };
      const sealer = await createSealer(tools, made);
      let from = 0;
      for (const cut of [...cuts].sort((a, b) => a - b)) {
        await sealer.write(content.subarray(from, cut));
        from = cut;
      }
      await sealer.write(content.subarray(from));
      return { ...made, sealed: await sealer.finish() };
    },
    open: (made: SealPlan, secret = made.secret) => openSealed(tools, made.path, secret, made.objectId),
  };
}

/** Byte i is (7i + ⌊i/251⌋) mod 256: differs from chunk to chunk. */
export const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_none, i) => (7 * i + Math.floor(i / 251)) & 255);
