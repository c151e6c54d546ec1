import test from 'ava';
import fc from 'fast-check';
import type { ConversionState } from '../../core/conversion.js';
import { CONVERSION_EVENTS, CONVERSION_STATES, CONVERSION_TRANSITIONS, isOpenConversion, nextConversion, outcomeOfItems, requireAssessed, requireReviewer, textRecall } from '../../core/conversion.js';
import { conversionChecks } from '../../core/conversion-checks.js';
import type { Converted } from '../../core/conversion-checks.js';
import { ArchiveError } from '../../core/errors.js';

const codeOf = (work: () => unknown): string => {
  try { work(); return 'ok'; } catch (error) { if (error instanceof ArchiveError) return error.code; throw error; }
};

test('第三十一条: every state × event of a conversion: what the table does not name is E_STATE_INVALID', (t) => {
  for (const state of CONVERSION_STATES) {
    const row: Readonly<Partial<Record<string, ConversionState>>> = CONVERSION_TRANSITIONS[state];
    for (const event of CONVERSION_EVENTS) {
      const next = row[event];
      if (next === undefined) t.is(codeOf(() => nextConversion(state, event)), 'E_STATE_INVALID', `${state} × ${event}`);
      else t.is(nextConversion(state, event), next);
    }
  }
});

test('第三十一条: no order of events reaches adopted without an approval, a run and a check before it', (t) => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...CONVERSION_EVENTS), { maxLength: 40 }), (events) => {
    let state = CONVERSION_STATES[0] ?? 'drafted';
    const went: string[] = [];
    for (const event of events) {
      try { state = nextConversion(state, event); went.push(event); } catch { /* Refused. */ }
    }
    if (!went.includes('adopt')) return;
    const order = ['ask', 'approve', 'start', 'check', 'adopt'].map((event) => went.lastIndexOf(event));
    if (order.some((at, n) => n > 0 && at < (order[n - 1] ?? 0))) throw new Error(went.join(' '));
  }), { numRuns: 2000 });
  t.pass();
});

const RULES = { required: [{ key: 'content', name: '内容' }, { key: 'layout', name: '版式' }], measureFrom: 6 };
const risk = (key: string, likelihood: number, impact: number, measure = '') => ({ risk: key, likelihood, impact, measure });
const ASSESSED: readonly (readonly [why: string, need: string, risks: readonly ReturnType<typeof risk>[], code: string])[] = [
  ['nothing written', '', [], 'E_MIGRATION_RISK_ASSESSMENT'],
  ['a need alone', '旧格式', [], 'E_MIGRATION_RISK_ASSESSMENT'],
  ['one kind of risk left out', '旧格式', [risk('content', 1, 1)], 'E_MIGRATION_RISK_ASSESSMENT'],
  ['a high risk without a measure', '旧格式', [risk('content', 2, 3), risk('layout', 1, 1)], 'E_MIGRATION_RISK_ASSESSMENT'],
  ['risks without a need', '', [risk('content', 1, 1), risk('layout', 1, 1)], 'E_MIGRATION_RISK_ASSESSMENT'],
  ['all of it', '旧格式', [risk('content', 2, 3, '比对'), risk('layout', 1, 1)], 'ok'],
];
for (const [why, need, risks, code] of ASSESSED) {
  test(`第三十一条: need analysis and risk assessment before the approval: ${why} → ${code}`, (t) => { t.is(codeOf(() => { requireAssessed({ need, risks }, RULES); }), code); });
}

test('第三十一条: neither who drafted nor who started reviews', (t) => {
  const it = { id: 'c', draftedBy: 'a', startedBy: 'b' };
  t.deepEqual(['a', 'b', 'c'].map((person) => codeOf(() => { requireReviewer(it, person); })), ['E_SOD_CONFLICT', 'E_SOD_CONFLICT', 'ok']);
  t.deepEqual([outcomeOfItems([{ state: 'failed' }, { state: 'passed' }]), outcomeOfItems([{ state: 'failed' }])], ['check', 'fail']);
  t.deepEqual(CONVERSION_STATES.filter(isOpenConversion), ['drafted', 'asked', 'approved', 'running', 'paused', 'checked']);
});

