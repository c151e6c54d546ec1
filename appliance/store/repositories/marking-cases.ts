import type { Level } from '../../../core/ports.js';
import type { Notice } from '../../../secrecy/marking-notice.js';
import { outstanding, undelivered } from '../../../secrecy/marking-notice.js';
import type { MarkingCase } from '../../../secrecy/marking-case.js';
import type { CaseRepository, NoticeRepository, StoredCase, StoredNotice, StoredTask, TaskRepository } from '../../../secrecy/ports.js';
import type { Sealing } from '../sealing.js';
import { insert, places, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

interface CaseRow { id: string; classification: string; level: Level; opened_at: string; decided_at: string | null; sealed: Buffer; version: number }

const OPEN = "('draft','proposed','returned')";

/** 变更、解密审核表. Seen through the matter: `visible` is a predicate over `classification`. */
export function caseRepository(sql: Sql, sealing: Sealing): CaseRepository {
  const caseOf = (row: CaseRow): StoredCase => ({
    it: sealing.open<MarkingCase>(row.level, `marking-case/${row.id}`, row.sealed), level: row.level, decidedAt: row.decided_at, version: row.version,
  });
  const columns = ({ it, level, decidedAt }: StoredCase): Record<string, SqlValue> => ({
    kind: it.form.kind, case_trigger: it.form.trigger, outcome: it.form.outcome, state: it.state, level, proposer: it.proposer.person, proposer_token: it.proposer.tokens[0] ?? '',
    decided_at: decidedAt, decision_no: 'decisionNo' in it ? it.decisionNo : null, sealed: sealing.seal(level, `marking-case/${it.id}`, it),
  });
  return {
    async get(id) {
      const row = await sql.one<CaseRow>('SELECT * FROM classification_case WHERE id = $1', id);
      return row && caseOf(row);
    },
    add: async (stored) => insert(sql, 'classification_case', { id: stored.it.id, classification: stored.it.classification, opened_at: stored.it.openedAt, version: stored.version, ...columns(stored) }),
    save: async (stored, seenVersion) => saveVersion(sql, 'classification_case', stored.it.id, seenVersion, columns(stored)),
    async list(visible, { states, classification, notBy }, { offset, limit }) {
      const values = [...visible.values] as SqlValue[];
      const bind = (value: SqlValue): string => `$${String(values.push(value))}`;
      const wheres = [visible.sql];
      if (states !== null) {
        wheres.push(`classification_case.state IN (${places(states.length, values.length + 1)})`);
        values.push(...states);
      }
      if (classification !== null) wheres.push(`classification_case.classification = ${bind(classification)}`);
      if (notBy !== null) wheres.push(`classification_case.proposer <> ${bind(notBy)}`);
      const from = `FROM classification_case JOIN classification ON classification.id = classification_case.classification WHERE ${wheres.join(' AND ')}`;
      const count = await sql.one<{ n: number }>(`SELECT count(*) AS n ${from}`, ...values);
      const rows = await sql.all<CaseRow>(`SELECT classification_case.* ${from} ORDER BY opened_at DESC, classification_case.id LIMIT ${bind(limit)} OFFSET ${bind(offset)}`, ...values);
      return { rows: rows.map(caseOf), total: count?.n ?? 0 };
    },
    async ofMatter(classification) {
      return (await sql.all<CaseRow>('SELECT * FROM classification_case WHERE classification = $1 ORDER BY opened_at, id', classification)).map(caseOf);
    },
    async decidedIn(year) {
      const rows = await sql.all<CaseRow>('SELECT * FROM classification_case WHERE decided_at >= $1 AND decided_at < $2 ORDER BY decided_at, id', `${String(year - 1)}-12-31`, `${String(year + 1)}-01-02`);
      return rows.map(caseOf);
    },
    async openOf(classification) {
      const row = await sql.one<CaseRow>(`SELECT * FROM classification_case WHERE classification = $1 AND state IN ${OPEN}`, classification);
      return row && caseOf(row);
    },
    async numbered(no) {
      return (await sql.one('SELECT 1 AS found FROM classification_case WHERE decision_no = $1', no)) !== undefined;
    },
    async countDecided(prefix) {
      const row = await sql.one<{ n: number }>("SELECT count(*) AS n FROM classification_case WHERE decision_no LIKE $1 || '%'", prefix);
      return row?.n ?? 0;
    },
  };
}

interface TaskRow { id: string; kind: StoredTask['kind']; classification: string; cause: string; opened_at: string; closed_at: string | null; closed_by: string | null }

/** 派生源已变更, 升密后核对副本. */
export function taskRepository(sql: Sql): TaskRepository {
  const taskOf = (row: TaskRow): StoredTask => ({
    id: row.id, kind: row.kind, classification: row.classification, cause: row.cause, openedAt: row.opened_at, closedAt: row.closed_at, closedBy: row.closed_by,
  });
  return {
    async get(id) {
      const row = await sql.one<TaskRow>('SELECT * FROM class_task WHERE id = $1', id);
      return row && taskOf(row);
    },
    add: async (task) => insert(sql, 'class_task', { id: task.id, kind: task.kind, classification: task.classification, cause: task.cause, opened_at: task.openedAt, closed_at: null, closed_by: null }),
    close: async (id, at, by) => { await sql.run('UPDATE class_task SET closed_at = $1, closed_by = $2 WHERE id = $3 AND closed_at IS NULL', at, by, id); },
    openOf: async (classification) => (await sql.all<TaskRow>('SELECT * FROM class_task WHERE classification = $1 AND closed_at IS NULL ORDER BY opened_at, id', classification)).map(taskOf),
  };
}

interface NoticeRow { id: string; level: Level; sealed: Buffer; version: number }

/** 书面通知 and their receipts, seen through the matter. */
export function noticeRepository(sql: Sql, sealing: Sealing): NoticeRepository {
  const noticeOf = (row: NoticeRow): StoredNotice => ({ it: sealing.open<Notice>(row.level, `class-notice/${row.id}`, row.sealed), version: row.version });
  const columns = ({ it }: StoredNotice): Record<string, SqlValue> => ({
    level: it.level, outstanding: outstanding(it), undelivered: undelivered(it), sealed: sealing.seal(it.level, `class-notice/${it.id}`, it),
  });
  return {
    async get(id) {
      const row = await sql.one<NoticeRow>('SELECT * FROM class_notice WHERE id = $1', id);
      return row && noticeOf(row);
    },
    add: async (stored) => insert(sql, 'class_notice', {
      id: stored.it.id, number: stored.it.number, classification: stored.it.classification, marking_case: stored.it.case, made_at: stored.it.madeAt, due_on: stored.it.dueOn,
      deliver_by: stored.it.deliverBy, version: stored.version, ...columns(stored),
    }),
    save: async (stored, seenVersion) => saveVersion(sql, 'class_notice', stored.it.id, seenVersion, columns(stored)),
    async list(visible, { classification, markingCase, open }, { offset, limit }) {
      const values = [...visible.values] as SqlValue[];
      const bind = (value: SqlValue): string => `$${String(values.push(value))}`;
      const wheres = [visible.sql];
      if (classification !== null) wheres.push(`class_notice.classification = ${bind(classification)}`);
      if (markingCase !== null) wheres.push(`class_notice.marking_case = ${bind(markingCase)}`);
      if (open !== null) wheres.push(`class_notice.outstanding ${open ? '>' : '='} 0`);
      const from = `FROM class_notice JOIN classification ON classification.id = class_notice.classification WHERE ${wheres.join(' AND ')}`;
      const count = await sql.one<{ n: number }>(`SELECT count(*) AS n ${from}`, ...values);
      const rows = await sql.all<NoticeRow>(`SELECT class_notice.* ${from} ORDER BY made_at DESC, class_notice.id LIMIT ${bind(limit)} OFFSET ${bind(offset)}`, ...values);
      return { rows: rows.map(noticeOf), total: count?.n ?? 0 };
    },
    async countIn(prefix) {
      const row = await sql.one<{ n: number }>("SELECT count(*) AS n FROM class_notice WHERE number LIKE $1 || '%'", prefix);
      return row?.n ?? 0;
    },
  };
}
