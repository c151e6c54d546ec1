/**
 * 对端单位名片: how one box introduces itself to another before anything is handed over. The card names the unit and its box, carries the
 * chain under which the box signs and the certificate for which envelopes are sealed, and is signed by the box. It proves nothing by
 * itself: two people compare its fingerprint with what the other unit reads out, and only then is it in force.
 */
import { canonicalBytes } from '../core/canonical.js';
import type { Instant, Level, Sm3 } from '../core/ports.js';
import { isLevel } from './level.js';

export const CARD_TYPE = 'shouzang-counterpart-card/v1';

export interface CounterpartCard {
  readonly type: typeof CARD_TYPE;
  readonly unit: string;
  readonly mode: 'unit' | 'repository';
  readonly fonds: readonly { readonly fonds: string; readonly name: string }[];
  /** 系统保护等级 */
  readonly systemLevel: Level;
  /** 演练环境: never to be mixed with boxes that hold secrets. */
  readonly rehearsal: boolean;
  /** 设备编号 */
  readonly box: string;
  /** PEM, box certificate first, its authority after it. */
  readonly chain: readonly string[];
  /** PEM, issued by the same authority, for 密钥加密. */
  readonly encryption: string;
  readonly issuedAt: Instant;
  readonly validUntil: Instant;
}
export interface SignedCard {
  readonly card: CounterpartCard;
  /** SM2 of the box over the canonical bytes of the card, DER, base64url. */
  readonly signature: string;
}
export type CardFault = 'shape' | 'own' | 'rehearsal' | 'expired' | 'not-yet-valid' | 'chain' | 'serial' | 'encryption' | 'signature';

export const cardBytes = (card: CounterpartCard): Uint8Array => canonicalBytes(card);
export const writeCard = (signed: SignedCard): Uint8Array => canonicalBytes(signed);

/** 指纹: SM3 of the card, in eight groups of eight digits, as it is read out over another line. */
export function fingerprint(card: CounterpartCard, sm3: Sm3): string {
  const hex = Array.from(sm3(cardBytes(card)), (byte) => byte.toString(16).padStart(2, '0')).join('').toUpperCase();
  return (hex.match(/.{8}/gu) ?? []).join(' ');
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u;
const PEM = /^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]{1,8000}\n-----END CERTIFICATE-----\n?$/u;
const text = (value: unknown, pattern: RegExp): value is string => typeof value === 'string' && pattern.test(value);
const closed = (value: unknown, names: readonly string[]): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name));

function isCard(value: unknown): value is CounterpartCard {
  if (!closed(value, ['type', 'unit', 'mode', 'fonds', 'systemLevel', 'rehearsal', 'box', 'chain', 'encryption', 'issuedAt', 'validUntil'])) return false;
  const { type, unit, mode, fonds, systemLevel, rehearsal, box, chain, encryption, issuedAt, validUntil } = value;
  return type === CARD_TYPE && text(unit, /^[^\p{C}]{1,100}$/u) && (mode === 'unit' || mode === 'repository') && isLevel(systemLevel) && typeof rehearsal === 'boolean' && text(box, /^[A-Za-z0-9-]{1,64}$/u)
    && Array.isArray(fonds) && fonds.length <= 200 && fonds.every((one: unknown) => closed(one, ['fonds', 'name']) && text(one['fonds'], /^[A-Za-z0-9]{1,20}$/u) && text(one['name'], /^[^\p{C}]{1,100}$/u))
    && Array.isArray(chain) && chain.length === 2 && chain.every((one) => text(one, PEM)) && text(encryption, PEM) && text(issuedAt, INSTANT) && text(validUntil, INSTANT);
}

/** The card in these bytes; undefined for anything but its one canonical form. It says nothing yet of who signed it. */
export function readCard(bytes: Uint8Array): SignedCard | undefined {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    if (!closed(parsed, ['card', 'signature']) || !isCard(parsed['card']) || !text(parsed['signature'], /^[A-Za-z0-9_-]{80,120}$/u)) return undefined;
    const signed: SignedCard = { card: parsed['card'], signature: parsed['signature'] };
    const again = writeCard(signed);
    return again.length === bytes.length && again.every((byte, at) => byte === bytes[at]) ? signed : undefined;
  } catch {
    return undefined;
  }
}
