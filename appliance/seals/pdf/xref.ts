import { unpack } from './filters.js';
import { Parser } from './parser.js';
import { dict, NULL, numberOf, type PdfDict, type PdfValue } from './values.js';

/** Where an object is. */
export type Place = { readonly kind: 'offset'; readonly offset: number } | { readonly kind: 'packed'; readonly pack: number };

interface Found {
  readonly trailer: PdfDict;
  readonly places: Map<number, Place>;
}

/** Reads the chain of cross-reference sections from the newest to the oldest; null when it cannot be followed. */
export function readXref(data: Buffer): Found | null {
  const base = Math.max(0, data.subarray(0, 1024).indexOf('%PDF-', 0, 'latin1'));
  const mark = data.lastIndexOf('startxref', undefined, 'latin1');
  if (mark === -1) return null;
  const parser = new Parser(data, mark + 9);
  parser.skipSpace();
  const start = Number.parseInt(parser.run(), 10);
  const places = new Map<number, Place>();
  const removed = new Set<number>();
  const queue = [start];
  const seen = new Set<number>();
  let trailer: PdfDict | null = null;
  while (queue.length > 0) {
    const offset = queue.shift();
    if (offset === undefined || !Number.isInteger(offset) || seen.has(offset)) continue;
    seen.add(offset);
    const section = readSection(data, offset, places, removed) ?? (base > 0 ? readSection(data, offset + base, places, removed) : null);
    if (section === null) return null;
    trailer ??= section;
    const previous = numberOf(section.map.get('Prev') ?? NULL);
    if (previous !== null) queue.push(previous);
  }
  if (trailer === null) return null;
  if (base > 0) shift(data, places, base);
  return { trailer, places };
}

/** Some producers count offsets from `%PDF-` and not from the first byte. */
function shift(data: Buffer, places: Map<number, Place>, base: number): void {
  for (const [num, place] of places) {
    if (place.kind === 'offset' && !/^\s*\d+\s+\d+\s+obj/.test(data.toString('latin1', place.offset, place.offset + 32))) places.set(num, { kind: 'offset', offset: place.offset + base });
  }
}

function readSection(data: Buffer, offset: number, places: Map<number, Place>, removed: Set<number>): PdfDict | null {
  if (offset < 0 || offset >= data.length) return null;
  const parser = new Parser(data, offset);
  parser.skipSpace();
  return data.toString('latin1', parser.at, parser.at + 4) === 'xref' ? readTable(parser, places, removed) : readStream(data, parser.at, places, removed);
}

function note(num: number, place: Place | null, places: Map<number, Place>, removed: Set<number>): void {
  if (places.has(num) || removed.has(num)) return;
  if (place === null) removed.add(num);
  else places.set(num, place);
}

/** `xref 0 3 / 0000000000 65535 f …` (clause 7.5.4). In a hybrid file free entries may hide objects of its stream (clause 7.5.8.4). */
function readTable(parser: Parser, places: Map<number, Place>, removed: Set<number>): PdfDict | null {
  parser.at += 4;
  const free: number[] = [];
  for (;;) {
    parser.skipSpace();
    const head = parser.run();
    if (head === 'trailer') {
      const trailer = parser.value();
      if (trailer?.kind !== 'dict') return null;
      const hybrid = numberOf(trailer.map.get('XRefStm') ?? NULL);
      if (hybrid !== null) readSection(parser.data, hybrid, places, removed);
      for (const num of free) note(num, null, places, removed);
      return trailer;
    }
    parser.skipSpace();
    const count = Number(parser.run());
    if (!/^\d+$/.test(head) || !Number.isInteger(count) || count > parser.data.length) return null;
    for (let at = 0; at < count; at++) {
      parser.skipSpace();
      const offset = parser.run();
      parser.skipSpace();
      const gen = parser.run();
      parser.skipSpace();
      const kind = parser.run();
      if (!/^\d+$/.test(offset) || !/^\d+$/.test(gen) || (kind !== 'n' && kind !== 'f')) return null;
      if (kind === 'n' && Number(offset) > 0) note(Number(head) + at, { kind: 'offset', offset: Number(offset) }, places, removed);
      else free.push(Number(head) + at);
    }
  }
}

