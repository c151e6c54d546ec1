import { unpack } from './filters.js';
import { Parser } from './parser.js';
import { dictOf, NULL, numberOf, type PdfDict, type PdfRef, type PdfStream, type PdfValue } from './values.js';
import { readXref, scanObjects, type Place } from './xref.js';

const OBJECT_LIMIT = 8_000_000;

/** A PDF read the way viewers read it: the newest cross-reference counts, and a broken one is rebuilt by looking through the file. */
export class PdfDocument {
  readonly trailer: PdfDict;
  private readonly places: ReadonlyMap<number, Place>;
  private readonly cache = new Map<number, PdfValue>();
  private readonly packs = new Map<number, ReadonlyMap<number, PdfValue>>();
  private scanned: ReadonlyMap<number, number> | null = null;
  private readonly opening = new Set<number>();

  private constructor(readonly data: Buffer, found: { trailer: PdfDict; places: ReadonlyMap<number, Place> }) {
    this.trailer = found.trailer;
    this.places = found.places;
  }

  /** @returns null when there is no catalogue to be found, i.e. nothing a viewer could show. */
  static read(data: Buffer): PdfDocument | null {
    const found = readXref(data);
    if (found !== null) {
      const document = new PdfDocument(data, found);
      if (document.hasPages()) return document;
    }
    const rebuilt = PdfDocument.rebuild(data);
    return rebuilt.hasCatalogue() ? rebuilt : null;
  }

  private static rebuild(data: Buffer): PdfDocument {
    const found = scanObjects(data);
    const places = new Map<number, Place>([...found.offsets].map(([num, offset]) => [num, { kind: 'offset', offset }]));
    const first = new PdfDocument(data, { trailer: found.trailer, places });
    const all = new Map(places);
    for (const num of found.offsets.keys()) {
      const value = first.object(num);
      if (value.kind !== 'stream' || first.nameAt(value.dict, 'Type') !== 'ObjStm') continue;
      for (const inner of first.pack(num).keys()) if (!places.has(inner)) all.set(inner, { kind: 'packed', pack: num });
    }
    const document = new PdfDocument(data, { trailer: found.trailer, places: all });
    if (!document.hasCatalogue()) for (const num of all.keys()) if (document.nameAt(dictOf(document.object(num)), 'Type') === 'Catalog') found.trailer.map.set('Root', { kind: 'ref', num, gen: 0 });
    return document;
  }

  hasCatalogue(): boolean {
    return this.get(this.trailer, 'Root').kind === 'dict';
  }

  private hasPages(): boolean {
    return dictOf(this.get(dictOf(this.get(this.trailer, 'Root')), 'Pages')) !== null;
  }

  get encrypted(): boolean {
    return this.get(this.trailer, 'Encrypt').kind !== 'null';
  }

  /** Numbers of all objects of the current revision. */
  get numbers(): Iterable<number> {
    return this.places.keys();
  }

  /** Follows references; a missing object is null (clause 7.3.10). */
  readonly resolve = (value: PdfValue | undefined): PdfValue => {
    let at: PdfValue = value ?? NULL;
    for (let hops = 0; at.kind === 'ref' && hops < 32; hops++) at = this.object(at.num);
    return at.kind === 'ref' ? NULL : at;
  };

  get(from: PdfDict | null, key: string): PdfValue {
    return this.resolve(from?.map.get(key));
  }

  nameAt(from: PdfDict | null, key: string): string | null {
    const value = this.get(from, key);
    return value.kind === 'name' ? value.value : null;
  }

  dictAt(from: PdfDict | null, key: string): PdfDict | null {
    return dictOf(this.get(from, key));
  }

  itemsAt(from: PdfDict | null, key: string): readonly PdfValue[] {
    const value = this.get(from, key);
    return value.kind === 'array' ? value.items : [];
  }

  numbersAt(from: PdfDict | null, key: string): readonly number[] | null {
    const value = this.get(from, key);
    if (value.kind !== 'array') return null;
    const numbers = value.items.map((item) => numberOf(this.resolve(item)));
    return numbers.every((one): one is number => one !== null) ? numbers : null;
  }

