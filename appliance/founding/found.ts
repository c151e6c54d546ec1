import { ArchiveError } from '../../core/errors.js';
import { SYSTEM } from '../access/gate.js';
import type { Clock, Ids, Level } from '../../core/ports.js';
import type { ClassAuthority, UnitAuthority } from '../../policies/schemas/secrecy.js';
import { makeFolder } from '../content/file-ops.js';
import { dataPaths } from '../content/paths.js';
import { certificatePem } from '../crypto/certificate.js';
import type { Certificate } from '../crypto/certificate.js';
import { makeKeyFile } from '../crypto/key-file.js';
import type { KeyFile } from '../crypto/key-file.js';
import { NodeProvider } from '../crypto/node-provider.js';
import { createKeystore } from '../keystore/ceremony.js';
import { openKeyring } from '../keystore/keyring.js';
import { passwordsWith } from '../identity/passwords.js';
import { openDatabase } from '../store/database.js';
import { openLedger } from '../store/ledger.js';
import { migrate } from '../store/migrations/index.js';
import { setBoxFact, writeProfile } from '../store/repositories/box.js';
import type { BoxProfile } from '../store/repositories/box.js';
import { custodyRepository } from '../store/repositories/custody.js';
import { authorityRepository } from '../store/repositories/class-authorities.js';
import { peopleRepository } from '../store/repositories/people.js';
import type { Person } from '../store/repositories/people.js';
import { personnelRepository } from '../store/repositories/personnel.js';
import { OFFICES } from '../identity/offices.js';
import { sealingWith } from '../store/sealing.js';
import { sqlOn } from '../store/sql.js';
import { firstCeremony, type FirstHolder } from './first-ceremony.js';
import { openUnitOfWork } from '../store/unit-of-work.js';

/** One person of the founding: officers of the box hold a share of the root key each. */
export interface Founder {
  readonly account: string;
  readonly name: string;
  readonly position: string;
  readonly department: string;
  readonly clearance: Level;
  readonly category?: 'core' | 'important' | 'general';
  readonly duties: readonly string[];
  readonly officer: boolean;
  /** 保密承诺书编号 and 涉密资格 until when; a rehearsal makes them up. */
  readonly commitmentNo?: string;
  readonly clearanceUntil?: string;
  /** PIN of the key file. */
  readonly pin: string;
  readonly password: string;
}

export interface FoundingPlan {
  readonly data: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly profile: Omit<BoxProfile, 'foundedAt'>;
  readonly departments: readonly { readonly id: string; readonly name: string }[];
  readonly people: readonly Founder[];
  /** PBKDF2 rounds of key files and passwords: few in a rehearsal, whose secrets are published. */
  readonly iterations: number;
  /** False: everyone changes the password at the first sign-in. */
  readonly passwordsStand: boolean;
  /** 三员任期, years: an office has an end from the first day. */
  readonly officeYears: number;
  readonly virusLibraryOn: string | null;
  /** 本单位定密权限 and 定密责任人, by account. */
  readonly marking: {
    readonly unit: UnitAuthority;
    readonly authorities: readonly (Pick<ClassAuthority, 'kind' | 'maxLevel' | 'matterScope' | 'grantedBy'> & { readonly account: string; readonly years: number | null })[];
  };
  readonly handOver: (keyFiles: readonly KeyFile[]) => Promise<void>;
}

const years = (clock: Clock, count: number): string => {
  const date = new Date(clock.now());
  date.setUTCFullYear(date.getUTCFullYear() + count);
  return date.toISOString();
};

/**
 * 初始化: the key ceremony, the database, the unit and its first people, entered as the first acts of the ledger.
 * @throws ArchiveError E_DUPLICATE where the box is founded already
 */
