import { constants, inflateSync } from 'node:zlib';
import { numberOf, type PdfDict, type PdfStream, type PdfValue } from './values.js';

/** Largest stream unpacked: structure and page descriptions only, never pictures. */
const LIMIT_BYTES = 256 * 1024 * 1024;

type Resolve = (value: PdfValue | undefined) => PdfValue;

/** Unpacked bytes of a stream; null when a filter is not one of text or structure (pictures), or when the data are damaged. */
export function unpack(stream: PdfStream, resolve: Resolve): Buffer | null {
  const filters = listOf(resolve(stream.dict.map.get('Filter') ?? stream.dict.map.get('F')), resolve);
  const parameters = listOf(resolve(stream.dict.map.get('DecodeParms') ?? stream.dict.map.get('DP')), resolve);
  let data: Buffer | null = stream.raw;
  for (const [at, filter] of filters.entries()) {
    if (data === null) return null;
    const own = parameters[at];
    data = apply(filter.kind === 'name' ? filter.value : '', data, own?.kind === 'dict' ? own : null, resolve);
  }
  return data;
}

function listOf(value: PdfValue, resolve: Resolve): readonly PdfValue[] {
  return value.kind === 'array' ? value.items.map(resolve) : value.kind === 'null' ? [] : [value];
}

function apply(filter: string, data: Buffer, parameters: PdfDict | null, resolve: Resolve): Buffer | null {
  switch (filter) {
    case 'FlateDecode': case 'Fl': return predict(inflate(data), parameters, resolve);
    case 'LZWDecode': case 'LZW': return predict(lzw(data, intOf(parameters, 'EarlyChange', 1, resolve)), parameters, resolve);
    case 'ASCIIHexDecode': case 'AHx': return hex(data);
    case 'ASCII85Decode': case 'A85': return ascii85(data);
    case 'RunLengthDecode': case 'RL': return runLength(data);
    default: return null;
  }
}

function inflate(data: Buffer): Buffer | null {
  try {
    return inflateSync(data, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: LIMIT_BYTES });
  } catch {
    return null;
  }
}

function intOf(parameters: PdfDict | null, key: string, otherwise: number, resolve: Resolve): number {
  return numberOf(resolve(parameters?.map.get(key))) ?? otherwise;
}

/** PNG and TIFF predictors (clause 7.4.4.4). */
function predict(data: Buffer | null, parameters: PdfDict | null, resolve: Resolve): Buffer | null {
  const predictor = intOf(parameters, 'Predictor', 1, resolve);
  if (data === null || predictor < 2) return data;
  if (predictor === 2) return null;
  const [colours, bits, columns] = [intOf(parameters, 'Colors', 1, resolve), intOf(parameters, 'BitsPerComponent', 8, resolve), intOf(parameters, 'Columns', 1, resolve)];
  const width = Math.ceil((colours * bits * columns) / 8);
  const step = Math.max(1, (colours * bits) >> 3);
  if (!(width > 0 && width < LIMIT_BYTES)) return null;
  const rows = Math.ceil(data.length / (width + 1));
  const out = Buffer.alloc(rows * width);
  for (let row = 0; row < rows; row++) {
    const kind = data[row * (width + 1)] ?? 0;
    for (let x = 0; x < width; x++) {
      const here = row * width + x;
      const left = x >= step ? (out[here - step] ?? 0) : 0;
      const up = row > 0 ? (out[here - width] ?? 0) : 0;
      const corner = row > 0 && x >= step ? (out[here - width - step] ?? 0) : 0;
      out[here] = (data[row * (width + 1) + 1 + x] ?? 0) + guess(kind, left, up, corner);
    }
  }
  return out;
}

function guess(kind: number, left: number, up: number, corner: number): number {
  switch (kind) {
    case 1: return left;
    case 2: return up;
    case 3: return (left + up) >> 1;
    case 4: {
      const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
      return a <= b && a <= c ? left : b <= c ? up : corner;
    }
    default: return 0;
  }
}

function hex(data: Buffer): Buffer {
  const digits = (data.toString('latin1').split('>')[0] ?? '').replace(/[^0-9a-fA-F]/g, '');
  return Buffer.from(digits.length % 2 === 0 ? digits : `${digits}0`, 'hex');
}

function ascii85(data: Buffer): Buffer {
  const text = (data.toString('latin1').replace(/^\s*<~/, '').split('~')[0] ?? '').replace(/\s/g, '');
  const out: number[] = [];
  let group: number[] = [];
  const flush = (): void => {
    const count = group.length;
    if (count < 2) return;
    const word = [0, 1, 2, 3, 4].reduce((sum, at) => sum * 85 + (group[at] ?? 84), 0);
    for (let at = 0; at < count - 1; at++) out.push(Math.floor(word / 256 ** (3 - at)) & 0xff);
    group = [];
  };
  for (const letter of text) {
    if (letter === 'z' && group.length === 0) out.push(0, 0, 0, 0);
    else group.push(letter.charCodeAt(0) - 33);
    if (group.length === 5) flush();
  }
  flush();
  return Buffer.from(out);
}

function runLength(data: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < data.length;) {
    const length = data[at++] ?? 128;
    if (length === 128) break;
    if (length < 128) {
      parts.push(data.subarray(at, at + length + 1));
      at += length + 1;
    } else parts.push(Buffer.alloc(257 - length, data[at++] ?? 0));
  }
  return Buffer.concat(parts);
}

function lzw(data: Buffer, early: number): Buffer | null {
  const parts: Buffer[] = [];
  let table: Buffer[] = [];
  let [bits, held, width, total] = [0, 0, 9, 0];
  let previous: Buffer | null = null;
  for (const byte of data) {
    held = ((held << 8) | byte) & 0xffffff;
    bits += 8;
    if (bits < width) continue;
    bits -= width;
    const code = (held >> bits) & ((1 << width) - 1);
    if (code === 257) break;
    if (code === 256) {
      [table, width, previous] = [[], 9, null];
      continue;
    }
    const known: Buffer | undefined = code < 256 ? Buffer.of(code) : table[code - 258];
    if (known === undefined && previous === null) return null;
    const entry: Buffer = known ?? Buffer.concat([previous ?? Buffer.alloc(0), (previous ?? Buffer.alloc(1)).subarray(0, 1)]);
    if (previous !== null) table.push(Buffer.concat([previous, entry.subarray(0, 1)]));
    parts.push(entry);
    total += entry.length;
    if (total > LIMIT_BYTES) return null;
    previous = entry;
    const next = table.length + 258 + early;
    width = next >= 2048 ? 12 : next >= 1024 ? 11 : next >= 512 ? 10 : 9;
  }
  return Buffer.concat(parts);
}
