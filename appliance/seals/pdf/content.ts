import { Parser } from './parser.js';

/**
 * Graphics states that a page's content leaves open (`q` without `Q`), so that what is drawn after it starts clean.
 * Parts that cannot be unpacked count as balanced.
 */
export function openStates(parts: readonly (Buffer | null)[]): number {
  let open = 0;
  const parser = new Parser(Buffer.concat(parts.flatMap((part) => [part ?? Buffer.alloc(0), Buffer.from('\n')])));
  for (;;) {
    const value = parser.value();
    if (value === null) {
      if (parser.at >= parser.end) return open;
      parser.at++;
    } else if (value.kind === 'word') {
      if (value.raw === 'q') open++;
      else if (value.raw === 'Q') open = Math.max(0, open - 1);
      else if (value.raw === 'ID') skipImage(parser);
      else if (value.raw === '') parser.at++;
    }
  }
}

/** Inline image data, up to an EI between white space. */
function skipImage(parser: Parser): void {
  for (let at = parser.data.indexOf('EI', parser.at, 'latin1'); at !== -1; at = parser.data.indexOf('EI', at + 1, 'latin1')) {
    if (/^[\s\0]EI[\s\0]$/.test(parser.data.toString('latin1', at - 1, at + 3).padEnd(4))) {
      parser.at = at + 2;
      return;
    }
  }
  parser.at = parser.end;
}
