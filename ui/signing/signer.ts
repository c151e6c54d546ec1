/** Signs for the officer: finds the key file remembered for this session, opens it in the worker, never keeps the PIN. */
import canonicalize from 'canonicalize';
import { shallowReactive } from 'vue';
import { KeyFileError, readKeyFile, type KeyFileFault } from './key-file.js';
import { hex, sm3 } from './sm3.js';
import type { SigningResult, SigningWork } from './work.js';

export interface KeyFile { readonly name: string; readonly text: string; readonly certificate: string }
export interface Signature { readonly signature: string; readonly certificate: string }

const FAULTS: Readonly<Record<KeyFileFault | 'failed', string>> = {
  'not-a-key-file': '这不是签名钥匙文件，或文件已损坏。请重新选择发给您的钥匙文件',
  'unknown-protection': '钥匙文件的保护方式不是本机签发的样式，请找安全保密管理员重新签发',
  'wrong-pin': 'PIN 不正确，请重新输入',
  failed: '签名没有通过本机自验，没有发送。请重试；仍不行请找系统管理员',
};

export class SigningError extends Error {
  constructor(readonly fault: KeyFileFault | 'failed') { super(FAULTS[fault]); this.name = 'SigningError'; }
}

/** Key files chosen in this session, by account, still under their PIN. In memory only: leaving the page forgets them. */
const remembered = shallowReactive(new Map<string, KeyFile>());
export const keyFileOf = (account: string): KeyFile | null => remembered.get(account) ?? null;
export const remember = (account: string, file: KeyFile): void => { remembered.set(account, file); };
export const forgetKeys = (): void => { remembered.clear(); };

export function keyFileFrom(name: string, text: string): KeyFile {
  try {
    return { name, text, certificate: readKeyFile(text).certificate };
  } catch (cause) {
    throw new SigningError(cause instanceof KeyFileError ? cause.fault : 'not-a-key-file');
  }
}

/**
 * Canonical JSON (RFC 8785) of what is decided, and its SM3 digest as hex: the same bytes the server checks and the form prints.
 * A statement that comes as text is read and written again, so that what is shown is what is signed.
 */
export function canonical(statement: unknown): { readonly text: string; readonly bytes: Uint8Array; readonly digest: string } {
  const text = canonicalize(typeof statement === 'string' ? JSON.parse(statement) as unknown : statement) ?? 'null';
  const bytes = new TextEncoder().encode(text);
  return { text, bytes, digest: hex(sm3(bytes)) };
}

export const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
const base64url = (bytes: Uint8Array): string => toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');

let worker: Worker | null = null;
let sequence = 0;

function inWorker(act: SigningWork['act'], file: KeyFile, pin: string, bytes: Uint8Array): Promise<Uint8Array> {
  worker ??= new Worker(new URL('./signing-worker.ts', import.meta.url), { type: 'module' });
  const port = worker;
  sequence += 1;
  const work: SigningWork = { id: sequence, act, keyFile: file.text, pin, bytes };
  return new Promise((resolve, reject) => {
    const onMessage = (event: MessageEvent<SigningResult>): void => {
      if (event.data.id !== work.id) return;
      port.removeEventListener('message', onMessage);
      if ('fault' in event.data) reject(new SigningError(event.data.fault));
      else resolve(event.data.bytes);
    };
    port.addEventListener('message', onMessage);
    port.addEventListener('error', () => { worker = null; reject(new SigningError('failed')); }, { once: true });
    port.postMessage(work);
  });
}

export const sign = async (file: KeyFile, pin: string, message: Uint8Array): Promise<Signature> =>
  ({ signature: base64url(await inWorker('sign', file, pin, message)), certificate: file.certificate });

/** A share of the root key, opened for its holder. */
export const openShare = (file: KeyFile, pin: string, encrypted: Uint8Array): Promise<Uint8Array> => inWorker('open', file, pin, encrypted);
