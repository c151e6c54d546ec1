import { ArchiveError } from '../core/errors.js';
import type { Level } from '../core/ports.js';

export type { Level };
/** 国家秘密的密级: 秘密、机密、绝密。保密法(2024)第十四条。 */
export type SecretLevel = 2 | 3 | 4;
export type LevelKey = 'public' | 'internal' | 'confidential' | 'secret' | 'top_secret';

export const LEVELS = [
  { level: 0, key: 'public', name: '公开' },
  { level: 1, key: 'internal', name: '内部' },
  { level: 2, key: 'confidential', name: '秘密' },
  { level: 3, key: 'secret', name: '机密' },
  { level: 4, key: 'top_secret', name: '绝密' },
] as const satisfies readonly { level: Level; key: LevelKey; name: string }[];

/** Exactly an integer 0–4. Text, fractions, null and objects are not levels. */
export function isLevel(value: unknown): value is Level {
  return value === 0 || value === 1 || value === 2 || value === 3 || value === 4;
}

export function isSecret(level: Level): level is SecretLevel {
  return level >= 2;
}

/**
 * The level that protects a thing. Missing, null, text or unknown means the system's highest: unmarked is never open.
 * @param systemLevel 系统保护等级, the highest level this box is accredited for.
 */
export function protectiveLevel(value: unknown, systemLevel: Level): Level {
  return isLevel(value) ? value : systemLevel;
}

/** @throws ArchiveError `E_INPUT_INVALID` */
export function level(value: unknown): Level {
  if (!isLevel(value)) throw new ArchiveError('E_INPUT_INVALID', { rule: 'level' }, [{ at: '/level', message: '密级须为 0 至 4 的整数（公开、内部、秘密、机密、绝密）' }]);
  return value;
}

export function levelName(value: Level): string {
  return LEVELS[value].name;
}

export function levelByName(name: string): Level | undefined {
  return LEVELS.find((row) => row.name === name)?.level;
}

export function levelByKey(key: string): Level | undefined {
  return LEVELS.find((row) => row.key === key)?.level;
}

export const highest = (levels: Iterable<Level>): Level => {
  let top: Level = 0;
  for (const one of levels) if (one > top) top = one;
  return top;
};

/**
 * 涉密信息系统按存储、处理信息的最高密级确定保护等级; nothing above it is ever stored.
 * @throws ArchiveError `E_CLS_OVER_SYSTEM_LEVEL`
 * @see 保密法实施条例(2024)第三十二条;保密法(2024)第三十一条
 */
export function withinSystem(value: Level, systemLevel: Level): void {
  if (value > systemLevel) throw new ArchiveError('E_CLS_OVER_SYSTEM_LEVEL', { level: value, systemLevel });
}
