import test from 'ava';
import { peopleRepository } from '../../appliance/store/repositories/people.js';
import type { ExecutionContext } from 'ava';
import { certificatePem } from '../../appliance/crypto/certificate.js';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { openKeyring } from '../../appliance/keystore/keyring.js';
import type { ClassificationDraft } from '../../policies/schemas/classification.js';
import { openTestBox, upload } from '../helpers/box.js';
import type { Answer, Client, TestBox } from '../helpers/box.js';
import { pdf } from '../helpers/pdf.js';

const TITLE = '关于演练点位清退安排的通知（演练）';

type Refusal = { readonly code?: string; readonly details?: readonly { readonly at: string }[] };
interface Previewed extends Refusal { readonly problem?: Refusal | null; readonly id: string; readonly statement: string; readonly mark: string; readonly maxYears: number; readonly reviewDueOn: string; readonly ending: { readonly lastSecretDay: string; readonly declassifiesOn: string }; readonly writtenRecordNo: string | null; readonly checks: readonly { readonly rule: string; readonly passed: boolean }[] }
interface Shown extends Refusal { readonly state: string; readonly version: number; readonly nextRecordNo: string; readonly records: readonly { readonly title: string }[]; readonly decided: { readonly verdict: string } | null }
interface RecordShown { readonly record: { readonly level: number; readonly mark: string | null; readonly state: string; readonly version: number; readonly description: { readonly secrecyPeriod?: string } }; readonly classification: { readonly mark: string; readonly lastSecretOn: string; readonly declassifiedFrom: string; readonly writtenRecordNo: string; readonly scopeNames: readonly string[]; readonly signers: readonly { readonly role: string; readonly name: string; readonly certificateSerial: string }[] } | null; readonly files: readonly { readonly id: string; readonly level: number }[] }

const at = async (client: Client, level: number): Promise<Client> => {
  await client.post('session.switch-level', { level });
  return client;
};

/** A record just taken in by 刘思远 (办公室), described, in a batch at the level of the session. */
async function captured(t: ExecutionContext, client: Client, level: number, title = TITLE): Promise<{ batch: string; record: string }> {
  await at(client, level);
  const { body: { batch } } = await client.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' });
  const taken = await upload(client, batch, `${title}.pdf`, await pdf(title));
  t.is(taken.body.state, 'inspected', JSON.stringify(taken.body));
  return { batch, record: taken.body.record };
}

async function describe(t: ExecutionContext, client: Client, batch: string, record: string, title = TITLE): Promise<void> {
  const list = await client.get<{ rows: { id: string; version: number }[] }>('arrangement.list', { batch });
  const row = list.body.rows.find(({ id }) => id === record);
  const saved = await client.post<{ rows: { state: string }[] }>('arrangement.save', {
    batch, rows: [{
      record, seenVersion: row?.version, facts: { categoryCode: 'WS', scheduleItemId: '6.2', documentDate: '2026-05-06', completedOn: '2026-06-01', orgOrFunction: 'BGS' },
      description: { title, author: ['昆明市演练局'], documentNumber: '昆演密〔2026〕4号' },
    }],
  });
  t.is(saved.body.rows[0]?.state, 'arranged', JSON.stringify(saved.body));
}

const formFor = (record: string, persons: readonly string[], more: Partial<ClassificationDraft> = {}): ClassificationDraft => ({
  recordIds: [record], type: 'original', level: 3, term: { kind: 'duration', years: 10, months: 0, days: 0 }, startOn: '2026-05-06', scope: { persons: [...persons], departments: [] },
  points: ['第 3 页“点位与时间安排”'], basis: '保密事项范围 第 3.2 项', scheduleItem: null, ...more,
});

