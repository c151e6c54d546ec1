import type { StageRunRepository } from '../../../core/inspection-run.js';
import type { RecordRepository } from '../../../core/holdings.js';
import type { InspectionTx } from '../../../core/services/inspection.js';
import { inspectionFacts } from '../../../secrecy/inspection-facts.js';
import type { SecrecyTx } from '../../../secrecy/ports.js';
import type { Sealing } from '../sealing.js';
import { places } from '../sql.js';
import type { Sql } from '../sql.js';
import { accessionRepository } from './accessions.js';
import type { AccessionRepository } from './accessions.js';
import { appraisalRepository } from './appraisals.js';
import type { AppraisalRepository } from './appraisals.js';
import { approvalRepository } from './approvals.js';
import { carrierRepository } from './carriers.js';
import type { CarrierRepository } from './carriers.js';
import { complianceRepository } from './compliance.js';
import type { ComplianceRepository } from './compliance.js';
import { custodyRepository } from './custody.js';
import type { CustodyRepository } from './custody.js';
import { counterpartRepository } from './counterparts.js';
import type { CounterpartRepository } from './counterparts.js';
import { deviceRepository } from './devices.js';
import type { DeviceRepository } from './devices.js';
import { disposalRepository } from './disposals.js';
import type { DisposalRepository } from './disposals.js';
import { emergencyRepository } from './emergencies.js';
import type { EmergencyRepository } from './emergencies.js';
import { holdings } from './holdings.js';
import { legalHoldRepository } from './legal-holds.js';
import type { LegalHoldRepository } from './legal-holds.js';
import { caseRepository, noticeRepository, taskRepository } from './marking-cases.js';
import { authorityRepository } from './class-authorities.js';
import { whileThawed } from './frozen.js';
import { matterRepository } from './matters.js';
import { packRepository } from './packs.js';
import type { PackRepository } from './packs.js';
import { outputRepository } from './outputs.js';
import type { OutputRepository } from './outputs.js';
import { compilationRepository } from './compilations.js';
import type { CompilationRepository } from './compilations.js';
import { proofRepository } from './proofs.js';
import type { ProofRepository } from './proofs.js';
import { useLinkRepository } from './use-links.js';
import type { UseLinkRepository } from './use-links.js';
import { useRepository } from './uses.js';
import type { UseRepository } from './uses.js';
import { openingRepository } from './openings.js';
import type { OpeningRepository } from './openings.js';
import { mediaRepository } from './media.js';
import type { MediaRepository } from './media.js';
import { packageImportRepository } from './package-imports.js';
import type { PackageImportRepository } from './package-imports.js';
import { peopleRepository } from './people.js';
import type { PeopleRepository } from './people.js';
import type { HoldRows } from './records.js';
import { personnelRepository } from './personnel.js';
import type { PersonnelRepository } from './personnel.js';
import { registerRepository } from './registers.js';
import type { RegisterRepository } from './registers.js';
import type { ArrangementChangeRepository } from '../../../core/arrangement-change.js';
import { arrangementChangeRepository } from './arrangement-changes.js';
import type { RelationRepository } from '../../../core/relations.js';
import { relationRepository } from './relations.js';
import { voidNumberRepository } from './void-numbers.js';
import type { VoidedTx } from '../../../core/services/renumbering.js';
import { reportRepository } from './reports.js';
import type { ReportRepository } from './reports.js';
import { runRepository } from './runs.js';
import { stageRunRepository } from './stage-runs.js';
import { sessionRepository } from './sessions.js';
import type { SessionRepository } from './sessions.js';
import { sourceRepository } from './sources.js';
import type { SourceRepository } from './sources.js';
import { tableRepository } from './tables.js';
import type { TableRepository } from './tables.js';
import { transferRepository } from './transfers.js';
import type { TransferRepository } from './transfers.js';
import { volumeRepository } from './volumes.js';
import type { VolumeRepository } from './volumes.js';
import { terminalRepository } from './terminals.js';
import type { TerminalRepository } from './terminals.js';

const BULK = 500;

