/**
 * 信息包: what is put into a package, what comes out of one, and what the road envelope needs. Types only; the format is in README.md
 * and secrecy/transfer-envelope.md.
 */
import type { ErrorCode } from '../../core/errors.js';
import type { CalendarDate, Instant, Level } from '../../core/ports.js';
import type { TransferLabel } from '../../secrecy/transfer-envelope.js';
import type { FileRole } from '../../core/holdings.js';
import type { Certificate } from '../crypto/certificate.js';
import type { PublicKey } from '../crypto/provider.js';

/** Bytes that can be read from the start as often as needed, piece by piece. */
export interface ByteSource {
  readonly bytes: number;
  /** Lower-case hex; what flows is checked against it. */
  readonly sm3: string;
  open(): AsyncIterable<Uint8Array>;
}

/** One computer file of a record. Its name in the package is made of position and role; its own name is metadata (M48). */
export interface PackageFile extends ByteSource {
  readonly role: FileRole;
  /** From 1 within the record. */
  readonly position: number;
  /** 计算机文件名, for the extension. */
  readonly name: string;
}

/** A file of 其他/: a companion, an attachment, a form, a report. */
export interface NamedSource extends ByteSource {
  /** Relative to 其他/, `/` between folders: `登记表/移交与接收登记表.pdf`. */
  readonly name: string;
}

/** 文件目录 (S18 附件 2) and 扩展目录: one row an item. */
export interface CatalogueRow {
  readonly archivalCode: string;
  readonly author: string;
  readonly title: string;
  readonly date: string;
  /** 密级 as text of the standard: 公开、限制、秘密、机密、绝密. */
  readonly levelText: string;
  readonly remark: string;
  readonly electronicRecordCode: string;
  readonly retention: string;
  readonly secrecyPeriod: string;
  readonly pages: number | null;
}

/** Metadata by the keys of policies/metadata.json: elements of the place `record`, and groups (`digitalObjects`, `storage`, `agents`, …). */
export type MetadataValues = Readonly<Record<string, unknown>>;

/** 件 */
export interface PackageRecord {
  readonly row: CatalogueRow;
  /** Folder names under 电子档案/: 年度, then 类别. */
  readonly year: string;
  readonly category: string;
  readonly level: Level;
  /** 标志 as text; null for what is public. */
  readonly mark: string | null;
  /** 案卷号 of the volume it lies in, with units kept by volume. */
  readonly volume: string | null;
  /** Everything but `events`; no element may be one that the scheme does not know. */
  readonly metadata: MetadataValues;
  /** 业务实体 M80–M84, in order. */
  readonly events: readonly MetadataValues[];
  /** 标志.json: level, period, basis, change history and proofs; null for what is no state secret. */
  readonly marking: Readonly<Record<string, unknown>> | null;
  readonly files: readonly PackageFile[];
}

/** 案卷 */
export interface PackageVolumeRow { readonly volume: string; readonly author: string; readonly title: string; readonly date: string; readonly levelText: string; readonly items: number; readonly remark: string }

/** 说明文件字段 (S18 附件 2); what the package itself knows (number, counts, level, digest) is added by the writer. */
export interface NoteFields {
  /** 载体容量 */
  readonly capacity: string;
  /** 载体类型 */
  readonly mediumType: string;
  /** 载体编号 */
  readonly mediumNo: string;
  /** 载体保管单位 */
  readonly keeper: string;
  /** 载体制作单位 */
  readonly maker: string;
  /** 载体检查单位 */
  readonly checker: string;
  /** 读取所需软硬件环境 */
  readonly environment: string;
  /** 其他说明 */
  readonly remarks: string;
}

export type PackageKind = 'filing' | 'transfer';
export type TextEncoding = 'UTF-8' | 'GB18030';
/** `folder`: one folder an item. `eep`: beside it one DA/T 48 封装包 an item, contents within. */
export type PackageForm = 'folder' | 'eep';

/** The box that writes: it signs the manifest. `BoxIdentity` is one. */
export interface PackageSigner {
  readonly serial: string;
  /** PEM, the box's certificate first, its authority after it. */
  readonly chain: readonly string[];
  sign(message: Uint8Array): Uint8Array;
}

export interface PackagePlan {
  /** 包编号: letters, digits and `-`; the folder's name. */
  readonly packageNo: string;
  readonly kind: PackageKind;
  readonly form: PackageForm;
  readonly encoding: TextEncoding;
  readonly fonds: string;
  /** 移交或归档单位 */
  readonly unitName: string;
  readonly madeAt: Instant;
  /** 最高密级 and its mark, rolled up over everything in it. */
  readonly level: Level;
  readonly mark: string | null;
  /** By medium: 1, 2, … where the package goes over several. */
  readonly note: (volume: number, volumes: number) => NoteFields;
  readonly records: readonly PackageRecord[];
  /** 案卷目录; empty with units kept by item. */
  readonly caseFiles: readonly PackageVolumeRow[];
  /** 移交清单, 三附件, 登记表, 检测报告, 全宗卷, 检索工具: all into 其他/ of the first volume. */
  readonly others: readonly NamedSource[];
  readonly signer: PackageSigner;
}

