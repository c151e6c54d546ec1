import { X509Certificate } from 'node:crypto';
import { open, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { grantConflicts, naturalPersons, type HeldGrant } from '../../secrecy/separation.js';
import { inForce } from '../../secrecy/subject.js';
import type { Duty } from '../../policies/schemas/secrecy.js';
import type { Box } from '../box.js';
import { parseCertificate } from '../crypto/certificate.js';
import { selfTest } from '../crypto/self-test.js';
import { SmCryptoVerifier } from '../crypto/sm-crypto-adapter.js';
import { provesWiping } from '../keystore/wipe-proof.js';
import { TLS_MIN } from '../server/tls.js';
import { approvalRepository } from '../store/repositories/approvals.js';
import { complianceRepository } from '../store/repositories/compliance.js';
import { peopleRepository, type Person } from '../store/repositories/people.js';
import { sealedColumns } from '../store/resealing.js';
import type { Facts } from './facts.js';
import { asker, type Ask } from './ask.js';

/** What the server and the reports know beside the box. */
export interface Beside {
  readonly inputs: () => Facts['inputs'];
  readonly policies: () => Promise<Facts['policies']>;
}

const GUESSABLE = new Set(['admin', 'administrator', 'root', 'test', 'guest', 'system', 'user', 'default', 'demo']);
const SAMPLE = 200;
const ENVELOPE = 'SZENV';
const EVERYONE = 100_000;

/** Every fact of the checklist, read from what stands now. Reads only. */
export async function gatherFacts(box: Box, beside: Beside): Promise<Facts> {
  const { clock, profile, policies, reader } = box;
  const [now, today] = [clock.now(), clock.today()];
  const ask = asker(reader);
  const people = peopleRepository(reader, box.sealing);
  const [{ rows: persons }, grants] = [await people.list({ offset: 0, limit: EVERYONE }), await people.grants()];
  const schedule = policies.content('retention.json');
  return {
    now, today, systemLevel: profile.systemLevel, rehearsal: profile.rehearsal, unit: profile.mode === 'unit',
    accreditation: await complianceRepository(reader, box.sealing).accreditation(),
    tables: {
      schemes: policies.content('schemes.json').schemes.length, scheduleItems: schedule.items.length, scopeItems: policies.content('filing-scope.json').classes.length,
      // An approval made up for the rehearsal is none on a real box.
      approvalNo: schedule.approval === null || (schedule.approval.rehearsal === true && !profile.rehearsal) ? null : schedule.approval.approvalNo,
    },
    access: accessFacts(box),
    ...(await peopleFacts(box, ask, persons, grants)),
    ledger: {
      size: box.ledger.head().size, actions: await ask.count('SELECT count(DISTINCT action) AS n FROM audit_entry'),
      incomplete: await ask.count("SELECT count(*) AS n FROM audit_entry WHERE at = '' OR actor = '' OR action = '' OR terminal = '' OR result NOT IN ('ok','refused','failed')"),
      verified: await ask.last('audit.verify'), fsck: await ask.last('system.fsck'), selfTest: await ask.last('system.selftest'), checkpoint: box.lastCheckpoint(),
    },
    rest: await restFacts(box, ask),
    keys: {
      unlocked: box.keys.state === 'unlocked', epoch: box.keys.epoch, epochMadeAt: box.keys.epochs.find(({ state }) => state === 'current')?.madeAt ?? null, holders: box.keys.heldShares.length, threshold: box.keys.shareSet.threshold,
      openCeremonies: await ask.count("SELECT count(*) AS n FROM ceremony WHERE state = 'open'"), ceremonies: await ask.count('SELECT count(*) AS n FROM ceremony'), orders: await ask.count('SELECT count(*) AS n FROM key_order WHERE closed_at IS NULL'),
    },
    selfTest: await selfTestFacts(box),
    tls: await tlsFacts(box),
    inputs: beside.inputs(),
    records: await recordFacts(ask, profile.systemLevel, today),
    marks: await markFacts(ask, today),
    reads: {
      count: await ask.count("SELECT count(*) AS n FROM audit_entry WHERE action = 'record.read' AND result = 'ok'"),
      untraced: await ask.count("SELECT count(*) AS n FROM audit_entry WHERE action = 'record.read' AND result = 'ok' AND object IS NULL"),
    },
    approvals: await approvalFacts(box),
    alarms: (await ask.has('alarm')) ? { open: await ask.count("SELECT count(*) AS n FROM alarm WHERE state = 'open'"), rules: policies.content('alarms.json').rules.length } : null,
    backup: await ask.last('backup.finish'), drill: await ask.last('backup.drilled'),
    policies: await beside.policies(),
  };
}

function accessFacts(box: Box): Facts['access'] {
  const rows = [...box.access.rows.values()].flat().filter(({ effect }) => effect === 'allow');
  const act = (name: string) => box.access.acts.get(name);
  const reads = rows.filter((row) => ['record.read', 'record.show', 'record.search'].includes(row.act));
  const writes = rows.filter((row) => act(row.act)?.object === 'record' && act(row.act)?.write === true);
  return {
    rows: rows.length, inspectorWrites: rows.filter((row) => row.duty === 'inspector' && act(row.act)?.write === true).length,
    unboundReads: reads.filter((row) => row.mac === '*' || row.scope === '*').length, unboundWrites: writes.filter((row) => row.mac === '*').length, conflicts: box.access.conflicts.length,
  };
}

type PeopleFacts = Pick<Facts, 'duties' | 'conflictsFound' | 'grants' | 'accounts' | 'cleared' | 'personnel' | 'terminals' | 'pack'>;
type Grants = Awaited<ReturnType<ReturnType<typeof peopleRepository>['grants']>>;

async function peopleFacts(box: Box, ask: Ask, persons: readonly Person[], grants: Grants): Promise<PeopleFacts> {
  const [now, today, pack] = [box.clock.now(), box.clock.today(), box.pack.current()];
  const active = persons.filter(({ status }) => status === 'active');
  const activeIds = new Set(active.map(({ id }) => id));
  const held: HeldGrant[] = grants.filter(({ revokedAt }) => revokedAt === null).map((grant) => ({ person: grant.person, duty: grant.duty as Duty, fonds: grant.fonds, from: grant.validFrom, until: grant.validUntil }));
  const live = held.filter((grant) => inForce([grant], now).length > 0);
  const duties: Record<string, number> = {};
  for (const { key } of box.policies.content('duties.json').duties) duties[key] = new Set(live.filter(({ duty, person }) => duty === key && activeIds.has(person)).map(({ person }) => person)).size;
  const accounts = persons.map((person) => ({ person: person.id, tokens: person.token === null ? [] : [person.token] }));
  const natural = naturalPersons(accounts);
  const clashes = new Set(live.flatMap((grant, at) => grantConflicts(box.access.conflicts, accounts, live.filter((_, other) => other !== at), grant).map(({ a, b }) => `${natural.get(grant.person) ?? grant.person} ${a} ${b}`)));
  const ended = (instant: string | null, limitDays: number): boolean => instant !== null && Date.parse(now) - Date.parse(instant) > limitDays * 86_400_000;
  const tokens = active.flatMap(({ token }) => (token === null ? [] : [token]));
  const expired = (pem: string | null): boolean => {
    try { return pem !== null && parseCertificate(pem).notAfter <= now; } catch { return true; }
  };
  const cleared = active.filter(({ clearance }) => clearance >= 2);
  const disabled = persons.filter(({ status }) => status === 'disabled').map(({ id }) => id);
  return {
    duties, conflictsFound: clashes.size,
    grants: {
      live: live.length, overdue: held.filter(({ until }) => until !== null && until <= now).length, unreasoned: grants.filter(({ revokedAt, reason }) => revokedAt === null && reason.trim() === '').length,
      openEndedOffices: live.filter(({ duty, until }) => until === null && ['sysadmin', 'secadmin', 'auditadmin'].includes(duty)).length, ofDisabled: live.filter(({ person }) => disabled.includes(person)).length,
    },
    accounts: {
      active: active.length, withoutCertificate: active.filter(({ certificate }) => certificate === null).length, expiredCertificates: active.filter(({ certificate }) => expired(certificate)).length,
      sharedTokens: tokens.length - new Set(tokens).size, passwordOverdue: active.filter(({ passwordAt }) => ended(passwordAt, pack.withToken.maxAgeDays)).length,
      unused: active.filter(({ lastSignIn }) => ended(lastSignIn, pack.unusedDays)).length, guessable: active.filter(({ account }) => GUESSABLE.has(account)).length,
      sessionsOfDisabled: await ask.count("SELECT count(*) AS n FROM session WHERE ended_at IS NULL AND person IN (SELECT id FROM person WHERE status = 'disabled')"),
    },
    cleared: {
      people: cleared.length, withoutCategory: cleared.filter(({ clearanceCategory }) => clearanceCategory === null).length, withoutCommitment: cleared.filter(({ commitmentNo }) => commitmentNo === null).length,
      lapsed: cleared.filter(({ clearanceUntil }) => clearanceUntil !== null && clearanceUntil < today).length,
    },
    personnel: (await ask.has('personnel')) ? {
      registered: await ask.count("SELECT count(*) AS n FROM personnel WHERE state = 'in_post'"),
      unregistered: await ask.count("SELECT count(*) AS n FROM person WHERE status = 'active' AND clearance >= 2 AND id NOT IN (SELECT person FROM personnel WHERE state = 'in_post' AND reviewed_on <> '')"),
      untrained: await ask.count(
        `SELECT count(*) AS n FROM personnel WHERE state = 'in_post' AND (SELECT coalesce(sum(half_hours), 0) FROM personnel_note
         WHERE personnel_note.person = personnel.person AND kind = 'training' AND on_day >= $1) < $2`, `${today.slice(0, 4)}-01-01`, box.policies.content('compliance.json').recent.trainingHalfHours,
      ),
    } : null,
    terminals: (await ask.has('terminal')) ? { registered: await ask.count("SELECT count(*) AS n FROM terminal WHERE state <> 'retired'"), required: await box.terminalRequired() } : null,
    pack: {
      minLength: pack.withToken.minLength, maxAgeDays: pack.withToken.maxAgeDays, maxFailures: pack.maxFailures, idleMinutes: pack.idleMinutes, absoluteMinutes: pack.absoluteMinutes, tokenRequired: pack.tokenRequired,
    },
  };
}

/** A sample of what rests: the first rows of every sealed column, and objects of the vault. */
async function restFacts(box: Box, ask: Ask): Promise<Facts['rest']> {
  let [rows, plainRows] = [0, 0];
  for (const { table, column } of (await sealedColumns(box.reader)).filter((one) => one.column === 'sealed')) {
    const found = await box.reader.one<{ n: number; closed: number }>(
      `SELECT count(*) AS n, coalesce(sum(substr(sealed, 1, 4) = x'535a4432' OR substr(sealed, 1, 5) = x'0000000101'), 0) AS closed FROM (SELECT "${column}" AS sealed FROM "${table}" WHERE "${column}" IS NOT NULL LIMIT ${String(SAMPLE)})`,
    );
    rows += found?.n ?? 0;
    plainRows += (found?.n ?? 0) - (found?.closed ?? 0);
  }
  let [objects, plainObjects] = [0, 0];
  for (const folder of (await readdir(box.paths.vault)).slice(0, SAMPLE)) {
    for (const name of (await readdir(path.join(box.paths.vault, folder))).slice(0, 2)) {
      objects += 1;
      if (!(await beginsWith(path.join(box.paths.vault, folder, name), ENVELOPE))) plainObjects += 1;
    }
  }
  const [pragma] = await box.reader.all<{ secure_delete: number }>('PRAGMA secure_delete');
  return { rows, plainRows, objects, plainObjects, secureDelete: pragma?.secure_delete === 1 || (await ask.compiled('SECURE_DELETE')) };
}

async function beginsWith(file: string, magic: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { buffer } = await handle.read(Buffer.alloc(magic.length), 0, magic.length, 0);
    return buffer.toString('latin1') === magic;
  } finally {
    await handle.close();
  }
}