/** Every repository of one unit of work, over its connection. Services name the few they need. */
export interface Repositories extends InspectionTx, SecrecyTx {
  readonly sql: Sql;
  readonly people: PeopleRepository;
  readonly sessions: SessionRepository;
  readonly personnel: PersonnelRepository;
  readonly terminals: TerminalRepository;
  readonly emergencies: EmergencyRepository;
  readonly packs: PackRepository;
  readonly voided: VoidedTx['voided'];
  readonly registers: RegisterRepository;
  readonly reports: ReportRepository;
  readonly custody: CustodyRepository;
  readonly compliance: ComplianceRepository;
  readonly carriers: CarrierRepository;
  readonly devices: DeviceRepository;
  readonly accessions: AccessionRepository;
  readonly appraisals: AppraisalRepository;
  readonly holds: LegalHoldRepository;
  readonly counterparts: CounterpartRepository;
  readonly outputs: OutputRepository;
  readonly openings: OpeningRepository;
  readonly uses: UseRepository;
  readonly useLinks: UseLinkRepository;
  readonly proofs: ProofRepository;
  readonly compilations: CompilationRepository;
  readonly disposals: DisposalRepository;
  readonly media: MediaRepository;
  readonly imports: PackageImportRepository;
  readonly transfers: TransferRepository;
  readonly stageRuns: StageRunRepository;
  readonly sources: SourceRepository;
  readonly relations: RelationRepository;
  readonly volumes: VolumeRepository;
  readonly changes: ArrangementChangeRepository;
  readonly tables: TableRepository;
}

/** What an arrangement set before is kept for undoing at the level of then: once a record is a state secret, nothing lower may tell of it. */
const forgettingLower = (sql: Sql, records: RecordRepository): RecordRepository => ({
  ...records,
  async save(record, seenVersion) {
    await records.save(record, seenVersion);
    if (record.level >= 2) await sql.run('DELETE FROM arrangement_change WHERE batch = $1 AND level < $2', record.batch, record.level);
  },
});

/** @param hold holds records against their bindings; left out by what only counts rows */
export function repositories(sql: Sql, sealing: Sealing, hold?: HoldRows): Repositories {
  const matters = matterRepository(sql, sealing, hold);
  const held = holdings(sql, sealing, hold);
  return {
    sql, ...held, records: forgettingLower(sql, whileThawed(sql, held.records)), people: peopleRepository(sql, sealing), sessions: sessionRepository(sql), runs: runRepository(sql, sealing), stageRuns: stageRunRepository(sql, sealing), relations: relationRepository(sql, sealing), volumes: volumeRepository(sql, sealing), changes: arrangementChangeRepository(sql, sealing),
    voided: voidNumberRepository(sql, sealing),
    registers: registerRepository(sql, sealing), reports: reportRepository(sql, sealing), custody: custodyRepository(sql, sealing), compliance: complianceRepository(sql, sealing),
    carriers: carrierRepository(sql, sealing), devices: deviceRepository(sql, sealing), outputs: outputRepository(sql, sealing),
    openings: openingRepository(sql, sealing, hold),
    uses: useRepository(sql, sealing), useLinks: useLinkRepository(sql), proofs: proofRepository(sql, sealing), compilations: compilationRepository(sql, sealing),
    accessions: accessionRepository(sql, sealing), sources: sourceRepository(sql, sealing), tables: tableRepository(sql),
    appraisals: appraisalRepository(sql, sealing, hold), holds: legalHoldRepository(sql, sealing),
    disposals: disposalRepository(sql, sealing), media: mediaRepository(sql, sealing), imports: packageImportRepository(sql, sealing),
    counterparts: counterpartRepository(sql, sealing), transfers: transferRepository(sql, sealing),
    personnel: personnelRepository(sql, sealing), terminals: terminalRepository(sql, sealing),
    emergencies: emergencyRepository(sql, sealing), packs: packRepository(sql, sealing),
    known: {
      async codes(codes, exceptBatch) {
        const known = new Set<string>();
        // A statement binds only so many values.
        for (let from = 0; from < codes.length; from += BULK) {
          const some = codes.slice(from, from + BULK);
          const rows = await sql.all<{ archival_code: string }>(
            `SELECT archival_code FROM record WHERE archival_code IN (${places(some.length, 2)}) AND batch <> $1`, exceptBatch, ...some,
          );
          for (const row of rows) known.add(row.archival_code);
        }
        return known;
      },
    },
    approvals: approvalRepository(sql, sealing), matters, cases: caseRepository(sql, sealing), tasks: taskRepository(sql), notices: noticeRepository(sql, sealing), authorities: authorityRepository(sql, sealing),
    holders: {
      async of(records) {
        const units = await Promise.all((await transferRepository(sql, sealing).holdersOf(records)).map(async (id) => (await counterpartRepository(sql, sealing).get(id))?.card.unit));
        return [...new Set(units.flatMap((unit) => unit ?? []))].sort();
      },
    },
    secrecy: {
      async factsOf(record) {
        const matter = record.classificationId === null ? undefined : await matters.get(record.classificationId);
        return matter === undefined ? null : inspectionFacts(matter.it);
      },
    },
  };
}
