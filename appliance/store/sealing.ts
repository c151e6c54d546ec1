import type { Level } from '../../core/ports.js';

/**
 * Seals the telling part of a row under a level's metadata key. `context` (`record/<id>`) is bound in, so that a sealed
 * description cannot be moved to another row. Locked box: `E_BOX_LOCKED`.
 */
export interface Sealing {
  seal(level: Level, context: string, value: unknown): Buffer;
  /** @throws ArchiveError E_FIXITY_FAILED when the bytes were changed or belong to another row */
  open<T>(level: Level, context: string, sealed: Buffer): T;
  /** One token a search term, under the level's search key. */
  token(level: Level, term: string): string;
}
