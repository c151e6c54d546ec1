import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { ReadTools } from '../../core/ports.js';
import type { DestructionPolicy, DestructionPrint, DestructionTombstone, DestructionVerify } from '../../policies/schemas/destruction.js';
import { paperFaults, type DestructionCertificate, type DestructionOrder } from '../../secrecy/erasure.js';
import type { DestructionSignature } from '../../core/destruction.js';
import { levelName } from '../../secrecy/level.js';
import type { MarkPolicy } from '../../secrecy/marking.js';
import { rollUpMark } from '../../secrecy/roll-up.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import { TOMBSTONE_FAULTS, tombstoneFault, type TombstoneStatement } from '../../secrecy/tombstone.js';
import type { Box } from '../box.js';
import { bytes } from '../server/route.js';
import type { ServerCall } from '../server/route.js';
import type { Repositories } from '../store/repositories/index.js';
import { certificatePdf, registerPdf } from './paper-pdf.js';
import { destructionRows, destructionTarget, type StoredDestruction } from './rows.js';
import type { DestructionWork } from './work.js';

type Tx = Repositories & ReadTools;

export interface PaperServiceParts {
  readonly box: Pick<Box, 'store' | 'clock' | 'sealing' | 'sm3' | 'identity' | 'crypto' | 'keys' | 'containers' | 'gate'>;
  readonly policy: DestructionPolicy;
  readonly marks: MarkPolicy;
  readonly work: DestructionWork;
  readonly unit: { readonly name: string; readonly rehearsal: boolean };
  readonly nameOf: (person: string) => Promise<string>;
  readonly verifierFor: (certificate: string, at: string) => VerifySignature;
}

