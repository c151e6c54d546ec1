import test from 'ava';
import fc from 'fast-check';
import { ACCESSION_EVENTS, ACCESSION_STATES, ACCESSION_STEPS, accept, arrive, close, dismiss, inspect, open, receipt, reconcileAccession, refuse, sendBack, signIn, store, type Accession, type AccessionEvent, type AccessionState, type ArrivalForm, type Counted, type Inspection } from '../../core/accession.js';
import { codeOf } from '../helpers/secrecy.js';

const AT = '2026-11-23T01:00:00.000Z';
const by = { by: 'P1', at: AT };
const form: ArrivalForm = {
  type: 'shouzang-arrival/v1', number: 'JS-2026-1123-0001', box: 'SZ-r', handoverNo: 'JJ-1', fromUnit: '移交单位', fromBox: 'SZ-s', mediumNo: 'ZT3-2026-0001', deviceNo: 'SB-1', quantity: 1, level: 3,
  sealNos: ['F-1'], sealsIntact: true, appearance: 'good', courier: '甲、乙', arrivedAt: AT, remark: '',
};
const sign = (person: string) => ({ person, token: `T${person}`, certificateSerial: `C${person}`, signature: 's', at: AT });
const opening = { ...by, packageNo: 'YJ-1', fonds: 'Z109', unit: '移交单位', volumes: [{ envelope: 'e', digest: 'd', manifest: 'm' }], items: 2, files: 3, bytes: 10, declared: { items: 2, bytes: 10 }, level: 3 as const };
const inspection = (more: Partial<Inspection> = {}): Inspection => ({ ...by, reportNo: '4P-1', run: 1, conclusion: 'qualified', defects: [], manualPending: [], ...more });
const failed = inspection({ conclusion: 'unqualified', defects: ['YJ-1-1'] });
const refusal = { ...by, code: 'E_ENVELOPE_CHUNK_TAG', defects: ['YJ-3-7'], packageNo: 'YJ-1', volumes: [] };
const decision = { ...by, outcome: 'accepted' as const, receiptNo: 'HZ-1', storageLocation: '一号库房' };

const arriving = arrive('A', form, by).next;
const signedIn = signIn(signIn(arriving, sign('P1')).next, sign('P2')).next;
const refused = refuse(signedIn, refusal).next;
const opened = open(signedIn, opening).next;
const inspected = inspect(opened, inspection()).next;
const accepted = accept(inspected, decision).next;
const stored = store(accepted, AT).next;
const returned = sendBack(inspect(opened, failed).next, by, 'HZ-1').next;
const receipted = receipt(stored, AT).next;
const IN: Readonly<Record<AccessionState, Accession>> = { arriving, signed_in: signedIn, refused, opened, inspected, accepted, stored, returned, receipted, closed: close(receipted, by).next, dismissed: dismiss(signedIn, by).next };
const DO: Readonly<Record<AccessionEvent, (it: Accession) => Accession>> = {
  sign: (it) => signIn(signIn(it, sign('P1')).next, sign('P2')).next, open: (it) => open(it, opening).next, refuse: (it) => refuse(it, { ...refusal, defects: [] }).next, dismiss: (it) => dismiss(it, by).next, inspect: (it) => inspect(it, inspection()).next,
  accept: (it) => accept(it, decision).next, return: (it) => sendBack(it, by, 'HZ-1').next, store: (it) => store(it, AT).next, receipt: (it) => receipt(it, AT).next, close: (it) => close(it, by).next,
};

/** The second copy of the table: from, event, to. */
const TABLE = `arriving sign signed_in; arriving dismiss dismissed; signed_in open opened; signed_in refuse refused; signed_in dismiss dismissed;
  refused open opened; refused refuse refused; refused return returned; refused dismiss dismissed; opened inspect inspected; inspected inspect inspected; inspected accept accepted;
  inspected return returned; accepted store stored; stored receipt receipted; returned receipt receipted; receipted close closed`;
const expected = new Map(TABLE.split(';').map((row) => row.trim().split(/\s+/u)).map(([from = '', event = '', to = '']) => [`${from} ${event}`, to]));
/** What the facts of these examples forbid although the state allows it. */
const BY_FACTS: Readonly<Record<string, string>> = { 'refused dismiss': 'E_STATE_INVALID', 'inspected return': 'E_RETURN_WITHOUT_DEFECT' };

