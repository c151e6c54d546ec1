import sqlite3 from 'sqlite3';
import test from 'ava';
import { openKeyring } from '../../appliance/keystore/keyring.js';
import type { TestBox } from '../helpers/box.js';
import { peopleRepository } from '../../appliance/store/repositories/people.js';
import { approve, done, draftCase, draftOf, formOf, marked, openDesk, people, propose, settle, signCase, takenIn, termsOf, years } from '../helpers/marking.js';
import type { Refusal } from '../helpers/marking.js';

/** Another process at the file. */
const outside = async (file: string, statement: string): Promise<void> => new Promise((resolve, reject) => {
  const database = new sqlite3.Database(file);
  database.exec(statement, (error) => { database.close(() => { if (error) reject(error); else resolve(); }); });
});

interface RecordShown { readonly record: { readonly level: number; readonly mark: string | null; readonly description: { readonly secrecyPeriod?: string } }; readonly classification: { readonly state: string; readonly mark: string; readonly history: readonly { readonly old: string; readonly text: string }[] } | null; readonly events: readonly { readonly activity: string; readonly detail: Record<string, unknown> }[] }
interface CaseShown { readonly state: string; readonly version: number; readonly decisionNo: string; readonly matterState: string; readonly steps: readonly { readonly step: string; readonly needed: boolean; readonly done: boolean; readonly entries: readonly { readonly personName: string; readonly what: string }[] }[]; readonly notices: readonly { readonly id: string; readonly version: number; readonly recipients: readonly { readonly name: string; readonly kind: string }[] }[]; readonly history: readonly { readonly text: string }[]; readonly tasks: readonly { readonly id: string; readonly kind: string }[] }

const keyLevels = async (box: TestBox, record: string): Promise<(number | undefined)[]> => {
  const objects = await box.running.box.reader.all<{ object: string }>('SELECT object FROM computer_file WHERE record = $1', record);
  const keyring = await openKeyring(box.running.box.paths.keyring);
  try {
    return await Promise.all(objects.map(async ({ object }) => (await keyring.get(object))?.level));
  } finally {
    await keyring.close();
  }
};

