import iconv from 'iconv-lite';
import { ArchiveError, type ErrorDetail } from '../../core/errors.js';

export type TextEncoding = 'UTF-8' | 'GB 18030' | 'UTF-16';

export interface DecodedText { readonly text: string; readonly encoding: TextEncoding }

const REPLACEMENT = '\ufffd';
/** At most so many places are named; a file with more is broken as a whole. */
const PLACES = 20;

/**
 * UTF-8 (with or without mark), GB 18030 or UTF-16 with mark, told apart by the bytes. Nothing undecodable is read over: each place is named.
 * @param looksRight whether a text makes sense (a known header), for the rare bytes that are valid both ways
 * @throws ArchiveError `E_CATALOGUE_ENCODING` with row and column of each broken place
 */
export function decodeCatalogue(bytes: Uint8Array, looksRight: (text: string) => boolean, column: (text: string, line: number, index: number) => string): DecodedText {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (startsWith(buffer, [0xff, 0xfe]) || startsWith(buffer, [0xfe, 0xff])) {
    const wide = iconv.decode(buffer, buffer[0] === 0xff ? 'utf16-le' : 'utf16-be');
    return { text: whole(wide, column), encoding: 'UTF-16' };
  }
  const marked = startsWith(buffer, [0xef, 0xbb, 0xbf]);
  const body = marked ? buffer.subarray(3) : buffer;
  const utf8 = body.toString('utf8');
  if (marked || (isWhole(utf8, body) && looksRight(utf8))) return { text: isWhole(utf8, body) ? utf8 : whole(utf8, column), encoding: 'UTF-8' };
  const gb = iconv.decode(body, 'gb18030');
  if (!isWhole(utf8, body) && mostlyUtf8(utf8)) return { text: whole(utf8, column), encoding: 'UTF-8' };
  if (!gb.includes(REPLACEMENT) && (looksRight(gb) || !isWhole(utf8, body))) return { text: gb, encoding: 'GB 18030' };
  if (isWhole(utf8, body)) return { text: utf8, encoding: 'UTF-8' };
  return { text: whole(gb, column), encoding: 'GB 18030' };
}

const startsWith = (buffer: Buffer, mark: readonly number[]): boolean => mark.every((byte, index) => buffer[index] === byte);
const isWhole = (text: string, bytes: Buffer): boolean => Buffer.byteLength(text, 'utf8') === bytes.length && Buffer.from(text, 'utf8').equals(bytes);

/** Damaged UTF-8 keeps most of its characters; GB 18030 read as UTF-8 keeps almost none. */
function mostlyUtf8(text: string): boolean {
  let broken = 0;
  let sound = 0;
  for (const character of text) {
    if (character === REPLACEMENT) broken += 1;
    else if (character > '\u07ff') sound += 1;
  }
  return sound > 2 * broken;
}

/** The text, if no place of it is broken. */
function whole(text: string, column: (text: string, line: number, index: number) => string): string {
  if (!text.includes(REPLACEMENT)) return text;
  const details: ErrorDetail[] = [];
  let line = 1;
  let lineStart = 0;
  let inRun = false;
  for (let index = 0; index < text.length && details.length < PLACES; index += 1) {
    const character = text[index];
    if (character === '\n') {
      line += 1;
      lineStart = index + 1;
    }
    if (character === REPLACEMENT && !inRun) {
      const header = column(text, line, index - lineStart);
      details.push({ at: `第${String(line)}行${header === '' ? '' : `「${header}」`}`, message: `第 ${String(index - lineStart + 1)} 个字处有无法识别的字节，请改正后另存为 UTF-8 或 GB 18030` });
    }
    inRun = character === REPLACEMENT;
  }
  throw new ArchiveError('E_CATALOGUE_ENCODING', { places: details.length }, details);
}
