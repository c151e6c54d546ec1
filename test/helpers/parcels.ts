import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { zipSync } from 'fflate';
import type { Client } from './box.js';
import { SEGMENT_BYTES } from './box.js';

export type Files = Readonly<Record<string, Buffer>>;
export const digest = (algorithm: string, bytes: Uint8Array): string => createHash(algorithm).update(bytes).digest('hex');

export const zipOf = (files: Files, level: 0 | 6 = 6): Buffer => Buffer.from(zipSync(Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, new Uint8Array(bytes)])), { level }));

/** Everything under a folder, by path. */
export function folderFiles(folder: string, under = ''): Files {
  return Object.assign({}, ...readdirSync(path.join(folder, under)).map((name): Files => {
    const at = under === '' ? name : `${under}/${name}`;
    return statSync(path.join(folder, at)).isDirectory() ? folderFiles(folder, at) : { [at]: readFileSync(path.join(folder, at)) };
  })) as Files;
}

/** A bag as RFC 8493 has it, made with nothing of ours. */
export function bagOf(payload: Files, more: { readonly algorithms?: readonly string[]; readonly tags?: Files } = {}): Record<string, Buffer> {
  const data = Object.fromEntries(Object.entries(payload).map(([name, bytes]) => [`data/${name}`, bytes]));
  const list = (files: Files, algorithm: string): Buffer => Buffer.from(Object.entries(files).map(([name, bytes]) => `${digest(algorithm, bytes)}  ${name}\n`).join(''));
  const algorithms = more.algorithms ?? ['sha256'];
  const tags: Record<string, Buffer> = {
    'bagit.txt': Buffer.from('BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n'),
    'bag-info.txt': Buffer.from(`Source-Organization: 昆明市演练局\nPayload-Oxum: ${String(Object.values(data).reduce((sum, one) => sum + one.length, 0))}.${String(Object.keys(data).length)}\n`),
    ...Object.fromEntries(algorithms.map((algorithm) => [`manifest-${algorithm}.txt`, list(data, algorithm)])), ...more.tags,
  };
  return { ...data, ...tags, ...Object.fromEntries(algorithms.map((algorithm) => [`tagmanifest-${algorithm}.txt`, list(tags, algorithm)])) };
}

export interface Shown {
  readonly import: string; readonly id: string; readonly state: string; readonly version: number; readonly total: number; readonly done: number; readonly form: string | null; readonly batch: string;
  readonly findings: readonly { code: string; entry: string; text: string }[]; readonly warnings: readonly { code: string; entry: string; text: string }[];
  readonly preview: readonly { title: string; code: string | null; files: number; missing: readonly string[] }[]; readonly running: unknown;
}

/** What became of it once nothing is under way any more. */
export async function settled(client: Client, id: string): Promise<Shown> {
  for (;;) {
    const { body, status } = await client.get<Shown>('import.show', { import: id });
    if (status !== 200) throw new Error(JSON.stringify(body));
    if (body.running === null && !['checking', 'taking'].includes(body.state)) return body;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}

export const BEGIN = { fonds: 'Z109', department: 'BGS', offlineReason: '下属单位未联网' } as const;

/** Sends a package in and waits until it is judged. */
export async function sendParcel(client: Client, fileName: string, bytes: Buffer): Promise<Shown> {
  const begun = await client.post<Shown>('import.begin', { ...BEGIN, source: { kind: 'file', fileName, bytes: bytes.length } });
  if (begun.status !== 200) throw new Error(JSON.stringify(begun.body));
  for (let offset = 0; offset < bytes.length; offset += SEGMENT_BYTES) {
    const answer = await client.put('import.upload', { import: begun.body.import, offset }, bytes.subarray(offset, offset + SEGMENT_BYTES));
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  }
  return settled(client, begun.body.import);
}

export async function takeParcel(client: Client, one: Shown): Promise<Shown> {
  const answer = await client.post('import.take', { import: one.id, seenVersion: one.version });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return settled(client, one.id);
}
