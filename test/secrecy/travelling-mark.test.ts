import test from 'ava';
import { MarkingFile, type ClassAuthority } from '../../policies/schemas/secrecy.js';
import * as steps from '../../secrecy/classification.js';
import type { Active, NewTerms, Signed } from '../../secrecy/classification-state.js';
import type { Level } from '../../secrecy/level.js';
import { scopeOf } from '../../secrecy/scope.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import { inheritMark, isMarked, travellingFaults, travellingMark, type TravellingMark } from '../../secrecy/travelling-mark.js';
import { codeOf, shippedFile } from '../helpers/secrecy.js';

const policy = shippedFile('marking.json', MarkingFile);
const authority: ClassAuthority = { person: 'A', kind: 'statutory', maxLevel: 3, matterScope: ['*'], grantedBy: 'U', grantedOn: '2020-01-01', expiresOn: null, trainedOn: '2026-02-01' };
const groundOf = (org: string) => ({ systemLevel: 4 as Level, unit: { org, maxOriginalLevel: 3 as const, source: '法定' }, policy, today: '2026-06-01', verify: () => true, authority });
/** A signature that says what it was made over. */
const said = (person: string, statement: string): string => `${person}|${statement}`;
const sign = (person: string, statement: string, opinion: string): Signed => ({ person, token: `T${person}`, certificateSerial: `C${person}`, signature: said(person, statement), at: '2026-06-01T04:00:00.000Z', opinion });
const genuine = (): VerifySignature => (text, { person, signature }) => signature === said(person, text);

function decided(): Active {
  const ground = groundOf('移交单位');
  const proposal = {
    id: 'DM', matterId: 'M', recordIds: ['R', 'R2'], type: 'original' as const, originOrg: '移交单位', level: 3 as const, term: { kind: 'duration' as const, years: 10, months: 0, days: 0 }, startOn: '2026-01-01', scope: scopeOf({ persons: ['P', 'A'] }), points: [],
    basis: '3-2', scheduleItem: null, sources: [], deriveReason: null, pointBasis: null, scopeSaysLongTerm: false, exceptionBasis: null,
  };
  const draft = steps.draft(proposal, { person: 'P', tokens: ['TP'] }, ground);
  const proposed = steps.propose(draft, sign('P', steps.eventStatement('propose', draft.proposal, { person: 'P', certificateSerial: 'CP' }, '拟定'), '拟定'), ground).next;
  return steps.approve(proposed, sign('A', steps.eventStatement('approve', draft.proposal, { person: 'A', certificateSerial: 'CA' }, '同意', '密审1号'), '同意'), '密审1号', ground).next as Active;
}
const sent = (): TravellingMark => {
  const one = travellingMark(decided(), '10年', { CP: 'pem', CA: 'pem' }, { P: '拟定人', A: '定密人' });
  if (one === null) throw new Error('a mark');
  return one;
};
const record = { level: 3 as Level, mark: '机密★10年' };

test('第四十一条: a mark travels with its decision, and both signatures are checked again', (t) => {
  t.deepEqual(travellingFaults(sent(), record, genuine), []);
  t.deepEqual(JSON.parse(JSON.stringify(sent())), sent(), 'it is JSON');
});

test('第四十一条: whatever of it was changed on the way is named', (t) => {
  const one = sent();
  const { matter } = one;
  const faults = (more: Partial<TravellingMark>, of = record) => travellingFaults({ ...one, ...more }, of, genuine);
  t.deepEqual(faults({}, { ...record, level: 2 }), ['level']);
  t.deepEqual(faults({}, { ...record, mark: '机密★20年' }), ['mark']);
  t.deepEqual(faults({ level: 2 }), ['level']);
  t.deepEqual(faults({ originOrg: '别的单位' }), ['origin']);
  t.deepEqual(faults({ history: [{ on: '2026-01-01', old: '绝密', text: '变更', no: null }] }), ['history']);
  t.deepEqual(faults({ certificates: { CP: 'pem' } }), ['certificate']);
  t.deepEqual(faults({ matter: { ...matter, proposal: { ...matter.proposal, basis: '9-9' } } }), ['proposed', 'approved']);
  t.deepEqual(faults({ matter: { ...matter, writtenRecordNo: '密审2号' } }), ['approved']);
});

test('定密管理规定第十四条: inherited, it stays the originating body\'s: nobody here changes or lifts it without that body\'s decision', (t) => {
  const here = inheritMark(sent(), { id: 'N', record: 'R9', archivalCode: 'Z109-0001', scope: scopeOf({ persons: ['X', 'Y'] }), holder: { person: 'X', tokens: ['TX'] } });
  t.true(isMarked(here));
  t.is(here.proposal.type, 'inherited');
  t.is(here.proposal.originOrg, '移交单位');
  t.is(here.current.mark, '机密★10年');
  t.deepEqual(here.current.scope.persons, ['X', 'Y'], 'nobody of the sending body');
  t.deepEqual(here.proposal.recordIds, ['R9']);
  t.is(here.writtenRecordNo, '密审1号（移交单位 Z109-0001）');
  t.deepEqual([here.proposed, here.approved], [decided().proposed, decided().approved], 'the signatures are as they came');
  const to: NewTerms = { level: 2, term: { kind: 'duration', years: 5, months: 0, days: 0 }, startOn: '2026-01-01', scope: here.current.scope, reason: 'harm_changed', noticeNo: null };
  const change = (noticeNo: string | null) => codeOf(() => steps.change(here as Active, { ...to, noticeNo }, { person: 'P', tokens: ['TP'] }, sign('A', '', '同意'), groundOf('档案馆')));
  t.is(change(null), 'E_CLS_NOT_ORIGIN');
  t.is(change('移密更〔2026〕1号'), null);
});
