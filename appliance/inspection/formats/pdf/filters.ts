import { constants, inflateRawSync, inflateSync } from 'node:zlib';
import { PdfDict, PdfName, type PdfStream, type PdfValue } from './objects.js';

/** What became of a stream: its bytes, or why there are none. */
export type Decoded = { readonly bytes: Buffer } | { readonly fault: 'too-large' | 'damaged' | 'opaque' };

function inflate(bytes: Buffer, ceiling: number): Decoded {
  for (const attempt of [inflateSync, inflateRawSync]) {
    try {
      // A stream cut short still gives what it holds: readers show such pages.
      return { bytes: attempt(attempt === inflateRawSync ? bytes.subarray(2) : bytes, { maxOutputLength: ceiling, finishFlush: constants.Z_SYNC_FLUSH }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return { fault: 'too-large' };
    }
  }
  return { fault: 'damaged' };
}

function asciiHex(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').split('>')[0]?.replace(/[^0-9a-fA-F]/g, '') ?? '';
  return Buffer.from(text.length % 2 === 1 ? `${text}0` : text, 'hex');
}

function ascii85(bytes: Buffer): Buffer {
  const out: number[] = [];
  let group: number[] = [];
  for (const code of bytes) {
    if (code === 0x7e) break;
    if (code === 0x7a && group.length === 0) out.push(0, 0, 0, 0);
    else if (code >= 33 && code <= 117) {
      group.push(code - 33);
      if (group.length === 5) {
        const value = group.reduce((sum, digit) => sum * 85 + digit, 0);
        out.push((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
        group = [];
      }
    }
  }
  if (group.length > 1) {
    const count = group.length - 1;
    while (group.length < 5) group.push(84);
    const value = group.reduce((sum, digit) => sum * 85 + digit, 0);
    out.push(...[(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].slice(0, count));
  }
  return Buffer.from(out);
}

/** LZWDecode, ISO 32000-1 §7.4.4. */
function lzw(bytes: Buffer, early: number, ceiling: number): Decoded {
  const out: Buffer[] = [];
  let total = 0;
  let table: Buffer[] = [];
  let width = 9;
  let previous = null as Buffer | null;
  const reset = (): void => {
    table = Array.from({ length: 258 }, (_, code) => Buffer.from(code < 256 ? [code] : []));
    width = 9;
    previous = null;
  };
  reset();
  let held = 0;
  let bits = 0;
  for (const octet of bytes) {
    held = ((held << 8) | octet) & 0xffffff;
    bits += 8;
    if (bits < width) continue;
    const code = (held >> (bits - width)) & ((1 << width) - 1);
    bits -= width;
    if (code === 257) break;
    if (code === 256) {
      reset();
      continue;
    }
    const before: Buffer | null = previous;
    const entry: Buffer | undefined = table[code] ?? (before === null ? undefined : Buffer.concat([before, before.subarray(0, 1)]));
    if (entry === undefined) return { fault: 'damaged' };
    total += entry.length;
    if (total > ceiling) return { fault: 'too-large' };
    out.push(entry);
    if (before !== null && table.length < 4096) table.push(Buffer.concat([before, entry.subarray(0, 1)]));
    previous = entry;
    width = table.length + early >= 2048 ? 12 : table.length + early >= 1024 ? 11 : table.length + early >= 512 ? 10 : 9;
  }
  return { bytes: Buffer.concat(out) };
}

/** PNG and TIFF (8 bit) predictors, §7.4.4.4. */
function unpredict(bytes: Buffer, parms: PdfDict): Buffer {
  const number = (key: string, otherwise: number): number => {
    const value = parms.get(key);
    return typeof value === 'number' ? value : otherwise;
  };
  const predictor = number('Predictor', 1);
  if (predictor < 2) return bytes;
  const pixel = Math.max(1, Math.ceil((number('Colors', 1) * number('BitsPerComponent', 8)) / 8));
  const row = Math.max(1, Math.ceil((number('Colors', 1) * number('BitsPerComponent', 8) * number('Columns', 1)) / 8));
  if (predictor === 2) {
    const out = Buffer.from(bytes);
    for (let start = 0; start < out.length; start += row)
      for (let i = pixel; i < row && start + i < out.length; i += 1) out[start + i] = ((out[start + i] ?? 0) + (out[start + i - pixel] ?? 0)) & 255;
    return out;
  }
  const rows = Math.ceil(bytes.length / (row + 1));
  const out = Buffer.alloc(rows * row);
  for (let r = 0; r < rows; r += 1) {
    const type = bytes[r * (row + 1)];
    for (let i = 0; i < row; i += 1) {
      const raw = bytes[r * (row + 1) + 1 + i] ?? 0;
      const left = i >= pixel ? (out[r * row + i - pixel] ?? 0) : 0;
      const up = r > 0 ? (out[(r - 1) * row + i] ?? 0) : 0;
      const corner = r > 0 && i >= pixel ? (out[(r - 1) * row + i - pixel] ?? 0) : 0;
      let add = 0;
      if (type === 1) add = left;
      else if (type === 2) add = up;
      else if (type === 3) add = (left + up) >> 1;
      else if (type === 4) {
        const guess = left + up - corner;
        const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
        add = a <= b && a <= c ? left : b <= c ? up : corner;
      }
      out[r * row + i] = (raw + add) & 255;
    }
  }
  return out;
}

/**
 * Bytes of a stream after its filters. Image codings are `opaque`: they are left to the renderer.
 * @param resolve follows references
 */
export function decodeStream(stream: PdfStream, resolve: (value: PdfValue) => PdfValue, ceiling: number): Decoded {
  const list = (value: PdfValue): readonly PdfValue[] => (Array.isArray(value) ? (value as readonly PdfValue[]) : value === null ? [] : [value]);
  const filters = list(resolve(stream.dict.get('Filter') ?? stream.dict.get('F'))).map(resolve);
  const parms = list(resolve(stream.dict.get('DecodeParms'))).map(resolve);
  let bytes = stream.raw;
  for (const [index, filter] of filters.entries()) {
    const own = parms[index];
    const dict = own instanceof PdfDict ? own : new PdfDict();
    const name = filter instanceof PdfName ? filter.name : '';
    let step: Decoded;
    if (name === 'FlateDecode' || name === 'Fl') step = inflate(bytes, ceiling);
    else if (name === 'LZWDecode' || name === 'LZW') step = lzw(bytes, dict.get('EarlyChange') === 0 ? 0 : 1, ceiling);
    else if (name === 'ASCIIHexDecode' || name === 'AHx') step = { bytes: asciiHex(bytes) };
    else if (name === 'ASCII85Decode' || name === 'A85') step = { bytes: ascii85(bytes) };
    else if (name === 'Crypt') step = { bytes };
    else return { fault: 'opaque' };
    if ('fault' in step) return step;
    bytes = unpredict(step.bytes, dict);
  }
  return { bytes };
}
