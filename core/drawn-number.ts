import type { Ids } from './ports.js';

/** Short numbers for a day are 4 digits; where one day has used up many, 8. */
const SHORT = { digits: 4, draws: 16 };
const LONG = { digits: 8, draws: 64 };

/**
 * 流水号 that tells nothing: drawn and not counted. Counted numbers of batches and reports would have gaps where work lies that
 * the reader may not know of (越权与不存在同答). 档号 alone are without gap, for the law asks it of them.
 * @param taken whether a number is in use; asked before it is given out, inside the same unit of work
 */
export async function drawNumber(ids: Ids, prefix: string, taken: (number: string) => Promise<boolean>): Promise<string> {
  for (const { digits, draws } of [SHORT, LONG]) {
    for (let draw = 0; draw < draws; draw += 1) {
      const number = `${prefix}${String(Number.parseInt(ids.uuid().slice(0, 8), 16) % 10 ** digits).padStart(digits, '0')}`;
      if (!(await taken(number))) return number;
    }
  }
  throw new Error('no number could be drawn');
}
