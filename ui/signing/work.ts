/** What crosses between the page and the signing worker. The PIN and key file go in, the signature comes out; the key stays inside. */
import type { KeyFileFault } from './key-file.js';

export interface SigningWork { readonly id: number; readonly keyFile: string; readonly pin: string; readonly message: Uint8Array }
export type SigningResult =
  | { readonly id: number; readonly signature: Uint8Array }
  | { readonly id: number; readonly fault: KeyFileFault | 'failed' };
