import sharp from 'sharp';
import type { ByteSource, Examination, ExamineLimits, Examiner, FileFacts, Identified, Observation } from '../../format.js';
import { isExecutable } from '../executable.js';
import { readHeif, readJp2 } from './boxes.js';
import { readBmp, readGif, readJpeg, readPng, readWebp } from './raster.js';
import type { Structure } from './structure.js';
import { readTiff } from './tiff.js';

sharp.cache(false);
sharp.concurrency(1);

/** Pixels past which a picture is an attack rather than a scan: A0 at 600 dpi has 558 million. */
const MOST_PIXELS = 600_000_000;
/** Pixels decoded as proof; larger pictures are judged by their structure alone. */
const DECODED_PIXELS = 150_000_000;
const DECODED_PAGES = 50;
/** Nanoseconds after which a decoder that complained is not asked a second time. */
const PATIENCE = 3_000_000_000n;

interface Kind {
  readonly mime: string;
  readonly name: string;
  readonly read: (bytes: Buffer) => Structure;
  /** False where the decoder on the box has no codec for it. */
  readonly decodes: boolean;
}

function ftypBrand(head: Buffer): string {
  return head.toString('latin1', 4, 8) === 'ftyp' ? head.toString('latin1', 8, 12) : '';
}

function kindOf(head: Buffer): Kind | null {
  if (head.length < 8) return null;
  const magic = head.readUInt32BE(0);
  if (magic >>> 8 === 0xffd8ff) return { mime: 'image/jpeg', name: 'JPEG', read: readJpeg, decodes: true };
  if (magic === 0x89504e47) return { mime: 'image/png', name: 'PNG', read: readPng, decodes: true };
  if (head.toString('latin1', 0, 4) === 'GIF8') return { mime: 'image/gif', name: 'GIF', read: readGif, decodes: true };
  if ([0x49492a00, 0x4d4d002a, 0x49492b00, 0x4d4d002b].includes(magic)) return { mime: 'image/tiff', name: 'TIFF', read: readTiff, decodes: true };
  if (magic === 0xff4fff51 || (magic === 12 && head.toString('latin1', 4, 8) === 'jP  ')) return { mime: 'image/jp2', name: 'JPEG 2000', read: readJp2, decodes: false };
  if (head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WEBP') return { mime: 'image/webp', name: 'WebP', read: readWebp, decodes: true };
  if (head.toString('latin1', 0, 2) === 'BM' && head.length >= 26 && head.readUInt32LE(6) === 0 && [12, 40, 52, 56, 64, 108, 124].includes(head.readUInt32LE(14))) return { mime: 'image/bmp', name: 'BMP', read: readBmp, decodes: false };
  const brand = ftypBrand(head);
  if (brand === 'avif' || brand === 'avis') return { mime: 'image/avif', name: 'AVIF', read: readHeif, decodes: true };
  if (['heic', 'heix', 'hevc', 'heim', 'heis', 'mif1', 'msf1'].includes(brand)) return { mime: 'image/heic', name: 'HEIC', read: readHeif, decodes: false };
  return null;
}

type Decoding = 'clean' | 'warned' | 'broken' | 'no-codec';

/** Decodes every page: `warned` when only the strictest reading objects, `no-codec` when the box has no decoder for the coding. */
async function decode(bytes: Buffer, pages: number): Promise<Decoding> {
  const attempt = async (failOn: 'truncated' | 'warning'): Promise<string | null> => {
    try {
      for (let page = 0; page < Math.min(pages, DECODED_PAGES); page += 1) await sharp(bytes, { failOn, limitInputPixels: DECODED_PIXELS, page, sequentialRead: true }).stats();
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
  };
  const before = process.hrtime.bigint();
  if ((await attempt('warning')) === null) return 'clean';
  // A damaged picture can keep a decoder busy for long; it is not asked twice.
  if (process.hrtime.bigint() - before > PATIENCE) return 'broken';
  const reason = await attempt('truncated');
  if (reason === null) return 'warned';
  return /not configured|not been built|compression support is not|unsupported compression/i.test(reason) ? 'no-codec' : 'broken';
}

/** What follows the end of the picture. A second picture (multi-picture formats) and padding are no cause for concern. */
function trailing(bytes: Buffer, end: number): { readonly observation: Observation; readonly executable: boolean } | null {
  const rest = bytes.subarray(end);
  const first = rest.findIndex((octet) => octet !== 0 && octet !== 10 && octet !== 13 && octet !== 32);
  if (first < 0) return null;
  const body = rest.subarray(first);
  if (isExecutable(body) || body.includes('MZ\x90\0', 0, 'latin1')) return { observation: { key: 'file.polyglot', evidence: '图像之后附有可执行程序' }, executable: true };
  if (body.includes('PK\x05\x06', 0, 'latin1') || body.includes('PK\x03\x04', 0, 'latin1')) return { observation: { key: 'file.polyglot', evidence: '图像之后附有压缩包' }, executable: false };
  if (/^(?:%PDF-|Rar!|7z\xbc\xaf|<\?php|<html|<script)/i.test(body.toString('latin1', 0, 16))) return { observation: { key: 'file.polyglot', evidence: '图像之后附有另一文件' }, executable: false };
  if (body[0] === 0xff && body[1] === 0xd8) return null;
  return body.length > 32 ? { observation: { key: 'file.trailing-data', evidence: `${String(body.length)} 字节` }, executable: false } : null;
}

const FACTS: FileFacts = { encrypted: false, compressed: false, signed: false, sealImage: false, activeContent: false, extensionMismatch: null, valid: true };

async function examineBytes(kind: Kind, bytes: Buffer): Promise<Examination> {
  const structure = kind.read(bytes);
  const identified: Identified = { mime: kind.mime, name: structure.version === 'BigTIFF' ? 'BigTIFF' : kind.name, version: structure.version, puid: kind.mime === 'image/tiff' && structure.version !== 'BigTIFF' ? 'fmt/353' : null };
  const observations: Observation[] = [];
  const facts = { ...FACTS, ...(structure.pages > 1 && kind.mime === 'image/tiff' ? { pages: structure.pages } : {}) };
  if (structure.pixels > MOST_PIXELS) return { identified, facts: { ...facts, valid: null }, observations: [{ key: 'file.over-limits', evidence: '图像声明的像素数异常巨大' }] };
  if (structure.broken !== null) return { identified, facts: { ...facts, valid: false }, observations: [{ key: 'file.unreadable', evidence: structure.broken }] };
  const after = trailing(bytes, structure.end);
  if (after !== null) observations.push(after.observation);
  if (structure.location) observations.push({ key: 'image.location', evidence: 'EXIF GPS' });
  if (structure.version === 'BigTIFF') observations.push({ key: 'image.bigtiff', evidence: 'BigTIFF' });
  const odd = [...structure.odd];
  if (kind.decodes && structure.pixels <= DECODED_PIXELS) {
    const result = await decode(bytes, kind.mime === 'image/tiff' ? structure.pages : 1);
    if (result === 'broken') return { identified, facts: { ...facts, valid: false }, observations: [...observations, { key: 'file.unreadable', evidence: '图像无法完整解码' }] };
    if (result === 'warned') odd.push('解码器有警告');
    if (result === 'no-codec') observations.push({ key: 'image.undecoded', evidence: structure.version ?? kind.name });
  }
  if (odd.length > 0) observations.push({ key: 'image.nonconforming', evidence: odd.slice(0, 3).join('、') });
  return { identified, facts: { ...facts, activeContent: after?.executable === true }, observations };
}

/** 静态图像. Structure first, so that no decoder is asked to open what declares too much; then every pixel is decoded. */
export const imageExaminer: Examiner = {
  claims: (head) => Promise.resolve(kindOf(head) !== null),
  async examine(source: ByteSource, _name: string, limits: ExamineLimits): Promise<Examination> {
    const bytes = await source.all(limits.wholeBytes);
    const kind = kindOf(bytes.subarray(0, 64));
    if (kind === null) throw new TypeError('not an image');
    return examineBytes(kind, bytes);
  },
};
