import { gunzipSync } from 'node:zlib';
import { addInner, examined, format, Observations } from '../examination.js';
import type { ByteSource, Examination, Examiner, ExamineLimits, Identified, Inner } from '../format.js';
import { bufferSource } from '../source.js';
import { rarFacts } from './rar.js';
import { sevenZipFacts } from './seven-zip.js';
import { isTar, tarFacts } from './tar.js';

/** What an archive reader found; every archive is 压缩文件 (第十七条), whatever else it is. */
export interface ArchiveFacts {
  readonly encrypted: boolean;
  readonly valid: boolean | null;
}

interface Kind {
  readonly identified: Identified;
  matches(head: Buffer): boolean;
  read(source: ByteSource, limits: ExamineLimits, inner: Inner, observations: Observations): Promise<ArchiveFacts>;
}

const starts = (head: Buffer, hex: string, at = 0): boolean => head.subarray(at, at + hex.length / 2).equals(Buffer.from(hex, 'hex'));

const KINDS: readonly Kind[] = [
  { identified: format('application/x-rar', 'RAR 压缩包'), matches: (head) => starts(head, '526172211a07'), read: async (source, limits, _inner, observations) => rarFacts(await source.all(limits.wholeBytes), observations) },
  { identified: format('application/x-7z-compressed', '7z 压缩包', 'fmt/484'), matches: (head) => starts(head, '377abcaf271c'), read: (source, _limits, _inner, observations) => sevenZipFacts(source, observations) },
  { identified: format('application/gzip', 'GZIP 压缩文件', 'x-fmt/266'), matches: (head) => starts(head, '1f8b'), read: readGzip },
  { identified: format('application/x-bzip2', 'BZIP2 压缩文件', 'x-fmt/268'), matches: (head) => /^BZh[1-9](1AY&SY|\x17rE8P\x90)/.test(head.toString('latin1', 0, 10)), read: readBzip2 },
  { identified: format('application/x-xz', 'XZ 压缩文件', 'fmt/1098'), matches: (head) => starts(head, 'fd377a585a00'), read: async (source) => ({ encrypted: false, valid: source.size >= 32 && (await source.read(source.size - 2, 2)).toString('latin1') === 'YZ' }) },
  { identified: format('application/zstd', 'Zstandard 压缩文件'), matches: (head) => starts(head, '28b52ffd'), read: (source) => Promise.resolve({ encrypted: false, valid: source.size > 12 ? true : false }) },
  { identified: format('application/x-lz4', 'LZ4 压缩文件'), matches: (head) => starts(head, '04224d18'), read: () => Promise.resolve({ encrypted: false, valid: true }) },
  { identified: format('application/x-lzip', 'LZIP 压缩文件'), matches: (head) => starts(head, '4c5a495001'), read: () => Promise.resolve({ encrypted: false, valid: true }) },
  { identified: format('application/x-compress', 'Unix compress 压缩文件'), matches: (head) => starts(head, '1f9d'), read: (source) => Promise.resolve({ encrypted: false, valid: source.size > 3 }) },
  { identified: format('application/vnd.ms-cab-compressed', 'CAB 压缩包'), matches: (head) => starts(head, '4d53434600000000'), read: readCabinet },
  { identified: format('application/x-lzh-compressed', 'LZH 压缩包'), matches: (head) => /^-l[hz][0-9a-z]-$/.test(head.toString('latin1', 2, 7)), read: readLzh },
  { identified: format('application/x-arj', 'ARJ 压缩包'), matches: (head) => starts(head, '60ea') && head.length > 10, read: () => Promise.resolve({ encrypted: false, valid: true }) },
  { identified: format('application/x-ace-compressed', 'ACE 压缩包'), matches: (head) => head.toString('latin1', 7, 14) === '**ACE**', read: () => Promise.resolve({ encrypted: false, valid: true }) },
  { identified: format('application/x-cpio', 'CPIO 打包文件'), matches: (head) => /^07070[127]/.test(head.toString('latin1', 0, 6)), read: () => Promise.resolve({ encrypted: false, valid: true }) },
  { identified: format('application/x-unix-archive', 'ar 打包文件'), matches: (head) => head.toString('latin1', 0, 8) === '!<arch>\n' && head.toString('latin1', 8, 21) !== 'debian-binary', read: () => Promise.resolve({ encrypted: false, valid: true }) },
  { identified: format('application/x-xar', 'XAR 打包文件'), matches: (head) => starts(head, '78617221'), read: () => Promise.resolve({ encrypted: false, valid: true }) },
  { identified: format('application/x-tar', 'TAR 打包文件', 'x-fmt/265'), matches: isTar, read: tarFacts },
  { identified: format('application/x-iso9660-image', 'ISO 光盘映像', 'fmt/468'), matches: (head) => head.toString('latin1', 0x8001, 0x8006) === 'CD001', read: (source) => Promise.resolve({ encrypted: false, valid: source.size >= 0x9000 }) },
];

