import type { Level } from '../../core/ports.js';

/** What a request needs to know of the session it came in. The subject for decisions is made from it by the gate. */
export interface SessionView {
  /** Hex SM3 of the cookie's token: the token itself is never stored. */
  readonly id: string;
  readonly person: string;
  readonly csrf: string;
  /** 会话密级: what the person works at now, at most the clearance. */
  readonly currentLevel: Level;
  /** Locked by the person or by idleness: only unlock and sign-out are taken. */
  readonly locked: boolean;
  /** Set when the pack asks for a new password before anything else. */
  readonly mustChangePassword: boolean;
  /** When the session ends whatever is done. */
  readonly absoluteUntil: string;
  /** Duties in force, in the order they were granted. */
  readonly duties: readonly string[];
  readonly terminal: string;
  /** 终端密级 of the registered terminal that the session was opened at; `null`: at none. */
  readonly terminalLevel: Level | null;
}

/** Finds the live session of a cookie token and notes that it was used. */
export interface Sessions {
  /** @throws ArchiveError E_SESSION_EXPIRED when idle or absolute time ran out */
  resume(token: string): Promise<SessionView | undefined>;
}

/** Acts that a locked session may still do, and one that must change its password. */
export const WHEN_LOCKED: ReadonlySet<string> = new Set(['session.current', 'session.unlock', 'session.sign-out', 'session.challenge']);
export const WHEN_EXPIRED: ReadonlySet<string> = new Set(['session.current', 'session.change-password', 'session.sign-out']);
