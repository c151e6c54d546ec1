import type { Level, TargetScope } from '../../../core/ports.js';
import type { FilterColumns } from '../../../secrecy/filter.js';
import { isOrdinary } from '../../../secrecy/ordinary.js';
import type { Before, Matter, MatterRepository, StoredMatter } from '../../../secrecy/ports.js';
import type { Sealing } from '../sealing.js';
import { dueLines } from './due-lines.js';
import { insert, places, saveVersion } from '../sql.js';
import type { HoldRows } from './records.js';
import type { Sql, SqlValue } from '../sql.js';

export const MATTER_COLUMNS: FilterColumns = {
  id: 'classification.id', level: 'classification.level', fonds: 'classification.fonds', department: 'classification.department', state: 'classification.state',
  owner: 'classification.owner', scope: { table: 'classification_scope', of: 'classification', kind: 'kind', ref: 'ref' },
};

interface MatterRow {
  id: string; level: Level; fonds: string; department: string; proposed_at: string; decided_at: string | null; sealed: Buffer; version: number;
}
interface Sealed { readonly it: Matter; readonly before: readonly Before[]; readonly scope: TargetScope }

const columns = (matter: StoredMatter, sealing: Sealing): Record<string, SqlValue> => {
  const { it } = matter;
  const current = !isOrdinary(it) && 'current' in it ? it.current : null;
  return {
    matter: it.proposal.matterId, state: it.state, level: matter.level, fonds: matter.fonds, department: matter.department, owner: it.proposer.person,
    owner_token: it.proposer.tokens[0] ?? '', written_record_no: 'writtenRecordNo' in it ? it.writtenRecordNo : null, proposed_at: matter.proposedAt, decided_at: matter.decidedAt,
    last_secret_day: current?.ending?.lastSecretDay ?? null, declassifies_on: current?.ending?.declassifiesOn ?? null, review_due_on: 'reviewDueOn' in it ? it.reviewDueOn : null,
    report_due_on: 'reportDueOn' in it ? it.reportDueOn : null, reported_on: 'reportedOn' in it ? it.reportedOn : null,
    sealed: sealing.seal(matter.level, `classification/${it.id}`, { it, before: matter.before, scope: matter.scope } satisfies Sealed),
  };
};

const SCOPE_KINDS = { persons: 'person', departments: 'department', requests: 'request', compartments: 'compartment' } as const;

/** 定密事项: the union whole and sealed; `classification_scope` repeats the scope for the list filter. */
/** @param hold a matter is bound with its records: held against them before it is opened */
export function matterRepository(sql: Sql, sealing: Sealing, hold?: HoldRows): MatterRepository {
  const matterOf = (row: MatterRow): StoredMatter => ({
    ...sealing.open<Sealed>(row.level, `classification/${row.id}`, row.sealed), level: row.level, fonds: row.fonds, department: row.department,
    proposedAt: row.proposed_at, decidedAt: row.decided_at, version: row.version,
  });
  async function held(matters: readonly string[], listed: boolean): Promise<void> {
    if (hold === undefined || matters.length === 0) return;
    const rows = await sql.all<{ record: string }>(`SELECT DISTINCT record FROM classification_record WHERE classification IN (${places(matters.length)})`, ...matters);
    await hold(rows.map(({ record }) => record), listed);
  }
  async function writeScope(matter: StoredMatter): Promise<void> {
    await sql.run('DELETE FROM classification_scope WHERE classification = $1', matter.it.id);
    for (const [part, kind] of Object.entries(SCOPE_KINDS) as [keyof typeof SCOPE_KINDS, string][]) {
      for (const ref of matter.scope[part] ?? []) await insert(sql, 'classification_scope', { classification: matter.it.id, kind, ref });
    }
  }
  return {
    async get(id) {
      const row = await sql.one<MatterRow>('SELECT * FROM classification WHERE id = $1', id);
      await held([id], false);
      return row && matterOf(row);
    },
    async add(matter) {
      await insert(sql, 'classification', { id: matter.it.id, version: matter.version, ...columns(matter, sealing) });
      for (const record of matter.it.proposal.recordIds) await insert(sql, 'classification_record', { classification: matter.it.id, record });
      if ('sources' in matter.it.proposal) for (const { id } of matter.it.proposal.sources) await insert(sql, 'classification_source', { classification: matter.it.id, source: id });
      await writeScope(matter);
    },
    async save(matter, seenVersion) {
      await saveVersion(sql, 'classification', matter.it.id, seenVersion, columns(matter, sealing));
      await writeScope(matter);
    },
    async list(visible, { states, notBy }, { offset, limit }) {
      const values = [...visible.values] as SqlValue[];
      const bind = (value: SqlValue): string => `$${String(values.push(value))}`;
      const wheres = [visible.sql];
      if (states !== null) {
        wheres.push(`classification.state IN (${places(states.length, values.length + 1)})`);
        values.push(...states);
      }
      if (notBy !== null) wheres.push(`classification.owner <> ${bind(notBy)}`);
      const where = wheres.join(' AND ');
      const count = await sql.one<{ n: number }>(`SELECT count(*) AS n FROM classification WHERE ${where}`, ...values);
      const rows = await sql.all<MatterRow>(
        `SELECT classification.* FROM classification WHERE ${where} ORDER BY proposed_at DESC, classification.id LIMIT ${bind(limit)} OFFSET ${bind(offset)}`, ...values,
      );
      await held(rows.map(({ id }) => id), true);
      return { rows: rows.map(matterOf), total: count?.n ?? 0 };
    },
    async ofRecord(record) {
      const rows = await sql.all<MatterRow>(
        'SELECT classification.* FROM classification JOIN classification_record ON classification_record.classification = classification.id WHERE classification_record.record = $1', record,
      );
      return rows.map(matterOf);
    },
    async due(what, today, limit) {
      const where = what === 'end' ? "declassifies_on <= $1 AND state IN ('active','review_due','declass_review')" : "review_due_on <= $1 AND state IN ('active','long_term')";
      return (await sql.all<{ id: string }>(`SELECT id FROM classification WHERE ${where} ORDER BY id LIMIT $2`, today, limit)).map(({ id }) => id);
    },
    expiring: async (visible, filter, page) => dueLines(sql, visible, filter, page),
    async *every() {
      for (let after = ''; ;) {
        const rows = await sql.all<MatterRow & { id: string }>('SELECT * FROM classification WHERE id > $1 ORDER BY id LIMIT 200', after);
        for (const row of rows) yield matterOf(row);
        const last = rows.at(-1);
        if (last === undefined) return;
        after = last.id;
      }
    },
    async derivedFrom(source) {
      const rows = await sql.all<MatterRow>(
        'SELECT classification.* FROM classification JOIN classification_source ON classification_source.classification = classification.id WHERE classification_source.source = $1', source,
      );
      return rows.map(matterOf);
    },
    async hasWrittenRecord(no) {
      return (await sql.one('SELECT 1 AS found FROM classification WHERE written_record_no = $1', no)) !== undefined;
    },
    async countWritten(year) {
      const row = await sql.one<{ n: number }>('SELECT count(*) AS n FROM classification WHERE written_record_no IS NOT NULL AND substr(decided_at, 1, 4) = $1', year);
      return row?.n ?? 0;
    },
  };
}
