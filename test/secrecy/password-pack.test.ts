import test from 'ava';
import fc from 'fast-check';
import { PasswordsFile, type PasswordPack } from '../../policies/schemas/secrecy.js';
import * as packs from '../../secrecy/password-pack.js';
import { readShortCode, shortCode, traceText } from '../../secrecy/watermark.js';
import { codeOf, shippedFile } from '../helpers/secrecy.js';

const file = shippedFile('passwords.json', PasswordsFile);
const pack = (level: 0 | 1 | 2 | 3 | 4) => packs.packFor(file, level);
const NOW = '2026-03-01T00:00:00.000Z';

test('07 §3: the numbers of each system level', (t) => {
  const numbers = ({ alone, withToken, tokenRequired, historyDepth, maxFailures, lockMinutes, idleMinutes, absoluteMinutes }: PasswordPack) =>
    [alone.minLength, alone.maxAgeDays, withToken.minLength, withToken.maxAgeDays, tokenRequired, historyDepth, maxFailures, lockMinutes, idleMinutes, absoluteMinutes / 60];
  t.deepEqual(([2, 3, 4] as const).map((level) => numbers(pack(level))), [
    [8, 30, 8, 30, false, 5, 5, 15, 10, 8],
    [10, 7, 4, 30, false, 8, 5, null, 10, 4],
    [10, 7, 6, 7, true, 12, 3, null, 5, 2],
  ]);
  t.is(pack(0), pack(1));
});
const judged = test.macro<[level: 1 | 2 | 3 | 4, password: string, code: string | null, factor?: packs.Factor, used?: boolean]>({
  exec(t, level, password, code, factor = 'alone', used = false) { t.is(codeOf(() => { packs.checkPassword(password, 'zhangsan', used, factor, pack(level)); }), code); },
  title: (given) => `口令: ${given ?? ''}`,
});
test('letters and digits of the length asked for are taken', judged, 2, 'abcd1234', null);
test('one character short is refused', judged, 2, 'abcd123', 'E_PASSWORD_WEAK');
test('letters alone are refused', judged, 2, 'abcdefgh', 'E_PASSWORD_WEAK');
test('on a 机密 box eight characters are too few', judged, 3, 'abcd1234', 'E_PASSWORD_WEAK');
test('on a 机密 box with a token a PIN of four is taken', judged, 3, '4821', null, 'token');
test('the same character again and again is refused', judged, 3, '1111', 'E_PASSWORD_WEAK', 'token');
test('a password with the account in it is refused', judged, 2, 'ZhangSan123', 'E_PASSWORD_WEAK');
test('one used before is refused', judged, 2, 'abcd1234', 'E_PASSWORD_REUSED', 'alone', true);
test('on a 绝密 box no password stands alone', judged, 4, 'Abcd-1234-efgh', 'E_DENIED');
test('on a 绝密 box it goes with a token', judged, 4, 'abc-123', null, 'token');
test('a very long text is refused', judged, 2, `a1${'bcd2'.repeat(40)}`, 'E_PASSWORD_WEAK');

