import { crc32 } from 'node:zlib';
import { sound, type Structure } from './structure.js';
import { tiffHasLocation } from './tiff.js';

/** JPEG (ITU-T T.81) markers from start to end of image. */
export function readJpeg(bytes: Buffer): Structure {
  let location = false;
  let pixels = 0;
  let version: string | null = null;
  const odd: string[] = [];
  let scans = 0;
  for (let at = 2; at < bytes.length; ) {
    if (bytes[at] !== 0xff) {
      const next = bytes.indexOf(0xff, at);
      if (scans === 0 && next >= 0) odd.push('标记之间有多余字节');
      if (next < 0) break;
      at = next;
      continue;
    }
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0xd9) return sound({ pixels, end: at + 2, location, version, odd: [...new Set(odd)], broken: pixels === 0 || scans === 0 ? '没有图像数据' : null });
    if (marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;
      continue;
    }
    if (at + 4 > bytes.length) break;
    const length = bytes.readUInt16BE(at + 2);
    const body = bytes.subarray(at + 4, at + 2 + length);
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc && body.length >= 5) pixels = body.readUInt16BE(1) * body.readUInt16BE(3);
    if (marker === 0xe1 && body.toString('latin1', 0, 6) === 'Exif\0\0') location ||= tiffHasLocation(body.subarray(6));
    if (marker === 0xe0 && body.toString('latin1', 0, 5) === 'JFIF\0') version = `${String(body[5] ?? 0)}.${String(body[6] ?? 0).padStart(2, '0')}`;
    if (marker === 0xda) scans += 1;
    at += 2 + length;
  }
  return sound({ pixels, end: bytes.length, location, version, odd: [...new Set(odd)], broken: '图像数据没有结束标记' });
}

/** PNG (ISO/IEC 15948) chunks with their checksums. */
export function readPng(bytes: Buffer): Structure {
  const odd = new Set<string>();
  let pixels = 0;
  let data = 0;
  let location = false;
  if (bytes.toString('latin1', 12, 16) !== 'IHDR') return sound({ end: bytes.length, broken: '没有图像头' });
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const end = at + 12 + length;
    if (end > bytes.length) return sound({ pixels, end: bytes.length, broken: `数据块 ${/^[A-Za-z]{4}$/.test(type) ? type : '不明'} 被截断` });
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== bytes.readUInt32BE(end - 4)) {
      if (type === 'IHDR' || type === 'IDAT' || type === 'PLTE') return sound({ pixels, end: bytes.length, broken: `数据块 ${type} 校验和不符` });
      odd.add(`数据块校验和不符`);
    }
    if (type === 'IHDR') pixels = body.readUInt32BE(0) * body.readUInt32BE(4);
    if (type === 'IDAT') data += length;
    if (type === 'eXIf') location = tiffHasLocation(body);
    if (type === 'IEND') return sound({ pixels, end, odd: [...odd], location, broken: data === 0 ? '没有图像数据' : null });
    at = end;
  }
  return sound({ pixels, end: bytes.length, broken: '没有结束块', location });
}

/** GIF blocks to the trailer; a frame may reach past the logical screen, and then counts with its offset. */
export function readGif(bytes: Buffer): Structure {
  const version = bytes.toString('latin1', 3, 6);
  if (bytes.length < 14) return sound({ end: bytes.length, broken: '被截断', version });
  let pixels = bytes.readUInt16LE(6) * bytes.readUInt16LE(8);
  const table = (flags: number): number => ((flags & 0x80) !== 0 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let frames = 0;
  const skipBlocks = (from: number): number => {
    let at = from;
    while (at < bytes.length && bytes[at] !== 0) at += 1 + (bytes[at] ?? 0);
    return at + 1;
  };
  for (let at = 13 + table(bytes[10] ?? 0); at < bytes.length; ) {
    const kind = bytes[at];
    if (kind === 0x3b) return sound({ pixels, pages: Math.max(1, frames), end: at + 1, version, broken: frames === 0 ? '没有图像数据' : null });
    if (kind === 0x21) at = skipBlocks(at + 2);
    else if (kind === 0x2c && at + 10 < bytes.length) {
      frames += 1;
      pixels = Math.max(pixels, (bytes.readUInt16LE(at + 1) + bytes.readUInt16LE(at + 5)) * (bytes.readUInt16LE(at + 3) + bytes.readUInt16LE(at + 7)));
      at = skipBlocks(at + 11 + table(bytes[at + 9] ?? 0));
    } else return sound({ pixels, end: bytes.length, version, broken: '数据块类型不明' });
  }
  return sound({ pixels, pages: Math.max(1, frames), end: bytes.length, version, broken: frames === 0 ? '没有图像数据' : null, odd: ['没有结束标记'] });
}

/** BMP: header and, without compression, room for every row. */
export function readBmp(bytes: Buffer): Structure {
  if (bytes.length < 54) return sound({ end: bytes.length, broken: '被截断' });
  const header = bytes.readUInt32LE(14);
  const core = header === 12;
  const width = core ? bytes.readUInt16LE(18) : Math.abs(bytes.readInt32LE(18));
  const height = core ? bytes.readUInt16LE(20) : Math.abs(bytes.readInt32LE(22));
  const depth = bytes.readUInt16LE(core ? 24 : 28);
  const compression = core ? 0 : bytes.readUInt32LE(30);
  const rows = Math.ceil((width * depth) / 32) * 4 * height;
  const packed = compression !== 0 && compression !== 3;
  const need = bytes.readUInt32LE(10) + (packed ? 1 : rows);
  const broken = width === 0 || height === 0 || depth === 0 ? '图像头不合法' : need > bytes.length ? '图像数据被截断' : null;
  return sound({ pixels: width * height, end: packed ? bytes.length : Math.max(need, Math.min(bytes.length, bytes.readUInt32LE(2))), broken });
}

export function readWebp(bytes: Buffer): Structure {
  const size = bytes.readUInt32LE(4) + 8;
  const exif = bytes.indexOf('EXIF', 12, 'latin1');
  const body = exif < 0 ? Buffer.alloc(0) : bytes.subarray(exif + 8);
  const location = tiffHasLocation(body.toString('latin1', 0, 6) === 'Exif\0\0' ? body.subarray(6) : body);
  return sound({ end: Math.min(bytes.length, size), broken: size > bytes.length ? '被截断' : null, location });
}
