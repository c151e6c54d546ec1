import { eightDigits } from '../../core/calendar.js';
import { overdueDays } from '../../core/deadlines.js';
import { dayOf } from '../../core/calendar.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { Clock, Level, ReadTools } from '../../core/ports.js';
import { ruleOfFiling } from '../../core/register-entry.js';
import type { PlannedReport, ReportCreate, ReportRow } from '../../policies/schemas/report.js';
import { NOT_YET_MADE } from '../../secrecy/access.js';
import { isSecret, levelName } from '../../secrecy/level.js';
import type { MarkPolicy } from '../../secrecy/marking.js';
import type { AccessGate } from '../access/gate.js';
import type { CalendarService } from '../calendar/service.js';
import type { ServerCall } from '../call.js';
import { organisationRules } from '../registers/service.js';
import { pagesOf, textsOf } from '../transfers/lists.js';
import { transferTarget } from '../store/repositories/transfers.js';
import { reportTarget } from '../store/repositories/reports.js';
import type { Told } from '../store/repositories/reports.js';
import type { Repositories } from '../store/repositories/index.js';
import { chainRows } from './chain.js';
import { localDay, localTime, standing, tableSection } from './document.js';
import type { Held, ReportContent, ReportStanding } from './document.js';

export interface LedgerParts {
  readonly gate: Pick<AccessGate, 'visible'>;
  readonly clock: Clock;
  readonly calendar: Pick<CalendarService, 'linesFor'>;
  readonly levels: { readonly withoutTitlesLevel: number; readonly marks: MarkPolicy };
  readonly nameOf: (person: string) => Promise<string>;
  readonly dutyName: (duty: string) => string;
  readonly actName: (act: string) => string;
  /** Label of a term of `policies/dictionaries.json`. */
  readonly word: (dictionary: string, key: string) => string;
}
type Tx = Repositories & ReadTools;
export const LEDGERS = ['R07', 'R09', 'R22', 'R23', 'R24'] as const;
export type LedgerKind = (typeof LEDGERS)[number];
export const isLedger = (kind: string): kind is LedgerKind => (LEDGERS as readonly string[]).includes(kind);

export interface Ledger { readonly content: ReportContent; readonly at: ReportStanding; readonly fonds: string; readonly department: null; readonly tells: readonly Told[] }
/** Before it is known at what level it stands. */
interface Drawn { readonly fonds: string; readonly held: readonly Held[]; readonly records: readonly StoredRecord[]; readonly content: (at: ReportStanding) => ReportContent }

/** A list beyond this is asked for in parts: by category or period. */
const RECORDS_MOST = 20_000;
const FILED = "('filed','transferring','transferred','retained_copy','appraised','pending_destruction','destroyed')";
const termName = (code: string): string => (code === 'Y' ? '永久' : `${code.slice(1)} 年`);

/**
 * 台账类报表. A list tells only what the person who makes it may see; without titles it leaves state secrets out altogether, for it may
 * then be read by people who must not learn that they exist.
 */
