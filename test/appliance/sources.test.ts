import anyTest from 'ava';
import type { TestFn } from 'ava';
import type { SignedReceipt } from '../../core/source-request.js';
import { openTestBox } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';
import { done } from '../helpers/marked.js';
import { smallPdf } from '../helpers/office.js';
import { SourceClient } from '../helpers/source-client.js';

interface Code { readonly code: string; readonly facts?: Readonly<Record<string, unknown>>; readonly details?: readonly { readonly at: string }[] }
interface Row { readonly id: string; readonly code: string; readonly state: string; readonly version: number; readonly test: { readonly passed: boolean } | null }
interface Taken extends SignedReceipt { readonly state: string; readonly wanted?: readonly { readonly position: number; readonly offset: number }[] }
interface World { box: TestBox; readonly oa: SourceClient; sysadmin: Client; secadmin: Client; archivist: Client; proposer: Client; readonly given: { system: string; boxCertificate: string } }

/** One box for the file; the tests go on from each other, in order. */
const test = anyTest as TestFn<{ readonly world: World }>;
const DESCRIPTION = { title: '关于印发年度工作要点的通知', author: ['演练局'], documentNumber: '演局发〔2026〕5号' };
const FACTS = { categoryCode: 'WS', scheduleItemId: '6.2', archivalYear: 2026, documentDate: '2026-05-06', completedOn: '2026-05-07', orgOrFunction: 'FGC' };
const row = async ({ sysadmin, given: { system } }: World): Promise<Row> => {
  const found = done(await sysadmin.get<{ rows: readonly Row[] }>('source.list')).rows.find(({ id }) => id === system);
  if (found === undefined) throw new Error('not registered');
  return found;
};
let pdf: Buffer;

test.before(async (t) => {
  t.timeout(120_000);
  const closing: (() => unknown)[] = [];
  const box = await openTestBox({ teardown: (work) => { closing.push(work); } });
  closings.push(...closing);
  pdf = await smallPdf('annual plan');
  t.context = { world: { box, oa: new SourceClient(box.url, 'OA-01'), sysadmin: await box.as('sunhao'), secadmin: await box.as('chenlixin'), archivist: await box.as('zhaoxiaolan'), proposer: await box.as('duanwen'), given: { system: '', boxCertificate: '' } } };
});
const closings: (() => unknown)[] = [];
test.after.always(async () => { for (const close of closings) await close(); });

