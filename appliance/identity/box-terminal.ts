import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Box } from '../box.js';
import { exists, replaceFile } from '../content/file-ops.js';
import { onePem, toPem } from '../crypto/pem.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { terminalMessage } from './terminal-service.js';
import type { TerminalProof } from './terminal-service.js';

/** 本机: the box's own console and command line, known by a key that rests beside the listener's. */
export const BOX_TERMINAL = 'BOX';
const keyFile = (folder: string): string => path.join(folder, 'terminal-key.pem');

/** Registers the box as a terminal of its own level, once: where terminals are asked for, the command line on the box still gets in. */
export async function ensureBoxTerminal(box: Box): Promise<void> {
  const { store, crypto, clock, ids, paths, profile } = box;
  const file = keyFile(paths.box);
  if (profile.rehearsal || await exists(file)) return;
  const key = crypto.generateKeyPair();
  await store.write(box.systemCall('terminal.register'), async (tx) => {
    await tx.allow();
    const before = await tx.terminals.byNo(BOX_TERMINAL);
    const publicKey = Buffer.from(key.publicKey).toString('hex');
    const id = before?.id ?? ids.uuid();
    if (before === undefined) {
      await tx.terminals.add({
        id, no: BOX_TERMINAL, publicKey, state: 'cleared', level: profile.systemLevel, person: null, registeredBy: 'system', registeredAt: clock.now(), clearedBy: 'founding', clearedAt: clock.now(), retiredAt: null,
        location: '本机', serial: box.identity.serial, mac: null, reason: null, version: 1,
      });
    } else {
      await tx.terminals.save({ ...before, publicKey }, before.version);
    }
    tx.audit({ action: 'terminal.register', object: id, objectType: 'terminal', detail: { no: BOX_TERMINAL } });
  });
  await replaceFile(file, toPem('PRIVATE KEY', crypto.exportPrivateKey(key)));
}

/** For the command line beside the data directory; null elsewhere. @param folder `box/` of the data directory */
export async function proveBoxTerminal(crypto: CryptoProvider, folder: string, box: string, challenge: string): Promise<TerminalProof | null> {
  const pem = await readFile(keyFile(folder), 'utf8').catch(() => null);
  if (pem === null) return null;
  const key = crypto.loadPrivateKey(onePem(pem, 'PRIVATE KEY').der);
  return { no: BOX_TERMINAL, signature: Buffer.from(crypto.sign(Buffer.from(terminalMessage(box, BOX_TERMINAL, challenge)), key)).toString('base64url') };
}
