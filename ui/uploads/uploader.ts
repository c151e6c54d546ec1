/**
 * Sends files of a batch in segments of 4 MiB, resumable: the box says how much of a file it already holds, and sending goes on from there.
 * The queue lives outside the pages, so that leaving the page does not stop it; reloading the page does, and dropping the files again resumes.
 */
import { shallowReactive } from 'vue';
import { Problem, put, write } from '../api.js';

export const SEGMENT_BYTES = 4 * 1024 * 1024;
const AT_ONCE = 2;
const RETRIES = 6;

export type SendState = 'queued' | 'uploading' | 'waiting' | 'done' | 'failed';

export interface Sending {
  readonly key: string;
  readonly batch: string;
  /** Path inside the dropped folder, `/` between its parts. */
  readonly path: string;
  readonly bytes: number;
  readonly sent: number;
  readonly state: SendState;
  readonly fault: string | null;
}
interface Begun { readonly upload: string; readonly offset: number; readonly done?: boolean }
interface Received { readonly offset?: number; readonly received?: number }

export const sendings = shallowReactive(new Map<string, Sending>());
const contents = new Map<string, File>();
const queue: string[] = [];
let active = 0;

const patch = (key: string, change: Partial<Sending>): void => {
  const before = sendings.get(key);
  if (before) sendings.set(key, { ...before, ...change });
};
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => { window.setTimeout(resolve, milliseconds); });

async function segments(key: string, batch: string, path: string, file: File): Promise<void> {
  const begun = await write<Begun>('capture.begin-upload', { batch, path, bytes: file.size });
  let offset = begun.offset;
  patch(key, { sent: offset, state: 'uploading' });
  if (begun.done) return;
  do {
    const segment = file.slice(offset, offset + SEGMENT_BYTES);
    const answer = await put<Received>('capture.upload', { upload: begun.upload, offset }, segment);
    offset = answer.received ?? answer.offset ?? offset + segment.size;
    patch(key, { sent: offset });
  } while (offset < file.size);
}

async function send(key: string): Promise<void> {
  const sending = sendings.get(key);
  const file = contents.get(key);
  if (!sending || !file) return;
  for (let attempt = 1; ; attempt += 1) {
    try {
      patch(key, { state: 'uploading', fault: null });
      await segments(key, sending.batch, sending.path, file);
      patch(key, { state: 'done', sent: file.size });
      contents.delete(key);
      return;
    } catch (cause) {
      const problem = cause instanceof Problem ? cause : new Problem({ detail: '文件读不出来，请重新选择' });
      const worthAgain = problem.code === 'E_NETWORK' || problem.status === 503 || problem.code === 'E_UPLOAD_OFFSET';
      if (!worthAgain || attempt >= RETRIES) {
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
