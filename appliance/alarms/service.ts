import { NOTICES } from '../../core/error-catalogue.js';
import type { NoticeCode } from '../../core/error-catalogue.js';
import { ArchiveError } from '../../core/errors.js';
import type { Call, Clock, ReadTools, Target, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { AlarmAcknowledge, AlarmList, AlarmResume, AlarmRule, AlarmsFile } from '../../policies/schemas/alarms.js';
import type { Approvals } from '../../secrecy/services/approvals.js';
import type { AccessGate } from '../access/gate.js';
import type { ServerCall } from '../call.js';
import type { Repositories } from '../store/repositories/index.js';
import { places } from '../store/sql.js';
import type { Sealing } from '../store/sealing.js';
import type { AlarmEngine } from './engine.js';

export interface AlarmServiceParts {
  readonly store: UnitOfWork<Repositories & WriteTools, Repositories & ReadTools>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly policy: AlarmsFile;
  readonly engine: AlarmEngine;
  readonly sealing: Sealing;
  readonly approvals: Approvals;
  readonly nameOf: (person: string) => Promise<string>;
  readonly dutyName: (duty: string) => string;
  /** The record as its own signature protects it: who may be told which one it is. */
  readonly targetOf: (record: string) => Promise<Target | undefined>;
}

interface Row {
  id: string; code: string; subject: string; state: 'open' | 'closed' | 'cleared'; disposition: AlarmRule['disposition']; first_at: string; last_at: string; count: number;
  entry: number | null; facts: string; closed_by: string | null; closed_at: string | null; sealed: Buffer | null; version: number;
}
/** What officers write about an alarm is 内部. */
const LEVEL = 1;
const OVERSEERS: readonly string[] = ['sysadmin', 'secadmin', 'auditadmin'];
const LISTED = 1000;
const message = (code: string): string => (Object.hasOwn(NOTICES, code) ? NOTICES[code as NoticeCode].message : code);

/** 告警: told to the duties the rule names, closed by one of them who is not what the alarm is about. */
export function alarmService(parts: AlarmServiceParts) {
  const { store, gate, policy, clock, sealing } = parts;
  const rules = new Map(policy.rules.map((rule) => [rule.code, rule]));

  async function dutiesOf(call: Call): Promise<readonly string[]> {
    return [...new Set((await gate.subjectOf(call)).grants.map(({ duty }): string => duty))];
  }

  /** Whether the alarm is told to this person at all: by duty, and where it is about a record, by what they may know. */
  async function told(call: Call, duties: readonly string[], row: Row): Promise<boolean> {
    const rule = rules.get(row.code);
    if (rule === undefined || !rule.tell.some((duty) => duties.includes(duty))) return false;
    if (rule.per !== 'record' || rule.tell.some((duty) => OVERSEERS.includes(duty) && duties.includes(duty))) return true;
    const aim = await parts.targetOf(row.subject);
    return aim !== undefined && gate.knows(call, aim);
  }

  async function shown(call: Call, duties: readonly string[], row: Row) {
    const rule = rules.get(row.code);
    const per = rule?.per ?? 'box';
    const aim = per === 'record' ? await parts.targetOf(row.subject) : undefined;
    const opinion = row.sealed === null ? null : sealing.open<{ opinion: string }>(LEVEL, `alarm/${row.id}`, row.sealed).opinion;
    return {
      id: row.id, code: row.code, message: message(row.code), severity: rule?.severity ?? 'warning', disposition: row.disposition, state: row.state,
      person: per === 'actor' ? row.subject : null, personName: per === 'actor' ? await parts.nameOf(row.subject) : null,
      record: aim !== undefined && await gate.knows(call, aim) ? row.subject : null,
      firstAt: row.first_at, lastAt: row.last_at, count: row.count, entry: duties.includes('auditadmin') ? row.entry : null,
      closedBy: row.closed_by, closedByName: row.closed_by === null ? null : await parts.nameOf(row.closed_by), closedAt: row.closed_at, opinion,
      needsApproval: row.disposition === 'stop-writes', source: rule?.source ?? '', version: row.version,
    };
  }

  async function openAlarm(tx: Repositories, call: Call, id: string): Promise<Row> {
    const row = await tx.sql.one<Row>('SELECT * FROM alarm WHERE id = $1', id);
    if (row === undefined || !(await told(call, await dutiesOf(call), row))) throw new ArchiveError('E_NOT_FOUND');
    if (row.state !== 'open') throw new ArchiveError('E_STATE_INVALID', { state: row.state, event: 'close' });
    return row;
  }

  async function close(tx: Repositories & WriteTools, row: Row, by: string, opinion: string, approval: string | null, action: string): Promise<void> {
    const changed = await tx.sql.run(
      "UPDATE alarm SET state = 'closed', closed_by = $1, closed_at = $2, sealed = $3, version = version + 1 WHERE id = $4 AND version = $5", by, clock.now(),
      sealing.seal(LEVEL, `alarm/${row.id}`, { opinion }), row.id, row.version,
    );
    if (changed !== 1) throw new ArchiveError('E_STALE_VERSION', { alarm: row.id });
    tx.audit({ action, object: row.id, objectType: 'alarm', detail: { code: row.code, disposition: row.disposition, count: row.count }, ...(approval === null ? {} : { approval }) });
    tx.afterCommit(async () => parts.engine.reload());
  }

  return {
    async list(call: ServerCall, input: AlarmList) {
      const { page = 1, size = 50, state } = input;
      const duties = await dutiesOf(call);
      return store.read(call, async (tx) => {
        await tx.allow();
        const codes = policy.rules.filter(({ tell }) => tell.some((duty) => duties.includes(duty))).map(({ code }) => code);
        const rows = codes.length === 0 ? [] : await tx.sql.all<Row>(
          `SELECT * FROM alarm WHERE code IN (${places(codes.length)}) ${state === undefined ? '' : state === 'open' ? "AND state = 'open'" : "AND state <> 'open'"} ORDER BY state = 'open' DESC, last_at DESC, id LIMIT ${String(LISTED)}`, ...codes,
        );
        const mine: Row[] = [];
        for (const row of rows) if (await told(call, duties, row)) mine.push(row);
        tx.audit({ action: call.act, detail: { page, size } });
        return {
          page, size, total: mine.length, open: mine.filter((row) => row.state === 'open').length,
          rows: await Promise.all(mine.slice((page - 1) * size, page * size).map(async (row) => shown(call, duties, row))),
        };
      });
    },

    /** 告警规则: what is watched, and what is not because nothing on this box could tell. */
    async rules(call: ServerCall) {
      return store.read(call, async (tx) => {
        await tx.allow();
        return {
          version: policy.version,
          rows: policy.rules.map((rule) => ({
            code: rule.code, message: message(rule.code), severity: rule.severity, disposition: rule.disposition, tell: rule.tell.map((duty) => parts.dutyName(duty)), source: rule.source,
            state: rule.triggers.some((one) => one.kind === 'entries' || (one.kind === 'signal' && parts.engine.provided.has(one.signal))) ? 'on' as const : rule.triggers.some(({ kind }) => kind === 'desk') ? 'desk' as const : 'off' as const,
            triggers: rule.triggers.map((one) => (one.kind === 'entries' ? `${String(one.windowMinutes)} 分钟内 ${String(one.threshold)} 次` : one.kind === 'signal' ? '由本机自查' : '由到期台提醒')),
          })),
        };
      });
    },

    /** 核查并关闭. What stops writing is lifted by three officers together: `alarm.resume`. */
    async acknowledge(call: ServerCall, input: AlarmAcknowledge) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const row = await openAlarm(tx, call, input.alarm);
        if (row.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { alarm: row.id });
        if (rules.get(row.code)?.per === 'actor' && row.subject === call.person) throw new ArchiveError('E_SOD_SELF_APPROVAL', { alarm: row.id });
        if (row.disposition === 'stop-writes') throw new ArchiveError('E_APPROVAL_REQUIRED', { alarm: row.id });
        await close(tx, row, call.person, input.opinion, null, call.act);
        return { alarm: row.id, state: 'closed' };
      });
    },

    /** 提请恢复写入: carried out by the last signature. */
    async resume(call: ServerCall, input: AlarmResume) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const row = await openAlarm(tx, call, input.alarm);
        if (row.disposition !== 'stop-writes') throw new ArchiveError('E_STATE_INVALID', { state: row.disposition, event: 'resume' });
        if (row.code === 'A_CLOCK_WRONG') throw new ArchiveError('E_STATE_INVALID', { state: row.code, event: 'resume' }, [{ at: '/alarm', message: '时间异常请办理时间更正' }]);
        const asked = await parts.approvals.request(tx, call, {
          act: 'alarm.resume', object: row.id, decided: { alarm: row.id, code: row.code, opinion: input.opinion, by: call.person },
          words: [`恢复业务写入：${message(row.code)}`, `核查意见：${input.opinion}`, `首次 ${row.first_at}，共 ${String(row.count)} 次`],
        });
        return { approval: asked.id, state: asked.state };
      });
    },

    /** The last signature of a resumption. */
    async resumed(tx: Repositories & WriteTools, approval: string, decided: { readonly alarm: string; readonly opinion: string; readonly by: string }): Promise<void> {
      const row = await tx.sql.one<Row>("SELECT * FROM alarm WHERE id = $1 AND state = 'open'", decided.alarm);
      if (row === undefined) throw new ArchiveError('E_STATE_INVALID', { event: 'resume' });
      await close(tx, row, decided.by, decided.opinion, approval, 'alarm.resume');
    },

    /** 时间更正 carried out: whatever the clock had stopped goes on. */
    async clockCorrected(tx: Repositories & WriteTools, approval: string, by: string, opinion: string): Promise<void> {
      const row = await tx.sql.one<Row>("SELECT * FROM alarm WHERE code = 'A_CLOCK_WRONG' AND state = 'open'");
      if (row !== undefined) await close(tx, row, by, opinion, approval, 'alarm.resume');
    },
  };
}
