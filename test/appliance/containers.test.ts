import test from 'ava';
import { openTestBox } from '../helpers/box.js';
import { at, described, done, mark, markers } from '../helpers/marked.js';

interface Shown { readonly total: number; readonly rows: readonly { readonly kind: string; readonly id: string; readonly name: string; readonly mark: string; readonly level: number; readonly levelBy: string; readonly version: number; readonly due: { readonly mark: string } | null }[] }

test('domain/06 §4.5: a batch and a report go up with their item in the same moment, and come down only when a 定密责任人 has signed', async (t) => {
  t.timeout(180_000);
  const box = await openTestBox(t);
  const { proposer, authority, custodian } = await markers(box);
  const taken = await described(proposer, '隐龙潭泄洪预案', 1);
  await mark(proposer, authority, taken.record, [proposer.person, authority.person, custodian.person], { level: 2 });
  await at(custodian, 2);
  done(await custodian.post('inspection.run', { batch: taken.batch }));
  const report = done(await custodian.post<{ report: string; level: number; mark: string }>('report.create', { kind: 'R08', batch: taken.batch, titles: true }));
  t.like(report, { level: 2, mark: '秘密★10年' });
  const ask = async (kind: string, id: string) => done(await custodian.get<Shown>('container.list', { kind, id })).rows[0];
  t.like(await ask('capture', taken.batch), { level: 2, mark: '秘密★10年', levelBy: taken.record, due: null });
  t.like(await ask('report', report.report), { level: 2, levelBy: taken.record });

  const rows = async () => box.running.box.reader.all<{ level: number; sealed: Buffer }>('SELECT level, sealed FROM report WHERE id = $1', report.report);
  const { store, containers, clock } = box.running.box;
  const raised = async (level: number, text: string | null) => store.write(box.running.box.systemCall('test.raise'), async (tx) => {
    await tx.allow();
    const record = await tx.records.get(taken.record);
    if (!record) throw new Error('gone');
    await tx.records.save({ ...record, level: level as never, mark: text }, record.version);
    const objects = await tx.files.relevel(record.id, level as never);
    for (const object of objects) await tx.objects.relevel(object, level as never, clock.now());
    tx.audit({ action: 'test.raise', object: record.id, objectType: 'record' });
  });
  await raised(3, '机密★10年');
  await at(custodian, 3);
  t.like(await ask('capture', taken.batch), { level: 3, mark: '机密★10年' });
  t.is((await rows())[0]?.level, 3, 'the report is sealed and guarded at the higher level at once');
  t.is((await at(custodian, 2).then(async (one) => one.get('report.show', { report: report.report }))).status, 404);
  await at(custodian, 3);
  t.is((await custodian.get('report.show', { report: report.report })).status, 200, 'its key has moved with it');

  await raised(2, '秘密★10年');
  const waiting = done(await custodian.get<Shown>('container.list'));
  t.deepEqual(waiting.rows.map(({ kind, level, due }) => [kind, level, due?.mark]).sort(), [['capture', 3, '秘密★10年'], ['report', 3, '秘密★10年']]);
  t.is((await box.as('zhoumin').then(async (one) => at(one, 3)).then(async (one) => one.get<Shown>('container.list'))).body.total, 0, 'only for who may know of the item that causes it');
  const batch = waiting.rows.find(({ kind }) => kind === 'report');
  const asked = done(await custodian.post<{ approval: string }>('container.lower', { kind: 'report', id: report.report, opinion: '来源件已降密', seenVersion: batch?.version }));
  t.is((await custodian.post<{ code: string }>('container.lower', { kind: 'report', id: report.report, opinion: '来源件已降密', seenVersion: batch?.version })).body.code, 'E_DUPLICATE');
  t.is((await rows())[0]?.level, 3, 'not before it is signed');
  const ready = done(await authority.post<{ statement: string; version: number }>('approval.preview', { approval: asked.approval, verdict: 'grant', opinion: '同意' }));
  t.is(done(await authority.post<{ state: string }>('approval.sign', { approval: asked.approval, opinion: '同意', signature: authority.sign(ready.statement), seenVersion: ready.version })).state, 'done');
  t.is((await rows())[0]?.level, 2);
  t.is((await at(custodian, 2).then(async (one) => one.get('report.show', { report: report.report }))).status, 200);
  t.is((await containers.pending(box.running.box.reader)).length, 1, 'the batch still waits');
  t.is((await box.as('zhaoxiaolan').then(async (one) => one.get<{ code: string }>('container.list'))).body.code, 'E_DENIED');
});