export function ledgerReports(parts: LedgerParts) {
  const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);
  const told = (records: readonly StoredRecord[]): readonly Told[] => records.filter(({ level }) => isSecret(level)).map(({ id, level }) => ({ record: id, level }));
  const ceiling = (input: ReportCreate): Level => (input.titles === true ? 4 : parts.levels.withoutTitlesLevel as Level);

  async function filed(tx: Tx, call: ServerCall, input: ReportCreate): Promise<readonly StoredRecord[]> {
    const { fonds, archivalYear, category, retention } = input;
    if (fonds === undefined) throw wrong('/fonds', '请选择全宗');
    if (archivalYear === undefined) throw wrong('/archivalYear', '请填归属年度');
    const seen = await parts.gate.visible(call, 'record.show', 1);
    const values = [...seen.values, fonds, archivalYear, ceiling(input)];
    const also = ([['category', category], ['retention', retention]] as const).flatMap(([column, value]) => (value === undefined ? [] : [` AND record.${column} = $${String(values.push(value))}`]));
    const from = `FROM record WHERE (${seen.sql}) AND record.fonds = $${String(seen.values.length + 1)} AND record.archival_year = $${String(seen.values.length + 2)} AND record.level <= $${String(seen.values.length + 3)} AND record.state IN ${FILED}${also.join('')}`;
    const rows = await tx.sql.all<{ id: string }>(`SELECT record.id AS id ${from} ORDER BY record.category, record.retention, record.org_or_function, record.series, record.sequence, record.id LIMIT ${String(RECORDS_MOST + 1)}`, ...values);
    if (rows.length > RECORDS_MOST) throw wrong('/category', `超过 ${String(RECORDS_MOST)} 件，请按门类或保管期限分开出具`);
    const records: StoredRecord[] = [];
    for (const { id } of rows) { const record = await tx.records.get(id); if (record !== undefined) records.push(record); }
    return records;
  }

  const heldOf = (records: readonly StoredRecord[]): readonly Held[] => records.map(({ id, level, mark }) => ({ id, level, mark }));
  const filtersOf = ({ fonds, archivalYear, category, retention }: ReportCreate) => [
    { label: '全宗', value: fonds ?? '—' }, { label: '归属年度', value: String(archivalYear ?? '—') }, ...(category === undefined ? [] : [{ label: '门类', value: category }]), ...(retention === undefined ? [] : [{ label: '保管期限', value: termName(retention) }]),
  ];

  /** R23 归档文件目录: one line a 件, in the order of its numbers. @see DA/T 22-2015 */
  async function catalogue(tx: Tx, call: ServerCall, input: ReportCreate, planned: PlannedReport): Promise<Drawn> {
    const records = await filed(tx, call, input);
    return {
      fonds: input.fonds ?? '', held: heldOf(records), records,
      content: (at) => ({
        filters: filtersOf(input), conclusion: { text: `共 ${String(records.length)} 件`, tone: 'good' },
        sections: [tableSection(planned, 'catalogue', records.map((record, index): ReportRow => ({
          no: index + 1, archivalCode: record.archivalCode, documentNumber: record.description.documentNumber ?? null, author: textsOf(record.description.author) || null,
          title: record.description.title === undefined ? null : record.description.titleSupplied === true ? `[${record.description.title}]` : record.description.title,
          date: record.documentDate === null ? null : eightDigits(record.documentDate), mark: record.mark ?? levelName(record.level), retention: record.retentionCode === null ? null : termName(record.retentionCode), pages: pagesOf(record), note: null,
        })), at, '本范围内没有已归档的件')],
      }),
    };
  }

  /** R22 电子文件归档登记表: one line a batch, category and period, with what was late and why. @see GB/T 18894-2016 */
  async function register(tx: Tx, call: ServerCall, input: ReportCreate, planned: PlannedReport): Promise<Drawn> {
    const records = await filed(tx, call, input);
    const { effectiveFrom } = await organisationRules(tx);
    const departments = new Map((await tx.people.departments()).map(({ id, name }) => [id, name]));
    const groups = new Map<string, StoredRecord[]>();
    for (const record of records) { const key = [record.batch, record.categoryCode, record.retentionCode].join(' '); groups.set(key, [...groups.get(key) ?? [], record]); }
    const lines: (ReportRow & { readonly filedOn: string | null; readonly late: number })[] = [];
    for (const group of groups.values()) {
      const [first] = group;
      if (first === undefined) continue;
      const batch = await tx.batches.get(first.batch);
      const [run] = await tx.runs.ofBatch(first.batch);
      let [bytes, files] = [0, 0];
      for (const { id } of group) for (const file of await tx.files.ofRecord(id)) { bytes += file.bytes; files += 1; }
      const late = group.filter(({ filingDeadline, filedAt }) => filingDeadline !== null && filedAt !== null && overdueDays(filingDeadline, dayOf(filedAt)) > 0);
      const filedOn = group.map(({ filedAt }) => (filedAt === null ? '' : localDay(filedAt))).sort();
      const earlier = await tx.sql.one<{ n: number }>('SELECT count(*) AS n FROM record WHERE series = $1 AND sequence < $2 AND batch <> $3', first.series ?? '', Math.min(...group.map(({ sequence }) => sequence ?? 0)), first.batch);
      lines.push({
        filedOn: filedOn.at(-1) ?? null, dept: departments.get(batch?.department ?? '') ?? batch?.department ?? null, batch: batch?.number ?? null, category: first.categoryCode, retention: first.retentionCode === null ? null : termName(first.retentionCode),
        items: group.length, metadata: group.filter(({ description }) => description.author !== undefined).length, files, bytes, method: batch === undefined ? null : parts.word('capture_method', batch.method),
        fourProperty: run === undefined ? null : `${run.reportNo} ${run.conclusion === 'qualified' ? '合格' : run.conclusion === 'conditional' ? '有条件合格' : '不合格'}`,
        late: late.length, reason: [...new Set(late.map(({ description }) => description.overdueReason ?? '').filter((one) => one !== ''))].join('；') || null,
        supplementary: (earlier?.n ?? 0) > 0 ? '续编' : '首次', rule: filedOn[0] !== undefined && filedOn[0] !== '' && ruleOfFiling(filedOn[0], effectiveFrom) === 'legacy' ? '原办法（2010年）' : '现行办法',
      });
    }
    const late = lines.reduce((sum, line) => sum + line.late, 0);
    return {
      fonds: input.fonds ?? '', held: heldOf(records), records,
      content: (at) => ({
        filters: filtersOf(input), conclusion: { text: `已归档 ${String(records.length)} 件${late > 0 ? `，其中逾期归档 ${String(late)} 件` : '，均按期归档'}`, tone: late > 0 ? 'warn' : 'good' },
        sections: [tableSection(planned, 'register', lines.sort((one, other) => ((one.filedOn ?? '') < (other.filedOn ?? '') ? -1 : 1)).map((line, index): ReportRow => ({ no: index + 1, ...line })), at, '本范围内没有已归档的件')],
      }),
    };
  }

  /** R09 逾期清单: what the calendar says is past its day, in sum by kind and line by line. */
  async function overdue(tx: Tx, call: ServerCall, input: ReportCreate, planned: PlannedReport): Promise<Drawn> {
    const today = parts.clock.today();
    const lines = (await parts.calendar.linesFor(tx, call, today)).filter(({ level }) => level <= ceiling(input));
    const departments = new Map((await tx.people.departments()).map(({ id, name }) => [id, name]));
    const records = lines.flatMap(({ record }) => record ?? []);
    const sums = new Map<string, number>();
    for (const { kindName, record } of lines) { const key = `${kindName} ${departments.get(record?.department ?? '') ?? '本单位'}`; sums.set(key, (sums.get(key) ?? 0) + 1); }
    return {
      fonds: '*', held: lines.map(({ level, record }) => ({ level, mark: record?.mark ?? null })), records,
      content: (at) => ({
        filters: [{ label: '截至', value: today }], conclusion: { text: lines.length === 0 ? '没有逾期事项' : `逾期 ${String(lines.length)} 项`, tone: lines.length === 0 ? 'good' : 'warn' },
        sections: [
          tableSection(planned, 'summary', [...sums].map(([key, count]): ReportRow => { const [kind = '', dept = ''] = key.split(' '); return { kind, dept, count }; }), at, '没有逾期事项'),
          tableSection(planned, 'lines', lines.map((line, index): ReportRow => ({
            no: index + 1, kind: line.kindName, ref: line.record === null ? line.text : line.record.archivalCode ?? line.record.electronicRecordCode, title: line.record === null ? null : line.text,
            dept: line.record === null ? '本单位' : departments.get(line.record.department) ?? line.record.department, dueOn: line.dueOn, days: -line.daysLeft, responsible: line.ownerName, article: line.article,
            reason: line.record?.description.overdueReason ?? null,
          })), at, '没有逾期事项'),
        ],
      }),
    };
  }

  /** R07 电子档案移交与接收登记表: one transfer, its package, hands and receipt. */
  async function transferred(tx: Tx, input: ReportCreate, planned: PlannedReport): Promise<Drawn> {
    const stored = input.transfer === undefined ? undefined : await tx.transfers.get(input.transfer);
    if (input.transfer === undefined) throw wrong('/transfer', '请指定移交批次');
    if (stored === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(transferTarget(stored), 'transfer.show');
    const { it } = stored;
    const rows = await tx.transfers.records(it.id);
    const records: StoredRecord[] = [];
    for (const { record: id } of rows) { const record = await tx.records.get(id); if (record !== undefined) { await tx.allow(recordTarget(record), 'record.show'); records.push(record); } }
    const counterpart = await tx.counterparts.get(it.plan.counterpart);
    const sealed = 'sealed' in it ? it.sealed : null;
    const handover = 'handover' in it ? it.handover : null;
    const receipt = 'receipt' in it ? it.receipt : null;
    const signed = handover === null ? '未签收' : (await Promise.all(handover.signatures.map(async (one) => `${await parts.nameOf(one.person)} ${localTime(one.at)}`))).join('；');
    return {
      fonds: stored.fonds, held: [{ level: it.level, mark: null }, ...heldOf(records)], records,
      content: (at) => ({
        filters: [{ label: '移交批次', value: it.number }], conclusion: receipt === null ? { text: handover === null ? '尚未交接' : '已交接，待接收凭证', tone: 'warn' } : receipt.outcome === 'accepted' ? { text: '已接收', tone: 'good' } : { text: `退回：${receipt.defects.join('、')}`, tone: 'bad' },
        sections: [
          {
            type: 'facts', heading: '移交与接收', items: [
              { label: '交接工作名称', value: it.plan.taskName || '—' }, { label: '内容描述', value: it.plan.contentDescription || '—' }, { label: '接收单位', value: counterpart?.card.unit ?? '—' },
              { label: '数量', value: `${String(rows.length)} 件` }, { label: '数据量', value: sealed === null ? '尚未封装' : `${(sealed.bytes / 1e9).toFixed(3)} GB，${String(sealed.files)} 个文件` },
              { label: '移交方式', value: it.plan.mode === 'offline_medium' ? '离线介质' : '专用网络' }, { label: '信息包编号', value: sealed?.packageNo ?? '—' }, { label: '交接单号', value: sealed?.handoverNo ?? '—' }, { label: '载体编号', value: handover?.form.mediumNo ?? '—' },
              { label: '移交前检测', value: 'inspected' in it ? it.inspected.reportNo : '—' }, { label: '交接签署', value: signed }, { label: '接收凭证', value: receipt?.receiptNo ?? '—' }, { label: '逾期原因', value: it.plan.overdueReason ?? '—' },
            ],
          },
          tableSection(planned, 'volumes', (sealed?.volumes ?? []).map((volume, index): ReportRow => ({ no: index + 1, name: volume.name, bytes: volume.bytes, records: volume.records, digest: volume.digest })), at, '尚未封装'),
          tableSection(planned, 'records', records.map((record, index): ReportRow => ({
            no: index + 1, archivalCode: record.archivalCode, title: record.description.title ?? null, date: record.documentDate, mark: record.mark ?? levelName(record.level), retention: record.retentionCode === null ? null : termName(record.retentionCode),
            pages: pagesOf(record), accessionNo: rows.find((row) => row.record === record.id)?.accessionNo ?? null,
          })), at),
        ],
      }),
    };
  }

  /** R24 责任人链: who did what to one record, who approved it, and where the ledger says so. @see 办法第四十五条 */
  async function chain(tx: Tx, input: ReportCreate, planned: PlannedReport): Promise<Drawn> {
    if (input.archivalCode === undefined) throw wrong('/archivalCode', '请填档号');
    const row = await tx.sql.one<{ id: string }>('SELECT id FROM record WHERE archival_code = $1 OR electronic_record_code = $1', input.archivalCode);
    const record = row === undefined ? undefined : await tx.records.get(row.id);
    if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(recordTarget(record), 'record.show');
    const rows = await chainRows(tx, record, parts);
    return {
      fonds: record.fonds, held: heldOf([record]), records: [record],
      content: (at) => ({
        filters: [{ label: '档号', value: record.archivalCode ?? record.electronicRecordCode }], conclusion: { text: `共 ${String(rows.length)} 个环节`, tone: 'good' },
        sections: [tableSection(planned, 'chain', rows, at, '没有记录')],
      }),
    };
  }

  return async (tx: Tx, call: ServerCall, input: ReportCreate, planned: PlannedReport): Promise<Ledger> => {
    await tx.allow(undefined, planned.act);
    const drawn = await { R07: async () => transferred(tx, input, planned), R09: async () => overdue(tx, call, input, planned), R22: async () => register(tx, call, input, planned), R23: async () => catalogue(tx, call, input, planned), R24: async () => chain(tx, input, planned) }[input.kind as LedgerKind]();
    // What is listed never stands below 内部: names of people and numbers of the office are in it.
    const at = standing([{ level: 1, mark: null }, ...drawn.held], true, parts.levels);
    const titles = input.titles === true || input.kind === 'R07' || input.kind === 'R24';
    await tx.allow(reportTarget({ id: NOT_YET_MADE, level: at.level, fonds: drawn.fonds, department: null, owner: call.person }), 'report.show');
    for (const record of drawn.records) await tx.allow({ type: 'report', id: record.id, fonds: record.fonds, level: record.level, state: 'issued', department: record.department, scope: record.scope, owner: record.owner }, 'report.show');
    const stands: ReportStanding = { ...at, titles };
    return { content: drawn.content(stands), at: stands, fonds: drawn.fonds, department: null, tells: told(drawn.records) };
  };
}