test('保密法第二十三条 变更: drawn up by the one, decided by the other, the old mark crossed out beside the new, whoever knew is told', async (t) => {
  const desk = await openDesk(t);
  const { record, classification } = await marked(desk);
  const to = termsOf(desk, { level: 2, term: years(5) });
  const drawn = done(await draftCase(desk.proposer, classification, formOf({ kind: 'change', to, changeReason: 'harm_changed', notify: ['市演练局下属中心'] })));
  t.is(drawn.state, 'draft');
  t.is((await draftCase(desk.custodian, classification, formOf({ kind: 'declassify' }))).body.code, 'E_STATE_INVALID', 'one form under way a matter');
  const preview = done(await desk.proposer.post<{ problem: null; mark: string; steps: { step: string; done: boolean }[] }>('classification.preview-case', { event: 'sign', case: drawn.case, opinion: '建议降密' }));
  t.is(preview.mark, '秘密★5年');
  t.deepEqual(preview.steps.filter((one) => one.done).map(({ step }) => step), ['list', 'check']);
  t.is((await signCase(desk.authority, 'decide', drawn.case)).body.code, 'E_STATE_INVALID', 'not before the proposer has signed');
  done(await signCase(desk.proposer, 'sign', drawn.case));
  t.is((await desk.authority.get<{ total: number }>('classification.cases', { state: 'mine' })).body.total, 1);
  t.is((await signCase(desk.proposer, 'decide', drawn.case)).body.code, 'E_DENIED', 'the proposer has no duty to decide');
  const decided = done(await signCase(desk.authority, 'decide', drawn.case));
  t.deepEqual([decided.state, decided.matterState, decided.mark, decided.notice?.recipients], ['decided', 'active', '秘密★5年', 5], JSON.stringify(decided));

  const shown = done(await desk.proposer.get<RecordShown>('record.show', { record }));
  t.deepEqual([shown.record.level, shown.record.mark, shown.record.description.secrecyPeriod], [2, '秘密★5年', '5年']);
  t.regex(shown.classification?.history[0]?.text ?? '', /^变更：机密★10年→秘密★5年 \d{4}-\d\d-\d\d 密更〔\d{4}〕1号$/);
  t.is(shown.classification?.history[0]?.old, '机密★10年');
  t.true(shown.events.some(({ activity, detail }) => activity === 'classify' && detail['case'] === drawn.case && detail['outcome'] === 'change'));
  t.deepEqual(await keyLevels(desk.box, record), [2], 'the data key moved');

  const seen = done(await desk.officer.get<CaseShown>('classification.case', { case: drawn.case }));
  t.deepEqual(seen.steps.filter((one) => one.needed && !one.done).map(({ step }) => step), ['notify', 'record']);
  const [notice] = seen.notices;
  t.true(notice?.recipients.some(({ kind, name }) => kind === 'outside' && name === '市演练局下属中心'));
  let version = notice?.version ?? 0;
  const today = desk.box.running.box.clock.today();
  const enter = async (recipient: number, event: string, more: Record<string, unknown> = {}) => desk.officer.post<{ version: number; outstanding: number; code?: string }>('classification.enter-notice', { notice: notice?.id, seenVersion: version, recipient, event, on: today, ...more });
  t.is((await enter(0, 'receipt')).body.code, 'E_STATE_INVALID', 'no receipt of what was not sent');
  t.is((await enter(0, 'sent', { on: '2020-01-01' })).body.code, 'E_INPUT_INVALID', 'not before it was made');
  for (let at = 0; at < 5; at += 1) {
    for (const event of ['sent', 'delivered', 'receipt']) version = done(await enter(at, event, event === 'sent' ? { method: '机要交换' } : event === 'receipt' ? { by: '签收人' } : {})).version;
  }
  const told = done(await desk.officer.get<CaseShown>('classification.case', { case: drawn.case }));
  t.is(told.state, 'closed', 'the last receipt closes the form');
  t.true(told.steps.filter((one) => one.needed).every((one) => one.done), 'every one of the ten steps that the form needs');
  t.is((await desk.as('linxiao', 1).then(async (one) => one.get('classification.case', { case: drawn.case }))).status, 404);

  // 延长的通知须在届满前送达, whatever the form calls it; and a number that somebody chose is not offered again.
  const other = await takenIn(desk.proposer, 3, '另一事项（演练）');
  const { classification: longer } = done(await propose(desk.proposer, draftOf([other], people(desk))));
  const waiting = done(await desk.authority.get<{ version: number }>('classification.show', { classification: longer }));
  const body = { classification: longer, opinion: '同意', writtenRecordNo: `密审〔${today.slice(0, 4)}〕3号` };
  const ready = done(await desk.authority.post<{ statement: string }>('classification.preview', { event: 'approve', ...body }));
  done(await desk.authority.post('classification.approve', { ...body, seenVersion: waiting.version, signature: desk.authority.sign(ready.statement) }));
  const third = done(await propose(desk.proposer, draftOf([await takenIn(desk.proposer, 3, '第三事项（演练）')], people(desk))));
  t.is(done(await desk.authority.get<{ nextRecordNo: string }>('classification.show', { classification: third.classification })).nextRecordNo, `密审〔${today.slice(0, 4)}〕4号`);
  const stretched = await settle(desk, longer, formOf({ kind: 'change', changeReason: 'basis_changed', to: termsOf(desk, { term: years(15) }) }));
  t.is(stretched.notice?.deliverBy, '2036-05-06');
});

