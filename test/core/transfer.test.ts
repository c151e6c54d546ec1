import test from 'ava';
import { amend, approve, close, drawUpHandover, inspectTransfer, isUnderWay, nextTransferState, planTransfer, prepare, receive, requireRoad, seal, settle, signHandover, TRANSFER_EVENTS, TRANSFER_STATES, TRANSFER_STEPS, withdraw } from '../../core/transfer.js';
import type { HandoverForm, HandoverSignature, ReceiptNews, SealedPackage, TransferBatch, TransferEvent, TransferPlan, TransferState } from '../../core/transfer.js';
import { asked, requireChecked, transferChecks } from '../../core/transfer-checklist.js';
import type { TransferFacts, TransferRecordFacts } from '../../core/transfer-checklist.js';
import { ArchiveError } from '../../core/errors.js';
import { TransferPolicy } from '../../policies/schemas/transfer.js';
import { shippedFile } from '../helpers/secrecy.js';

const codeOf = (work: () => unknown): string | null => { try { work(); return null; } catch (error) { return error instanceof ArchiveError ? error.code : 'other'; } };
const ACT = { by: 'a', at: '2026-11-23T01:00:00.000Z' };
const PLAN: TransferPlan = {
  taskName: 'Z109 2026 年第 1 批', contentDescription: '文书档案', mode: 'offline_medium', address: null, counterpart: 'c', carrier: 'm', device: 'YJ-01', mediumTest: { on: '2026-11-20', method: '全盘校验', qualified: true },
  overdueReason: null, extension: null, early: null,
};
const PACKAGE: SealedPackage = { ...ACT, packageNo: 'YJ-1', handoverNo: 'JJ-1', records: 1, files: 1, bytes: 1, volumes: [{ name: 'v1', envelope: null, digest: '0', manifestDigest: '0', bytes: 1, records: 1 }] };
const form = (more: Partial<HandoverForm> = {}): HandoverForm => ({
  type: 'shouzang-handover/v1', handoverNo: 'JJ-1', batchNo: 'YJ-1', packageNo: 'YJ-1', box: 'SZ-1', from: '甲', to: '乙', toBox: 'SZ-2', mediumNo: 'ZT3-1', quantity: 1, setNo: '1/1', level: 3, mark: '机密★20年', records: 1,
  volumes: [], sealNos: ['F1'], packaging: '密封袋', channel: 'courier', couriers: [{ person: 'p', name: '人' }], dueOn: '2026-11-30', drawnUpAt: ACT.at, remark: '', ...more,
});
const signature = (person: string, token = person): HandoverSignature => ({ person, token, certificateSerial: `${token}1`, signature: 's', at: ACT.at });
const news = (outcome: 'accepted' | 'returned', defects: readonly string[] = []): ReceiptNews => ({ ...ACT, receiptNo: 'H1', outcome, defects, decidedAt: ACT.at });

/** One batch in every state, the same steps as a batch goes. */
function everyState(): Readonly<Record<TransferState, TransferBatch>> {
  const planned = planTransfer({ id: 'b', number: 'YJ-1', level: 3, plan: PLAN, planned: ACT }).next;
  const prepared = prepare(planned, ACT).next;
  const inspected = inspectTransfer(prepared, ACT, '4P').next;
  const approved = approve(inspected, ACT, 'sp', true).next;
  const sealed = seal(approved, PACKAGE).next;
  const dispatched = signHandover(signHandover(drawUpHandover(sealed, form()), signature('x')).next, signature('y')).next;
  const received = receive(dispatched, news('accepted')).next;
  const refused = receive(dispatched, news('returned', ['YJ-1-1'])).next;
  const accepted = settle(received).next;
  const returned = settle(refused).next;
  return { planned, prepared, inspected, approved, sealed, dispatched, received, accepted, returned, closed: close(accepted, ACT, '办结').next, withdrawn: withdraw(planned, ACT, '撤').next };
}

