import { Umzug } from 'umzug';
import type { Sequelize } from 'sequelize';
import { sqlOn } from '../sql.js';
import type { Migration } from './migration.js';
import { ledger } from './0001-ledger.js';
import { people } from './0002-people.js';
import { holdings } from './0003-holdings.js';
import { inspection } from './0004-inspection.js';
import { reports } from './0005-reports.js';
import { classification } from './0006-classification.js';
import { markingCases } from './0007-marking-cases.js';
import { approvals } from './0009-approvals.js';
import { peopleRegister } from './0010-people.js';
import { bindings } from './0011-bindings.js';
import { alarms } from './0012-alarms.js';
import { custody } from './0013-custody.js';
import { compliance } from './0014-compliance.js';
import { lists } from './0015-lists.js';
import { backups } from './0016-backups.js';
import { carriers } from './0017-carriers.js';
import { yearOrder } from './0018-year-order.js';
import { coveringLists } from './0019-covering-lists.js';
import { appraisal } from './0020-appraisal.js';
import { destructions } from './0021-destructions.js';
import { transferDue } from './0022-transfer-due.js';
import { transfers } from './0022-transfers.js';
import { accessions } from './0023-accessions.js';
import { disposal } from './0024-disposal.js';
import { outputs } from './0025-outputs.js';
import { conversion } from './0030-conversion.js';
import { markPlaces } from './0026-mark-places.js';
import { packageImports } from './0027-package-imports.js';
import { stageRuns } from './0036-stage-runs.js';
import { backupPlans } from './0031-backup-plans.js';
import { preservation } from './0032-preservation.js';
import { registers } from './0035-registers.js';
import { voidNumbers } from './0035-void-numbers.js';
import { openingAndUse } from './0033-opening-and-use.js';
import { sources } from './0028-sources.js';
import { arranging } from './0037-arranging.js';
import { tables } from './0029-tables.js';
import { useAndProof } from './0034-use-and-proof.js';

const MIGRATIONS: readonly Migration[] = [
  ledger, people, holdings, inspection, reports, classification,
  markingCases,
  approvals,
  peopleRegister,
  bindings,
  alarms,
  custody,
  compliance,
  lists,
  backups,
  carriers,
  yearOrder,
  coveringLists,
  appraisal,
  destructions,
  transfers,
  transferDue,
  accessions,
  disposal,
  outputs,
  markPlaces,
  packageImports,
  stageRuns,
  backupPlans,
  preservation,
  registers,
  voidNumbers,
  openingAndUse,
  sources,
  arranging,
  conversion,
  tables,
  useAndProof,
];

/**
 * Brings the schema up to date, each step in one transaction with the note that it ran.
 * @throws when the database was written by a newer release: it holds a step that this one does not know.
 */
export async function migrate(connection: Sequelize, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  const sql = sqlOn(connection);
  await sql.run('CREATE TABLE IF NOT EXISTS schema_step (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID');
  const known = new Set(migrations.map((step) => step.name));
  const unknown = (await sql.all<{ name: string }>('SELECT name FROM schema_step')).filter((row) => !known.has(row.name));
  if (unknown.length > 0) throw new Error(`database is newer than this release: ${unknown.map((row) => row.name).join(', ')}`);
  const umzug = new Umzug({
    migrations: migrations.map((step) => ({
      name: step.name,
      up: async () => {
        await sql.run('BEGIN IMMEDIATE');
        try {
          for (const statement of step.statements) await sql.run(statement);
          await sql.run('INSERT INTO schema_step (name) VALUES ($1)', step.name);
          await sql.run('COMMIT');
        } catch (error) {
          await sql.run('ROLLBACK');
          throw error;
        }
      },
    })),
    storage: {
      executed: async () => (await sql.all<{ name: string }>('SELECT name FROM schema_step ORDER BY name')).map((row) => row.name),
      // The step itself notes that it ran, in its own transaction.
      logMigration: async () => Promise.resolve(),
      unlogMigration: async () => Promise.resolve(),
    },
    logger: undefined,
  });
  await umzug.up();
}
