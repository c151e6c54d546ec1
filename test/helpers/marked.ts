import type { ClassificationDraft } from '../../policies/schemas/classification.js';
import type { Answer, Client, TestBox } from './box.js';
import { upload } from './box.js';
import { smallPdf } from './office.js';

export const done = <T>(answer: Answer<T>): T => {
  if (answer.status !== 200) throw new Error(answer.bytes.toString('utf8'));
  return answer.body;
};

export const at = async (client: Client, level: number): Promise<Client> => {
  done(await client.post('session.switch-level', { level }));
  return client;
};

export interface Marked { readonly batch: string; readonly record: string; readonly file: string; readonly classification: string | null }

/** A document taken in by 刘思远 (办公室) at a level, described and tested. */
export async function described(client: Client, title: string, level: number, department = 'BGS'): Promise<Omit<Marked, 'classification'>> {
  await at(client, level);
  const { batch } = done(await client.post<{ batch: string }>('capture.open', { fonds: 'Z109', department, method: 'offline_upload', offlineReason: '系统未联网' }));
  const { record, file } = done(await upload(client, batch, `${title}.pdf`, await smallPdf(`text of ${title.length}`)));
  const { rows } = done(await client.get<{ rows: { id: string; version: number }[] }>('arrangement.list', { batch }));
  const seenVersion = rows.find(({ id }) => id === record)?.version;
  done(await client.post('arrangement.save', {
    batch, rows: [{
      record, seenVersion, facts: { categoryCode: 'WS', scheduleItemId: '6.2', archivalYear: 2026, documentDate: '2026-05-06', completedOn: '2026-06-01', orgOrFunction: department },
      description: { title, author: ['演练局'] },
    }],
  }));
  return { batch, record, file: file.id };
}

const TERM = { kind: 'duration', years: 10, months: 0, days: 0 } as const;

/** Marked by two people: proposed by one, decided by 李建国. */
export async function mark(proposer: Client, authority: Client, record: string, persons: readonly string[], more: Partial<ClassificationDraft> = {}): Promise<string> {
  const draft: ClassificationDraft = {
    recordIds: [record], type: 'original', level: 3, term: TERM, startOn: '2026-05-06', scope: { persons: [...persons], departments: [] },
    points: ['第 1 页'], basis: '保密事项范围 第 3.2 项', scheduleItem: null, ...more,
  };
  const ready = done(await proposer.post<{ id: string; statement: string; problem: unknown }>('classification.preview', { event: 'propose', draft, opinion: '建议' }));
  if (ready.problem !== null) throw new Error(JSON.stringify(ready.problem));
  const { classification } = done(await proposer.post<{ classification: string }>('classification.propose', { id: ready.id, draft, opinion: '建议', signature: proposer.sign(ready.statement) }));
  const shown = done(await authority.get<{ version: number; nextRecordNo: string }>('classification.show', { classification }));
  const body = { classification, opinion: '同意', writtenRecordNo: shown.nextRecordNo };
  const decision = done(await authority.post<{ statement: string }>('classification.preview', { event: 'approve', ...body }));
  done(await authority.post('classification.approve', { ...body, seenVersion: shown.version, signature: authority.sign(decision.statement) }));
  return classification;
}

/** Declared by who handed it in, filed by the custodian, whose session stands at the record's level. */
export async function fileBatch(proposer: Client, custodian: Client, batch: string, level: number): Promise<void> {
  const { batch: { version, level: batchLevel } } = done(await proposer.get<{ batch: { version: number; level: number } }>('capture.show', { batch }));
  await at(proposer, batchLevel);
  done(await proposer.post('capture.declare', { batch, seenVersion: version, counts: [{ category: 'WS', archivalYear: 2026, retention: 'D10', items: 1, metadata: 1 }] }));
  await at(custodian, level);
  done(await custodian.post('filing.file', { batch, seenVersion: version + 1 }));
}

export interface Marking { readonly proposer: Client; readonly authority: Client; readonly custodian: Client }

export async function markers(box: TestBox): Promise<Marking> {
  return { proposer: await box.as('liusiyuan'), authority: await at(await box.as('lijianguo'), 3), custodian: await at(await box.as('yangjing'), 3) };
}

/** One filed record 机密★10年 that the three who made it may know of. */
export async function filedSecret({ proposer, authority, custodian }: Marking, title: string, more: readonly string[] = []): Promise<Marked> {
  const taken = await described(proposer, title, 3);
  const classification = await mark(proposer, authority, taken.record, [proposer.person, authority.person, custodian.person, ...more]);
  await fileBatch(proposer, custodian, taken.batch, 3);
  return { ...taken, classification };
}
