import { ArchiveError } from '../../core/errors.js';
import { cleanText, textFaultMessage } from '../../core/text.js';
import type { Clock, Ids, Level, ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { PersonClear, PersonCreate, PersonDisable, PersonList, PersonUnlock } from '../../policies/schemas/person.js';
import type { ApprovalTx } from '../../secrecy/ports.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import { checkClearance } from '../../secrecy/personnel.js';
import type { PeopleFile } from '../../policies/schemas/people.js';
import type { Certificate } from '../crypto/certificate.js';
import type { ServerCall } from '../call.js';
import type { PeopleRepository, Person } from '../store/repositories/people.js';
import type { PersonnelRepository } from '../store/repositories/personnel.js';
import { ALL_PEOPLE, notItsMaker } from './offices.js';
import type { Passwords } from './passwords.js';
import type { SessionRepository } from '../store/repositories/sessions.js';

type Identity = Pick<ApprovalTx, 'approvals'> & { readonly people: PeopleRepository; readonly sessions: SessionRepository; readonly personnel: PersonnelRepository };

export interface PersonServiceParts {
  readonly store: UnitOfWork<Identity & WriteTools, Identity & ReadTools>;
  readonly clock: Clock;
  readonly ids: Ids;
  /** @throws ArchiveError E_CERT_INVALID unless the box's own authority issued it and it is valid today */
  checkCertificate(pem: string): Certificate;
  readonly passwords: Passwords;
  /** @throws ArchiveError E_PASSWORD_WEAK */
  checkPassword(password: string, account: string): void;
  readonly duties: ReadonlyMap<string, { readonly name: string; readonly kind: string }>;
  readonly systemLevel: Level;
  readonly policy: PeopleFile;
  readonly approvals: Pick<ApprovalService<Identity & WriteTools>, 'request' | 'carries'>;
}

/** A name as it goes on pages and watermarks: composed, trimmed, and without characters that hide or turn text. @throws ArchiveError E_INPUT_INVALID */
function plain(text: string, at: string): string {
  const cleaned = cleanText(text, false);
  if (!cleaned.ok || cleaned.text === '') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at, message: cleaned.ok ? '不能为空' : textFaultMessage(cleaned) }]);
  return cleaned.text;
}

/**
 * 人员与授权. Three people share it: the system officer makes and ends accounts, the security officer clears and grants, the
 * auditor looks on. Nobody acts on the own account.
 */
