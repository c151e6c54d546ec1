import type { Ids, Instant } from '../../core/ports.js';
import type { KeyEvent, KeyKind } from '../../secrecy/ceremony.js';
import type { SoftwareKeyStore } from '../keystore/software.js';
import type { CustodyRepository, KeyEntry } from '../store/repositories/custody.js';

/** What a box file says there is, as it stands: for the first ceremony, and for a box older than the register. */
export function keysThatAre(keys: SoftwareKeyStore): readonly KeyEvent[] {
  const made = (kind: KeyKind, epoch: number | null, reference: string | null): KeyEvent => ({ kind, epoch, reference, event: 'made' });
  return [
    made('root', null, null), made('share-set', null, keys.shareSet.setId), ...keys.epochs.map(({ epoch }) => made('level-keys', epoch, null)),
    made('search-keys', 1, null), made('box', null, keys.identity.certificate.serial), made('authority', null, keys.identity.authority.serial),
  ];
}

/** Enters every key of a box that has no register yet. @param ceremony the record that bears witness; null where there is none */
export async function beginRegister(register: CustodyRepository, ids: Ids, keys: SoftwareKeyStore, at: Instant, ceremony: string | null): Promise<number> {
  const events = keysThatAre(keys);
  for (const { kind, epoch, reference } of events) {
    const known = kind === 'level-keys' ? keys.epochs.find((one) => one.epoch === epoch) : undefined;
    const state: KeyEntry['state'] = known?.state ?? 'current';
    await register.addEntry({ id: ids.uuid(), kind, epoch, reference, state, madeAt: known?.madeAt ?? at, madeIn: ceremony, endedAt: known?.destroyedAt ?? null, endedIn: null });
  }
  return events.length;
}

/** Enters one key made in a ceremony, and moves those of its kind that it takes the place of. */
export async function enterMade(register: CustodyRepository, ids: Ids, of: { readonly kind: KeyKind; readonly epoch: number | null; readonly reference: string | null }, at: Instant, ceremony: string, former: KeyEntry['state']): Promise<void> {
  await register.moveEntries({ kind: of.kind }, ['current'], former, former === 'retiring' ? null : { at, ceremony });
  await register.addEntry({ id: ids.uuid(), ...of, state: 'current', madeAt: at, madeIn: ceremony, endedAt: null, endedIn: null });
}
