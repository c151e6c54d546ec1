import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { inPackage } from '../../appliance/package-root.js';

/** The built box as a process of its own, to be killed whenever a test likes. */
export interface KillableBox {
  /** Resolves with the address once the box is ready, with `null` if it died before. */
  readonly ready: Promise<string | null>;
  readonly ended: Promise<void>;
  /** Everything it wrote, both streams: the process log. */
  output(): string;
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

export interface KillableOptions {
  readonly data: string;
  readonly port: number;
  /** Compiled module that is loaded before the box, in the same process. */
  readonly preload?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function spawnBox(options: KillableOptions): KillableBox {
  const child: ChildProcess = spawn(
    process.execPath, [...(options.preload === undefined ? [] : ['--import', options.preload]), inPackage('dist', 'appliance', 'main.js')],
    {
      env: { ...process.env, NODE_V8_COVERAGE: '', SHOUZANG_DATA: options.data, SHOUZANG_HOST: '127.0.0.1', SHOUZANG_PORT: String(options.port), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const ended = new Promise<void>((resolve) => { child.once('close', () => { resolve(); }); });
  let text = '';
  child.stderr?.on('data', (part: Buffer) => { text += part.toString('utf8'); });
  const told = new Promise<string>((resolve) => {
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => {
      text += `${line}\n`;
      const url = /^ready (https:\/\/\S+)$/u.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  return {
    ready: Promise.race([told, ended.then(() => null)]), ended, output: () => text,
    async kill(signal = 'SIGKILL') {
      child.kill(signal);
      await ended;
    },
  };
}