test('第二十二至二十六条: every state of a transfer × every event, the refused ones too', (t) => {
  const states = everyState();
  const run: Record<TransferEvent, (it: TransferBatch) => { next: TransferBatch }> = {
    amend: (it) => amend(it, {}), prepare: (it) => prepare(it, ACT), inspect: (it) => inspectTransfer(it, ACT, '4P'), approve: (it) => approve(it, ACT, 'sp', true), seal: (it) => seal(it, PACKAGE),
    dispatch: (it) => signHandover(signHandover(drawUpHandover(it, form()), signature('x')).next, signature('y')),
    receive: (it) => receive(it, news('accepted')), accept: settle,
    return: (it) => settle(it.state === 'received' ? { ...it, receipt: news('returned', ['YJ-2-1']) } : it), close: (it) => close(it, ACT, '办结'), withdraw: (it) => withdraw(it, ACT, '撤'),
  };
  for (const state of TRANSFER_STATES) {
    t.is(states[state].state, state);
    for (const event of TRANSFER_EVENTS) {
      const to = nextTransferState(state, event);
      if (to === undefined) t.is(codeOf(() => run[event](states[state])), 'E_STATE_INVALID', `${state} × ${event}`);
      else t.is(run[event](states[state]).next.state, to, `${state} × ${event}`);
    }
  }
  t.false(Object.values(TRANSFER_STEPS).some((row) => Object.entries(row).some(([event, to]) => to === 'planned' && event !== 'amend')), 'never back to planned');
  t.deepEqual(TRANSFER_STATES.filter(isUnderWay), ['planned', 'prepared', 'inspected', 'approved', 'sealed', 'dispatched', 'received']);
  t.false('inspected' in amend(states.approved, {}).next, 'a change after the approval takes inspection and approval away');
});

test('第四十二条: one person or one key cannot complete a handover; 绝密 travels with two; a secret is sealed', (t) => {
  const { sealed } = everyState();
  const drawn = drawUpHandover(sealed, form());
  const once = signHandover(drawn, signature('x')).next;
  t.is(once.state, 'sealed');
  t.is(codeOf(() => signHandover(once, signature('x'))), 'E_HANDOVER_TWO_PERSON');
  t.is(codeOf(() => signHandover(once, signature('x2', 'x'))), 'E_HANDOVER_TWO_PERSON', 'two accounts with one key');
  t.is(signHandover(once, signature('y')).next.state, 'dispatched');
  t.is(codeOf(() => signHandover(sealed, signature('x'))), 'E_STATE_INVALID', 'nothing drawn up yet');
  t.is(codeOf(() => drawUpHandover(sealed, form({ level: 4 }))), 'E_HANDOVER_TWO_PERSON');
  t.is(codeOf(() => drawUpHandover(sealed, form({ level: 4, couriers: [{ person: 'p', name: '' }, { person: 'p', name: '' }] }))), 'E_HANDOVER_TWO_PERSON', 'one person twice');
  t.is(codeOf(() => drawUpHandover(sealed, form({ level: 4, couriers: [{ person: 'p', name: '' }, { person: 'q', name: '' }] }))), null);
  t.is(codeOf(() => drawUpHandover(sealed, form({ sealNos: [] }))), 'E_INPUT_INVALID');
  t.is(codeOf(() => drawUpHandover(sealed, form({ sealNos: [], level: 1 }))), null);
  t.is(codeOf(() => drawUpHandover(sealed, form({ couriers: [] }))), 'E_INPUT_INVALID');
});

test('第二十三条: what is returned names a defect; 第二十二条: the internet is refused whatever is asked or set', (t) => {
  const { dispatched } = everyState();
  t.is(codeOf(() => settle(receive(dispatched, news('returned')).next)), 'E_RETURN_WITHOUT_DEFECT');
  for (const [mode, address, registered] of [['internet', null, []], ['internet', 'https://x', ['https://x']], ['dedicated_network', null, ['zw.example']], ['dedicated_network', 'other.example', ['zw.example']], ['offline_medium', 'https://x', ['https://x']], ['', null, []]] as const) {
    t.is(codeOf(() => { requireRoad(mode, address, registered); }), 'E_TRANSFER_OVER_INTERNET', `${mode} ${String(address)}`);
  }
  t.is(codeOf(() => { requireRoad('offline_medium', null, []); }), null);
  t.is(codeOf(() => { requireRoad('dedicated_network', 'zw.example', ['zw.example']); }), null);
});