async function propose(client: Client, draft: ClassificationDraft, opinion = '属于第 3.2 项，建议定为机密'): Promise<Answer<Refusal & { classification: string; level: number }>> {
  const ready = await client.post<Previewed>('classification.preview', { event: 'propose', draft, opinion });
  if (ready.status !== 200) return ready as never;
  if (ready.body.problem) return { ...ready, body: ready.body.problem } as never;
  return client.post('classification.propose', { id: ready.body.id, draft, opinion, signature: client.sign(ready.body.statement) });
}

async function decide(client: Client, event: 'approve' | 'reject', classification: string, more: Record<string, unknown> = {}): Promise<Answer<Refusal & { state: string; mark: string }>> {
  const shown = await client.get<Shown>('classification.show', { classification });
  if (shown.status !== 200) return shown as never;
  const body = { classification, opinion: '同意', ...(event === 'approve' ? { writtenRecordNo: shown.body.nextRecordNo } : {}) };
  const ready = await client.post<Previewed>('classification.preview', { event, ...body });
  if (ready.status !== 200) return ready as never;
  return client.post(`classification.${event}`, { ...body, seenVersion: shown.body.version, signature: client.sign(ready.body.statement), ...more });
}

interface Desk { readonly box: TestBox; readonly proposer: Client; readonly authority: Client; readonly custodian: Client }
async function desk(t: ExecutionContext): Promise<Desk> {
  const box = await openTestBox(t);
  return { box, proposer: await box.as('liusiyuan'), authority: await at(await box.as('lijianguo'), 3), custodian: await at(await box.as('yangjing'), 3) };
}
const keyLevel = async (box: TestBox, object: string): Promise<number | undefined> => {
  const keyring = await openKeyring(box.running.box.paths.keyring);
  try {
    return (await keyring.get(object))?.level;
  } finally {
    await keyring.close();
  }
};
const objectsOf = async (box: TestBox, record: string): Promise<string[]> =>
  (await box.running.box.reader.all<{ object: string }>('SELECT object FROM computer_file WHERE record = $1', record)).map((row) => row.object);

