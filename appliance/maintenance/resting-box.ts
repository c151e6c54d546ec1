import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { BoxIdentity } from '../audit/identity.js';
import { dataPaths } from '../content/paths.js';
import type { DataPaths } from '../content/paths.js';
import { certificatePem } from '../crypto/certificate.js';
import { readBoxFile } from '../keystore/box-file.js';
import type { BoxFile } from '../keystore/box-file.js';
import type { Keyring, WrappedKey } from '../keystore/keyring.js';
import { openReadOnly } from '../store/read-only.js';
import type { Sql } from '../store/sql.js';

/** A data directory as it lies there: read, never changed, locked or not, the box running or not. */
export interface RestingBox {
  readonly paths: DataPaths;
  readonly sql: Sql;
  readonly file: BoxFile;
  /** Who the box is; nothing can be signed. */
  readonly identity: Pick<BoxIdentity, 'serial' | 'chain'>;
  close(): Promise<void>;
}

export async function openResting(data: string): Promise<RestingBox> {
  const paths = dataPaths(data);
  const file = readBoxFile(await readFile(path.join(paths.box, 'keystore.json'), 'utf8'));
  const database = await openReadOnly(paths.database);
  return {
    paths, sql: database.sql, file,
    identity: { serial: file.certificate.subject.commonName ?? '', chain: [certificatePem(file.certificate), certificatePem(file.authority)] },
    close: async () => database.close(),
  };
}

/** The wrapped keys of a resting box, for asking which are there. */
export async function restingKeyring(file: string): Promise<Keyring> {
  const { sql, close } = await openReadOnly(file);
  const refuse = async (): Promise<never> => Promise.reject(new Error('opened for reading'));
  return {
    async get(objectId): Promise<WrappedKey | undefined> {
      const row = await sql.one<{ level: WrappedKey['level']; epoch: number; wrapped: Buffer }>('SELECT level, epoch, wrapped FROM data_key WHERE object = $1', objectId);
      return row && { objectId, ...row };
    },
    async *objects() {
      for (const { object } of await sql.all<{ object: string }>('SELECT object FROM data_key ORDER BY object')) yield object;
    },
    async countByEpoch() {
      const rows = await sql.all<{ epoch: number; n: number }>('SELECT epoch, count(*) AS n FROM data_key GROUP BY epoch');
      return new Map(rows.map(({ epoch, n }) => [epoch, n]));
    },
    add: refuse, exchange: refuse, replace: refuse, older: refuse, remove: refuse, settle: refuse, close,
  };
}