test('06 §14-6, 7, 10, 16: what a form is refused for, with the place on it, before anybody has signed', async (t) => {
  const desk = await openDesk(t);
  const { classification } = await marked(desk);
  const foreign = await marked(desk, { type: 'inherited', originOrg: '省演练厅', basis: '省演密〔2026〕12号' }, '来文（演练）');
  const unending = await marked(desk, { term: { kind: 'long_term' }, scopeSaysLongTerm: true }, '长期件（演练）');
  const uncleared = (await desk.as('linxiao', 1)).person;
  const to = termsOf(desk, { level: 2, term: years(5) });
  const change = { kind: 'change' as const, to, changeReason: 'harm_changed' as const };
  const table: readonly [what: string, matter: string, form: ReturnType<typeof formOf>, code: string, place: string][] = [
    ['over the box\'s level', classification, formOf({ ...change, to: termsOf(desk, { level: 4, term: years(30) }) }), 'E_CLS_OVER_SYSTEM_LEVEL', ''],
    ['over the cap of the level', classification, formOf({ ...change, to: { ...to, term: years(11) } }), 'E_CLS_PERIOD_EXCEEDS_MAX', ''],
    ['nobody may know', classification, formOf({ ...change, to: { ...to, scope: { persons: [], departments: [] } } }), 'E_CLS_SCOPE_REQUIRED', ''],
    ['somebody in the scope who is not cleared', classification, formOf({ ...change, to: { ...to, scope: { persons: [uncleared], departments: [] } } }), 'E_CLEARANCE_REQUIRED', 'persons'],
    ['nothing changes', classification, formOf({ ...change, to: termsOf(desk) }), 'E_INPUT_INVALID', 'to'],
    ['no reason for the change', classification, formOf({ kind: 'change', to }), 'E_INPUT_INVALID', 'changeReason'],
    ['a review without its trigger', classification, formOf({ kind: 'review', outcome: 'continue', keepReason: 'still_sensitive' }), 'E_INPUT_INVALID', 'trigger'],
    ['continued without a reason', classification, formOf({ kind: 'review', trigger: 'annual', outcome: 'continue' }), 'E_INPUT_INVALID', 'keepReason'],
    ['an extension that ends no later', classification, formOf({ kind: 'extend', keepReason: 'still_sensitive', to: termsOf(desk, { term: years(5) }) }), 'E_INPUT_INVALID', 'term'],
    ['partly declassified to a higher level', classification, formOf({ kind: 'partial' }), 'E_INPUT_INVALID', 'to'],
    ['confirmed before the day', classification, formOf({ kind: 'confirm_expiry' }), 'E_STATE_INVALID', ''],
    ['长期 lifted by ourselves', unending.classification, formOf({ kind: 'declassify' }), 'E_CLS_LONG_TERM_DECLASSIFY', ''],
    ['another body\'s mark changed', foreign.classification, formOf(change), 'E_CLS_NOT_ORIGIN', 'origin'],
    ['another body\'s mark lifted', foreign.classification, formOf({ kind: 'declassify' }), 'E_CLS_NOT_ORIGIN', 'origin'],
    ['another body\'s mark extended', foreign.classification, formOf({ kind: 'extend', keepReason: 'source_not_ours', to: termsOf(desk, { term: years(15) }) }), 'E_CLS_NOT_ORIGIN', 'origin'],
  ];
  for (const [what, matter, form, code, place] of table) {
    const previewed = await desk.proposer.post<Refusal & { problem?: Refusal | null }>('classification.preview-case', { event: 'draft', classification: matter, form });
    const problem = previewed.body.problem ?? previewed.body;
    t.is(problem.code, code, `${what}: ${JSON.stringify(previewed.body)}`);
    if (place !== '') t.true(problem.details?.some((one) => one.at.includes(place)), `${what}: ${JSON.stringify(problem)}`);
    t.is((await draftCase(desk.proposer, matter, form)).body.code, code, what);
  }
  t.deepEqual(await desk.box.running.box.reader.all('SELECT id FROM classification_case'), [], 'nothing was written');
  const origin = { body: '省演练厅', no: '省演密更〔2026〕3号', on: '2026-11-01' };
  t.is((await settle(desk, unending.classification, formOf({ kind: 'declassify', origin: { body: '省演练厅', no: '省批〔2026〕1号', on: '2026-11-01' } }))).matterState, 'declassified', '长期 with the decision of the body competent for it');
  const changed = await settle(desk, foreign.classification, formOf({ ...change, origin }));
  t.is(changed.mark, '秘密★5年', 'with the decision of the 原定密机关 it is entered');
  const { body } = await desk.proposer.get<RecordShown>('record.show', { record: foreign.record });
  t.regex(body.classification?.history[0]?.text ?? '', /^变更：机密★10年→秘密★5年 \d{4}-\d\d-\d\d 省演密更〔2026〕3号$/, 'under the number of the body that decided');
});

