import type { AuditEntry } from '../core/audit.js';
import type { Call, Ids, Level, Sm3 } from '../core/ports.js';
import { ArchiveError } from '../core/errors.js';
import { loadPolicy } from '../secrecy/duties.js';
import type { AccessPolicy } from '../secrecy/duties.js';
import { packFor } from '../secrecy/password-pack.js';
import type { SystemPolicy } from '../secrecy/subject.js';
import { accessGate, SYSTEM } from './access/gate.js';
import type { AccessGate } from './access/gate.js';
import { keepCheckpoint, latestCheckpoint, signCheckpoint } from './audit/checkpoints.js';
import type { BoxIdentity } from './audit/identity.js';
import { refusalMeter } from './audit/meter.js';
import { openBrake } from './alarms/brake.js';
import type { Brake } from './alarms/brake.js';
import { bindingError, bindingsOf, setAside } from './binding/bindings.js';
import type { Bindings } from './binding/bindings.js';
import { watch } from './binding/watch.js';
import { guardedClock } from './clock-guard.js';
import type { GuardedClock, MachineClock } from './clock-guard.js';
import { containerMarks } from './containers/marks.js';
import type { Containers } from './containers/marks.js';
import { Bulk } from './content/bulk.js';
import { enterKnowledge } from './guarding/knowledge.js';
import { exists, makeFolder } from './content/file-ops.js';
import { dataPaths } from './content/paths.js';
import type { DataPaths } from './content/paths.js';
import { openVault } from './content/vault.js';
import { keyOrders } from './custody/orders.js';
import type { KeyOrders } from './custody/orders.js';
import { rotationRound } from './custody/rotation.js';
import type { Rotation } from './custody/rotation.js';
import type { Vault } from './content/vault.js';
import { certificatePem, parseCertificate } from './crypto/certificate.js';
import { NodeProvider } from './crypto/node-provider.js';
import type { CryptoProvider } from './crypto/provider.js';
import { requireSelfTest } from './crypto/self-test.js';
import { SmCryptoVerifier } from './crypto/sm-crypto-adapter.js';
import { officersAppointed } from './identity/offices.js';
import { openPackKeeper } from './identity/pack-keeper.js';
import type { PackKeeper } from './identity/pack-keeper.js';
import { openKeystore, unlockRehearsal } from './keystore/ceremony.js';
import { openKeyring } from './keystore/keyring.js';
import type { SoftwareKeyStore } from './keystore/software.js';
import { recover } from './maintenance/recover.js';
import { loadPolicies } from './policies.js';
import type { Policies } from './policies.js';
import { openShelf } from './schemes/shelf.js';
import type { TableShelf } from './schemes/shelf.js';
import { openDatabase } from './store/database.js';
import type { Database } from './store/database.js';
import { openLedger } from './store/ledger.js';
import type { Ledger } from './store/ledger.js';
import { migrate } from './store/migrations/index.js';
import { keptTime, readProfile } from './store/repositories/box.js';
import type { BoxProfile } from './store/repositories/box.js';
import { repositories } from './store/repositories/index.js';
import type { Repositories } from './store/repositories/index.js';
import { carrierRepository } from './store/repositories/carriers.js';
import { disposalRepository } from './store/repositories/disposals.js';
import { emergencyRepository } from './store/repositories/emergencies.js';
import { useRepository } from './store/repositories/uses.js';
import { peopleRepository } from './store/repositories/people.js';
import { terminalRepository } from './store/repositories/terminals.js';
import { reportRepository } from './store/repositories/reports.js';
import { volumeRepository } from './store/repositories/volumes.js';
import { transferRepository } from './store/repositories/transfers.js';
import { sealingWith } from './store/sealing.js';
import type { Sealing } from './store/sealing.js';
import { sqlOn } from './store/sql.js';
import type { Sql } from './store/sql.js';
import { openUnitOfWork } from './store/unit-of-work.js';
import type { Store } from './store/unit-of-work.js';

