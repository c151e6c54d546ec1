import { ArchiveError } from '../../core/errors.js';
import type { ListScope, StoredRecord } from '../../core/holdings.js';
import type { Call, Clock, Ids, Instant, ReadTools, Target, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { HolidaysFile } from '../../policies/schemas/marking-case.js';
import { eventStatement, type AuthorityGround, type Ground } from '../classification.js';
import { checkProposal, isValid, originalCap, type MarkingPolicy, type Proposal, type UnitCaps } from '../classification-rules.js';
import type { Signed } from '../classification-state.js';
import type { Level } from '../level.js';
import type { CasesPolicy } from '../marking-case.js';
import { ordinaryStatement, type OrdinaryProposal } from '../ordinary.js';
import type { Matter, SecrecyTx, StoredMatter } from '../ports.js';
import { scopeOf, union, type Scope } from '../scope.js';
import type { Holder } from '../separation.js';
import type { VerifySignature } from '../signing.js';
import { authorityOf, checkNamed, inOffice, isInOffice } from './drawing-up.js';
import type { ProtectionParts } from './protection.js';
import { formChecks, type Names } from './showing.js';

export interface ClassificationParts extends ProtectionParts {
  readonly store: UnitOfWork<SecrecyTx & WriteTools, SecrecyTx & ReadTools>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly policy: MarkingPolicy;
  readonly systemLevel: Level;
  readonly cases: CasesPolicy;
  readonly holidays: Pick<HolidaysFile, 'years'>;
  readonly visible: (call: Call, act: string) => Promise<ListScope>;
  /** Whether the act would be allowed; nothing is entered. For titles beside a matter. */
  readonly would: (call: Call, act: string, target: Target) => Promise<boolean>;
  readonly names: Names;
  /**
   * A verifier for one certificate as it stands at an instant: chain, validity, token and two independent SM2 implementations.
   * @throws ArchiveError `E_CERT_INVALID`
   */
  readonly verifierFor: (certificate: string, at: Instant) => VerifySignature;
  /** A refusal in the words of the wire, for a form that is to be mended before it is sent. */
  readonly describe: (error: ArchiveError, traceId: string) => object;
  /** SM3 of a text, hex. */
  readonly digest: (text: string) => string;
}

export type Tx = SecrecyTx & ReadTools;

/** What every act of 定密 stands on: who signs with which certificate, the unit's and the person's authority, the text that is signed. */
export function groundsOf(parts: ClassificationParts) {
  const { clock, policy, systemLevel } = parts;

  /** With the 定密授权 that hold today. */
  async function unitOf(tx: Tx): Promise<UnitCaps> {
    const unit = (await tx.authorities.unit()) ?? { org: '本单位', maxOriginalLevel: null, source: '未登记定密权限' };
    const granted = (await tx.authorities.authorisations()).filter(({ it }) => isValid(it, clock.today())).map(({ it: { maxLevel, matterScope, docNo } }) => ({ maxLevel, matterScope, docNo }));
    return { ...unit, granted };
  }

  /** The person as a signer. @throws ArchiveError `E_CERT_INVALID` without a certificate or with one that does not hold now */
  async function signer(tx: Tx, person: string): Promise<Holder & { readonly token: string; readonly certificateSerial: string; readonly certificate: string }> {
    const officer = await tx.people.get(person);
    const { certificate, certificateSerial, token } = officer ?? { certificate: null, certificateSerial: null, token: null };
    if (certificate === null || certificateSerial === null || token === null) throw new ArchiveError('E_CERT_INVALID', { person });
    return { person, tokens: [token], token, certificateSerial, certificate };
  }

  const statement = (event: 'propose' | 'approve' | 'reject', proposal: Proposal | OrdinaryProposal, by: { readonly person: string; readonly certificateSerial: string }, opinion: string, writtenRecordNo: string | null): string =>
    ('type' in proposal ? eventStatement : ordinaryStatement)(event, proposal as never, by, opinion, event === 'approve' ? writtenRecordNo : null);

  async function signing(tx: Tx, call: Call, input: { readonly opinion: string; readonly signature: string }): Promise<{ readonly signed: Signed; readonly holder: Holder; readonly verify: VerifySignature }> {
    const by = await signer(tx, call.person);
    const at = clock.now();
    return {
      signed: { person: by.person, token: by.token, certificateSerial: by.certificateSerial, signature: input.signature, at, opinion: input.opinion },
      holder: { person: by.person, tokens: by.tokens }, verify: parts.verifierFor(by.certificate, at),
    };
  }

  async function ground(tx: Tx, verify: VerifySignature): Promise<Ground> {
    return { systemLevel, unit: await unitOf(tx), policy, today: clock.today(), verify };
  }

  /** @throws ArchiveError `E_CLS_AUTHORITY_EXCEEDED` for who is no 定密责任人, or no longer */
  async function decidingGround(tx: Tx, person: string, verify: VerifySignature): Promise<AuthorityGround> {
    const authority = authorityOf(await tx.authorities.all(), person, clock.today());
    if (authority === undefined || !isInOffice(authority, clock.today())) throw new ArchiveError('E_CLS_AUTHORITY_EXCEEDED', { by: person, why: 'not in office' });
    return { ...(await ground(tx, verify)), authority };
  }

  /** Whom the matter itself may be shown to while it is decided: the scope it proposes, who drew it up, and who may decide it. */
  async function openScope(tx: Tx, proposal: { readonly scope: Scope }, person: string) {
    const deciders = inOffice(await tx.authorities.all(), clock.today()).map((one) => one.person);
    return union([proposal.scope, scopeOf({ persons: [person, ...deciders] })]);
  }

  async function stored(tx: Tx, id: string): Promise<StoredMatter> {
    const matter = await tx.matters.get(id);
    if (!matter) throw new ArchiveError('E_NOT_FOUND');
    return matter;
  }

  const recordsOfMatter = async (tx: Tx, it: Matter): Promise<readonly StoredRecord[]> => {
    const records = await Promise.all(it.proposal.recordIds.map(async (id) => tx.records.get(id)));
    return records.filter((record) => record !== undefined);
  };

  async function checksOf(tx: Tx, proposal: Proposal | OrdinaryProposal, proposer: Holder, decider: Holder | null) {
    const authorities = await tx.authorities.all();
    return formChecks(proposal, {
      systemLevel, unit: await unitOf(tx), authorities, proposer, today: clock.today(),
      decider: decider === null ? null : { ...decider, authority: authorityOf(authorities, decider.person, clock.today()) },
      named: await Promise.all(proposal.scope.persons.map(async (id) => tx.people.get(id))),
    });
  }

  /** What a proposal must satisfy before it is signed, beyond the pure rules: the unit's cap and the clearance of whoever is named. */
  async function checkForm(people: SecrecyTx['people'], proposal: Proposal | OrdinaryProposal, unit: UnitCaps): Promise<void> {
    if ('type' in proposal) {
      checkProposal(proposal, systemLevel, unit, policy);
      const cap = originalCap(unit, proposal.basis);
      if (proposal.type === 'original' && (cap === null || proposal.level > cap)) throw new ArchiveError('E_CLS_AUTHORITY_EXCEEDED', { id: proposal.id, why: 'unit' }, [{ at: '/draft/level', message: '本单位没有该密级的原始定密权，请先行保密并报有权机关确定' }]);
    }
    await checkNamed(people, proposal, clock.today());
  }

  /** 密审〔2026〕18号: the next number of the year; the person may write another. */
  const nextRecordNo = async (tx: Tx): Promise<string> => {
    const year = clock.today().slice(0, 4);
    let next = (await tx.matters.countWritten(year)) + 1;
    const no = (): string => `密审〔${year}〕${String(next)}号`;
    // An office may choose its own number, and a form may have taken one.
    while (await tx.matters.hasWrittenRecord(no()) || await tx.cases.numbered(no())) next += 1;
    return no();
  };

  return { unitOf, signer, statement, signing, ground, decidingGround, openScope, stored, recordsOfMatter, checksOf, checkForm, nextRecordNo };
}

export type Grounds = ReturnType<typeof groundsOf>;

/** What is to be mended on the form, as against what the person may not do. */
export const isFormFault = (error: unknown): error is ArchiveError =>
  error instanceof ArchiveError && /^E_(?:CLS_\w+|INPUT_INVALID|CLEARANCE_REQUIRED)$/.test(error.code);
