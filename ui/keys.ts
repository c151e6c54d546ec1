/** How far the box's keys are unlocked, and the shares that its holders may offer. */
interface Unlocking { readonly state: 'locked' | 'unlocked'; readonly need: number; readonly offered: readonly number[] }
/** Shown to anyone while the box is locked: each share can be opened by its holder only. */
export interface KeyShares extends Unlocking { readonly shares: readonly { readonly holder: string; readonly index: number; readonly encrypted: string }[] }
export interface KeyStatus extends Unlocking { readonly rehearsal: boolean; readonly epoch: number; readonly holders: readonly { readonly holder: string; readonly index: number; readonly until: string }[] }
