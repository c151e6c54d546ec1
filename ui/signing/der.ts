/** Just enough DER to read a key file. Refuses indefinite and non-minimal lengths. */

export interface Element {
  readonly tag: number;
  readonly body: Uint8Array;
}

export class DerError extends Error {}

export function readElements(bytes: Uint8Array): Element[] {
  const found: Element[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0;
    let length = bytes[at + 1];
    if (length === undefined) throw new DerError('truncated');
    at += 2;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets === 0 || octets > 3) throw new DerError('length');
      length = 0;
      for (let i = 0; i < octets; i += 1) length = length * 256 + (bytes[at + i] ?? 0);
      if (length < 0x80) throw new DerError('length');
      at += octets;
    }
    if (at + length > bytes.length) throw new DerError('truncated');
    found.push({ tag, body: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}

/** Reads one element that fills the input, of the tag expected. */
export function only(bytes: Uint8Array, tag: number): Uint8Array {
  const [element, ...rest] = readElements(bytes);
  if (!element || rest.length > 0 || element.tag !== tag) throw new DerError('shape');
  return element.body;
}

export function oid(body: Uint8Array): string {
  const first = body[0] ?? 0;
  const parts = [Math.floor(first / 40), first % 40];
  let value = 0;
  for (const octet of body.subarray(1)) {
    value = value * 128 + (octet & 0x7f);
    if ((octet & 0x80) === 0) { parts.push(value); value = 0; }
  }
  return parts.join('.');
}

export function integer(body: Uint8Array): number {
  if (body.length === 0 || body.length > 5) throw new DerError('integer');
  return body.reduce((sum, octet) => sum * 256 + octet, 0);
}

/** PEM blocks in the order they stand in the text, headers and surrounding words ignored. */
export function pemBlocks(text: string): { readonly label: string; readonly bytes: Uint8Array }[] {
  return [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g)].map((found) => ({
    label: found[1] ?? '',
    bytes: Uint8Array.from(atob((found[2] ?? '').replace(/\s+/g, '')), (one) => one.charCodeAt(0)),
  }));
}
