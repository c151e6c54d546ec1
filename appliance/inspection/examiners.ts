import type { Examiner } from './format.js';

/** Every examiner, the most exact first: the first that claims the bytes examines them. */
export const EXAMINERS: readonly Examiner[] = [];
