/** 演练: the box hands out its rehearsal people with key file and PIN. A real box has no such route and answers 404. */
import { read } from './api.js';
import { keyFileFrom, keyFileOf, remember } from './signing/signer.js';
import { session } from './session.js';

export interface RehearsalPerson {
  readonly account: string;
  readonly name: string;
  readonly position: string;
  readonly department: string;
  readonly clearance: number;
  readonly duties: readonly string[];
  readonly keyFile: string;
  readonly pin: string;
  readonly password: string;
}

let people: readonly RehearsalPerson[] | null = null;

export async function rehearsalPeople(): Promise<readonly RehearsalPerson[]> {
  if (!session.value?.rehearsal) return [];
  people ??= (await read<{ people: readonly RehearsalPerson[] }>('rehearsal.people', {}, { passive: true })).people;
  return people;
}

/** After a reload the remembered key files are gone; in rehearsal they are fetched again. @returns the PIN to show as a hint */
export async function rehearsalPin(account: string): Promise<string | null> {
  const one = (await rehearsalPeople().catch(() => [])).find((each) => each.account === account);
  if (one && !keyFileOf(account)) remember(account, keyFileFrom(`${one.name}.json`, one.keyFile));
  return one?.pin ?? null;
}
