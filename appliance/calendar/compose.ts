import type { Box } from '../box.js';
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
