import { ref, type Ref } from 'vue';
import { asProblem, write, type Problem } from './api.js';
import { tell } from './notices.js';

/** A form that asks for somebody's signature: what was asked is told in one line, what the box refuses stays beside the form. */
export function useAsking(act: string, asked: string, done: () => void): { readonly problem: Ref<Problem | null>; readonly ask: (body: unknown) => Promise<void> } {
  const problem = ref<Problem | null>(null);
  return {
    problem,
    async ask(body) {
      problem.value = null;
      try {
        await write(act, body);
        tell(asked);
        done();
      } catch (cause) {
        problem.value = asProblem(cause);
      }
    },
  };
}
