import { ArchiveError } from '../../core/errors.js';
import type { Call, Clock, Ids } from '../../core/ports.js';
import { parseCertificate } from '../crypto/certificate.js';
import { beginEpoch, destroyEpoch, renewRoot, type KeystorePlaces } from '../keystore/ceremony.js';
import type { SoftwareKeyStore } from '../keystore/software.js';
import { countOfEpoch } from '../store/resealing.js';
import { custodyRepository, type KeyOrder } from '../store/repositories/custody.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Sealing } from '../store/sealing.js';
import type { Sql } from '../store/sql.js';
import type { Store } from '../store/unit-of-work.js';
import { beginRegister, enterMade } from './register.js';
import type { Rotation } from './rotation.js';

export interface OrderParts {
  readonly store: Store<Repositories>;
  readonly reader: Sql;
  readonly sealing: Sealing;
  readonly keys: SoftwareKeyStore;
  readonly places: KeystorePlaces;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly rotation: Rotation;
  readonly systemCall: (act: string) => Call;
  /** Told of an order that could not be carried out. */
  readonly late?: (error: unknown) => void;
}

/**
 * What granted approvals ordered, done to the key file: after the commit that ordered it, and at every unlocking again where that failed.
 * Each is told by the key file itself whether it is done, so that doing it twice changes nothing.
 */
export function keyOrders(parts: OrderParts) {
  const { store, keys, places, clock, ids, systemCall } = parts;
  const custody = custodyRepository(parts.reader, parts.sealing);

  async function carryOut(order: KeyOrder): Promise<void> {
    if (order.kind === 'rotate') await beginEpoch(keys, places, order.epoch, clock.now());
    else if (order.kind === 'reissue') {
      if (keys.shareSet.setId !== order.newSet) await renewRoot(keys, places, order.holders.map(({ holder, certificate }) => ({ holder, certificate: parseCertificate(certificate) })), order.newSet);
    } else {
      const things = await countOfEpoch(parts.reader, order.epoch);
      if (things > 0) throw new ArchiveError('E_KEY_EPOCH_IN_USE', { epoch: order.epoch, keys: 0, things });
      await destroyEpoch(keys, places, order.epoch, clock.now());
    }
    await close(order);
  }

  /** Register and ledger say it is so once it is so. */
  async function close(order: KeyOrder): Promise<void> {
    const act = order.kind === 'rotate' ? 'key.rotate' : order.kind === 'reissue' ? 'key.reissue' : 'key.destroy-epoch';
    await store.write(systemCall(act), async (tx) => {
      await tx.allow();
      const [at, { ceremony }] = [clock.now(), order];
      if (order.kind === 'rotate') await enterMade(tx.custody, ids, { kind: 'level-keys', epoch: order.epoch, reference: null }, at, ceremony, 'retiring');
      else if (order.kind === 'reissue') {
        await enterMade(tx.custody, ids, { kind: 'root', epoch: null, reference: null }, at, ceremony, 'replaced');
        await enterMade(tx.custody, ids, { kind: 'share-set', epoch: null, reference: keys.shareSet.setId }, at, ceremony, 'replaced');
      } else await tx.custody.moveEntries({ kind: 'level-keys', epoch: order.epoch }, ['retiring', 'retired'], 'destroyed', { at, ceremony });
      await tx.custody.closeOrder(order.id, at);
      tx.audit({ action: act, object: order.id, objectType: 'key-order', detail: { ceremony, ...(order.kind === 'reissue' ? { set: keys.shareSet.setId } : { epoch: order.epoch }) } });
    });
    parts.rotation.wake();
  }

  return {
    /** Told by the round once nothing refers to an earlier epoch. */
    async rotated(epoch: number, moved: number): Promise<void> {
      await store.write(systemCall('key.rotate'), async (tx) => {
        await tx.allow();
        await tx.custody.moveEntries({ kind: 'level-keys' }, ['retiring'], 'retired', null);
        tx.audit({ action: 'key.rotate', objectType: 'key', detail: { epoch, moved, finished: true } });
      });
    },

    carryOut,

    /** At every unlocking: a register where there is none, open orders, and the round where it was left. */
    async resume(): Promise<void> {
      if (keys.state === 'locked') return;
      if ((await custody.entries()).length === 0) {
        await store.write(systemCall('key.register'), async (tx) => {
          await tx.allow();
          const entered = await beginRegister(tx.custody, ids, keys, clock.now(), null);
          tx.audit({ action: 'key.register', objectType: 'key', detail: { entered } });
        });
      }
      // An order that cannot be carried out now stays open and is told; it must not keep the box shut.
      for (const order of await custody.openOrders()) await carryOut(order).catch((error: unknown) => { parts.late?.(error); });
      parts.rotation.wake();
    },
  };
}
export type KeyOrders = ReturnType<typeof keyOrders>;
