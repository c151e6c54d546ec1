import test from 'ava';
import fc from 'fast-check';
import { checkPlan, isOverdue, nextBackup } from '../../core/backup-plan.js';
import { ArchiveError } from '../../core/errors.js';
import { admitStorage, climateFaults, monthsBefore, roundSize, staleBefore, type StorageKind } from '../../core/preservation.js';

const codeOf = (work: () => void): string => {
  try {
    work();
    return 'ok';
  } catch (error) {
    return error instanceof ArchiveError ? error.code : 'thrown';
  }
};

test('第二十七条二款: no cloud but the government one, nothing classified in any cloud, and none without its 安全责任约定', (t) => {
  const table: readonly [StorageKind, number, string | null, string][] = [
    ['local_appliance', 4, null, 'ok'], ['local_appliance', 0, null, 'ok'],
    ['gov_cloud', 0, '责〔2026〕1号', 'ok'], ['gov_cloud', 1, '责〔2026〕1号', 'ok'], ['gov_cloud', 1, null, 'E_CLOUD_STORAGE_FORBIDDEN'], ['gov_cloud', 1, '  ', 'E_CLOUD_STORAGE_FORBIDDEN'],
    ['gov_cloud', 2, '责〔2026〕1号', 'E_CLOUD_STORAGE_FORBIDDEN'], ['gov_cloud', 4, '责〔2026〕1号', 'E_CLOUD_STORAGE_FORBIDDEN'],
    ['other_cloud', 0, '责〔2026〕1号', 'E_CLOUD_STORAGE_FORBIDDEN'], ['other_cloud', 2, null, 'E_CLOUD_STORAGE_FORBIDDEN'],
  ];
  for (const [kind, level, responsibilityNo, expected] of table) t.is(codeOf(() => { admitStorage({ kind, level: level as 0, responsibilityNo }, 1); }), expected, `${kind} ${String(level)} ${String(responsibilityNo)}`);
});

test('第三十条: whoever keeps the interval has looked at everything within the set period, whatever the sample (law)', (t) => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 0, max: 4 }), fc.double({ min: 0.01, max: 1, noNaN: true }), fc.array(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 60 }), (intervalMonths, times, sampleRate, ages) => {
    const rule = { intervalMonths, sampleRate, coverMonths: intervalMonths * (times + 1) };
    let at = '2026-01-01T00:00:00.000Z';
    // Stored within the last two years, but none older than the period when the rounds begin.
    let seen = ages.map((age) => monthsBefore(at, Math.min(age, rule.coverMonths)));
    for (let round = 0; round < 8; round += 1) {
      const stale = seen.filter((one) => one < staleBefore(at, rule)).length;
      const wanted = roundSize(rule, seen.length, stale);
      const now = at;
      seen = [...seen].sort().map((one, place) => (place < wanted ? now : one));
      at = monthsBefore(at, -intervalMonths);
      if (seen.some((one) => one < monthsBefore(at, rule.coverMonths))) return false;
    }
    return true;
  }));
  t.is(roundSize({ sampleRate: 0.1 }, 0, 0), 0);
  t.is(roundSize({ sampleRate: 0.1 }, 5, 0), 1);
  t.is(roundSize({ sampleRate: 0.1 }, 100, 40), 40);
});

test('第三十条: a reading outside the range is named, on the edge it is not', (t) => {
  const range = { temperature: [14, 24], humidity: [40, 60] } as const;
  t.deepEqual(climateFaults({ temperature: 14, humidity: 60 }, range), []);
  t.deepEqual(climateFaults({ temperature: 27.5, humidity: 30 }, range), ['温度 27.5℃，应为 14–24℃', '相对湿度 30%，应为 40–60%']);
});

test('第二十八条: a plan that falls short of the policy is refused field by field; the next backup is the one that falls due first, full before incremental', (t) => {
  const limits = { fullDaysAtMost: 31, incrementalDaysAtMost: 7, drillDaysAtMost: 31, setsAtLeast: 2 };
  t.is(codeOf(() => { checkPlan({ fullDays: 31, incrementalDays: 7, drillDays: 31, sets: 2 }, limits); }), 'ok');
  for (const more of [{ fullDays: 32 }, { incrementalDays: 8 }, { drillDays: 32 }, { sets: 1 }, { fullDays: 3, incrementalDays: 4 }]) t.is(codeOf(() => { checkPlan({ fullDays: 31, incrementalDays: 7, drillDays: 31, sets: 2, ...more }, limits); }), 'E_INPUT_INVALID', JSON.stringify(more));
  const plan = { fullDays: 7, incrementalDays: 1 };
  t.deepEqual(nextBackup(plan, '2026-11-20', { full: null, any: null }), { kind: 'full', on: '2026-11-20' });
  t.deepEqual(nextBackup(plan, '2026-11-20', { full: '2026-11-20', any: '2026-11-20' }), { kind: 'incremental', on: '2026-11-21' });
  t.deepEqual(nextBackup(plan, '2026-11-20', { full: '2026-11-20', any: '2026-11-26' }), { kind: 'full', on: '2026-11-27' });
  t.deepEqual([isOverdue('2026-11-20', '2026-11-21', 1), isOverdue('2026-11-20', '2026-11-22', 1)], [false, true]);
});