test('第三十一条: text recall is 1 for the same words in another layout, and falls with what is lost', (t) => {
  t.is(textRecall('关于防汛工作的通知\n一、加强值守', '关于防汛工作的通知 一、加强值守  第 1 页'), 1);
  t.is(textRecall('', '任何'), 1);
  t.true(textRecall('关于防汛工作的通知,各县区水利局', '关于防汛工作') < 0.5);
});

const EVIDENCE: Converted['evidence'] = { sourcePages: 3, targetPages: 3, recall: 1, pixelMean: 0, sameSize: true, exact: true, told: '' };
const GOOD: Converted = {
  source: { sm3: 'aa', bytes: 10, mime: 'image/gif', format: 'GIF' }, read: { sm3: 'aa', bytes: 10 }, target: { sm3: 'bb', bytes: 20, mime: 'image/tiff', format: 'TIFF' }, reread: 'bb',
  judgement: { format: { mime: 'image/tiff', name: 'TIFF', version: null, puid: null }, facts: { valid: true }, verdict: 'accept', findings: [] }, evidence: EVIDENCE,
};
const ROW = { to: { mime: 'image/tiff', extension: 'tif', format: '' }, compare: 'pixels' as const };
const LIMITS = { textRecall: 0.98, pixelMean: 0, lossyPixelMean: 3 };
const failed = (it: Converted, row: Parameters<typeof conversionChecks>[1] = ROW) => conversionChecks(it, row, LIMITS).filter(({ passed }) => !passed).map(({ code }) => code);
const BROKEN: readonly (readonly [why: string, it: Converted, codes: readonly string[]])[] = [
  ['everything holds', GOOD, []],
  ['the source is not what was registered', { ...GOOD, read: { sm3: 'cc', bytes: 10 } }, ['GD-1-10']],
  ['the sealed target reads otherwise', { ...GOOD, reread: 'cc' }, ['GD-1-11']],
  ['another format came out', { ...GOOD, target: { ...GOOD.target, mime: 'image/png' } }, ['GD-1-9']],
  ['pages were lost', { ...GOOD, evidence: { ...EVIDENCE, targetPages: 1 } }, ['GD-2-7']],
  ['a pixel differs', { ...GOOD, evidence: { ...EVIDENCE, pixelMean: 0.01 } }, ['DB-1']],
  ['nothing could be compared', { ...GOOD, evidence: { ...EVIDENCE, pixelMean: null, sameSize: null } }, ['DB-1']],
  ['the target does not open', { ...GOOD, judgement: { ...GOOD.judgement, facts: { valid: false }, verdict: 'reject' } }, ['GD-3-3', 'GD-3-4']],
  ['the target is encrypted', { ...GOOD, judgement: { ...GOOD.judgement, facts: { encrypted: true } } }, ['KM-02']],
];
for (const [why, it, codes] of BROKEN) test(`第三十一条: re-inspection after a conversion: ${why} → ${codes.join(' ') || 'qualified'}`, (t) => { t.deepEqual(failed(it), codes); });
test('第三十一条: a PDF that is no PDF/A fails the declared format; text below the share fails the comparison', (t) => {
  const pdf = { ...ROW, to: { mime: 'application/pdf', extension: 'pdf', format: '^PDF/A' }, compare: 'text' as const };
  const it: Converted = { ...GOOD, target: { ...GOOD.target, mime: 'application/pdf', format: 'PDF 1.7' }, evidence: { ...EVIDENCE, recall: 0.97 } };
  t.deepEqual(failed(it, pdf), ['GD-1-9', 'DB-1']);
});
