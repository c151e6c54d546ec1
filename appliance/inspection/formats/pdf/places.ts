import { decodeStream } from './filters.js';
import { Lexer, PdfDict, type PdfStream, type PdfValue } from './objects.js';

/** Where an object lies: at an offset of the file, or in an object stream. */
export type Place = { readonly kind: 'offset'; readonly at: number; readonly gen: number } | { readonly kind: 'packed'; readonly stream: number; readonly index: number };

/** Entries of a cross-reference stream (ISO 32000-1 §7.5.8), free objects as null; null when the stream cannot be read. */
export function xrefStreamEntries(stream: PdfStream, ceiling: number): [number, Place | null][] | null {
  const decoded = decodeStream(stream, (value) => value, ceiling);
  const widths = stream.dict.get('W');
  if ('fault' in decoded || !Array.isArray(widths)) return null;
  const [a, b, c] = (widths as readonly PdfValue[]).map((w) => (typeof w === 'number' && w >= 0 && w <= 8 ? w : 0));
  if (a === undefined || b === undefined || c === undefined || a + b + c === 0) return null;
  const size = stream.dict.get('Size');
  const index = stream.dict.get('Index');
  const spans = (Array.isArray(index) ? (index as readonly PdfValue[]) : [0, typeof size === 'number' ? size : 0]).map((n) => (typeof n === 'number' ? n : 0));
  const field = (at: number, width: number): number => {
    let value = 0;
    for (let i = 0; i < width; i += 1) value = value * 256 + (decoded.bytes[at + i] ?? 0);
    return value;
  };
  const entries: [number, Place | null][] = [];
  let at = 0;
  for (let span = 0; span + 1 < spans.length; span += 2) {
    for (let i = 0; i < (spans[span + 1] ?? 0) && at + a + b + c <= decoded.bytes.length; i += 1, at += a + b + c) {
      const type = a === 0 ? 1 : field(at, a);
      const num = (spans[span] ?? 0) + i;
      if (type === 1) entries.push([num, { kind: 'offset', at: field(at + a, b), gen: field(at + a + b, c) }]);
      else if (type === 2) entries.push([num, { kind: 'packed', stream: field(at + a, b), index: field(at + a + b, c) }]);
      else if (type === 0) entries.push([num, null]);
    }
  }
  return entries;
}

export interface Scan {
  readonly places: ReadonlyMap<number, Place>;
  /** The last trailer dictionary with a Root. */
  readonly trailer: PdfDict | null;
  /** Numbers of objects that look like object streams. */
  readonly packs: readonly number[];
}

/** Every `N G obj` and `trailer` in the bytes, the last of a number winning: what a file without a cross-reference still says. */
export function scanObjects(bytes: Buffer, most: number): Scan {
  const places = new Map<number, Place>();
  const packs: number[] = [];
  let trailer: PdfDict | null = null;
  const text = bytes.toString('latin1');
  for (const match of text.matchAll(/(?:^|[^0-9A-Za-z])(\d{1,8})[\0\t\n\f\r ]+(\d{1,5})[\0\t\n\f\r ]+obj(?![A-Za-z])|(?:^|[\0\t\n\f\r >])trailer(?=[\0\t\n\f\r <])/g)) {
    if (places.size > most) break;
    if (match[1] === undefined) {
      const dict = new Lexer(bytes, match.index + match[0].length).next();
      if (dict instanceof PdfDict && dict.has('Root')) trailer = dict;
      continue;
    }
    const at = match.index + match[0].search(/\d/);
    places.set(Number(match[1]), { kind: 'offset', at, gen: Number(match[2]) });
    if (/\/Type[\0\t\n\f\r ]*\/ObjStm/.test(text.slice(at, at + 400))) packs.push(Number(match[1]));
  }
  return { places, trailer, packs };
}
