import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';

const closed = { additionalProperties: false } as const;
const Number32 = Type.Integer({ minimum: 0, maximum: 0xffff_ffff });

/** How one family of tokens does SM2 behind PKCS#11: the standard has no numbers for it, every vendor its own. */
export const Pkcs11Profile = Type.Object({
  id: Type.String({ pattern: '^[a-z0-9-]+$' }),
  name: Type.String({ minLength: 2 }),
  /** CKA_KEY_TYPE of an SM2 key. */
  keyType: Number32,
  /** CK_MECHANISM_TYPE of signing and of opening. */
  sign: Number32,
  decrypt: Number32,
  /** What the token is given: the digest e = SM3(Z ‖ message), or the message, which it hashes itself. */
  input: Type.Union([Type.Literal('e'), Type.Literal('message')]),
  /** What it gives back: r ‖ s, or DER. */
  signature: Type.Union([Type.Literal('raw'), Type.Literal('der')]),
  ciphertext: Type.Union([Type.Literal('der'), Type.Literal('c1c3c2'), Type.Literal('c1c2c3')]),
  /** False: taken from published headers, never tried with the vendor's token. */
  verified: Type.Boolean(),
  source: Type.String({ minLength: 2 }),
}, closed);
export type Pkcs11Profile = Static<typeof Pkcs11Profile>;

/** 钥匙厂商机制: `policies/pkcs11.json`. */
export const Pkcs11File = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$' }),
  source: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
  profiles: Type.Array(Pkcs11Profile, { minItems: 1 }),
}, closed);
export type Pkcs11File = Static<typeof Pkcs11File>;
