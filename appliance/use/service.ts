import { drawNumber } from '../../core/drawn-number.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { Call, Clock, Ids, ReadTools, WriteTools } from '../../core/ports.js';
import { cleanText } from '../../core/text.js';
import type { ChannelList, UseAssess, UseClose, UseList, UseOpen, UsePolicy, UseRefuse, UseRequest, UseShow, UseStatistics } from '../../policies/schemas/use.js';
import { NOT_YET_MADE } from '../../secrecy/access.js';
import type { Granted, Refused } from '../../secrecy/approval.js';
import { highest, levelName } from '../../secrecy/level.js';
import type { Level } from '../../secrecy/level.js';
import { clearanceToday } from '../../secrecy/personnel.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import { approveUse, assessUse, closeUse, readingUntil, refuseUse, requestUse, requireChannel, requireMode, seatsFor, useStanding } from '../../secrecy/use-request.js';
import type { AccessGate } from '../access/gate.js';
import type { ServerCall } from '../call.js';
import { codeOf, recordsByCode } from '../outputs/contents.js';
import type { Repositories } from '../store/repositories/index.js';
import { USE_COLUMNS, useTarget } from '../store/repositories/uses.js';
import type { ReadingSession, StoredUse } from '../store/repositories/uses.js';
import type { Store } from '../store/unit-of-work.js';

type Tx = Repositories & ReadTools;
type WriteTx = Repositories & WriteTools;

export interface UseParts {
  readonly store: Store<Repositories>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly policy: UsePolicy;
  readonly approvals: ApprovalService<WriteTx, Tx>;
  readonly nameOf: (person: string) => Promise<string>;
  readonly fonds: string;
}

const ASSESS = 'use.assess';
const APPROVER = '审批未予同意';
const plain = (text: string, at: string): string => {
  const cleaned = cleanText(text, true);
  if (!cleaned.ok || cleaned.text === '') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at, message: '文字为空或含有不可见字符' }]);
  return cleaned.text;
};

/**
 * 利用 (办法第三十三至三十五条): asked for by code, found or not; assessed by the desk, signed by those whom level and content ask for; read
 * in sessions that open exactly what was signed and close by themselves.
 */