test.serial('来源系统未登记、未核定、未测试不得在线归档 (第十一条、第十四条): registered by one office, cleared by another, tested by the archives upon a trial that the box judged', async (t) => {
  const { oa, sysadmin, secadmin, archivist, proposer, box } = t.context.world;
  const item = oa.item('doc-1', { department: 'FGC', description: DESCRIPTION, facts: FACTS }, [{ name: '正文.pdf', content: pdf }]);
  t.is((await oa.call<Code>('capture', item)).body.code, 'E_SOURCE_UNREGISTERED');

  const form = { code: 'OA-01', name: '协同办公系统', supplier: '演练软件公司', contact: '技术部', fonds: 'Z109', capabilities: ['collect', 'arrange', 'file'], handlers: [{ department: 'FGC', person: proposer.person }], publicKey: oa.publicKey };
  t.is((await archivist.post<Code>('source.register', form)).body.code, 'E_DENIED');
  t.is((await sysadmin.post<Code>('source.register', { ...form, handlers: [{ department: 'BMB', person: proposer.person }] })).body.code, 'E_SOURCE_HANDLER', 'of another department');
  t.is((await sysadmin.post<Code>('source.register', { ...form, capabilities: ['collect'] })).body.code, 'E_INPUT_INVALID', '归档 is wanted too');
  const registered = done(await sysadmin.post<{ system: string; boxChain: string[] }>('source.register', form));
  t.context.world.given.system = registered.system;
  t.context.world.given.boxCertificate = registered.boxChain[0] ?? '';
  t.is((await sysadmin.post<Code>('source.register', form)).body.code, 'E_DUPLICATE');

  t.like((await oa.call<Code>('trial', item)).body, { code: 'E_SOURCE_UNREGISTERED', facts: { state: 'uncleared' } });
  t.is((await sysadmin.post<Code>('source.clear', { system: registered.system, level: 1, basis: '密评〔2026〕1号', seenVersion: 1 })).body.code, 'E_DENIED', 'who registers does not clear');
  done(await secadmin.post('source.clear', { system: registered.system, level: 1, basis: '密评〔2026〕1号', seenVersion: 1 }));
  t.like((await oa.call<Code>('capture', item)).body, { code: 'E_SOURCE_UNREGISTERED', facts: { state: 'registered' } }, 'not tested yet');

  const tested = { system: registered.system, testedOn: '2026-05-08', testers: '赵晓兰、段文', reportNo: '接口测试〔2026〕1号', seenVersion: 2, items: ['identity', 'replay', 'content', 'metadata', 'arrangement', 'receipt'].map((key) => ({ key, passed: true })) };
  t.is((await archivist.post<Code>('source.test', tested)).body.code, 'E_SOURCE_UNTESTED', 'no trial yet');
  t.like((await oa.call('trial', { ...item, events: [] })).body, { passed: false, codes: ['E_META_PROCESS_MISSING'] });
  t.is((await archivist.post<Code>('source.test', tested)).body.code, 'E_SOURCE_UNTESTED', 'a trial that failed proves nothing');
  t.like((await oa.call('trial', item)).body, { passed: true, codes: [] });
  t.is((await archivist.post<Code>('source.test', { ...tested, items: tested.items.slice(1) })).body.code, 'E_INPUT_INVALID', 'an item is missing');
  t.is(done(await archivist.post<{ state: string }>('source.test', tested)).state, 'in_use');
  t.is((await box.as('linxiao').then(async (one) => one.get<Code>('source.list'))).body.code, 'E_DENIED');
});

test.serial('在线归档单件 (第十六条): the same services as an upload, described, with its process; a signed receipt, the same for the same key, none for other content', async (t) => {
  const { oa, proposer, archivist, given: { boxCertificate } } = t.context.world;
  const item = oa.item('doc-1', { department: 'FGC', description: DESCRIPTION, facts: FACTS }, [{ name: '正文.pdf', content: pdf }, { name: '附件一.pdf', content: await smallPdf('annex') }]);
  const first = done(await oa.call<Taken>('capture', item));
  t.is(first.state, 'received');
  t.like(first.receipt, { format: 'shouzang-source-receipt/1', source: 'OA-01', key: 'doc-1', state: 'arranged' });
  t.true(oa.holds(first, boxCertificate), 'the box signed it');
  t.false(oa.holds({ ...first, receipt: { ...first.receipt, state: 'returned' } }, boxCertificate));

  t.deepEqual(done(await oa.call<Taken>('capture', item)), first, 'the same key with the same content is the same receipt');
  t.is((await oa.call<Code>('capture', { ...item, description: { ...DESCRIPTION, title: '另一份通知' } })).body.code, 'E_SOURCE_KEY_REUSED');

  const { rows: [batch] } = done(await proposer.get<{ rows: { id: string; method: string; number: string }[] }>('capture.list'));
  t.like(batch, { method: 'online_auto', number: first.receipt.batch });
  done(await proposer.post('session.switch-level', { level: 0 }));
  const { rows: [record] } = done(await proposer.get<{ rows: { id: string; state: string; categoryCode: string; retentionCode: string; description: { title: string } }[] }>('arrangement.list', { batch: batch?.id ?? '' }));
  t.like(record, { state: 'arranged', categoryCode: 'WS', retentionCode: 'D10', description: { title: DESCRIPTION.title } });
  const { events } = done(await archivist.get<{ events: { activity: string; person: string }[] }>('record.show', { record: record?.id ?? '' }));
  t.true(events.some(({ activity }) => activity === 'sign_off'), '办理过程 of the source system stands among the events');

  const { rows } = done(await oa.call<{ rows: { state: string; signed: SignedReceipt | null }[] }>('receipt', { keys: ['doc-1', 'nowhere'] }));
  t.deepEqual(rows.map(({ state }) => state), ['received', 'unknown']);
  t.deepEqual(rows[0]?.signed, { receipt: first.receipt, signature: first.signature });
});