export async function found(plan: FoundingPlan): Promise<{ readonly serial: string }> {
  const { clock, ids, profile } = plan;
  const officers = plan.people.filter((person) => person.officer);
  for (const duty of ['sysadmin', 'secadmin', 'auditadmin']) {
    if (!officers.some((person) => person.duties.includes(duty))) throw new ArchiveError('E_INPUT_INVALID', { duty }, [{ at: duty, message: '三员须各有一人并持有密钥分量' }]);
  }
  const paths = dataPaths(plan.data);
  await makeFolder(paths.root);
  const crypto = new NodeProvider();
  const keyring = await openKeyring(paths.keyring);
  const serial = `SZ-${Buffer.from(crypto.random(6)).toString('hex')}`;
  const database = await openDatabase(paths.database);
  await migrate(database.writer);
  const made = await createKeystore(crypto, paths, keyring, {
    boxId: serial, officers: officers.map((person) => ({ holder: person.account, key: { pin: person.pin, iterations: plan.iterations } })), rehearsal: profile.rehearsal,
    notBefore: clock.now(), notAfter: years(clock, 20), officersUntil: years(clock, 5), handOver: plan.handOver,
  });
  const { keystore } = made;
  const certificates = new Map<string, Certificate>(made.certificates.map((one) => [one.holder, one.certificate]));
  const rest: KeyFile[] = [];
  for (const person of plan.people.filter((one) => !one.officer)) {
    const key = crypto.generateKeyPair();
    const certificate = keystore.certify({
      subject: { country: 'CN', commonName: person.account }, publicKey: key.publicKey, notBefore: clock.now(), notAfter: years(clock, 5),
      keyUsage: ['digitalSignature', 'nonRepudiation', 'keyEncipherment'],
    });
    certificates.set(person.account, certificate);
    rest.push(await makeKeyFile(crypto, { holder: person.account, certificate, key, pin: person.pin, rehearsal: profile.rehearsal, iterations: plan.iterations }));
  }
  await plan.handOver(rest);

  const sealing = sealingWith(crypto, keystore);
  const ledger = await openLedger(sqlOn(database.writer), (...parts) => crypto.sm3(...parts), clock);
  const store = openUnitOfWork(database, ledger, { decide: async () => Promise.resolve({ allowed: true, reasons: [] }) }, (sql) => ({ sql, personnel: personnelRepository(sql, sealing), people: peopleRepository(sql, sealing), authorities: authorityRepository(sql, sealing) }));
  const passwords = passwordsWith(crypto, plan.iterations);
  const hashes = new Map<string, string>();
  for (const person of plan.people) hashes.set(person.account, await passwords.hash(person.password));
  await store.write({ act: 'system.found', person: SYSTEM, duty: null, terminal: 'box', traceId: ids.uuid() }, async (tx) => {
    await tx.allow();
    await writeProfile(tx.sql, { ...profile, foundedAt: clock.now() });
    if (plan.virusLibraryOn !== null) await setBoxFact(tx.sql, 'virusLibraryOn', plan.virusLibraryOn);
    for (const [at, department] of plan.departments.entries()) await tx.people.addDepartment({ ...department, fonds: profile.fonds[0]?.fonds ?? '' }, at);
    tx.audit({ action: 'system.found', detail: { serial, mode: profile.mode, rehearsal: profile.rehearsal, systemLevel: profile.systemLevel, shares: officers.length } });
    const idOf = new Map(plan.people.map((person) => [person.account, ids.uuid()]));
    for (const person of plan.people) {
      const id = idOf.get(person.account) ?? ids.uuid();
      await tx.people.add(personOf(person, id, hashes.get(person.account) ?? '', certificates.get(person.account), clock, plan));
      tx.audit({ action: 'person.create', object: id, objectType: 'person', detail: { account: person.account, clearance: person.clearance } });
      if (person.clearance >= 2) {
        await tx.personnel.add({
          person: id, state: 'in_post', category: person.category ?? 'general', reviewedOn: clock.today(), committedOn: clock.today(), leftOn: null, coolsOffUntil: null, clearedBy: SYSTEM, enteredBy: SYSTEM,
          reviewNo: '初始化仪式登记', reviewedBy: profile.unitName, commitmentNo: person.commitmentNo ?? `CN-${person.account}`, leaveReason: null, version: 1,
        });
        tx.audit({ action: 'personnel.enter', object: id, objectType: 'person', detail: { category: person.category ?? 'general' } });
      }
      for (const duty of person.duties) {
        const grant = ids.uuid();
        await tx.people.addGrant({ id: grant, person: id, duty, fonds: '*', reason: '初始化仪式任命', validFrom: clock.now(), validUntil: (OFFICES as readonly string[]).includes(duty) ? years(clock, plan.officeYears) : null, grantedBy: SYSTEM, grantedAt: clock.now(), revokedBy: null, revokedAt: null });
        tx.audit({ action: 'person.grant', object: id, objectType: 'person', detail: { grant, duty } });
      }
    }
    const holders = officers.flatMap(({ account, pin }): FirstHolder[] => {
      const keyFile = made.keyFiles.find((one) => one.holder === account);
      return keyFile === undefined ? [] : [{ person: idOf.get(account) ?? '', account, pin, keyFile }];
    });
    const ceremony = await firstCeremony({ crypto, keys: keystore, register: custodyRepository(tx.sql, sealing), clock, ids, serial }, holders);
    tx.audit({ action: 'ceremony.enter', object: ceremony, objectType: 'ceremony', detail: { kind: 'generate', present: holders.length } });
    await tx.authorities.setUnit(plan.marking.unit);
    for (const { account, years: term, ...authority } of plan.marking.authorities) {
      const [id, person] = [ids.uuid(), idOf.get(account)];
      if (person === undefined) throw new ArchiveError('E_INPUT_INVALID', { account }, [{ at: account, message: '定密责任人须是初始化时建立的人员' }]);
      const expiresOn = term === null ? null : years(clock, term).slice(0, 10);
      await tx.authorities.add(id, { ...authority, person, grantedOn: clock.today(), expiresOn, trainedOn: clock.today() });
      tx.audit({ action: 'system.found', object: person, objectType: 'person', detail: { authority: id, kind: authority.kind, maxLevel: authority.maxLevel } });
    }
  });
  await database.close();
  await keystore.close();
  return { serial };
}

function personOf(person: Founder, id: string, passwordHash: string, certificate: Certificate | undefined, clock: Clock, plan: FoundingPlan): Person {
  return {
    id, account: person.account, name: person.name, position: person.position, department: person.department, status: 'active', disabledReason: null,
    clearance: person.clearance, clearanceCategory: person.category ?? null, clearanceUntil: person.clearance >= 2 ? (person.clearanceUntil ?? years(clock, 3).slice(0, 10)) : null,
    commitmentNo: person.clearance >= 2 ? (person.commitmentNo ?? `CN-${person.account}`) : null,
    certificate: certificate === undefined ? null : certificatePem(certificate), certificateSerial: certificate?.serial ?? null,
    token: certificate === undefined ? null : Buffer.from(certificate.publicKey).toString('hex'),
    passwordHash, passwordAt: clock.now(), mustChange: !plan.passwordsStand, failures: 0, lockedUntil: null, lastSignIn: null,
    createdAt: clock.now(), createdBy: SYSTEM, version: 1,
  };
}
