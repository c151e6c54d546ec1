/**
 * Sends files of a batch in segments, resumable: the box says how much of a begun file it holds, and sending goes on from there.
 * The queue lives outside the pages, so that leaving the page does not stop it; reloading the page does, and dropping the files again resumes.
 */
import { shallowReactive } from 'vue';
import { Problem, put, read, write } from '../api.js';
import type { StoredFile } from '../shapes.js';

const AT_ONCE = 2;
const RETRIES = 6;

export type SendState = 'queued' | 'uploading' | 'waiting' | 'done' | 'failed';

export interface Sending {
  readonly key: string;
  readonly batch: string;
  /** Path inside the dropped folder, `/` between its parts; the box takes the name alone. */
  readonly path: string;
  readonly bytes: number;
  readonly sent: number;
  readonly state: SendState;
  readonly fault: string | null;
}
interface Begun { readonly upload: string; readonly offset: number; readonly segmentBytes?: number }
type Received = { readonly done: false; readonly offset: number } | { readonly done: true; readonly offset: number; readonly record: string; readonly file: StoredFile };

export const sendings = shallowReactive(new Map<string, Sending>());
const contents = new Map<string, File>();
const queue: string[] = [];
/** What was begun in an earlier visit, by batch and then by name and size. */
const begunEarlier = new Map<string, Map<string, Begun>>();
let segmentBytes = 4 * 1024 * 1024;
let active = 0;

const patch = (key: string, change: Partial<Sending>): void => {
  const before = sendings.get(key);
  if (before) sendings.set(key, { ...before, ...change });
};
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => { window.setTimeout(resolve, milliseconds); });
const nameOf = (path: string): string => path.split('/').at(-1) ?? path;
const sizedName = (name: string, bytes: number): string => `${bytes}/${name}`;

async function earlier(batch: string): Promise<Map<string, Begun>> {
  const known = begunEarlier.get(batch);
  if (known) return known;
  const open = await read<{ rows: readonly { upload: string; fileName: string; bytes: number; offset: number }[] }>('capture.uploads', { batch }, { passive: true }).catch(() => ({ rows: [] }));
  const found = new Map(open.rows.map((row) => [sizedName(row.fileName, row.bytes), { upload: row.upload, offset: row.offset }]));
  begunEarlier.set(batch, found);
  return found;
}

async function begin(batch: string, name: string, bytes: number): Promise<Begun> {
  const open = await earlier(batch);
  const found = open.get(sizedName(name, bytes));
  if (!found) return write<Begun>('capture.begin-upload', { batch, fileName: name, bytes });
  open.delete(sizedName(name, bytes));
  return found;
}

async function segments(key: string, begun: Begun, file: File): Promise<void> {
  let offset = begun.offset;
  patch(key, { sent: offset, state: 'uploading' });
  for (;;) {
    let answer: Received;
    try {
      answer = await put<Received>('capture.upload', { upload: begun.upload, offset }, file.slice(offset, offset + segmentBytes));
    } catch (cause) {
      const told = cause instanceof Problem && cause.code === 'E_UPLOAD_OFFSET' ? cause.facts['offset'] : undefined;
      if (typeof told !== 'number' || told === offset) throw cause;
      offset = told;
      continue;
    }
    offset = answer.offset;
    patch(key, { sent: offset });
    if (answer.done) return;
  }
}

async function send(key: string): Promise<void> {
  const sending = sendings.get(key);
  const file = contents.get(key);
  if (!sending || !file) return;
  let begun: Begun | null = null;
  for (let attempt = 1; ; attempt += 1) {
    try {
      patch(key, { state: 'uploading', fault: null });
      begun ??= await begin(sending.batch, nameOf(sending.path), file.size);
      segmentBytes = begun.segmentBytes ?? segmentBytes;
      await segments(key, begun, file);
      patch(key, { state: 'done', sent: file.size });
      contents.delete(key);
      return;
    } catch (cause) {
      const problem = cause instanceof Problem ? cause : new Problem({ detail: '文件读不出来，请重新选择' });
      if ((problem.code !== 'E_NETWORK' && problem.status !== 503) || attempt >= RETRIES) {
        patch(key, { state: 'failed', fault: problem.message });
        return;
      }
      patch(key, { state: 'waiting', fault: '连接断开，稍后从断点续传' });
      await pause(Math.min(30_000, 1000 * 2 ** attempt));
    }
  }
}

function turn(afterEach: () => void): void {
  while (active < AT_ONCE) {
    const key = queue.shift();
    if (!key) return;
    active += 1;
    void send(key).finally(() => { active -= 1; afterEach(); turn(afterEach); });
  }
}

export interface Dropped { readonly path: string; readonly file: File }

export function sendFiles(batch: string, dropped: readonly Dropped[], afterEach: () => void): void {
  for (const { path, file } of dropped) {
    const key = `${batch}/${path}`;
    const before = sendings.get(key);
    if (before && before.state !== 'failed' && before.state !== 'done') continue;
    contents.set(key, file);
    sendings.set(key, { key, batch, path, bytes: file.size, sent: 0, state: 'queued', fault: null });
    queue.push(key);
  }
  turn(afterEach);
}

export function forgetSent(batch: string): void {
  for (const [key, sending] of sendings) if (sending.batch === batch && sending.state === 'done') sendings.delete(key);
}
