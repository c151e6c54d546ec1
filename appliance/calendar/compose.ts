import type { Box } from '../box.js';
import type { Policies } from '../policies.js';
import { deskService } from '../desk/service.js';
import { composeRegisters } from '../registers/compose.js';
import type { ServerCall } from '../call.js';
import { calendarService } from './service.js';

export interface CalendarComposition {
  readonly nameOf: (person: string) => Promise<string>;
  readonly dutyName: (duty: string) => string;
  /** 到期台: how many of each kind wait among what the person may see. */
  readonly marks: (call: ServerCall) => Promise<Readonly<Record<string, number>>>;
}

/** 组织与制度, 法定日历 and 工作台: what is registered, what is due, and what of it waits for this person. */
export function composeCalendar(box: Box, { nameOf, dutyName, marks }: CalendarComposition) {
  const { registers } = composeRegisters(box, { nameOf, dutyName });
  const calendar = calendarService({ box, registers, dutyName });
  return { registers, calendar, desk: deskService({ store: box.store, gate: box.gate, clock: box.clock, calendar, marks }) };
}

/** Names of duties, acts and terms as the policies have them; a key nobody named stands for itself. */
export function wordsOf(policies: Policies) {
  const duties = new Map<string, string>(policies.content('duties.json').duties.map(({ key, name }) => [key, name]));
  const acts = new Map<string, string>(policies.content('acts.json').acts.map(({ act, name }) => [act, name]));
  const terms = new Map(policies.content('dictionaries.json').dictionaries.flatMap(({ id, terms: its }) => its.map(({ key, label }) => [`${id}/${key}`, label] as const)));
  return { dutyName: (key: string) => duties.get(key) ?? key, actName: (act: string) => acts.get(act) ?? act, word: (dictionary: string, key: string) => terms.get(`${dictionary}/${key}`) ?? key };
}
