import test from 'ava';
import { openKeyring } from '../../appliance/keystore/keyring.js';
import type { TestBox } from '../helpers/box.js';
import { done, draftCase, formOf, marked, openDesk, settle, signCase, termsOf, years } from '../helpers/marking.js';

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
});