test('口令更换周期: taken the day before, refused from the day on', (t) => {
  t.is(codeOf(() => { packs.checkPasswordAge(NOW, '2026-03-30T23:59:59.999Z', 'alone', pack(2)); }), null);
  t.is(codeOf(() => { packs.checkPasswordAge(NOW, '2026-03-31T00:00:00.000Z', 'alone', pack(2)); }), 'E_PASSWORD_EXPIRED');
  t.is(packs.passwordDue(NOW, 'alone', pack(3)), '2026-03-08T00:00:00.000Z');
});
for (const [level, times] of [[1, 5], [2, 5], [3, 5], [4, 3]] as const) {
  test(`07 §11-6: the ${times}th failure in a row locks at system level ${level}, for the right password too`, (t) => {
    let lock = packs.UNLOCKED;
    for (let n = 1; n < times; n += 1) {
      lock = packs.afterFailure(lock, NOW, pack(level));
      t.is(codeOf(() => { packs.checkLock(lock, NOW); }), null);
    }
    lock = packs.afterFailure(lock, NOW, pack(level));
    t.is(codeOf(() => { packs.checkLock(lock, '2026-03-01T00:14:59.999Z'); }), 'E_ACCOUNT_LOCKED');
    t.is(codeOf(() => { packs.checkLock(lock, '2026-03-01T00:15:00.000Z'); }), level <= 2 ? null : 'E_ACCOUNT_LOCKED');
    if (level <= 2) t.deepEqual(packs.afterFailure(lock, '2026-03-01T00:15:00.000Z', pack(level)), { failures: 1, lockedUntil: null });
  });
}
test('会话: idle and absolute limits, and accounts nobody uses', (t) => {
  t.is(packs.idleUntil(NOW, pack(4)), '2026-03-01T00:05:00.000Z');
  t.is(packs.absoluteUntil(NOW, pack(3)), '2026-03-01T04:00:00.000Z');
  t.deepEqual([packs.isUnused(NOW, '2026-05-29T23:59:59.999Z', pack(2)), packs.isUnused(NOW, '2026-05-30T00:00:00.000Z', pack(2))], [false, true]);
});
test('策略只能加严: every setting in the weaker direction is refused by name, every stricter one taken', (t) => {
  const base = pack(2);
  const weaker: readonly [string, packs.PackChange][] = [
    ['maxFailures', { maxFailures: 6 }], ['lockMinutes', { lockMinutes: 14 }], ['idleMinutes', { idleMinutes: 11 }], ['absoluteMinutes', { absoluteMinutes: 481 }], ['historyDepth', { historyDepth: 4 }], ['unusedDays', { unusedDays: 91 }],
    ['alone.minLength', { alone: { ...base.alone, minLength: 7 } }], ['alone.minClasses', { alone: { ...base.alone, minClasses: 1 } }], ['withToken.maxAgeDays', { withToken: { ...base.withToken, maxAgeDays: 31 } }], ['idleMinutes', { idleMinutes: NaN }], ['maxFailures', { maxFailures: 0 }], ['lockMinutes', { lockMinutes: NaN }],
  ];
  for (const [setting, change] of weaker) {
    const error = t.throws(() => packs.tighten(base, change));
    t.like(error, { code: 'E_POLICY_WEAKEN_FORBIDDEN', facts: { setting } });
  }
  t.like(t.throws(() => packs.tighten(pack(4), { tokenRequired: false })), { code: 'E_POLICY_WEAKEN_FORBIDDEN' });
  t.like(t.throws(() => packs.tighten(pack(3), { lockMinutes: 60 })), { code: 'E_POLICY_WEAKEN_FORBIDDEN' });
  t.like(packs.tighten(base, { maxFailures: 3, lockMinutes: null, tokenRequired: true, alone: { ...base.alone, minLength: 12 } }), { maxFailures: 3, lockMinutes: null, tokenRequired: true });
});
test('law: a pack tightened in any order of steps is never weaker than the one shipped', (t) => {
  fc.assert(fc.property(fc.array(fc.record({ maxFailures: fc.integer({ min: 1, max: 10 }), idleMinutes: fc.integer({ min: 1, max: 60 }), historyDepth: fc.integer({ min: 1, max: 50 }) }, { requiredKeys: [] }), { maxLength: 8 }), (changes) => {
    let now = pack(2);
    for (const change of changes) { try { now = packs.tighten(now, change); } catch { continue; } }
    return now.maxFailures <= 5 && now.idleMinutes <= 10 && now.historyDepth >= 5;
  }));
  t.pass();
});

const hash = fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: 64, maxLength: 64 }).map((all) => all.join(''));
test('law: a short code leads back to its audit entry, written large or small, with blanks and look-alikes', (t) => {
  fc.assert(fc.property(hash, (value) => {
    const code = shortCode(value);
    for (const written of [code, code.toLowerCase(), ` ${code.replaceAll('-', ' ')} `, code.replaceAll('0', 'O').replaceAll('1', 'l')]) {
      const read = readShortCode(written);
      t.true(read.from <= value && value.slice(0, 13) <= read.to);
      t.true(read.matches(value));
    }
    const other = `${value[0] === '0' ? '1' : '0'}${value.slice(1)}`;
    t.false(readShortCode(code).matches(other));
  }));
});
test('a short code that cannot be one is refused', (t) => {
  for (const bad of ['', '-', 'ABCD', 'U1234-23450', '中文123-12345', 'ZZZZZZZZZZZZZZZZ-0000']) t.is(codeOf(() => readShortCode(bad)), 'E_INPUT_INVALID', bad);
  t.is(codeOf(() => shortCode('a'.repeat(63))), 'E_INPUT_INVALID');
  t.is(codeOf(() => shortCode('A'.repeat(64))), 'E_INPUT_INVALID');
});
test('水印: unit and person, time in Shanghai with the short code, 档号 and order number', (t) => {
  const trace = { mark: null, code: '0001-WS·2026', orderNo: 'LY-2026-0001', person: '张三', unit: '某局', at: '2026-11-22T16:04:59.999Z', short: '3F9K2-M7Q0X' };
  t.is(traceText({ ...trace, mark: '机密★10年' })[0], '机密★10年', 'the mark stands on every page that is shown');
  t.deepEqual(traceText(trace), ['某局 张三', '2026-11-23 00:04 3F9K2-M7Q0X', '0001-WS·2026 LY-2026-0001']);
});