test('保密法第十六条: who may not sign a form, what is no signature, and a page that is out of date', async (t) => {
  const desk = await openDesk(t);
  const { classification } = await marked(desk);
  const form = formOf({ kind: 'declassify' });
  const { case: id } = done(await draftCase(desk.proposer, classification, form));
  const ready = done(await desk.proposer.post<{ statement: string }>('classification.preview-case', { event: 'sign', case: id, opinion: '建议' }));
  const sent = { case: id, seenVersion: 1, opinion: '建议' };
  t.is((await desk.proposer.post<Refusal>('classification.sign-case', { ...sent, opinion: '另一意见', signature: desk.proposer.sign(ready.statement) })).body.code, 'E_SIGNATURE_INVALID', 'signed over another text');
  t.is((await desk.proposer.post<Refusal>('classification.sign-case', { ...sent, signature: desk.authority.sign(ready.statement) })).body.code, 'E_SIGNATURE_INVALID', 'signed with another key');
  t.is((await signCase(desk.custodian, 'sign', id)).body.code, 'E_DENIED', 'only who drew it up signs it');
  t.is((await signCase(desk.proposer, 'sign', id, { seenVersion: 9 })).body.code, 'E_STALE_VERSION');
  done(await signCase(desk.proposer, 'sign', id));
  t.is((await draftCase(desk.proposer, classification, form, { case: id, seenVersion: 2 })).body.code, 'E_STATE_INVALID', 'signed is not amended');
  const { store } = desk.box.running.box;
  await store.housekeep(async (one) => {
    await peopleRepository(one, desk.box.running.box.sealing).addGrant({
      id: 'g1', person: desk.proposer.person, duty: 'class_authority', fonds: '*', reason: 'x', validFrom: '2020-01-01T00:00:00.000Z', validUntil: null, grantedBy: 'system', grantedAt: '2020-01-01T00:00:00.000Z', revokedBy: null, revokedAt: null,
    });
  });
  t.is((await signCase(desk.proposer, 'decide', id)).body.code, 'E_SOD_SELF_APPROVAL', 'even with the duty, not of one\'s own');
  t.is((await signCase(desk.authority, 'decide', id, { decisionNo: '密解〔2026〕99号' })).body.code, 'E_SIGNATURE_INVALID', 'the number is part of what is signed');
  t.is((await signCase(desk.authority, 'return', id)).body.state, 'returned');
  t.is((await signCase(desk.authority, 'decide', id)).body.code, 'E_STATE_INVALID');
  done(await draftCase(desk.proposer, classification, { ...form, findings: '补充核对：已不在保密事项范围内' }, { case: id, seenVersion: 3 }));
  done(await signCase(desk.proposer, 'sign', id));
  await store.housekeep(async (sql) => { await sql.run("UPDATE class_authority SET expires_on = '2026-01-01' WHERE person = $1", desk.authority.person); });
  t.is((await signCase(desk.authority, 'decide', id)).body.code, 'E_CLS_AUTHORITY_EXCEEDED', '任期已过');
  const head = await desk.as('wangzhenhua');
  const lifted = done(await signCase(head, 'decide', id));
  t.is(lifted.matterState, 'declassified');
  const again = await draftCase(desk.proposer, classification, form);
  t.is(again.body.code, 'E_STATE_INVALID', 'what is declassified is not changed');
});

