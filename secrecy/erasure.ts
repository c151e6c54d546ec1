import type { DestructionBatch, DestructionParts, DestructionSignature, ErasureStep } from '../core/destruction.js';
import { ArchiveError } from '../core/errors.js';
import type { Instant, Level } from '../core/ports.js';
import { samePerson, type Holder } from './separation.js';
import { canonical, checkSignature, type Json, type VerifySignature } from './signing.js';

const SEPARATE = '申请、执行、监销须由不同的人员担任，两个账号同一密钥视为一人';

/**
 * 四方分离: applicant, executor and each supervisor are different people, and two accounts of one key are one person. The approver is held
 * apart by the approval itself, which none of them may sign. @throws ArchiveError `E_SOD_CONFLICT` @see 办法第三十九条
 */
export function requireSeparate(parts: DestructionParts, holderOf: (person: string) => Holder): void {
  const named = [{ at: '/applicant', person: parts.applicant }, { at: '/executor', person: parts.executor }, ...parts.supervisors.map((person, n) => ({ at: `/supervisors/${String(n)}`, person }))];
  for (const [n, one] of named.entries()) {
    const same = named.slice(0, n).find((other) => samePerson(holderOf(one.person), holderOf(other.person)));
    if (same !== undefined) throw new ArchiveError('E_SOD_CONFLICT', { person: one.person, parts: [same.at, one.at] }, [{ at: one.at, message: SEPARATE }]);
  }
}

/** One who signs, as the paper names them: the account, never the name. */
export interface Signer { readonly person: string; readonly account: string; readonly certificateSerial: string; readonly part: '执行' | '监销' }

/** 销毁清册 without titles: what is to be destroyed, signed by those who will do it and those who will watch. */
export interface DestructionOrder {
  readonly type: 'shouzang-destruction-order/v1';
  readonly box: string;
  readonly number: string;
  readonly fonds: string;
  readonly level: Level;
  readonly reason: string;
  readonly basis: string;
  readonly place: string;
  readonly frozenAt: Instant;
  readonly applicant: string;
  readonly approval: string;
  readonly approver: string;
  readonly items: readonly {
    readonly record: string; readonly archivalCode: string; readonly level: Level; readonly retention: string | null; readonly appraisal: string | null;
    readonly contents: readonly { readonly object: string; readonly bytes: number; readonly sm3: string }[];
  }[];
  readonly signers: readonly Signer[];
}

/** 销毁证明: every place that was looked at, what was done there, what looking for it found and what nobody can show. */
export interface DestructionCertificate {
  readonly type: 'shouzang-destruction-certificate/v1';
  readonly box: string;
  readonly number: string;
  /** SM3 of the order. */
  readonly order: string;
  readonly level: Level;
  readonly items: number;
  readonly contents: number;
  readonly bytes: number;
  readonly executedAt: Instant;
  readonly verifiedAt: Instant;
  readonly fileSystem: string;
  readonly steps: readonly Pick<ErasureStep, 'seq' | 'place' | 'ref' | 'record' | 'state' | 'before' | 'told' | 'at' | 'settlement'>[];
  readonly checks: readonly Check[];
  /** 已销毁清单: first and last entry of this batch. */
  readonly destroyedList: readonly [number, number];
  readonly tombstones: readonly { readonly record: string; readonly sm3: string }[];
  readonly signers: readonly Signer[];
}

/** One look for what must not be there any more. */
export interface Check { readonly what: string; readonly looked: number; readonly found: number; readonly passed: boolean }

export const paperText = (paper: DestructionOrder | DestructionCertificate): string => canonical(paper as unknown as Json);

/**
 * One of the signers puts a signature under a paper.
 * @throws ArchiveError `E_DENIED` for who is none of them, `E_STATE_INVALID` once signed, `E_SIGNATURE_INVALID`
 */
export function signPaper(text: string, signatures: readonly DestructionSignature[], by: DestructionSignature, verify: VerifySignature): readonly DestructionSignature[] {
  const { signers } = JSON.parse(text) as { readonly signers: readonly Signer[] };
  if (!signers.some((one) => one.person === by.person && one.certificateSerial === by.certificateSerial)) throw new ArchiveError('E_DENIED', { by: by.person });
  if (signatures.some((one) => one.person === by.person)) throw new ArchiveError('E_STATE_INVALID', { by: by.person, event: 'sign' }, [{ at: '', message: '本人已经签字' }]);
  checkSignature(verify, text, by);
  return [...signatures, by];
}

/** Everything wrong with the papers of a batch, years later: in words; empty when they hold. */
export function paperFaults(batch: Pick<DestructionBatch, 'order' | 'orderSignatures' | 'certificate' | 'certificateSignatures' | 'state'>, verify: (signature: DestructionSignature) => VerifySignature): readonly string[] {
  const faults: string[] = [];
  for (const [name, text, signatures, whole] of [
    ['清册', batch.order, batch.orderSignatures, batch.certificate !== null], ['证明', batch.certificate, batch.certificateSignatures, batch.state === 'closed'],
  ] as const) {
    if (text === null) continue;
    const { signers } = JSON.parse(text) as { readonly signers: readonly Signer[] };
    for (const one of signatures) if (!verify(one)(text, one)) faults.push(`${name}：${signers.find(({ person }) => person === one.person)?.account ?? one.person} 的签名校验未通过`);
    const missing = signers.filter((one) => !signatures.some(({ person }) => person === one.person));
    if (whole && missing.length > 0) faults.push(`${name}：缺 ${missing.map(({ account }) => account).join('、')} 的签字`);
  }
  return faults;
}
