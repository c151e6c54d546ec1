import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { type CeremonyPlan, createKeystore, openKeystore } from '../../appliance/keystore/ceremony.js';
import { openKeyring } from '../../appliance/keystore/keyring.js';

export const officerPins = { 'officer-1': '口令-一', 'officer-2': '口令-二', 'officer-3': '口令-三' } as const;

/** A box fresh from its ceremony, unlocked, in a folder of its own; `reopen` is what a restart finds. */
export async function keystoreDesk(t: ExecutionContext, wish: Partial<CeremonyPlan> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'keystore-'));
  const provider = new NodeProvider();
  const places = { box: join(dir, 'box'), rehearsal: join(dir, 'rehearsal') };
  const keyringFile = join(dir, 'keyring.db');
  const made = await createKeystore(provider, places, await openKeyring(keyringFile), {
    boxId: 'SZ-test', officers: Object.entries(officerPins).map(([holder, pin]) => ({ holder, key: { pin, iterations: 10 } })), rehearsal: false,
    notBefore: '2026-01-01T00:00:00Z', notAfter: '2046-01-01T00:00:00Z', officersUntil: '2031-01-01T00:00:00Z', ...wish,
  });
  const opened = [made.keystore];
  t.teardown(async () => {
    for (const one of opened) await one.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    dir, provider, places, keyringFile, ...made,
    async reopen() {
      for (const one of opened.splice(0)) await one.close();
      const keystore = await openKeystore(provider, places, await openKeyring(keyringFile));
      if (keystore === undefined) throw new Error('no keystore');
      opened.push(keystore);
      return keystore;
    },
  };
}
