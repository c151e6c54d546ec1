import { readFileSync } from 'node:fs';
import { readdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import sqlite3 from 'sqlite3';
import { ArchiveError } from '../../core/errors.js';
import type { Clock } from '../../core/ports.js';
import { exists } from '../content/file-ops.js';
import { gcryptCtr } from '../content/ctr.js';
import { dataPaths } from '../content/paths.js';
import { NodeProvider } from '../crypto/node-provider.js';
import { selfTest } from '../crypto/self-test.js';
import { SmCryptoVerifier } from '../crypto/sm-crypto-adapter.js';
import { libreOffice, tesseract } from '../conversion/tools.js';
import { discRoom } from '../outputs/disc.js';
import { inPackage } from '../package-root.js';
import { loadPolicies } from '../policies.js';

/** `warn`: the box runs, something is slower or shorter than it should be. `broken`: it must not be used like this. */
export interface Symptom { readonly check: string; readonly state: 'good' | 'warn' | 'broken'; readonly text: string }

/** Below this the box is about to stop taking files in. */
const FREE_BYTES = 5 * 1024 ** 3;
const FONT = ['node_modules', '@expo-google-fonts', 'noto-sans-sc', '400Regular', 'NotoSansSC_400Regular.ttf'] as const;

/** 环境检查: what the box stands on, looked at from outside. Reads only; may run beside the box. */
export async function examineBox(data: string, clock: Clock, env: { readonly node: string; readonly pkcs11?: string | undefined }): Promise<readonly Symptom[]> {
  const symptoms: Symptom[] = [];
  const add = (check: string, state: Symptom['state'], text: string): void => { symptoms.push({ check, state, text }); };
  const wanted = nodeRange();
  add('node', satisfies(env.node, wanted) ? 'good' : 'broken', `Node ${env.node}，要求 ${wanted}`);
  await database(add);
  const gcrypt = gcryptCtr(true) !== undefined;
  add('libgcrypt', gcrypt ? 'good' : 'warn', gcrypt ? 'libgcrypt 可用，大文件加密走本机指令' : '没有 libgcrypt，加密改用较慢的实现，请安装 libgcrypt20');
  const report = await selfTest(new NodeProvider(), new SmCryptoVerifier());
  add('crypto', report.passed ? 'good' : 'broken', report.passed ? `密码自检 ${String(report.rows.length)} 项通过` : '密码自检未通过，请运行 npx shouzang selftest');
  policies(add);
  const font = await exists(inPackage(...FONT));
  add('fonts', font ? 'good' : 'broken', font ? '中文字体在' : '缺少中文字体，报表无法生成，请重新安装');
  const console = await exists(inPackage('dist', 'ui', 'index.html'));
  add('console', console ? 'good' : 'warn', console ? '管理控制台已生成' : '管理控制台尚未生成，npm start 会自动生成');
  await token(env.pkcs11, add);
  const disc = await discRoom();
  add('burning', 'good', disc.able ? `可刻录，内存暂存区 ${(disc.bytes / 1024 ** 3).toFixed(1)} GiB` : '没有 xorriso 或内存文件系统 /dev/shm，不能刻录；打印与导出不受影响');
  await converters(add);
  await folder(data, add);
  await ledgerClock(data, clock, add);
  return symptoms;
}

/** Programs that conversions and recognition hand files to: not having them is a state, no fault. */
async function converters(add: Add): Promise<void> {
  const words = { ready: '', 'not-installed': '未安装', 'no-memory-folder': '没有内存文件系统 /dev/shm', 'language-missing': '缺少识别语言' } as const;
  for (const [check, tool, without] of [['office', await libreOffice(), '不能把办公文档转为 PDF/A'], ['ocr', await tesseract(['chi_sim', 'eng']), '不能识别扫描件文字']] as const) {
    add(check, 'good', tool.state === 'ready' ? `${tool.version} 可用` : `${tool.name} ${words[tool.state]}，${without}；其余不受影响`);
  }
}

type Add = (check: string, state: Symptom['state'], text: string) => void;

function nodeRange(): string {
  const { engines } = JSON.parse(readFileSync(inPackage('package.json'), 'utf8')) as { engines: { node: string } };
  return engines.node;
}

/** Of ranges only what `engines` uses: `>=20.19 <21`. */
function satisfies(version: string, range: string): boolean {
  const numbers = (text: string): number[] => text.replace(/^v/u, '').split('.').map(Number);
  const compare = (one: number[], other: number[]): number => {
    for (let at = 0; at < 3; at += 1) if ((one[at] ?? 0) !== (other[at] ?? 0)) return (one[at] ?? 0) - (other[at] ?? 0);
    return 0;
  };
  return range.split(/\s+/u).every((part) => {
    const [, sign = '', bound = ''] = /^(>=|<)(.+)$/u.exec(part) ?? [];
    const order = compare(numbers(version), numbers(bound));
    return sign === '>=' ? order >= 0 : sign === '<' ? order < 0 : true;
  });
}

async function database(add: Add): Promise<void> {
  const memory = await new Promise<sqlite3.Database>((resolve, reject) => {
    const opened = new sqlite3.Database(':memory:', (error) => { if (error) reject(error); else resolve(opened); });
  });
  const all = async <T>(sql: string): Promise<T[]> => new Promise((resolve, reject) => { memory.all<T>(sql, (error, rows) => { if (error) reject(error); else resolve(rows); }); });
  try {
    const [version] = await all<{ v: string }>('SELECT sqlite_version() AS v');
    const options = (await all<{ compile_options: string }>('PRAGMA compile_options')).map((row) => row.compile_options);
    const erases = options.includes('SECURE_DELETE');
    add('sqlite', 'good', `SQLite ${version?.v ?? ''}`);
    add('secure_delete', erases ? 'good' : 'broken', erases ? '删除即覆写已编入数据库' : '数据库没有编入 SECURE_DELETE，删除后可能残留，请用 npm ci 重新编译');
    add('fts5', options.includes('ENABLE_FTS5') ? 'good' : 'broken', options.includes('ENABLE_FTS5') ? '全文检索已编入数据库' : '数据库没有全文检索，请用 npm ci 重新编译');
  } finally {
    await new Promise<void>((resolve) => { memory.close(() => { resolve(); }); });
  }
}

function policies(add: Add): void {
  try {
    loadPolicies();
    add('policies', 'good', '策略文件完整');
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    add('policies', 'broken', `策略文件有误：${error.details.map((one) => `${one.at} ${one.message}`).slice(0, 5).join('；')}`);
  }
}

/** 签名钥匙: which provider holds officers' keys; a library is loaded only where one is configured. */
async function token(library: string | undefined, add: Add): Promise<void> {
  if (library === undefined || library === '') { add('officer-keys', 'good', '人员签名用密钥文件；如用 PKCS#11 签名钥匙，请设置 SHOUZANG_PKCS11'); return; }
  const { loadCryptoki } = await import('../pkcs11/library.js');
  try {
    const loaded = loadCryptoki(library);
    const tokens = loaded.tokens();
    const locked = tokens.filter(({ pinLocked }) => pinLocked);
    add('officer-keys', tokens.length === 0 || locked.length > 0 ? 'warn' : 'good', `签名钥匙驱动 ${loaded.description}，插有 ${String(tokens.length)} 个钥匙${tokens.length === 0 ? '，请插入本人的钥匙' : `：${tokens.map(({ label, serial }) => `${label}（${serial}）`).join('、')}`}${locked.length > 0 ? `；${locked.map(({ label }) => label).join('、')} 已锁死` : ''}`);
    loaded.close();
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    add('officer-keys', 'broken', '签名钥匙驱动无法加载，请核对 SHOUZANG_PKCS11 的路径、架构和厂商驱动');
  }
}

async function folder(data: string, add: Add): Promise<void> {
  let standing = path.resolve(data);
  while (!(await exists(standing))) standing = path.dirname(standing);
  const { bavail, bsize } = await statfs(standing);
  const free = bavail * bsize;
  add('space', free >= FREE_BYTES ? 'good' : 'warn', `可用空间 ${(free / 1024 ** 3).toFixed(1)} GiB${free >= FREE_BYTES ? '' : '，不足 5 GiB，请清理或扩容'}`);
  if (!(await exists(data)) || (await readdir(data)).length === 0) { add('box', 'good', '数据目录为空：npm start 建立演练环境，npx shouzang init 建立正式环境'); return; }
  const open = (await stat(data)).mode & 0o077;
  add('permissions', open === 0 ? 'good' : 'warn', open === 0 ? '数据目录只有本用户可读' : '数据目录其他用户也可进入，请 chmod 700');
  const paths = dataPaths(data);
  if (await exists(paths.founding)) add('box', 'broken', '初始化没有完成，请重新运行 npx shouzang init');
  else add('box', 'good', (await exists(paths.rehearsal)) ? '演练环境：严禁处理国家秘密' : '正式环境');
}

async function ledgerClock(data: string, clock: Clock, add: Add): Promise<void> {
  const paths = dataPaths(data);
  if (!(await exists(paths.database)) || (await exists(paths.founding))) { add('clock', 'good', `本机时间 ${clock.now()}`); return; }
  const { openResting } = await import('./resting-box.js');
  const box = await openResting(data);
  try {
    const last = (await box.sql.one<{ at: string }>('SELECT at FROM audit_entry ORDER BY seq DESC LIMIT 1'))?.at ?? '';
    const behind = clock.now() < last && Date.parse(last) - Date.parse(clock.now()) > 5000;
    add('clock', behind ? 'broken' : 'good', behind ? `本机时间 ${clock.now()} 早于最后一条审计 ${last}，请先校正时钟` : `本机时间 ${clock.now()}，不早于最后一条审计`);
  } finally {
    await box.close();
  }
}
