import { ArchiveError } from '../../core/errors.js';
import type { Call, ReadTools, WriteTools } from '../../core/ports.js';
import { checkPassword, packFor } from '../../secrecy/password-pack.js';
import { approvalService } from '../../secrecy/services/approvals.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { Box } from '../box.js';
import { verifyChain } from '../crypto/certificate-chain.js';
import { parseCertificate } from '../crypto/certificate.js';
import { requireTraining } from '../registers/duties.js';
import type { Repositories } from '../store/repositories/index.js';
import { ensureBoxTerminal } from './box-terminal.js';
import { emergencyService } from './emergency-service.js';
import { grantService } from './grant-service.js';
import { HAND_BACK_SOURCES } from './leave.js';
import type { HandBackSource } from './leave.js';
import { policyService } from './pack-keeper.js';
import type { Passwords } from './passwords.js';
import { personService } from './person-service.js';
import { personnelService } from './personnel-service.js';
import { disableUnused } from './round.js';
import { sessionService } from './session-service.js';
import { sessionKeeper } from './sessions.js';
import { challengesWith } from './sign-in.js';
import { terminalService } from './terminal-service.js';

export interface IdentityParts {
  readonly box: Box;
  readonly passwords: Passwords;
  readonly dutyName: (duty: string) => string;
  readonly nameOf: (person: string) => Promise<string>;
  readonly verifierFor: (certificate: string, at: string) => VerifySignature;
  /** SM3 of a text, hex. */
  readonly digest: (text: string) => string;
}

/** People, their duties, sessions, terminals and approvals: everything that says who does what here. */
export function identityServices({ box, passwords, dutyName, nameOf, verifierFor, digest }: IdentityParts) {
  const { clock, ids, store, gate, policies, profile, crypto, pack } = box;
  const policy = policies.content('people.json');
  const duties = new Map(policies.content('duties.json').duties.map((duty) => [duty.key, duty]));
  const subjectOf = async (call: Call) => gate.subjectOf(call);
  /** 审批: what needs several people asks and is carried out through here. */
  const approvals = approvalService<Repositories & WriteTools, Repositories & ReadTools>({
    store, clock, ids, policy: policies.content('approvals.json'), subjectOf, dutyName, nameOf, verifierFor, digest,
  });
  const keeper = sessionKeeper({
    crypto, clock, sealing: box.sealing, reader: box.reader, housekeep: async (work) => store.housekeep(work), limits: { pack: () => pack.current(), passwordsAge: !profile.rehearsal },
  });
  const sources: HandBackSource[] = [
    ...HAND_BACK_SOURCES,
    async (_tx, person) => Promise.resolve(box.keys.heldShares.filter(({ holder }) => holder === person.account).map(({ index }) => ({ kind: 'key-share', ref: String(index), text: '根密钥分量，收回并重新分发' }))),
  ];
  const emergency = emergencyService({ store, clock, ids, policy: policy.emergency, systemLevel: profile.systemLevel, subjectOf, nameOf, approvals });
  const unused = disableUnused({ store, clock, pack: () => pack.current(), rehearsal: profile.rehearsal });
  return {
    approvals, keeper, emergency,
    session: sessionService({
      store, gate, crypto, clock, keeper, challenges: challengesWith(crypto, clock), passwords, pack: () => pack.current(), terminalRequired: box.terminalRequired, boxSerial: box.identity.serial,
    }),
    grants: grantService({ store, clock, ids, policy, approvals, conflicts: box.access.conflicts, duties, requireTraining: async (tx, person, duty) => requireTraining(policies.content('registers.json'), tx, person, duty, clock.today()) }),
    person: personService({
      store, clock, ids, approvals, passwords, policy, systemLevel: profile.systemLevel, duties,
      checkPassword: (password, account) => { checkPassword(password, account, false, 'token', pack.current()); },
      checkCertificate(pem) {
        const certificate = parseCertificate(pem);
        const verdict = verifyChain(crypto, { chain: [certificate], anchors: [box.keys.identity.authority], at: clock.now(), usage: 'digitalSignature' });
        if (!verdict.valid) throw new ArchiveError('E_CERT_INVALID', { fault: verdict.fault });
        return certificate;
      },
    }),
    personnel: personnelService({ store, clock, ids, policy, sources, nameOf, dutyName, approvals }),
    terminal: terminalService({ store, clock, ids, systemLevel: profile.systemLevel, required: box.terminalRequired }),
    policy: policyService({ store, clock, keeper: pack, shipped: packFor(policies.content('passwords.json'), profile.systemLevel), rehearsal: profile.rehearsal, nameOf }),
    /** Hourly: the box as a terminal, approvals and emergencies past their time, accounts nobody uses. */
    async peopleRound(): Promise<void> {
      await ensureBoxTerminal(box);
      await approvals.lapse(box.systemCall('approval.lapse'));
      await emergency.close(box.systemCall('emergency.end'));
      await unused(box.systemCall('person.disable'));
    },
  };
}
