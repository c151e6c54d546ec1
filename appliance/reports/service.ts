import { Mutex } from 'async-mutex';
import type { Ids, Clock, Level, ReadTools, Sm3, Target, UnitOfWork, WriteTools } from '../../core/ports.js';
import { ArchiveError } from '../../core/errors.js';
import { batchTarget } from '../../core/holdings.js';
import type { CaptureBatch, ComputerFile, StoredRecord } from '../../core/holdings.js';
import { drawNumber } from '../../core/drawn-number.js';
import { formatCheckpoint } from '../../core/checkpoint.js';
import type { SignedCheckpoint } from '../../core/checkpoint.js';
import type { ReportCreate, ReportKind, ReportList, ReportRead, ReportShow, ReportsPolicy } from '../../policies/schemas/report.js';
import type { TestItems } from '../../policies/schemas/test-items.js';
import { NOT_YET_MADE } from '../../secrecy/access.js';
import { markedName } from '../../secrecy/mark-places.js';
import type { MarkPolicy } from '../../secrecy/marking.js';
import { isSecret } from '../../secrecy/level.js';
import { keepCheckpoint, signCheckpoint } from '../audit/checkpoints.js';
import type { BoxIdentity } from '../audit/identity.js';
import type { Visibility } from '../access/gate.js';
import type { Containers } from '../containers/marks.js';
import type { Vault } from '../content/vault.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';
import type { Ledger } from '../store/ledger.js';
import type { BoxProfile } from '../store/repositories/box.js';
import type { Repositories } from '../store/repositories/index.js';
import { reportTarget } from '../store/repositories/reports.js';
import type { StoredReport, Told } from '../store/repositories/reports.js';
import { checkedDocument, plannedReport, standing } from './document.js';
import type { Held, ReportContent, ReportStanding } from './document.js';
import { fourPropertyReport } from './four-property.js';
import { reportSet, SET_ENDINGS, setName, zipSet } from './report-set.js';
import type { SetEnding } from './report-set.js';
import { fileOf, setOf } from './stored-set.js';
import { complianceReport, titleOf } from '../compliance/report.js';
import type { ComplianceService } from '../compliance/service.js';
import { drillReport, type DrillTold } from '../backup/drill-report.js';
import { appraisalReport, appraisalReportFacts } from '../appraisal/report.js';
import type { AppraisalReporting } from '../appraisal/report.js';
import { isLedger, ledgerReports } from './ledgers.js';
import type { LedgerParts } from './ledgers.js';
import { userRoleReport } from './user-role.js';
import type { PolicyDigest, UserRoleFacts } from './user-role.js';

export interface ReportServiceParts {
  readonly store: UnitOfWork<Repositories & WriteTools, Repositories & ReadTools>;
  readonly vault: Vault;
  readonly ledger: Ledger;
  readonly sm3: Sm3;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly box: BoxIdentity;
  readonly profile: BoxProfile;
  readonly policy: ReportsPolicy;
  readonly marks: MarkPolicy;
  readonly items: TestItems;
  readonly containers: Pick<Containers, 'put'>;
  /** What R11 needs of the policies; the people come from the store. */
  readonly roles: Pick<UserRoleFacts, 'duties' | 'conflicts' | 'pack' | 'policies'>;
  /** What R15 needs besides the store. */
  readonly appraisal: AppraisalReporting;
  /** 恢复演练 for R13. */
  drills(): Promise<readonly DrillTold[]>;
  /** What the lists of filing, delays, transfers and responsibility need. */
  readonly ledgers: Omit<LedgerParts, 'clock' | 'levels' | 'nameOf'>;
  /** 合规清单 for R17. */
  readonly compliance: Pick<ComplianceService, 'file' | 'checked'>;
  visible(call: ServerCall, act: string): Promise<Visibility>;
  nameOf(person: string): Promise<string>;
}

type ReadTx = Repositories & ReadTools;
const ALL_PEOPLE = 100_000;
/** A report over the whole box belongs to no fonds: only duties that span every fonds reach it. */
const WHOLE_BOX = '*';

