import type { Box } from '../../appliance/box.js';
import { at, done } from './marked.js';
import type { Client, TestBox } from './box.js';
import { signIn, upload } from './box.js';

/** Records whose period is over and that an approved appraisal condemned, as the appraisal room leaves them. */
export async function condemn(box: Box, records: readonly string[], by: string): Promise<void> {
  const batch = box.ids.uuid();
  const approvedAt = box.clock.now();
  await box.store.write(box.systemCall('destruction.execute'), async (tx) => {
    await tx.allow();
    const [first] = records;
    const fonds = (first === undefined ? undefined : await tx.records.get(first))?.fonds ?? '';
    await tx.appraisals.add({
      it: { id: batch, number: `JD-2026-${batch.slice(0, 4)}`, fonds, state: 'closed', asOf: '2026-05-01', basis: 'regulation', openedBy: by, openedAt: approvedAt, convenedBy: null, members: [], approval: null, report: null, closedAt: approvedAt },
      level: 1, told: { report: null, cancelled: null }, version: 1,
    }, records);
    await tx.appraisals.conclude(batch, records.map((record) => ({ record, conclusion: 'destroy' as const, newRetention: null })), approvedAt);
    for (const id of records) {
      const record = await tx.records.get(id);
      if (record === undefined) throw new Error(id);
      await tx.records.save({ ...record, state: 'appraised', appraisal: batch, currentRetention: 'D10', retentionExpiresOn: '2020-12-31' }, record.version);
    }
    tx.audit({ action: 'record.appraise', detail: { test: true, records: records.length } });
  });
}

export interface People { readonly applicant: Client; readonly executor: Client; readonly supervisors: readonly Client[]; readonly head: Client }

/** 赵晓兰 applies, 杨静 carries out, 周敏 and 刘思远 watch, 王振华 approves; at the level of what is destroyed. */
export async function parts(box: TestBox, level = 1): Promise<People> {
  const as = async (account: string): Promise<Client> => at(await signIn(box.url, account), level);
  return { applicant: await as('zhaoxiaolan'), executor: await as('yangjing'), supervisors: [await as('zhoumin'), await as('liusiyuan')], head: await as('wangzhenhua') };
}

export const draftOf = (records: readonly string[], people: People, more: Record<string, unknown> = {}) => ({
  records, reason: '保管期满，经鉴定无保存价值', basis: 'regulation', place: '档案室', executor: people.executor.person, supervisors: people.supervisors.map(({ person }) => person), ...more,
});

export interface Shown { readonly state: string; readonly version: number; readonly steps: readonly { readonly id: string; readonly seq: number; readonly place: string; readonly ref: string; readonly state: string; readonly told: { readonly result: string; readonly method: string; readonly proves: string } | null; readonly record: string | null }[]; readonly checks: readonly { readonly what: string; readonly passed: boolean; readonly looked: number }[]; readonly faults: readonly string[]; readonly items: readonly { readonly code: string; readonly title: string; readonly state: string }[] }
export const shown = async (client: Client, batch: string): Promise<Shown> => done(await client.get<Shown>('destruction.show', { batch }));

export async function approve(client: Client, approval: string): Promise<void> {
  const ready = done(await client.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '同意' }));
  done(await client.post('approval.sign', { approval, opinion: '同意', signature: client.sign(ready.statement), seenVersion: ready.version }));
}

export async function sign(client: Client, batch: string, act: 'destruction.sign' | 'destruction.execute' = 'destruction.sign') {
  const { statement, version } = done(await client.get<{ statement: string; version: number }>('destruction.preview', { batch }));
  return client.post<{ state: string; code?: string }>(act, { batch, seenVersion: version, signature: client.sign(statement) });
}

/** From the draft to the frozen list with both signatures under it. */
export async function frozen(records: readonly string[], people: People): Promise<string> {
  const { batch } = done(await people.applicant.post<{ batch: string }>('destruction.draft', draftOf(records, people)));
  const { approval } = done(await people.applicant.post<{ approval: string }>('destruction.submit', { batch, seenVersion: 1 }));
  await approve(people.head, approval);
  done(await people.executor.post('destruction.freeze', { batch, seenVersion: (await shown(people.executor, batch)).version }));
  for (const one of people.supervisors) done(await sign(one, batch));
  return batch;
}

/** Everybody's signature under the certificate. */
export async function closed(batch: string, people: People): Promise<void> {
  for (const one of [people.executor, ...people.supervisors]) done(await sign(one, batch));
}

/** A document of 办公室 taken in, described, filed: the record and its 档号. */
export async function filedPaper(client: Client, keeper: Client, title: string, content: Buffer, level = 1, extension = 'pdf'): Promise<{ readonly record: string; readonly code: string; readonly file: string }> {
  await at(client, level);
  const { batch } = done(await client.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' }));
  const { record, file } = done(await upload(client, batch, `${title}.${extension}`, content));
  const { rows } = done(await client.get<{ rows: { id: string; version: number }[] }>('arrangement.list', { batch }));
  done(await client.post('arrangement.save', {
    batch, rows: [{
      record, seenVersion: rows.find(({ id }) => id === record)?.version,
      facts: { categoryCode: 'WS', scheduleItemId: '6.2', archivalYear: 2026, documentDate: '2026-05-06', completedOn: '2026-06-01', orgOrFunction: 'BGS' }, description: { title, author: ['演练局'] },
    }],
  }));
  const { batch: { version } } = done(await client.get<{ batch: { version: number } }>('capture.show', { batch }));
  done(await client.post('capture.declare', { batch, seenVersion: version, counts: [{ category: 'WS', archivalYear: 2026, retention: 'D10', items: 1, metadata: 1 }] }));
  await at(keeper, level);
  const { filed } = done(await keeper.post<{ filed: { record: string; archivalCode: string }[] }>('filing.file', { batch, seenVersion: version + 1 }));
  return { record, code: filed[0]?.archivalCode ?? '', file: file.id };
}