test('第四十一条: taken in at 内部, found to be 机密, marked by two people, filed, and then there for nobody outside its 知悉范围', async (t) => {
  const { box, proposer, authority, custodian } = await desk(t);
  const archivist = await at(await box.as('zhaoxiaolan'), 2);
  const { batch, record } = await captured(t, proposer, 1);
  await describe(t, proposer, batch, record);
  t.is((await archivist.get<{ total: number }>('capture.show', { batch })).body.total, 1, '内部 and of the fonds: the archivist sees it');
  const plain = await objectsOf(box, record);
  t.is(await keyLevel(box, plain[0] ?? ''), 1);

  const draft = formFor(record, [proposer.person, authority.person, custodian.person]);
  const ready = await proposer.post<Previewed>('classification.preview', { event: 'propose', draft, opinion: '' });
  t.is(ready.body.mark, '机密★10年', JSON.stringify(ready.body));
  t.deepEqual(ready.body.ending, { lastSecretDay: '2036-05-06', declassifiesOn: '2036-05-07' });
  t.is(ready.body.maxYears, 20);
  t.deepEqual(ready.body.checks.filter(({ passed }) => !passed), []);
  const made = await propose(proposer, draft);
  t.is(made.status, 200, JSON.stringify(made.body));
  const { classification } = made.body;

  t.is((await archivist.get<{ total: number; counts: { files: number } }>('capture.show', { batch })).body.counts.files, 0, 'guarded as proposed: gone from the archivist\'s list and count');
  t.is((await proposer.get('record.show', { record })).status, 404, 'from a session at 内部 the proposer no longer sees it either');
  t.is((await authority.get<{ total: number }>('classification.list', { state: 'mine' })).body.total, 1);
  const early = await custodian.post<{ code: string }>('filing.file', { batch, seenVersion: 1 });
  t.is(early.body.code, 'E_CLS_MARK_MISSING');

  const approved = await decide(authority, 'approve', classification);
  t.is(approved.body.state, 'active', JSON.stringify(approved.body));
  t.is(approved.body.mark, '机密★10年');
  for (const object of plain) t.is(await keyLevel(box, object), 3, 'the data key rests under the key of 机密');
  t.deepEqual(await box.running.box.reader.all('SELECT kind FROM object_intent WHERE closed_at IS NULL'), []);

  const shown = await custodian.get<RecordShown>('record.show', { record });
  t.is(shown.body.record.mark, '机密★10年', JSON.stringify(shown.body));
  t.is(shown.body.record.description.secrecyPeriod, '10年');
  t.is(shown.body.files[0]?.level, 3);
  t.is(shown.body.classification?.lastSecretOn, '2036-05-06');
  t.regex(shown.body.classification?.writtenRecordNo ?? '', /^密审〔\d{4}〕1号$/);
  t.deepEqual(shown.body.classification?.signers.map(({ role, name }) => [role, name]), [['proposer', '刘思远'], ['authority', '李建国']]);
  t.is(shown.body.classification?.scopeNames.length, 3);

  const counted = await custodian.get<{ batch: { version: number } }>('capture.show', { batch });
  await at(custodian, 1);
  const counts = [{ category: 'WS', archivalYear: 2026, retention: 'D10', items: 1, metadata: 1 }];
  t.is((await custodian.post('capture.declare', { batch, seenVersion: counted.body.batch.version, counts })).status, 200);
  await at(custodian, 3);
  const filed = await custodian.post<{ filed: { archivalCode: string }[]; code?: string }>('filing.file', { batch, seenVersion: counted.body.batch.version + 1 });
  t.is(filed.status, 200, JSON.stringify(filed.body));
  t.regex(filed.body.filed[0]?.archivalCode ?? '', /BGSSM-0001$/, '涉密件单独编号');

  t.is((await custodian.get<{ total: number }>('record.search', { q: '点位' })).body.total, 1);
  const outsiders: readonly [account: string, level: number][] = [['zhaoxiaolan', 2], ['zhoumin', 3], ['duanwen', 1], ['linxiao', 1]];
  for (const [account, level] of outsiders) {
    const outsider = await at(await box.as(account), level);
    t.is((await outsider.get<{ total: number }>('record.search', { q: '点位' })).body.total, 0, account);
    t.is((await outsider.get<{ total: number }>('record.search', { archivalYear: 2026 })).body.total, 0, account);
    t.is((await outsider.get('record.show', { record })).status, 404, account);
    const [hidden, missing] = [await outsider.get('classification.show', { classification }), await outsider.get('classification.show', { classification: crypto.randomUUID() })];
    t.deepEqual({ ...hidden.body, traceId: '' }, { ...missing.body, traceId: '' }, `${account}: hidden and missing are the same answer`);
  }
  const check = await fsck({ sql: box.running.box.reader, vault: box.running.box.vault, keys: box.running.box.keys, paths: box.running.box.paths, sm3: box.running.box.sm3, check: () => true, deep: true });
  t.deepEqual(check.findings, []);
});