  unpack(stream: PdfStream): Buffer | null {
    return unpack(stream, this.resolve);
  }

  object(num: number): PdfValue {
    const known = this.cache.get(num);
    if (known !== undefined) return known;
    if (this.opening.has(num)) return NULL;
    this.opening.add(num);
    const value = this.load(num);
    this.opening.delete(num);
    this.cache.set(num, value);
    return value;
  }

  private load(num: number): PdfValue {
    const place = this.places.get(num);
    if (place === undefined) return NULL;
    if (place.kind === 'packed') return this.pack(place.pack).get(num) ?? NULL;
    const here = this.readAt(place.offset, num);
    if (here !== null) return here;
    this.scanned ??= scanObjects(this.data).offsets;
    const elsewhere = this.scanned.get(num);
    return elsewhere === undefined ? NULL : (this.readAt(elsewhere, num) ?? NULL);
  }

  /** Reads `12 0 obj …` at an offset; null when another object, or none, is there. */
  readAt(offset: number, num: number | null): PdfValue | null {
    if (offset < 0 || offset >= this.data.length) return null;
    const parser = new Parser(this.data, offset);
    parser.skipSpace();
    const own = parser.run();
    parser.skipSpace();
    const gen = parser.run();
    parser.skipSpace();
    if (!/^\d+$/.test(own) || !/^\d+$/.test(gen) || this.data.toString('latin1', parser.at, parser.at + 3) !== 'obj') return null;
    if (num !== null && Number(own) !== num) return null;
    parser.at += 3;
    const value = parser.value();
    if (value === null || value.kind === 'word') return NULL;
    if (value.kind !== 'dict') return value;
    parser.skipSpace();
    return this.data.toString('latin1', parser.at, parser.at + 6) === 'stream' ? this.streamAt(value, parser.at + 6) : value;
  }

  private streamAt(head: PdfDict, after: number): PdfStream {
    const start = after + (this.data[after] === 13 && this.data[after + 1] === 10 ? 2 : this.data[after] === 10 || this.data[after] === 13 ? 1 : 0);
    const length = numberOf(this.get(head, 'Length'));
    const stated = length !== null && length >= 0 && start + length <= this.data.length ? start + length : null;
    if (stated !== null && /^[\s\0]*end(stream|obj)/.test(this.data.toString('latin1', stated, stated + 24))) return { kind: 'stream', dict: head, raw: this.data.subarray(start, stated) };
    const mark = this.data.indexOf('endstream', start, 'latin1');
    let end = mark === -1 ? this.data.length : mark;
    if (this.data[end - 1] === 10) end--;
    if (this.data[end - 1] === 13) end--;
    return { kind: 'stream', dict: head, raw: this.data.subarray(start, Math.max(start, end)) };
  }

  /** Objects of an object stream (clause 7.5.7). */
  pack(num: number): ReadonlyMap<number, PdfValue> {
    const known = this.packs.get(num);
    if (known !== undefined) return known;
    const holder = this.object(num);
    const objects = holder.kind === 'stream' ? this.packedIn(holder) : new Map<number, PdfValue>();
    this.packs.set(num, objects);
    return objects;
  }

  packedIn(holder: PdfStream): Map<number, PdfValue> {
    const objects = new Map<number, PdfValue>();
    const data = this.unpack(holder);
    const [count, first] = [numberOf(this.get(holder.dict, 'N')), numberOf(this.get(holder.dict, 'First'))];
    if (data === null || count === null || first === null) return objects;
    const head = new Parser(data, 0, Math.min(first, data.length));
    for (let at = 0; at < Math.min(count, OBJECT_LIMIT); at++) {
      head.skipSpace();
      const own = head.run();
      head.skipSpace();
      const offset = head.run();
      if (!/^\d+$/.test(own) || !/^\d+$/.test(offset)) break;
      const value = new Parser(data, first + Number(offset)).value();
      if (value !== null && value.kind !== 'word') objects.set(Number(own), value);
    }
    return objects;
  }
}

export function ref(num: number): PdfRef {
  return { kind: 'ref', num, gen: 0 };
}

