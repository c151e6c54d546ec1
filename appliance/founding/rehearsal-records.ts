import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Call, Level } from '../../core/ports.js';
import { filingDeadline } from '../../core/deadlines.js';
import { Temporal } from 'temporal-polyfill';
import type { ClassificationDraft } from '../../policies/schemas/classification.js';
import type { CaseForm } from '../../policies/schemas/marking-case.js';
import type { Term } from '../../policies/schemas/secrecy.js';
import { markText } from '../../secrecy/marking.js';
import type { Box } from '../box.js';
import { openKeyFile, readKeyFile } from '../crypto/key-file.js';
import { inPackage } from '../package-root.js';
import type { SessionView } from '../call.js';
import type { Services } from '../services.js';
import { peopleRepository } from '../store/repositories/people.js';
import { encryptedZip, paperAsOfd, paperAsPdf, paperAsText } from './rehearsal-files.js';
import type { Paper } from './rehearsal-files.js';
import { rehearsalFile } from './rehearsal.js';

interface PaperRow {
  readonly title: string; readonly number: string;
  /** `0-` last year, `1-` this year, then month and day; never later than today. A whole date stands as it is: of what has long been due for appraisal. */
  readonly on: string;
  /** 保管期限表条目 */
  readonly item: string; readonly form: 'pdf' | 'ofd' | 'text';
}
interface BatchRow { readonly by: string; readonly level: Level; readonly department: string; readonly papers: readonly PaperRow[] }
interface SecretRow { readonly scope: readonly string[]; readonly approver: string | null; readonly basis: string; readonly years: number; /** Ends so many days from now, on a day, instead of after years. */ readonly endsInDays?: number }
interface RecordsFile {
  readonly office: string; readonly paragraphs: readonly string[];
  readonly batches: readonly (BatchRow & Partial<SecretRow>)[];
  readonly open: BatchRow & { readonly returned: string };
  /** One change under way: of the newest matter of that level that runs for years. */
  readonly change: { readonly by: string; readonly level: Level; readonly reason: string };
}
interface Taken { readonly record: string; readonly paper: PaperRow; readonly on: string }

/**
 * 演练文件: what a unit would have after a while, made by its rehearsal people through the same services as everything else, each
 * act decided, signed and entered. Only for a rehearsal just founded.
 */
export async function seedRehearsal(box: Box, services: Services): Promise<void> {
  const file = JSON.parse(await readFile(inPackage('appliance', 'founding', 'rehearsal-records.json'), 'utf8')) as RecordsFile;
  const hands = await rehearsalHands(box);
  for (const batch of file.batches) await fill(box, services, hands, file, batch);
  const { batch, taken } = await takeIn(box, services, hands, file, file.open, null);
  await upload(services, hands, file.open, batch, file.open.returned, encryptedZip('检查材料.txt'));
  await describe(services, hands, file.open, batch, taken, file.office);
  // What has run out in the meantime waits on the desk for a person.
  await services.marking.round.run(box.systemCall('classification.round'));
  await propose(box, services, hands, file.change);
}

/** 变更审批表 drawn up and signed, waiting for the 定密责任人. */
async function propose(box: Box, services: Services, hands: Hands, { by, level, reason }: RecordsFile['change']): Promise<void> {
  const { rows } = await services.classification.list(hands.call(by, 'classification.list', level), { state: 'active' });
  const matter = rows.find((one) => one.level === level);
  const shown = matter && await services.classification.show(hands.call(by, 'classification.show', level), { classification: matter.id });
  if (!shown || shown.proposal.term?.kind !== 'duration') return;
  const { proposal } = shown;
  const form: CaseForm = {
    kind: 'change', changeReason: 'harm_changed', reason, legalBasis: '保密法第二十三条', findings: '对照保密事项范围现行规定核对，事项已部分公开', notify: ['昆明市演练局下属中心'],
    to: { level: 2, term: { kind: 'duration', years: 5, months: 0, days: 0 }, startOn: proposal.startOn, scope: { persons: [...proposal.scope.persons], departments: [...proposal.scope.departments] } },
  };
  const drawn = await services.marking.cases.draft(hands.call(by, 'classification.draft-case', level), { classification: shown.id, form });
  const opinion = '建议降为秘密，期限五年。';
  const ready = await services.marking.cases.preview(hands.call(by, 'classification.preview-case', level), { event: 'sign', case: drawn.case, opinion });
  await services.marking.cases.sign(hands.call(by, 'classification.sign-case', level), { case: drawn.case, seenVersion: drawn.version, opinion, signature: await hands.sign(by, ready.statement ?? '') });
}