test('实施条例第十七条: what is refused before anybody has signed, each with the place on the form', async (t) => {
  const { box, proposer, authority } = await desk(t);
  const { record } = await captured(t, proposer, 3);
  const scope = [proposer.person, authority.person];
  const uncleared = (await box.as('linxiao')).person;
  const years = (n: number) => ({ kind: 'duration' as const, years: n, months: 0, days: 0 });
  const table: readonly [what: string, draft: ClassificationDraft, code: string, place: string][] = [
    ['over the cap of the level: 机密 for 21 years', formFor(record, scope, { term: years(21) }), 'E_CLS_PERIOD_EXCEEDS_MAX', ''],
    ['秘密 for 11 years', formFor(record, scope, { level: 2, term: years(11) }), 'E_CLS_PERIOD_EXCEEDS_MAX', ''],
    ['长期 without the word of the 保密事项范围', formFor(record, scope, { term: { kind: 'long_term' } }), 'E_CLS_PERIOD_EXCEEDS_MAX', 'term'],
    ['no basis', formFor(record, scope, { basis: null }), 'E_CLS_BASIS_REQUIRED', 'basis'],
    ['no start', formFor(record, scope, { startOn: null }), 'E_CLS_BASIS_REQUIRED', 'startOn'],
    ['绝密 on a box of 机密', formFor(record, scope, { level: 4, term: years(30) }), 'E_CLS_OVER_SYSTEM_LEVEL', ''],
    ['nobody in the scope', formFor(record, []), 'E_CLS_SCOPE_REQUIRED', ''],
    ['somebody in the scope who is not cleared', formFor(record, [...scope, uncleared]), 'E_CLEARANCE_REQUIRED', 'persons'],
    ['derived without a source', formFor(record, scope, { type: 'derived' }), 'E_CLS_DERIVE_SOURCE_REQUIRED', 'sources'],
    ['inherited from ourselves', formFor(record, scope, { type: 'inherited' }), 'E_INPUT_INVALID', 'originOrg'],
    ['a secret without a term', formFor(record, scope, { term: null }), 'E_INPUT_INVALID', 'term'],
    ['a term on what is 内部', formFor(record, scope, { level: 1 }), 'E_CLS_MARK_ON_NON_SECRET', 'term'],
  ];
  const before = box.running.box.ledger.head().size;
  for (const [what, draft, code, place] of table) {
    const answer = await proposer.post<Previewed>('classification.preview', { event: 'propose', draft, opinion: '' });
    t.is(answer.body.problem?.code, code, `${what}: ${JSON.stringify(answer.body)}`);
    if (place !== '') t.true(answer.body.problem?.details?.some((one) => one.at.includes(place)), `${what}: ${JSON.stringify(answer.body.problem)}`);
  }
  t.is(box.running.box.ledger.head().size, before, 'filling in a form is no act');
  await box.running.box.store.housekeep(async (sql) => sql.run('UPDATE class_unit SET max_original_level = 2'));
  t.is((await propose(proposer, formFor(record, scope))).body.code, 'E_CLS_AUTHORITY_EXCEEDED', '本单位无机密级原始定密权');
  t.is((await proposer.get<RecordShown>('record.show', { record })).body.record.version, 2, 'nothing was written');
});