/** Everything the box is made of, before it listens: adapters and ports, passed down from here and made nowhere else. */
export interface Box {
  readonly paths: DataPaths;
  /** 时钟守护: stands still where the machine's runs wrong. */
  readonly clock: GuardedClock;
  readonly ids: Ids;
  readonly crypto: CryptoProvider;
  readonly sm3: Sm3;
  readonly policies: Policies;
  /** 三表: the versions in force, which `policies` gives too. */
  readonly tables: TableShelf;
  readonly access: AccessPolicy;
  readonly system: SystemPolicy;
  /** 口令与会话策略包 in force. */
  readonly pack: PackKeeper;
  /** Whether signing in asks for a registered terminal: from the first cleared one on, never in a rehearsal. */
  terminalRequired(): Promise<boolean>;
  readonly profile: BoxProfile;
  readonly keys: SoftwareKeyStore;
  readonly sealing: Sealing;
  readonly database: Database;
  readonly reader: Sql;
  readonly ledger: Ledger;
  readonly gate: AccessGate;
  readonly store: Store<Repositories>;
  readonly vault: Vault;
  readonly identity: BoxIdentity;
  /** 标志绑定: what the box signed for every marked record. */
  readonly bindings: Bindings;
  /** 容器密级 of batches, reports and whatever else holds records. */
  readonly containers: Containers;
  /** What open alarms stop. */
  readonly brake: Brake;
  /** Tells of every entry once it is committed. */
  entries(hear: (entries: readonly AuditEntry[]) => void): void;
  readonly bulk: Bulk;
  /** What approvals ordered the keystore to do, and the round that a new epoch begins. */
  readonly orders: KeyOrders;
  readonly rotation: Rotation;
  /** The last signed state of the ledger, for the foot of every page. */
  lastCheckpoint(): { readonly size: number; readonly at: string } | null;
  /** Signs the ledger as it stands, unless nothing but the last checkpoint has been entered since. */
  checkpoint(): Promise<void>;
  /** Told of what failed beside a request and is carried out again later. */
  late(error: unknown): void;
  /** A call of the box itself: recovery, checkpoints, the command line on the box. */
  systemCall(act: string): Call;
  /** What must wait for the keys: carrying out open intents, once, at the first unlock; key orders and rotation at every one. */
  whenUnlocked(): Promise<void>;
  close(): Promise<void>;
}

export interface BoxOptions {
  readonly data: string;
  readonly clock: MachineClock;
  readonly ids: Ids;
  /** Told of a step after a commit that failed; recovery carries it out. */
  readonly late?: (error: unknown) => void;
}

/**
 * Opens a founded box. Order: algorithms prove themselves, policies are read with suspicion, the database is brought up to date,
 * the end of the ledger is read, keys are opened (a rehearsal box opens its own), and what the last run left open is carried out.
 * @throws ArchiveError E_STATE_INVALID where there was no ceremony yet
 */
