import { destructionRows, destructionTarget, type StoredDestruction } from './rows.js';
import type { DestructionWork } from './work.js';
import { requireSupervisors, type DestructionBatch, type DestructionSignature } from '../../core/destruction.js';
import { ArchiveError } from '../../core/errors.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { Level, ReadTools, WriteTools } from '../../core/ports.js';
import type { RelationGuard } from '../../core/services/relations.js';
import { cleanText } from '../../core/text.js';
import type { AppraisalPolicy } from '../../policies/schemas/appraisal.js';
import type { DestructionPolicy } from '../../policies/schemas/destruction.js';
import { requireSeparate } from '../../secrecy/erasure.js';
import { clearanceToday } from '../../secrecy/personnel.js';
import { samePerson, type Holder } from '../../secrecy/separation.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { AccessGate } from '../access/gate.js';
import type { Box } from '../box.js';
import type { ServerCall } from '../server/route.js';
import type { Repositories } from '../store/repositories/index.js';

export type WriteTx = Repositories & WriteTools;
export type Tx = Repositories & ReadTools;

export interface DestructionServiceParts {
  readonly box: Pick<Box, 'store' | 'clock' | 'ids' | 'sealing' | 'sm3' | 'identity' | 'systemCall' | 'reader'>;
  readonly gate: AccessGate;
  readonly policy: DestructionPolicy;
  readonly appraisal: AppraisalPolicy;
  readonly approvals: ApprovalService<WriteTx, Tx>;
  readonly work: DestructionWork;
  readonly relations: RelationGuard;
  readonly nameOf: (person: string) => Promise<string>;
  readonly verifierFor: (certificate: string, at: string) => VerifySignature;
}


export const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);