test('保密法第十六条: who may not sign, and what is no signature', async (t) => {
  const { box, proposer, authority, custodian } = await desk(t);
  const { record } = await captured(t, proposer, 3);
  const scope = [proposer.person, authority.person, custodian.person];
  const draft = formFor(record, scope);
  const ready = await proposer.post<Previewed>('classification.preview', { event: 'propose', draft, opinion: '建议' });
  const sent = { id: ready.body.id, draft, opinion: '建议' };
  t.is((await proposer.post<Refusal>('classification.propose', { ...sent, opinion: '另一意见', signature: proposer.sign(ready.body.statement) })).body.code, 'E_SIGNATURE_INVALID', 'signed over another text');
  t.is((await proposer.post<Refusal>('classification.propose', { ...sent, signature: authority.sign(ready.body.statement) })).body.code, 'E_SIGNATURE_INVALID', 'signed with another key');
  const { body: { classification } } = await propose(proposer, draft);
  t.is((await propose(proposer, draft)).body.code, 'E_STATE_INVALID', '同一件不得重复拟定');

  t.is((await decide(proposer, 'approve', classification)).body.code, 'E_DENIED', 'the proposer has no duty to approve');
  const { store, reader } = box.running.box;
  const sql = async (text: string, ...values: (string | number)[]): Promise<void> => { await store.housekeep(async (one) => { await one.run(text, ...values); }); };
  const now = box.running.box.clock.now();
  await store.housekeep(async (one) => {
    await peopleRepository(one, box.running.box.sealing).addGrant({
      id: 'g1', person: proposer.person, duty: 'class_authority', fonds: '*', reason: 'x', validFrom: now, validUntil: null, grantedBy: 'system', grantedAt: now, revokedBy: null, revokedAt: null,
    });
  });
  t.is((await decide(proposer, 'approve', classification)).body.code, 'E_SOD_SELF_APPROVAL', 'even with the duty, not of one\'s own');

  const unitHead = await at(await box.as('wangzhenhua'), 3);
  const keys = await reader.one<{ token: string; certificate: string; certificate_serial: string }>('SELECT token, certificate, certificate_serial FROM person WHERE id = $1', proposer.person);
  const own = await reader.one<{ token: string; certificate: string; certificate_serial: string }>('SELECT token, certificate, certificate_serial FROM person WHERE id = $1', unitHead.person);
  await sql('UPDATE person SET token = NULL, certificate_serial = NULL WHERE id = $1', proposer.person);
  await sql('UPDATE person SET token = $1, certificate = $2, certificate_serial = $3 WHERE id = $4', keys?.token ?? '', keys?.certificate ?? '', keys?.certificate_serial ?? '', unitHead.person);
  t.is((await decide(unitHead, 'approve', classification)).body.code, 'E_SOD_SELF_APPROVAL', 'another account, the same token: one person');
  await sql('UPDATE person SET token = $1, certificate = $2, certificate_serial = $3 WHERE id = $4', own?.token ?? '', own?.certificate ?? '', own?.certificate_serial ?? '', unitHead.person);
  await sql('UPDATE person SET token = $1, certificate_serial = $2 WHERE id = $3', keys?.token ?? '', keys?.certificate_serial ?? '', proposer.person);

  const old = box.running.box.keys.certify({ subject: { commonName: 'lijianguo' }, publicKey: authority.key.publicKey, notBefore: '2020-01-01T00:00:00Z', notAfter: '2021-01-01T00:00:00Z', keyUsage: ['digitalSignature'] });
  const good = await reader.one<{ certificate: string; certificate_serial: string }>('SELECT certificate, certificate_serial FROM person WHERE id = $1', authority.person);
  await sql('UPDATE person SET certificate = $1, certificate_serial = $2 WHERE id = $3', certificatePem(old), old.serial, authority.person);
  t.is((await decide(authority, 'approve', classification)).body.code, 'E_CERT_INVALID', 'an expired certificate signs nothing');
  await sql('UPDATE person SET certificate = $1, certificate_serial = $2 WHERE id = $3', good?.certificate ?? '', good?.certificate_serial ?? '', authority.person);

  await sql('UPDATE class_authority SET max_level = 2 WHERE person = $1', authority.person);
  t.is((await decide(authority, 'approve', classification)).body.code, 'E_CLS_AUTHORITY_EXCEEDED', '超出责任人权限');
  await sql("UPDATE class_authority SET max_level = 3, expires_on = '2026-01-01' WHERE person = $1", authority.person);
  t.is((await decide(authority, 'approve', classification)).body.code, 'E_CLS_AUTHORITY_EXCEEDED', '任期已过');
  t.is((await decide(unitHead, 'approve', classification, { seenVersion: 7 })).body.code, 'E_STALE_VERSION');
  t.is((await decide(unitHead, 'approve', classification, { writtenRecordNo: '密审〔2026〕99号' })).body.code, 'E_SIGNATURE_INVALID', 'the number is part of what is signed');
  t.is((await decide(unitHead, 'approve', classification)).body.state, 'active', '法定责任人 approves');
  t.is((await decide(unitHead, 'reject', classification)).body.code, 'E_STATE_INVALID', 'decided once');
});