export async function openBox(options: BoxOptions): Promise<Box> {
  const { ids } = options;
  const paths = dataPaths(options.data);
  const crypto = new NodeProvider();
  await requireSelfTest(crypto, new SmCryptoVerifier());
  const sm3: Sm3 = (...parts) => crypto.sm3(...parts);
  const policies = loadPolicies();
  const access = await loadPolicy({
    model: policies.text('access.model.conf'), access: policies.text('access.csv'), conflicts: policies.text('conflicts.csv'),
    duties: policies.content('duties.json'), acts: policies.content('acts.json'),
  });
  await makeFolder(paths.root);
  if (await exists(paths.founding)) throw new ArchiveError('E_STATE_INVALID', { state: 'founding unfinished', allowed: ['init'] });
  const keyring = await openKeyring(paths.keyring);
  const keys = await openKeystore(crypto, paths, keyring);
  if (!keys) { await keyring.close(); throw new ArchiveError('E_STATE_INVALID', { state: 'not founded', allowed: ['init'] }); }
  const database = await openDatabase(paths.database);
  await migrate(database.writer);
  await watch(sqlOn(database.writer));
  const reader = sqlOn(database.reader);
  const profile = await readProfile(reader);
  if (!profile) { await database.close(); await keyring.close(); throw new ArchiveError('E_STATE_INVALID', { state: 'not founded', allowed: ['init'] }); }
  // A rehearsal runs on machines that sleep: there a jump forward is no alarm, a step back is.
  const { now, today } = options.clock;
  const clock = guardedClock(profile.rehearsal ? { now, today } : options.clock, await keptTime(reader), policies.content('alarms.json').clock);
  const ledger = await openLedger(sqlOn(database.writer), sm3, clock);
  const alarmRules = policies.content('alarms.json');
  const brake = openBrake((act) => access.acts.get(act)?.write === true, new Set(alarmRules.exempt));
  const heard: ((entries: readonly AuditEntry[]) => void)[] = [];
  const sealing = sealingWith(crypto, keys);
  // Always asked: somebody at no registered terminal counts as at one of the system's level, unless the pack wants one.
  const system: SystemPolicy = { level: profile.systemLevel, requireTerminal: true };
  const people = policies.content('people.json');
  const pack = await openPackKeeper(reader, packFor(policies.content('passwords.json'), profile.systemLevel));
  const terminalRequired = async (): Promise<boolean> => !profile.rehearsal && pack.current().terminalRequired && (await terminalRepository(reader, sealing).cleared()) > 0;
  const gate = accessGate({
    policy: access, system, clock,
    async load(id) {
      const register = peopleRepository(reader, sealing);
      const person = await register.get(id);
      return person && { person, grants: await register.grants(id), emergencies: await emergencyRepository(reader, sealing).openTo(id, clock.now()), openings: await useRepository(reader, sealing).openTo(id, clock.now()) };
    },
    officers: async () => officersAppointed(reader, clock.now()), withoutOfficers: people.withoutOfficers.capabilities, terminalRequired, brake,
  });
  const serial = keys.identity.certificate.subject.commonName ?? 'shouzang';
  const identity: BoxIdentity = { serial, chain: [certificatePem(keys.identity.certificate), certificatePem(keys.identity.authority)], sign: (message) => keys.sign(message) };
  // A report goes with what it speaks of: its row in this transaction, its key after it. What is not committed moves no key.
  const moving = new Set<string>();
  const containers = containerMarks(policies.content('marking.json'), async (sql, { kind, id }, level) => {
    if (kind === 'medium') {
      await carrierRepository(sql, sealing).follow(id, level);
      for (const object of await disposalRepository(sql, sealing).follow(id, level, clock.now())) moving.add(object);
    }
    if (kind === 'transfer') await transferRepository(sql, sealing).follow(id, level);
    if (kind === 'volume') await volumeRepository(sql, sealing).follow(id, level);
    const object = kind === 'report' ? await reportRepository(sql, sealing).relevel(id, level, clock.now()) : null;
    if (object !== null) moving.add(object);
  });
  const moveKeys = async (): Promise<void> => {
    for (const object of [...moving]) {
      moving.delete(object);
      const row = await reader.one<{ level: Level }>("SELECT level FROM stored_object JOIN object_intent ON object = stored_object.id WHERE stored_object.id = $1 AND object_intent.kind = 'relevel' AND closed_at IS NULL", object);
      if (row !== undefined) await vault.relevel(object, row.level);
    }
  };
  const tables = await openShelf({
    policies, writer: sqlOn(database.writer), clock, ids, sm3, signed: (text, signature) => crypto.verify(text, signature, keys.identity.certificate.publicKey),
  });
  const bindings = bindingsOf(sm3, identity, (message, signature) => crypto.verify(message, signature, keys.identity.certificate.publicKey), async (writer, touched) => containers.follow(writer, touched, clock.now()));
  const store: Store<Repositories> = openUnitOfWork<Repositories>(database, ledger, gate, (sql, _call, writing) => repositories(sql, sealing, async (records, listed) => {
    const [wrong] = await bindings.faults(sql, records, writing);
    if (wrong !== undefined) throw bindingError(...wrong, { listed });
  }), {
    meter: refusalMeter(clock), ...(options.late === undefined ? {} : { late: options.late }), bind: bindings.bind, register: enterKnowledge,
    entered: (entries) => {
      for (const hear of heard) hear(entries);
      if (moving.size > 0) setImmediate(() => { moveKeys().catch((error: unknown) => options.late?.(error)); });
    },
    async unfaithful(call, error) {
      const record = String(error.facts['record']);
      await store.housekeep(async (sql) => setAside(sql, record, String(error.facts['fault']), clock.now()));
      const aim = await bindings.signedTarget(reader, record);
      return aim !== undefined && await gate.knows(call, aim) ? error : new ArchiveError('E_NOT_FOUND');
    },
  });
  const bulk = new Bulk();
  const vault = await openVault({
    paths, keys, tools: { provider: crypto, bulk }, clock, memoryBytes: policies.content('capture.json').inMemoryBytes, housekeep: async (work) => store.housekeep(work),
  });
  const kept = await latestCheckpoint(reader);
  let last = kept === undefined ? null : { size: kept.size, at: kept.at };
  let recovering: Promise<void> | undefined;
  const recoverNow = async (): Promise<void> => {
    const found = await recover({ sql: reader, vault, keys, paths });
    await store.write(box.systemCall('system.recover'), async (tx) => {
      await tx.allow();
      tx.audit({ action: 'system.recover', detail: { ...found, adopted: await bindings.adopt(tx.sql) } });
    });
  };
  const systemCall = (act: string): Call => ({ act, person: SYSTEM, duty: null, terminal: 'box', traceId: ids.uuid() });
  const rotation = rotationRound({ keys, reader, housekeep: async (work) => store.housekeep(work), finished: async (epoch, moved) => orders.rotated(epoch, moved) });
  const orders: KeyOrders = keyOrders({ store, reader, sealing, keys, places: paths, clock, ids, rotation, systemCall, ...(options.late === undefined ? {} : { late: options.late }) });
  const box: Box = {
    paths, clock, ids, crypto, sm3, policies: tables.policies, tables, access, system, pack, terminalRequired, profile, keys, sealing, database, reader, ledger, gate, store, vault, bulk, identity, bindings, orders, rotation, brake, containers,
    entries: (hear) => { heard.push(hear); },
    late: (error) => options.late?.(error),
    systemCall,
    lastCheckpoint: () => last,
    async checkpoint() {
      const signed = signCheckpoint(ledger, sm3, clock, box.identity);
      if (last !== null && signed.size <= last.size + 1) return;
      await store.write(box.systemCall('audit.checkpoint'), async (tx) => {
        await tx.allow();
        await keepCheckpoint(tx.sql, signed);
        tx.audit({ action: 'audit.checkpoint', detail: { size: signed.size } });
      });
      last = { size: signed.size, at: signed.at };
    },
    async whenUnlocked() {
      if (keys.state === 'locked') return;
      // Once; but again where it failed.
      recovering ??= recoverNow().catch((error: unknown) => { recovering = undefined; throw error; });
      await recovering;
      await orders.resume();
    },
    async close() {
      await rotation.stop();
      await vault.close();
      await bulk.close();
      await database.close();
      await keys.close();
    },
  };
  if (keys.rehearsal && keys.state === 'locked') await unlockRehearsal(keys, paths);
  await box.whenUnlocked();
  return box;
}

/** True when a signature over the message was made by the box that the certificate names. */
export const boxSignatureCheck = (crypto: CryptoProvider, boxCertificate: string) => {
  const certificate = parseCertificate(boxCertificate);
  return (message: Uint8Array, signature: Uint8Array, signer: string): boolean =>
    signer === certificate.subject.commonName && crypto.verify(message, signature, certificate.publicKey);
};
