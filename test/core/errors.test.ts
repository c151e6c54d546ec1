import test from 'ava';
import { ArchiveError, CATALOG, errorRow, isErrorCode, outward, type ErrorCode } from '../../core/errors.js';
import { NOTICES } from '../../core/error-catalogue.js';

const codes = Object.keys(CATALOG).filter(isErrorCode);

test('every refusal has a code, a client or server status and a Chinese sentence that ends without a full stop', (t) => {
  for (const code of codes) {
    const row = errorRow(code);
    t.regex(code, /^E_[0-9A-Z_]+$/);
    t.true(row.status >= 400 && row.status < 600, code);
    t.regex(row.message, /[一-鿿]{4}/, code);
    t.notRegex(row.message, /[。.]$/, code);
    t.notRegex(row.message, /undefined|\$\{/, code);
    for (const article of row.articles ?? []) t.true(article >= 1 && article <= 46, code);
  }
});

test('第四十条: reading up and a missing need-to-know look exactly like a record that does not exist', (t) => {
  const absent = outward(new ArchiveError('E_NOT_FOUND', { id: 'a' }));
  for (const code of ['E_MAC_READ_UP', 'E_NEED_TO_KNOW'] as const) {
    const hidden = outward(new ArchiveError(code, { id: 'b', level: 4 }, [{ at: '/id', message: '真实原因' }]));
    t.deepEqual(hidden, absent);
  }
  t.deepEqual(codes.filter((code) => errorRow(code).hiddenAs !== undefined), ['E_MAC_READ_UP', 'E_NEED_TO_KNOW'] satisfies ErrorCode[]);
});

test('only the facts that the row names leave the box', (t) => {
  const error = new ArchiveError('E_CODE_GAP', { series: 'Z109-WS·2026·Y', missing: [3], actor: 'u1' });
  t.deepEqual(outward(error).facts, { series: 'Z109-WS·2026·Y', missing: [3] });
});

test('an unknown failure is E_INTERNAL and tells nothing', (t) => {
  const answer = outward(new Error('SQLITE_CORRUPT: /some/path'));
  t.is(answer.code, 'E_INTERNAL');
  t.deepEqual([answer.status, answer.facts, answer.details], [500, {}, []]);
});

test('warnings and alarms have their own codes and never share one with a refusal', (t) => {
  for (const [code, row] of Object.entries(NOTICES)) {
    t.regex(code, /^[WA]_[A-Z_]+$/);
    t.false(isErrorCode(code));
    t.regex(row.message, /[一-鿿]{4}/);
  }
});
