import type { Page } from './api.js';

/** How far the box's keys are unlocked, and the shares that its holders may offer. */
interface Unlocking { readonly state: 'locked' | 'unlocked'; readonly need: number; readonly offered: readonly number[] }
/** Shown to anyone while the box is locked: each share can be opened by its holder only. */
export interface KeyShares extends Unlocking { readonly shares: readonly { readonly holder: string; readonly index: number; readonly encrypted: string }[] }
export interface KeyStatus extends Unlocking { readonly rehearsal: boolean; readonly epoch: number; readonly holders: readonly { readonly holder: string; readonly index: number; readonly until: string }[] }

export interface KeyEpoch { readonly epoch: number; readonly state: string; readonly madeAt: string | null; readonly destroyedAt: string | null; readonly keys: number; readonly things: number | null }
export interface KeyLine { readonly id: string; readonly kind: string; readonly epoch: number | null; readonly reference: string | null; readonly state: string; readonly madeAt: string | null; readonly endedAt: string | null; readonly madeIn: string | null }
/** 密钥台账: what keys there are and were, never a value. */
export interface KeyRegister {
  readonly entries: readonly KeyLine[];
  readonly epochs: readonly KeyEpoch[];
  readonly holders: readonly { readonly holder: string; readonly index: number; readonly serial: string; readonly until: string }[];
  readonly rotation: { readonly running: boolean; readonly done: number; readonly left: number; readonly fault: string | null };
}
export interface CeremonyRow {
  readonly id: string; readonly number: string; readonly kind: string; readonly state: string; readonly at: string; readonly version: number;
  readonly present: readonly { readonly person: string; readonly account: string; readonly part: string; readonly certificateSerial: string; readonly signedAt: string | null }[];
}
export type Ceremonies = Page<CeremonyRow>;
export interface CeremonyShown extends CeremonyRow {
  readonly statement: string; readonly digest: string; readonly faults: readonly string[]; readonly mine: boolean;
  readonly record: { readonly reason: string; readonly checks: readonly string[]; readonly keys: readonly { readonly kind: string; readonly epoch: number | null; readonly event: string; readonly reference: string | null }[] };
}

const KINDS: Readonly<Record<string, string>> = { root: '根密钥', 'share-set': '密钥分量组', 'level-keys': '层级密钥', 'search-keys': '检索密钥', box: '本机签名密钥', authority: '本机根证书密钥' };
const PURPOSES: Readonly<Record<string, string>> = { root: '封存其余密钥', 'share-set': '分人保管根密钥', 'level-keys': '包裹内容和著录的数据密钥', 'search-keys': '生成检索暗标', box: '签署报表、检查点', authority: '签发人员证书' };
const CEREMONIES: Readonly<Record<string, string>> = { generate: '生成', backup: '备份', restore: '恢复', rotate: '轮换', reissue: '换根重分', destroy: '销毁' };
const EVENTS: Readonly<Record<string, string>> = { made: '生成', retiring: '转为只开不封', replaced: '被替换', destroyed: '销毁', copied: '备份', restored: '恢复' };
export const keyName = (kind: string, epoch: number | null): string => `${KINDS[kind] ?? kind}${kind === 'level-keys' && epoch !== null ? ` 第 ${epoch} 期` : ''}`;
export const keyPurpose = (kind: string): string => PURPOSES[kind] ?? '';
export const ceremonyName = (kind: string): string => CEREMONIES[kind] ?? kind;
export const eventName = (event: string): string => EVENTS[event] ?? event;
