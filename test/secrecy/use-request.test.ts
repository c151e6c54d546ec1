import { readFileSync } from 'node:fs';
import test from 'ava';
import { inPackage } from '../../appliance/package-root.js';
import type { UseMode, UsePolicy } from '../../policies/schemas/use.js';
import { decide } from '../../secrecy/access.js';
import { approveUse, assessUse, closeUse, readingUntil, refuseUse, requestUse, requireCopy, requireMode, seatsFor, useStanding } from '../../secrecy/use-request.js';
import type { Approved, Requested, Submitted, UseCase, UseFacts } from '../../secrecy/use-request.js';
import { codeOf, person, SECRET_BOX, shipped, thing } from '../helpers/secrecy.js';

const POLICY = JSON.parse(readFileSync(inPackage('policies', 'use.json'), 'utf8')) as UsePolicy;
const AT = '2026-11-23T02:00:00.000Z';
const ASK: Omit<Requested, 'state'> = { id: 'U', no: 'LY-2026-0001', applicant: 'P1', mode: 'print', channel: 'lan', purpose: '编史', codes: ['Z109-WS·2020·D10·DAS-0001'], clue: null, behalf: null, requestedAt: AT, level: 1 };
const BY = { assessedBy: 'P2', opinion: '可提供', consent: null, approval: 'A' };
const requested: Requested = { ...ASK, state: 'requested' };
const submitted: Submitted = { ...ASK, ...BY, state: 'submitted' };
const approved: Approved = { ...ASK, ...BY, state: 'approved', approvedAt: AT, validUntil: '2026-11-30' };
const EVERY: readonly UseCase[] = [requested, submitted, approved, refuseUse(requested, 'P2', AT, '查无此件').next, closeUse(approved, AT, null).next];

test('第三十四条: 利用单, every state × event: what is not for a state is refused', (t) => {
  const events = {
    assess: (it: UseCase) => assessUse(it, BY, 1, 1), approve: (it: UseCase) => approveUse(it, 'A', AT, '2026-11-23', POLICY), refuse: (it: UseCase) => refuseUse(it, 'P2', AT, '不予提供'), close: (it: UseCase) => closeUse(it, AT, null),
  };
  const allowed: Readonly<Record<keyof typeof events, readonly string[]>> = { assess: ['requested', 'submitted'], approve: ['submitted'], refuse: ['requested', 'submitted'], close: ['approved'] };
  for (const it of EVERY) for (const [name, step] of Object.entries(events)) t.is(codeOf(() => step(it)), allowed[name as keyof typeof events].includes(it.state) ? null : 'E_STATE_INVALID', `${it.state} ${name}`);
  t.is(codeOf(() => assessUse(requested, { ...BY, assessedBy: 'P1' }, 1, 1)), 'E_SOD_SAME_PERSON');
});

test('第三十三条: only the local network serves; every other channel is refused (E_CHANNEL_DISABLED)', (t) => {
  for (const channel of ['lan', 'government', 'internet'] as const) t.is(codeOf(() => requestUse({ ...ASK, channel }, POLICY)), channel === 'lan' ? null : 'E_CHANNEL_DISABLED');
});

test('第三十四条: nothing is read but under an approval in force (E_ACCESS_NOT_APPROVED), and never past its last day', (t) => {
  for (const it of EVERY) t.is(codeOf(() => readingUntil(it, AT, '2026-11-23', POLICY)), it.state === 'approved' ? null : 'E_ACCESS_NOT_APPROVED', it.state);
  t.is(readingUntil(approved, AT, '2026-11-23', POLICY), '2026-11-23T06:00:00.000Z', 'so many minutes');
  t.is(readingUntil(approved, '2026-11-30T15:00:00.000Z', '2026-11-30', POLICY), '2026-11-30T16:00:00.000Z', 'to midnight of Kunming, not beyond');
  t.is(useStanding(approved, '2026-12-01'), 'expired');
  t.is(codeOf(() => readingUntil(approved, AT, '2026-12-01', POLICY)), 'E_ACCESS_NOT_APPROVED');
});

