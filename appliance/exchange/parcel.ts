/** 离线导入的包: whatever form it came in, what comes out of it is items with their files, or what is wrong with which entry. */
import type { CatalogueStructure } from '../../core/catalogue.js';
import type { Description } from '../../core/description.js';
import type { FileRole } from '../../core/holdings.js';
import type { Level } from '../../core/ports.js';
import type { MetadataValues, PackageFinding } from '../packages/port.js';

/** 归档信息包, DA/T 48 电子文件封装包, BagIt, 带目录的文件夹. */
export type ParcelForm = 'filing' | 'eep' | 'bagit' | 'folder';

export interface ParcelFile {
  /** Entry of the package. */
  readonly path: string;
  /** 计算机文件名 */
  readonly name: string;
  readonly role: FileRole;
  readonly bytes: number;
  /** Of the bytes as they were read when the package was judged, hex. */
  readonly sm3: string;
  open(): AsyncIterable<Uint8Array>;
}

/** 件 */
export interface ParcelItem {
  /** Where the package tells of it: a folder, a row, a file. */
  readonly place: string;
  /** Null where the package does not say. */
  readonly level: Level | null;
  readonly description: Description;
  readonly structure: CatalogueStructure;
  /** 过程信息 as it came. */
  readonly events: readonly MetadataValues[];
  /** 正文 first. */
  readonly files: readonly ParcelFile[];
}

export interface Parcel {
  readonly form: ParcelForm;
  /** Of the package, for people: its number, its version. */
  readonly name: string;
  /** Any of these refuses it whole. */
  readonly findings: readonly PackageFinding[];
  /** Worth a look; refuses nothing. */
  readonly warnings: readonly PackageFinding[];
  /** Items in it; 0 where it was refused. */
  readonly total: number;
  /** One at a time; only of a package without findings. */
  items(): AsyncIterable<ParcelItem>;
  close(): Promise<void>;
}

export const refused = (form: ParcelForm, name: string, findings: readonly PackageFinding[], warnings: readonly PackageFinding[], close: () => Promise<void>): Parcel =>
  ({ form, name, findings, warnings, total: 0, items: () => nothing(), close });

async function* nothing(): AsyncGenerator<ParcelItem, void, void> {
  yield* await Promise.resolve([]);
}
