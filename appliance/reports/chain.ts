import type { StoredRecord } from '../../core/holdings.js';
import type { ReportRow } from '../../policies/schemas/report.js';
import type { Repositories } from '../store/repositories/index.js';
import { localTime } from './document.js';

export interface ChainNames {
  readonly nameOf: (person: string) => Promise<string>;
  readonly dutyName: (duty: string) => string;
  readonly actName: (act: string) => string;
}

/** Looking at it is in the register of knowledge and in the ledger; the chain tells what was done. */
const LOOKING = new Set(['record.show', 'record.search', 'record.read', 'record.pages', 'report.show', 'report.read', 'report.create']);

/** 操作人—审批人—审计记录 of one record, the earliest first: what the ledger entered under its number, and who signed what was approved. */
export async function chainRows(tx: Pick<Repositories, 'sql' | 'approvals'>, record: Pick<StoredRecord, 'id' | 'classificationId'>, names: ChainNames): Promise<ReportRow[]> {
  const entries = await tx.sql.all<{ seq: number; at: string; actor: string; duty: string | null; action: string; result: string; reason: string | null; approval: string | null; hash: string }>(
    'SELECT seq, at, actor, duty, action, result, reason, approval, hash FROM audit_entry WHERE object IN ($1, $2) ORDER BY seq', record.id, record.classificationId ?? record.id,
  );
  const rows: ReportRow[] = [];
  for (const entry of entries) {
    if (LOOKING.has(entry.action)) continue;
    const approval = entry.approval === null ? undefined : await tx.approvals.get(entry.approval);
    const signers = approval === undefined ? '' : (await Promise.all(approval.it.signatures.map(async (one) => `${await names.nameOf(one.person)} ${localTime(one.at)}`))).join('；');
    rows.push({
      no: rows.length + 1, at: localTime(entry.at), who: await names.nameOf(entry.actor), duty: entry.duty === null ? '' : names.dutyName(entry.duty), action: names.actName(entry.action),
      result: entry.result === 'ok' ? '已办' : entry.result === 'refused' ? `拒绝 ${entry.reason ?? ''}` : '失败', approvers: signers, entry: entry.seq,
      hash: entry.hash.slice(0, 16),
    });
  }
  return rows;
}