test.serial('归档接口只收本部门、有办理过程、不超核定密级的文件 (第十一条、第十四条): each refusal by its code, and nothing is kept of it', async (t) => {
  const { oa, proposer } = t.context.world;
  const before = done(await proposer.get<{ total: number }>('capture.list')).total;
  const good = { department: 'FGC', description: DESCRIPTION, facts: FACTS };
  const files = [{ name: '正文.pdf', content: pdf }];
  const refusals: [string, unknown][] = [
    ['E_DEPT_MISMATCH', oa.item('bad-1', { ...good, department: 'BMB' }, files)],
    ['E_META_PROCESS_MISSING', oa.item('bad-2', { ...good, events: [] }, files)],
    ['E_META_INVALID', oa.item('bad-3', { ...good, events: [{ activity: 'backup', status: 'historical', at: '2026-05-06T01:00:00Z', by: '段文' }] }, files)],
    ['E_SOURCE_LEVEL', oa.item('bad-4', { ...good, level: 2 }, files)],
    ['E_SCOPE_NOT_IN_SCHEDULE', oa.item('bad-5', { ...good, facts: { ...FACTS, scheduleItemId: '99.9', retentionCode: 'D10' } }, files)],
    ['E_RETENTION_TOO_SHORT', oa.item('bad-6', { ...good, facts: { ...FACTS, scheduleItemId: '1.1', retentionCode: 'D10' } }, files)],
    ['E_FIXITY_FAILED', { ...oa.item('bad-7', good, files), files: [{ name: '正文.pdf', bytes: 3, sm3: '0'.repeat(64), content: 'YWJj' }] }],
    ['E_INPUT_INVALID', { ...oa.item('bad-8', good, files), mark: '机密' }],
  ];
  for (const [code, item] of refusals) t.is((await oa.call<Code>('capture', item)).body.code, code);
  const { rows } = done(await oa.call<{ rows: { state: string }[] }>('receipt', { keys: refusals.map((_, at) => `bad-${String(at + 1)}`) }));
  t.deepEqual([...new Set(rows.map(({ state }) => state))], ['unknown']);
  t.is(done(await proposer.get<{ total: number }>('capture.list')).total, before);
});

test.serial('请求须由登记的证书签名且不得重放 (第十一条): a changed body, a changed query, another key, a stale clock and a repeated nonce are each refused', async (t) => {
  const { oa, box } = t.context.world;
  const body = Buffer.from(JSON.stringify(oa.item('doc-2', { department: 'FGC', description: DESCRIPTION, facts: FACTS }, [{ name: '正文.pdf', content: pdf }])));
  const query = oa.sign('online.capture', body);
  t.is((await oa.send<Code>('online.capture', query, Buffer.from(body.toString('utf8').replace('doc-2', 'doc-9')))).body.code, 'E_FIXITY_FAILED');
  t.is((await oa.send<Code>('online.capture', { ...oa.sign('online.capture', body), nonce: 'AAAAAAAAAAAAAAAAAAAA' }, body)).body.code, 'E_SOURCE_SIGNATURE');
  t.is((await oa.send<Code>('online.submit', oa.sign('online.capture', body), body)).body.code, 'E_SOURCE_SIGNATURE', 'signed for another act');
  t.is((await new SourceClient(box.url, 'OA-01').call<Code>('capture', JSON.parse(body.toString('utf8')))).body.code, 'E_SOURCE_SIGNATURE', 'another key');
  t.like((await oa.send<Code>('online.capture', oa.sign('online.capture', body, {}, '2020-01-01T00:00:00Z'), body)).body, { code: 'E_SOURCE_CLOCK', facts: { windowSeconds: 300 } });
  const once = oa.sign('online.capture', body);
  t.is((await oa.send<Taken>('online.capture', once, body)).body.state, 'received');
  t.is((await oa.send<Code>('online.capture', once, body)).body.code, 'E_SOURCE_REPLAY');
});

