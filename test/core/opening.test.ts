import test from 'ava';
import { isEarly, levelAfter, openingDueOn, requireOpenable, requireReview } from '../../core/opening.js';
import type { OpeningAsk, OpeningFacts } from '../../core/opening.js';
import type { Level } from '../../core/ports.js';
import { codeOf } from '../helpers/secrecy.js';

const FACTS: OpeningFacts = { level: 1, documentDate: '2001-11-23', archivalYear: 2001, secretMatter: false, wasSecret: false };
const ASK: OpeningAsk = { decision: 'open', deferredUntil: null, secrecyReviewNo: null };

test('第三十二条: a record is due for opening twenty-five years after it was formed, to the day', (t) => {
  t.is(openingDueOn(FACTS, 25), '2026-11-23');
  t.false(isEarly(FACTS, 25, '2026-11-23'));
  t.true(isEarly(FACTS, 25, '2026-11-22'));
  t.is(openingDueOn({ documentDate: null, archivalYear: 2001 }, 25), '2026-12-31', 'without a day, the last of its year');
  t.is(openingDueOn({ documentDate: null, archivalYear: null }, 25), null);
  t.true(isEarly({ documentDate: null, archivalYear: null }, 25, '2026-11-23'));
  t.is(openingDueOn({ documentDate: '2000-02-29', archivalYear: 2000 }, 25), '2025-02-28');
});

test('第三十二条: nothing is opened while it is a state secret or may turn out to be one (E_OPEN_CLASSIFIED); every level × matter', (t) => {
  for (const level of [0, 1, 2, 3, 4] as const) {
    for (const secretMatter of [false, true]) {
      const refused = codeOf(() => { requireOpenable({ level, secretMatter }); });
      t.is(refused, level >= 2 || secretMatter ? 'E_OPEN_CLASSIFIED' : null, `${String(level)} ${String(secretMatter)}`);
      t.is(codeOf(() => { requireReview({ ...FACTS, level, secretMatter }, { ...ASK, decision: 'controlled' }, '2026-11-23', 10); }), null, 'it may be kept under control');
    }
  }
});

test('第三十二条、保密法实施条例第三十六条: what was secret is opened only with the number of its 保密审查; a deferral names its day', (t) => {
  const review = (facts: Partial<OpeningFacts>, ask: Partial<OpeningAsk>): string | null => codeOf(() => { requireReview({ ...FACTS, ...facts }, { ...ASK, ...ask }, '2026-11-23', 10); });
  t.is(review({ wasSecret: true }, {}), 'E_INPUT_INVALID');
  t.is(review({ wasSecret: true }, { secrecyReviewNo: '密审〔2026〕3号' }), null);
  t.is(review({}, { decision: 'deferred' }), 'E_INPUT_INVALID');
  t.is(review({}, { decision: 'deferred', deferredUntil: '2026-11-23' }), 'E_INPUT_INVALID');
  t.is(review({}, { decision: 'deferred', deferredUntil: '2036-11-24' }), 'E_INPUT_INVALID');
  t.is(review({ level: 3 }, { decision: 'deferred', deferredUntil: '2036-11-23' }), null);
});

test('第三十二条: the decision settles the level: opened is 公开, controlled no lower than 内部, a state secret stays what it is', (t) => {
  const after = (decision: OpeningAsk['decision']) => ([0, 1, 2, 3, 4] as const).map((level: Level) => levelAfter(decision, level));
  t.deepEqual(after('open'), [0, 0, 2, 3, 4]);
  t.deepEqual(after('controlled'), [1, 1, 2, 3, 4]);
  t.deepEqual(after('deferred'), [1, 1, 2, 3, 4]);
});
