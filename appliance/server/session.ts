/** Acts that a locked session may still do, and one that must change its password. */
export const WHEN_LOCKED: ReadonlySet<string> = new Set(['session.current', 'session.unlock', 'session.sign-out', 'session.challenge']);
export const WHEN_EXPIRED: ReadonlySet<string> = new Set(['session.current', 'session.change-password', 'session.sign-out']);
