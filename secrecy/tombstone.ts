/**
 * 墓碑: what is left of a record for good. The description stays where it was, sealed under its level, and is bound here by its digest; the
 * statement itself names no title and nobody but by id, and the box signs it. @see 办法第三十九条(留存元数据)
 */
import { canonicalBytes } from '../core/canonical.js';
import type { CalendarDate, Instant, Level, Sm3 } from '../core/ports.js';
import { canonical, type Json } from './signing.js';

export interface TombstoneStatement {
  readonly type: 'shouzang-tombstone/v1';
  readonly box: string;
  readonly record: string;
  readonly electronicRecordCode: string;
  readonly archivalCode: string | null;
  readonly archivalYear: number | null;
  readonly documentDate: CalendarDate | null;
  readonly retention: string | null;
  /** 密级 at the end, with the mark and the matter that gave it. */
  readonly level: Level;
  readonly mark: string | null;
  readonly classification: string | null;
  /** SM3 of the canonical description that stays. */
  readonly description: string;
  /** How many process events there were, and SM3 over them. */
  readonly events: { readonly count: number; readonly sm3: string };
  /** SM3 of the contents that there were: that they existed can be shown for ever. */
  readonly contents: readonly { readonly bytes: number; readonly sm3: string }[];
  readonly appraisal: string | null;
  /** 销毁批次 */
  readonly batch: string;
  readonly destroyedAt: Instant;
  readonly applicant: string | null;
  readonly approval: string | null;
  readonly executor: string | null;
  readonly supervisors: readonly string[];
  /** Places at which copies were destroyed or registered. */
  readonly places: readonly string[];
  /** `replayed`: a restored box learned of it from the list of the destroyed. */
  readonly origin: 'destroyed' | 'replayed';
}

/** @param signature SM2 of the box over the statement, DER */
export interface Tombstone { readonly statement: string; readonly signature: Uint8Array }

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
export const digestOf = (sm3: Sm3, value: unknown): string => hex(sm3(canonicalBytes(value)));
export const tombstoneText = (statement: TombstoneStatement): string => canonical(statement as unknown as Json);

export type TombstoneFault = 'missing' | 'signature' | 'foreign' | 'description' | 'alive';
export const TOMBSTONE_FAULTS: Readonly<Record<TombstoneFault, string>> = {
  missing: '没有墓碑', signature: '墓碑签名不符，可能被改动', foreign: '墓碑属于另一件或另一台设备', description: '留存的著录与墓碑所载摘要不符', alive: '登记的状态不是已销毁',
};

/** What is wrong with a tombstone, years later; null where it holds. */
export function tombstoneFault(kept: Tombstone | undefined, about: { readonly box: string; readonly record: string; readonly state: string; readonly description: unknown }, sm3: Sm3, genuine: (message: Uint8Array, signature: Uint8Array) => boolean): TombstoneFault | null {
  if (kept === undefined) return 'missing';
  if (!genuine(new TextEncoder().encode(kept.statement), kept.signature)) return 'signature';
  const said = JSON.parse(kept.statement) as TombstoneStatement;
  if (said.type !== 'shouzang-tombstone/v1' || said.record !== about.record || said.box !== about.box) return 'foreign';
  if (about.state !== 'destroyed') return 'alive';
  return said.description === digestOf(sm3, about.description) ? null : 'description';
}
