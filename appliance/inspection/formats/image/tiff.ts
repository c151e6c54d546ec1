import { sound, type Structure } from './structure.js';

const SIZES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8 };
const MOST_PAGES = 20_000;
const MOST_VALUES = 200_000;

interface Directory {
  readonly tags: ReadonlyMap<number, readonly number[]>;
  readonly next: number;
  readonly odd: readonly string[];
}

class TiffReader {
  readonly little: boolean;
  readonly big: boolean;
  constructor(readonly bytes: Buffer) {
    this.little = bytes[0] === 0x49;
    this.big = this.u16(2) === 43;
  }
  u16(at: number): number {
    if (at + 2 > this.bytes.length) return 0;
    return this.little ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at);
  }
  u32(at: number): number {
    if (at + 4 > this.bytes.length) return 0;
    return this.little ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }
  u64(at: number): number {
    if (at + 8 > this.bytes.length) return 0;
    return Number(this.little ? this.bytes.readBigUInt64LE(at) : this.bytes.readBigUInt64BE(at));
  }
  offset(at: number): number {
    return this.big ? this.u64(at) : this.u32(at);
  }
  first(): number {
    return this.big ? this.u64(8) : this.u32(4);
  }

  private values(type: number, count: number, at: number): number[] {
    const size = SIZES[type] ?? 0;
    const out: number[] = [];
    for (let i = 0; i < Math.min(count, MOST_VALUES); i += 1) {
      const place = at + i * size;
      out.push(size === 1 ? (this.bytes[place] ?? 0) : size === 2 ? this.u16(place) : size === 4 ? this.u32(place) : type === 5 || type === 10 ? this.u32(place) : this.u64(place));
    }
    return out;
  }

  /** One image file directory; null when it does not lie inside the file. */
  directory(at: number): Directory | null {
    const entryBytes = this.big ? 20 : 12;
    const count = this.big ? this.u64(at) : this.u16(at);
    const start = at + (this.big ? 8 : 2);
    const end = start + count * entryBytes;
    if (at < 8 || count === 0 || end > this.bytes.length) return null;
    const tags = new Map<number, readonly number[]>();
    const odd: string[] = [];
    let last = -1;
    for (let place = start; place < end; place += entryBytes) {
      const tag = this.u16(place);
      const type = this.u16(place + 2);
      const items = this.big ? this.u64(place + 4) : this.u32(place + 4);
      const inline = place + (this.big ? 12 : 8);
      const room = this.big ? 8 : 4;
      const total = items * (SIZES[type] ?? 0);
      const where = total <= room ? inline : this.offset(inline);
      if (tag < last) odd.push('标签未按序排列');
      last = tag;
      if (where + total > this.bytes.length) odd.push(`标签 ${String(tag)} 的值越界`);
      else tags.set(tag, this.values(type, items, where));
    }
    const tail = end + (this.big ? 8 : 4) <= this.bytes.length ? this.offset(end) : 0;
    return { tags, next: tail, odd };
  }
}

/** GPS block (tag 0x8825) that says something, in a TIFF or in the TIFF inside an Exif segment. */
export function tiffHasLocation(bytes: Buffer): boolean {
  if (bytes.length < 8 || (bytes[0] !== 0x49 && bytes[0] !== 0x4d)) return false;
  const reader = new TiffReader(bytes);
  const gps = reader.directory(reader.first())?.tags.get(0x8825)?.[0];
  const tags = gps === undefined ? undefined : reader.directory(gps)?.tags;
  // Tag 0 only states the version of the block.
  return tags !== undefined && [...tags.keys()].some((tag) => tag > 0 && tag < 32);
}

const sum = (values: readonly number[] | undefined): number => (values ?? []).reduce((total, value) => total + value, 0);

/** Image data of one page: inside the file, and some. */
function pageData(reader: TiffReader, tags: ReadonlyMap<number, readonly number[]>): string | null {
  const offsets = tags.get(273) ?? tags.get(324);
  const counts = tags.get(279) ?? tags.get(325);
  if (offsets === undefined || (tags.get(256)?.[0] ?? 0) === 0) return '缺少图像数据';
  if (counts === undefined) return (offsets[0] ?? 0) >= reader.bytes.length ? '图像数据越界' : null;
  if (sum(counts) === 0) return '图像数据为空';
  return offsets.some((offset) => offset >= reader.bytes.length) ? '图像数据被截断' : null;
}

/** Byte counts that say more than there is: writers get them wrong, so whether anything is missing is left to the decoder. */
function overstated(reader: TiffReader, tags: ReadonlyMap<number, readonly number[]>): boolean {
  const offsets = tags.get(273) ?? tags.get(324) ?? [];
  const counts = tags.get(279) ?? tags.get(325) ?? [];
  return offsets.some((offset, index) => offset + (counts[index] ?? 0) > reader.bytes.length);
}

function oddities(tags: ReadonlyMap<number, readonly number[]>, pages: number): string[] {
  const odd: string[] = [];
  const samples = tags.get(277)?.[0] ?? 1;
  const bits = tags.get(258);
  if (bits !== undefined && bits.length !== samples && bits.length !== 1) odd.push('每样本位数与样本数不符');
  if (bits !== undefined && bits.length === 1 && samples > 1) odd.push('每样本位数与样本数不符');
  const total = tags.get(297)?.[1];
  if (total === 0 && pages > 1) odd.push('页码标签的总页数为零');
  return odd;
}

export function readTiff(bytes: Buffer): Structure {
  const reader = new TiffReader(bytes);
  const seen = new Set<number>();
  const odd = new Set<string>();
  const all: ReadonlyMap<number, readonly number[]>[] = [];
  let broken: string | null = null;
  let pixels = 0;
  let location = false;
  for (let at = reader.first(); at !== 0; ) {
    if (seen.has(at)) {
      odd.add('页目录成环');
      break;
    }
    seen.add(at);
    const directory = seen.size > MOST_PAGES ? null : reader.directory(at);
    if (directory === null) {
      if (all.length === 0) return sound({ broken: '页目录越界', end: bytes.length });
      odd.add('后续页目录越界');
      break;
    }
    all.push(directory.tags);
    for (const note of directory.odd) odd.add(note);
    pixels = Math.max(pixels, (directory.tags.get(256)?.[0] ?? 0) * (directory.tags.get(257)?.[0] ?? 0));
    location ||= directory.tags.has(0x8825) && tiffHasLocation(bytes);
    broken ??= pageData(reader, directory.tags);
    if (overstated(reader, directory.tags)) odd.add('图像数据长度与文件不符');
    at = directory.next;
  }
  for (const tags of all) for (const note of oddities(tags, all.length)) odd.add(note);
  return sound({ broken: all.length === 0 ? '没有页目录' : broken, odd: [...odd], pixels, pages: all.length, end: bytes.length, location, version: reader.big ? 'BigTIFF' : '6.0' });
}

/** Tags of every page, as far as the directories can be followed. */
export function tiffPages(bytes: Buffer): readonly ReadonlyMap<number, readonly number[]>[] {
  const reader = new TiffReader(bytes);
  const seen = new Set<number>();
  const pages: ReadonlyMap<number, readonly number[]>[] = [];
  for (let at = reader.first(); at !== 0 && !seen.has(at) && seen.size < MOST_PAGES; ) {
    seen.add(at);
    const directory = reader.directory(at);
    if (directory === null) break;
    pages.push(directory.tags);
    at = directory.next;
  }
  return pages;
}
