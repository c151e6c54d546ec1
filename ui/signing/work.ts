/** What crosses between the page and the signing worker. The PIN and key file go in, a signature or an opened share comes out; the key stays inside. */
import type { KeyFileFault } from './key-file.js';

/** `sign` signs the bytes; `open` decrypts them, which is how a holder's share of the root key is offered. */
export interface SigningWork { readonly id: number; readonly act: 'sign' | 'open'; readonly keyFile: string; readonly pin: string; readonly bytes: Uint8Array }
export type SigningResult =
  | { readonly id: number; readonly bytes: Uint8Array }
  | { readonly id: number; readonly fault: KeyFileFault | 'failed' };
