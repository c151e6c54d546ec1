import { ArchiveError } from '../../core/errors.js';
import { Temporal } from 'temporal-polyfill';
import type { Call, Clock, Ids, WriteTools } from '../../core/ports.js';
import { isOpen } from '../../secrecy/approval.js';
import type { ApprovalTx, AuthorityRepository } from '../../secrecy/ports.js';
import type { EmergencyRepository } from '../store/repositories/emergencies.js';
import type { PeopleRepository, Person } from '../store/repositories/people.js';
import type { PersonnelRepository } from '../store/repositories/personnel.js';
import type { SessionRepository } from '../store/repositories/sessions.js';
import type { TerminalRepository } from '../store/repositories/terminals.js';
import type { Sql } from '../store/sql.js';

export type LeaveTx = Pick<ApprovalTx, 'approvals'> & {
  readonly sql: Sql; readonly people: PeopleRepository; readonly sessions: SessionRepository; readonly personnel: PersonnelRepository;
  readonly terminals: TerminalRepository; readonly emergencies: EmergencyRepository; readonly authorities: Pick<AuthorityRepository, 'all' | 'end'>;
};

/** One thing to hand back or over. `ref` is an id or number, never a title. */
export interface HandBack { readonly kind: string; readonly ref: string; readonly text: string }
/** A register that knows what a person still has. Each room with one adds its own. */
export type HandBackSource = (tx: LeaveTx, person: Person) => Promise<readonly HandBack[]>;

const SETTLED = "('filed','destroyed','withdrawn','closed')";

/** Registers of this release: keys and terminals, work under way, what waits for a decision. */
export const HAND_BACK_SOURCES: readonly HandBackSource[] = [
  async (_tx, person) => Promise.resolve(person.certificateSerial === null ? [] : [{ kind: 'certificate', ref: person.certificateSerial, text: '密钥文件或 USBKey 及证书，收回并停用' }]),
  async (tx, person) => (await tx.terminals.boundTo(person.id)).map((one) => ({ kind: 'terminal', ref: one.no, text: '绑定终端，收回并改绑或停用' })),
  async (tx, person) => (await tx.sql.all<{ number: string }>("SELECT number FROM capture_batch WHERE opened_by = $1 AND state = 'open' ORDER BY number", person.id)).map(({ number }) => ({ kind: 'batch', ref: number, text: '在办收集批次，移交他人续办' })),
  async (tx, person) => {
    const row = await tx.sql.one<{ n: number }>(`SELECT count(*) AS n FROM record WHERE owner = $1 AND state NOT IN ${SETTLED}`, person.id);
    return (row?.n ?? 0) === 0 ? [] : [{ kind: 'records', ref: String(row?.n), text: `经办未归档 ${String(row?.n)} 件，移交他人续办` }];
  },
  async (tx, person) => (await tx.sql.all<{ id: string }>("SELECT id FROM classification WHERE owner = $1 AND state IN ('proposed','temporarily_protected') ORDER BY id", person.id)).map(({ id }) => ({ kind: 'classification', ref: id, text: '拟定待批或先行保密的定密事项，改由他人承办' })),
  async (tx, person) => (await tx.sql.all<{ id: string }>("SELECT id FROM classification_case WHERE proposer = $1 AND state IN ('draft','returned','proposed') ORDER BY id", person.id)).map(({ id }) => ({ kind: 'marking-case', ref: id, text: '在办的变更或解密审核表，改由他人承办' })),
  async (tx, person) => (await tx.sql.all<{ id: string; act: string }>("SELECT id, act FROM approval WHERE requested_by = $1 AND state IN ('requested','granted') ORDER BY id", person.id)).map(({ id }) => ({ kind: 'approval', ref: id, text: '提请未办结的审批，已随离岗失效，确需办理的由他人重新提请' })),
];

export interface LeaveParts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly sources: readonly HandBackSource[];
}

export interface Leaving { readonly reason: string; readonly leftOn: string; readonly coolsOffUntil: string | null; readonly by: string }

/**
 * 离岗: in one transaction the account, its sessions, duties, clearance, emergency access, authority to classify and open approvals
 * end, and everything still to be handed back is listed. @see 保密法实施条例(2024)第五十三条
 */
export async function leave(parts: LeaveParts, tx: LeaveTx & WriteTools, _call: Call, person: Person, seenVersion: number, how: Leaving): Promise<{ readonly items: number }> {
  const now = parts.clock.now();
  if (person.status === 'disabled' && (await tx.personnel.get(person.id))?.state !== 'in_post') throw new ArchiveError('E_STATE_INVALID', { state: person.status });
  const items: HandBack[] = [];
  // Listed first: what ends below would no longer be found.
  for (const source of parts.sources) items.push(...await source(tx, person));
  const sessions = await tx.sessions.endAll(person.id, now);
  const held = (await tx.people.grants(person.id)).filter((grant) => grant.revokedAt === null);
  for (const grant of held) await tx.people.revokeGrant(grant.id, how.by, now);
  const emergencies = await tx.emergencies.endAll(person.id, now, how.by);
  const yesterday = Temporal.PlainDate.from(parts.clock.today()).subtract({ days: 1 }).toString();
  let authorities = 0;
  for (const one of await tx.authorities.all()) {
    if (one.person !== person.id || (one.expiresOn !== null && one.expiresOn <= yesterday)) continue;
    await tx.authorities.end(one.id, yesterday, how.reason, one.version);
    authorities += 1;
  }
  let approvals = 0;
  for (const stored of await tx.approvals.list({ states: ['requested', 'granted'], ceiling: 4, requestedBy: person.id, limit: 10_000 })) {
    if (!isOpen(stored.it)) continue;
    await tx.approvals.save({ ...stored, it: { ...stored.it, state: 'lapsed', lapsedAt: now } }, stored.version);
    approvals += 1;
  }
  await tx.people.save({ ...person, status: 'disabled', disabledReason: how.reason, clearance: 0, clearanceUntil: null }, seenVersion);
  const entry = await tx.personnel.get(person.id);
  if (entry !== undefined && how.coolsOffUntil !== null) {
    await tx.personnel.save({ ...entry, state: 'cooling', leftOn: how.leftOn, coolsOffUntil: how.coolsOffUntil, leaveReason: how.reason }, entry.version);
  }
  for (const item of items) {
    await tx.personnel.addItem({ id: parts.ids.uuid(), person: person.id, ...item, listedAt: now, returnedAt: null, returnedBy: null, note: null });
  }
  tx.audit({
    action: 'personnel.leave', object: person.id, objectType: 'person',
    detail: { sessions, grants: held.length, clearance: person.clearance, emergencies, authorities, approvals, handBack: items.length, leftOn: how.leftOn, coolsOffUntil: how.coolsOffUntil },
  });
  return { items: items.length };
}
