import { decodeStream, type Decoded } from './filters.js';
import { Lexer, PdfDict, PdfName, PdfRef, PdfStream, PdfText, PdfWord, nameOf, type PdfValue } from './objects.js';
import { openSecurity, type Security } from './security.js';
import { scanObjects, xrefStreamEntries, type Place } from './places.js';

/** Why a file is not a PDF anybody could open. */
export class PdfFault extends Error {
  constructor(readonly reason: 'no-header' | 'no-trailer' | 'no-catalog') {
    super(reason);
    this.name = 'PdfFault';
  }
}

const STREAM_CEILING = 64 * 2 ** 20;
const MOST_OBJECTS = 1_000_000;

/**
 * A PDF read as ISO 32000 says, by its cross-reference; rebuilt by scanning when that fails, and then says so (`repairs`).
 * Libraries repair in silence, and a repaired file is a finding here.
 */
export class PdfDocument {
  readonly places = new Map<number, Place>();
  trailer = new PdfDict();
  /** What had to be mended to read on: `xref`, `object-number`, `stream-length`. */
  readonly repairs = new Set<string>();
  readonly version: string | null;
  readonly security: Security | null;
  private readonly cache = new Map<number, PdfValue>();
  private readonly opening = new Set<number>();
  private readonly packs = new Map<number, readonly PdfValue[]>();
  private rebuilt = false;
  private readonly base: number;

  private constructor(readonly bytes: Buffer) {
    const header = bytes.subarray(0, 1024).indexOf('%PDF-', 0, 'latin1');
    if (header < 0) throw new PdfFault('no-header');
    this.base = header;
    this.version = /^%PDF-(\d\.\d)/.exec(bytes.toString('latin1', header, header + 12))?.[1] ?? null;
    if (!this.readByCrossReference()) this.rebuild();
    if (!(this.resolve(this.trailer.get('Root')) instanceof PdfDict) && !this.rebuilt) this.rebuild();
    if (!this.trailer.has('Root')) throw new PdfFault('no-trailer');
    const encrypt = this.resolve(this.trailer.get('Encrypt'));
    this.security = encrypt instanceof PdfDict ? openSecurity(encrypt, this.firstId(), (value) => this.resolve(value)) : null;
    this.cache.clear();
    this.packs.clear();
  }

  /** @throws PdfFault */
  static open(bytes: Buffer): PdfDocument {
    return new PdfDocument(bytes);
  }

  get encrypted(): boolean {
    return this.trailer.get('Encrypt') !== null;
  }

  get catalog(): PdfDict | null {
    const root = this.resolve(this.trailer.get('Root'));
    return root instanceof PdfDict ? root : null;
  }

  private firstId(): Buffer {
    const id = this.resolve(this.trailer.get('ID'));
    const first = Array.isArray(id) ? this.resolve((id as readonly PdfValue[])[0] ?? null) : null;
    return first instanceof PdfText ? first.bytes : Buffer.alloc(0);
  }

  // ---- cross-reference -------------------------------------------------------------------------------------------------

  private readByCrossReference(): boolean {
    const tail = this.bytes.subarray(Math.max(0, this.bytes.length - 2048));
    const found = tail.lastIndexOf('startxref', undefined, 'latin1');
    if (found < 0) return false;
    const start = Number.parseInt(tail.toString('latin1', found + 9, found + 40).trim(), 10);
    if (!Number.isFinite(start)) return false;
    const seen = new Set<number>();
    const queue = [start];
    let first = true;
    while (queue.length > 0) {
      const at = (queue.shift() ?? 0) + this.base;
      if (seen.has(at)) continue;
      seen.add(at);
      const trailer = at >= 0 && at < this.bytes.length ? this.readSection(at) : null;
      if (trailer === null) return false;
      if (first) this.trailer = trailer;
      first = false;
      for (const key of ['XRefStm', 'Prev']) {
        const next = trailer.get(key);
        if (typeof next === 'number') queue.push(next);
      }
    }
    return this.trailer.has('Root');
  }

