/** One line at the foot of the page that says what was done, or what was refused and why. Never 「操作成功」. */
import { shallowRef } from 'vue';
import { asProblem, type Problem } from './api.js';

export interface Notice { readonly text: string; readonly problem: Problem | null }

export const notice = shallowRef<Notice | null>(null);
let timer = 0;

function show(next: Notice, seconds: number): void {
  notice.value = next;
  window.clearTimeout(timer);
  timer = window.setTimeout(() => { notice.value = null; }, seconds * 1000);
}

export const tell = (text: string): void => show({ text, problem: null }, 8);
export const refuse = (cause: unknown): void => {
  const problem = asProblem(cause);
  show({ text: problem.message, problem }, 20);
};

/** Runs a deed of the officer, shows what came of it and tells whether it was done. */
export async function deed(run: () => Promise<unknown>, done: string | (() => string)): Promise<boolean> {
  try {
    await run();
    const said = typeof done === 'string' ? done : done();
    if (said) tell(said);
    return true;
  } catch (cause) {
    refuse(cause);
    return false;
  }
}
