import { canonicalBytes } from '../core/canonical.js';
import { recordSchema, requiredByCategory, searchedKeys } from '../core/metadata.js';
import type { SchemaFault } from '../core/metadata.js';
import { arrangementService } from '../core/services/arrangement.js';
import { captureService } from '../core/services/capture.js';
import { catalogueService } from '../core/services/catalogue.js';
import type { FileJudgement, Inspector } from '../core/services/content.js';
import { consultationService } from '../core/services/consultation.js';
import { filingService } from '../core/services/filing.js';
import { renumberingService } from '../core/services/renumbering.js';
import { relationGuard, relationService } from '../core/services/relations.js';
import { sealService } from '../core/services/seal.js';
import { metadataOf } from '../core/services/inspection.js';
import type { Call, Level } from '../core/ports.js';
import { composeMarking } from '../secrecy/services/compose.js';
import { markedName } from '../secrecy/mark-places.js';
import { SYSTEM } from './access/gate.js';
import { composeAccessions } from './accessions/compose.js';
import { composeAlarms } from './alarms/compose.js';
import type { StorageProbe } from './alarms/probes.js';
import { composeBackup } from './backup/compose.js';
import { composePreservation } from './preservation/compose.js';
import { auditService } from './audit/service.js';
import { composeGuarding } from './guarding/compose.js';
import { boxSignatureCheck } from './box.js';
import type { Box } from './box.js';
import { composeOffline } from './capture/compose.js';
import type { Intake } from './capture/intake.js';
import { volumeService } from './containers/volumes.js';
import { composeAppraisal } from './appraisal/compose.js';
import { composeCarriers } from './carriers/compose.js';
import { composeConversion } from './conversion/compose.js';
import { composeCounterparts } from './counterparts/compose.js';
import { responsibilityGap } from './registers/duties.js';
import { composeTransfers } from './transfers/compose.js';
import { composeOpening } from './opening/compose.js';
import { composeUse } from './use/compose.js';
import { composeCertificates } from './certificates/compose.js';
import { composeCompilations } from './compilations/compose.js';
import { composeOutputs } from './outputs/compose.js';
import { composeScans } from './scans/compose.js';
import { composeDisposal } from './disposal/compose.js';
import { tableService } from './schemes/service.js';
import { composeSources } from './sources/compose.js';
import { readingService } from './consultation/reading.js';
import { accreditedUntil } from './store/repositories/compliance.js';
import { complianceOf } from './compliance/compose.js';
import { custodyOf } from './custody/compose.js';
import { composeDestruction } from './destruction/compose.js';
import { composeCalendar, wordsOf } from './calendar/compose.js';
import { SmCryptoVerifier } from './crypto/sm-crypto-adapter.js';
import { identityServices } from './identity/compose.js';
import { describeSession } from './identity/describe-session.js';
import { keyService } from './identity/key-service.js';
import { officerVerifier } from './identity/officer-signature.js';
import { packageRoom } from './packages/compose.js';
import { passwordsWith } from './identity/passwords.js';
import { dailyRound } from './marking/daily-round.js';
import { statisticsFile } from './marking/statistics-file.js';
import { composeInspection } from './inspection/compose.js';
import { judge } from './inspection/verdict.js';
import { scanObservations, virusEngine } from './inspection/virus-engine.js';
import { virusService } from './inspection/virus-service.js';
import { fatalExamination } from './inspection/inspect.js';
import { problemOf } from './server/problem.js';
import type { InspectionPool } from './inspection/pool.js';
import { packageVersion } from './package-root.js';
import type { Policies } from './policies.js';
import type { PolicyDigest } from './reports/user-role.js';
import type { Preview } from './preview/preview.js';
import { reportService } from './reports/service.js';
import { registerRepository } from './store/repositories/registers.js';
import { REPORT_COLUMNS, reportRepository } from './store/repositories/reports.js';
import { boxFact, fondsRules } from './store/repositories/box.js';
import { MATTER_COLUMNS, matterRepository } from './store/repositories/matters.js';
import { peopleRepository } from './store/repositories/people.js';
import { sourceRepository } from './store/repositories/sources.js';
import { faultsFor } from './validation.js';

/** Rounds for passwords of a real box; published rehearsal passwords take fewer. */
const PASSWORD_ITERATIONS = 600_000;
const REHEARSAL_ITERATIONS = 2_000;

