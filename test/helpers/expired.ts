import type { Client } from './box.js';
import { upload } from './box.js';
import { at, done, mark } from './marked.js';
import { smallPdf } from './office.js';

/** Records whose period has long ended, filed late as a unit files what it finds. */
export interface Old { readonly title: string; readonly year?: number; readonly item?: string; readonly retention?: string }

const LATE = '补归以前年度材料';

async function taken(client: Client, level: number, department: string, olds: readonly Old[]): Promise<{ readonly batch: string; readonly records: readonly string[] }> {
  await at(client, level);
  const { batch } = done(await client.post<{ batch: string }>('capture.open', { fonds: 'Z109', department, method: 'offline_upload', offlineReason: '系统未联网' }));
  const records: string[] = [];
  for (const { title } of olds) records.push(done(await upload(client, batch, `${title}.pdf`, await smallPdf(`text of ${title}`))).record);
  const { rows } = done(await client.get<{ rows: { id: string; version: number }[] }>('arrangement.list', { batch }));
  done(await client.post('arrangement.save', {
    batch, rows: olds.map(({ title, year = 2014, item = '6.2' }, n) => ({
      record: records[n], seenVersion: rows.find(({ id }) => id === records[n])?.version,
      facts: { categoryCode: 'WS', scheduleItemId: item, archivalYear: year, documentDate: `${String(year)}-05-06`, completedOn: `${String(year)}-06-01`, orgOrFunction: department }, description: { title, author: ['演练局'] },
    })),
  }));
  return { batch, records };
}

const countsOf = (olds: readonly Old[]) => {
  const lines = new Map<string, { category: string; archivalYear: number; retention: string; items: number; metadata: number }>();
  for (const { year = 2014, retention = 'D10' } of olds) {
    const line = lines.get(`${String(year)} ${retention}`) ?? { category: 'WS', archivalYear: year, retention, items: 0, metadata: 0 };
    lines.set(`${String(year)} ${retention}`, { ...line, items: line.items + 1, metadata: line.metadata + 1 });
  }
  return [...lines.values()];
};

/** Ordinary ones, of one department. */
export async function filedOld(client: Client, level: number, department: string, olds: readonly Old[]): Promise<readonly string[]> {
  const { batch, records } = await taken(client, level, department, olds);
  const { batch: { version } } = done(await client.get<{ batch: { version: number } }>('capture.show', { batch }));
  done(await client.post('capture.declare', { batch, seenVersion: version, counts: countsOf(olds) }));
  done(await client.post('filing.file', { batch, seenVersion: version + 1, overdueReason: LATE }));
  return records;
}

/** One 机密★10年, known to the persons named. */
export async function filedOldSecret({ proposer, authority, custodian }: { readonly proposer: Client; readonly authority: Client; readonly custodian: Client }, old: Old, persons: readonly string[]): Promise<{ readonly record: string; readonly classification: string }> {
  const { batch, records: [record = ''] } = await taken(proposer, 3, 'BGS', [old]);
  const classification = await mark(proposer, authority, record, persons);
  const { batch: { version } } = done(await proposer.get<{ batch: { version: number } }>('capture.show', { batch }));
  done(await proposer.post('capture.declare', { batch, seenVersion: version, counts: countsOf([old]) }));
  await at(custodian, 3);
  done(await custodian.post('filing.file', { batch, seenVersion: version + 1, overdueReason: LATE }));
  return { record, classification };
}