test('保密法第二十四条 提前解密: two people lift it, the history stays, nothing becomes public by itself', async (t) => {
  const desk = await openDesk(t);
  const { record, classification } = await marked(desk);
  const lifted = await settle(desk, classification, formOf({ kind: 'declassify', publicReview: true }));
  t.deepEqual([lifted.matterState, lifted.notice?.recipients], ['declassified', 4]);
  t.regex(lifted.mark ?? '', /^解密 \d{4}-\d\d-\d\d 密解〔\d{4}〕1号$/);
  const shown = done(await desk.proposer.get<RecordShown>('record.show', { record }));
  t.deepEqual([shown.record.level, shown.record.mark, shown.record.description.secrecyPeriod], [1, lifted.mark, undefined], '内部, not 公开, and no ★');
  t.is(shown.classification?.history.at(-1)?.old, '机密★10年');
  t.deepEqual(await keyLevels(desk.box, record), [1]);
});

test('保密法第二十条 正式公布: asks for 会商 before the decision, and needs no notice', async (t) => {
  const desk = await openDesk(t);
  const { classification } = await marked(desk);
  const { case: id } = done(await draftCase(desk.proposer, classification, formOf({ kind: 'publish' })));
  done(await signCase(desk.proposer, 'sign', id));
  t.is((await signCase(desk.authority, 'decide', id)).body.code, 'E_CLS_STEP_MISSING');
  done(await signCase(desk.authority, 'return', id));
  const step = { case: id, seenVersion: 3, step: 'consult', body: '法规处', on: '2026-05-06', what: '同意公布' };
  t.is((await desk.officer.post<Refusal>('classification.enter-step', { ...step, on: '2099-01-01' })).body.code, 'E_INPUT_INVALID');
  done(await desk.officer.post('classification.enter-step', step));
  done(await signCase(desk.proposer, 'sign', id));
  const lifted = done(await signCase(desk.authority, 'decide', id));
  t.deepEqual([lifted.state, lifted.notice], ['closed', null]);
  t.regex(lifted.mark ?? '', /^解密 正式公布 \d{4}-\d\d-\d\d$/);
});

test('06 §7, §8: a review stands in 解密审核 until it is decided; taken back, the matter stands where it stood; the yearly one renews the year', async (t) => {
  const desk = await openDesk(t);
  const { classification } = await marked(desk);
  const review = formOf({ kind: 'review', trigger: 'transfer', outcome: 'continue', keepReason: 'scope_requires' });
  const state = async (): Promise<string> => done(await desk.proposer.get<{ state: string }>('classification.show', { classification })).state;
  const first = done(await draftCase(desk.proposer, classification, review));
  t.is(await state(), 'active', 'a draft changes nothing');
  done(await signCase(desk.proposer, 'sign', first.case));
  t.is(await state(), 'declass_review');
  t.is(done(await signCase(desk.proposer, 'withdraw', first.case)).state, 'withdrawn');
  t.is(await state(), 'active');
  const kept = await settle(desk, classification, review);
  t.deepEqual([kept.matterState, kept.mark, kept.notice], ['active', '机密★10年', null]);
  const partly = await settle(desk, classification, formOf({ kind: 'review', trigger: 'request', outcome: 'partial', to: termsOf(desk, { level: 2, term: years(8) }) }));
  t.deepEqual([partly.matterState, partly.mark], ['active', '秘密★8年']);
  const yearly = await settle(desk, classification, formOf({ kind: 'review', trigger: 'annual', outcome: 'continue', keepReason: 'still_sensitive' }));
  t.deepEqual([yearly.matterState, yearly.reviewDueOn?.slice(0, 4)], ['active', String(Number(desk.box.running.box.clock.today().slice(0, 4)) + 1)]);
});

