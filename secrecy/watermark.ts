import { Temporal } from 'temporal-polyfill';
import { ArchiveError } from '../core/errors.js';
import type { Instant } from '../core/ports.js';

/** 溯源水印: what stands on every page that is shown or leaves, so that a photograph of a screen leads back to one read. */
export interface Trace {
  /** 国家秘密标志 as it stands on the record, e.g. `机密★10年`; `null` where there is none. */
  readonly mark: string | null;
  /** 档号, or the id of what has none yet. */
  readonly code: string;
  /** 利用、打印单号; `null` for a plain reading. */
  readonly orderNo: string | null;
  /** Name and department as the unit writes them. */
  readonly person: string;
  readonly unit: string;
  readonly at: Instant;
  /** From `shortCode` of the audit entry. */
  readonly short: string;
}

/** Lines of the watermark, top to bottom; the mark stands first, for it must not part from the text (06 §4.3). Time is Asia/Shanghai to the minute. @see 07 §5.1: 档号、单号、用户、时间 */
export function traceText({ mark, code, orderNo, person, unit, at, short }: Trace): readonly string[] {
  const there = Temporal.Instant.from(at).toZonedDateTimeISO('Asia/Shanghai').toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ');
  return [...(mark === null ? [] : [mark]), `${unit} ${person}`, `${there} ${short}`, orderNo === null ? code : `${code} ${orderNo}`];
}

/** Crockford's base 32: no I, L, O, U, so that it survives a bad photograph and being read aloud. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const HASH_CHARACTERS = 4;

/**
 * 溯源短码, e.g. `3F-9K2M`: the number of the audit entry, and 20 bits of its hash, so that a mistyped or invented code does not pass.
 * @param hash hex of the entry's hash
 * @throws ArchiveError `E_INPUT_INVALID`
 */
export function shortCode(seq: number, hash: string): string {
  if (!Number.isSafeInteger(seq) || seq < 0 || !/^[0-9a-f]{64}$/u.test(hash)) throw new ArchiveError('E_INPUT_INVALID', { rule: 'shortCode' });
  return `${base32(seq, 2)}-${base32(Number.parseInt(hash.slice(0, 5), 16), HASH_CHARACTERS)}`;
}

function base32(value: number, least: number): string {
  let text = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / 32)) text = `${ALPHABET[rest % 32] ?? ''}${text}`;
  return text.padStart(least, '0');
}

/** Which entry a code speaks of, with blanks, small letters and look-alikes forgiven. @throws ArchiveError `E_INPUT_INVALID` */
export function readShortCode(given: string): { readonly seq: number; matches(hash: string): boolean } {
  const text = given.normalize('NFKC').toUpperCase().replaceAll(/[\s-]/gu, '').replaceAll('O', '0').replaceAll(/[IL]/gu, '1');
  const head = text.slice(0, -HASH_CHARACTERS);
  let seq = 0;
  for (const character of head) seq = seq * 32 + ALPHABET.indexOf(character);
  if (head === '' || [...text].some((character) => !ALPHABET.includes(character)) || !Number.isSafeInteger(seq)) {
    throw new ArchiveError('E_INPUT_INVALID', { rule: 'shortCode' }, [{ at: '/code', message: '溯源码不正确，请对照水印逐字核对' }]);
  }
  return { seq, matches: (hash) => shortCode(seq, hash).slice(-HASH_CHARACTERS) === text.slice(-HASH_CHARACTERS) };
}
