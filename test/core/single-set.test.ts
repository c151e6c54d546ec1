import test from 'ava';
import { missingElements, requireSettled, reviewSingleSet, submitSingleSet } from '../../core/single-set.js';
import type { SingleSetClaim } from '../../core/single-set.js';
import { codeOf } from '../helpers/secrecy.js';

const AT = '2026-11-23T02:00:00.000Z';
const yes = { met: true, evidence: '登记的业务系统' };
const CLAIM: SingleSetClaim = { electronicOnly: true, sourceReliable: yes, procedureCompliant: yes, elementsCompliant: yes, paperRequiredBasis: null };
const SEEN = { inspected: true, rejected: 0 };

test('第五条: kept as electronic files alone only when source, procedure and elements are all met (E_SINGLE_SET_NOT_ELIGIBLE): every combination', (t) => {
  for (let bits = 0; bits < 16; bits += 1) {
    const met = (bit: number) => ({ ...yes, met: (bits & bit) === 0 });
    const claim: SingleSetClaim = { electronicOnly: true, sourceReliable: met(1), procedureCompliant: met(2), elementsCompliant: met(4), paperRequiredBasis: (bits & 8) === 0 ? null : '会计法第二十三条' };
    t.is(codeOf(() => submitSingleSet(claim, 'P1', AT)), bits === 0 ? null : 'E_SINGLE_SET_NOT_ELIGIBLE', String(bits));
    t.is(codeOf(() => submitSingleSet({ ...claim, electronicOnly: false }, 'P1', AT)), null, 'with paper beside it, it may be handed in');
  }
  t.deepEqual(missingElements({ ...CLAIM, procedureCompliant: { ...yes, met: false } }), ['程序规范']);
});

test('第五条: reviewed by another person, after the inspection; a batch that claims it is not filed before', (t) => {
  const it = submitSingleSet(CLAIM, 'P1', AT);
  t.is(codeOf(() => reviewSingleSet(it, 'approve', 'P1', AT, '同意', SEEN)), 'E_SOD_SELF_APPROVAL');
  t.is(codeOf(() => reviewSingleSet(it, 'approve', 'P2', AT, '同意', { inspected: false, rejected: 0 })), 'E_SINGLE_SET_NOT_ELIGIBLE');
  t.is(codeOf(() => reviewSingleSet(it, 'approve', 'P2', AT, '同意', { inspected: true, rejected: 1 })), 'E_SINGLE_SET_NOT_ELIGIBLE');
  const approved = reviewSingleSet(it, 'approve', 'P2', AT, '同意', SEEN);
  t.is(codeOf(() => reviewSingleSet(approved, 'return', 'P2', AT, '退回', SEEN)), 'E_STATE_INVALID');
  t.is(codeOf(() => { requireSettled(it); }), 'E_SINGLE_SET_NOT_ELIGIBLE');
  t.is(codeOf(() => { requireSettled(reviewSingleSet(it, 'return', 'P2', AT, '缺证据', SEEN)); }), 'E_SINGLE_SET_NOT_ELIGIBLE');
  for (const settled of [undefined, approved, submitSingleSet({ ...CLAIM, electronicOnly: false }, 'P1', AT)]) t.is(codeOf(() => { requireSettled(settled); }), null);
});
