import type { Client } from '../remote/client.js';
import { arrange, send } from './intake.js';
import type { SampleFile } from './sample-files.js';

interface Previewed { readonly id: string; readonly statement: string; readonly mark: string }

/** 定密: taken in at 内部, found to be 机密; the proposer draws up, the 定密责任人 decides, each with their own signature. */
export async function mark(proposer: Client, authority: Client, custodian: Client, sample: SampleFile, year: number): Promise<{ mark: string; state: string; record: string }> {
  const { batch } = await proposer.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '演练' });
  const taken = await send(proposer, batch, sample);
  await arrange(proposer, batch, [taken], year);
  const draft = {
    recordIds: [taken.record], type: 'original', level: 3, term: { kind: 'duration', years: 10, months: 0, days: 0 }, startOn: `${year}-03-10`,
    scope: { persons: [proposer.person, authority.person, custodian.person], departments: [] }, points: ['第 1 页'], basis: '保密事项范围（演练）第 3.2 项', scheduleItem: null,
  };
  const opinion = '属于第 3.2 项，建议定为机密';
  const drawn = await proposer.post<Previewed>('classification.preview', { event: 'propose', draft, opinion });
  const { classification } = await proposer.post<{ classification: string }>('classification.propose', { id: drawn.id, draft, opinion, signature: proposer.sign(drawn.statement) });

  await authority.post('session.switch-level', { level: 3 });
  const shown = await authority.get<{ version: number; nextRecordNo: string }>('classification.show', { classification });
  const decision = { classification, opinion: '同意', writtenRecordNo: shown.nextRecordNo };
  const ready = await authority.post<Previewed>('classification.preview', { event: 'approve', ...decision });
  const approved = await authority.post<{ state: string; mark: string }>('classification.approve', { ...decision, seenVersion: shown.version, signature: authority.sign(ready.statement) });
  return { mark: approved.mark, state: approved.state, record: taken.record };
}
