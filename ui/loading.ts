/** A read with its three faces: on the way, refused, here. Pages show exactly one of them. */
import { onScopeDispose, shallowRef, watch, type ShallowRef, type WatchSource } from 'vue';
import { asProblem, read, type Problem, type Query } from './api.js';
import { frameState } from './session.js';

export interface Loaded<T> {
  readonly data: ShallowRef<T | null>;
  readonly problem: ShallowRef<Problem | null>;
  readonly busy: ShallowRef<boolean>;
  readonly reload: (quiet?: boolean) => Promise<void>;
}

/**
 * Reads `act` whenever the query changes; an older answer never overwrites a newer one.
 * @param query returns null while there is nothing to ask yet
 */
export function useRead<T>(act: string, query: () => Query | null = () => ({}), then?: (data: T) => void): Loaded<T> {
  return useAnswer<T>((asked, options) => read<T>(act, asked, options), query, then);
}

type Ask<T> = (query: Query, options: { readonly signal: AbortSignal; readonly passive: boolean }) => Promise<T>;

/** The same for an answer that is put together from several reads. */
export function useAnswer<T>(ask: Ask<T>, query: () => Query | null = () => ({}), then?: (data: T) => void): Loaded<T> {
  const data = shallowRef<T | null>(null);
  const problem = shallowRef<Problem | null>(null);
  const busy = shallowRef(false);
  let running: AbortController | null = null;

  async function reload(quiet = false): Promise<void> {
    const asked = query();
    running?.abort();
    if (!asked) { data.value = null; busy.value = false; return; }
    const mine = new AbortController();
    running = mine;
    if (!quiet) busy.value = true;
    try {
      const answer = await ask(asked, { signal: mine.signal, passive: quiet });
      if (running !== mine) return;
      data.value = answer;
      problem.value = null;
      then?.(answer);
    } catch (cause) {
      if (running !== mine || mine.signal.aborted) return;
      if (!quiet) { problem.value = asProblem(cause); data.value = null; }
    } finally {
      if (running === mine) busy.value = false;
    }
  }

  const source: WatchSource<string> = () => JSON.stringify(query());
  watch(source, () => { void reload(); }, { immediate: true });
  onScopeDispose(() => running?.abort());
  return { data, problem, busy, reload };
}

/** Repeats a quiet refresh while the page is visible and the work runs. */
export function whileRunning(isRunning: () => boolean, refresh: () => Promise<void>, milliseconds = 1500): void {
  let stopped = false;
  const turn = async (): Promise<void> => {
    if (stopped) return;
    if (isRunning() && document.visibilityState === 'visible' && !frameState.locked) await refresh();
    timer = window.setTimeout(() => { void turn(); }, milliseconds);
  };
  let timer = window.setTimeout(() => { void turn(); }, milliseconds);
  onScopeDispose(() => { stopped = true; window.clearTimeout(timer); });
}
