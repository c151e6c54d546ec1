import { intOf, is, readDer, TAG, textOf, type Der } from '../der.js';
import type { OfdPackage } from './package.js';
import type { OfdSignature } from './signatures.js';

/** 印章图形 as it rests in the seal (SES_ESPictrueInfo). */
export interface SealPicture {
  /** `png`, `jpg`, `bmp`, `gif`, `tif`, `svg`, `ofd`, or the type as written. */
  readonly format: string;
  readonly bytes: Buffer;
}

/** Picture of the seal of a signature: from the signature value, else from the seal file beside it. */
export function pictureOf(ofd: OfdPackage, signature: OfdSignature): SealPicture | null {
  for (const path of [signature.valuePath, signature.sealPath]) {
    const bytes = path === null ? null : ofd.get(path);
    if (bytes === null || bytes.length === 0) continue;
    const node = readDer(bytes);
    const picture = node === null ? carve(bytes) : findPicture(node);
    if (picture !== null) return picture;
  }
  return null;
}

/** SEQUENCE { type IA5String, data OCTET STRING, width INTEGER, height INTEGER }, wherever a version of the standard puts it. */
function findPicture(node: Der): SealPicture | null {
  const [type, data, width, height] = node.children;
  if (is(node, TAG.sequence) && is(data, TAG.octetString) && intOf(width) !== null && intOf(height) !== null && data.content.length > 0) {
    const stated = textOf(type);
    if (stated !== null) return { format: formatOf(data.content) ?? (stated.toLowerCase().replace(/[^a-z0-9]/g, '') || 'img'), bytes: data.content };
  }
  for (const one of node.children) {
    const found = findPicture(one);
    if (found !== null) return found;
  }
  return null;
}

/** What the bytes are, whatever the seal says. */
function formatOf(bytes: Buffer): string | null {
  const head = bytes.subarray(0, 4).toString('latin1');
  if (head === '\x89PNG') return 'png';
  if (head.startsWith('\xff\xd8\xff')) return 'jpg';
  if (head.startsWith('GIF8')) return 'gif';
  if (head.startsWith('BM')) return 'bmp';
  if (head === 'II*\0' || head === 'MM\0*') return 'tif';
  if (head === 'PK\x03\x04') return 'ofd';
  return /^\s*(?:\ufeff)?(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*(?:<!DOCTYPE[^>]*>\s*)?<svg[\s>]/.test(bytes.subarray(0, 2000).toString('utf8')) ? 'svg' : null;
}

/** Picture in a damaged seal whose DER cannot be read any more. */
function carve(bytes: Buffer): SealPicture | null {
  const png = bytes.indexOf('\x89PNG\r\n', 0, 'latin1');
  const pngEnd = bytes.indexOf('IEND', png, 'latin1');
  if (png !== -1 && pngEnd !== -1) return { format: 'png', bytes: bytes.subarray(png, pngEnd + 8) };
  const jpg = bytes.indexOf('\xff\xd8\xff', 0, 'latin1');
  const jpgEnd = bytes.lastIndexOf('\xff\xd9', undefined, 'latin1');
  if (jpg !== -1 && jpgEnd > jpg) return { format: 'jpg', bytes: bytes.subarray(jpg, jpgEnd + 2) };
  const zip = bytes.indexOf('PK\x03\x04', 0, 'latin1');
  const zipEnd = bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  return zip !== -1 && zipEnd > zip ? { format: 'ofd', bytes: bytes.subarray(zip, zipEnd + 22) } : null;
}
