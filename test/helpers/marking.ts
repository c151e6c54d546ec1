import { systemClock } from '../../appliance/clock.js';
import type { Clock } from '../../core/ports.js';
import type { ClassificationDraft } from '../../policies/schemas/classification.js';
import type { CaseForm } from '../../policies/schemas/marking-case.js';
import { openTestBox, upload } from './box.js';
import type { Answer, Client, TestBox, Teardown } from './box.js';
import { at, done } from './marked.js';
import { smallPdf } from './office.js';

export { at, done };

/** What 定密 through the API needs of a test: people at their levels, records, matters in force, forms about them. */

export type Refusal = { readonly code?: string; readonly details?: readonly { readonly at: string; readonly message: string }[]; readonly facts?: Readonly<Record<string, unknown>> };
export interface Noticed { readonly id: string; readonly number: string; readonly recipients: number; readonly dueOn: string; readonly dueCovered: boolean; readonly deliverBy: string | null }
export interface DecidedCase extends Refusal { readonly case: string; readonly state: string; readonly matterState: string; readonly mark: string | null; readonly notice: Noticed | null; readonly level: number; readonly reviewDueOn: string | null }

/** A clock that is put forward by hand: to nine in the morning of a day, or to an instant. */
export interface SetClock extends Clock { to(day: string): void }
export function setClock(day: string): SetClock {
  let [base, started] = [Date.parse(`${day}T01:00:00.000Z`), Date.now()];
  const now = (): string => new Date(base + (Date.now() - started)).toISOString();
  return { now, today: () => new Date(Date.parse(now()) + 8 * 3_600_000).toISOString().slice(0, 10), to(next) { [base, started] = [Date.parse(next.includes('T') ? next : `${next}T01:00:00.000Z`), Date.now()]; } };
}

export interface Desk { readonly box: TestBox; readonly proposer: Client; readonly authority: Client; readonly custodian: Client; readonly officer: Client; as(account: string, level?: number): Promise<Client> }

export async function openDesk(t: Teardown, clock: Clock = systemClock(), data?: string): Promise<Desk> {
  const box = await openTestBox(t, { clock, ...(data === undefined ? {} : { data }) });
  return signedIn(box);
}
export async function signedIn(box: TestBox): Promise<Desk> {
  const as = async (account: string, level = 3): Promise<Client> => at(await box.as(account), level);
  return { box, as, proposer: await as('liusiyuan'), authority: await as('lijianguo'), custodian: await as('yangjing'), officer: await as('zhoumin') };
}

/** A record taken in at the level of the session, in a batch of its own. */
export async function takenIn(client: Client, level = 3, title = '关于演练点位安排的通知（演练）'): Promise<string> {
  await at(client, level);
  const { batch } = done(await client.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' }));
  const { record } = done(await upload(client, batch, `${title}.pdf`, await smallPdf(title)));
  return record;
}

export const years = (n: number) => ({ kind: 'duration' as const, years: n, months: 0, days: 0 });
export const people = (desk: Desk): string[] => [desk.proposer, desk.authority, desk.custodian, desk.officer].map(({ person }) => person);

export const draftOf = (records: readonly string[], persons: readonly string[], more: Partial<ClassificationDraft> = {}): ClassificationDraft => ({
  recordIds: [...records], type: 'original', level: 3, term: years(10), startOn: '2026-05-06', scope: { persons: [...persons], departments: [] }, points: [], basis: '保密事项范围 第 3.2 项', scheduleItem: null, ...more,
});

export async function propose(client: Client, draft: ClassificationDraft): Promise<Answer<Refusal & { readonly classification: string }>> {
  const ready = await client.post<Refusal & { readonly id: string; readonly statement: string; readonly problem?: Refusal | null }>('classification.preview', { event: 'propose', draft, opinion: '建议定密' });
  if (ready.status !== 200) return ready as never;
  if (ready.body.problem) return { ...ready, body: ready.body.problem } as never;
  return client.post('classification.propose', { id: ready.body.id, draft, opinion: '建议定密', signature: client.sign(ready.body.statement) });
}

export async function approve(client: Client, classification: string): Promise<Answer<Refusal & { readonly state: string; readonly mark: string }>> {
  const shown = await client.get<Refusal & { readonly version: number; readonly nextRecordNo: string | null }>('classification.show', { classification });
  if (shown.status !== 200) return shown as never;
  const body = { classification, opinion: '同意', writtenRecordNo: shown.body.nextRecordNo ?? '密审〔2026〕1号' };
  const ready = await client.post<Refusal & { readonly statement: string }>('classification.preview', { event: 'approve', ...body });
  if (ready.status !== 200) return ready as never;
  return client.post('classification.approve', { ...body, seenVersion: shown.body.version, signature: client.sign(ready.body.statement) });
}

/** A record with a mark in force: who took it in proposed it, 李建国 approved it. */
export async function marked(desk: Desk, more: Partial<ClassificationDraft> = {}, title?: string): Promise<{ readonly record: string; readonly classification: string }> {
  const record = await takenIn(desk.proposer, 3, title);
  const { classification } = done(await propose(desk.proposer, draftOf([record], people(desk), more)));
  done(await approve(desk.authority, classification));
  return { record, classification };
}

export const formOf = (more: Partial<CaseForm> & Pick<CaseForm, 'kind'>): CaseForm => ({ reason: '损害程度明显变化', legalBasis: '保密法第二十三条', findings: '经核对保密事项范围，情况已变', ...more });
export const termsOf = (desk: Desk, more: Record<string, unknown> = {}) => ({ level: 3 as const, term: years(10), startOn: '2026-05-06', scope: { persons: people(desk), departments: [] as string[] }, ...more });

export const draftCase = async (client: Client, classification: string, form: CaseForm, more: Record<string, unknown> = {}): Promise<Answer<Refusal & { readonly case: string; readonly version: number; readonly state: string }>> =>
  client.post('classification.draft-case', { classification, form, ...more });

type Signing = 'sign' | 'decide' | 'return' | 'withdraw';
/** Asks for the text, signs it, sends it: `sign`, `decide`, `return` or `withdraw`. */
export async function signCase(client: Client, event: Signing, markingCase: string, more: Record<string, unknown> = {}): Promise<Answer<DecidedCase>> {
  const shown = await client.get<Refusal & { readonly version: number; readonly nextNo: string | null }>('classification.case', { case: markingCase });
  if (shown.status !== 200) return shown as never;
  const body = { case: markingCase, opinion: '同意', ...(event === 'decide' ? { decisionNo: shown.body.nextNo ?? '密更〔2026〕9号' } : {}) };
  const ready = await client.post<Refusal & { readonly statement: string | null; readonly problem: Refusal | null }>('classification.preview-case', { event, ...body });
  if (ready.status !== 200) return ready as never;
  if (ready.body.statement === null) return { ...ready, body: ready.body.problem } as never;
  return client.post(`classification.${event}-case`, { ...body, seenVersion: shown.body.version, signature: client.sign(ready.body.statement), ...more });
}

/** Drawn up, signed and decided. */
export async function settle(desk: Pick<Desk, 'proposer' | 'authority'>, classification: string, form: CaseForm, decider: Client = desk.authority): Promise<DecidedCase> {
  const { case: id } = done(await draftCase(desk.proposer, classification, form));
  done(await signCase(desk.proposer, 'sign', id));
  return done(await signCase(decider, 'decide', id));
}
