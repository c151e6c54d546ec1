import test from 'ava';
import { knowledgeService } from '../../appliance/guarding/knowledge.js';
import { openTestBox } from '../helpers/box.js';
import { at, described, done, filedSecret, mark, markers } from '../helpers/marked.js';
import { markDisagreements, markedName, nameHeldTo } from '../../secrecy/mark-places.js';
import { traceText } from '../../secrecy/watermark.js';

interface Known { readonly total: number; readonly rows: readonly { readonly record: string; readonly personName: string; readonly mode: string; readonly page: number | null; readonly title: string }[] }

test('实施条例第二十条: every reading of a 机密 record is registered with who, when, how and which page; nobody else sees the register, and without it nothing is read', async (t) => {
  t.timeout(120_000);
  const box = await openTestBox(t);
  const people = await markers(box);
  const { custodian, proposer, authority } = people;
  const secret = await filedSecret(people, '隐龙潭泄洪预案');
  const lesser = await described(proposer, '内部值班表', 1);
  await at(custodian, 3);
  done(await custodian.get('record.show', { record: secret.record }));
  const page = await custodian.get('record.read', { file: secret.file, page: 1 });
  t.is(page.status, 200);
  done(await at(proposer, 3).then(async (one) => one.get('record.show', { record: lesser.record })));

  const known = done(await custodian.get<Known>('knowledge.list', { record: secret.record }));
  t.deepEqual(known.rows.slice(0, 2).map((row) => [row.personName, row.mode, row.page, row.title]), [['杨静', 'read', 1, '隐龙潭泄洪预案'], ['杨静', 'show', null, '隐龙潭泄洪预案']]);
  t.is(done(await custodian.get<Known>('knowledge.list', { record: lesser.record })).total, 0, '内部 is not registered');
  const outsider = await at(await box.as('zhoumin'), 3);
  t.deepEqual(done(await outsider.get<Known>('knowledge.list')), { page: 1, size: 50, total: 0, rows: [] } as never, 'who may not know of the record does not see who knows it');
  t.is((await proposer.get<{ code: string }>('knowledge.list')).body.code, 'E_DENIED');
  const book = await custodian.get('knowledge.export');
  t.regex(decodeURIComponent(String(book.headers['content-disposition'])), /知悉登记簿〔机密〕\.csv$/);
  t.regex(book.bytes.toString('utf8'), /密级：机密[\s\S]*隐龙潭泄洪预案/);

  // A register longer than one file says so.
  const { store, gate } = box.running.box;
  const short = knowledgeService({ store, gate, nameOf: async () => Promise.resolve('某人'), exported: 1 });
  const first = await short.export({ act: 'knowledge.export', person: custodian.person, duty: null, terminal: 'test', traceId: 'test', session: undefined, ip: '', reply: { setSession: () => undefined } }, {});
  t.regex(String(first.body), /密级：机密\u3000共 2 条，本表只列最近 1 条，请按日期分段导出/u);

  // 溯源: the code on the page leads to the reading, and says nothing of how much others have done.
  const code = String(page.headers['x-trace-code']);
  t.regex(code, /^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
  const auditor = await box.as('hejingyi');
  const traced = done(await auditor.get<{ rows: { object: string; actorName: string; detail: { page: number } }[] }>('audit.trace', { code: code.toLowerCase().replace('-', ' ') }));
  t.deepEqual(traced.rows.map((row) => [row.object, row.actorName, row.detail.page]), [[secret.record, '杨静', 1]]);
  t.is((await auditor.get<{ code: string }>('audit.trace', { code: '不是溯源码' })).body.code, 'E_INPUT_INVALID');

  // The register cannot be switched off, altered or emptied; a box that cannot write it shows nothing of 机密.
  const { database } = box.running.box;
  await t.throwsAsync(database.writer.query('DELETE FROM knowledge'));
  await t.throwsAsync(database.writer.query("UPDATE knowledge SET person = ''"));
  await database.writer.query('ALTER TABLE knowledge RENAME TO knowledge_away');
  t.is((await custodian.get<{ code: string }>('record.read', { file: secret.file, page: 1 })).body.code, 'E_KNOWLEDGE_LOG_REQUIRED');
  t.is((await custodian.get<{ code: string }>('record.show', { record: secret.record })).body.code, 'E_KNOWLEDGE_LOG_REQUIRED');
  t.is((await proposer.get('record.show', { record: lesser.record })).status, 200);
  await database.writer.query('ALTER TABLE knowledge_away RENAME TO knowledge');
  t.is((await authority.get('record.show', { record: secret.record })).status, 200);
});

interface Rehearsed { readonly keep: number; readonly gain: readonly { readonly person: string; readonly name: string; readonly reasons: readonly string[] }[]; readonly lose: readonly { readonly person: string; readonly name: string; readonly reasons: readonly string[] }[] }

test('保密法第二十一条: before a level or 知悉范围 is changed the box says who would gain and who would lose, by the decision itself', async (t) => {
  t.timeout(120_000);
  const box = await openTestBox(t);
  const people = await markers(box);
  const { proposer, authority, custodian } = people;
  const taken = await described(proposer, '隐龙潭泄洪预案', 2);
  await mark(proposer, authority, taken.record, [proposer.person, authority.person, custodian.person], { level: 2 });
  await at(authority, 2);
  const officer = await box.as('zhoumin');
  const ask = async (change: Record<string, unknown>) => done(await authority.post<Rehearsed>('access.rehearse', { record: taken.record, ...change }));

  const same = await ask({});
  t.deepEqual([same.gain, same.lose], [[], []]);
  const raised = await ask({ level: 4 });
  t.true(raised.lose.some(({ person }) => person === custodian.person), 'nobody of the rehearsal is cleared for 绝密');
  t.regex(raised.lose[0]?.reasons.join() ?? '', /密级/u);
  const widened = await ask({ scope: { persons: [proposer.person, authority.person, officer.person], departments: [] } });
  t.deepEqual(widened.gain.map(({ person }) => person), [officer.person]);
  t.regex(widened.gain[0]?.reasons.join() ?? '', /知悉范围/u);
  t.deepEqual(widened.lose.map(({ person }) => person), [custodian.person]);
  t.is((await box.running.box.reader.all<{ n: number }>('SELECT level AS n FROM record WHERE id = $1', taken.record))[0]?.n, 2, 'nothing was changed');

  // What is said is what then happens: the officer, named by a lawful act, sees it.
  t.is((await at(officer, 2).then(async (one) => one.get('record.show', { record: taken.record }))).status, 404);
  t.is((await officer.post<{ code: string }>('access.rehearse', { record: taken.record })).body.code, 'E_NOT_FOUND', 'a rehearsal tells a stranger nothing');
  const security = await box.as('chenlixin');
  const counted = done(await security.post<{ levels: { level: number; before: number; after: number }[] }>('person.rehearse', { person: custodian.person, clearance: 0 }));
  t.deepEqual(counted.levels[2], { level: 2, before: 1, after: 0 }, 'counts alone: who clears people sees no records');
  t.is((await security.post<{ code: string }>('access.rehearse', { record: taken.record })).body.code, 'E_DENIED');
});

test('06 §4.3: the four places of a mark say the same, and each that does not is named', (t) => {
  const policy = { mark: { separator: '★', separatorVariants: ['☆'], longTerm: '长期', internal: ['内部'], source: 'x' } } as const;
  const marks = { mark: { ...policy.mark, separatorVariants: [...policy.mark.separatorVariants], internal: [...policy.mark.internal] } };
  const trace = { code: 'Z109', orderNo: null, person: '张三', unit: '某局', at: '2026-11-22T16:04:59.999Z', short: '3F9K2-M7Q0X' };
  for (const [level, mark] of [[2, '秘密★10年'], [3, '机密★20年'], [4, '绝密★长期']] as const) {
    const places = { level, mark, decided: { level, mark }, page: traceText({ ...trace, mark })[0] ?? null, fileNames: [markedName('关于演练的通知.v2.pdf', level)], header: mark };
    t.deepEqual(markDisagreements(places, marks), []);
    for (const [change, fault] of [
      [{ mark: '秘密★1年', level: 4 }, 'metadata'], [{ decided: { level, mark: '秘密★9年' } }, 'decision'], [{ page: null }, 'page'], [{ fileNames: ['通知.pdf'] }, 'file-name'],
      [{ fileNames: ['绝密★长期 通知〔秘密〕.pdf'], level: 2 }, 'file-name'], [{ header: '内部' }, 'header'],
    ] as const) {
      t.true(markDisagreements({ ...places, ...change }, marks).includes(fault), JSON.stringify(change));
    }
  }
  const plain = { level: 1, mark: '内部', decided: null, page: '内部', fileNames: ['通知.pdf'], header: '内部' } as const;
  t.deepEqual(markDisagreements(plain, marks), []);
  t.deepEqual(markDisagreements({ ...plain, mark: '解密 2036-03-02 自行解密', page: '解密 2036-03-02 自行解密', header: null }, marks), []);
  t.deepEqual(markDisagreements({ ...plain, mark: '秘密★1年', page: '秘密★1年', fileNames: ['通知〔秘密〕.pdf'], header: '秘密★1年' }, marks), ['metadata', 'page', 'file-name', 'header']);
  t.is(nameHeldTo('通知〔机密〕.pdf', 1, 3), '通知.pdf', 'an old mark goes when the secret does');
  t.is(nameHeldTo('通知〔绝密〕.pdf', 2, 2), '通知〔绝密〕.pdf', 'a claim beyond what it ever was stays to be seen');
  t.is(markedName('通知〔秘密〕.pdf', 3), '通知〔机密〕.pdf');
  t.is(markedName(markedName('通知.tar.gz', 3), 3), '通知〔机密〕.tar.gz');
  t.is(markedName('通知.pdf', 1), '通知.pdf');
});