test('第二十六条: every state of an accession × every event, the refused ones too', (t) => {
  t.deepEqual(Object.keys(ACCESSION_STEPS).sort(), Object.keys(IN).sort());
  for (const state of ACCESSION_STATES) {
    t.is(IN[state].state, state);
    for (const event of ACCESSION_EVENTS) {
      const [key, to] = [`${state} ${event}`, expected.get(`${state} ${event}`)];
      if (to === undefined || BY_FACTS[key] !== undefined) t.is(codeOf(() => DO[event](IN[state])), BY_FACTS[key] ?? 'E_STATE_INVALID', key);
      else t.is(DO[event](IN[state]).state, to as AccessionState, key);
    }
  }
});

test('第四十二条: one person, one key or one certificate cannot take a medium in', (t) => {
  const one = signIn(arriving, sign('P1')).next;
  t.is(one.state, 'arriving');
  t.is(codeOf(() => signIn(one, sign('P1'))), 'E_HANDOVER_TWO_PERSON');
  t.is(codeOf(() => signIn(one, { ...sign('P2'), token: 'TP1' })), 'E_HANDOVER_TWO_PERSON');
  t.is(codeOf(() => signIn(one, { ...sign('P2'), certificateSerial: 'CP1' })), 'E_HANDOVER_TWO_PERSON');
  t.is(codeOf(() => arrive('A', { ...form, sealNos: [] }, by)), 'E_INPUT_INVALID');
});

test('第二十三条: a compliant batch cannot be returned, a defective one not accepted; what was never ours is neither', (t) => {
  t.is(codeOf(() => sendBack(inspected, by, 'HZ-1')), 'E_RETURN_WITHOUT_DEFECT');
  const bad = inspect(opened, failed).next;
  t.is(codeOf(() => accept(bad, decision)), 'E_4P_FAILED');
  t.deepEqual(sendBack(bad, by, 'HZ-1').next.decision.defects, ['YJ-1-1']);
  t.is(codeOf(() => accept(inspect(opened, inspection({ conclusion: 'conditional', manualPending: ['YJ-4-6'] })).next, decision)), 'E_STATE_INVALID');
  const foreign = refuse(signedIn, { ...refusal, code: 'E_ENVELOPE_FOREIGN', defects: [] }).next;
  t.is(codeOf(() => sendBack(foreign, by, 'HZ-1')), 'E_RETURN_WITHOUT_DEFECT');
  t.is(dismiss(foreign, by).next.state, 'dismissed');
});

test('domain/05 §4.1: who took the envelope off, and when, is entered', (t) => {
  const { audit } = open(signedIn, opening);
  t.deepEqual([audit.detail?.['envelopeRemovedBy'], audit.detail?.['envelopeRemovedAt']], ['P1', AT]);
});

const whole: Counted = { declared: { items: 2, bytes: 10 }, found: { items: 2, bytes: 10 }, catalogue: ['A', 'B'], contents: ['A', 'B'], transferList: ['B', 'A'], attachments: { 开放意见: ['A', 'B'], 信息公开: ['A', 'B'] } };
test('第二十四、二十五条: list, catalogue, attachments, contents and counts are held against each other', (t) => {
  t.deepEqual(reconcileAccession(whole), []);
  const defects = (more: Partial<Counted>) => reconcileAccession({ ...whole, ...more }).map(({ defect, archivalCode }) => `${defect} ${archivalCode ?? ''}`.trim());
  t.deepEqual(defects({ declared: { items: 3, bytes: 10 } }), ['YJ-2-1']);
  t.deepEqual(defects({ found: { items: 2, bytes: 11 } }), ['YJ-2-2']);
  t.deepEqual(defects({ transferList: null }), ['KM-05']);
  t.deepEqual(defects({ transferList: ['A'] }), ['KM-05 B']);
  t.deepEqual(defects({ transferList: ['A', 'B', 'C'] }), ['KM-05 C']);
  t.deepEqual(defects({ catalogue: ['A', 'B', 'B'] }), ['KM-05']);
  t.deepEqual(defects({ attachments: { 开放意见: null, 信息公开: ['A'] } }), ['KM-04', 'KM-04 B']);
});

test('law: reconciliation is empty exactly when every list names every item once and the counts agree', (t) => {
  const codes = fc.uniqueArray(fc.constantFrom('A', 'B', 'C', 'D'), { minLength: 1 });
  fc.assert(fc.property(codes, fc.array(fc.constantFrom('A', 'B', 'C', 'D')), fc.nat({ max: 1 }), (contents, listed, off) => {
    const agree = [...listed].sort().join() === [...contents].sort().join();
    const found = reconcileAccession({ ...whole, contents, catalogue: contents, transferList: listed, attachments: {}, declared: { items: 2 + off, bytes: 10 } });
    t.is(found.length === 0, agree && off === 0);
  }));
});
