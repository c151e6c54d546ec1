import type { ByteSource } from './format.js';

/** EICAR 测试串, kept in two parts so that no virus scanner stops at this file. */
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-', 'ANTIVIRUS-TEST-FILE!$H+H*'].join('');

/** Longest content that still is the test file: the string and blanks (EICAR, 2006 definition: 128 bytes in all). */
const LONGEST = 128;

/** True for the EICAR test file: the string at the very start, only blanks after it. */
export async function isEicar(source: ByteSource): Promise<boolean> {
  if (source.size < EICAR.length || source.size > LONGEST) return false;
  const text = (await source.read(0, LONGEST)).toString('latin1');
  return text.startsWith(EICAR) && /^[ \t\r\n\x1a]*$/.test(text.slice(EICAR.length));
}
