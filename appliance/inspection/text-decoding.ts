import iconv from 'iconv-lite';

export interface DecodedText {
  readonly text: string;
  /** `utf-8`, `utf-16le`, `utf-16be`, `gb18030`, or `unknown` for bytes read one by one. */
  readonly charset: string;
  readonly bom: boolean;
}

/**
 * 字符编码识别, from the bytes: mark first, then UTF-16 by its zero bytes, strict UTF-8, strict GB 18030.
 * @returns `null` when the bytes are no text at all
 */
export function decodeText(bytes: Buffer, complete = true): DecodedText | null {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return { text: bytes.toString('utf8', 3), charset: 'utf-8', bom: true };
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return sane(wide(bytes.subarray(2), 'utf-16le'), true);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return sane(wide(bytes.subarray(2), 'utf-16be'), true);
  const half = Math.max(1, bytes.length / 2);
  let even = 0;
  let odd = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 0) continue;
    if (at % 2 === 0) even++;
    else odd++;
  }
  if (odd > half * 0.3 && even < half * 0.05) return sane(wide(bytes, 'utf-16le'), false);
  if (even > half * 0.3 && odd < half * 0.05) return sane(wide(bytes, 'utf-16be'), false);
  if (even + odd > bytes.length * 0.001) return null;
  const body = complete ? bytes : bytes.subarray(0, bytes.length - 4);
  if (isUtf8(body, complete)) return sane({ text: bytes.toString('utf8'), charset: 'utf-8' }, false);
  const text = iconv.decode(bytes, 'gb18030');
  const bad = count(text, /\ufffd|[\ue000-\uf8ff]/g);
  if (bad <= text.length * 0.001 && readsAsChinese(bytes)) return sane({ text, charset: 'gb18030' }, false);
  return plainShare(bytes) < 0.1 ? null : sane({ text: bytes.toString('latin1'), charset: 'unknown' }, false);
}

function wide(bytes: Buffer, charset: 'utf-16le' | 'utf-16be'): { text: string; charset: string } {
  return { text: iconv.decode(bytes, charset), charset };
}

function isUtf8(bytes: Buffer, complete: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !complete });
    return true;
  } catch {
    return false;
  }
}

/** Mostly ideographs of the first level of GB 2312 and its punctuation, as real text is; noise spreads over the whole table. */
function readsAsChinese(bytes: Buffer): boolean {
  let pairs = 0;
  let common = 0;
  for (let at = 0; at < bytes.length; at++) {
    const first = bytes[at] ?? 0;
    if (first < 0x81) continue;
    const second = bytes[++at] ?? 0;
    pairs++;
    if (second >= 0xa1 && ((first >= 0xb0 && first <= 0xd7) || (first >= 0xa1 && first <= 0xa3))) common++;
  }
  return pairs > 0 && common > pairs * 0.7;
}

/** Share of printable ASCII and blanks: every legacy encoding of real text has some. */
function plainShare(bytes: Buffer): number {
  let plain = 0;
  for (const byte of bytes) if ((byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09) plain++;
  return plain / Math.max(1, bytes.length);
}

/** Few control characters: more make it binary. */
function sane(decoded: { text: string; charset: string }, bom: boolean): DecodedText | null {
  const controls = count(decoded.text, CONTROLS);
  return controls > Math.max(4, decoded.text.length * 0.02) ? null : { ...decoded, bom };
}

const CONTROLS = /[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f\u007f]/g;

export function controlCount(text: string): number {
  return count(text, CONTROLS);
}

/** UTF-8 that was read as Latin-1 or Windows-1252 and written out again as UTF-8: 乱码. */
export function isDoubleEncoded(text: string): boolean {
  const sample = text.slice(0, 20_000);
  const high = count(sample, /[\u0080-\uffff]/g);
  if (high < 8) return false;
  const latin = count(sample, /[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]/g);
  if (latin < high * 0.95) return false;
  const back = iconv.encode(sample, /[\u0080-\u009f]/.test(sample) ? 'latin1' : 'windows-1252').toString('utf8');
  return count(back, /[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef]/g) * 2 > latin / 3;
}

function count(text: string, pattern: RegExp): number {
  return (text.match(pattern) ?? []).length;
}