export function personService(parts: PersonServiceParts) {
  const { store, clock, ids } = parts;

  const found = (person: Person | undefined): Person => {
    if (!person) throw new ArchiveError('E_NOT_FOUND');
    return person;
  };
  const notSelf = (call: ServerCall, person: string): void => {
    if (call.person === person) throw new ArchiveError('E_SOD_SELF_APPROVAL', { person });
  };

  async function endAccount(tx: Identity & WriteTools, by: string, person: Person, seenVersion: number, reason: string): Promise<void> {
    if (person.status === 'disabled') throw new ArchiveError('E_STATE_INVALID', { state: person.status });
    await tx.people.save({ ...person, status: 'disabled', disabledReason: reason }, seenVersion);
    const ended = await tx.sessions.endAll(person.id, clock.now());
    const held = (await tx.people.grants(person.id)).filter((grant) => grant.revokedAt === null);
    for (const grant of held) await tx.people.revokeGrant(grant.id, by, clock.now());
    tx.audit({ action: 'person.disable', object: person.id, objectType: 'person', detail: { sessions: ended, grants: held.length } });
  }

  const officerDuties = async (tx: Identity, person: string): Promise<readonly string[]> => (await tx.people.grants(person))
    .filter((grant) => grant.revokedAt === null && (grant.validUntil === null || clock.now() < grant.validUntil) && parts.duties.get(grant.duty)?.kind === 'box').map(({ duty }) => parts.duties.get(duty)?.name ?? duty);

  parts.approvals.carries('person.disable', async (tx, _call, granted, decided) => {
    const { reason } = decided as { readonly reason: string };
    const person = found(await tx.people.get(granted.object));
    await endAccount(tx, granted.requestedBy.person, person, person.version, reason);
  });

  return {
    /** Names and departments only: what a 知悉范围 is drawn up from. */
    async directory(call: ServerCall) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows } = await tx.people.list({ status: 'active', offset: 0, limit: ALL_PEOPLE });
        const departments = await tx.people.departments();
        const names = new Map(departments.map(({ id, name }) => [id, name]));
        return {
          people: rows.map(({ id, name, position, department }) => ({ id, name, position, department, departmentName: names.get(department) ?? '' })),
          departments: departments.map(({ id, name }) => ({ id, name })),
        };
      });
    },

    async list(call: ServerCall, input: PersonList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.people.list({ ...(input.status === undefined ? {} : { status: input.status }), offset: (page - 1) * size, limit: size });
        const grants = await tx.people.grants();
        const departments = new Map((await tx.people.departments()).map((one) => [one.id, one.name]));
        tx.audit({ action: call.act, detail: { page, size } });
        return {
          page, size, total,
          rows: rows.map((person) => ({
            id: person.id, account: person.account, name: person.name, position: person.position, department: person.department,
            departmentName: departments.get(person.department) ?? '', status: person.status, disabledReason: person.disabledReason,
            clearance: person.clearance, clearanceCategory: person.clearanceCategory, clearanceUntil: person.clearanceUntil,
            commitmentNo: person.commitmentNo, certificateSerial: person.certificateSerial, lastSignIn: person.lastSignIn,
            lockedUntil: person.lockedUntil !== null && clock.now() < person.lockedUntil ? person.lockedUntil : null,
            passwordAt: person.passwordAt, createdAt: person.createdAt, version: person.version,
            grants: grants.filter((grant) => grant.person === person.id).map((grant) => ({ ...grant, dutyName: parts.duties.get(grant.duty)?.name ?? grant.duty })),
          })),
          departments: [...departments].map(([id, name]) => ({ id, name })),
          duties: [...parts.duties].map(([key, { name, kind }]) => ({ key, name, kind })),
        };
      });
    },

    /** 建账号 (系统管理员). No rights come with it: clearance and duties are another officer's. */
    async create(call: ServerCall, input: PersonCreate) {
      const certificate = parts.checkCertificate(input.certificate);
      parts.checkPassword(input.initialPassword, input.account);
      const passwordHash = await parts.passwords.hash(input.initialPassword);
      const id = ids.uuid();
      await store.write(call, async (tx) => {
        await tx.allow();
        const token = Buffer.from(certificate.publicKey).toString('hex');
        if (await tx.people.byAccount(input.account) ?? await tx.people.bySerial(certificate.serial) ?? await tx.people.byToken(token)) throw new ArchiveError('E_DUPLICATE', { account: input.account });
        if (!(await tx.people.departments()).some((one) => one.id === input.department)) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/department', message: '没有这个部门，请从列表中选择' }]);
        await tx.people.add({
          id, account: input.account, name: plain(input.name, '/name'), position: plain(input.position, '/position'), department: input.department, status: 'active', disabledReason: null,
          clearance: 0, clearanceCategory: null, clearanceUntil: null, commitmentNo: null, certificate: input.certificate,
          certificateSerial: certificate.serial, token, passwordHash, passwordAt: clock.now(),
          mustChange: true, failures: 0, lockedUntil: null, lastSignIn: null, createdAt: clock.now(), createdBy: call.person, version: 1,
        });
        tx.audit({ action: call.act, object: id, objectType: 'person', detail: { account: input.account, certificate: certificate.serial } });
      });
      return { id };
    },

    /** 停用: the account and every session and duty end at once (实施条例第五十三条). One of the three officers only with another's signature. */
    async disable(call: ServerCall, input: PersonDisable) {
      notSelf(call, input.person);
      return store.write(call, async (tx) => {
        await tx.allow();
        const person = found(await tx.people.get(input.person));
        const office = await officerDuties(tx, person.id);
        if (office.length === 0) {
          await endAccount(tx, call.person, person, input.seenVersion, input.reason);
          return { approval: null };
        }
        if (person.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { person: person.id });
        const { id } = await parts.approvals.request(tx, call, {
          act: 'person.disable', object: person.id, decided: { person: person.id, account: person.account, reason: input.reason }, about: [person.id],
          words: [`停用账号 ${person.account}（${office.join('、')}）`, `事由：${input.reason}`, '账号立即停用，会话和全部岗位同时终止'],
        });
        return { approval: id };
      });
    },

    async unlock(call: ServerCall, input: PersonUnlock) {
      notSelf(call, input.person);
      await store.write(call, async (tx) => {
        await tx.allow();
        const person = found(await tx.people.get(input.person));
        await tx.people.save({ ...person, failures: 0, lockedUntil: null }, input.seenVersion);
        tx.audit({ action: call.act, object: person.id, objectType: 'person' });
      });
      return {};
    },

    /** 涉密资格 (安全保密管理员). Classified levels need category, commitment and an end date (保密法第四十三条). */
    async clear(call: ServerCall, input: PersonClear) {
      notSelf(call, input.person);
      if (input.clearance > parts.systemLevel) throw new ArchiveError('E_CLS_OVER_SYSTEM_LEVEL', { level: input.clearance, systemLevel: parts.systemLevel });
      await store.write(call, async (tx) => {
        await tx.allow();
        const person = found(await tx.people.get(input.person));
        await notItsMaker(tx, person, call.person);
        const entry = await tx.personnel.get(person.id);
        checkClearance(parts.policy, entry, input.clearance as Level, input.until ?? null, clock.today());
        await tx.people.save({
          ...person, clearance: input.clearance as Level, clearanceCategory: input.clearance >= 2 ? entry?.category ?? null : null, clearanceUntil: input.until ?? null,
          commitmentNo: input.clearance >= 2 ? entry?.commitmentNo ?? null : null,
        }, input.seenVersion);
        if (entry !== undefined) await tx.personnel.save({ ...entry, clearedBy: call.person }, entry.version);
        if (input.clearance < person.clearance) await tx.sessions.endAll(person.id, clock.now());
        tx.audit({ action: call.act, object: person.id, objectType: 'person', detail: { from: person.clearance, to: input.clearance, until: input.until ?? null } });
      });
      return {};
    },
  };
}