test('实施条例第二十六条: who claims a higher level is heeded until it is decided; taken back or decided lower, the mark in force guards again', async (t) => {
  const desk = await openDesk(t);
  const { record, classification } = await marked(desk, { level: 2, term: years(5) });
  const level = async (): Promise<number> => done(await desk.proposer.get<RecordShown>('record.show', { record })).record.level;
  const claim = formOf({ kind: 'review', trigger: 'complaint', outcome: 'change', changeReason: 'harm_changed', to: termsOf(desk) });
  const first = done(await draftCase(desk.proposer, classification, claim));
  t.is(await level(), 2, 'a draft claims nothing');
  done(await signCase(desk.proposer, 'sign', first.case));
  t.deepEqual([await level(), await keyLevels(desk.box, record)], [3, [3]]);
  t.is(done(await desk.proposer.get<RecordShown>('record.show', { record })).record.mark, '秘密★5年', 'the mark is another\'s to change');
  done(await signCase(desk.proposer, 'withdraw', first.case));
  t.deepEqual([await level(), await keyLevels(desk.box, record)], [2, [2]]);
  const other = done(await draftCase(desk.proposer, classification, claim));
  done(await signCase(desk.proposer, 'sign', other.case));
  done(await signCase(desk.authority, 'return', other.case));
  done(await draftCase(desk.proposer, classification, formOf({ kind: 'review', trigger: 'complaint', outcome: 'continue', keepReason: 'scope_requires' }), { case: other.case, seenVersion: 3 }));
  done(await signCase(desk.proposer, 'withdraw', other.case));
  t.is(await level(), 2, 'a claim given up before it was taken back leaves nothing');
  const again = done(await draftCase(desk.proposer, classification, claim));
  done(await signCase(desk.proposer, 'sign', again.case));
  done(await signCase(desk.authority, 'return', again.case));
  t.is(await level(), 3, 'returned, the claim still stands');
  done(await draftCase(desk.proposer, classification, formOf({ kind: 'review', trigger: 'complaint', outcome: 'continue', keepReason: 'scope_requires' }), { case: again.case, seenVersion: 3 }));
  done(await signCase(desk.proposer, 'sign', again.case));
  t.is(done(await signCase(desk.authority, 'decide', again.case)).mark, '秘密★5年');
  t.deepEqual([await level(), await keyLevels(desk.box, record)], [2, [2]]);
});

test('06 §14-18: a raised level opens a task for its copies, and nothing else is decided on the matter before it is done', async (t) => {
  const desk = await openDesk(t);
  const { record, classification } = await marked(desk, { level: 2, term: years(5) });
  const raised = await settle(desk, classification, formOf({ kind: 'change', changeReason: 'superior', to: termsOf(desk) }));
  t.is(raised.mark, '机密★10年');
  t.deepEqual(await keyLevels(desk.box, record), [3]);
  const { rows } = done(await desk.officer.get<{ rows: { kind: string; task: string; classification: string }[] }>('classification.expiring', { kind: 'copies' }));
  t.deepEqual(rows.map((one) => [one.kind, one.classification]), [['copies', classification]]);
  t.is((await draftCase(desk.proposer, classification, formOf({ kind: 'declassify' }))).body.code, 'E_STATE_INVALID');
  t.is((await desk.proposer.post<Refusal>('classification.close-task', { task: rows[0]?.task, what: '已收回' })).body.code, 'E_DENIED');
  const { batch = '', version = 0 } = await desk.box.running.box.reader.one<{ batch: string; version: number }>('SELECT batch, version FROM record WHERE id = $1', record) ?? {};
  const save = async () => desk.proposer.post<Refusal>('arrangement.save', {
    batch, rows: [{ record, seenVersion: version, facts: { categoryCode: 'WS', scheduleItemId: '6.2', archivalYear: 2026, documentDate: '2026-05-06', completedOn: '2026-06-01', orgOrFunction: 'BGS' }, description: { title: '改题名', author: ['演练局'] } }],
  });
  const frozen = await save();
  t.deepEqual([frozen.body.code, frozen.body.facts?.['state']], ['E_STATE_INVALID', 'frozen'], '完成前该件只读');
  t.is((await desk.proposer.get('record.show', { record })).status, 200, 'and is read as before');
  done(await desk.custodian.post('classification.close-task', { task: rows[0]?.task, what: '纸质副本 2 份已收回并改作标志' }));
  t.is((await save()).status, 200);
  t.is((await draftCase(desk.proposer, classification, formOf({ kind: 'declassify' }))).status, 200);
});