/** What a kind gathered, before it is laid out and signed. */
interface Gathered {
  /** Instead of the title of the plan. */
  readonly title?: string;
  readonly content: ReportContent; readonly at: ReportStanding; readonly fonds: string; readonly department: string | null;
  /** Secret records whose titles it tells. */
  readonly tells: readonly Told[];
  /** 鉴定批次 whose report it is. */
  readonly appraisal?: string;
}

/** 报表: made from what is stored, signed, sealed under its own level, and read back under its own decision. */
export function reportService(parts: ReportServiceParts) {
  const { store, vault, clock, ids, sm3, policy, profile, box } = parts;
  /** One at a time: the number is drawn before the set is made and kept with it. */
  const making = new Mutex();
  const planned = (kind: ReportKind) => plannedReport(policy, kind);
  const levelPolicy = { withoutTitlesLevel: policy.withoutTitlesLevel, marks: parts.marks };
  const ledgers = ledgerReports({ ...parts.ledgers, clock, levels: levelPolicy, nameOf: parts.nameOf });

  async function fourProperty(tx: ReadTx, input: ReportCreate): Promise<Gathered> {
    const run = input.reportNo === undefined ? undefined : await tx.runs.byReportNo(input.reportNo);
    const id = input.batch ?? run?.batch;
    if (id === undefined) throw new ArchiveError(input.reportNo === undefined ? 'E_INPUT_INVALID' : 'E_NOT_FOUND', {}, input.reportNo === undefined ? [{ at: '/reportNo', message: '请填检测编号，或指定批次' }] : []);
    const batch = await tx.batches.get(id);
    if (!batch) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(batchTarget(batch), planned('R08').act);
    const records = (await tx.records.ofBatch(batch.id)).filter(({ state }) => state !== 'withdrawn');
    await mayReportOn(tx, batch, records, input.titles === true);
    const number = input.run ?? (await tx.runs.ofBatch(batch.id))[0]?.run;
    const chosen = run ?? (number === undefined ? undefined : await tx.runs.get(batch.id, number));
    if (!chosen || chosen.batch !== batch.id) throw new ArchiveError('E_NOT_FOUND');
    const against = input.against === undefined ? undefined : await tx.runs.get(batch.id, input.against);
    if (input.against !== undefined && against === undefined) throw new ArchiveError('E_NOT_FOUND');
    const held: { record: StoredRecord; files: readonly ComputerFile[] }[] = [];
    for (const record of records) held.push({ record, files: await tx.files.ofRecord(record.id) });
    const ends = new Map((await tx.sql.all<{ id: string; day: string | null }>('SELECT record.id, last_secret_day AS day FROM record JOIN classification ON classification.id = record.classification WHERE record.batch = $1', batch.id)).map(({ id: of, day }) => [of, day]));
    const marked: Held[] = records.map((record) => ({ level: record.level, mark: record.mark, id: record.id, ...(ends.has(record.id) ? { lastSecretDay: ends.get(record.id) ?? null } : {}) }));
    const at = standing(marked.some(({ level }) => level >= batch.level) ? marked : [{ level: batch.level, mark: null }, ...marked], input.titles === true, levelPolicy);
    const department = (await tx.people.departments()).find((one) => one.id === batch.department);
    const content = fourPropertyReport(planned('R08'), {
      run: chosen, batch, departmentName: department?.name ?? batch.department, fondsName: profile.fonds.find(({ fonds }) => fonds === batch.fonds)?.name ?? '',
      operator: (await tx.people.get(chosen.operator))?.account ?? chosen.operator, records: held, items: parts.items, resultOrder: policy.resultOrder, ...(against === undefined ? {} : { against }),
    }, at);
    const tells = input.titles === true ? records.filter(({ level }) => isSecret(level)).map(({ id, level }) => ({ record: id, level })) : [];
    return { content, at, fonds: batch.fonds, department: batch.department, tells };
  }

  /**
   * Whoever makes a report must be one who might be shown a report of the batch's own level and scope; with titles, of each
   * record's. A report that leaves the titles out may then be read by those its lower level admits.
   */
  async function mayReportOn(tx: ReadTx, batch: CaptureBatch, records: readonly StoredRecord[], titles: boolean): Promise<void> {
    await tx.allow({ ...batchTarget(batch), type: 'report', state: 'issued' }, 'report.show');
    for (const record of titles ? records : []) {
      await tx.allow({ type: 'report', id: record.id, fonds: record.fonds, level: record.level, state: 'issued', department: record.department, scope: record.scope, owner: record.owner }, 'report.show');
    }
  }

  /** A list over the whole box, 内部: whoever makes it may be shown it. */
  async function wholeBox(tx: ReadTx, call: ServerCall, kind: ReportKind): Promise<ReportStanding> {
    await tx.allow(undefined, planned(kind).act);
    const level: Level = 1;
    const target: Target = reportTarget({ id: NOT_YET_MADE, level, fonds: WHOLE_BOX, department: null, owner: call.person });
    try {
      await tx.allow(target, 'report.show');
    } catch (error) {
      // Nothing is hidden here: the list of accounts is known to exist, so the person is told what is missing.
      if (!(error instanceof ArchiveError) || error.code !== 'E_MAC_READ_UP') throw error;
      throw new ArchiveError('E_DENIED', { ...error.facts }, [{ at: '/kind', message: '本报表载有人员账号，属内部件：须有内部以上的资格和会话密级，请由安全保密管理员登记资格，或切换会话密级' }]);
    }
    return standing([{ level, mark: null }], true, levelPolicy);
  }

  /** With titles, at the highest level of what it lists: only for the one who drew the batch up and sees all of it. */
  async function appraised(tx: ReadTx, call: ServerCall, input: ReportCreate): Promise<Gathered> {
    await tx.allow(undefined, planned('R15').act);
    if (input.appraisal === undefined) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/appraisal', message: '请指定鉴定批次' }]);
    const facts = await appraisalReportFacts(parts.appraisal, tx, call, input.appraisal);
    for (const record of facts.records) await tx.allow({ type: 'report', id: record.id, fonds: record.fonds, level: record.level, state: 'issued', department: record.department, scope: record.scope, owner: record.owner }, 'report.show');
    const held: Held[] = facts.records.map(({ id, level, mark }) => ({ id, level, mark }));
    const at = standing(held.some(({ level }) => level >= facts.level) ? held : [{ level: facts.level, mark: null }, ...held], true, levelPolicy);
    const tells = facts.records.filter(({ level }) => isSecret(level)).map(({ id, level }) => ({ record: id, level }));
    return { content: appraisalReport(planned('R15'), parts.appraisal.policy, facts, at), at, fonds: facts.stored.it.fonds, department: null, tells, appraisal: facts.stored.it.id };
  }

  async function compliance(tx: ReadTx, call: ServerCall): Promise<Gathered> {
    const at = await wholeBox(tx, call, 'R17');
    const { facts, items } = await parts.compliance.checked(tx);
    return { content: complianceReport(planned('R17'), parts.compliance.file, facts, items, at), title: titleOf(planned('R17'), facts), at, fonds: WHOLE_BOX, department: null, tells: [] };
  }

  async function drilled(tx: ReadTx, call: ServerCall): Promise<Gathered> {
    const at = await wholeBox(tx, call, 'R13');
    return { content: drillReport(planned('R13'), await parts.drills(), at), at, fonds: WHOLE_BOX, department: null, tells: [] };
  }

  async function userRole(tx: ReadTx, call: ServerCall): Promise<Gathered> {
    const at = await wholeBox(tx, call, 'R11');
    const { rows: persons } = await tx.people.list({ offset: 0, limit: ALL_PEOPLE });
    const content = userRoleReport(planned('R11'), {
      ...parts.roles, at: clock.now(), today: clock.today(), persons, grants: await tx.people.grants(), departments: await tx.people.departments(),
      fonds: profile.fonds.map(({ fonds }) => fonds), passwordsAge: !profile.rehearsal, before: await lastPolicies(tx),
    }, at);
    return { content, at, fonds: WHOLE_BOX, department: null, tells: [] };
  }

  /** Policy digests as the last list of this kind printed them. */
  async function lastPolicies(tx: Pick<Repositories, 'reports'>): Promise<readonly PolicyDigest[] | null> {
    const last = await tx.reports.latest('R11');
    if (!last) return null;
    const document = checkedDocument(JSON.parse((await fileOf(vault, last, 'json')).toString('utf8')));
    const table = document.sections.find((section) => section.type === 'table' && section.key === 'policies');
    return table?.type === 'table' ? table.rows.map((row) => ({ file: String(row['file']), version: String(row['version']), sm3: String(row['sm3']) })) : null;
  }

  async function make(call: ServerCall, input: ReportCreate) {
    const { gathered, account, number } = await store.read(call, async (tx) => {
      await tx.allow();
      const prefix = `${input.kind}-${clock.today().replaceAll('-', '')}-`;
      const gathered: Gathered = isLedger(input.kind) ? await ledgers(tx, call, input, planned(input.kind)) : await ({ R08: async () => fourProperty(tx, input), R11: async () => userRole(tx, call), R13: async () => drilled(tx, call), R15: async () => appraised(tx, call, input), R17: async () => compliance(tx, call) })[input.kind]();
      return {
        gathered, account: (await tx.people.get(call.person))?.account ?? '', number: await drawNumber(ids, prefix, async (number) => tx.reports.numbered(number)),
      };
    });
    const { content, at, fonds, department, tells, appraisal } = gathered;
    const plan = planned(input.kind);
    const checkpoint = signCheckpoint(parts.ledger, sm3, clock, box);
    const document = checkedDocument({
      format: 'shouzang-report', version: 1, kind: plan.kind, key: plan.key, reportNo: number, title: gathered.title ?? plan.title, unit: profile.unitName, box: box.serial,
      generatedAt: clock.now(), generatedBy: { person: call.person, account }, level: at.level, mark: at.mark, titles: at.titles, systemLevel: profile.systemLevel,
      rehearsal: profile.rehearsal, orientation: plan.orientation, source: plan.source, policyVersion: policy.version, ...content, notes: plan.notes,
      signatures: plan.signatures, checkpoint: formatCheckpoint(checkpoint),
    });
    const files = await reportSet(document, box, sm3);
    const report = {
      id: ids.uuid(), number, kind: plan.kind, level: at.level, fonds, department, owner: call.person, object: ids.uuid(), createdAt: document.generatedAt,
      title: gathered.title ?? plan.title, mark: at.mark, conclusion: content.conclusion?.text ?? null, tells,
      files: Object.fromEntries(SET_ENDINGS.map((ending) => {
        const file = files.get(setName(number, ending)) ?? Buffer.alloc(0);
        return [ending, { bytes: file.length, sm3: Buffer.from(sm3(file)).toString('hex') }];
      })),
    };
    await keep(call, report, zipSet(files), checkpoint, appraisal);
    return { report: report.id, number, kind: plan.kind, title: report.title, level: at.level, mark: at.mark, conclusion: report.conclusion, files: report.files };
  }

  /** Bytes first, under a name nobody refers to; then one unit of work with row, checkpoint and entries; then they move in. */
  async function keep(call: ServerCall, report: Omit<StoredReport, 'bytes'>, zip: Buffer, checkpoint: SignedCheckpoint, appraisal?: string): Promise<void> {
    let committed = false;
    await vault.begin(report.object, report.level);
    try {
      await vault.append(report.object, 0, pieces(zip), zip.length);
      const whole = await vault.finish(report.object);
      await store.write(call, async (tx) => {
        await tx.allow();
        await tx.objects.keep({ id: report.object, level: report.level, bytes: whole.bytes, sm3: whole.sm3, storedAt: report.createdAt });
        await tx.reports.add({ ...report, bytes: whole.bytes });
        if (appraisal !== undefined) await tx.appraisals.reported(appraisal, report.id);
        await keepCheckpoint(tx.sql, checkpoint);
        tx.audit({ action: 'audit.checkpoint', detail: { size: checkpoint.size, root: Buffer.from(checkpoint.root).toString('hex') } });
        tx.audit({
          action: call.act, object: report.id, objectType: 'report', objectLevel: report.level,
          detail: { number: report.number, kind: report.kind, checkpoint: checkpoint.size, manifest: report.files['manifest']?.sm3 ?? '', pdf: report.files['pdf']?.sm3 ?? '' },
        });
        told(tx, call, report);
        for (const draft of await parts.containers.put(tx.sql, { kind: 'report', id: report.id }, report.tells.map(({ record }) => ({ kind: 'record', id: record })), report.createdAt)) tx.audit(draft);
        tx.afterCommit(async () => { committed = true; await vault.promote(report.object); });
      });
    } catch (error) {
      // Once committed the intent row speaks for the bytes, and the next start moves them in.
      if (!committed) await vault.discard(report.object);
      throw error;
    }
  }

  /** Whoever has a report with titles before them knows of those records. */
  function told(tx: ReadTools, call: ServerCall, { number, tells }: Pick<StoredReport, 'number' | 'tells'>): void {
    for (const { record, level } of tells) tx.audit({ action: call.act, object: record, objectType: 'record', objectLevel: level, detail: { report: number } });
  }

  const found = (report: StoredReport | undefined): StoredReport => {
    if (!report) throw new ArchiveError('E_NOT_FOUND');
    return report;
  };

  const outward = async (report: StoredReport) => ({
    id: report.id, kind: report.kind, number: report.number, title: report.title, level: report.level, mark: report.mark, conclusion: report.conclusion,
    createdAt: report.createdAt, createdBy: report.owner, createdByName: await parts.nameOf(report.owner),
    bytes: report.files['pdf']?.bytes ?? 0, sm3: report.files['pdf']?.sm3 ?? '', files: report.files,
  });

  return {
    /** Policy digests of the last R11; null before the first. */
    listedPolicies: lastPolicies,

    create: async (call: ServerCall, input: ReportCreate) => making.runExclusive(async () => make(call, input)),

    async list(call: ServerCall, input: ReportList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.reports.list(await parts.visible(call, call.act), input.kind ?? null, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { page, size } });
        return { page, size, total, rows: await Promise.all(rows.map(outward)) };
      });
    },

    /** The data of a report, for preview. */
    async show(call: ServerCall, input: ReportShow) {
      return store.read(call, async (tx) => {
        const report = found(await tx.reports.get(input.report));
        await tx.allow(reportTarget(report));
        tx.audit({ action: call.act, object: report.id, objectType: 'report', objectLevel: report.level, detail: { number: report.number } });
        told(tx, call, report);
        return { ...(await outward(report)), document: checkedDocument(JSON.parse((await fileOf(vault, report, 'json')).toString('utf8'))) };
      });
    },

    /** One file of the set, or the set as a zip. The entry stands before the first byte leaves. */
    async read(call: ServerCall, input: ReportRead) {
      return store.read(call, async (tx) => {
        const report = found(await tx.reports.get(input.report));
        await tx.allow(reportTarget(report));
        const ending = input.format === 'sig' ? 'pdf.sig' : input.format;
        const body = ending === 'zip' ? await setOf(vault, report) : await fileOf(vault, report, ending as SetEnding);
        tx.audit({
          action: call.act, object: report.id, objectType: 'report', objectLevel: report.level,
          detail: { number: report.number, file: ending, bytes: body.length, sm3: Buffer.from(sm3(body)).toString('hex') },
        });
        told(tx, call, report);
        return bytes(TYPES[ending.split('.').at(-1) ?? ''] ?? 'application/octet-stream', body, ending === 'pdf' ? {} : { fileName: markedName(`${report.number}.${ending}`, report.level) });
      });
    },
  };
}

const TYPES: Readonly<Record<string, string>> = {
  pdf: 'application/pdf', csv: 'text/csv; charset=utf-8', json: 'application/json', manifest: 'text/plain; charset=utf-8', pem: 'application/x-pem-file', zip: 'application/zip',
};

const PIECE_BYTES = 1024 * 1024;

async function* pieces(content: Buffer): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < content.length; at += PIECE_BYTES) yield await Promise.resolve(content.subarray(at, at + PIECE_BYTES));
}
