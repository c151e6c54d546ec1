/** One DER element. Offsets are into the buffer given to `derAt`. */
export interface Der {
  /** Identifier octet, class and constructed bit included. */
  readonly tag: number;
  /** Whole element, header included. */
  readonly whole: Buffer;
  /** Content octets. */
  readonly body: Buffer;
}

/** BER allows a constructed element to end where its content does (00 00); signers write CMS so. */
function indefinite(bytes: Buffer, offset: number, tag: number, depth: number): Der | null {
  let at = offset + 2;
  while (at + 2 <= bytes.length && depth < 40) {
    if (bytes[at] === 0 && bytes[at + 1] === 0) return { tag, whole: bytes.subarray(offset, at + 2), body: bytes.subarray(offset + 2, at) };
    const inner = derAt(bytes, at, depth + 1);
    if (inner === null) return null;
    at += inner.whole.length;
  }
  return null;
}

/** Element at `offset`, or null when the octets are no element with a one-byte tag. DER, and BER's indefinite lengths. */
export function derAt(bytes: Buffer, offset = 0, depth = 0): Der | null {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return null;
  let length = first;
  let header = 2;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets === 0) return (tag & 0x20) === 0 ? null : indefinite(bytes, offset, tag, depth);
    if (octets > 4 || offset + 2 + octets > bytes.length) return null;
    length = bytes.readUIntBE(offset + 2, octets);
    header = 2 + octets;
  }
  const end = offset + header + length;
  if (end > bytes.length) return null;
  return { tag, whole: bytes.subarray(offset, end), body: bytes.subarray(offset + header, end) };
}

/** Elements inside a constructed element; what cannot be read ends the list. */
export function derChildren(element: Der): readonly Der[] {
  const found: Der[] = [];
  for (let at = 0; at < element.body.length; ) {
    const next = derAt(element.body, at);
    if (next === null) break;
    found.push(next);
    at += next.whole.length;
  }
  return found;
}

export const TAG = { integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, utf8: 0x0c, ia5: 0x16, sequence: 0x30, set: 0x31 } as const;

/** Dotted form of an OBJECT IDENTIFIER's content octets. */
export function oidText(body: Buffer): string {
  const parts: number[] = [];
  let value = 0;
  for (const octet of body) {
    value = value * 128 + (octet & 0x7f);
    if (octet < 0x80) {
      if (parts.length === 0) parts.push(Math.min(2, Math.floor(value / 40)), value - 40 * Math.min(2, Math.floor(value / 40)));
      else parts.push(value);
      value = 0;
    }
  }
  return parts.join('.');
}

/** Small non-negative INTEGER; NaN past six octets. */
export const derNumber = (element: Der | undefined): number =>
  element === undefined || element.body.length === 0 || element.body.length > 6 ? Number.NaN : element.body.readUIntBE(0, element.body.length);

/** Depth-first search, bounded; the first element for which `want` holds. */
export function derFind(element: Der, want: (candidate: Der) => boolean, depth = 24): Der | null {
  if (want(element)) return element;
  if ((element.tag & 0x20) === 0 || depth === 0) return null;
  for (const inner of derChildren(element)) {
    const hit = derFind(inner, want, depth - 1);
    if (hit !== null) return hit;
  }
  return null;
}
