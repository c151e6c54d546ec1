/** Self-test of 上锁: a tree with several epochs of throwaway keys is used and wiped, and every byte of it must be zero after. */
import type { CryptoProvider } from '../crypto/provider.js';
import { closeThing } from './sealed-thing.js';
import { EPOCH_BYTES, KeyTree, SEARCH_BYTES } from './key-tree.js';

export function provesWiping(provider: CryptoProvider): boolean {
  const tree = new KeyTree(provider, provider.random(32), 'self-test');
  for (const epoch of [1, 2, 3]) {
    tree.addEpoch(epoch, provider.random(EPOCH_BYTES));
    closeThing(provider, tree, { level: 3, epoch }, provider.random(16), ['self-test']);
  }
  tree.setSearch(provider.random(SEARCH_BYTES));
  tree.custodyBox();
  tree.identityBox();
  const secrets = tree.secrets();
  const full = secrets.every((one) => one.some((byte) => byte !== 0));
  const ofOne = secrets.length;
  tree.forget(1);
  const forgotten = tree.secrets().length < ofOne;
  tree.wipe();
  return full && forgotten && secrets.every((one) => one.every((byte) => byte === 0));
}
