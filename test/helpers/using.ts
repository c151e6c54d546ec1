import type { Answer, Client } from './box.js';
import { upload } from './box.js';
import { at, done } from './marked.js';
import { smallPdf } from './office.js';

export interface Problem { readonly code: string; readonly details?: readonly { readonly at: string; readonly message: string }[] }
export interface Kept { readonly record: string; readonly file: string; readonly code: string }

/** A record of any year and level, taken in, described and filed by one archivist or custodian of 综合处. */
export async function kept(client: Client, title: string, level: number, on: string, more: { readonly department?: string; readonly author?: readonly string[]; readonly pages?: number; readonly category?: string } = {}): Promise<Kept> {
  const department = more.department ?? 'DAS';
  await at(client, level);
  const { batch } = done(await client.post<{ batch: string }>('capture.open', { fonds: 'Z109', department, method: 'offline_upload', offlineReason: '系统未联网' }));
  const { record, file } = done(await upload(client, batch, `${title}.pdf`, await smallPdf(`text of ${title}`)));
  const { rows } = done(await client.get<{ rows: { id: string; version: number }[] }>('arrangement.list', { batch }));
  const year = Number(on.slice(0, 4));
  done(await client.post('arrangement.save', {
    batch, rows: [{
      record, seenVersion: rows.find(({ id }) => id === record)?.version,
      facts: { categoryCode: 'WS', scheduleItemId: '6.2', archivalYear: year, documentDate: on, completedOn: on, orgOrFunction: department }, description: { title, author: more.author ?? ['演练局'] },
    }],
  }));
  done(await client.post('inspection.run', { batch }));
  const { batch: { version } } = done(await client.get<{ batch: { version: number } }>('capture.show', { batch }));
  done(await client.post('capture.declare', { batch, seenVersion: version, counts: [{ category: 'WS', archivalYear: year, retention: 'D10', items: 1, metadata: 1 }] }));
  done(await client.post('filing.file', { batch, seenVersion: version + 1, overdueReason: '补归以前年度材料' }));
  const { record: { archivalCode } } = done(await client.get<{ record: { archivalCode: string } }>('record.show', { record }));
  return { record, file: file.id, code: archivalCode };
}

/** Signs an approval, or refuses it, with the person's own key. */
export async function settleApproval(client: Client, approval: string, verdict: 'grant' | 'refuse' = 'grant', opinion = '同意'): Promise<Answer<Problem & { state: string }>> {
  const ready = await client.post<Problem & { statement: string; version: number }>('approval.preview', { approval, verdict, opinion });
  if (ready.status !== 200) return ready as never;
  return client.post(verdict === 'grant' ? 'approval.sign' : 'approval.refuse', { approval, opinion, signature: client.sign(ready.body.statement), seenVersion: ready.body.version });
}

/** A clock that a test moves. */
export function movable(start = '2026-11-23T01:00:00.000Z') {
  const time = { now: Date.parse(start) };
  return { time, clock: { now: () => new Date(time.now += 1).toISOString(), today: () => new Date(time.now + 8 * 3_600_000).toISOString().slice(0, 10) } };
}
