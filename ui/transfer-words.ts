import { ALL_LEVELS, type Level } from './levels.js';

/** What cannot be told apart counts as the highest. */
export const highestLevel = (levels: readonly number[]): Level => levels.reduce<Level>((high, one) => { const level = ALL_LEVELS.find((each) => each === one) ?? 4; return level > high ? level : high; }, 0);