test('实施条例第十八条: when a source changes, every matter derived from it waits for its review', async (t) => {
  const desk = await openDesk(t);
  const [one, two] = [await marked(desk, {}, '来源甲（演练）'), await marked(desk, { level: 2, term: years(8) }, '来源乙（演练）')];
  const record = await takenIn(desk.proposer, 3, '汇编（演练）');
  const several = draftOf([record], people(desk), { type: 'derived', basis: null, sources: [one.classification, two.classification], deriveReason: 'derived_content' });
  const made = done(await propose(desk.proposer, several));
  t.is(done(await approve(desk.authority, made.classification)).mark, '机密★10年', 'highest level, longest period');
  await settle(desk, two.classification, formOf({ kind: 'declassify' }));
  const waiting = done(await desk.authority.get<{ counts: Record<string, number>; rows: { classification: string; code: string }[] }>('classification.expiring', { kind: 'source_changed' }));
  t.deepEqual(waiting.rows.map((row) => [row.classification, row.code]), [[made.classification, 'W_DERIVED_EXISTS']]);
  t.is(done(await (await desk.as('zhaoxiaolan', 2)).get<{ marks: null }>('desk.list')).marks, null, 'no duty, no count');
  t.is(done(await desk.authority.get<{ marks: Record<string, number> }>('desk.list')).marks['source_changed'], 1);
  await settle(desk, made.classification, formOf({ kind: 'review', trigger: 'request', outcome: 'continue', keepReason: 'still_sensitive' }));
  t.is(done(await desk.authority.get<{ total: number }>('classification.expiring', { kind: 'source_changed' })).total, 0, 'its review closes the task');
  t.is((await propose(desk.proposer, { ...several, recordIds: [await takenIn(desk.proposer, 3, '再汇编')] })).body.code, 'E_CLS_DERIVE_SOURCE_REQUIRED', 'what is declassified is no source');
});

test('06 §14-13: the same 文号 or title under another matter in force is pointed out to who may see it, with the conflict', async (t) => {
  const desk = await openDesk(t);
  const { classification } = await marked(desk, {}, '关于同一事项的通知（演练）');
  const again = await takenIn(desk.proposer, 3, '关于同一事项的通知（演练）');
  const hint = async (draft: ReturnType<typeof draftOf>) => done(await desk.proposer.post<{ duplicates: { classification: string; conflict: boolean }[] }>('classification.preview', { event: 'propose', draft, opinion: '' })).duplicates;
  t.deepEqual((await hint(draftOf([again], people(desk), { level: 2, term: years(5) }))).map((one) => [one.classification, one.conflict]), [[classification, true]]);
  t.deepEqual((await hint(draftOf([again], people(desk)))).map(({ conflict }) => conflict), [false]);
  t.deepEqual(await hint(draftOf([again], people(desk), { matterId: classification })), [], 'joined, it is one matter');
  t.deepEqual(await hint(draftOf([await takenIn(desk.proposer, 3, '另一件')], people(desk))), []);
});

