import canonicalize from 'canonicalize';
import type { Instant, Level, Sm3 } from './ports.js';

/**
 * 审计链. One entry per act. The hash of an entry covers its canonical JSON (RFC 8785), which holds the hash of the entry
 * before it, so that a change, a gap or an exchange shows at the first entry behind it.
 * Values carry no content, titles or names: objects are named by id or 档号.
 */
export interface AuditDraft {
  /** `capability.verb`. */
  readonly action: string;
  /** Id of what was acted on, if one thing. */
  readonly object?: string;
  readonly objectType?: string;
  readonly objectLevel?: Level;
  /** `ok` unless said: `refused` by a rule, `failed` by a fault. */
  readonly result?: AuditResult;
  /** Catalogue code of a refusal or fault. */
  readonly reason?: string;
  /** Number of the approval that the act rests on. */
  readonly approval?: string;
  /** Structural facts only: ids, codes, counts, digests. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

export type AuditResult = 'ok' | 'refused' | 'failed';

export interface AuditEntry {
  /** From 0, without gaps. */
  readonly seq: number;
  readonly at: Instant;
  /** Person id, or `system`. */
  readonly actor: string;
  readonly duty: string | null;
  readonly terminal: string;
  readonly action: string;
  readonly objectType: string | null;
  readonly object: string | null;
  readonly objectLevel: Level | null;
  readonly result: AuditResult;
  readonly reason: string | null;
  readonly approval: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Hex of the entry before; 64 zeros for the first. */
  readonly prevHash: string;
  readonly hash: string;
}

export interface AuditActor {
  readonly person: string;
  readonly duty: string | null;
  readonly terminal: string;
}

export interface AuditHead {
  /** Number of entries. */
  readonly size: number;
  readonly hash: string;
  readonly at: Instant;
}

export const EMPTY_HEAD: AuditHead = { size: 0, hash: '0'.repeat(64), at: '1970-01-01T00:00:00.000Z' };

const encoder = new TextEncoder();
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const hex = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += HEX[byte] ?? '';
  return text;
};

/**
 * The bytes that an entry's hash covers: canonical JSON (RFC 8785) of everything but the hash. The members are known, so they
 * are written in their canonical order at once; only `detail` goes through the general writer. Verifying a ledger is mostly this.
 */
export function entryBytes(entry: Omit<AuditEntry, 'hash'>): Uint8Array {
  const value = (one: string | number | null): string => JSON.stringify(one);
  return encoder.encode(
    `{"action":${value(entry.action)},"actor":${value(entry.actor)},"approval":${value(entry.approval)},"at":${value(entry.at)}` +
    `,"detail":${canonicalize(entry.detail) ?? '{}'},"duty":${value(entry.duty)},"object":${value(entry.object)}` +
    `,"objectLevel":${value(entry.objectLevel)},"objectType":${value(entry.objectType)},"prevHash":${value(entry.prevHash)}` +
    `,"reason":${value(entry.reason)},"result":${value(entry.result)},"seq":${value(entry.seq)},"terminal":${value(entry.terminal)}}`,
  );
}

/** The entry that follows `head`. */
export function link(sm3: Sm3, head: AuditHead, actor: AuditActor, at: Instant, draft: AuditDraft): AuditEntry {
  const body = {
    seq: head.size, at, actor: actor.person, duty: actor.duty, terminal: actor.terminal,
    action: draft.action, objectType: draft.objectType ?? null, object: draft.object ?? null, objectLevel: draft.objectLevel ?? null,
    result: draft.result ?? 'ok', reason: draft.reason ?? null, approval: draft.approval ?? null, detail: draft.detail ?? {},
    prevHash: head.hash,
  } as const;
  return { ...body, hash: hex(sm3(entryBytes(body))) };
}

export function headOf(entry: AuditEntry): AuditHead {
  return { size: entry.seq + 1, hash: entry.hash, at: entry.at };
}

/** What is wrong with the chain, at which entry. */
export interface ChainFault {
  readonly seq: number;
  readonly kind: 'gap' | 'altered' | 'unlinked' | 'time';
}

/** Checks that `entry` follows `head`; undefined when it does. @param bytes of the entry, for a caller that has them already */
export function followFault(sm3: Sm3, head: AuditHead, entry: AuditEntry, bytes: Uint8Array = entryBytes(entry)): ChainFault | undefined {
  if (entry.seq !== head.size) return { seq: head.size, kind: 'gap' };
  if (entry.prevHash !== head.hash) return { seq: entry.seq, kind: 'unlinked' };
  if (hex(sm3(bytes)) !== entry.hash) return { seq: entry.seq, kind: 'altered' };
  if (entry.at < head.at) return { seq: entry.seq, kind: 'time' };
  return undefined;
}
