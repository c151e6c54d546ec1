import { ArchiveError } from '../../core/errors.js';
import { addMonths } from '../../core/backup-plan.js';
import type { Level } from '../../core/ports.js';
import type { BackupEndOffsite, BackupOffsites, BackupRegisterOffsite } from '../../policies/schemas/backup.js';
import type { ServerCall } from '../call.js';
import { drawNumber } from '../../core/drawn-number.js';
import { insert, saveVersion } from '../store/sql.js';
import type { Sql } from '../store/sql.js';
import { backupRows } from './rows.js';
import type { BackupParts } from './service.js';

interface Row {
  id: string; number: string; backup: string; backup_number: string; place: string; kilometres: number; medium_type: string; medium_no: string; keeper: string; review_no: string | null; reviewed_by: string | null; reviewed_on: string | null;
  review_until: string | null; level: Level; sent_on: string; state: 'away' | 'returned' | 'destroyed'; registered_by: string; registered_at: string; ended_on: string | null; ended_note: string | null; version: number;
}
const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);
const get = async (sql: Sql, id: string): Promise<Row | undefined> => sql.one<Row>('SELECT backup_offsite.*, backup.number AS backup_number FROM backup_offsite JOIN backup ON backup.id = backup_offsite.backup WHERE backup_offsite.id = $1', id);

/** 异地副本登记 (办法第二十九条): what lies elsewhere, with whom, and that the place was looked at before anything secret went there. */
export function offsiteService({ box, policy, nameOf }: Pick<BackupParts, 'box' | 'policy' | 'nameOf'>) {
  const { store, clock, ids } = box;
  return {
    async offsites(call: ServerCall, { page = 1, size = 20 }: BackupOffsites) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const today = clock.today();
        const rows = await tx.sql.all<Row>("SELECT backup_offsite.*, backup.number AS backup_number FROM backup_offsite JOIN backup ON backup.id = backup_offsite.backup ORDER BY backup_offsite.state = 'away' DESC, sent_on DESC, backup_offsite.number DESC LIMIT $1 OFFSET $2", size, (page - 1) * size);
        return {
          page, size, total: (await tx.sql.one<{ n: number }>('SELECT count(*) AS n FROM backup_offsite'))?.n ?? 0,
          rows: await Promise.all(rows.map(async (row) => ({
            id: row.id, number: row.number, backup: row.backup_number, place: row.place, kilometres: row.kilometres, mediumType: row.medium_type, mediumNo: row.medium_no, keeper: row.keeper, level: row.level, sentOn: row.sent_on, state: row.state,
            review: row.review_no === null ? null : { no: row.review_no, by: row.reviewed_by, on: row.reviewed_on, until: row.review_until }, reviewLapsed: row.state === 'away' && row.review_until !== null && row.review_until < today,
            registeredBy: await nameOf(row.registered_by), endedOn: row.ended_on, endedNote: row.ended_note, version: row.version,
          }))),
        };
      });
    },

    /** @throws ArchiveError `E_OFFSITE_NOT_CLEARED` for a classified copy at a place without a 保密审核 in force on the day it is sent */
    async registerOffsite(call: ServerCall, input: BackupRegisterOffsite) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const backup = await backupRows(tx.sql).get(input.backup);
        if (backup === undefined) throw new ArchiveError('E_NOT_FOUND', { backup: input.backup });
        if (backup.state !== 'done') throw new ArchiveError('E_STATE_INVALID', { state: backup.state }, [{ at: '/backup', message: '只有做完的备份可以送存异地' }]);
        if (input.sentOn > clock.today()) throw wrong('/sentOn', '送存日期不能晚于今天');
        const level = backup.level ?? 4;
        const { review } = input;
        if (level >= policy.offsite.reviewFromLevel && (review === undefined || review.on > input.sentOn || review.until < input.sentOn)) {
          throw new ArchiveError('E_OFFSITE_NOT_CLEARED', { backup: backup.number, level }, [{ at: '/review', message: review === undefined ? '本备份含国家秘密，请填写存放点的保密审核文号、部门、日期和有效期' : '保密审核在送存当日不在有效期内' }]);
        }
        if (review !== undefined && (review.until < review.on || review.until > addMonths(review.on, policy.offsite.reviewMonthsAtMost))) throw wrong('/review/until', `有效期不得早于审核日期，也不得超过 ${String(policy.offsite.reviewMonthsAtMost)} 个月`);
        const id = ids.uuid();
        const number = await drawNumber(ids, `YD-${clock.today().slice(0, 4)}-`, async (one) => (await tx.sql.one('SELECT 1 AS there FROM backup_offsite WHERE number = $1', one)) !== undefined);
        await insert(tx.sql, 'backup_offsite', {
          id, number, backup: backup.id, place: input.place, kilometres: input.kilometres, medium_type: input.mediumType, medium_no: input.mediumNo, keeper: input.keeper, review_no: review?.no ?? null, reviewed_by: review?.by ?? null,
          reviewed_on: review?.on ?? null, review_until: review?.until ?? null, level, sent_on: input.sentOn, state: 'away', registered_by: call.person, registered_at: clock.now(), ended_on: null, ended_note: null, version: 1,
        });
        tx.audit({ action: call.act, object: id, objectType: 'backup-offsite', objectLevel: level, detail: { number, backup: backup.number, kilometres: input.kilometres, mediumType: input.mediumType, mediumNo: input.mediumNo, review: review?.no ?? null } });
        return { offsite: id, number };
      });
    },

    async endOffsite(call: ServerCall, input: BackupEndOffsite) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const row = await get(tx.sql, input.offsite);
        if (row === undefined) throw new ArchiveError('E_NOT_FOUND', { offsite: input.offsite });
        if (row.state !== 'away') throw new ArchiveError('E_STATE_INVALID', { state: row.state });
        if (input.on < row.sent_on || input.on > clock.today()) throw wrong('/on', '日期应在送存之后、今天以前');
        await saveVersion(tx.sql, 'backup_offsite', row.id, input.seenVersion, { state: input.outcome, ended_on: input.on, ended_note: input.note });
        tx.audit({ action: call.act, object: row.id, objectType: 'backup-offsite', objectLevel: row.level, detail: { number: row.number, outcome: input.outcome } });
        return { offsite: row.id, state: input.outcome };
      });
    },
  };
}
