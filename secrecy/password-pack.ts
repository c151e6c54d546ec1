import { Temporal } from 'temporal-polyfill';
import { ArchiveError } from '../core/errors.js';
import type { Instant } from '../core/ports.js';
import type { PasswordPack, PasswordsFile } from '../policies/schemas/secrecy.js';
import type { Level } from './level.js';

export type { PasswordPack };
/** Whether the password stands alone or goes with a token (key file, USB key). */
export type Factor = 'alone' | 'token';

/** The pack of a system level; a public-only box takes the unclassified one. @throws ArchiveError `E_POLICY_INVALID` */
export function packFor(file: PasswordsFile, systemLevel: Level): PasswordPack {
  const pack = file.packs.find((one) => one.systemLevel === Math.max(1, systemLevel));
  if (pack === undefined) throw new ArchiveError('E_POLICY_INVALID', { systemLevel }, [{ at: 'passwords.json#/packs', message: '缺少本系统等级的策略包' }]);
  return pack;
}

/** Which way each setting is stricter. `lockMinutes`: longer is stricter, and `null` (until unlocked by hand) strictest. */
const STRICTER = { minLength: 'up', minClasses: 'up', maxAgeDays: 'down', historyDepth: 'up', maxFailures: 'down', idleMinutes: 'down', absoluteMinutes: 'down', unusedDays: 'down' } as const;

export type PackChange = Partial<Omit<PasswordPack, 'systemLevel' | 'name'>>;

/**
 * 策略只能加严: the shipped pack with a box's own settings, none of them weaker.
 * @throws ArchiveError `E_POLICY_WEAKEN_FORBIDDEN` naming the setting
 */
export function tighten(pack: PasswordPack, change: PackChange): PasswordPack {
  const next: PasswordPack = { ...pack, ...change };
  const weaker = (setting: string) => new ArchiveError('E_POLICY_WEAKEN_FORBIDDEN', { setting });
  for (const setting of ['tokenRequired', 'terminalRequired'] as const) if (pack[setting] && !next[setting]) throw weaker(setting);
  const lock = (minutes: number | null) => minutes ?? Infinity;
  if (!(lock(next.lockMinutes) >= lock(pack.lockMinutes))) throw weaker('lockMinutes');
  const compare = (name: string, setting: keyof typeof STRICTER, before: number, after: number) => {
    if (!Number.isSafeInteger(after) || after < 1 || (STRICTER[setting] === 'up' ? after < before : after > before)) throw weaker(name);
  };
  for (const setting of ['historyDepth', 'maxFailures', 'idleMinutes', 'absoluteMinutes', 'unusedDays'] as const) compare(setting, setting, pack[setting], next[setting]);
  for (const factor of ['alone', 'withToken'] as const) {
    for (const setting of ['minLength', 'minClasses', 'maxAgeDays'] as const) compare(`${factor}.${setting}`, setting, pack[factor][setting], next[factor][setting]);
  }
  return next;
}

/** The stricter of two packs, setting by setting: what an officer once tightened stays so when a release ships other numbers. */
export function strictest(a: PasswordPack, b: PasswordPack): PasswordPack {
  const of = (setting: keyof typeof STRICTER, x: number, y: number): number => (STRICTER[setting] === 'up' ? Math.max(x, y) : Math.min(x, y));
  const both = (x: PasswordPack['alone'], y: PasswordPack['alone']) => ({
    minLength: of('minLength', x.minLength, y.minLength), minClasses: of('minClasses', x.minClasses, y.minClasses), maxAgeDays: of('maxAgeDays', x.maxAgeDays, y.maxAgeDays),
  });
  return {
    ...a, tokenRequired: a.tokenRequired || b.tokenRequired, terminalRequired: a.terminalRequired || b.terminalRequired, alone: both(a.alone, b.alone), withToken: both(a.withToken, b.withToken),
    historyDepth: of('historyDepth', a.historyDepth, b.historyDepth), maxFailures: of('maxFailures', a.maxFailures, b.maxFailures), idleMinutes: of('idleMinutes', a.idleMinutes, b.idleMinutes),
    absoluteMinutes: of('absoluteMinutes', a.absoluteMinutes, b.absoluteMinutes), unusedDays: of('unusedDays', a.unusedDays, b.unusedDays),
    lockMinutes: a.lockMinutes === null || b.lockMinutes === null ? null : Math.max(a.lockMinutes, b.lockMinutes),
  };
}

