/** 分盘: items in their order onto as few media as hold them so; an item is never on two. */
import { ArchiveError } from '../../core/errors.js';

/** Room that a file takes beside its bytes: a block of an ISO image, headers of the tar form. */
const BLOCK = 2048;
/** Folders of an item in both directory trees of an image, and its rows in catalogues and list. */
const ITEM_OVERHEAD = 16 * 1024;
/** Directory structures of an image, label and signature of an envelope, note, list and certificates. */
const VOLUME_OVERHEAD = 512 * 1024;
/** Tags of an envelope: 32 bytes for every 64 KiB, rounded up. */
const withTags = (bytes: number): number => bytes + Math.ceil(bytes / 1024);

export const roomOf = (sizes: readonly number[]): number => withTags(sizes.reduce((sum, bytes) => sum + Math.ceil(bytes / BLOCK) * BLOCK + BLOCK, ITEM_OVERHEAD));

export interface Sized<T> { readonly item: T; readonly id: string; readonly room: number }

/**
 * @param first room that the first volume needs for what is in it alone @param volumeBytes room of one medium
 * @throws ArchiveError `E_PKG_ITEM_TOO_LARGE` naming the item
 */
export function split<T>(items: readonly Sized<T>[], first: number, volumeBytes: number): readonly (readonly T[])[] {
  const volumes: T[][] = [[]];
  let left = volumeBytes - VOLUME_OVERHEAD - first;
  if (left < 0) throw new ArchiveError('E_PKG_ITEM_TOO_LARGE', { bytes: first + VOLUME_OVERHEAD, volumeBytes });
  for (const { item, id, room } of items) {
    if (room > volumeBytes - VOLUME_OVERHEAD) throw new ArchiveError('E_PKG_ITEM_TOO_LARGE', { item: id, bytes: room + VOLUME_OVERHEAD, volumeBytes });
    if (room > left) {
      volumes.push([]);
      left = volumeBytes - VOLUME_OVERHEAD;
    }
    volumes.at(-1)?.push(item);
    left -= room;
  }
  return volumes;
}
