/** What goes into one volume, entry by entry: rendered when its turn comes, measured while it flows. */
import { canonicalBytes } from '../../core/canonical.js';
import { ArchiveError } from '../../core/errors.js';
import { hexOf } from '../content/seal-keys.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { ListedItem } from './catalogue-xml.js';
import { eepEntry } from './eep.js';
import { contentNames, EEP, MARKING, METADATA, PROCESS, recordFolder } from './layout.js';
import { metadataXml, processXml } from './metadata-xml.js';
import type { MetadataTools } from './metadata-xml.js';
import type { ByteSource, PackagePlan, PackageRecord } from './port.js';

export interface PackageTools extends MetadataTools { readonly crypto: CryptoProvider }

export interface Entry {
  readonly path: string;
  readonly bytes: number;
  /** What its maker says its SM3 is; null for what is made here. */
  readonly sm3: string | null;
  open(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export const made = (path: string, content: Uint8Array): Entry => ({ path, bytes: content.length, sm3: null, open: () => [content] });
export const given = (path: string, source: ByteSource): Entry => ({ path, bytes: source.bytes, sm3: source.sm3, open: () => source.open() });

/** The item's row of the catalogues. */
export function listed(tools: PackageTools, record: PackageRecord): ListedItem {
  const folder = recordFolder(record, (...parts) => tools.crypto.sm3(...parts));
  const names = contentNames(record.files);
  const { row, year, category, level, mark, volume } = record;
  return {
    folder, row, year, category, level, mark, volume,
    files: record.files.map(({ role, position, name, bytes, sm3 }, at) => ({ role, position, name, bytes, sm3, path: `${folder}/内容/${names[at] ?? ''}` })),
  };
}

/** 元数据, 过程信息, 标志, 内容, and the DA/T 48 form where it is asked for. */
export function recordEntries(tools: PackageTools, plan: PackagePlan, record: PackageRecord): readonly Entry[] {
  const { folder, files } = listed(tools, record);
  return [
    made(`${folder}/${METADATA}`, metadataXml(tools, record.metadata, plan.encoding)),
    made(`${folder}/${PROCESS}`, processXml(tools, record.events, plan.encoding)),
    ...(record.marking === null ? [] : [made(`${folder}/${MARKING}`, canonicalBytes(record.marking))]),
    ...record.files.map((file, at) => given(files[at]?.path ?? '', file)),
    ...(plan.form === 'eep' ? [eepEntry(tools, plan, record, `${folder}/${EEP}`)] : []),
  ];
}

/** Lets the bytes through, counts and digests them. @throws ArchiveError `E_FIXITY_FAILED` when they are not what was registered */
export async function* measured(crypto: CryptoProvider, entry: Entry, told: (sm3: string) => void): AsyncGenerator<Uint8Array, void, void> {
  const digest = crypto.sm3Stream();
  let bytes = 0;
  for await (const piece of entry.open()) {
    digest.update(piece);
    bytes += piece.length;
    if (bytes > entry.bytes) break;
    yield piece;
  }
  const sm3 = hexOf(digest.digest());
  if (bytes !== entry.bytes || (entry.sm3 !== null && entry.sm3 !== sm3)) throw new ArchiveError('E_FIXITY_FAILED', { registered: entry.sm3, found: sm3 });
  told(sm3);
}
