import type { Client } from '../remote/client.js';
import type { SampleFile } from './sample-files.js';

interface StoredRow { readonly id: string; readonly state: string; readonly version: number; readonly files: readonly { readonly id: string; readonly verdict: string }[] }
export interface Uploaded { readonly sample: SampleFile; readonly record: string; readonly verdict: string; readonly codes: readonly string[] }

/** 收集: one file in segments; the answer to the last is the judged file. */
export async function send(client: Client, batch: string, sample: SampleFile): Promise<Uploaded> {
  const begun = await client.post<{ upload: string; offset: number; segmentBytes: number }>('capture.begin-upload', { batch, fileName: sample.name, bytes: sample.bytes.length });
  for (let offset = begun.offset; ; ) {
    const segment = sample.bytes.subarray(offset, offset + begun.segmentBytes);
    const answer = await client.put<{ done: boolean; offset: number; record: string; file: { verdict: string; findings: readonly { code: string }[] } }>('capture.upload', { upload: begun.upload, offset }, segment);
    offset = answer.offset;
    if (answer.done) return { sample, record: answer.record, verdict: answer.file.verdict, codes: answer.file.findings.map(({ code }) => code) };
  }
}

async function rowsOf(client: Client, batch: string): Promise<readonly StoredRow[]> {
  return (await client.get<{ records: readonly StoredRow[] }>('capture.show', { batch })).records;
}

/** 整理编目 of the files that were judged good. */
export async function arrange(client: Client, batch: string, taken: readonly Uploaded[], year: number): Promise<{ arranged: number; codes: readonly string[] }> {
  const rows = await rowsOf(client, batch);
  const good = taken.filter(({ sample }) => sample.expected === 'accept');
  await client.post('arrangement.save', {
    batch,
    rows: good.map(({ sample, record }, n) => ({
      record, seenVersion: rows.find(({ id }) => id === record)?.version ?? 1,
      facts: {
        categoryCode: 'WS', scheduleItemId: '6.2', orgOrFunction: 'BGS', documentDate: `${year}-03-${String(n + 10)}`, completedOn: `${year}-03-${String(n + 11)}`,
      },
      description: { title: sample.title, author: ['昆明市演练局'], documentNumber: `昆演发〔${year}〕${n + 1}号` },
    })),
  });
  const preview = await client.get<{ rows: readonly { archivalCode: string }[] }>('arrangement.preview', { batch });
  return { arranged: good.length, codes: preview.rows.map(({ archivalCode }) => archivalCode) };
}

interface Counted { readonly category: string; readonly archivalYear: number; readonly retention: string; readonly actualItems: number; readonly actualMetadata: number }

/** 清点归档: what is not arranged goes back, what is there is counted, declared and filed. */
export async function file(client: Client, batch: string): Promise<{ filed: readonly { record: string; archivalCode: string }[]; reportNo: string }> {
  for (const { id, state, version } of await rowsOf(client, batch)) {
    if (state !== 'arranged') await client.post('capture.withdraw', { record: id, reason: '退回形成部门改正后重新收集', seenVersion: version });
  }
  const counted = await client.get<{ reconciliation: { rows: readonly Counted[] }; batch: { version: number } }>('filing.reconcile', { batch });
  await client.post('capture.declare', {
    batch, seenVersion: counted.batch.version,
    counts: counted.reconciliation.rows.map(({ category, archivalYear, retention, actualItems, actualMetadata }) => ({ category, archivalYear, retention, items: actualItems, metadata: actualMetadata })),
  });
  const agreed = await client.get<{ batch: { version: number } }>('filing.reconcile', { batch });
  return client.post('filing.file', { batch, seenVersion: agreed.batch.version });
}
