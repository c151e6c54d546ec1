import canonicalize from 'canonicalize';

const encoder = new TextEncoder();

/** RFC 8785 bytes of a plain JSON value: the one form over which digests and signatures are made. */
export function canonicalBytes(value: unknown): Uint8Array {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('not a JSON value');
  return encoder.encode(text);
}
