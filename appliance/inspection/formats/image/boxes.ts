import { sound, type Structure } from './structure.js';
import { tiffHasLocation } from './tiff.js';

export interface Box {
  readonly type: string;
  /** Offset of the content, after the header. */
  readonly start: number;
  readonly end: number;
}

/** Boxes of ISO/IEC 14496-12 and 15444-1 between two offsets. The last one may reach past `to`; the caller judges that. */
export function readBoxes(bytes: Buffer, from: number, to: number): Box[] {
  const boxes: Box[] = [];
  for (let at = from; at + 8 <= to && boxes.length < 100_000; ) {
    let size = bytes.readUInt32BE(at);
    let header = 8;
    if (size === 1 && at + 16 <= to) {
      size = Number(bytes.readBigUInt64BE(at + 8));
      header = 16;
    } else if (size === 0) size = to - at;
    if (size < header) break;
    boxes.push({ type: bytes.toString('latin1', at + 4, at + 8), start: at + header, end: at + size });
    at += size;
  }
  return boxes;
}

/** JPEG 2000 codestream (ISO/IEC 15444-1 Annex A): SIZ at the head, EOC at the end. */
function codestream(bytes: Buffer, start: number, end: number): { pixels: number; broken: string | null } {
  if (end - start < 50 || bytes.readUInt32BE(start) !== 0xff4fff51) return { pixels: 0, broken: '码流头不合法' };
  const pixels = (bytes.readUInt32BE(start + 8) - bytes.readUInt32BE(start + 16)) * (bytes.readUInt32BE(start + 12) - bytes.readUInt32BE(start + 20));
  let last = end;
  while (last > start + 4 && bytes[last - 1] === 0) last -= 1;
  return { pixels, broken: bytes.readUInt16BE(last - 2) === 0xffd9 ? (pixels > 0 ? null : '尺寸不合法') : '码流没有结束标记' };
}

/** JPEG 2000, in its boxes or bare. */
export function readJp2(bytes: Buffer): Structure {
  if (bytes.readUInt32BE(0) === 0xff4fff51) return sound({ ...codestream(bytes, 0, bytes.length), end: bytes.length, version: '码流' });
  const boxes = readBoxes(bytes, 0, bytes.length);
  const stream = boxes.find((box) => box.type === 'jp2c');
  if (stream === undefined || !boxes.some((box) => box.type === 'jp2h')) return sound({ end: bytes.length, broken: '缺少图像头或码流' });
  if (stream.end > bytes.length) return sound({ end: bytes.length, broken: '码流被截断' });
  return sound({ ...codestream(bytes, stream.start, stream.end), end: bytes.length });
}

/** HEIC / AVIF: the boxes a reader needs, none of them cut. */
export function readHeif(bytes: Buffer): Structure {
  const boxes = readBoxes(bytes, 0, bytes.length);
  const missing = ['ftyp', 'meta'].find((type) => !boxes.some((box) => box.type === type));
  const exif = bytes.indexOf('Exif\0\0', 0, 'latin1');
  const location = exif >= 0 && tiffHasLocation(bytes.subarray(exif + 6));
  if (missing !== undefined) return sound({ end: bytes.length, broken: `缺少 ${missing}`, location });
  if (boxes.some((box) => box.end > bytes.length)) return sound({ end: bytes.length, broken: '被截断', location });
  const ispe = bytes.indexOf('ispe', 0, 'latin1');
  const pixels = ispe >= 0 && ispe + 16 <= bytes.length ? bytes.readUInt32BE(ispe + 8) * bytes.readUInt32BE(ispe + 12) : 0;
  return sound({ end: bytes.length, location, pixels });
}