interface Hands {
  person(account: string): string;
  call(account: string, act: string, level: Level): Call & { readonly session: SessionView };
  sign(account: string, text: string): Promise<string>;
}

/** The rehearsal people with their key files, as they would sit at the console. */
async function rehearsalHands(box: Box): Promise<Hands> {
  const { pin, people } = await rehearsalFile();
  const { rows } = await peopleRepository(box.reader, box.sealing).list({ offset: 0, limit: 1000 });
  const idOf = new Map(rows.map(({ account, id }) => [account, id]));
  const person = (account: string): string => idOf.get(account) ?? '';
  return {
    person,
    call(account, act, level) {
      const duty = people.find((one) => one.account === account)?.duties[0] ?? null;
      const session: SessionView = { id: 'rehearsal', person: person(account), csrf: '', currentLevel: level, locked: false, mustChangePassword: false, absoluteUntil: box.clock.now(), duties: duty === null ? [] : [duty], terminal: 'box', terminalLevel: null };
      return { act, person: person(account), duty, terminal: 'box', traceId: box.ids.uuid(), session };
    },
    async sign(account, text) {
      const key = await openKeyFile(box.crypto, readKeyFile(await readFile(path.join(box.paths.rehearsal, `${account}.key.json`), 'utf8')), pin);
      return Buffer.from(box.crypto.sign(Buffer.from(text), key)).toString('base64url');
    },
  };
}

/** One batch from opening to 归档; a secret one is marked first, and one without an approver waits for the signature. */
async function fill(box: Box, services: Services, hands: Hands, file: RecordsFile, row: BatchRow & Partial<SecretRow>): Promise<void> {
  const { batch, taken } = await takeIn(box, services, hands, file, row, row.years === undefined ? null : markText(row.level, termOf(row as SecretRow, box.clock.today()), box.policies.content('marking.json')));
  await describe(services, hands, row, batch, taken, file.office);
  if (row.scope !== undefined) {
    for (const one of taken) await mark(box, services, hands, row as BatchRow & SecretRow, one);
    if (row.approver === null) return;
  }
  await count(services, hands, row, batch);
  const keeper = row.level >= 2 ? 'yangjing' : row.by;
  const seen = await services.filing.reconcile(hands.call(keeper, 'filing.reconcile', row.level), { batch });
  const late = taken.some(({ on }) => filingDeadline(on) < box.clock.today());
  await services.filing.file(hands.call(keeper, 'filing.file', row.level), { batch, seenVersion: seen.batch.version, ...(late ? { overdueReason: '演练文件，补归以前年度材料' } : {}) });
}

async function takeIn(box: Box, services: Services, hands: Hands, file: RecordsFile, row: BatchRow, marked: string | null): Promise<{ readonly batch: string; readonly taken: readonly Taken[] }> {
  const { batch } = await services.capture.open(hands.call(row.by, 'capture.open', row.level), {
    fonds: box.profile.fonds[0]?.fonds ?? '', department: row.department, method: 'offline_upload', offlineReason: '演练文件，由启动程序形成',
  });
  const taken: Taken[] = [];
  for (const paper of row.papers) {
    const text: Paper = { title: paper.title, number: paper.number, mark: marked, paragraphs: file.paragraphs, office: file.office };
    const bytes = paper.form === 'pdf' ? await paperAsPdf(text) : paper.form === 'ofd' ? paperAsOfd(text) : paperAsText(text);
    const record = await upload(services, hands, row, batch, `${paper.title}.${paper.form === 'text' ? 'txt' : paper.form}`, bytes);
    taken.push({ record, paper, on: dayOf(paper.on, box.clock.today()) });
  }
  return { batch, taken };
}

