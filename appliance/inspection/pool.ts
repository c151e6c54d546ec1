import { fork, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ByteSource, Examination } from './format.js';
import { JOB_HEAD_BYTES, PROCESS_LIMITS } from './limits.js';
import type { FromWorker, ToWorker } from './serve.js';

/** How a working process ended, other than by an answer. */
export type Death = 'time' | 'memory' | 'crash';

/** Processes that read bytes nobody trusts, on behalf of this one. */
export interface WorkerPool<Order, Answer> {
  /** @returns what the process answers, or its `Death`. Rejects only when the source itself cannot be read. */
  run(source: ByteSource, order: Order): Promise<Answer | Death>;
  close(): Promise<void>;
}

export interface InspectionPool {
  /** @returns the examination, or a `Death`. Rejects only when the source itself cannot be read. */
  examine(source: ByteSource, name: string): Promise<Examination | Death>;
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly size?: number;
  readonly milliseconds?: number;
  /** Script of the examining process; tests put a hostile one here. */
  readonly worker?: string;
}

interface Task<Order, Answer> {
  readonly source: ByteSource;
  readonly order: Order;
  readonly resolve: (outcome: Answer | Death) => void;
  readonly reject: (cause: unknown) => void;
}

/** Examining processes: see `openWorkers`. */
export function openPool(options: PoolOptions = {}): InspectionPool {
  const workers = openWorkers<string, Examination>({ ...options, worker: options.worker ?? fileURLToPath(new URL('./worker.js', import.meta.url)) });
  return { examine: (source, name) => workers.run(source, name), close: () => workers.close() };
}

/** Working processes, kept and reused: starting one costs more than most files. The script must answer as `serve.ts` does. */
export function openWorkers<Order, Answer>(options: PoolOptions & { readonly worker: string }): WorkerPool<Order, Answer> {
  const size = options.size ?? Math.max(1, Math.min(4, availableParallelism()));
  const milliseconds = options.milliseconds ?? PROCESS_LIMITS.milliseconds;
  const script = options.worker;
  const queue: Task<Order, Answer>[] = [];
  const idle: ChildProcess[] = [];
  const alive = new Set<ChildProcess>();
  let closed = false;

  const start = (): ChildProcess => {
    const child = fork(script, [], {
      serialization: 'advanced',
      env: { TZ: 'UTC' },
      execArgv: [`--max-old-space-size=${PROCESS_LIMITS.heapMebibytes}`, '--no-warnings'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    alive.add(child);
    const gone = (): void => {
      alive.delete(child);
      next();
    };
    child.once('exit', gone);
    child.on('error', gone);
    return child;
  };

  const release = async (child: ChildProcess): Promise<void> => {
    if (!child.connected || (await residentMebibytes(child)) > PROCESS_LIMITS.tiredMebibytes) child.kill('SIGKILL');
    else idle.push(child);
    next();
  };

  const next = (): void => {
    while (queue.length > 0 && !closed) {
      const child = idle.pop() ?? (alive.size < size ? start() : undefined);
      if (child === undefined) return;
      if (!child.connected) {
        alive.delete(child);
        continue;
      }
      const task = queue.shift();
      if (task === undefined) return void idle.push(child);
      void runTask(child, task, milliseconds).finally(() => release(child));
    }
  };

  return {
    run: (source, order) => new Promise((resolve, reject) => {
      if (closed) return void reject(new Error('worker pool is closed'));
      queue.push({ source, order, resolve, reject });
      next();
    }),
    close: async () => {
      closed = true;
      const exits = [...alive].map((child) => new Promise<void>((done) => child.once('exit', () => done())));
      for (const child of alive) child.kill('SIGKILL');
      await Promise.all(exits);
    },
  };
}

let jobs = 0;

async function runTask<Order, Answer>(child: ChildProcess, task: Task<Order, Answer>, milliseconds: number): Promise<void> {
  let head: Buffer;
  try {
    head = await task.source.read(0, Math.min(task.source.size, JOB_HEAD_BYTES));
  } catch (cause) {
    return task.reject(cause);
  }
  const id = ++jobs;
  await new Promise<void>((settled) => {
    let death: Death = 'crash';
    const kill = (why: Death): void => {
      death = why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => kill('time'), milliseconds);
    const watch = setInterval(() => {
      void residentMebibytes(child).then((resident) => {
        if (resident > PROCESS_LIMITS.residentMebibytes) kill('memory');
      });
    }, 100);
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      clearInterval(watch);
      child.off('message', hear);
      child.off('exit', died);
      child.off('error', died);
      settle();
      settled();
    };
    const died = (): void => finish(() => task.resolve(death));
    const answer = async (want: Extract<FromWorker, { kind: 'want' }>): Promise<void> => {
      try {
        post(child, { kind: 'bytes', id: want.id, bytes: await task.source.read(want.offset, want.length) });
      } catch (cause) {
        post(child, { kind: 'refusal', id: want.id });
        kill('crash');
        finish(() => task.reject(cause));
      }
    };
    const hear = (message: FromWorker): void => {
      if (message.kind === 'want') void answer(message);
      else if (message.kind === 'done' && message.id === id) finish(() => task.resolve(message.answer as Answer));
      else if (message.kind === 'failed' && message.id === id) finish(() => task.resolve('crash'));
    };
    child.on('message', hear);
    child.once('exit', died);
    child.once('error', died);
    post(child, { kind: 'job', id, order: task.order, size: task.source.size, head });
  });
}

/** A message to a process that has just died is dropped: its exit is heard anyway. */
function post(child: ChildProcess, message: ToWorker): void {
  if (child.connected) child.send(message, () => undefined);
}

/** Resident memory as Linux tells it; 0 where it does not, the heap limit then stands alone. */
async function residentMebibytes(child: ChildProcess): Promise<number> {
  const statm = await readFile(`/proc/${child.pid ?? 0}/statm`, 'utf8').catch(() => '');
  const pages = Number(statm.split(' ')[1] ?? '0');
  return Number.isFinite(pages) ? (pages * 4096) / (1024 * 1024) : 0;
}