test.serial('在线归档成批 (第十六条): every item for itself, one receipt over all; a large file in parts, gone on with where it stopped', async (t) => {
  const { oa, given: { boxCertificate } } = t.context.world;
  const large = await smallPdf('large', Buffer.alloc(300_000, 7));
  const items = [
    ...await Promise.all(Array.from({ length: 12 }, async (_, at) => oa.item(`many-${String(at)}`, { department: 'FGC', description: { ...DESCRIPTION, title: `关于第${String(at + 1)}项工作的通知` }, facts: FACTS }, [{ name: '正文.pdf', content: await smallPdf(`item ${String(at)}`) }]))),
    oa.item('many-bad', { department: 'DAS', description: DESCRIPTION }, [{ name: '正文.pdf', content: pdf }]),
    oa.item('many-large', { department: 'FGC', description: { ...DESCRIPTION, title: '关于图纸的通知' }, facts: FACTS }, [{ name: '正文.pdf', content: large, large: true }]),
  ];
  const answer = done(await oa.call<{ receipt: { items: { key: string; outcome: string; said: string }[] }; signature: string; items: { key: string; state: string; code?: string }[] }>('submit', { items }));
  t.deepEqual(answer.items.map(({ state }) => state), [...Array.from({ length: 12 }, () => 'received'), 'refused', 'receiving']);
  t.like(answer.receipt.items[12], { outcome: 'refused', said: 'E_DEPT_MISMATCH' });
  t.true(oa.holds(answer as unknown as SignedReceipt, boxCertificate), 'the batch receipt is signed too');

  t.is((await oa.call<Code>('upload', large.subarray(0, 10), { key: 'many-nowhere', position: 1, offset: 0 })).body.code, 'E_NOT_FOUND');
  t.is(done(await oa.call<Taken>('upload', large.subarray(0, 131_072), { key: 'many-large', position: 1, offset: 0 })).state, 'receiving');
  t.is((await oa.call<Code>('upload', large.subarray(0, 131_072), { key: 'many-large', position: 1, offset: 0 })).body.code, 'E_UPLOAD_OFFSET');
  const again = done(await oa.call<Taken>('capture', items[13]));
  t.deepEqual(again.wanted?.map(({ position, offset }) => [position, offset]), [[1, 131_072]], 'the source asks where to go on');
  const last = done(await oa.sendParts<Taken>('many-large', 1, large, 131_072, 131_072));
  t.is(last.state, 'received');
  t.true(oa.holds(last, boxCertificate));
});

