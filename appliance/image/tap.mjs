// Counts a TAP stream as ava writes it. Everything that is not plainly a pass counts against the run: a crash, a timeout, a file
// that dies, a stream that ends before its plan.

/** One line of TAP at a time; `failed` is told of each failure with its YAML block, `ran` of each test that ran and whether it passed. */
export function tapCounter(failed = () => undefined, ran = () => undefined) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  let planned = false;
  let block = null;
  const endBlock = () => {
    if (block !== null) failed(block);
    block = null;
  };
  return {
    line(text) {
      if (block !== null && /^ {2}/.test(text)) return void block.push(text);
      const result = /^(not )?ok \d+(?: - )?(.*)$/.exec(text);
      if (result === null) {
        if (/^1\.\.\d+/.test(text)) planned = true;
        return;
      }
      endBlock();
      const [, not, title] = result;
      if (/ # (?:SKIP|TODO)\b/i.test(title) || /^# (?:SKIP|TODO)\b/i.test(title)) count.skipped += 1;
      else if (not === undefined) {
        count.passed += 1;
        ran(title, true);
      } else {
        ran(title, false);
        count.failed += 1;
        block = [title];
      }
    },
    /** @param {number | null} exit of the process that wrote the stream; `null` when a signal ended it. */
    end(exit) {
      endBlock();
      const whole = exit === 0 && planned && count.passed + count.failed + count.skipped > 0;
      if (count.failed === 0 && !whole) {
        count.failed = 1;
        failed([`the run did not end well (exit ${exit ?? 'by signal'}${planned ? '' : ', no plan'})`]);
      }
      return count;
    },
  };
}

/** The last line of a test run, read by people and by machines. */
export const countLine = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
