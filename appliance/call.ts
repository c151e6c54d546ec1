import type { Readable } from 'node:stream';
import type { Call, Level } from '../core/ports.js';

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

/** A call that came in over HTTP, with the session behind it. */
export interface ServerCall extends Call {
  /** `undefined` on open routes only. */
  readonly session: SessionView | undefined;
  /** Address of the peer, for the ledger's terminal. */
  readonly ip: string;
  /** Cookie and header changes that sign-in and sign-out make. */
  readonly reply: { setSession(token: string | null): void };
}

/** Bytes instead of JSON: page pictures, reports, exports. */
export interface Bytes {
  readonly kind: 'bytes';
  readonly type: string;
  readonly body: Buffer | Readable;
  /** Offered as a download under this name when given; inline otherwise. */
  readonly fileName?: string;
  /** Extra headers, e.g. `X-Trace-Code`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export const bytes = (type: string, body: Buffer | Readable, more: Pick<Bytes, 'fileName' | 'headers'> = {}): Bytes =>
  ({ kind: 'bytes', type, body, ...more });