const policy = shippedFile('transfer.json', TransferPolicy);
const record = (more: Partial<TransferRecordFacts> = {}): TransferRecordFacts => ({
  code: 'Z109-WS·2021-Y-BGS-0001', record: 'r1', level: 3, filed: true, dueOn: '2026-11-23', signatureLeft: false, encrypted: false, compressed: false, attached: { openOpinion: true, foiStatus: true, classificationChange: true },
  markWhole: true, marked: true, reviewed: true, ...more,
});
const facts = (more: Partial<TransferFacts> = {}): TransferFacts => ({
  today: '2026-11-23', plan: PLAN, level: 3, records: [record()], companions: ['fonds_dossier', 'finding_aid'], counterpart: { inForce: true, systemLevel: 3 }, medium: { usable: true, cap: 3 },
  device: { certified: true, certifiedLevel: 3 }, network: false, run: { qualified: true, stale: false }, approved: { head: true, officer: true }, ...more,
});
const EARLY = { consentNo: '馆收〔2026〕1号', rights: { use: '原单位', convert: '档案馆', migrate: '档案馆' }, foiHandler: '原单位' };
const EXTENSION = { basis: 'secrecy', approvedBy: '市档案局', approvalNo: '昆档〔2026〕2号', newDueOn: '2027-01-01' } as const;
const MISSING: readonly (readonly [key: string, code: string, change: Partial<TransferFacts>])[] = [
  ['list', 'E_TRANSFER_LIST_MISSING', { records: [] }], ['list', 'E_TRANSFER_LIST_MISSING', { records: [record({ filed: false })] }],
  ['road', 'E_TRANSFER_OVER_INTERNET', { plan: { ...PLAN, mode: 'dedicated_network', address: 'zw.example' } }],
  ['early', 'E_TRANSFER_EARLY_CONSENT', { records: [record({ dueOn: '2026-11-24' })], plan: { ...PLAN, early: { ...EARLY, consentNo: '' } } }],
  ['rights', 'E_TRANSFER_RIGHTS_UNDEFINED', { records: [record({ dueOn: '2031-05-06' })], plan: { ...PLAN, early: { ...EARLY, rights: { ...EARLY.rights, migrate: ' ' } } } }],
  ['extension', 'E_TRANSFER_EXTENSION_CONSENT', { records: [record({ dueOn: '2026-11-22' })], plan: { ...PLAN, overdueReason: '整理未毕' } }],
  ['extension', 'E_TRANSFER_EXTENSION_CONSENT', { records: [record({ dueOn: '2026-11-22' })], plan: { ...PLAN, overdueReason: '整理未毕', extension: { ...EXTENSION, newDueOn: '2026-11-22' } } }],
  ['overdueReason', 'E_OVERDUE_REASON_REQUIRED', { records: [record({ dueOn: '2026-11-22' })], plan: { ...PLAN, extension: EXTENSION } }],
  ['relations', 'E_ARRANGE_RELATION_BROKEN', { records: [record({ apart: ['附件 Z109-WS·2026·D10·BGS-0002'] })] }],
  ['signatures', 'E_SEAL_SIGNATURE_PRESENT', { records: [record({ signatureLeft: true })] }], ['encryption', 'E_FMT_ENCRYPTED', { records: [record({ encrypted: true })] }], ['compression', 'E_FMT_COMPRESSED', { records: [record({ compressed: true })] }],
  ...(['openOpinion', 'foiStatus', 'classificationChange'] as const).map((key) => [key, 'E_TRANSFER_ATTACHMENTS_MISSING', { records: [record({ attached: { ...record().attached, [key]: false } })] }] as const),
  ['companions', 'E_TRANSFER_COMPANIONS_MISSING', { companions: ['fonds_dossier'] }], ['companions', 'E_TRANSFER_COMPANIONS_MISSING', { companions: ['finding_aid'] }],
  ['marks', 'E_CLS_MARK_MISSING', { records: [record({ marked: false })] }], ['bindings', 'E_MARK_BINDING', { records: [record({ markWhole: false })] }], ['review', 'E_TRANSFER_DECLASS_REVIEW_REQUIRED', { records: [record({ reviewed: false })] }],
  ['counterpart', 'E_COUNTERPART_NOT_IN_FORCE', { counterpart: { inForce: false, systemLevel: 3 } }], ['counterpart', 'E_COUNTERPART_NOT_IN_FORCE', { counterpart: null }], ['counterpartLevel', 'E_COUNTERPART_LEVEL', { counterpart: { inForce: true, systemLevel: 2 } }],
  ['medium', 'E_TRANSFER_MEDIUM_UNREGISTERED', { medium: null }], ['medium', 'E_TRANSFER_MEDIUM_UNREGISTERED', { medium: { usable: false, cap: 3 } }], ['mediumLevel', 'E_TRANSFER_MEDIUM_LEVEL', { medium: { usable: true, cap: 2 } }],
  ['mediumTest', 'E_TRANSFER_MEDIUM_UNTESTED', { plan: { ...PLAN, mediumTest: null } }], ['mediumTest', 'E_TRANSFER_MEDIUM_UNTESTED', { plan: { ...PLAN, mediumTest: { on: '2026-11-20', method: 'x', qualified: false } } }],
  ['mediumTest', 'E_TRANSFER_MEDIUM_UNTESTED', { plan: { ...PLAN, mediumTest: { on: '2025-11-22', method: 'x', qualified: true } } }],
  ['device', 'E_DEVICE_NOT_CERTIFIED', { device: null }], ['device', 'E_DEVICE_NOT_CERTIFIED', { device: { certified: false, certifiedLevel: 3 } }], ['deviceLevel', 'E_DEVICE_LEVEL', { device: { certified: true, certifiedLevel: 2 } }],
  ['inspected', 'E_TRANSFER_NOT_INSPECTED', { run: null }], ['inspected', 'E_TRANSFER_NOT_INSPECTED', { run: { qualified: true, stale: true } }], ['qualified', 'E_4P_FAILED', { run: { qualified: false, stale: false } }],
  ['head', 'E_APPROVAL_REQUIRED', { approved: { head: false, officer: true } }], ['officer', 'E_APPROVAL_REQUIRED', { approved: { head: true, officer: false } }],
];

