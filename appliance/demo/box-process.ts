import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { dataPaths } from '../content/paths.js';
import { inPackage } from '../package-root.js';

const READY_MS = 120_000;

/** The box as a process of its own on its own data directory, on loopback, as an operator would run it. */
export interface BoxProcess {
  readonly url: string;
  readonly pid: number;
  readonly data: string;
  /** PEM of the listener. */
  readonly certificate: string;
  /** SIGTERM; resolves with the exit code once everything under way has ended. */
  stop(): Promise<number | null>;
  /** SIGKILL, as if the power went. */
  kill(): Promise<void>;
}

/** @param port 0 takes any free one */
export async function startBox(data: string, port = 0, mode: 'unit' | 'repository' = 'unit'): Promise<BoxProcess> {
  const child = spawn(process.execPath, [inPackage('dist', 'appliance', 'main.js')], {
    env: { ...process.env, SHOUZANG_DATA: data, SHOUZANG_HOST: '127.0.0.1', SHOUZANG_PORT: String(port), SHOUZANG_MODE: mode },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const url = await ready(child, ended);
  return {
    url, data, pid: child.pid ?? 0,
    certificate: await readFile(path.join(dataPaths(data).box, 'tls-cert.pem'), 'utf8'),
    stop: async () => {
      child.kill('SIGTERM');
      return ended;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function ready(child: ChildProcess, ended: Promise<number | null>): Promise<string> {
  if (child.stdout === null || child.stderr === null) throw new Error('the box has no output');
  let log = '';
  child.stderr.on('data', (part: Buffer) => (log = `${log}${part.toString('utf8')}`.slice(-4000)));
  const lines = createInterface({ input: child.stdout });
  const told = new Promise<string>((resolve) => lines.on('line', (line) => {
    const found = /^ready (https:\/\/\S+)$/.exec(line)?.[1];
    if (found !== undefined) resolve(found);
  }));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error(`the box was not ready after ${READY_MS / 1000} s\n${log}`)), READY_MS)));
  try {
    const died = ended.then((code): never => {
      throw new Error(`the box ended with ${String(code)} before it was ready\n${log}`);
    });
    return await Promise.race([told, died, late]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
