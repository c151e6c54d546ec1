/** A small DER writer for test data. */
export function der(tag: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : part)));
  const length = body.length < 128 ? Buffer.from([body.length]) : body.length < 256 ? Buffer.from([0x81, body.length]) : Buffer.from([0x83, body.length >> 16, (body.length >> 8) & 255, body.length & 255]);
  return Buffer.concat([Buffer.from([tag]), length, body]);
}

export const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
export const integer = (value: number): Buffer => der(0x02, Buffer.from(value < 128 ? [value] : [0, value]));
export const bitString = (bytes: Buffer): Buffer => der(0x03, Buffer.from([0]), bytes);

export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((value) => {
    const out = [value & 127];
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) out.unshift((left & 127) | 128);
    return out;
  });
  return der(0x06, Buffer.from(octets));
}
