import type { ComputerFile } from '../../core/holdings.js';
import { ArchiveError } from '../../core/errors.js';
import type { MediumContent } from '../../secrecy/medium-migration.js';
import type { Vault } from '../content/vault.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { DestructionPolicy } from '../../secrecy/destruction-method.js';
import type { Tx, WriteTx } from './parts.js';

/** SM3 over the digests of all files of a record, so that a copy of an earlier version is no copy. */
export const contentDigest = (crypto: Pick<CryptoProvider, 'sm3'>, files: readonly Pick<ComputerFile, 'sm3'>[]): string =>
  Buffer.from(crypto.sm3(Buffer.from(files.map(({ sm3 }) => sm3).sort().join('\n')))).toString('hex');

/** Whether this box still holds every file of a record, read through its seals just now. */
export async function vaultHolds(vault: Pick<Vault, 'open'>, files: readonly ComputerFile[]): Promise<boolean> {
  for (const file of files) {
    try {
      const sealed = await vault.open(file.object);
      try {
        const { sm3 } = await sealed.verifyAll();
        if (sm3 !== file.sm3) return false;
      } finally {
        await sealed.close();
      }
    } catch (error) {
      // Gone, damaged, or its key destroyed: no copy.
      if (error instanceof ArchiveError || (error instanceof Error && 'code' in error)) return false;
      throw error;
    }
  }
  return files.length > 0;
}

export interface CopyParts { readonly crypto: Pick<CryptoProvider, 'sm3'>; readonly vault: Pick<Vault, 'open'>; readonly policy: Pick<DestructionPolicy, 'guard'> }

/** 所载内容 with where else each record is held. Content on the box is read only where it would count. */
export async function contentsOf(parts: CopyParts, tx: Tx | WriteTx, carrier: string): Promise<readonly MediumContent[]> {
  const contents: MediumContent[] = [];
  for (const { record, purpose } of await tx.media.contents(carrier)) {
    const stored = await tx.records.get(record);
    if (stored === undefined) continue;
    const files = await tx.files.ofRecord(record);
    const carriers = (await tx.media.copiesOf(record, contentDigest(parts.crypto, files))).filter((one) => one !== carrier);
    const counts = (purpose === 'use' || parts.policy.guard.vaultCounts) && carriers.length === 0;
    contents.push({ record, state: stored.state, purpose, carriers, vault: counts && await vaultHolds(parts.vault, files) });
  }
  return contents;
}
