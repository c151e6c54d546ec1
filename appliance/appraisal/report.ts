import { tally } from '../../core/appraisal.js';
import type { Opinion } from '../../core/appraisal.js';
import { ArchiveError } from '../../core/errors.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { Level, Sm3 } from '../../core/ports.js';
import { retentionYears } from '../../core/retention.js';
import type { AppraisalPolicy } from '../../policies/schemas/appraisal.js';
import type { PlannedReport } from '../../policies/schemas/report.js';
import { highest, levelName } from '../../secrecy/level.js';
import type { AccessGate } from '../access/gate.js';
import { grouped, localTime, tableSection } from '../reports/document.js';
import type { ReportContent, ReportStanding } from '../reports/document.js';
import type { ServerCall } from '../server/route.js';
import type { AppraisalItem, StoredAppraisal, StoredOpinion, StoredSignature } from '../store/repositories/appraisals.js';
import type { SubmittedBatch } from './batches.js';
import type { ReadTx } from './parts.js';
import { registerDigest } from './register.js';
import { requireLead, seenBatch, topLevel } from './sight.js';

/** What 鉴定工作报告 tells. */
export interface AppraisalReportFacts {
  readonly stored: StoredAppraisal;
  readonly items: readonly AppraisalItem[];
  readonly records: readonly StoredRecord[];
  readonly opinions: readonly StoredOpinion[];
  readonly signatures: readonly StoredSignature[];
  /** SM3 of the register as it was approved; before that, as it stands. */
  readonly register: string;
  /** The period of each record before this appraisal. */
  readonly before: ReadonlyMap<string, string | null>;
  /** Of the records, and of every word that stands in it. */
  readonly level: Level;
  readonly persons: ReadonlyMap<string, { readonly name: string; readonly department: string }>;
  readonly approvedBy: string | null;
  readonly approvedAt: string | null;
}

export interface AppraisalReporting { readonly gate: AccessGate; readonly sm3: Sm3; readonly policy: AppraisalPolicy }

/** A report is made by the one who drew the batch up, once it was put together: everything of it in sight. */
export async function appraisalReportFacts({ gate, sm3 }: AppraisalReporting, tx: ReadTx, call: ServerCall, batch: string): Promise<AppraisalReportFacts> {
  const seen = await seenBatch(gate, tx, call, batch);
  requireLead(call, seen);
  const { stored, items } = seen;
  if (stored.told.report === null || items.some(({ conclusion }) => conclusion === null)) throw new ArchiveError('E_STATE_INVALID', { state: stored.it.state, event: 'report' }, [{ at: '/appraisal', message: '尚未汇总，请先汇总鉴定意见' }]);
  const records: StoredRecord[] = [];
  for (const { record: id } of items) {
    const record = await tx.records.get(id);
    if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
    records.push(record);
  }
  const opinions = await tx.appraisals.opinions(batch, records.map(({ id }) => id));
  const departments = new Map((await tx.people.departments()).map(({ id, name }) => [id, name]));
  const persons = new Map<string, { readonly name: string; readonly department: string }>();
  const approval = stored.it.approval === null ? undefined : await tx.approvals.get(stored.it.approval);
  const approver = approval?.it.signatures.at(-1);
  for (const id of new Set([...stored.it.members.map(({ person }) => person), stored.it.openedBy, stored.it.convenedBy ?? '', approver?.person ?? ''])) {
    const person = await tx.people.get(id);
    if (person !== undefined) persons.set(id, { name: person.name, department: departments.get(person.department) ?? '' });
  }
  const before = new Map<string, string | null>();
  for (const record of records) {
    const change = (await tx.appraisals.retentionHistory(record.id)).find((one) => one.batch === batch);
    before.set(record.id, change?.from.code ?? record.currentRetention ?? record.retentionCode);
  }
  const approved = approval === undefined ? null : (JSON.parse(approval.it.decided) as SubmittedBatch).register;
  return {
    stored, items, records, opinions, signatures: await tx.appraisals.signatures(batch), register: approved ?? registerDigest(sm3, items, records), before, persons,
    level: highest([topLevel(records), stored.level, ...opinions.map(({ level }) => level)]), approvedBy: approver?.person ?? null, approvedAt: approver?.at ?? null,
  };
}

const termName = (code: string | null): string => {
  if (code === null) return '';
  const years = retentionYears(code);
  return years === null ? '永久' : `${String(years)} 年`;
};

