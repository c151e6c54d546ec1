/** 备份清单: see backup-format.md. The manifest is signed as it lies there, byte for byte. */
import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { canonicalBytes } from '../../core/canonical.js';
import { checkFor } from '../validation.js';

const closed = { additionalProperties: false } as const;
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Bytes = Type.Integer({ minimum: 0 });
const Instant = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' });

export const BackupFile = Type.Object({
  /** Relative, `/` between folders. */
  path: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*){0,2}$' }),
  bytes: Bytes,
  sm3: Digest,
  /** SM3 of every `PIECE_BYTES`, for a file of more than one: says where a damaged file is damaged. */
  pieces: Type.Optional(Type.Array(Digest)),
}, closed);
export type BackupFile = Static<typeof BackupFile>;

/** An object that an incremental backup does not hold itself: it lies, with this digest, in the folder of backup `in`. */
export const Inherited = Type.Object({ path: Type.String({ pattern: '^objects/[0-9a-f-]{2}/[0-9a-f-]{36}$' }), bytes: Bytes, sm3: Digest, in: Type.String({ pattern: '^BF-\\d{4}-\\d{4}$' }) }, closed);
export type Inherited = Static<typeof Inherited>;

/** A sealed file of the backup's own (secrecy/envelope.md), with the key that opens it. */
export const SealedPart = Type.Object({
  path: Type.String(), objectId: Type.String({ format: 'uuid' }),
  /** The 32-byte secret, sealed under the metadata key of `keyLevel` (sealed-thing.md); base64. */
  key: Type.String({ pattern: '^[A-Za-z0-9+/]+=*$' }), keyLevel: Type.Integer({ minimum: 0, maximum: 4 }),
  bytes: Bytes, sm3: Digest,
}, closed);
export type SealedPart = Static<typeof SealedPart>;

export const Manifest = Type.Object({
  format: Type.Literal('shouzang-backup'),
  /** 2 for an incremental: a reader that knows only whole folders refuses it. */
  version: Type.Union([Type.Literal(1), Type.Literal(2)]),
  /** `content`: database and objects. `keys`: keystore and keyring, kept apart. */
  part: Type.Union([Type.Literal('content'), Type.Literal('keys')]),
  number: Type.String({ pattern: '^BF-\\d{4}-\\d{4}$' }),
  box: Type.String({ minLength: 1 }),
  release: Type.String(),
  at: Instant,
  rehearsal: Type.Boolean(),
  /** 最高密级 and the mark rolled up of everything in it. */
  level: Type.Integer({ minimum: 0, maximum: 4 }),
  mark: Type.String(),
  /** The audit ledger at the moment of the snapshot; `checkpoint.txt` is signed for the same. */
  ledger: Type.Object({ size: Type.Integer({ minimum: 0 }), root: Digest }, closed),
  objects: Type.Object({ count: Type.Integer({ minimum: 0 }), bytes: Bytes }, closed),
  sealed: SealedPart,
  files: Type.Array(BackupFile),
  /** 增量: what lies in earlier backups; every folder named here is needed to restore. */
  inherited: Type.Optional(Type.Array(Inherited)),
}, closed);
export type Manifest = Static<typeof Manifest>;

export const MANIFEST = 'manifest.json';
export const SIGNATURE = 'manifest.sig';
export const CERTIFICATES = 'box.pem';
export const CHECKPOINT = 'checkpoint.txt';
export const DATABASE = 'database.sealed';
export const KEYRING = 'keyring.sealed';
export const KEYSTORE = 'keystore.json';
/** Folder of what a rehearsal unlocks itself with; a real box has none. */
export const REHEARSAL = 'rehearsal';
export const HOW_TO = 'VERIFY.txt';

export const objectPath = (object: string): string => `objects/${object.slice(0, 2)}/${object}`;
export const folderName = (box: string, number: string, part: Manifest['part']): string => `${box}-${number}${part === 'keys' ? '-keys' : ''}`;

const check = checkFor(Manifest);

/** Numbers of the earlier backups that an incremental rests on. */
export const chainOf = (manifest: Manifest): readonly string[] => [...new Set((manifest.inherited ?? []).map((one) => one.in))].sort();

/** The manifest in these bytes; undefined for anything but its one canonical form. */
export function readManifest(bytes: Uint8Array): Manifest | undefined {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const checked = check(parsed);
    return checked.ok && (checked.value.version === 2) === (checked.value.inherited !== undefined) && Buffer.from(canonicalBytes(checked.value)).equals(bytes) ? checked.value : undefined;
  } catch {
    return undefined;
  }
}

/** 验真办法, in the backup itself: stock openssl and nothing of ours. */
export const howTo = (manifest: Pick<Manifest, 'number' | 'box' | 'part'>): string => `守藏备份 ${manifest.number}（本机 ${manifest.box}，${manifest.part === 'keys' ? '密钥部分，须与内容部分分开保管' : '内容部分'}）

用 npx shouzang backup verify 核对全部文件；没有本系统时，用 OpenSSL 3 核对清单签名（应显示 Verified OK）：

openssl x509 -in ${CERTIFICATES} -pubkey -noout > box-key.pem
openssl dgst -sm3 -verify box-key.pem -sigopt distid:1234567812345678 -signature ${SIGNATURE} ${MANIFEST}

再逐个核对清单 files 中的摘要：openssl dgst -sm3 文件名
`;