  private readSection(at: number): PdfDict | null {
    const lexer = new Lexer(this.bytes, at);
    const word = lexer.next();
    if (word instanceof PdfWord && word.word === 'xref') return this.readTable(lexer);
    if (typeof word !== 'number') return null;
    const stream = this.parseAt(at, null);
    if (!(stream instanceof PdfStream) || nameOf(stream.dict.get('Type')) !== 'XRef') return null;
    return this.readXrefStream(stream) ? stream.dict : null;
  }

  private readTable(lexer: Lexer): PdfDict | null {
    for (;;) {
      const first = lexer.next();
      if (first instanceof PdfWord && first.word === 'trailer') {
        const dict = lexer.next();
        return dict instanceof PdfDict ? dict : null;
      }
      const count = lexer.next();
      if (typeof first !== 'number' || typeof count !== 'number' || count > MOST_OBJECTS) return null;
      for (let i = 0; i < count; i += 1) {
        const offset = lexer.next();
        const gen = lexer.next();
        const kind = lexer.next();
        if (typeof offset !== 'number' || typeof gen !== 'number' || !(kind instanceof PdfWord)) return null;
        if (kind.word === 'n') this.note(first + i, { kind: 'offset', at: offset + this.base, gen });
        else if (kind.word === 'f') this.note(first + i, null);
        else return null;
      }
    }
  }

  private readonly freed = new Set<number>();

  /** Newest section first, so the first word about a number stands. */
  private note(num: number, place: Place | null): void {
    if (this.places.has(num) || this.freed.has(num) || this.places.size > MOST_OBJECTS) return;
    if (place === null) this.freed.add(num);
    else this.places.set(num, place);
  }

  private readXrefStream(stream: PdfStream): boolean {
    const entries = xrefStreamEntries(stream, STREAM_CEILING);
    for (const [num, place] of entries ?? []) this.note(num, place?.kind === 'offset' ? { ...place, at: place.at + this.base } : place);
    return entries !== null;
  }

  // ---- rebuilding ------------------------------------------------------------------------------------------------------

  /** By scanning for objects. A lost cross-reference stream takes the trailer with it: such a file is not opened by guessing. */
  private rebuild(): void {
    this.rebuilt = true;
    this.repairs.add('xref');
    this.places.clear();
    this.freed.clear();
    this.cache.clear();
    this.packs.clear();
    const found = scanObjects(this.bytes, MOST_OBJECTS);
    for (const [num, place] of found.places) this.places.set(num, place);
    const { trailer } = found;
    for (const num of found.packs) {
      const stream = this.get(num);
      if (!(stream instanceof PdfStream)) continue;
      const count = stream.dict.get('N');
      if (nameOf(stream.dict.get('Type')) !== 'ObjStm' || typeof count !== 'number') continue;
      for (const [index, inner] of this.packNumbers(stream).entries()) if (!this.places.has(inner)) this.places.set(inner, { kind: 'packed', stream: num, index });
    }
    if (trailer === null) throw new PdfFault('no-trailer');
    this.trailer = trailer;
    if (!(this.resolve(trailer.get('Root')) instanceof PdfDict)) throw new PdfFault('no-catalog');
  }

  // ---- objects ---------------------------------------------------------------------------------------------------------

  /** Object `num`; null when it is free, absent or unreadable. */
  get(num: number): PdfValue {
    const known = this.cache.get(num);
    if (known !== undefined) return known;
    const place = this.places.get(num);
    if (place === undefined || this.opening.has(num)) return null;
    this.opening.add(num);
    let value: PdfValue;
    try {
      value = place.kind === 'packed' ? this.packed(place.stream, place.index) : this.parseAt(place.at, num);
    } finally {
      this.opening.delete(num);
    }
    this.cache.set(num, value);
    return value;
  }

  resolve(value: PdfValue): PdfValue {
    let current = value;
    for (let hops = 0; current instanceof PdfRef && hops < 32; hops += 1) current = this.get(current.num);
    return current instanceof PdfRef ? null : current;
  }

  dict(value: PdfValue): PdfDict | null {
    const resolved = this.resolve(value);
    return resolved instanceof PdfDict ? resolved : resolved instanceof PdfStream ? resolved.dict : null;
  }

  array(value: PdfValue): readonly PdfValue[] {
    const resolved = this.resolve(value);
    return Array.isArray(resolved) ? (resolved as readonly PdfValue[]) : [];
  }

