import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { ArchiveError } from '../../core/errors.js';
import type { ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { SoftwareKeyStore } from '../keystore/software.js';
import type { ServerCall } from '../call.js';

export const KeyUnlock = Type.Object({
  /** One officer's share in the clear, opened with the officer's own key in the browser. base64. */
  share: Type.String({ pattern: '^[A-Za-z0-9+/]{40,400}={0,2}$', description: '密钥分量' }),
}, { $id: 'key.unlock', additionalProperties: false });
export type KeyUnlock = Static<typeof KeyUnlock>;

export interface KeyServiceParts {
  readonly store: UnitOfWork<WriteTools, ReadTools>;
  readonly keys: SoftwareKeyStore;
  readonly whenUnlocked: () => Promise<void>;
}

/** 密钥状态, 上锁 and 开锁 (two of three officers). */
export function keyService(parts: KeyServiceParts) {
  const { store, keys } = parts;
  return {
    async status(call: ServerCall) {
      return store.read(call, async (tx) => {
        await tx.allow();
        tx.audit({ action: call.act });
        return { ...keys.unlocking, rehearsal: keys.rehearsal, epoch: keys.epoch, holders: keys.heldShares.map(({ holder, index, certificate }) => ({ holder, index, until: certificate.notAfter })) };
      });
    },

    /** What a locked box shows to anyone: who holds a share, and the share as only its holder can open it. */
    async shares(_call: ServerCall) {
      return Promise.resolve({
        ...keys.unlocking,
        shares: keys.state === 'unlocked' ? [] : keys.heldShares.map(({ holder, index, encrypted }) => ({ holder, index, encrypted: Buffer.from(encrypted).toString('base64') })),
      });
    },

    /** Open to anyone who can open a share: a locked box knows nobody. The second share wakes the keys. */
    async unlock(call: ServerCall, input: KeyUnlock) {
      if (keys.state === 'unlocked') return keys.unlocking;
      const frame = Uint8Array.from(Buffer.from(input.share, 'base64'));
      try {
        const now = await keys.offerShare(frame);
        await parts.whenUnlocked();
        if (now.state === 'unlocked') {
          await store.write({ ...call, person: 'system' }, async (tx) => { await tx.allow(); tx.audit({ action: 'key.unlock', detail: { need: now.need } }); });
        }
        return now;
      } finally {
        frame.fill(0);
      }
    },

    async lock(call: ServerCall) {
      await store.write(call, async (tx) => {
        await tx.allow();
        if (keys.rehearsal) throw new ArchiveError('E_STATE_INVALID', { state: 'rehearsal' }, [{ at: '', message: '演练环境自行开锁，不能上锁' }]);
        tx.audit({ action: call.act });
      });
      keys.lock();
      return keys.unlocking;
    },
  };
}