test('a proposal turned down gives the records back what guarded them', async (t) => {
  const { box, proposer, authority, custodian } = await desk(t);
  const { record } = await captured(t, proposer, 1);
  const [object = ''] = await objectsOf(box, record);
  const { body: { classification } } = await propose(proposer, formFor(record, [proposer.person, authority.person, custodian.person]));
  t.is(await keyLevel(box, object), 3);
  t.is((await decide(authority, 'reject', classification)).body.state, 'rejected');
  const { body: { record: back } } = await proposer.get<RecordShown>('record.show', { record });
  t.deepEqual([back.level, back.mark], [1, null]);
  t.is(await keyLevel(box, object), 1);
});

test('保密法第二十二条: taken in at 机密, found by two people to be no state secret: 内部, and never a ★', async (t) => {
  const { box, proposer, authority } = await desk(t);
  const { record } = await captured(t, proposer, 3);
  const draft: ClassificationDraft = { ...formFor(record, []), level: 1, term: null, startOn: null, basis: '不属于保密事项范围所列事项' };
  const made = await propose(proposer, draft, '建议不定密');
  t.is(made.status, 200, JSON.stringify(made.body));
  t.is((await proposer.get<RecordShown>('record.show', { record })).body.record.level, 3, 'until decided it stays closed');
  const done = await decide(authority, 'approve', made.body.classification);
  t.deepEqual([done.body.state, done.body.mark], ['ordinary', '内部'], JSON.stringify(done.body));
  await at(proposer, 1);
  const { body } = await proposer.get<RecordShown>('record.show', { record });
  t.deepEqual([body.record.level, body.record.mark, body.classification], [1, '内部', null]);
  t.is(await keyLevel(box, (await objectsOf(box, record))[0] ?? ''), 1);
});

test('实施条例第十八条: a derived mark takes level, term and scope from its source', async (t) => {
  const { proposer, authority } = await desk(t);
  const [one, two] = [await captured(t, proposer, 3), await captured(t, proposer, 3, '关于转发点位安排的通知（演练）')];
  const scope = [proposer.person, authority.person];
  const { body: { classification: source } } = await propose(proposer, formFor(one.record, scope));
  const derived = formFor(two.record, scope, { type: 'derived', basis: null, sources: [source], deriveReason: 'identical' });
  t.is((await propose(proposer, derived)).body.code, 'E_CLS_DERIVE_SOURCE_REQUIRED', 'a source not yet decided is none');
  await decide(authority, 'approve', source);
  t.is((await propose(proposer, { ...derived, level: 2, term: { kind: 'duration', years: 5, months: 0, days: 0 } })).body.code, 'E_CLS_DERIVE_SOURCE_REQUIRED', 'differs without 密点依据');
  const { body: { classification } } = await propose(proposer, derived);
  t.is((await decide(authority, 'approve', classification)).body.mark, '机密★10年');
});

test('power lost between the decision and the moving of keys: the next start moves them', async (t) => {
  const { box, proposer, authority } = await desk(t);
  const { record } = await captured(t, proposer, 1);
  const [object = ''] = await objectsOf(box, record);
  const { vault } = box.running.box;
  Object.assign(vault, { relevel: async () => Promise.reject(new Error('power')) });
  const draft = formFor(record, [proposer.person, authority.person]);
  const ready = await proposer.post<Previewed>('classification.preview', { event: 'propose', draft, opinion: '建议' });
  t.is((await proposer.post('classification.propose', { id: ready.body.id, draft, opinion: '建议', signature: proposer.sign(ready.body.statement) })).status, 200, 'what is committed is so');
  t.is(await keyLevel(box, object), 1, 'the decision stands, the key has not moved');
  t.deepEqual(await box.running.box.reader.all('SELECT level FROM record WHERE id = $1', record), [{ level: 3 }]);
  await box.stop();
  const again = await openTestBox(t, { data: box.data });
  t.is(await keyLevel(again, object), 3);
  t.deepEqual(await again.running.box.reader.all('SELECT kind FROM object_intent WHERE closed_at IS NULL'), []);
  const back = await at(await again.as('lijianguo'), 3);
  t.is((await back.get('classification.show', { classification: ready.body.id })).status, 200);
});