for (const [at, [key, code, change]] of MISSING.entries()) {
  test(`第二十二至二十五、四十二条: with ${key} alone missing (${String(at + 1)}) sealing is refused with ${code}`, (t) => {
    const checks = transferChecks(facts(change), policy);
    t.deepEqual(checks.filter(({ passed }) => !passed).map((one) => one.key), [key]);
    t.is(codeOf(() => { requireChecked(checks, 'seal'); }), code);
    t.true(checks.filter(({ passed }) => !passed).every(({ text, article }) => text !== '' && /^第.+条$/u.test(article)));
  });
}

test('第二十五条: with all present sealing is allowed; an ordinary batch needs no device and no officer; every line of the list is tried missing above', (t) => {
  const all = transferChecks(facts(), policy);
  t.true(all.every(({ passed }) => passed));
  t.notThrows(() => { requireChecked(all, 'seal'); });
  t.deepEqual([...new Set(MISSING.map(([key]) => key))].sort(), [...new Set(all.map(({ key }) => key))].sort());
  const ordinary = facts({ level: 1, records: [record({ level: 1 })], device: null, counterpart: { inForce: true, systemLevel: 1 }, medium: { usable: true, cap: 1 }, approved: { head: true, officer: false } });
  t.notThrows(() => { requireChecked(transferChecks(ordinary, policy), 'seal'); });
  t.notThrows(() => { requireChecked(transferChecks(facts({ records: [record({ dueOn: '2031-05-06' })], plan: { ...PLAN, early: EARLY } }), policy), 'seal'); });
  t.notThrows(() => { requireChecked(transferChecks(facts({ records: [record({ dueOn: '2020-05-06' })], plan: { ...PLAN, extension: EXTENSION, overdueReason: '整理未毕' } }), policy), 'seal'); });
  t.notThrows(() => { requireChecked(transferChecks(facts({ run: null, approved: { head: false, officer: false } }), policy), 'prepare'); });
  t.is(asked(all, 'prepare').length, all.length - 4);
  t.notThrows(() => { requireChecked(transferChecks(facts({ plan: { ...PLAN, mode: 'dedicated_network', address: 'zw.example' }, network: true }), policy), 'seal'); });
});
