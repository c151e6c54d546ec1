import { execFile, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { CalendarDate } from '../../core/ports.js';
import type { VirusPolicy } from '../../policies/schemas/virus.js';
import type { ByteSource } from './format.js';

/** Name of what was found; null for clean. */
export type Scanned = { readonly virus: string | null } | 'failed';

/** What stands on this machine, as it says itself. */
export interface VirusEngineState {
  /** `builtin`: only the test string is known. */
  readonly key: 'clamdscan' | 'clamscan' | 'builtin';
  readonly name: string;
  readonly version: string | null;
  readonly library: string | null;
  readonly libraryOn: CalendarDate | null;
  /** Why nothing better is used, in the administrator's words; null where one is. */
  readonly why: string | null;
}

export interface VirusEngine {
  state(): Promise<VirusEngineState>;
  /** @returns null where no engine is used. The content goes through a pipe and into memory, never to a disk. */
  scan(source: ByteSource): Promise<Scanned | null>;
}

const CHUNK_BYTES = 1024 * 1024;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const BUILTIN = '本机内置';

/** `ClamAV 1.0.7/27455/Sat Nov 22 08:33:05 2026`, or without a library `ClamAV 1.0.7`. */
export function readVersion(text: string): { readonly version: string; readonly library: string | null; readonly libraryOn: CalendarDate | null } | null {
  const [, version, library, month, day, year] = /^ClamAV (\d[\w.-]*)(?:\/(\d+)\/\w{3} (\w{3}) +(\d{1,2}) [\d:]+ (\d{4}))?/u.exec(text.trim()) ?? [];
  if (version === undefined) return null;
  const at = MONTHS.indexOf(month ?? '') + 1;
  return { version, library: library ?? null, libraryOn: year === undefined || at === 0 ? null : `${year}-${String(at).padStart(2, '0')}-${(day ?? '').padStart(2, '0')}` };
}

/** Whether a folder lies in memory: its longest mount point is a tmpfs. */
export function inMemory(mounts: string, folder: string): boolean {
  const own = mounts.split('\n').map((line) => line.split(' ')).filter(([, at = '']) => folder === at || folder.startsWith(at.endsWith('/') ? at : `${at}/`)).sort(([, a = ''], [, b = '']) => b.length - a.length)[0];
  return own !== undefined && ['tmpfs', 'ramfs'].includes(own[2] ?? '');
}

export interface EngineOptions { readonly mounts?: string; readonly daemonSettings?: string }

/** 病毒引擎: the first of the table that stands on this machine, knows a library and keeps what it is handed in memory; else none, and says why. */
export function virusEngine(policy: VirusPolicy, options: EngineOptions = {}): VirusEngine {
  interface Found { readonly state: VirusEngineState; readonly command: string; readonly arguments: readonly string[] }
  let known: Promise<Found | VirusEngineState> | undefined;

  const said = async (command: string): Promise<string> => new Promise((resolve) => {
    execFile(command, ['--version'], { timeout: policy.seconds * 1000, env: { TZ: 'UTC', LC_ALL: 'C' } }, (error, out) => { resolve(error === null ? out : ''); });
  });

  async function find(): Promise<Found | VirusEngineState> {
    const mounts = options.mounts ?? await readFile('/proc/mounts', 'utf8').catch(() => '');
    let why = '本机没有安装 ClamAV，只识别测试特征；请系统管理员安装离线病毒引擎，或登记所用离线病毒库';
    for (const engine of policy.engines) {
      for (const folder of policy.folders) {
        const command = path.join(folder, engine.key);
        if (!(await access(command, constants.X_OK).then(() => true, () => false))) continue;
        const version = readVersion(await said(command));
        if (version?.libraryOn == null) { why = `${engine.name}没有可用的病毒库，请导入离线病毒库`; continue; }
        const kept = engine.daemon ? await daemonFolder() : policy.memoryFolder;
        if (!inMemory(mounts, kept)) { why = engine.daemon ? '常驻引擎的临时目录不在内存文件系统中，涉密内容会落盘，未启用' : '没有内存文件系统，内容会落盘，未启用'; continue; }
        return { command, arguments: engine.arguments.map((one) => one.replace('{memory}', policy.memoryFolder)), state: { key: engine.key, name: engine.name, ...version, why: null } };
      }
    }
    return { key: 'builtin', name: BUILTIN, version: null, library: null, libraryOn: null, why };
  }

  async function daemonFolder(): Promise<string> {
    const settings = options.daemonSettings ?? await readFile(policy.daemonSettings, 'utf8').catch(() => '');
    return /^TemporaryDirectory\s+(\S+)/mu.exec(settings)?.[1] ?? '/tmp';
  }

  async function found(): Promise<Found | VirusEngineState> {
    known ??= find();
    return known;
  }

  return {
    /** Asked anew each time: a library is updated without the box. */
    async state() {
      known = undefined;
      const one = await found();
      return 'state' in one ? one.state : one;
    },
    async scan(source) {
      const one = await found();
      if (!('state' in one)) return null;
      return new Promise<Scanned>((resolve) => {
        const child = spawn(one.command, one.arguments, { stdio: ['pipe', 'pipe', 'ignore'], env: { TZ: 'UTC', LC_ALL: 'C' }, timeout: policy.seconds * 1000, killSignal: 'SIGKILL' });
        let out = '';
        child.stdout.on('data', (part: Buffer) => { out = `${out}${part.toString('latin1')}`.slice(-4000); });
        child.once('error', () => { resolve('failed'); });
        child.once('close', (code) => {
          const [, name] = /: (.{1,200}) FOUND\s*$/mu.exec(out) ?? [];
          if (code === 1 && name !== undefined) resolve({ virus: name.replace(/[^\w.-]/gu, '_').slice(0, 80) });
          else resolve(code === 0 ? { virus: null } : 'failed');
        });
        // An engine that has seen enough closes the pipe.
        child.stdin.on('error', () => undefined);
        void (async () => {
          for (let offset = 0; offset < source.size && child.stdin.writable; offset += CHUNK_BYTES) {
            if (!child.stdin.write(await source.read(offset, CHUNK_BYTES))) await new Promise<void>((on) => { child.stdin.once('drain', on); child.once('close', () => { on(); }); });
          }
          child.stdin.end();
        })().catch(() => { child.kill('SIGKILL'); });
      });
    },
  };
}

/** What an engine's answer adds to what was observed. */
export const scanObservations = (scanned: Scanned | null): readonly { readonly key: string; readonly evidence: string }[] =>
  scanned === null ? [] : scanned === 'failed' ? [{ key: 'file.unscanned', evidence: '引擎未答复' }] : scanned.virus === null ? [] : [{ key: 'file.virus', evidence: scanned.virus }];
