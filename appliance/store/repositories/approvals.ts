import type { Level } from '../../../core/ports.js';
import type { ApprovalRepository, StoredApproval } from '../../../secrecy/ports.js';
import type { Sealing } from '../sealing.js';
import { insert, places, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

interface ApprovalRow { readonly id: string; readonly level: Level; readonly sealed: Buffer; readonly version: number }
type Sealed = Omit<StoredApproval, 'level' | 'version'>;

/** Names and reasons stand in it, so that it never rests below 内部. */
const sealLevel = (level: Level): Level => (level < 1 ? 1 : level);

/** 审批: the union whole and sealed; columns repeat what lists and look-ups go by. */
export function approvalRepository(sql: Sql, sealing: Sealing): ApprovalRepository {
  const context = (id: string): string => `approval/${id}`;
  const columns = ({ level, version: _version, ...sealed }: StoredApproval): Record<string, SqlValue> => {
    const { it } = sealed;
    return {
      act: it.act, object: it.object, state: it.state, requested_by: it.requestedBy.person, requested_at: it.requestedAt, lapses_at: it.lapsesAt, level,
      sealed: sealing.seal(sealLevel(level), context(it.id), sealed satisfies Sealed),
    };
  };
  const opened = (row: ApprovalRow): StoredApproval => ({ ...sealing.open<Sealed>(sealLevel(row.level), context(row.id), row.sealed), level: row.level, version: row.version });
  return {
    async get(id) {
      const row = await sql.one<ApprovalRow>('SELECT id, level, sealed, version FROM approval WHERE id = $1', id);
      return row && opened(row);
    },
    add: async (approval) => insert(sql, 'approval', { id: approval.it.id, version: approval.version, ...columns(approval) }),
    save: async (approval, seenVersion) => saveVersion(sql, 'approval', approval.it.id, seenVersion, columns(approval)),
    async ofObject(act, object, states) {
      const rows = await sql.all<ApprovalRow>(
        `SELECT id, level, sealed, version FROM approval WHERE act = $1 AND object = $2 AND state IN (${places(states.length, 3)}) ORDER BY requested_at DESC, id`, act, object, ...states,
      );
      return rows.map(opened);
    },
    async list(filter) {
      const values: SqlValue[] = [filter.ceiling, ...filter.states];
      const asked = filter.requestedBy === null ? '' : `AND requested_by = $${String(values.push(filter.requestedBy))}`;
      const rows = await sql.all<ApprovalRow>(
        `SELECT id, level, sealed, version FROM approval WHERE level <= $1 AND state IN (${places(filter.states.length, 2)}) ${asked} ORDER BY requested_at DESC, id LIMIT ${String(filter.limit)}`, ...values,
      );
      return rows.map(opened);
    },
    async overdue(at) {
      const rows = await sql.all<ApprovalRow>("SELECT id, level, sealed, version FROM approval WHERE state IN ('requested','granted') AND lapses_at <= $1", at);
      return rows.map(opened);
    },
  };
}


