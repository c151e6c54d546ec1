import type { Instant, ReadTools, WriteTools } from '../../core/ports.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { AlarmEngine } from '../alarms/engine.js';
import type { Box } from '../box.js';
import { fatalExamination } from '../inspection/inspect.js';
import type { InspectionPool } from '../inspection/pool.js';
import { fileSource } from '../inspection/source.js';
import { judge } from '../inspection/verdict.js';
import { packageVersion } from '../package-root.js';
import type { Repositories } from '../store/repositories/index.js';
import { batchService } from './batches.js';
import type { AskDecision } from './batches.js';
import { equipmentService } from './equipment.js';
import { evidenceService } from './evidence.js';
import { formService } from './forms.js';
import { lineService } from './lines.js';
import { mediumFolders } from './medium-folder.js';
import { migrationService } from './migrations.js';
import type { DisposalParts } from './parts.js';
import { readService } from './reads.js';

export interface DisposalComposition {
  readonly approvals: ApprovalService<Repositories & WriteTools, Repositories & ReadTools>;
  readonly engine: AlarmEngine;
  readonly nameOf: (person: string) => Promise<string>;
  readonly verifierFor: (certificate: string, at: Instant) => VerifySignature;
  readonly pool: Pick<InspectionPool, 'examine'>;
}

/** 涉密载体销毁与介质迁移 over the parts of the box. */
export function composeDisposal(box: Box, { approvals, engine, nameOf, verifierFor, pool }: DisposalComposition) {
  const { store, gate, clock, ids, crypto, vault, profile, policies, keys, identity } = box;
  const parts: DisposalParts = {
    store, gate, clock, ids, crypto, vault, approvals, nameOf, verifierFor, containers: box.containers, policy: policies.content('media-destruction.json'), carrierPolicy: policies.content('carriers.json'),
    unit: { name: profile.unitName, fonds: profile.fonds[0]?.fonds ?? '', systemLevel: profile.systemLevel, rehearsal: profile.rehearsal, serial: identity.serial },
  };
  const lines = lineService(parts);
  const batches = batchService(parts, lines);
  const folders = mediumFolders({
    crypto, data: box.paths.root, policy: policies.content('backup.json'),
    box: { serial: identity.serial, sign: (message) => identity.sign(message), genuine: (message, signature) => crypto.verify(message, signature, keys.identity.certificate.publicKey) },
  });
  const migrations = migrationService({
    ...parts, folders, tool: `shouzang ${packageVersion()}`,
    async opens(file, name) {
      const source = await fileSource(file);
      try {
        const outcome = await pool.examine(source, name);
        return judge(typeof outcome === 'string' ? fatalExamination(outcome) : outcome).verdict !== 'reject';
      } finally {
        await source.close();
      }
    },
  });
  approvals.carries('disposal.ask', async (tx, _call, granted, decided) => batches.approved(tx, granted, decided as unknown as AskDecision));
  engine.provide('media-overdue');
  let told = false;
  return {
    disposal: { lines, batches, reads: readService(parts, batches, lines), evidence: evidenceService(parts, batches), equipment: equipmentService(parts), forms: formService(parts, batches, lines), migrations },
    /** Hourly: 待销滞留超期 is told once, and clears by itself. */
    async disposalRound(): Promise<void> {
      const overdue = await store.read(box.systemCall('disposal.pending'), async (tx) => { await tx.allow(); return tx.disposals.overdue(lines.overdueBefore()); });
      if (overdue !== told) await engine.signal('media-overdue', overdue);
      told = overdue;
    },
  };
}
export type Disposal = ReturnType<typeof composeDisposal>['disposal'];