  decode(stream: PdfStream, ceiling = STREAM_CEILING): Decoded {
    return decodeStream(stream, (value) => this.resolve(value), ceiling);
  }

  private packNumbers(stream: PdfStream): number[] {
    const count = stream.dict.get('N');
    const decoded = this.decode(stream);
    if ('fault' in decoded || typeof count !== 'number') return [];
    const lexer = new Lexer(decoded.bytes, 0, true);
    const numbers: number[] = [];
    for (let i = 0; i < count && i < MOST_OBJECTS; i += 1) {
      const num = lexer.next();
      if (typeof num !== 'number' || typeof lexer.next() !== 'number') break;
      numbers.push(num);
    }
    return numbers;
  }

  private packed(streamNum: number, index: number): PdfValue {
    let pack = this.packs.get(streamNum);
    if (pack === undefined) {
      pack = this.openPack(streamNum);
      this.packs.set(streamNum, pack);
    }
    return pack[index] ?? null;
  }

  private openPack(streamNum: number): PdfValue[] {
    const stream = this.get(streamNum);
    if (!(stream instanceof PdfStream)) return [];
    const decoded = this.decode(stream);
    const count = this.resolve(stream.dict.get('N'));
    const first = this.resolve(stream.dict.get('First'));
    if ('fault' in decoded || typeof count !== 'number' || typeof first !== 'number') return [];
    const header = new Lexer(decoded.bytes, 0, true);
    const values: PdfValue[] = [];
    for (let i = 0; i < count && i < MOST_OBJECTS; i += 1) {
      header.next();
      const offset = header.next();
      if (typeof offset !== 'number') break;
      const value = new Lexer(decoded.bytes, first + offset, true).next();
      values.push(value === undefined || value instanceof PdfWord ? null : value);
    }
    return values;
  }

  private parseAt(at: number, expected: number | null): PdfValue {
    const lexer = new Lexer(this.bytes, at);
    const num = lexer.next();
    const gen = lexer.next();
    const word = lexer.next();
    if (typeof num !== 'number' || !(word instanceof PdfWord) || !word.word.startsWith('obj') || (expected !== null && num !== expected)) {
      if (expected === null) return null;
      if (this.rebuilt) return null;
      this.repairs.add('object-number');
      const trailer = this.trailer;
      try {
        this.rebuild();
      } catch {
        this.trailer = trailer;
        return null;
      }
      const place = this.places.get(expected);
      return place?.kind === 'offset' ? this.parseAt(place.at, expected) : null;
    }
    const value = lexer.next();
    if (value === undefined || value instanceof PdfWord) return null;
    const owner = typeof gen === 'number' ? { num, gen } : { num, gen: 0 };
    if (!(value instanceof PdfDict)) return value;
    lexer.skipSpace();
    if (this.bytes.toString('latin1', lexer.at, lexer.at + 6) !== 'stream') return value;
    let start = lexer.at + 6;
    if (this.bytes[start] === 13) start += 1;
    if (this.bytes[start] === 10) start += 1;
    return this.security === undefined || this.security === null || nameOf(value.get('Type')) === 'XRef'
      ? new PdfStream(value, this.streamBytes(value, start))
      : new PdfStream(value, this.security.decrypt(this.streamBytes(value, start), owner, value));
  }

  private streamBytes(dict: PdfDict, start: number): Buffer {
    const length = this.resolve(dict.get('Length'));
    if (typeof length === 'number' && length >= 0 && start + length <= this.bytes.length) {
      const after = this.bytes.toString('latin1', start + length, start + length + 20);
      if (/^[\0\t\n\f\r ]*endstream/.test(after)) return this.bytes.subarray(start, start + length);
    }
    this.repairs.add('stream-length');
    const end = this.bytes.indexOf('endstream', start, 'latin1');
    let stop = end < 0 ? this.bytes.length : end;
    if (this.bytes[stop - 1] === 10) stop -= 1;
    if (this.bytes[stop - 1] === 13) stop -= 1;
    return this.bytes.subarray(start, Math.max(start, stop));
  }
}
export { PdfDict, PdfName, PdfRef, PdfStream, PdfText, nameOf, type PdfValue };