test.serial('在线归档中断后原样再报即可接着办完 (第十六条): a box that went down with half an item takes the rest, and nothing twice', async (t) => {
  const { box: { data }, oa, given: { boxCertificate } } = t.context.world;
  const [main, annex] = [await smallPdf('main'), await smallPdf('annex', Buffer.alloc(200_000, 3))];
  const item = oa.item('broken', { department: 'FGC', description: { ...DESCRIPTION, title: '关于中断的通知' }, facts: FACTS }, [{ name: '正文.pdf', content: main }, { name: '附件.pdf', content: annex, large: true }]);
  t.is(done(await oa.call<Taken>('capture', item)).state, 'receiving');
  t.is(done(await oa.call<Taken>('upload', annex.subarray(0, 65_536), { key: 'broken', position: 2, offset: 0 })).state, 'receiving');
  await t.context.world.box.stop();
  const again = await openTestBox({ teardown: (work) => { closings.unshift(work); } }, { data });
  Object.assign(t.context.world, { box: again, sysadmin: await again.as('sunhao'), secadmin: await again.as('chenlixin'), archivist: await again.as('zhaoxiaolan'), proposer: await again.as('duanwen') });
  oa.moved(again.url);
  const wanted = done(await oa.call<Taken>('capture', item)).wanted ?? [];
  t.deepEqual(wanted.map(({ position }) => position), [2], 'what is whole is not asked for again');
  const last = done(await oa.sendParts<Taken>('broken', 2, annex, 65_536, wanted[0]?.offset));
  t.is(last.state, 'received');
  t.true(oa.holds(last, boxCertificate));
  t.is(last.receipt.files.length, 2);
});

test.serial('停用的来源系统不再收件，换发证书后旧密钥无效；已有在线接口而离线须写原因 (第十六条)', async (t) => {
  const { oa, sysadmin, secadmin, archivist, given: { system }, proposer, box } = t.context.world;
  t.is((await proposer.post<Code>('capture.open', { fonds: 'Z109', department: 'FGC', method: 'offline_upload' })).body.code, 'E_OFFLINE_REASON_REQUIRED');
  done(await proposer.post('capture.open', { fonds: 'Z109', department: 'FGC', method: 'offline_upload', offlineReason: '接口检修' }));

  const { rows, total } = done(await archivist.get<{ total: number; rows: { key: string; electronicRecordCode: string }[] }>('source.receipts', { system, size: 5 }));
  t.is(total, 16);
  t.is(rows.length, 5);
  t.is((await sysadmin.get<Code>('source.receipts', { system })).body.code, 'E_DENIED', 'what was handed in is not the administrator\'s');

  const item = oa.item('doc-3', { department: 'FGC', description: DESCRIPTION, facts: FACTS }, [{ name: '正文.pdf', content: pdf }]);
  done(await archivist.post('source.suspend', { system, reason: '报送有误', seenVersion: (await row(t.context.world)).version }));
  t.like((await oa.call<Code>('capture', item)).body, { code: 'E_SOURCE_UNREGISTERED', facts: { state: 'suspended' } });
  t.is((await archivist.post<Code>('source.resume', { system, reason: '已更正', seenVersion: (await row(t.context.world)).version })).body.code, 'E_DENIED');
  t.is(done(await secadmin.post<{ state: string }>('source.resume', { system, reason: '已更正', seenVersion: (await row(t.context.world)).version })).state, 'in_use');
  const fresh = new SourceClient(box.url, 'OA-01');
  done(await sysadmin.post('source.renew', { system, publicKey: fresh.publicKey, reason: '服务器更换', seenVersion: (await row(t.context.world)).version }));
  t.is((await oa.call<Code>('capture', item)).body.code, 'E_SOURCE_SIGNATURE');
  t.is(done(await fresh.call<Taken>('capture', item)).state, 'received');
});

test.serial('在线接口写在 OpenAPI 里 (第十四条): every act of it, its signed query and its refusals', async (t) => {
  const { body } = await t.context.world.box.anonymous().get<{ paths: Record<string, { put?: { security?: unknown; parameters: { name: string }[]; responses: Record<string, { description: string }> } }> }>('openapi.json');
  for (const verb of ['capture', 'submit', 'upload', 'receipt', 'trial']) {
    const described = body.paths[`/api/online.${verb}`]?.put;
    t.deepEqual(described?.parameters.map(({ name }) => name).filter((name) => ['source', 'at', 'nonce', 'sm3', 'signature'].includes(name)).length, 5, verb);
    t.true(described?.responses['401']?.description.includes('E_SOURCE_SIGNATURE'));
  }
});
