import path from 'node:path';
import { ArchiveError } from '../core/errors.js';

export interface Config {
  /** `SHOUZANG_DATA`, absolute. */
  readonly data: string;
  readonly host: string;
  readonly port: number;
  /** `SHOUZANG_MODE`: whose rehearsal an empty data directory becomes; a real box says so when it is founded (`init`). */
  readonly mode: 'unit' | 'repository';
}

/**
 * The environment as a contract (design §8). `DATABASE_URL` is refused rather than ignored: this release keeps its records in
 * the embedded database only.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>, cwd: string): Config {
  if (env['DATABASE_URL'] !== undefined && env['DATABASE_URL'] !== '') {
    throw new ArchiveError('E_CLI_USAGE', {}, [{ at: 'DATABASE_URL', message: '本版本只用内置数据库，请取消设置 DATABASE_URL' }]);
  }
  const port = Number(env['SHOUZANG_PORT'] ?? '8443');
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: 'SHOUZANG_PORT', message: '端口应为 0 至 65535 的整数' }]);
  const mode = env['SHOUZANG_MODE'] ?? 'unit';
  if (mode !== 'unit' && mode !== 'repository') throw new ArchiveError('E_CLI_USAGE', {}, [{ at: 'SHOUZANG_MODE', message: '运行模式只能是 unit（立档单位）或 repository（档案馆）' }]);
  return { mode, data: path.resolve(cwd, env['SHOUZANG_DATA'] ?? 'data'), host: env['SHOUZANG_HOST'] ?? '127.0.0.1', port };
}
