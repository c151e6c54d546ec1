import test from 'ava';
import { unzipSync } from 'fflate';
import { openTestBox } from '../helpers/box.js';
import { at, done, filedSecret, markers } from '../helpers/marked.js';
import { kept } from '../helpers/using.js';
import type { Problem } from '../helpers/using.js';

const afterwards: (() => unknown)[] = [];
test.after.always(async () => { for (const work of afterwards.reverse()) await work(); });
async function opened() {
  const box = await openTestBox({ teardown: (work) => { afterwards.push(work); } });
  const archivist = await box.as('zhaoxiaolan');
  const kept_ = [];
  for (const title of ['关于紫溪路排水改造的批复', '关于紫溪路绿化养护的通知', '关于紫溪路路灯维修的请示']) kept_.push(await kept(archivist, title, 1, '2020-05-06'));
  const marking = await markers(box);
  const secret = await filedSecret(marking, '紫溪路地下指挥所预案');
  return { box, archivist: await at(archivist, 1), custodian: await at(marking.custodian, 3), records: kept_.map(({ record }) => record), secret: secret.record };
}
let shared: ReturnType<typeof opened> | undefined;
const world = async (): ReturnType<typeof opened> => (shared ??= opened());
interface Made extends Problem { readonly compilation: string; readonly no: string; readonly level: number }

test.serial('第三十六条: a compilation that cites a state secret bears the highest mark (E_CLS_MARK_MISSING) and is hidden from below it', async (t) => {
  t.timeout(180_000);
  const { archivist, custodian, records, secret } = await world();
  t.is((await archivist.post<Problem>('compilation.open', { kind: 'topic', title: '紫溪路专题', records: [...records, secret] })).body.code, 'E_NOT_FOUND');
  const plain = done(await archivist.post<Made>('compilation.open', { kind: 'topic', title: '紫溪路专题', records }));
  t.is(plain.level, 1);
  t.is((await archivist.post<Problem>('compilation.register', { compilation: plain.compilation, mark: '机密★10年', seenVersion: 1 })).body.code, 'E_CLS_MARK_ON_NON_SECRET');
  done(await archivist.post('compilation.register', { compilation: plain.compilation, seenVersion: 1 }));
  const classified = done(await custodian.post<Made>('compilation.open', { kind: 'compilation', title: '紫溪路工程汇编', records: [...records, secret] }));
  t.is(classified.level, 3);
  t.is((await custodian.post<Problem>('compilation.register', { compilation: classified.compilation, seenVersion: 1 })).body.code, 'E_CLS_MARK_MISSING');
  const { dueMark } = done(await custodian.get<{ dueMark: string }>('compilation.show', { compilation: classified.compilation }));
  t.regex(dueMark, /^机密★/u);
  t.like(done(await custodian.post<{ mark: string }>('compilation.register', { compilation: classified.compilation, mark: dueMark, seenVersion: 1 })), { mark: dueMark });
  t.is((await archivist.get<Problem>('compilation.show', { compilation: classified.compilation })).body.code, 'E_NOT_FOUND');
  t.deepEqual(done(await archivist.get<{ rows: { id: string }[] }>('compilation.list')).rows.map(({ id }) => id), [plain.compilation]);
});

test.serial('第三十六条: suggestions count only what the person may see; what is settled is not suggested again', async (t) => {
  const { archivist, records } = await world();
  interface Suggested { readonly suggested: readonly { kind: string; term: string; why: string }[]; readonly accepted: readonly { term: string }[] }
  const first = done(await archivist.get<Suggested>('suggestion.list', { record: records[0] ?? '' }));
  t.true(first.suggested.some(({ term, why }) => term === '紫溪路' && why === '在可见的 3 件题名中出现'), 'the fourth, a secret, is not counted');
  const topics = done(await archivist.get<{ rows: { term: string; records: string[] }[] }>('suggestion.topics')).rows;
  t.is(topics.find(({ term }) => term === '紫溪路')?.records.length, 3);
  done(await archivist.post('suggestion.settle', { record: records[0], kind: 'keyword', term: '紫溪路', accepted: true }));
  t.is((await archivist.post<Problem>('suggestion.settle', { record: records[0], kind: 'keyword', term: '紫溪路', accepted: false })).body.code, 'E_DUPLICATE');
  const second = done(await archivist.get<Suggested>('suggestion.list', { record: records[0] ?? '' }));
  t.false(second.suggested.some(({ kind, term }) => kind === 'keyword' && term === '紫溪路'));
  t.deepEqual(second.accepted.map(({ term }) => term), ['紫溪路']);
});

test.serial('第三十七条: a shared catalogue has no classified entry (E_SHARE_CLASSIFIED), is signed, and leaves only by the local network', async (t) => {
  const { archivist, custodian, records, secret } = await world();
  const ask = { channel: 'lan', receiver: '昆明市演练档案馆' };
  t.is((await custodian.post<Problem>('share.export', { ...ask, records: [...records, secret] })).body.code, 'E_SHARE_CLASSIFIED');
  t.is((await archivist.post<Problem>('share.export', { ...ask, records: [...records, secret] })).body.code, 'E_NOT_FOUND');
  t.is((await archivist.post<Problem>('share.export', { ...ask, channel: 'government', records })).body.code, 'E_CHANNEL_DISABLED');
  const made = await archivist.post('share.export', { ...ask, records });
  t.is(made.status, 200);
  const no = String(made.headers['x-share-no']);
  const files = unzipSync(made.bytes);
  t.deepEqual(Object.keys(files), [`${no}.json`, `${no}.json.sig`, `${no}.csv`, `${no}.csv.sig`, `${no}.pem`]);
  t.is((JSON.parse(Buffer.from(files[`${no}.json`] ?? []).toString('utf8')) as { entries: unknown[] }).entries.length, 3);
  t.is((await archivist.post('share.export', { ...ask, archivalYear: 2020 })).status, 200, 'by year: what may not be known is not in it');
  t.is(done(await archivist.get<{ total: number }>('share.list')).total, 2);
});