export const archiveExaminer: Examiner = {
  claims: (head) => Promise.resolve(KINDS.some((kind) => kind.matches(head))),
  async examine(source, _name, limits, inner): Promise<Examination> {
    const head = await source.read(0, 65_536);
    const kind = KINDS.find((candidate) => candidate.matches(head));
    if (kind === undefined) throw new Error('archive examiner without an archive');
    const observations = new Observations();
    const { encrypted, valid } = await kind.read(source, limits, inner, observations);
    if (encrypted) observations.add('zip.encrypted', '条目或条目名');
    if (valid === false) observations.add('zip.broken', '结构不完整');
    return examined(kind.identified, { compressed: true, encrypted, valid, activeContent: observations.has('file.eicar') }, observations.list());
  },
};

async function readGzip(source: ByteSource, limits: ExamineLimits, inner: Inner, observations: Observations): Promise<ArchiveFacts> {
  const packed = await source.all(limits.wholeBytes);
  try {
    const content = gunzipSync(packed, { maxOutputLength: limits.unpackedBytes });
    if (content.length > 1024 * 1024 && content.length > packed.length * 500) observations.add('zip.bomb', '压缩比过高');
    const found = content.length === 0 ? null : await inner(bufferSource(content), '');
    if (found !== null) addInner(observations, found, '内容');
    for (const key of ['zip.traversal', 'zip.link'] as const) if (found?.observations.some((seen) => seen.key === key)) observations.add(key, '内容');
    return { encrypted: false, valid: true };
  } catch (cause) {
    if (!(cause instanceof RangeError)) return { encrypted: false, valid: false };
    observations.add('zip.bomb', '解压量过大');
    return { encrypted: false, valid: null };
  }
}

/** The end-of-stream mark stands at any bit of the last bytes; without it the stream is cut off. */
async function readBzip2(source: ByteSource): Promise<ArchiveFacts> {
  const tail = await source.read(Math.max(0, source.size - 12), 12);
  let bits = '';
  for (const byte of tail) bits += byte.toString(2).padStart(8, '0');
  return { encrypted: false, valid: bits.includes(0x177245385090.toString(2).padStart(48, '0')) };
}

async function readCabinet(source: ByteSource, _limits: ExamineLimits, _inner: Inner, observations: Observations): Promise<ArchiveFacts> {
  const header = await source.read(0, 36);
  if (header.length < 36) return { encrypted: false, valid: false };
  if ((header.readUInt16LE(30) & 3) !== 0) {
    observations.add('zip.volume', '');
    return { encrypted: false, valid: null };
  }
  return { encrypted: false, valid: header.readUInt32LE(8) <= source.size && header.readUInt32LE(16) < source.size };
}

/** Levels 0 to 2: each header gives its own length and that of the data after it. */
async function readLzh(source: ByteSource): Promise<ArchiveFacts> {
  let at = 0;
  for (let count = 0; count < 10_000; count++) {
    const header = await source.read(at, 22);
    if (header.length === 0 || header[0] === 0) return { encrypted: false, valid: count > 0 };
    if (header.length < 22 || !/^-l[hz][0-9a-z]-$/.test(header.toString('latin1', 2, 7))) return { encrypted: false, valid: false };
    const level = header[20] ?? 0;
    const packed = header.readUInt32LE(7);
    at += level === 2 ? header.readUInt16LE(0) + packed : (header[0] ?? 0) + 2 + packed;
    if (at > source.size) return { encrypted: false, valid: false };
  }
  return { encrypted: false, valid: true };
}