export function useService(parts: UseParts) {
  const { store, gate, clock, ids, policy } = parts;
  const modeName = (key: string): string => policy.modes.find((one) => one.key === key)?.name ?? key;

  async function stored(tx: Tx, id: string): Promise<StoredUse> {
    const one = await tx.uses.get(id);
    if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
    return one;
  }

  const live = (session: ReadingSession): boolean => session.endedAt === null && clock.now() < session.untilAt;

  async function row(tx: Tx, one: StoredUse) {
    const { it } = one;
    const sessions = await tx.uses.sessions(it.id);
    const now = sessions.find(live);
    return {
      id: it.id, no: it.no, level: it.level, mode: it.mode, modeName: modeName(it.mode), channel: it.channel, state: useStanding(it, clock.today()), applicant: it.applicant, applicantName: await parts.nameOf(it.applicant), behalf: it.behalf,
      purpose: it.purpose, asked: it.codes.length, requestedAt: it.requestedAt, validUntil: 'validUntil' in it ? it.validUntil : null, openUntil: now?.untilAt ?? null, sessions: sessions.length, version: one.version,
    };
  }

  /** What the request is about, as far as the person may know of it; an applicant is told the codes that were approved. */
  async function contents(call: ServerCall, tx: Tx, one: StoredUse) {
    const approved = one.it.state === 'approved' || one.it.state === 'closed';
    const rows = [];
    for (const { record: id, level } of await tx.uses.records(one.it.id)) {
      const record = await tx.records.get(id);
      if (record === undefined) continue;
      const known = await gate.knows(call, recordTarget(record));
      if (!known && !(approved && one.it.applicant === call.person)) continue;
      rows.push({ record: id, code: codeOf(record), level: known ? record.level : level, mark: known ? record.mark : null, title: known ? record.description.title ?? '' : null, readable: known && await gate.would(call, 'record.read', recordTarget(record)) });
    }
    return rows;
  }

  /** The applicant as cleared today. */
  async function clearanceOf(tx: Tx, person: string): Promise<Level> {
    const who = await tx.people.get(person);
    return who?.status === 'active' ? clearanceToday(who.clearance, who.clearanceUntil, clock.today()) : 0;
  }

  return {
    /** 利用渠道 of this box. */
    async channels(call: ServerCall, _input: ChannelList) {
      return store.read(call, async (tx) => {
        await tx.allow();
        return { rows: policy.channels };
      });
    },

    async list(call: ServerCall, input: UseList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.uses.list(await gate.visible(call, call.act, 1, USE_COLUMNS), { state: (input.state ?? null) as Parameters<typeof tx.uses.list>[1]['state'], today: clock.today() }, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        const lines = [];
        for (const one of rows) lines.push({ ...await row(tx, one), mine: one.it.applicant === call.person });
        return { page, size, total, modes: policy.modes, channels: policy.channels, most: policy.most, rows: lines };
      });
    },

    async show(call: ServerCall, input: UseShow) {
      return store.read(call, async (tx) => {
        const one = await stored(tx, input.use);
        await tx.allow(useTarget(one));
        const { it } = one;
        tx.audit({ action: call.act, object: it.id, objectType: 'use', objectLevel: it.level });
        const sessions = await tx.uses.sessions(it.id);
        const rules = policy.levels.find(({ level }) => level === it.level);
        const [approval] = await tx.approvals.ofObject(ASSESS, it.id, ['requested', 'granted', 'done', 'refused', 'lapsed']);
        const mine = it.applicant === call.person;
        return {
          ...await row(tx, one), mine, codes: it.codes, clue: it.clue, contents: await contents(call, tx, one), opinion: 'opinion' in it && !mine ? it.opinion : null, consent: 'consent' in it ? it.consent : null,
          assessedByName: 'assessedBy' in it ? await parts.nameOf(it.assessedBy) : null, approval: approval === undefined || mine ? null : approval.it.id,
          seats: await Promise.all((approval?.it.seats ?? []).map(async ({ name }, seat) => {
            const signed = approval?.it.signatures.find((each) => each.seat === seat);
            return { name, signedBy: signed === undefined ? null : await parts.nameOf(signed.person), at: signed?.at ?? null, verdict: signed?.verdict ?? null };
          })),
          refused: it.state === 'refused' ? { reason: it.reason, at: it.refusedAt } : null, effect: it.state === 'closed' ? it.effect : null, sessionMinutes: rules?.sessionMinutes ?? 0,
          readings: await Promise.all(sessions.map(async (session) => ({ fromAt: session.fromAt, untilAt: session.untilAt, endedAt: session.endedAt, live: live(session), reads: await tx.uses.readings(session, clock.now()) }))),
          outputs: await tx.useLinks.outputsOf(it.id, (await gate.subjectOf(call)).ceiling),
        };
      });
    },

    /** @throws ArchiveError `E_CHANNEL_DISABLED`. Whether a code exists is told to nobody here. */
    async request(call: ServerCall, input: UseRequest) {
      requireChannel(policy, input.channel);
      const [purpose, clue, behalf] = [plain(input.purpose, '/purpose'), input.clue === undefined ? null : plain(input.clue, '/clue'), input.behalf === undefined ? null : plain(input.behalf, '/behalf')];
      const { currentLevel } = await gate.subjectOf(call);
      return store.write(call, async (tx) => {
        const { next, audit } = requestUse({
          id: ids.uuid(), no: await drawNumber(ids, `LY-${clock.today().slice(0, 4)}-`, async (no) => tx.uses.numbered(no)), applicant: call.person, mode: input.mode, channel: input.channel, purpose,
          codes: input.codes.map((code, at) => plain(code, `/codes/${String(at)}`)), clue, behalf, requestedAt: clock.now(), level: currentLevel ?? 0,
        }, policy);
        const one: StoredUse = { it: next, fonds: parts.fonds, department: await tx.people.departmentOf(call.person) ?? '', version: 1 };
        await tx.allow({ ...useTarget(one), id: NOT_YET_MADE });
        if (await tx.uses.open(call.person, clock.today()) >= policy.most.openRequests) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '', message: `在办的利用单已有 ${String(policy.most.openRequests)} 份，请先办结` }]);
        await tx.uses.add(one);
        tx.audit(audit);
        return { use: next.id, no: next.no };
      });
    },

    /** 受理: the records found, the mode tried against level and content, and put before the seats of the policy. */
    async assess(call: ServerCall, input: UseAssess) {
      const opinion = plain(input.opinion, '/opinion');
      const consent = input.consentNo === undefined ? null : { no: plain(input.consentNo, '/consentNo'), by: plain(input.consentBy ?? '', '/consentBy') };
      return store.write(call, async (tx) => {
        await tx.allow();
        const one = await stored(tx, input.use);
        await tx.allow(useTarget(one), 'use.show');
        const records = await recordsByCode(tx, input.codes, async (record) => gate.knows(call, recordTarget(record)));
        if (records.length > policy.most.records) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/codes', message: `一单不超过 ${String(policy.most.records)} 件` }]);
        for (const record of records) await tx.allow(recordTarget(record), 'record.read');
        const level = highest([one.it.level, ...records.map((record) => record.level)]);
        await tx.allow({ ...useTarget(one), level });
        if (one.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { use: one.it.id });
        if (await clearanceOf(tx, one.it.applicant) < highest(records.map((record) => record.level))) throw new ArchiveError('E_CLEARANCE_REQUIRED', { use: one.it.id }, [{ at: '/codes', message: '所列档案的密级高于申请人的涉密等级，不得提供' }]);
        requireMode(policy, level, one.it.mode, consent);
        const openings = await tx.openings.standing(records.map(({ id }) => id));
        const seats = seatsFor(policy, level, records.map((record) => ({ level: record.level, categoryCode: record.categoryCode, opening: openings.get(record.id) ?? null })));
        const fonds = records[0]?.fonds ?? one.fonds;
        const asked = await parts.approvals.request(tx, call, {
          act: call.act, object: one.it.id, level, fonds, about: [one.it.applicant], seats,
          decided: { use: one.it.id, no: one.it.no, applicant: one.it.applicant, mode: one.it.mode, records: records.map((record) => ({ record: record.id, level: record.level })), consent: consent === null ? null : { ...consent } },
          words: [
            `利用单 ${one.it.no}（${levelName(level)}）：${await parts.nameOf(one.it.applicant)}${one.it.behalf === null ? '' : `，代 ${one.it.behalf}`} 申请${modeName(one.it.mode)}`, `用途：${one.it.purpose}`,
            `准予利用 ${String(records.length)} 件：${records.map(codeOf).join('、')}`, `受理意见：${opinion}`, ...(consent === null ? [] : [`同意文号：${consent.no}（${consent.by}）`]),
          ],
        });
        const { next, audit } = assessUse(one.it, { assessedBy: call.person, opinion, consent, approval: asked.id }, level, records.length);
        await tx.uses.setRecords(one.it.id, records.map((record) => ({ record: record.id, level: record.level })));
        await tx.uses.save({ ...one, it: next, fonds }, input.seenVersion);
        tx.audit(audit);
        for (const record of records) tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { use: one.it.id, no: one.it.no } });
        return { use: one.it.id, approval: asked.id, level, seats: seats.map(({ name }) => name), version: input.seenVersion + 1 };
      });
    },

    /** The last signature. */
    async approved(tx: WriteTx, granted: Granted): Promise<void> {
      const one = await stored(tx, granted.object);
      const { next, audit } = approveUse(one.it, granted.id, clock.now(), clock.today(), policy);
      await tx.uses.save({ ...one, it: next }, one.version);
      tx.audit(audit);
    },
    async notApproved(tx: WriteTx, refusal: Refused): Promise<void> {
      const one = await stored(tx, refusal.object);
      const { next, audit } = refuseUse(one.it, refusal.signatures.at(-1)?.person ?? '', clock.now(), APPROVER);
      await tx.uses.save({ ...one, it: next }, one.version);
      tx.audit({ ...audit, approval: refusal.id });
    },

    /** 不予提供. One answer for what is not there, what may not be given and what may not be known: the words are the desk's. */
    async refuse(call: ServerCall, input: UseRefuse) {
      const reason = plain(input.reason, '/reason');
      return store.write(call, async (tx) => {
        const one = await stored(tx, input.use);
        await tx.allow(useTarget(one));
        const open = await tx.approvals.ofObject(ASSESS, one.it.id, ['requested', 'granted']);
        if (open.some(({ it }) => clock.now() < it.lapsesAt)) throw new ArchiveError('E_STATE_INVALID', { use: one.it.id, state: one.it.state }, [{ at: '', message: '正在审批，请由审批人签署' }]);
        const { next, audit } = refuseUse(one.it, call.person, clock.now(), reason);
        await tx.uses.save({ ...one, it: next }, input.seenVersion);
        tx.audit(audit);
        return { use: one.it.id, state: next.state };
      });
    },

    /** 开始阅览, by the applicant alone: everything that was approved and stands no higher than it did. @throws ArchiveError `E_ACCESS_NOT_APPROVED` */
    async open(call: ServerCall, input: UseOpen) {
      return store.write(call, async (tx) => {
        const one = await stored(tx, input.use);
        await tx.allow(useTarget(one));
        const untilAt = readingUntil(one.it, clock.now(), clock.today(), policy);
        const running = (await tx.uses.sessions(one.it.id)).find(live);
        if (running !== undefined) {
          tx.audit({ action: call.act, object: one.it.id, objectType: 'use', objectLevel: one.it.level, detail: { no: one.it.no, running: true } });
          return { use: one.it.id, untilAt: running.untilAt };
        }
        const session: ReadingSession = { id: ids.uuid(), use: one.it.id, person: call.person, fromAt: clock.now(), untilAt, endedAt: null, endedBy: null };
        await tx.uses.begin(session);
        tx.audit({ action: call.act, object: one.it.id, objectType: 'use', objectLevel: one.it.level, detail: { no: one.it.no, session: session.id, until: untilAt } });
        return { use: one.it.id, untilAt };
      });
    },

    /** 结束阅览 or 办结: nothing stays open. */
    async close(call: ServerCall, input: UseClose) {
      const effect = input.effect === undefined ? null : plain(input.effect, '/effect');
      return store.write(call, async (tx) => {
        const one = await stored(tx, input.use);
        await tx.allow(useTarget(one));
        const running = (await tx.uses.sessions(one.it.id)).filter(({ endedAt }) => endedAt === null);
        if (input.end === 'session' && running.length === 0) throw new ArchiveError('E_STATE_INVALID', { use: one.it.id, event: 'close' });
        const now = clock.now();
        for (const session of running) await tx.uses.end(session.id, session.untilAt < now ? session.untilAt : now, call.person);
        if (input.end === 'session') tx.audit({ action: call.act, object: one.it.id, objectType: 'use', objectLevel: one.it.level, detail: { no: one.it.no, sessions: running.length } });
        else {
          const { next, audit } = closeUse(one.it, now, effect);
          await tx.uses.save({ ...one, it: next }, one.version);
          tx.audit(audit);
        }
        return { use: one.it.id };
      });
    },

    /** 利用统计 over the requests the person may see. */
    async statistics(call: ServerCall, input: UseStatistics) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const figures = await tx.uses.figures(await gate.visible(call, call.act, 1, USE_COLUMNS), input.from, input.until);
        tx.audit({ action: call.act, detail: { from: input.from, until: input.until } });
        const by = (key: (one: (typeof figures)[number]) => string) => {
          const sums = new Map<string, { requests: number; records: number; sessions: number }>();
          for (const one of figures) {
            const sum = sums.get(key(one)) ?? { requests: 0, records: 0, sessions: 0 };
            sums.set(key(one), { requests: sum.requests + one.requests, records: sum.records + one.records, sessions: sum.sessions + one.sessions });
          }
          return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, sum]) => ({ name, ...sum }));
        };
        return { from: input.from, until: input.until, total: figures.reduce((sum, { requests }) => sum + requests, 0), modes: by(({ mode }) => modeName(mode)), levels: by(({ level }) => levelName(level)), states: by(({ state }) => state), months: by(({ month }) => month) };
      });
    },

    /** Enters the end of what time has ended already. Returns how many. */
    async lapse(call: Call): Promise<number> {
      const due = await store.read(call, async (tx) => { await tx.allow(); return tx.uses.overdue(clock.now()); });
      for (const session of due) {
        await store.write(call, async (tx) => {
          await tx.allow();
          await tx.uses.end(session.id, session.untilAt, 'system');
          const one = await stored(tx, session.use);
          tx.audit({ action: 'use.close', object: session.use, objectType: 'use', objectLevel: one.it.level, detail: { session: session.id, at: session.untilAt } });
        });
      }
      return due.length;
    },
  };
}
export type UseService = ReturnType<typeof useService>;
