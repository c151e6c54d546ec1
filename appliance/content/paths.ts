import path from 'node:path';
import { ArchiveError } from '../../core/errors.js';

/**
 * Where everything rests under the data directory. File names are opaque ids: a name outlives its file in the directory block.
 */
export interface DataPaths {
  readonly root: string;
  readonly database: string;
  readonly keyring: string;
  /** Sealed objects on their way in; nothing refers to them yet, or an intent does. */
  readonly staging: string;
  /** Sealed objects that records refer to. */
  readonly vault: string;
  /** Sealed finished reports. */
  readonly reports: string;
  /** Key files of the rehearsal people; only a rehearsal box has it. */
  readonly rehearsal: string;
  /** TLS key and certificate, box identity (wrapped), root key shares' public part. */
  readonly box: string;
  readonly logs: string;
  /** Snapshots while a backup is made; wiped after it, and at every start. */
  readonly snapshots: string;
  /** There while the founding is not finished; a box that has it does not open. */
  readonly founding: string;
}

export function dataPaths(root: string): DataPaths {
  const under = (name: string): string => path.join(root, name);
  return {
    root, database: under('shouzang.db'), keyring: under('keyring.db'), staging: under('staging'), vault: under('vault'),
    reports: under('reports'), rehearsal: under('rehearsal'), box: under('box'), logs: under('logs'), founding: under('founding-unfinished'), snapshots: under('snapshots'),
  };
}

const OPAQUE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `staging/<id>` */
export const stagedPath = (paths: DataPaths, objectId: string): string => path.join(paths.staging, opaque(objectId));

/** `vault/<first two digits>/<id>`: no folder grows past what a directory scan can bear. */
export function vaultPath(paths: DataPaths, objectId: string): string {
  const id = opaque(objectId);
  return path.join(paths.vault, id.slice(0, 2), id);
}

function opaque(id: string): string {
  if (!OPAQUE.test(id)) throw new ArchiveError('E_INPUT_INVALID', { why: 'object id' });
  return id;
}
