import { ArchiveError } from '../../core/errors.js';
import type { Clock, Level } from '../../core/ports.js';
import type { SessionSignIn, SessionUnlock } from '../../policies/schemas/session.js';
import { parseCertificate } from '../crypto/certificate.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { Person } from '../store/repositories/people.js';

/** What is signed to sign in: the words, the box, the account and the challenge, each on its line, so that it is good for nothing else. */
export const signInMessage = (box: string, account: string, challenge: string): string => `shouzang sign-in\n${box}\n${account}\n${challenge}\n`;

const LIVES_MS = 120_000;
const MOST = 10_000;

export interface Challenges {
  /** 32 random bytes, base64url, good once and for two minutes. Made for any account, known or not. */
  make(account: string): string;
  /** @throws ArchiveError E_LOGIN_FAILED when it was not made for this account, was used, or is too old */
  take(account: string, challenge: string): void;
}

export function challengesWith(crypto: CryptoProvider, clock: Clock): Challenges {
  const open = new Map<string, { account: string; until: number }>();
  return {
    make(account) {
      const now = Date.parse(clock.now());
      for (const [key, { until }] of open) if (until < now || open.size >= MOST) open.delete(key);
      const challenge = Buffer.from(crypto.random(32)).toString('base64url');
      open.set(challenge, { account, until: now + LIVES_MS });
      return challenge;
    },
    take(account, challenge) {
      const found = open.get(challenge);
      open.delete(challenge);
      if (found?.account !== account || found.until < Date.parse(clock.now())) throw new ArchiveError('E_LOGIN_FAILED', { why: 'challenge' });
    },
  };
}

/** True when the person's registered certificate made this signature over the challenge and is valid today. */
export function signatureHolds(
  crypto: CryptoProvider, clock: Clock, box: string, person: Person, given: SessionSignIn | (SessionUnlock & { readonly account: string }),
): boolean {
  if (person.certificate === null) return false;
  const certificate = parseCertificate(person.certificate);
  const message = Buffer.from(signInMessage(box, given.account, given.challenge));
  if (!crypto.verify(message, Buffer.from(given.signature, 'base64url'), certificate.publicKey)) return false;
  const now = clock.now();
  // Told to who holds the key alone: anyone else would learn that the account exists.
  if (now < certificate.notBefore || now > certificate.notAfter) throw new ArchiveError('E_CERT_INVALID', { person: person.id });
  return true;
}

/** A new session begins at 内部 or below: the person raises it knowingly, and the banner shows it. */
export const firstLevel = (clearance: Level): Level => (clearance >= 1 ? 1 : 0);
