import { canonicalBytes } from './canonical.js';
import type { Instant } from './ports.js';
import type { OnlineItem } from '../policies/schemas/source.js';

/** What a source system signs for a request: the act and every part of the query but the signature, as canonical JSON (RFC 8785). */
export function requestText(act: string, query: Readonly<Record<string, unknown>>): Uint8Array {
  const { signature: _, ...said } = query;
  return canonicalBytes({ act, ...said });
}

/** What is said of an item, its contents by their digests: the same item is the same text however its bytes travelled. */
export function itemText({ files, ...item }: OnlineItem): Uint8Array {
  return canonicalBytes({ ...item, files: files.map(({ content: _, ...file }) => file) });
}

/** 收件回执, signed by the box over its canonical JSON; the source keeps it as proof of what it handed in (办法第十四条、第十六条). */
export interface SourceReceipt {
  readonly format: 'shouzang-source-receipt/1';
  /** 设备编号 of the box. */
  readonly box: string;
  readonly source: string;
  /** 源系统件号 and the SM3 of `itemText`. */
  readonly key: string;
  readonly digest: string;
  readonly electronicRecordCode: string;
  readonly batch: string;
  /** `inspected`, or `returned` where a file was found bad: then the findings say why. */
  readonly state: string;
  readonly files: readonly { readonly position: number; readonly sm3: string; readonly bytes: number; readonly verdict: string; readonly findings: readonly string[] }[];
  readonly receivedAt: Instant;
}
export interface SignedReceipt { readonly receipt: SourceReceipt; /** DER, base64url. */ readonly signature: string }

/** 批回执: what became of each item of one request, by key. */
export interface BatchReceipt {
  readonly format: 'shouzang-source-batch-receipt/1';
  readonly box: string;
  readonly source: string;
  readonly nonce: string;
  readonly at: Instant;
  readonly items: readonly { readonly key: string; readonly outcome: 'received' | 'receiving' | 'refused'; /** SM3 of the canonical receipt, or the code of the refusal. */ readonly said: string }[];
}
