import type { Page } from '../../../core/holdings.js';
import type { CalendarDate } from '../../../core/ports.js';
import type { DueKind, DueLine } from '../../../secrecy/ports.js';
import type { Sql, SqlValue } from '../sql.js';

interface Filter { readonly kind: DueKind | null; readonly until: CalendarDate; readonly today: CalendarDate }

/** What each kind takes from the matters the person may see (`seen`). */
const PARTS: Readonly<Record<DueKind, string>> = {
  expiring: "SELECT 'expiring' AS kind, id AS classification, last_secret_day AS due, NULL AS ref FROM seen WHERE state IN ('active','review_due','declass_review') AND last_secret_day IS NOT NULL",
  expired: "SELECT 'expired', id, declassifies_on, NULL FROM seen WHERE state = 'expired'",
  review: "SELECT 'review', id, review_due_on, NULL FROM seen WHERE state IN ('active','long_term','review_due') AND review_due_on IS NOT NULL",
  source_changed: "SELECT 'source_changed', seen.id, substr(class_task.opened_at, 1, 10), class_task.id FROM class_task JOIN seen ON seen.id = class_task.classification WHERE class_task.kind = 'source_changed' AND class_task.closed_at IS NULL",
  copies: "SELECT 'copies', seen.id, substr(class_task.opened_at, 1, 10), class_task.id FROM class_task JOIN seen ON seen.id = class_task.classification WHERE class_task.kind = 'copies' AND class_task.closed_at IS NULL",
  report: "SELECT 'report', id, report_due_on, NULL FROM seen WHERE state = 'temporarily_protected' AND reported_on IS NULL",
  notice: 'SELECT \'notice\', seen.id, min(class_notice.due_on, coalesce(class_notice.deliver_by, class_notice.due_on)), class_notice.id FROM class_notice JOIN seen ON seen.id = class_notice.classification WHERE class_notice.outstanding > 0',
};
const KINDS = Object.keys(PARTS) as readonly DueKind[];

/** 到期台 in one statement: the person's filter is applied once, so a line and a count tell nothing of what is hidden. */
export async function dueLines(sql: Sql, visible: { readonly sql: string; readonly values: readonly unknown[] }, filter: Filter, { offset, limit }: Page) {
  const values = [...visible.values, filter.until] as SqlValue[];
  const lines = `WITH seen AS (SELECT classification.* FROM classification WHERE ${visible.sql}), line AS (${KINDS.map((kind) => PARTS[kind]).join(' UNION ALL ')})`;
  const where = `WHERE due <= $${String(values.length)}`;
  const counted = await sql.all<{ kind: DueKind; n: number }>(`${lines} SELECT kind, count(*) AS n FROM line ${where} GROUP BY kind`, ...values);
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, counted.find((row) => row.kind === kind)?.n ?? 0])) as Record<DueKind, number>;
  const one = filter.kind === null ? '' : ` AND kind = $${String(values.push(filter.kind))}`;
  const rows = await sql.all<{ kind: DueKind; classification: string; due: string; ref: string | null }>(
    `${lines} SELECT * FROM line ${where}${one} ORDER BY due, kind, classification, ref LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset,
  );
  const total = filter.kind === null ? Object.values(counts).reduce((sum, n) => sum + n, 0) : counts[filter.kind];
  return { total, counts, rows: rows.map((row): DueLine => ({ kind: row.kind, classification: row.classification, dueOn: row.due, ref: row.ref })) };
}
