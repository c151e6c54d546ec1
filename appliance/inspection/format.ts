/**
 * What every format examiner takes and gives. An examiner reads bytes it must not trust: it works inside a worker with
 * limits on memory and time, never touches the network or the disk, and never throws for bad content: bad content is a fact.
 */

/** Random access to the bytes of one computer file, wherever they rest (loose file, sealed object, memory). */
export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /** Up to `length` bytes from `offset`; shorter only at the end. */
  read(offset: number, length: number): Promise<Buffer>;
  /** The whole content; refused with a RangeError past `limitBytes`. */
  all(limitBytes: number): Promise<Buffer>;
}

/** 识别结果: what the bytes say, whatever the name says. */
export interface Identified {
  readonly mime: string;
  /** 格式名称, e.g. `PDF/A-2b`, `OFD`, `Word 97-2003`. */
  readonly name: string;
  readonly version: string | null;
  /** PRONOM identifier where certain. */
  readonly puid: string | null;
}

/** Measured facts; `null` means that nobody can tell from the bytes. */
export interface FileFacts {
  readonly encrypted: boolean | null;
  /** The file as a whole is a compressed or packed container (第十七条); OFD, OOXML, ODF and EPUB are not. */
  readonly compressed: boolean | null;
  /** Holds digital signature data (第十九条). */
  readonly signed: boolean | null;
  /** Holds a seal picture 印章图形. */
  readonly sealImage: boolean | null;
  /** Macros, scripts, launch actions, external references that act: anything that does more than show. */
  readonly activeContent: boolean | null;
  readonly extensionMismatch: boolean | null;
  /** Structure sound: opens, pages or entries can be read to the end. */
  readonly valid: boolean | null;
  readonly pages?: number | undefined;
}

/** One observation of an examiner, by the rule it breaks or presses on; severity is decided by the rule table, not here. */
export interface Observation {
  /** Key in `policies/observations.json`, e.g. `pdf.font-not-embedded`, `zip.traversal`, `file.truncated`. */
  readonly key: string;
  /** Where and what, in Chinese, without quoting content: `第3页`, `条目 2`, `字体 1 个`. */
  readonly evidence: string;
}

export interface Examination {
  readonly identified: Identified;
  readonly facts: FileFacts;
  readonly observations: readonly Observation[];
}

export interface ExamineLimits {
  /** Largest file read into memory as a whole. */
  readonly wholeBytes: number;
  /** Largest sum of unpacked bytes of one container. */
  readonly unpackedBytes: number;
  readonly entries: number;
  /** Container in container. */
  readonly depth: number;
}

/** An examiner of one family of formats. `name` is the declared file name: only its extension may be used, and only for `extensionMismatch`. */
export interface Examiner {
  /** True when the first bytes (and, if need be, more of the source) belong to this family. */
  claims(head: Buffer, source: ByteSource): Promise<boolean>;
  examine(source: ByteSource, name: string, limits: ExamineLimits, inner: Inner): Promise<Examination>;
}

/**
 * Examines content held inside other content (附件、嵌入对象、条目) by the same examiners, one level deeper.
 * @returns `null` when `limits.depth` is used up.
 */
export type Inner = (source: ByteSource, name: string) => Promise<Examination | null>;