test('第三十四条: a person outside the 知悉范围 gets of form, notice and task the answer of things that are not there', async (t) => {
  const desk = await openDesk(t);
  const { classification } = await marked(desk, { level: 2, term: years(5), scope: { persons: [desk.proposer.person, desk.authority.person, desk.custodian.person], departments: [] } });
  const raised = await settle(desk, classification, formOf({ kind: 'change', changeReason: 'superior', to: termsOf(desk, { scope: { persons: [desk.proposer.person, desk.authority.person, desk.custodian.person], departments: [] } }) }));
  const [task] = await desk.box.running.box.reader.all<{ id: string }>("SELECT id FROM class_task WHERE kind = 'copies'");
  const outsider = desk.officer;
  const nowhere = crypto.randomUUID();
  const same = async (act: string, hidden: Record<string, unknown>, missing: Record<string, unknown>, get = false): Promise<void> => {
    const [a, b] = get ? [await outsider.get(act, hidden as never), await outsider.get(act, missing as never)] : [await outsider.post(act, hidden), await outsider.post(act, missing)];
    t.deepEqual({ ...a.body, traceId: '' }, { ...b.body, traceId: '' }, act);
    t.is(a.status, 404, act);
  };
  const signature = 'A'.repeat(96);
  await same('classification.case', { case: raised.case }, { case: nowhere }, true);
  await same('classification.preview-case', { event: 'sign', case: raised.case, opinion: 'xx' }, { event: 'sign', case: nowhere, opinion: 'xx' });
  await same('classification.preview-case', { event: 'draft', classification, form: formOf({ kind: 'declassify' }) }, { event: 'draft', classification: nowhere, form: formOf({ kind: 'declassify' }) });
  await same('classification.draft-case', { classification, form: formOf({ kind: 'declassify' }) }, { classification: nowhere, form: formOf({ kind: 'declassify' }) });
  await same('classification.sign-case', { case: raised.case, seenVersion: 1, opinion: 'xx', signature }, { case: nowhere, seenVersion: 1, opinion: 'xx', signature });
  await same('classification.withdraw-case', { case: raised.case, seenVersion: 1, opinion: 'xx', signature }, { case: nowhere, seenVersion: 1, opinion: 'xx', signature });
  await same('classification.enter-step', { case: raised.case, seenVersion: 1, step: 'consult', body: '法规处', on: '2026-01-01', what: 'xx' }, { case: nowhere, seenVersion: 1, step: 'consult', body: '法规处', on: '2026-01-01', what: 'xx' });
  await same('classification.enter-notice', { notice: raised.notice?.id, seenVersion: 1, recipient: 0, event: 'sent', on: '2026-01-01' }, { notice: nowhere, seenVersion: 1, recipient: 0, event: 'sent', on: '2026-01-01' });
  await same('classification.close-task', { task: task?.id, what: 'xx' }, { task: nowhere, what: 'xx' });
  await same('classification.report', { classification, seenVersion: 1, body: '机关', no: 'xx', on: '2026-01-01' }, { classification: nowhere, seenVersion: 1, body: '机关', no: 'xx', on: '2026-01-01' });
  for (const act of ['classification.cases', 'classification.notices', 'classification.expiring']) t.is(done(await outsider.get<{ total: number }>(act)).total, 0, act);
  t.true(Object.values(done(await outsider.get<{ marks: Record<string, number> }>('desk.list')).marks).every((n) => n === 0));
});

test('第四十一条: taken up, decided or taken back, a form leaves no more than was asked, and a mark that was edited in the database is not changed', async (t) => {
  const desk = await openDesk(t);
  const { record, classification } = await marked(desk);
  const { reader } = desk.box.running.box;
  const row = async () => reader.one('SELECT state, level FROM classification WHERE id = $1', classification);
  const scope = async () => reader.all('SELECT kind, ref FROM classification_scope WHERE classification = $1 ORDER BY kind, ref', classification);
  const [wasRow, wasScope] = [await row(), await scope()];
  const { case: id } = done(await draftCase(desk.proposer, classification, formOf({ kind: 'review', trigger: 'request', outcome: 'declassify' })));
  done(await signCase(desk.proposer, 'sign', id));
  t.notDeepEqual(await scope(), wasScope, 'whoever may decide is told');
  done(await signCase(desk.proposer, 'withdraw', id));
  t.deepEqual([await row(), await scope()], [wasRow, wasScope]);
  await outside(desk.box.running.box.paths.database, `UPDATE record SET mark = '秘密★1年' WHERE id = '${record}'`);
  const refused = await draftCase(desk.proposer, classification, formOf({ kind: 'declassify' }));
  t.is(refused.body.code, 'E_MARK_BINDING', JSON.stringify(refused.body));
});
