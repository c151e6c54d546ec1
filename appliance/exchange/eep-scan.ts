/** 封装包 without its contents: the XML is small once the base64 is left where it lies. */
import { ArchiveError } from '../../core/errors.js';
import type { TextEncoding } from '../packages/port.js';
import { encodeText } from '../packages/xml.js';

/** Where the base64 of one 编码数据 lies, in bytes of the file. */
export interface EncodedRange { readonly from: number; readonly until: number }
export interface Scanned {
  /** The XML with the number of its range in place of every base64. */
  readonly skeleton: Buffer;
  readonly encoding: TextEncoding;
  readonly ranges: readonly EncodedRange[];
}

const SKELETON_BYTES = 32 * 1024 * 1024;
/** Longest start tag looked for whole. */
const TAG_BYTES = 4096;

const encodingOf = (head: Buffer): TextEncoding => (/^(?:\xef\xbb\xbf)?<\?xml[^>]*encoding=["']GB(?:18030|K|2312)["']/iu.test(head.toString('latin1', 0, 200)) ? 'GB18030' : 'UTF-8');

/** Whether the first bytes are those of a 封装包. */
export function startsAsEep(head: Buffer): boolean {
  const text = head.toString('latin1', 0, 4096);
  return (['UTF-8', 'GB18030'] as const).some((encoding) => new RegExp(`<(?:[\\w.-]+:)?${encodeText('电子文件封装包', encoding).toString('latin1')}[\\s>]`, 'u').test(text));
}

/** @throws ArchiveError `E_PKG_TOO_LARGE` where what is not base64 alone is too much, `E_PKG_BROKEN` where a content has no end */
export async function scanEep(pieces: AsyncIterable<Uint8Array>): Promise<Scanned> {
  const kept: string[] = [];
  const ranges: EncodedRange[] = [];
  let encoding: TextEncoding | undefined;
  let tag = /$^/u;
  let rest = '';
  let at = 0;
  let keptBytes = 0;
  let from: number | undefined;
  const keep = (text: string): void => {
    keptBytes += text.length;
    if (keptBytes > SKELETON_BYTES) throw new ArchiveError('E_PKG_TOO_LARGE', { limitBytes: SKELETON_BYTES });
    kept.push(text);
  };
  /** `rest` begins at byte `at`; everything that can be told is told. */
  const go = (last: boolean): void => {
    for (;;) {
      if (from === undefined) {
        const found = tag.exec(rest);
        if (found === null) {
          const sure = last ? rest.length : Math.max(0, rest.length - TAG_BYTES);
          keep(rest.slice(0, sure));
          at += sure;
          rest = rest.slice(sure);
          return;
        }
        const end = found.index + found[0].length;
        keep(rest.slice(0, end));
        at += end;
        rest = rest.slice(end);
        if (!found[0].endsWith('/>')) from = at;
        continue;
      }
      const end = rest.search(/[<\]]/u);
      if (end < 0 && !last) {
        at += rest.length;
        rest = '';
        return;
      }
      if (end < 0) throw new ArchiveError('E_PKG_BROKEN', { why: 'content without end' });
      const section = /^<!\[CDATA\[/u.exec(rest.slice(end));
      if (section !== null) {
        at += end + section[0].length;
        rest = rest.slice(end + section[0].length);
        from = at;
        continue;
      }
      if (rest.length - end < 12 && !last) {
        at += end;
        rest = rest.slice(end);
        return;
      }
      ranges.push({ from, until: at + end });
      keep(String(ranges.length - 1));
      const closed = rest.startsWith(']]>', end) ? end + 3 : end;
      at += closed;
      rest = rest.slice(closed);
      from = undefined;
    }
  };
  for await (const piece of pieces) {
    rest += Buffer.from(piece).toString('latin1');
    if (encoding === undefined) {
      if (rest.length < 256) continue;
      encoding = encodingOf(Buffer.from(rest, 'latin1'));
      tag = contentTag(encoding);
    }
    go(false);
  }
  encoding ??= encodingOf(Buffer.from(rest, 'latin1'));
  if (keptBytes === 0 && ranges.length === 0) tag = contentTag(encoding);
  go(true);
  return { skeleton: Buffer.from(kept.join(''), 'latin1'), encoding, ranges };
}

const contentTag = (encoding: TextEncoding): RegExp => new RegExp(`<(?:[\\w.-]+:)?${encodeText('编码数据', encoding).toString('latin1')}(?:\\s[^<>]*)?>`, 'u');

/** The file behind a base64: blanks between lines are none of it. @throws ArchiveError `E_PKG_EEP` for anything else that is not base64 */
export async function* decoded(pieces: AsyncIterable<Uint8Array>, { from, until }: EncodedRange): AsyncGenerator<Uint8Array, void, void> {
  let at = 0;
  let carry = '';
  let padded = false;
  for await (const piece of pieces) {
    const [start, end] = [Math.max(0, from - at), Math.min(piece.length, until - at)];
    at += piece.length;
    if (end > start) {
      const text = carry + Buffer.from(piece.subarray(start, end)).toString('latin1').replace(/[ \t\r\n]/gu, '');
      const whole = text.length - (text.length % 4);
      carry = text.slice(whole);
      const now = text.slice(0, whole);
      if (now !== '' && (padded || !/^[A-Za-z0-9+/]*={0,2}$/u.test(now))) throw new ArchiveError('E_PKG_EEP', { why: 'base64' });
      padded ||= now.endsWith('=');
      if (now !== '') yield Buffer.from(now, 'base64');
    }
    if (at >= until) break;
  }
  if (carry !== '') throw new ArchiveError('E_PKG_EEP', { why: 'base64 length' });
}