/** 清册, 证明, 墓碑: to take away, and to hold against what is there, years later. */
export function destructionPapers(parts: PaperServiceParts) {
  const { box, policy, work } = parts;
  const { store, clock, sealing, sm3 } = box;
  const genuine = (message: Uint8Array, signature: Uint8Array): boolean => box.crypto.verify(message, signature, box.keys.identity.certificate.publicKey);

  const verifyKept = (stored: StoredDestruction) => (one: DestructionSignature): VerifySignature => {
    const certificate = stored.certificates[one.certificateSerial];
    try {
      return certificate === undefined ? () => false : parts.verifierFor(certificate, one.at);
    } catch (error) {
      if (error instanceof ArchiveError) return () => false;
      throw error;
    }
  };

  async function found(tx: Tx, id: string): Promise<StoredDestruction> {
    const stored = await destructionRows(tx.sql, sealing).get(id);
    if (stored === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(destructionTarget(stored));
    return stored;
  }

  const faultsOf = (stored: StoredDestruction): readonly string[] => {
    const { certificate, boxSignature } = stored.it;
    const boxFault = certificate !== null && (boxSignature === null || !genuine(Buffer.from(certificate), Buffer.from(boxSignature, 'base64')));
    return [...paperFaults(stored.it, verifyKept(stored)), ...(boxFault ? ['证明：本机签名校验未通过'] : [])];
  };

  async function tombstoneOf(tx: Tx, id: string) {
    const record = await tx.records.get(id);
    if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
    const kept = await destructionRows(tx.sql, sealing).tombstone(id);
    return { record, kept, fault: tombstoneFault(kept, { box: box.identity.serial, record: id, state: record.state, description: record.description }, sm3, genuine) };
  }

  return {
    /** 墓碑 of one record, and whether it holds. */
    async tombstone(call: ServerCall, input: DestructionTombstone) {
      return store.read(call, async (tx) => {
        const { record, kept, fault } = await tombstoneOf(tx, input.record);
        await tx.allow(recordTarget(record));
        if (record.state !== 'destroyed') throw new ArchiveError('E_NOT_FOUND');
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { fault } });
        return { record: record.id, statement: kept === undefined ? null : JSON.parse(kept.statement) as TombstoneStatement, signature: kept === undefined ? null : Buffer.from(kept.signature).toString('base64'), valid: fault === null, fault: fault === null ? null : TOMBSTONE_FAULTS[fault] };
      });
    },

    /** 复核: looks for remains again, at papers and at every tombstone. */
    async verify(call: ServerCall, input: DestructionVerify) {
      const { stored, steps, tombstones } = await store.read(call, async (tx) => {
        const one = await found(tx, input.batch);
        if (one.it.state !== 'verified' && one.it.state !== 'closed') throw new ArchiveError('E_STATE_INVALID', { state: one.it.state, event: 'verify' });
        const kept = destructionRows(tx.sql, sealing);
        const list = [];
        for (const id of await kept.records(one.it.id)) {
          const { record, fault } = await tombstoneOf(tx, id);
          list.push({ record: id, code: (await box.gate.knows(call, recordTarget(record))) ? record.archivalCode : null, fault: fault === null ? null : TOMBSTONE_FAULTS[fault] });
        }
        tx.audit({ action: call.act, object: one.it.id, objectType: 'destruction', objectLevel: one.level, detail: { number: one.it.number } });
        return { stored: one, steps: await kept.steps(one.it.id), tombstones: list };
      });
      const checks = await work.lookAt(stored.it, steps);
      const faults = faultsOf(stored);
      return { batch: stored.it.id, at: clock.now(), checks, faults, tombstones: tombstones.length, tombstoneFaults: tombstones.filter(({ fault }) => fault !== null), good: faults.length === 0 && checks.every(({ passed }) => passed) && tombstones.every(({ fault }) => fault === null) };
    },

    /** The papers: printable, or as JSON with signatures and certificates, which `openssl` can check. */
    async print(call: ServerCall, input: DestructionPrint) {
      const { stored, titles, mark } = await store.read(call, async (tx) => {
        const one = await found(tx, input.batch);
        const list = new Map<string, { title: string; date: string }>();
        const records = await destructionRows(tx.sql, sealing).records(one.it.id);
        for (const id of records) {
          const record = await tx.records.get(id);
          if (record === undefined) continue;
          const shown = record.level < policy.maskTitlesFrom && await box.gate.knows(call, recordTarget(record));
          list.set(id, { title: shown ? String(record.description['title'] ?? '') : '（不列题名）', date: record.documentDate ?? '—' });
        }
        tx.audit({ action: call.act, object: one.it.id, objectType: 'destruction', objectLevel: one.level, detail: { paper: input.paper, format: input.format } });
        const sum = await box.containers.of(tx.sql, records);
        return { stored: one, titles: list, mark: one.level >= 2 && sum.level === one.level ? rollUpMark(sum, parts.marks) : levelName(one.level) };
      });
      const { it } = stored;
      const text = input.paper === 'register' ? it.order : it.certificate;
      if (text === null) throw new ArchiveError('E_STATE_INVALID', { state: it.state, event: 'print' }, [{ at: '/paper', message: input.paper === 'register' ? '清册在冻结后生成' : '证明在复核通过后生成' }]);
      const signatures = input.paper === 'register' ? it.orderSignatures : it.certificateSignatures;
      const fileName = `${it.number}-${input.paper === 'register' ? '销毁清册' : '销毁证明'}.${input.format}`;
      if (input.format === 'json') {
        const content = { state: it.state, statement: text, signatures, ...(input.paper === 'certificate' ? { boxSignature: it.boxSignature, boxCertificates: box.identity.chain } : {}), certificates: stored.certificates };
        return bytes('application/json', Buffer.from(`${JSON.stringify(content, null, 2)}\n`), { fileName });
      }
      const people = new Set([it.applicant, it.executor, it.approver ?? '', ...it.supervisors]);
      const about = {
        serial: box.identity.serial, unit: parts.unit.name, mark, rehearsal: parts.unit.rehearsal, printedAt: clock.now(), faults: faultsOf(stored), digest: Buffer.from(sm3(Buffer.from(text))).toString('hex'),
        basis: policy.bases.find(({ key }) => key === it.basis)?.name ?? it.basis, names: new Map(await Promise.all([...people].filter((one) => one !== '').map(async (person) => [person, await parts.nameOf(person)] as const))), titles,
      };
      const pdf = input.paper === 'register' ? await registerPdf(it, JSON.parse(text) as DestructionOrder, about) : await certificatePdf(it, JSON.parse(text) as DestructionCertificate, about, policy);
      return bytes('application/pdf', pdf, { fileName });
    },
  };
}
export type DestructionPapers = ReturnType<typeof destructionPapers>;