async function selfTestFacts(box: Box): Promise<Facts['selfTest']> {
  const report = await selfTest(box.crypto, new SmCryptoVerifier());
  return { passed: report.passed, tests: report.rows.length, wiping: provesWiping(box.crypto) };
}

async function tlsFacts(box: Box): Promise<Facts['tls']> {
  const until = await readFile(path.join(box.paths.box, 'tls-cert.pem'), 'utf8').then((pem) => new Date(new X509Certificate(pem).validTo).toISOString(), () => null);
  return { minVersion: TLS_MIN, until, national: false };
}

async function recordFacts(ask: Ask, systemLevel: number, today: string): Promise<Facts['records']> {
  const filed = "record.state = 'filed'";
  return {
    filed: await ask.count(`SELECT count(*) AS n FROM record WHERE ${filed}`),
    stateWrong: await ask.count("SELECT count(*) AS n FROM record WHERE (state = 'filed') <> (archival_code IS NOT NULL) AND state IN ('captured','returned','inspected','arranged','filed')"),
    overdueFiling: await ask.count("SELECT count(*) AS n FROM record WHERE state IN ('captured','returned','inspected','arranged') AND filing_deadline < $1", today),
    overdueTransfer: await ask.count(`SELECT count(*) AS n FROM record WHERE ${filed} AND transfer_due_on < $1`, today),
    withoutDigest: await ask.count(`SELECT count(*) AS n FROM record WHERE ${filed} AND metadata_digest IS NULL`),
    unarranged: await ask.count(`SELECT count(*) AS n FROM record WHERE ${filed} AND (category IS NULL OR retention IS NULL)`),
    badFiles: await ask.count(`SELECT count(*) AS n FROM computer_file JOIN record ON record.id = computer_file.record WHERE ${filed} AND computer_file.replaced_by IS NULL AND computer_file.verdict = 'reject'`),
    gaps: await ask.count('SELECT count(*) AS n FROM (SELECT series FROM record WHERE series IS NOT NULL GROUP BY series HAVING count(*) <> max(sequence))'),
    uninspected: await ask.count(`SELECT count(*) AS n FROM record WHERE ${filed} AND NOT EXISTS (SELECT 1 FROM four_property_run WHERE four_property_run.batch = record.batch AND four_property_run.conclusion <> 'unqualified')`),
    aboveSystem: await ask.count("SELECT (SELECT count(*) FROM record WHERE level > $1) + (SELECT count(*) FROM stored_object WHERE level > $1 AND state <> 'gone') AS n", systemLevel),
    virusLibraryOn: await ask.text("SELECT value AS text FROM box WHERE name = 'virusLibraryOn'"),
  };
}

