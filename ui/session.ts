/** Who sits here, on which box, at which level. Everything a page may try comes from the server; nothing is decided here. */
import { computed, reactive, readonly, shallowRef } from 'vue';
import { Problem, read, useCsrf, whenActive, whenRefusedSession, write } from './api.js';
import { highestMark, type Level, type Marked } from './levels.js';

export interface Duty { readonly key: string; readonly name: string; readonly fonds: string }

export interface Person {
  readonly id: string;
  readonly account: string;
  readonly name: string;
  readonly position: string;
  readonly department: string;
  readonly departmentName: string;
  readonly duties: readonly Duty[];
  readonly clearance: Level;
  readonly currentLevel: Level;
  readonly mustChangePassword: boolean;
}

export interface SessionState {
  readonly signedIn: boolean;
  readonly mode: 'unit' | 'repository';
  readonly rehearsal: boolean;
  readonly systemLevel: Level;
  /** False: 系统审查 is not registered or has ended, and no state secret may be taken in. */
  readonly accredited: boolean;
  readonly unitName: string;
  readonly fonds: string;
  readonly regulation: string;
  readonly checkpoint: { readonly size: number; readonly at: string } | null;
  readonly csrfToken?: string;
  readonly person?: Person;
  readonly abilities: readonly string[];
  readonly idleSeconds: number;
  readonly absoluteUntil?: string | null;
  readonly boxState: 'locked' | 'unlocked';
  readonly locked?: boolean;
  /** 终端密级 of a registered terminal; null at none. */
  readonly terminalLevel?: Level | null;
  /** Calendar day of the box in +08:00. */
  readonly today?: string;
}

const current = shallowRef<SessionState | null>(null);
const shown = shallowRef<readonly Marked[]>([]);
const frame = reactive({ locked: false, unreachable: null as Problem | null, lastActive: 0 });

export const session = readonly(current);
export const frameState = frame;
export const person = computed(() => current.value?.person ?? null);
export const fonds = computed(() => current.value?.fonds ?? '');

/** The mark of the page: the highest level it shows, and 内部 when it shows no record at all. */
export const pageMark = computed<Marked>(() => highestMark(shown.value) ?? { level: current.value?.signedIn ? 1 : 0 });
/** Pages call this with every marked thing they show; an empty list puts the banner back. */
export const showMarks = (marks: readonly Marked[]): void => { shown.value = marks; };

/** Whether this person may try the act at all. What a certain object allows is asked with `access.explain`. */
export const may = (act: string): boolean => current.value?.abilities.includes(act) ?? false;

export async function loadSession(): Promise<SessionState | null> {
  try {
    const state = await read<SessionState>('session.current', {}, { passive: true });
    // A locked session has no abilities; the page behind the lock keeps what it had.
    current.value = state.locked && current.value?.person?.id === state.person?.id ? { ...state, abilities: current.value?.abilities ?? [] } : state;
    frame.unreachable = null;
    frame.locked = state.locked ?? false;
    useCsrf(state.csrfToken ?? '');
  } catch (cause) {
    frame.unreachable = cause instanceof Problem ? cause : null;
  }
  return current.value;
}

export interface Proof { readonly challenge: string; readonly signature: string }

export const askChallenge = (account: string): Promise<{ challenge: string; passwordRequired: boolean; box: string }> =>
  write('session.challenge', { account });

export async function signIn(account: string, proof: Proof, password: string, terminal: { readonly no: string; readonly signature: string } | null): Promise<void> {
  await write('session.sign-in', { account, ...proof, ...(password ? { password } : {}), ...(terminal ? { terminal } : {}) });
  await loadSession();
  frame.lastActive = Date.now();
}

export async function unlock(proof: Proof): Promise<void> {
  await write('session.unlock', proof);
  await loadSession();
  frame.locked = false;
  frame.lastActive = Date.now();
}

/** The overlay comes first: what is on the page must be hidden even if the box does not answer. */
export async function lock(): Promise<void> {
  frame.locked = true;
  await write('session.lock');
}

export async function signOut(): Promise<void> {
  await write('session.sign-out');
  showMarks([]);
  frame.locked = false;
  await loadSession();
}

/** What was shown at another level goes: pages are made anew (app.vue), and what the frame remembers is forgotten here. */
export async function switchLevel(level: Level): Promise<void> {
  await write('session.switch-level', { level });
  showMarks([]);
  await loadSession();
}

whenActive(() => { frame.lastActive = Date.now(); });
/** Gone or locked: the box says which. */
whenRefusedSession(() => { if (current.value?.signedIn) void loadSession(); });
