import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';

const Account = Type.String({ pattern: '^[a-z][a-z0-9._-]{1,39}$', description: '账号' });
const Challenge = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: '登录质询' });
/** SM2 signature, DER, base64url. */
const Signature = Type.String({ pattern: '^[A-Za-z0-9_-]{90,100}$', description: '签名' });

export const NoInput = Type.Object({}, { additionalProperties: false });

export const SessionChallenge = Type.Object({ account: Account }, { $id: 'session.challenge', additionalProperties: false });
export type SessionChallenge = Static<typeof SessionChallenge>;

export const SessionSignIn = Type.Object({
  account: Account,
  password: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: '口令' })),
  challenge: Challenge,
  signature: Signature,
  /** 终端: signs its number and the same challenge with the key it was registered with. */
  terminal: Type.Optional(Type.Object({ no: Type.String({ pattern: '^[A-Z0-9][A-Z0-9-]{1,29}$', description: '终端编号' }), signature: Signature }, { additionalProperties: false, description: '终端' })),
}, { $id: 'session.sign-in', additionalProperties: false });
export type SessionSignIn = Static<typeof SessionSignIn>;

export const SessionUnlock = Type.Object({ challenge: Challenge, signature: Signature }, { $id: 'session.unlock', additionalProperties: false });
export type SessionUnlock = Static<typeof SessionUnlock>;

export const SessionSwitchLevel = Type.Object({
  level: Type.Integer({ minimum: 0, maximum: 4, description: '会话密级' }),
}, { $id: 'session.switch-level', additionalProperties: false });
export type SessionSwitchLevel = Static<typeof SessionSwitchLevel>;

export const SessionChangePassword = Type.Object({
  current: Type.String({ minLength: 1, maxLength: 200, description: '现口令' }),
  next: Type.String({ minLength: 1, maxLength: 200, description: '新口令' }),
}, { $id: 'session.change-password', additionalProperties: false });
export type SessionChangePassword = Static<typeof SessionChangePassword>;