async function upload(services: Services, hands: Hands, row: BatchRow, batch: string, fileName: string, bytes: Buffer): Promise<string> {
  const begun = await services.capture.beginUpload(hands.call(row.by, 'capture.begin-upload', row.level), { batch, fileName, bytes: bytes.length });
  const done = await services.capture.upload(hands.call(row.by, 'capture.upload', row.level), { upload: begun.upload, offset: 0 }, one(bytes));
  return done.done ? done.record : '';
}

async function describe(services: Services, hands: Hands, row: BatchRow, batch: string, taken: readonly Taken[], office: string): Promise<void> {
  const { rows } = await services.arrangement.list(hands.call(row.by, 'arrangement.list', row.level), { batch });
  await services.arrangement.save(hands.call(row.by, 'arrangement.save', row.level), {
    batch, rows: taken.map(({ record, paper, on }) => ({
      record, seenVersion: rows.find(({ id }) => id === record)?.version ?? 1,
      facts: { categoryCode: 'WS', scheduleItemId: paper.item, documentDate: on, completedOn: on, orgOrFunction: row.department },
      description: { title: paper.title, documentNumber: paper.number, author: [office] },
    })),
  });
}

async function count(services: Services, hands: Hands, row: BatchRow, batch: string): Promise<void> {
  const { rows, batch: seen } = await services.arrangement.list(hands.call(row.by, 'arrangement.list', row.level), { batch });
  const lines = new Map<string, { category: string; archivalYear: number; retention: string; items: number; metadata: number }>();
  for (const { categoryCode, archivalYear, retentionCode } of rows) {
    const key = `${String(archivalYear)} ${String(retentionCode)}`;
    const line = lines.get(key) ?? { category: categoryCode ?? '', archivalYear: archivalYear ?? 0, retention: retentionCode ?? '', items: 0, metadata: 0 };
    lines.set(key, { ...line, items: line.items + 1, metadata: line.metadata + 1 });
  }
  await services.capture.declare(hands.call(row.by, 'capture.declare', row.level), { batch, seenVersion: seen.version, counts: [...lines.values()] });
}

/** 定密: drawn up and signed by the one, decided and signed by the other. */
async function mark(box: Box, services: Services, hands: Hands, row: BatchRow & SecretRow, taken: Taken): Promise<void> {
  const draft: ClassificationDraft = {
    recordIds: [taken.record], type: 'original', level: row.level, term: termOf(row, box.clock.today()), startOn: taken.on,
    scope: { persons: row.scope.map((account) => hands.person(account)), departments: [] }, points: ['第二段“分工与时间安排”'], basis: row.basis, scheduleItem: '一览表第 11 条',
  };
  const opinion = `属于${row.basis}所列事项，建议按上述密级、期限和知悉范围确定。`;
  const proposing = await services.classification.preview(hands.call(row.by, 'classification.preview', row.level), { event: 'propose', draft, opinion });
  await services.classification.propose(hands.call(row.by, 'classification.propose', row.level), { id: proposing.id, draft, opinion, signature: await hands.sign(row.by, proposing.statement ?? '') });
  if (row.approver === null) return;
  const deciding = await services.classification.preview(hands.call(row.approver, 'classification.preview', row.level), { event: 'approve', classification: proposing.id, opinion: '同意' });
  await services.classification.approve(hands.call(row.approver, 'classification.approve', row.level), {
    classification: proposing.id, seenVersion: 1, opinion: '同意', writtenRecordNo: deciding.writtenRecordNo ?? '', signature: await hands.sign(row.approver, deciding.statement ?? ''),
  });
}

const termOf = (row: SecretRow, today: string): Term =>
  row.endsInDays === undefined ? { kind: 'duration', years: row.years, months: 0, days: 0 } : { kind: 'date', on: Temporal.PlainDate.from(today).add({ days: row.endsInDays }).toString() };

/** `1-03-20` as a day of this year, or today where that is yet to come; a whole date as itself. */
function dayOf(text: string, today: string): string {
  if (/^\d{4}-/u.test(text)) return text;
  const year = Number(today.slice(0, 4)) - (text.startsWith('0') ? 1 : 0);
  const day = `${String(year)}${text.slice(1)}`;
  return day < today ? day : today;
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
