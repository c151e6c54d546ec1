/** How far the box's keys are unlocked, and the shares that its holders may offer. */
export interface KeyStatus {
  readonly state: 'locked' | 'unlocked'; readonly need: number; readonly offered: readonly number[]; readonly rehearsal: boolean; readonly epoch?: number;
  readonly shares: readonly { readonly holder: string; readonly index: number; readonly encrypted: string }[];
  readonly certificate?: { readonly subject: string; readonly serial: string; readonly notBefore: string; readonly notAfter: string };
  readonly authority?: { readonly subject: string; readonly serial: string; readonly notAfter: string };
}
