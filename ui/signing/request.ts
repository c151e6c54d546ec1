/** The one way to ask for a signature: what is signed, what follows from it, and where it goes. The dialog shows the result itself. */
import { shallowRef } from 'vue';
import type { Marked } from '../levels.js';
import type { Signature } from './signer.js';

export interface SigningRequest {
  /** 如「定密审批」. */
  readonly title: string;
  /** 如「第 2 个签名，共 2 个」. */
  readonly step?: string;
  readonly marked: Marked;
  /** What the officer signs, in plain words; what stands between `**` is set bold. */
  readonly plain: string;
  /** What is decided, as the server gave it; its canonical form is what is signed. */
  readonly statement: unknown;
  /** A check the officer can make, such as 与承办人所签摘要一致. */
  readonly note?: string;
  /** What happens at once when it is signed. */
  readonly after: string;
  /** Sends the signature. @returns what was done, in words */
  readonly send: (signature: Signature) => Promise<string>;
}

export const signingRequest = shallowRef<(SigningRequest & { readonly settle: (signed: boolean) => void }) | null>(null);

export const requestSignature = (request: SigningRequest): Promise<boolean> =>
  new Promise((resolve) => {
    signingRequest.value = { ...request, settle: (signed) => { signingRequest.value = null; resolve(signed); } };
  });
