import type { FileFinding } from '../holdings.js';
import type { Level } from '../ports.js';

/**
 * Where the bytes of computer files go. Everything written is sealed as it is written; nothing readable ever rests.
 * An object is staged under a name that nobody refers to, then a unit of work refers to it, then it is promoted.
 */
export interface ContentStore {
  /** Starts a staged object under a fresh data key of the level. */
  begin(object: string, level: Level): Promise<void>;
  /**
   * Adds bytes from `offset`, which must be where the object ends. Returns the new end.
   * @throws ArchiveError E_UPLOAD_OFFSET with the true end; E_UPLOAD_TOO_LARGE past `limitBytes`, keeping what was whole
   */
  append(object: string, offset: number, body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<number>;
  /** How far an unfinished object is; null when it was given up. */
  received(object: string): Promise<number | null>;
  /** Seals the end. SM3 of the plain content, lower-case hex. */
  finish(object: string): Promise<{ readonly bytes: number; readonly sm3: string }>;
  /** Gives an unfinished or unreferred object up: bytes and key. */
  discard(object: string): Promise<void>;
  /** Moves a referred object into the vault and closes the intent; repeating it is success. */
  promote(object: string): Promise<void>;
  /** Destroys the key, then the bytes, and closes the intent; repeating it is success. */
  erase(object: string): Promise<void>;
  /** 变更密级: the data key under another level's key, and the intent closed; repeating it is success. */
  relevel(object: string, level: Level): Promise<void>;
}

/** 单个文件的检测. */
export interface FileJudgement {
  readonly format: { readonly mime: string; readonly name: string; readonly version: string | null; readonly puid: string | null };
  readonly facts: Readonly<Record<string, unknown>>;
  readonly verdict: 'accept' | 'warn' | 'reject';
  readonly findings: readonly FileFinding[];
}

export interface Inspector {
  /** Examines a staged or kept object under the name it was handed in with. */
  inspect(object: string, fileName: string): Promise<FileJudgement>;
}