/** What every act of a destruction needs: the batch behind its decision, the people behind their parts, a signature behind its certificate. */
export function destructionTools({ box, policy, verifierFor }: DestructionServiceParts) {
  const { clock, sealing } = box;
  const kept = (tx: Pick<Tx, 'sql'>) => destructionRows(tx.sql, sealing);

  function plain(at: string, text: string): string {
    const cleaned = cleanText(text, false);
    if (!cleaned.ok || cleaned.text === '') throw wrong(at, '文字为空或含有不可见字符');
    return cleaned.text;
  }

  async function found(tx: Tx | WriteTx, id: string, act?: string): Promise<StoredDestruction> {
    const stored = await kept(tx).get(id);
    if (stored === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(destructionTarget(stored), act);
    return stored;
  }

  const seen = (stored: StoredDestruction, version: number): StoredDestruction => {
    if (stored.version !== version) throw new ArchiveError('E_STALE_VERSION', { destruction: stored.it.id });
    return stored;
  };

  async function save(tx: WriteTx, stored: StoredDestruction, it: DestructionBatch, more: Partial<Pick<StoredDestruction, 'certificates'>> = {}): Promise<StoredDestruction> {
    return kept(tx).save({ ...stored, ...more, it }, stored.version);
  }

  const entry = (tx: WriteTx, act: string, { it, level }: StoredDestruction, detail: Readonly<Record<string, unknown>> = {}): void => {
    tx.audit({ action: act, object: it.id, objectType: 'destruction', objectLevel: level, ...(it.approval === null ? {} : { approval: it.approval }), detail: { number: it.number, ...detail } });
  };

  async function recordsFor(tx: Tx | WriteTx, wanted: readonly string[], at = true): Promise<StoredRecord[]> {
    const records: StoredRecord[] = [];
    for (const [n, id] of wanted.entries()) {
      const record = await tx.records.get(id);
      if (record === undefined) throw new ArchiveError('E_NOT_FOUND', {}, at ? [{ at: `/records/${String(n)}`, message: '没有这件档案' }] : []);
      records.push(record);
    }
    return records;
  }

  /** One of the people of a batch: in office, cleared for it, with a duty that may take the part. */
  async function taking(tx: Tx, person: string, level: Level, duties: readonly string[], at: string): Promise<Holder> {
    const one = await tx.people.get(person);
    if (one?.status !== 'active' || one.certificateSerial === null || one.token === null) throw wrong(at, '没有这个在用的账号，或没有签名证书，请从列表中选择');
    if (clearanceToday(one.clearance, one.clearanceUntil, clock.today()) < level) throw new ArchiveError('E_CLEARANCE_REQUIRED', { person, level }, [{ at, message: '该人员涉密等级低于本批最高密级' }]);
    const now = clock.now();
    const held = (await tx.people.grants(person)).some((grant) => duties.includes(grant.duty) && grant.revokedAt === null && grant.validFrom <= now && (grant.validUntil === null || now < grant.validUntil));
    if (!held) throw wrong(at, '该人员的岗位不能担任此项');
    return { person, tokens: [one.token] };
  }

  const holderOf = async (tx: Tx, person: string): Promise<Holder> => {
    const token = (await tx.people.get(person))?.token ?? null;
    return { person, tokens: token === null ? [] : [token] };
  };

  async function requireParts(tx: Tx, batch: Pick<DestructionBatch, 'applicant' | 'executor' | 'supervisors'>, level: Level): Promise<void> {
    requireSupervisors(batch.supervisors, policy);
    const holders = new Map<string, Holder>([[batch.applicant, await taking(tx, batch.applicant, level, policy.applicants, '/applicant')]]);
    for (const person of [batch.executor, ...batch.supervisors]) holders.set(person, await holderOf(tx, person));
    requireSeparate(batch, (person) => holders.get(person) ?? { person, tokens: [] });
    await taking(tx, batch.executor, level, policy.executors, '/executor');
    for (const [n, person] of batch.supervisors.entries()) await taking(tx, person, level, policy.supervisors, `/supervisors/${String(n)}`);
  }

  /** The part of whoever is not the one that the order names is never taken: what one drew up one does not carry out. @throws ArchiveError `E_SOD_CONFLICT`, `E_DENIED` */
  async function asExecutor(tx: Tx, call: ServerCall, { it }: StoredDestruction): Promise<void> {
    if (call.person === it.executor) return;
    const me = await holderOf(tx, call.person);
    const others = await Promise.all([it.applicant, ...it.supervisors, ...(it.approver === null ? [] : [it.approver])].map(async (person) => holderOf(tx, person)));
    throw new ArchiveError(others.some((one) => samePerson(one, me)) ? 'E_SOD_CONFLICT' : 'E_DENIED', { destruction: it.id, by: call.person }, [{ at: '', message: '须由清册所列的销毁执行人办理' }]);
  }

  async function signature(tx: Tx, call: ServerCall, text: string): Promise<{ readonly signed: (bytes: string) => DestructionSignature; readonly certificate: string; readonly serial: string; readonly verify: VerifySignature; readonly text: string }> {
    const person = await tx.people.get(call.person);
    if (!person || person.certificate === null || person.certificateSerial === null || person.token === null) throw new ArchiveError('E_CERT_INVALID', { person: call.person });
    const { certificate, certificateSerial: serial, token } = person;
    const at = clock.now();
    return { signed: (bytes) => ({ person: call.person, token, certificateSerial: serial, signature: bytes, at }), certificate, serial, verify: verifierFor(certificate, at), text };
  }

  /** The paper that is open for signatures: the order before, the certificate after. */
  const openPaper = ({ it }: StoredDestruction): { readonly paper: 'order' | 'certificate'; readonly text: string } => {
    if (it.state === 'frozen' && it.order !== null) return { paper: 'order', text: it.order };
    if (it.state === 'verified' && it.certificate !== null) return { paper: 'certificate', text: it.certificate };
    throw new ArchiveError('E_STATE_INVALID', { destruction: it.id, state: it.state, event: 'sign' });
  };

  const verifyKept = (stored: StoredDestruction) => (one: DestructionSignature): VerifySignature => {
    const certificate = stored.certificates[one.certificateSerial];
    if (certificate === undefined) return () => false;
    try {
      return verifierFor(certificate, one.at);
    } catch (error) {
      if (error instanceof ArchiveError) return () => false;
      throw error;
    }
  };


  return { kept, plain, found, seen, save, entry, recordsFor, requireParts, asExecutor, signature, openPaper, verifyKept };
}
export type DestructionTools = ReturnType<typeof destructionTools>;