/** Every service of the box, made once from its parts. Routes and the command line call these and nothing below them. */
export function servicesOf(box: Box, pool: InspectionPool, preview: Preview, intake: Intake, storage?: StorageProbe, sysfs?: string) {
  const { clock, ids, store, gate, policies, profile, sealing, reader, crypto } = box;
  const passwords = passwordsWith(crypto, profile.rehearsal ? REHEARSAL_ITERATIONS : PASSWORD_ITERATIONS);
  const dutyName = (key: string): string => policies.content('duties.json').duties.find((duty) => duty.key === key)?.name ?? key;
  const people = () => peopleRepository(reader, sealing);
  const nameOf = async (person: string): Promise<string> => (person === SYSTEM ? '系统' : person.startsWith('source ') ? `来源系统 ${person.slice(7)}` : (await people().get(person))?.name ?? '');
  const levelOf = async (call: Call): Promise<Level> => (await gate.subjectOf(call)).currentLevel ?? 0;
  const visibleRecords = async (call: Call, act: string) => gate.visible(call, act, 1);
  const recordsShown = async (call: Call) => visibleRecords(call, 'record.show');
  const visibleBatches = async (call: Call, act: string) => gate.visible(call, act, 1, {
    id: 'capture_batch.id', level: 'capture_batch.level', fonds: 'capture_batch.fonds', department: 'capture_batch.department', state: 'capture_batch.state', owner: 'capture_batch.opened_by',
  });
  const visibleMatters = async (call: Call, act: string) => gate.visible(call, act, 1, MATTER_COLUMNS);
  const rulesOf = (fonds: string) => fondsRules(profile, fonds);
  const scheme = policies.content('metadata.json');
  const recordFaults = faultsFor(recordSchema(scheme, policies.content('dictionaries.json'), 'arr', { orgType: profile.orgType }));

  const viruses = virusEngine(policies.content('virus.json'));
  const virus = virusService(box, viruses);
  const inspector: Inspector = {
    async inspect(object, fileName): Promise<FileJudgement> {
      const source = await box.vault.source(object);
      try {
        const outcome = await pool.examine(source, fileName);
        const examined = typeof outcome === 'string' ? fatalExamination(outcome) : outcome;
        const examination = { ...examined, observations: [...examined.observations, ...scanObservations(await viruses.scan(source))] };
        const { verdict, findings } = judge(examination);
        return { format: { ...examination.identified }, facts: { ...examination.facts }, verdict, findings: [...findings] };
      } finally {
        await source.close();
      }
    },
  };
  const relations = relationGuard(policies.content('relations.json'), clock);
  const arranging = { clock, ids, relations, categories: requiredByCategory(policies.content('metadata.json')), codes: policies.content('archival-codes.json'), schemes: policies.content('schemes.json'), schedule: policies.content('retention.json'), fondsRules: rulesOf, visibleRecords: recordsShown };

  const digest = (text: string): string => Buffer.from(box.sm3(Buffer.from(text))).toString('hex');
  const verifierFor = officerVerifier(crypto, new SmCryptoVerifier(), () => box.keys.identity.authority);
  const { inspectionParts, test, ...inspecting } = composeInspection(box, {
    verifierFor, nameOf,
    parts: {
      ...arranging, store, levelOf, engineVersion: packageVersion(), systemLevel: profile.systemLevel,
      schemaFaults: (record, files, method): readonly SchemaFault[] => recordFaults(metadataOf(record, files, method)),
      sealPolicy: ['organ', 'mass_org'].includes(profile.orgType) ? 'mandatory' : 'optional',
      virusLibraryOn: async () => boxFact(reader, 'virusLibraryOn'),
    },
  });
  const identity = identityServices({ box, passwords, dutyName, nameOf, verifierFor, digest });
  const matters = matterRepository(reader, sealing);
  const marking = composeMarking({
    store, clock, ids, policy: policies.content('marking.json'), cases: policies.content('marking-cases.json'), holidays: policies.content('holidays.json'), systemLevel: profile.systemLevel, content: box.vault, searchedKeys: searchedKeys(scheme), visible: visibleMatters,
    would: async (call, act, target) => gate.would(call, act, target),
    names: { person: nameOf, department: async (id) => (await people().departments()).find((one) => one.id === id)?.name ?? id },
    verifierFor, describe: problemOf, digest,
  }, identity.approvals, levelOf);
  const { classification } = marking;
  const markingDays = dailyRound(box, marking.round);

  const compliance = complianceOf(box, {
    approvals: identity.approvals, verifierFor,
    async policies() {
      const [listed, now] = [await report.listedPolicies({ reports: reportRepository(reader, sealing) }), accessPolicies(policies, box.sm3)];
      return listed && { listed: listed.length, changed: now.filter((one) => listed.find(({ file }) => file === one.file)?.sm3 !== one.sm3).length };
    },
  });
  const dated = composeCalendar(box, { nameOf, dutyName, marks: async (call) => marking.expiring.counts(call) });
  const report = reportService({
    ledgers: { gate, calendar: dated.calendar, ...wordsOf(policies) },
    containers: box.containers, store, vault: box.vault, ledger: box.ledger, sm3: box.sm3, clock, ids, box: box.identity, profile, policy: policies.content('reports.json'),
    marks: policies.content('marking.json'), items: policies.content('test-items.json'), nameOf, visible: async (call, act) => gate.visible(call, act, 1, REPORT_COLUMNS),
    appraisal: { gate, sm3: box.sm3, policy: policies.content('appraisal.json') }, compliance, drills: async () => backingUp.backupDrills.told(), roles: {
      duties: new Map(policies.content('duties.json').duties.map((duty) => [duty.key, duty])), conflicts: box.access.conflicts, get pack() { return box.pack.current(); },
      policies: accessPolicies(policies, box.sm3),
    },
  });

  const alarming = composeAlarms(box, { approvals: identity.approvals, nameOf, dutyName, storage });
  const destroying = composeDestruction(box, { approvals: identity.approvals, nameOf, verifierFor, searchedKeys: searchedKeys(scheme), late: box.late });
  const backingUp = composeBackup(box, { approvals: identity.approvals, engine: alarming.alarmWork.engine, nameOf });

  const disposing = composeDisposal(box, { approvals: identity.approvals, engine: alarming.alarmWork.engine, nameOf, verifierFor, pool });
  const counterparts = composeCounterparts(box, { approvals: identity.approvals, nameOf });
  const carrying = composeCarriers(box, { approvals: identity.approvals, engine: alarming.alarmWork.engine, nameOf, sysfs, pendingWaste: disposing.disposal.lines.pendingWaste });
  const scanning = composeScans(box, { searchedKeys: searchedKeys(scheme), late: box.late });
  const converting = composeConversion(box, { approvals: identity.approvals, inspector, nameOf, late: box.late });
  const room = packageRoom({ provider: crypto, bulk: box.bulk, two: { native: crypto, second: new SmCryptoVerifier() }, scheme, dictionaries: policies.content('dictionaries.json') });
  const accessions = composeAccessions(box, {
    inspectionParts, inspector, room, transport: counterparts.transport, devices: carrying.devices, inForce: counterparts.counterparts.inForce, searchedKeys: searchedKeys(scheme), verifierFor, nameOf,
  });
  const transferring = composeTransfers(box, { approvals: identity.approvals, counterparts: counterparts.counterparts, devices: carrying.devices, packages: room, inspection: inspectionParts, verifierFor, nameOf });
  const capture = captureService({
    store, content: box.vault, inspector, clock, ids, limits: policies.content('capture.json'), levelOf, visible: visibleBatches, requireFonds: rulesOf, visibleRecords: recordsShown, relations,
    onlineFor: async (department) => sourceRepository(reader, sealing).onlineFor(department),
  });
  const tables = tableService({ box, nameOf, rulesOf });
  const arrangement = arrangementService({ ...arranging, store });
  const offline = composeOffline(box, { room, intake, inspector, levelOf, visibleBatches, rulesOf, schedule: arranging.schedule, schemes: arranging.schemes, late: box.late });
  const certifying = composeCertificates(box, { preview, nameOf });
  async function readerOf(id: string): Promise<{ name: string; department: string }> {
    const person = await people().get(id);
    const department = (await people().departments()).find((one) => one.id === person?.department);
    return { name: person?.name ?? '', department: department?.name ?? '' };
  }

  return {
    ...dated,
    ...composeGuarding(box, { nameOf, approvals: identity.approvals }),
    ...alarming,
    ...composeAppraisal(box, { approvals: identity.approvals, verifierFor, nameOf }),
    ...destroying,
    ...counterparts, accessions, ...transferring,
    ...identity, dutyName, classification, marking, markingDays, statisticsFile: statisticsFile(marking.statistics, profile.unitName),
    ...carrying,
    ...composeOutputs(box, { approvals: identity.approvals, engine: alarming.alarmWork.engine, devices: carrying.devices, preview, nameOf, reader: readerOf }),
    ...certifying,
    ...composeCompilations(box, { nameOf }),
    ...composeUse(box, { approvals: identity.approvals, nameOf }),
    ...composeOpening(box, { approvals: identity.approvals, nameOf, searchedKeys: searchedKeys(scheme) }),
    ...disposing,
    ...converting,
    ...offline,
    ...scanning,
    describe: describeSession({
      store, gate, clock, boxState: () => box.keys.state, checkpoint: () => box.lastCheckpoint(), idleMinutes: () => box.pack.current().idleMinutes, dutyName, accredited: async () => profile.rehearsal || profile.systemLevel < 2 || accreditedUntil(reader, clock.today()),
      box: {
        mode: profile.mode, rehearsal: profile.rehearsal, systemLevel: profile.systemLevel, unitName: profile.unitName, fonds: profile.fonds[0]?.fonds ?? '',
        regulation: '《昆明市电子文件归档与电子档案管理办法（征求意见稿）》', serial: box.identity.serial,
      },
    }),
    ...backingUp,
    ...composePreservation(box, { engine: alarming.alarmWork.engine, preview, nameOf, backup: backingUp.backup }),
    custody: custodyOf(box, identity.approvals, verifierFor),
    keys: keyService({ store, keys: box.keys, whenUnlocked: async () => {
      await box.whenUnlocked();
      await inspecting.rulePacks.begin();
      await virus.follow();
      await counterparts.transport.ensure();
      await accessions.resume();
      await offline.imports.resume();
      await transferring.transferSealing.resume();
      await backingUp.backup.begin();
      await destroying.destructionWork.begin();
      converting.conversionWork.begin();
      await tables.round();
      scanning.scanWork.begin();
      await markingDays.run();
      if (box.keys.state === 'unlocked') await identity.peopleRound();
    } }),
    audit: auditService({
      store, ledger: box.ledger, sm3: box.sm3, clock, box: box.identity, check: boxSignatureCheck(crypto, box.identity.chain[0] ?? ''), nameOf,
    }),
    capture, tables,
    ...composeSources(box, { capture, arrangement, arranging, pool, compliance, requireFonds: rulesOf, nameOf }),
    catalogue: catalogueService({ ...arranging, store, read: async (body) => intake.catalogues.read(body) }),
    seal: sealService({
      store, content: box.vault, inspector, stripper: intake.seals.over(box.vault), clock, ids, keepSignedOriginal: policies.content('capture.json').keepSignedOriginal,
    }),
    arrangement,
    volumes: volumeService({ box, relations, fondsRules: rulesOf, nameOf }),
    relations: relationService({ store, clock, ids, policy: policies.content('relations.json'), visibleRecords: recordsShown, nameOf }),
    ...inspecting, virus,
    filing: certifying.settledFiling(filingService({ ...arranging, scope: box.tables.current.scope, store, sm3: box.sm3, test, searchedKeys: searchedKeys(scheme), rehearsal: profile.rehearsal, responsibility: async () => responsibilityGap(policies.content('registers.json'), { registers: registerRepository(reader, sealing) }, clock.today()), requireScans: scanning.scans.requireDescribed })),
    renumbering: renumberingService({ ...arranging, store, sm3: box.sm3, searchedKeys: searchedKeys(scheme), nameOf }),
    report, compliance,
    consultation: consultationService({ store, visible: visibleRecords, levelOf, nameOf, markedName, markOf: async (record) => classification.cardOf(matters, record) }),
    reading: readingService({
      store, vault: box.vault, preview, reader: readerOf,
    }),
  };
}

/** The files that say who may do what, as R11 lists them. */
function accessPolicies(policies: Policies, sm3: Box['sm3']): readonly PolicyDigest[] {
  const digest = (content: string): string => Buffer.from(sm3(Buffer.from(content))).toString('hex');
  const versioned = (['duties.json', 'acts.json', 'passwords.json'] as const).map((file) => {
    const content = policies.content(file);
    return { file, version: content.version, sm3: Buffer.from(sm3(canonicalBytes(content))).toString('hex') };
  });
  const plain = ['access.csv', 'conflicts.csv', 'access.model.conf'].map((file) => ({ file, version: '随版', sm3: digest(policies.text(file)) }));
  return [...plain, ...versioned];
}

export type Services = ReturnType<typeof servicesOf>;
