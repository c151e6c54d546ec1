import type { ByteSource } from '../../format.js';

/** What a sound or film file's own structure says. */
export interface AvStructure {
  readonly broken: string | null;
  /** 数字版权保护 or encrypted streams. */
  readonly protectedBy: string | null;
  readonly hasVideo: boolean | null;
}

const whole: AvStructure = { broken: null, protectedBy: null, hasVideo: null };
const cut: AvStructure = { ...whole, broken: '被截断' };

export interface Chunk {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** ISO base media boxes between two offsets, read one header at a time. */
export async function isoBoxes(source: ByteSource, from: number, to: number): Promise<Chunk[]> {
  const boxes: Chunk[] = [];
  for (let at = from; at + 8 <= to && boxes.length < 10_000; ) {
    const head = await source.read(at, 16);
    if (head.length < 8) break;
    let size = head.readUInt32BE(0);
    let header = 8;
    if (size === 1 && head.length === 16) {
      size = Number(head.readBigUInt64BE(8));
      header = 16;
    } else if (size === 0) size = to - at;
    if (size < header) break;
    boxes.push({ type: head.toString('latin1', 4, 8), start: at + header, end: at + size });
    at += size;
  }
  return boxes;
}

const MOVIE_BYTES = 64 * 2 ** 20;

/** MP4, M4A, MOV, 3GP: a movie box, media data, nothing past the end of the file. */
export async function readIsoMedia(source: ByteSource): Promise<AvStructure> {
  const boxes = await isoBoxes(source, 0, source.size);
  const movie = boxes.find((box) => box.type === 'moov');
  if (boxes.some((box) => box.end > source.size)) return cut;
  if (movie === undefined) return { ...whole, broken: '没有影片信息（moov）' };
  if (!boxes.some((box) => box.type === 'mdat' || box.type === 'moof')) return { ...whole, broken: '没有媒体数据' };
  const body = await source.read(movie.start, Math.min(movie.end - movie.start, MOVIE_BYTES));
  const marks = ['encv', 'enca', 'drms', 'drmi', 'pssh'].filter((mark) => body.includes(mark, 0, 'latin1'));
  const track = firstBadSample(body, source.size);
  return { broken: track, protectedBy: marks.length > 0 ? marks.join('、') : null, hasVideo: body.includes('vmhd', 0, 'latin1') };
}

/** Chunk offsets (stco, co64) that point past the end of the file. */
function firstBadSample(movie: Buffer, size: number): string | null {
  for (let at = movie.indexOf('stco', 0, 'latin1'); at >= 4; at = movie.indexOf('stco', at + 4, 'latin1')) {
    const count = at + 12 <= movie.length ? movie.readUInt32BE(at + 8) : 0;
    if (count * 4 + 16 > movie.readUInt32BE(at - 4)) continue;
    const last = at + 12 + (count - 1) * 4;
    if (count > 0 && last + 4 <= movie.length && movie.readUInt32BE(last) >= size) return '媒体数据被截断';
  }
  return null;
}

/** RIFF chunks (WAV, AVI). A chunk that says more than there is has been cut; streaming writers leave all ones. */
export async function readRiff(source: ByteSource): Promise<AvStructure> {
  const form = (await source.read(8, 4)).toString('latin1');
  let data = 0;
  let format = false;
  let at = 12;
  while (at + 8 <= source.size) {
    const head = await source.read(at, 8);
    const size = head.readUInt32LE(4);
    const type = head.toString('latin1', 0, 4);
    // Zero padding at the end is common; anything else that is no chunk name is damage.
    if (head.readUInt32LE(0) === 0) break;
    if (!/^[\x20-\x7e]{4}$/.test(type)) return { ...whole, broken: '数据块类型不合法' };
    if (type === 'fmt ' || type === 'hdrl' || type === 'LIST') format = true;
    if (type === 'data' || type === 'LIST') data += 1;
    if (size !== 0xffffffff && at + 8 + size > source.size) return cut;
    at += 8 + size + (size & 1);
    if (size === 0xffffffff) break;
  }
  if (!format) return { ...whole, broken: '缺少格式说明' };
  if (data === 0) return { ...whole, broken: '没有媒体数据' };
  return { ...whole, hasVideo: form === 'AVI ' };
}

const MPEG1_KBPS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const MPEG2_KBPS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const RATES = [44100, 48000, 32000];

/** Length in bytes of the MPEG audio layer III frame at `at`; 0 when there is none. */
function frameBytes(head: Buffer, at: number): number {
  if (at + 4 > head.length || head[at] !== 0xff || ((head[at + 1] ?? 0) & 0xe0) !== 0xe0) return 0;
  const version = ((head[at + 1] ?? 0) >> 3) & 3;
  const layer = ((head[at + 1] ?? 0) >> 1) & 3;
  const rate = RATES[((head[at + 2] ?? 0) >> 2) & 3];
  const index = (head[at + 2] ?? 0) >> 4;
  if (version === 1 || layer === 0 || rate === undefined || index === 0 || index === 15) return 0;
  const one = version === 3;
  const kbps = (one ? MPEG1_KBPS : MPEG2_KBPS)[index] ?? 0;
  const hertz = one ? rate : version === 2 ? rate / 2 : rate / 4;
  const padding = ((head[at + 2] ?? 0) >> 1) & 1;
  return Math.floor(((layer === 1 && !one ? 72 : 144) * kbps * 1000) / hertz) + padding;
}

/** Size of an ID3v2 tag at the head, 0 when there is none. */
export const id3Bytes = (head: Buffer): number =>
  head.toString('latin1', 0, 3) === 'ID3' && head.length >= 10 ? 10 + (((head[6] ?? 0) & 127) << 21) + (((head[7] ?? 0) & 127) << 14) + (((head[8] ?? 0) & 127) << 7) + ((head[9] ?? 0) & 127) : 0;

/** MP3: after the tag, frames that follow each other. */
export async function readMp3(source: ByteSource): Promise<AvStructure> {
  const tag = id3Bytes(await source.read(0, 10));
  if (tag >= source.size) return { ...whole, broken: '只有标签，没有声音数据' };
  const body = await source.read(tag, 262_144);
  for (let at = 0; at + 4 < body.length; at += 1) {
    const first = frameBytes(body, at);
    if (first === 0) continue;
    const next = frameBytes(body, at + first);
    if (next > 0 || (at + first >= body.length - 256 && first > 0 && tag + at + first <= source.size)) return { ...whole, hasVideo: false };
  }
  return { ...whole, broken: '没有可播放的声音帧' };
}

/** FLAC: STREAMINFO first, and metadata blocks that end before the file does. */
export async function readFlac(source: ByteSource): Promise<AvStructure> {
  let at = 4;
  for (let blocks = 0; blocks < 10_000; blocks += 1) {
    const head = await source.read(at, 4);
    if (head.length < 4) return cut;
    at += 4 + head.readUIntBE(1, 3);
    if (at >= source.size) return cut;
    if (((head[0] ?? 0) & 0x80) !== 0) return { ...whole, hasVideo: false };
  }
  return { ...whole, broken: '元数据块过多' };
}

/** Ogg: pages to the end, the last one closing its stream. */
export async function readOgg(source: ByteSource): Promise<AvStructure> {
  const tail = await source.read(Math.max(0, source.size - 131_072), 131_072);
  const last = tail.lastIndexOf('OggS', undefined, 'latin1');
  if (last < 0 || last + 27 > tail.length) return cut;
  const segments = tail[last + 26] ?? 0;
  const lengths = tail.subarray(last + 27, last + 27 + segments);
  const need = last + 27 + segments + lengths.reduce((sum, octet) => sum + octet, 0);
  const head = await source.read(0, 4096);
  return { ...(need > tail.length ? cut : whole), hasVideo: head.includes('theora', 0, 'latin1') };
}

const ASF_DATA = Buffer.from('3626b2758e66cf11a6d900aa0062ce6c', 'hex');
const ASF_ENCRYPTION = [Buffer.from('fbb3112223bdd211b4b700a0c955fc6e', 'hex'), Buffer.from('14e68a292226174cb935dae07ee9289c', 'hex')];
const ASF_VIDEO = Buffer.from('c0ef19bc4d5bcf11a8fd00805f5c442b', 'hex');

/** ASF (WMA, WMV): header, then a data object inside the file; content encryption objects are DRM. */
export async function readAsf(source: ByteSource): Promise<AvStructure> {
  const start = await source.read(0, 24);
  if (start.length < 24) return cut;
  const size = Number(start.readBigUInt64LE(16));
  if (size > source.size) return cut;
  const header = await source.read(0, Math.min(size, MOVIE_BYTES));
  const protectedBy = ASF_ENCRYPTION.some((guid) => header.includes(guid)) ? 'Windows Media DRM' : null;
  const data = await source.read(size, 24);
  const sound = data.length === 24 && data.subarray(0, 16).equals(ASF_DATA);
  return { broken: sound ? null : '没有媒体数据', protectedBy, hasVideo: header.includes(ASF_VIDEO) };
}

/** FLV: tags that link back to each other for a while, and a last tag that is whole. */
export async function readFlv(source: ByteSource): Promise<AvStructure> {
  const head = await source.read(0, 9);
  if (head.length < 9) return cut;
  let at = head.readUInt32BE(5) + 4;
  for (let tags = 0; tags < 200_000 && at + 11 <= source.size; tags += 1) {
    const tag = await source.read(at, 11);
    const kind = (tag[0] ?? 0) & 0x1f;
    if (kind !== 8 && kind !== 9 && kind !== 18) return tags > 0 ? whole : { ...whole, broken: '标签不合法' };
    at += 11 + tag.readUIntBE(1, 3) + 4;
    if (at > source.size + 4) return cut;
  }
  return { ...whole, hasVideo: ((head[4] ?? 0) & 1) === 1 };
}

/** Size of an EBML number and its value; unknown size is -1. */
function ebml(bytes: Buffer, at: number, keepMarker: boolean): { readonly length: number; readonly value: number } | null {
  const first = bytes[at];
  if (first === undefined || first === 0) return null;
  const length = Math.clz32(first) - 23;
  if (at + length > bytes.length) return null;
  let value = keepMarker ? first : first & (0xff >> length);
  let ones = (first & (0xff >> length)) === 0xff >> length;
  for (let i = 1; i < length; i += 1) {
    value = value * 256 + (bytes[at + i] ?? 0);
    ones &&= bytes[at + i] === 0xff;
  }
  return { length, value: ones && !keepMarker ? -1 : value };
}

/** Matroska and WebM: a segment with clusters, not cut. */
export async function readMatroska(source: ByteSource): Promise<AvStructure> {
  let at = 0;
  let segment = false;
  let clusters = 0;
  for (let items = 0; items < 100_000 && at < source.size; items += 1) {
    const head = await source.read(at, 12);
    const id = ebml(head, 0, true);
    const size = id === null ? null : ebml(head, id.length, false);
    if (id === null || size === null) return clusters > 0 ? whole : { ...whole, broken: '结构不合法' };
    const start = at + id.length + size.length;
    if (id.value === 0x18538067) {
      segment = true;
      if (size.value >= 0 && start + size.value > source.size) return cut;
      at = start;
      continue;
    }
    if (id.value === 0x1f43b675) clusters += 1;
    if (size.value < 0) return whole;
    at = start + size.value;
    if (at > source.size) return cut;
  }
  return segment && clusters > 0 ? whole : { ...whole, broken: '没有媒体数据' };
}

/** Standard MIDI: as many tracks as the header says. */
export async function readMidi(source: ByteSource): Promise<AvStructure> {
  const head = await source.read(0, 14);
  if (head.length < 14) return cut;
  let at = 8 + head.readUInt32BE(4);
  for (let track = 0; track < head.readUInt16BE(10); track += 1) {
    const chunk = await source.read(at, 8);
    if (chunk.length < 8) return cut;
    at += 8 + chunk.readUInt32BE(4);
    if (at > source.size) return cut;
  }
  return { ...whole, hasVideo: false };
}

/** Sun AU: a header and the data it announces, where it announces any. */
export async function readAu(source: ByteSource): Promise<AvStructure> {
  const head = await source.read(0, 24);
  if (head.length < 24) return cut;
  const size = head.readUInt32BE(8);
  return size !== 0xffffffff && head.readUInt32BE(4) + size > source.size ? cut : { ...whole, hasVideo: false };
}

/** AIFF: FORM chunk inside the file, with COMM and SSND. */
export async function readAiff(source: ByteSource): Promise<AvStructure> {
  const head = await source.read(0, 12);
  if (head.length < 12 || head.readUInt32BE(4) + 8 > source.size + 1) return cut;
  const body = await source.read(0, 65_536);
  return body.includes('COMM', 12, 'latin1') ? { ...whole, hasVideo: false } : { ...whole, broken: '缺少格式说明' };
}