/** One volume as written: a package of its own with note, manifest and signature. */
export interface WrittenVolume {
  readonly folder: string;
  readonly volume: number;
  readonly volumes: number;
  readonly items: number;
  readonly bytes: number;
  readonly files: number;
  /** SM3 of 校验/manifest-sm3.txt, hex. */
  readonly manifest: string;
  /** 档号 in it. */
  readonly codes: readonly string[];
}
export interface WritePackageWish {
  /** Room on one medium; unlimited when absent. An item is never split. */
  readonly volumeBytes?: number;
}
export type WritePackage = (plan: PackagePlan, folder: string, wish?: WritePackageWish) => Promise<readonly WrittenVolume[]>;

/** What is wrong, and with which entry. */
export interface PackageFinding {
  readonly code: ErrorCode;
  /** Path in the package; empty for the package as a whole. */
  readonly entry: string;
  /** 中文; holds no title. */
  readonly text: string;
}

/** Facts that 其他/包信息.json states; the manifest covers it. */
export interface PackageFacts {
  readonly packageNo: string;
  readonly kind: PackageKind;
  readonly form: PackageForm;
  readonly volume: number;
  readonly volumes: number;
  readonly fonds: string;
  readonly unitName: string;
  readonly box: string;
  readonly madeAt: Instant;
  readonly level: Level;
  readonly mark: string | null;
  readonly items: number;
  readonly bytes: number;
  readonly encoding: TextEncoding;
}

export interface ReadFile extends ByteSource { readonly path: string; readonly role: FileRole; readonly position: number; readonly name: string }
/** What a reader gives back of an item: as it was put in. */
export interface ReadRecord extends Omit<PackageRecord, 'files'> {
  /** Its folder in the package. */
  readonly path: string;
  readonly files: readonly ReadFile[];
}

/** Whose signature counts. */
export interface PackageTrust {
  /** Roots of the boxes that may have written it; `null`: any root, told in `authority`. */
  readonly anchors: readonly Certificate[] | null;
  /** When its certificate must be valid; null: at the time at which the package says it was made. */
  readonly at: Instant | null;
}

export interface ReadPackage {
  readonly findings: readonly PackageFinding[];
  /** Null where the package cannot even say what it is. */
  readonly facts: PackageFacts | null;
  /** SM3 of the manifest, hex. */
  readonly manifest: string | null;
  /** SM3 of the root certificate it was signed under, hex. */
  readonly authority: string | null;
  /** Every listed file, path by path. */
  readonly files: readonly (ByteSource & { readonly path: string })[];
  /** Items, one at a time; only of a package without findings. */
  records(): AsyncIterable<ReadRecord>;
  caseFiles(): Promise<readonly PackageVolumeRow[]>;
  /** Closes what it reads from. */
  close(): Promise<void>;
}
export type PackageReader = (folder: string, trust: PackageTrust) => Promise<ReadPackage>;

/** Who holds one of the two secrets: gives back what was wrapped for its key. @throws ArchiveError `E_DECRYPT_FAILED` */
export interface Unwrapper { unwrap(wrapped: Uint8Array): Uint8Array | Promise<Uint8Array> }

/** 封套: to whom it goes and by which medium. */
export interface EnvelopeSealing {
  /** UUID, drawn for this envelope alone. */
  readonly envelopeId: string;
  readonly sealedAt: Instant;
  /** After this instant no box opens it. */
  readonly validUntil: Instant;
  readonly handoverNo: string | null;
  readonly sender: PackageSigner;
  readonly receiver: {
    /** 设备编号 of the receiving box. */
    readonly serial: string;
    /** Its certificate for encryption, leaf first, and the root kept at 登记对端单位. */
    readonly chain: readonly Certificate[];
    readonly anchor: Certificate;
    readonly systemLevel: Level;
  };
  readonly device: { readonly no: string; readonly certificate: Certificate; readonly certifiedLevel: Level; readonly validTo: CalendarDate };
}

/** What a person may see of an envelope without any key: the signed label. */
export type EnvelopeLabel = TransferLabel;

export interface SealedEnvelope {
  readonly path: string;
  readonly label: EnvelopeLabel;
  /** SM3 of the label's bytes, hex: the digest of the envelope in forms and receipts. */
  readonly digest: string;
  readonly bytes: number;
}

export interface EnvelopeOpening {
  readonly at: Instant;
  readonly box: Unwrapper & { readonly serial: string; readonly publicKey: PublicKey; readonly systemLevel: Level };
  readonly device: Unwrapper & { readonly no: string; readonly publicKey: PublicKey; readonly certifiedLevel: Level; readonly validTo: CalendarDate };
  /** Roots of the registered counterparts. */
  readonly senders: readonly Certificate[];
  /** Whether this envelope was opened and entered before. */
  seen(envelopeId: string): Promise<boolean>;
}
export type EnvelopeKeys = EnvelopeSealing | EnvelopeOpening;
