import type { Verb } from './verb.js';

/** Every verb of `npx shouzang`, in the order of the help page. One import and one line each. */
export const VERBS: readonly Verb[] = [
];
