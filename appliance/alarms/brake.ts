import { ArchiveError } from '../../core/errors.js';
import type { Call } from '../../core/ports.js';
import { stopsOf } from '../../secrecy/alarms.js';
import type { Disposition, Stops } from '../../secrecy/alarms.js';

/** What open alarms stop. Asked at the decision point, before anything else is decided. */
export interface Brake {
  /** @throws ArchiveError `E_WRITES_STOPPED`, `E_SESSION_PAUSED`, `E_IMPORT_BLOCKED` */
  check(call: Pick<Call, 'person'>, act: string): void;
  /** The open alarms as they stand now. */
  set(open: Iterable<{ readonly disposition: Disposition; readonly subject: string }>): void;
  /** Stops writing at once, before the alarm is written down. */
  stopWrites(stopped: boolean): void;
  readonly stops: Stops;
}

/** @param writes whether an act changes business facts @param exempt capabilities that go on, so that the stop can be looked into and lifted */
export function openBrake(writes: (act: string) => boolean, exempt: ReadonlySet<string>): Brake {
  let stops = stopsOf([]);
  let atOnce = false;
  const capability = (act: string): string => act.split('.')[0] ?? '';
  return {
    check({ person }, act) {
      if (person === 'system') return;
      if (stops.paused.has(person) && capability(act) !== 'session') throw new ArchiveError('E_SESSION_PAUSED', { person });
      if (exempt.has(capability(act))) return;
      if ((stops.writes || atOnce) && writes(act)) throw new ArchiveError('E_WRITES_STOPPED', { act });
      if (stops.imports && capability(act) === 'capture' && writes(act)) throw new ArchiveError('E_IMPORT_BLOCKED', { act });
    },
    set(open) { stops = stopsOf(open); },
    stopWrites(stopped) { atOnce = stopped; },
    get stops() { return stops; },
  };
}
