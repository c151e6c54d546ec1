import test from 'ava';
import { inPackage } from '../../appliance/package-root.js';

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}
interface Tap {
  tapCounter(failed?: (block: readonly string[]) => void): { line(text: string): void; end(exit: number | null): Count };
  countLine(count: Count): string;
}

const counted = test.macro<[lines: string, exit: number | null, expected: string]>(async (t, lines, exit, expected) => {
  const { tapCounter, countLine } = (await import(inPackage('appliance', 'image', 'tap.mjs'))) as Tap;
  const counter = tapCounter();
  for (const line of lines.split('\n')) counter.line(line);
  t.is(countLine(counter.end(exit)), expected);
});

test('passes are counted', counted, 'TAP version 13\nok 1 - a\nok 2 - b\n\n1..2', 0, '2 passed, 0 failed');
test('skipped tests are named apart', counted, 'ok 1 - a\nok 2 - b # SKIP\n1..2', 0, '1 passed, 0 failed, 1 skipped');
test('a failed test fails', counted, 'not ok 1 - a\n  ---\n  ok 9 - inside\n  ...\nok 2 - b\n1..2', 1, '1 passed, 1 failed');
test('an uncaught exception fails', counted, 'ok 1 - a\nnot ok 2 - Error: x\n1..2', 1, '1 passed, 1 failed');
test('a run that ends badly without a failed test still fails', counted, 'ok 1 - a\n1..1', 1, '1 passed, 1 failed');
test('a run that a signal ends fails', counted, 'ok 1 - a\n1..1', null, '1 passed, 1 failed');
test('a stream cut before its plan fails', counted, 'ok 1 - a', 0, '1 passed, 1 failed');
test('an empty run fails', counted, 'TAP version 13\n1..0', 0, '0 passed, 1 failed');
