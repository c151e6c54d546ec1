import { ArchiveError } from '../../core/errors.js';
import type { Call, Clock, Level, ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { SessionChangePassword, SessionChallenge, SessionSignIn, SessionSwitchLevel, SessionUnlock } from '../../policies/schemas/session.js';
import { afterFailure, checkLock, checkPassword } from '../../secrecy/password-pack.js';
import type { PasswordPack } from '../../secrecy/password-pack.js';
import type { AccessGate } from '../access/gate.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { ServerCall, SessionView } from '../call.js';
import type { PeopleRepository, Person } from '../store/repositories/people.js';
import type { SessionRepository } from '../store/repositories/sessions.js';
import type { Terminal, TerminalRepository } from '../store/repositories/terminals.js';
import { clearanceToday } from '../../secrecy/personnel.js';
import type { Passwords } from './passwords.js';
import type { SessionKeeper } from './sessions.js';
import { firstLevel, signatureHolds } from './sign-in.js';
import type { Challenges } from './sign-in.js';
import { checkBound, provenTerminal } from './terminal-service.js';

type Identity = { readonly people: PeopleRepository; readonly sessions: SessionRepository; readonly terminals: TerminalRepository };

export interface SessionServiceParts {
  readonly store: UnitOfWork<Identity & WriteTools, Identity & ReadTools>;
  readonly gate: AccessGate;
  readonly crypto: CryptoProvider;
  readonly clock: Clock;
  readonly keeper: SessionKeeper;
  readonly challenges: Challenges;
  readonly passwords: Passwords;
  /** 口令与会话策略包 of the box's level. The key is always asked for, the password beside it. */
  readonly pack: () => PasswordPack;
  readonly terminalRequired: () => Promise<boolean>;
  readonly boxSerial: string;
}

/** 登录与会话. Signing in is by SM2 key, and by password too where the pack asks for it. */
export function sessionService(parts: SessionServiceParts) {
  const { store, clock, keeper, challenges, passwords, crypto, gate } = parts;

  /** One answer for a wrong account, password, signature and certificate alike. */
  const failed = (why: string, person?: Person): ArchiveError => new ArchiveError('E_LOGIN_FAILED', { why, ...(person ? { person: person.id } : {}) });

  async function countFailure(call: Call, person: Person): Promise<void> {
    await store.write({ ...call, person: person.id }, async (tx) => {
      await tx.allow(undefined, 'session.sign-in');
      const now = await tx.people.get(person.id);
      if (!now) return;
      const lock = afterFailure(now, clock.now(), parts.pack());
      await tx.people.save({ ...now, ...lock }, now.version);
      tx.audit({ action: 'session.sign-in', object: person.id, objectType: 'person', result: 'refused', reason: lock.lockedUntil === null ? 'E_LOGIN_FAILED' : 'E_ACCOUNT_LOCKED', detail: { failures: lock.failures } });
    });
  }

  /** Before anyone is known: where somebody sits says nothing of who they are. */
  async function terminalOf(call: Call, input: SessionSignIn): Promise<Terminal | null> {
    const required = await parts.terminalRequired();
    const { terminal: proof } = input;
    const found = proof === undefined ? undefined : await store.read({ ...call, person: 'anonymous' }, async (tx) => { await tx.allow(); return tx.terminals.byNo(proof.no); });
    return provenTerminal({ crypto, box: parts.boxSerial, required }, found, proof, input.challenge);
  }

  async function identify(call: Call, input: SessionSignIn): Promise<Person> {
    const person = await store.read({ ...call, person: 'anonymous' }, async (tx) => { await tx.allow(); return tx.people.byAccount(input.account); });
    const passwordHolds = await passwords.matches(input.password ?? '', person?.passwordHash ?? undefined);
    if (person === undefined) throw failed('account');
    if (person.status !== 'active') throw failed('status', person);
    const signed = signatureHolds(crypto, clock, parts.boxSerial, person, input);
    // That an account is locked is told to who holds its key alone: anyone else would learn that it exists. The password is not
    // weighed meanwhile, so a locked account answers no guesses.
    if (!signed && person.lockedUntil !== null && clock.now() < person.lockedUntil) throw failed('locked', person);
    checkLock(person, clock.now());
    if (!signed || !passwordHolds) {
      await countFailure(call, person);
      throw failed(signed ? 'password' : 'signature', person);
    }
    return person;
  }

  const own = (call: ServerCall): SessionView => {
    if (!call.session) throw new ArchiveError('E_SESSION_REQUIRED');
    return call.session;
  };

  return {
    async challenge(_call: ServerCall, input: SessionChallenge) {
      return Promise.resolve({ challenge: challenges.make(input.account), passwordRequired: true, box: parts.boxSerial });
    },

    async signIn(call: ServerCall, input: SessionSignIn) {
      challenges.take(input.account, input.challenge);
      const terminal = await terminalOf(call, input);
      const person = await identify(call, input);
      checkBound(terminal, person);
      const cleared = clearanceToday(person.clearance, person.clearanceUntil, clock.today());
      const first = firstLevel(terminal === null || terminal.level > cleared ? cleared : terminal.level);
      const minted = keeper.mint(person.id, first, terminal?.no ?? call.ip, terminal?.id ?? null);
      await store.write({ ...call, person: person.id }, async (tx) => {
        await tx.allow();
        const now = await tx.people.get(person.id);
        if (now?.status !== 'active') throw failed('status', person);
        await tx.people.save({ ...now, failures: 0, lockedUntil: null, lastSignIn: clock.now() }, now.version);
        // One browser, one session: what it held before ends here.
        if (call.session) await tx.sessions.end(call.session.id, clock.now());
        await tx.sessions.add(minted.row);
        tx.audit({ action: 'session.sign-in', object: person.id, objectType: 'person', detail: { session: minted.row.id.slice(0, 12), ...(terminal === null ? {} : { terminal: terminal.id }) } });
      });
      call.reply.setSession(minted.token);
      return { person: person.id };
    },

    async signOut(call: ServerCall) {
      const session = own(call);
      await store.write(call, async (tx) => {
        await tx.allow();
        await tx.sessions.end(session.id, clock.now());
        tx.audit({ action: call.act, object: session.person, objectType: 'person' });
      });
      keeper.forget(session.id);
      call.reply.setSession(null);
      return {};
    },

    async lock(call: ServerCall) {
      const session = own(call);
      await store.write(call, async (tx) => {
        await tx.allow();
        await tx.sessions.setLocked(session.id, true);
        tx.audit({ action: call.act, object: session.person, objectType: 'person' });
      });
      return {};
    },

    async unlock(call: ServerCall, input: SessionUnlock) {
      const session = own(call);
      const person = await store.read(call, async (tx) => { await tx.allow(); return tx.people.get(session.person); });
      if (!person) throw new ArchiveError('E_SESSION_EXPIRED');
      challenges.take(person.account, input.challenge);
      if (!signatureHolds(crypto, clock, parts.boxSerial, person, { ...input, account: person.account })) {
        await countFailure(call, person);
        throw failed('signature', person);
      }
      await store.write(call, async (tx) => {
        await tx.allow();
        await tx.sessions.setLocked(session.id, false);
        await tx.sessions.seen(session.id, clock.now());
        tx.audit({ action: call.act, object: session.person, objectType: 'person' });
      });
      return {};
    },

    /** 切换会话密级: at most the clearance; everything shown before must go, which the console does on the answer. */
    async switchLevel(call: ServerCall, input: SessionSwitchLevel) {
      const session = own(call);
      const who = await gate.subjectOf(call);
      if (input.level > who.clearance) throw new ArchiveError('E_CLEARANCE_REQUIRED', { level: input.level });
      if (input.level > who.terminal.level) throw new ArchiveError('E_DEVICE_LEVEL', { level: input.level, terminal: who.terminal.level });
      await store.write(call, async (tx) => {
        await tx.allow();
        await tx.sessions.setLevel(session.id, input.level as Level);
        tx.audit({ action: call.act, object: session.person, objectType: 'person', detail: { from: session.currentLevel, to: input.level } });
      });
      return { currentLevel: input.level };
    },

    async changePassword(call: ServerCall, input: SessionChangePassword) {
      const session = own(call);
      const person = await store.read(call, async (tx) => { await tx.allow(); return tx.people.get(session.person); });
      if (!person) throw failed('account');
      checkLock(person, clock.now());
      if (!(await passwords.matches(input.current, person.passwordHash ?? undefined))) {
        await countFailure(call, person);
        throw failed('password', person);
      }
      const pack = parts.pack();
      const past = await store.read(call, async (tx) => { await tx.allow(); return tx.people.pastPasswords(person.id, pack.historyDepth); });
      let usedBefore = await passwords.matches(input.next, person.passwordHash ?? undefined);
      for (const hash of past) usedBefore = usedBefore || (await passwords.matches(input.next, hash));
      checkPassword(input.next, person.account, usedBefore, 'token', pack);
      const hash = await passwords.hash(input.next);
      await store.write(call, async (tx) => {
        await tx.allow();
        await tx.people.save({ ...person, passwordHash: hash, passwordAt: clock.now(), mustChange: false, failures: 0 }, person.version);
        if (person.passwordHash !== null) await tx.people.rememberPassword(person.id, person.passwordHash, clock.now());
        const ended = await tx.sessions.endAll(person.id, clock.now(), session.id);
        tx.audit({ action: call.act, object: person.id, objectType: 'person', detail: { sessions: ended } });
      });
      return {};
    },
  };
}