/** Cross-reference stream (clause 7.5.8). */
function readStream(data: Buffer, offset: number, places: Map<number, Place>, removed: Set<number>): PdfDict | null {
  const parser = new Parser(data, offset);
  parser.run();
  parser.skipSpace();
  parser.run();
  parser.skipSpace();
  if (parser.run() !== 'obj') return null;
  const head = parser.value();
  if (head?.kind !== 'dict') return null;
  parser.skipSpace();
  if (data.toString('latin1', parser.at, parser.at + 6) !== 'stream') return null;
  const start = parser.at + 6 + (data[parser.at + 6] === 13 ? 2 : 1);
  const length = numberOf(head.map.get('Length') ?? NULL) ?? Math.max(0, data.indexOf('endstream', start, 'latin1') - start);
  const body = unpack({ kind: 'stream', dict: head, raw: data.subarray(start, start + length) }, (value) => value ?? NULL);
  const widths = numbersOf(head.map.get('W'));
  const [kindBytes, firstBytes, secondBytes] = widths;
  if (body === null || kindBytes === undefined || firstBytes === undefined || secondBytes === undefined) return null;
  const size = kindBytes + firstBytes + secondBytes;
  if (size === 0) return null;
  const index = numbersOf(head.map.get('Index') ?? { kind: 'array', items: [{ kind: 'number', raw: '0' }, head.map.get('Size') ?? NULL] });
  const big = (from: number, bytes: number): number => body.subarray(from, from + bytes).reduce((sum, byte) => sum * 256 + byte, 0);
  let row = 0;
  for (let pair = 0; pair + 1 < index.length; pair += 2) {
    for (let at = 0; at < (index[pair + 1] ?? 0) && (row + 1) * size <= body.length; at++, row++) {
      const kind = kindBytes === 0 ? 1 : big(row * size, kindBytes);
      const first = big(row * size + kindBytes, firstBytes);
      note((index[pair] ?? 0) + at, kind === 1 ? { kind: 'offset', offset: first } : kind === 2 ? { kind: 'packed', pack: first } : null, places, removed);
    }
  }
  return head;
}

function numbersOf(value: PdfValue | undefined): readonly number[] {
  return value?.kind === 'array' ? value.items.flatMap((item) => numberOf(item) ?? []) : [];
}

/** Every `12 0 obj` in the file in order, the later one of a number counting, and the trailers merged. */
export function scanObjects(data: Buffer): { offsets: Map<number, number>; every: readonly number[]; trailer: PdfDict } {
  const offsets = new Map<number, number>();
  const every: number[] = [];
  for (let at = data.indexOf('obj', 0, 'latin1'); at !== -1; at = data.indexOf('obj', at + 3, 'latin1')) {
    const from = Math.max(0, at - 32);
    const match = /(?:^|[^\d])(\d{1,10})\s+\d{1,5}\s+$/.exec(data.toString('latin1', from, at));
    if (match === null) continue;
    const offset = from + match.index + (match[0].search(/\d/));
    offsets.set(Number(match[1]), offset);
    every.push(offset);
  }
  const trailer = dict();
  const merge = (value: PdfValue | null): void => {
    if (value?.kind === 'dict') for (const [key, item] of value.map) if (['Root', 'Info', 'ID', 'Encrypt'].includes(key)) trailer.map.set(key, item);
  };
  for (let at = data.indexOf('trailer', 0, 'latin1'); at !== -1; at = data.indexOf('trailer', at + 7, 'latin1')) merge(new Parser(data, at + 7).value());
  for (const offset of every) {
    const head = data.toString('latin1', offset, offset + 400);
    if (/\/Type\s*\/XRef/.test(head)) merge(new Parser(data, offset + head.indexOf('obj') + 3).value());
  }
  return { offsets, every, trailer };
}
