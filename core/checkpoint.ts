import type { Instant } from './ports.js';

/**
 * 检查点: the state of the ledger at one moment, in the text shape of C2SP tlog-checkpoint: origin, size, root (base64), one
 * extension line with the time, an empty line, and one signature line `— <signer> <base64 of the SM2 signature in DER>`.
 * The signature is SM2 with SM3 (GB/T 32918.2, default user id) over the text above the signature line, its empty line excluded,
 * so two stock `openssl` lines check it.
 */
export interface Checkpoint {
  /** `shouzang/<box serial>`: whose ledger. */
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  readonly at: Instant;
}

export interface SignedCheckpoint extends Checkpoint {
  readonly signer: string;
  /** DER. */
  readonly signature: Uint8Array;
}

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const unbase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

/** The signed part, with its closing line feed. */
export function checkpointText(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${String(checkpoint.size)}\n${base64(checkpoint.root)}\nat ${checkpoint.at}\n`;
}

export function formatCheckpoint(checkpoint: SignedCheckpoint): string {
  return `${checkpointText(checkpoint)}\n— ${checkpoint.signer} ${base64(checkpoint.signature)}\n`;
}

const SHAPE = /^([!-~]+)\n(0|[1-9]\d*)\n([A-Za-z0-9+/]{43}=)\nat (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\n\n— (\S+) ([A-Za-z0-9+/]+=*)\n$/;

/** Reads a signed checkpoint; undefined when the text has any other shape. */
export function parseCheckpoint(text: string): SignedCheckpoint | undefined {
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const [, origin = '', size = '', root = '', at = '', signer = '', signature = ''] = match;
  return { origin, size: Number(size), root: unbase64(root), at, signer, signature: unbase64(signature) };
}
