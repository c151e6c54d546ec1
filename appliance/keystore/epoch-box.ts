import type { BoxFile } from './box-file.js';
import type { KeyTree } from './key-tree.js';

/** What the sealed keys of an epoch, and of the blind words, are bound to. */
const aboutEpoch = (boxId: string, epoch: number): readonly (string | number)[] => ['level-keys', boxId, epoch];
const aboutSearch = (boxId: string): readonly string[] => ['search-keys', boxId];

/** An epoch's keys under the root of this tree. @param wipe overwrites `keys`, which nobody needs any more */
export function sealEpoch(tree: KeyTree, boxId: string, epoch: number, keys: Uint8Array, wipe = false): Uint8Array {
  const sealed = tree.custodyBox().close(keys, aboutEpoch(boxId, epoch));
  if (wipe) keys.fill(0);
  return sealed;
}

/** The keys of the blind words under the root of this tree. Wipes `keys`. */
export function sealSearch(tree: KeyTree, boxId: string, keys: Uint8Array): Uint8Array {
  const sealed = tree.custodyBox().close(keys, aboutSearch(boxId));
  keys.fill(0);
  return sealed;
}

/** Puts the keys of every epoch that is not destroyed into the tree: opened from the file, derived (version 1), or handed over. */
export function openEpochs(tree: KeyTree, file: BoxFile, from?: KeyTree): void {
  for (const { epoch, state, sealed } of file.epochs) {
    if (state === 'destroyed') continue;
    if (from !== undefined) tree.addEpoch(epoch, from.exportEpoch(epoch));
    else if (sealed === null) tree.addEpoch(epoch);
    else tree.addEpoch(epoch, tree.custodyBox().open(sealed, aboutEpoch(file.boxId, epoch)));
  }
  if (from !== undefined) tree.setSearch(from.exportSearch());
  else if (file.sealedSearch === null) tree.setSearch();
  else tree.setSearch(tree.custodyBox().open(file.sealedSearch, aboutSearch(file.boxId)));
}

/** A file of version 1 with its derived keys sealed, so that they live on without the root that derived them. */
export function sealedNow(tree: KeyTree, file: BoxFile): BoxFile {
  return {
    ...file, sealedSearch: file.sealedSearch ?? sealSearch(tree, file.boxId, tree.exportSearch()),
    epochs: file.epochs.map((one) => (one.state === 'destroyed' || one.sealed !== null ? one : { ...one, sealed: sealEpoch(tree, file.boxId, one.epoch, tree.exportEpoch(one.epoch), true) })),
  };
}
