import test from 'ava';
import { openTestBox, upload } from '../helpers/box.js';
import { pdf } from '../helpers/pdf.js';

test('第十六至二十一条: a document is captured, judged, arranged, counted, filed with 档号, found by two characters and read with a mark', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const opened = await archivist.post<{ batch: string; number: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' });
  t.is(opened.status, 200, JSON.stringify(opened.body));
  const { batch } = opened.body;

  const good = await upload(archivist, batch, '关于做好防汛工作的通知.pdf', await pdf('关于做好防汛工作的通知\n各处室：请做好防汛准备。'));
  t.is(good.status, 200, JSON.stringify(good.body));
  t.true(good.body.done);
  t.not(good.body.file.verdict, 'reject', JSON.stringify(good.body.file));
  t.is(good.body.state, 'inspected');
  const bad = await upload(archivist, batch, '空文件.pdf', Buffer.alloc(0));
  t.is(bad.body.state, 'returned', JSON.stringify(bad.body));
  t.true(bad.body.file.findings.length > 0);

  const list = await archivist.get<{ rows: { id: string; version: number; missing: string[] }[] }>('arrangement.list', { batch, state: 'inspected' });
  t.is(list.body.rows.length, 1);
  const [row] = list.body.rows;
  const saved = await archivist.post<{ rows: { state: string }[] }>('arrangement.save', {
    batch, rows: [{
      record: row?.id, seenVersion: row?.version,
      facts: { categoryCode: 'WS', scheduleItemId: '6.2', documentDate: '2026-05-06', completedOn: '2026-06-01', orgOrFunction: 'BGS' },
      description: { title: '关于做好防汛工作的通知', author: ['昆明市演练局'], documentNumber: '演练发〔2026〕5号' },
    }],
  });
  t.is(saved.status, 200, JSON.stringify(saved.body));
  t.is(saved.body.rows[0]?.state, 'arranged');
  const preview = await archivist.get<{ rows: { archivalCode: string }[] }>('arrangement.preview', { batch });
  t.regex(preview.body.rows[0]?.archivalCode ?? '', /^Z109-WS·2026·D10·BGS-0001$/);

  const shown = await archivist.get<{ batch: { version: number } }>('capture.show', { batch });
  const wrong = await archivist.post('capture.declare', { batch, seenVersion: shown.body.batch.version, counts: [{ category: 'WS', archivalYear: 2026, retention: 'D10', items: 2, metadata: 2 }] });
  t.is(wrong.status, 200, JSON.stringify(wrong.body));
  const refused = await archivist.post<{ code: string }>('filing.file', { batch, seenVersion: shown.body.batch.version + 1 });
  t.is(refused.body.code, 'E_COUNT_MISMATCH');
  await archivist.post('capture.declare', { batch, seenVersion: shown.body.batch.version + 1, counts: [{ category: 'WS', archivalYear: 2026, retention: 'D10', items: 1, metadata: 1 }] });
  const filed = await archivist.post<{ filed: { record: string; archivalCode: string }[]; left: number }>('filing.file', { batch, seenVersion: shown.body.batch.version + 2 });
  t.is(filed.status, 200, JSON.stringify(filed.body));
  t.is(filed.body.filed[0]?.archivalCode, 'Z109-WS·2026·D10·BGS-0001');
  t.is(filed.body.left, 1, 'the returned file stays with its reasons');

  const found = await archivist.get<{ total: number; rows: { id: string; description: { title: string } }[] }>('record.search', { q: '防汛' });
  t.is(found.body.total, 1, JSON.stringify(found.body));
  t.is((await archivist.get<{ total: number }>('record.search', { q: '抗旱' })).body.total, 0);
  t.is((await archivist.get<{ total: number }>('record.search', { q: '〔2026〕5号' })).body.total, 1);
  const record = found.body.rows[0]?.id ?? '';
  const detail = await archivist.get<{ files: { id: string }[]; events: unknown[] }>('record.show', { record });
  t.is(detail.status, 200);
  const file = detail.body.files[0]?.id ?? '';
  const pages = await archivist.get<{ pages: number }>('record.pages', { file });
  t.is(pages.body.pages, 1, JSON.stringify(pages.body));
  const page = await archivist.get('record.read', { file, page: 1, width: 600 });
  t.is(page.headers['content-type'], 'image/png');
  t.truthy(page.headers['x-trace-code']);

  const outsider = await box.as('duanwen');
  const none = await outsider.get('record.show', { record });
  const nothing = await outsider.get('record.show', { record: '00000000-0000-4000-8000-000000000000' });
  t.is(none.status, 404);
  t.deepEqual({ ...none.body, traceId: '' }, { ...nothing.body, traceId: '' }, 'hidden and missing are the same answer');

  const auditor = await box.as('hejingyi');
  const verdict = await auditor.post<{ faults: unknown[]; entries: number }>('audit.verify', {});
  t.deepEqual(verdict.body.faults, []);
  t.is((await auditor.get('record.search', { q: '防汛' })).status, 403, 'the three officers do not search');
});