const strength = (pack: PasswordPack, factor: Factor) => (factor === 'alone' ? pack.alone : pack.withToken);

/** 小写、大写、数字、其他: how many of the four stand in the text. */
export function characterClasses(password: string): number {
  return [/[a-z]/u, /[A-Z]/u, /[0-9]/u, /[^a-zA-Z0-9]/u].filter((kind) => kind.test(password)).length;
}

/**
 * @param usedBefore whether it equals one of the last `historyDepth` passwords: hashes are compared where they are kept
 * @throws ArchiveError `E_PASSWORD_WEAK` with the numbers asked for, `E_PASSWORD_REUSED`, `E_DENIED` where no password may stand alone
 */
export function checkPassword(password: string, account: string, usedBefore: boolean, factor: Factor, pack: PasswordPack): void {
  if (factor === 'alone' && pack.tokenRequired) throw new ArchiveError('E_DENIED', { rule: 'tokenRequired' }, [{ at: '/password', message: '本系统等级不得单用口令，请使用密钥登录' }]);
  const { minLength, minClasses } = strength(pack, factor);
  const characters = [...password];
  const weak = characters.length < minLength || characters.length > 128 || characterClasses(password) < minClasses
    || new Set(characters).size < Math.min(4, minLength) || (account.length >= 3 && password.toLowerCase().includes(account.toLowerCase()));
  if (weak) throw new ArchiveError('E_PASSWORD_WEAK', { minLength, minClasses });
  if (usedBefore) throw new ArchiveError('E_PASSWORD_REUSED', { historyDepth: pack.historyDepth });
}

const plus = (at: Instant, minutes: number): Instant => Temporal.Instant.from(at).add({ minutes }).toString({ smallestUnit: 'millisecond' });
const DAY_MINUTES = 24 * 60;

/** When the password must be changed at the latest. */
export function passwordDue(changedAt: Instant, factor: Factor, pack: PasswordPack): Instant {
  return plus(changedAt, strength(pack, factor).maxAgeDays * DAY_MINUTES);
}

/** @throws ArchiveError `E_PASSWORD_EXPIRED` */
export function checkPasswordAge(changedAt: Instant, now: Instant, factor: Factor, pack: PasswordPack): void {
  if (now >= passwordDue(changedAt, factor, pack)) throw new ArchiveError('E_PASSWORD_EXPIRED', {});
}

export interface Lock { readonly failures: number; readonly lockedUntil: Instant | null }
/** No time unlocks it: a person does. */
export const UNTIL_UNLOCKED: Instant = '9999-12-31T23:59:59.999Z';
export const UNLOCKED: Lock = { failures: 0, lockedUntil: null };

/** A locked account refuses the right password too. @throws ArchiveError `E_ACCOUNT_LOCKED` */
export function checkLock(lock: Lock, now: Instant): void {
  if (lock.lockedUntil !== null && now < lock.lockedUntil) throw new ArchiveError('E_ACCOUNT_LOCKED', { until: lock.lockedUntil === UNTIL_UNLOCKED ? null : lock.lockedUntil });
}

/** One more failure. The count starts again once a timed lock has run out. */
export function afterFailure(lock: Lock, now: Instant, pack: PasswordPack): Lock {
  const failures = (lock.lockedUntil !== null && now >= lock.lockedUntil ? 0 : lock.failures) + 1;
  if (failures < pack.maxFailures) return { failures, lockedUntil: null };
  return { failures, lockedUntil: pack.lockMinutes === null ? UNTIL_UNLOCKED : plus(now, pack.lockMinutes) };
}

/** 空闲重鉴别: from this instant without a request the session asks again who is there. */
export function idleUntil(seenAt: Instant, pack: PasswordPack): Instant {
  return plus(seenAt, pack.idleMinutes);
}

/** 会话绝对时限. */
export function absoluteUntil(createdAt: Instant, pack: PasswordPack): Instant {
  return plus(createdAt, pack.absoluteMinutes);
}

/** 长期未登录停用. */
export function isUnused(lastSignIn: Instant, now: Instant, pack: PasswordPack): boolean {
  return now >= plus(lastSignIn, pack.unusedDays * DAY_MINUTES);
}