/** 存续，延长期限 30 年 */
const conclusionText = (policy: AppraisalPolicy, opinion: Opinion | null, term: string | null): string => {
  const row = policy.opinions.find(({ key }) => key === opinion);
  return row === undefined ? '' : row.term === 'required' ? `${row.name} ${termName(term)}` : row.name;
};

/** R15 鉴定工作报告: scope, ground, process, figures and opinions, with the register and each member's word behind (办法第三十八条). */
export function appraisalReport(planned: PlannedReport, policy: AppraisalPolicy, facts: AppraisalReportFacts, at: ReportStanding): ReportContent {
  const { stored: { it, told }, items, records, opinions, signatures, persons } = facts;
  const name = (id: string | null): string => (id === null ? '—' : persons.get(id)?.name ?? '—');
  const partName = (person: string): string => policy.panel.parts.find(({ key }) => key === it.members.find((one) => one.person === person)?.part)?.name ?? '';
  const codeOf = (record: StoredRecord): string => record.archivalCode ?? record.electronicRecordCode;
  const byId = new Map(records.map((record) => [record.id, record]));
  const approved = it.state === 'approved' || it.state === 'closed';
  const figures = tally(items.map(({ conclusion }) => (conclusion === null ? null : { opinion: conclusion })), policy);
  return {
    filters: [{ label: '批次', value: it.number }, { label: '截止日', value: it.asOf }],
    conclusion: { text: `${figures.filter((one) => one.items > 0).map((one) => `${one.name} ${String(one.items)} 件`).join('，')}${approved ? '；已批准' : '；未经批准'}`, tone: approved ? 'good' : 'warn' },
    sections: [
      {
        type: 'facts', heading: '鉴定概况', items: [
          { label: '批次编号', value: it.number }, { label: '全宗', value: it.fonds }, { label: '范围', value: `保管期限至 ${it.asOf} 已满的档案，共 ${grouped(items.length)} 件` },
          { label: '依据', value: policy.bases.find(({ key }) => key === it.basis)?.name ?? it.basis }, { label: '经办人', value: name(it.openedBy) }, { label: '小组由', value: `${name(it.convenedBy)} 组成` },
          { label: '鉴定过程', value: told.report?.process ?? '—' }, { label: '总的意见', value: told.report?.conclusion ?? '—' }, { label: '意见不一致时', value: policy.precedence.source },
          { label: '审批', value: facts.approvedBy === null || facts.approvedAt === null ? '未经批准' : `${name(facts.approvedBy)} 于 ${localTime(facts.approvedAt)} 批准` },
          { label: '清册摘要', value: `SM3 ${facts.register}` },
        ],
      },
      tableSection(planned, 'panel', it.members.map(({ person, part }, index) => {
        const signed = signatures.find((one) => one.person === person);
        return {
          no: index + 1, name: name(person), dept: persons.get(person)?.department ?? '', part: policy.panel.parts.find(({ key }) => key === part)?.name ?? part,
          signedAt: signed === undefined ? '未签' : localTime(signed.at), certSerial: signed?.certificateSerial ?? null, signature: signed?.signature ?? null,
        };
      }), at),
      tableSection(planned, 'figures', figures.map((one) => ({ conclusion: one.name, items: one.items })), at),
      tableSection(planned, 'register', items.map((item, index) => {
        const record = byId.get(item.record);
        return {
          no: index + 1, archivalCode: record === undefined ? null : codeOf(record), title: record?.description.title ?? null, author: (record?.description.author ?? []).join('、') || null, documentDate: record?.documentDate ?? null,
          mark: record === undefined ? null : record.mark ?? levelName(record.level), retention: termName(record === undefined ? null : facts.before.get(record.id) ?? null), archivalYear: record?.archivalYear == null ? null : String(record.archivalYear),
          conclusion: conclusionText(policy, item.conclusion, item.newRetention),
        };
      }), at),
      tableSection(planned, 'opinions', items.flatMap((item) => opinions.filter((one) => one.record === item.record).map((one) => ({
        archivalCode: byId.has(item.record) ? codeOf(byId.get(item.record) as StoredRecord) : null, name: name(one.by), part: partName(one.by), opinion: conclusionText(policy, one.opinion, one.newRetention), reason: one.reason, at: localTime(one.at),
      }))), at),
    ],
  };
}