async function markFacts(ask: Ask, today: string): Promise<Facts['marks']> {
  const secret = "record.level >= 2 AND record.state = 'filed'";
  const above = "SELECT DISTINCT object, actor FROM audit_entry WHERE action = 'record.read' AND result = 'ok' AND object_level >= 3 AND object IS NOT NULL";
  const knowledge = await ask.has('knowledge');
  return {
    secrets: await ask.count(`SELECT count(*) AS n FROM record WHERE ${secret}`),
    unmarked: await ask.count(`SELECT count(*) AS n FROM record WHERE ${secret} AND mark IS NULL`),
    unscoped: await ask.count(`SELECT count(*) AS n FROM record WHERE ${secret} AND NOT EXISTS (SELECT 1 FROM record_scope WHERE record_scope.record = record.id)`),
    overdueTerms: await ask.count("SELECT count(*) AS n FROM classification WHERE state = 'active' AND declassifies_on < $1", today),
    withoutWrittenRecord: await ask.count("SELECT count(*) AS n FROM classification WHERE state = 'active' AND level >= 2 AND written_record_no IS NULL"),
    authorities: await ask.count('SELECT count(*) AS n FROM class_authority'), expiredAuthorities: await ask.count('SELECT count(*) AS n FROM class_authority WHERE expires_on < $1', today),
    binding: (await ask.has('mark_fault')) && (await ask.has('box_round')) ? { faults: await ask.count('SELECT count(*) AS n FROM mark_fault'), finishedAt: await ask.text("SELECT finished_at AS text FROM box_round WHERE name = 'binding'") } : null,
    readAbove: await ask.count(`SELECT count(*) AS n FROM (${above})`),
    knowledge: knowledge ? await ask.count(`SELECT count(*) AS n FROM (${above}) AS seen WHERE EXISTS (SELECT 1 FROM knowledge WHERE knowledge.record = seen.object AND knowledge.person = seen.actor)`) : null,
  };
}

async function approvalFacts(box: Box): Promise<Facts['approvals']> {
  const done = await approvalRepository(box.reader, box.sealing).list({ states: ['done'], ceiling: 4, requestedBy: null, limit: 2000 });
  return { done: done.length, unsigned: done.filter(({ it }) => it.signatures.length < it.seats.length).length };
}
