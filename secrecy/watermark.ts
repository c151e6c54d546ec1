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
const CHARACTERS = 10;
/** 50 bits of the hash: what 10 characters hold of its first 13 digits. */
const DIGITS = 13;
const DROPPED = 4;

/**
 * 溯源短码, e.g. `3F9K2-M7Q0X`: the beginning of the audit entry's hash. Not its number: that would tell whoever reads two pages how much
 * others have done in between.
 * @param hash hex of the entry's hash
 * @throws ArchiveError `E_INPUT_INVALID`
 */
export function shortCode(hash: string): string {
  if (!/^[0-9a-f]{64}$/u.test(hash)) throw new ArchiveError('E_INPUT_INVALID', { rule: 'shortCode' });
  let rest = Math.floor(Number.parseInt(hash.slice(0, DIGITS), 16) / DROPPED);
  let text = '';
  for (let at = 0; at < CHARACTERS; at += 1) {
    text = `${ALPHABET[rest % 32] ?? ''}${text}`;
    rest = Math.floor(rest / 32);
  }
  return `${text.slice(0, CHARACTERS / 2)}-${text.slice(CHARACTERS / 2)}`;
}

/**
 * The first 13 hex digits that the entry's hash may have, from and to; with blanks, small letters and look-alikes forgiven.
 * @throws ArchiveError `E_INPUT_INVALID`
 */
export function readShortCode(given: string): { readonly from: string; readonly to: string; matches(hash: string): boolean } {
  const text = given.normalize('NFKC').toUpperCase().replaceAll(/[\s-]/gu, '').replaceAll('O', '0').replaceAll(/[IL]/gu, '1');
  if (text.length !== CHARACTERS || [...text].some((character) => !ALPHABET.includes(character))) {
    throw new ArchiveError('E_INPUT_INVALID', { rule: 'shortCode' }, [{ at: '/code', message: '溯源码不正确，请对照水印逐字核对' }]);
  }
  let value = 0;
  for (const character of text) value = value * 32 + ALPHABET.indexOf(character);
  const digits = (number: number): string => number.toString(16).padStart(DIGITS, '0');
  const [from, to] = [digits(value * DROPPED), digits(value * DROPPED + DROPPED - 1)];
  return { from, to, matches: (hash) => hash.slice(0, DIGITS) >= from && hash.slice(0, DIGITS) <= to };
}