test('第三十四条: the seats follow level and content, each once', (t) => {
  const plain: UseFacts = { level: 1, categoryCode: 'WS', opening: null };
  const names = (level: 0 | 1 | 2 | 3 | 4, records: readonly UseFacts[]) => seatsFor(POLICY, level, records).map(({ name }) => name);
  t.deepEqual(names(1, [plain]), ['利用审批']);
  t.deepEqual(names(1, [plain, { ...plain, categoryCode: 'RS' }]), ['利用审批', '单位负责人同意']);
  t.deepEqual(names(0, [{ ...plain, opening: 'controlled' }]), ['利用审批', '单位负责人同意']);
  t.deepEqual(names(3, [plain]), ['保密员审核', '单位负责人批准']);
  t.deepEqual(names(3, [{ ...plain, categoryCode: 'KU' }]), ['保密员审核', '单位负责人批准'], 'the head signs once');
});

test('第三十五条: 绝密 is never copied without the originator’s consent number (E_COPY_FORBIDDEN_TOP_SECRET)', (t) => {
  for (const level of [0, 1, 2, 3, 4] as const) for (const mode of ['view', 'excerpt', 'print', 'copy'] as const) t.is(codeOf(() => { requireMode(POLICY, level, mode, null); }), level === 4 && mode !== 'view' ? 'E_COPY_FORBIDDEN_TOP_SECRET' : null, `${String(level)} ${mode}`);
  t.is(codeOf(() => { requireMode(POLICY, 4, 'print', { no: '密办函〔2026〕5号' }); }), null);
  t.is(codeOf(() => { requireMode({ ...POLICY, levels: POLICY.levels.map((one) => ({ ...one, modes: ['view'] })) }, 1, 'copy', null); }), 'E_COPY_NOT_AUTHORIZED');
});

test('第三十五条: what was approved for reading is not copied (E_COPY_NOT_AUTHORIZED): every mode × kind', (t) => {
  const ask = { by: 'P1', excerpt: false, records: ['R'], approved: ['R'], today: '2026-11-23' };
  const let_ = (mode: UseMode): readonly string[] => ['print', 'burn', 'export'].filter((kind) => codeOf(() => { requireCopy({ ...approved, mode }, { ...ask, kind }); }) === null);
  t.deepEqual(let_('view'), []);
  t.deepEqual(let_('excerpt'), [], 'a whole record is no excerpt');
  t.is(codeOf(() => { requireCopy({ ...approved, mode: 'excerpt' }, { ...ask, kind: 'print', excerpt: true }); }), null);
  t.deepEqual(let_('print'), ['print']);
  t.deepEqual(let_('copy'), ['print', 'burn', 'export']);
  t.is(codeOf(() => { requireCopy(approved, { ...ask, kind: 'print', records: ['R', 'S'] }); }), 'E_COPY_NOT_AUTHORIZED', 'nor another record');
  t.is(codeOf(() => { requireCopy(approved, { ...ask, kind: 'print', by: 'P9' }); }), 'E_ACCESS_NOT_APPROVED', 'nor by another person');
});

test('第三十四条: a reading session opens the record it names, to read and to nobody’s pen, and never above the session’s level', async (t) => {
  const policy = await shipped();
  const record = thing({ id: 'R1', level: 3, department: 'D9', state: 'filed', scope: { persons: ['P9'] } });
  const with_ = (more: object) => person('archivist', { clearance: 3, currentLevel: 3, openings: ['R1'], ...more });
  const may = (act: string, more: object = {}): boolean => decide(policy, SECRET_BOX, with_(more), act, record).allowed;
  t.true(may('record.read'));
  t.true(may('record.show'));
  t.false(may('record.read', { openings: ['R2'] }));
  t.false(may('record.read', { currentLevel: 2 }), 'the session stands below it');
  t.false(may('record.read', { clearance: 2, currentLevel: 2 }), 'no clearance is lent');
  t.false(may('appraisal.keep'), 'nothing is written under it');
  t.false(may('opening.propose'));
});
