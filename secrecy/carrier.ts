import { ArchiveError } from '../core/errors.js';
import type { CalendarDate, Instant } from '../core/ports.js';
import { highest, isSecret, type Level } from './level.js';
import type { Step } from './step.js';

/** 涉密载体: paper, disc, disk, solid state, tape, film. Every state carries only the facts it has (design §2). */
interface Common {
  readonly id: string;
  readonly no: string;
  /** 密级上限: nothing above it is put on the carrier. */
  readonly cap: Level;
  /** The level it was registered with: contents never take it below. */
  readonly own: Level;
  readonly level: Level;
  /** 曾存最高密级: only rises, and rules how the carrier ends. */
  readonly maxLevelEver: Level;
}
export interface Registered extends Common { readonly state: 'registered' }
/** 借出: in the hands of one person of the unit, back by a day. */
export interface InUse extends Common { readonly state: 'in_use'; readonly holder: string; readonly dueOn: CalendarDate }
export interface InCustody extends Common { readonly state: 'in_custody'; readonly place: string; readonly custodian: string }
/** 携带外出: on the road under an approval. */
export interface InTransit extends Common { readonly state: 'in_transit'; readonly holder: string; readonly destination: string; readonly escorts: readonly string[]; readonly dueOn: CalendarDate; readonly approval: string }
/** 清退: given back to the body it came from. */
export interface Returned extends Common { readonly state: 'returned'; readonly receiver: string; readonly receipt: string }
export interface Lost extends Common { readonly state: 'lost'; readonly lostAt: Instant; readonly reportBy: Instant; readonly report: LossReport | null }
export interface PendingDestruction extends Common { readonly state: 'pending_destruction'; readonly place: string; readonly since: CalendarDate }
export interface Destroyed extends Common { readonly state: 'destroyed'; readonly certificate: string; readonly witnesses: readonly string[] }
export interface LossReport { readonly to: string; readonly no: string; readonly at: Instant }

export type Carrier = Registered | InUse | InCustody | InTransit | Returned | Lost | PendingDestruction | Destroyed;
export type CarrierState = Carrier['state'];

export type CarrierEvent =
  | { readonly kind: 'file'; readonly place: string; readonly custodian: string }
  | { readonly kind: 'lend'; readonly holder: string; readonly dueOn: CalendarDate }
  | { readonly kind: 'return'; readonly place: string; readonly custodian: string }
  | { readonly kind: 'carry-out'; readonly holder: string; readonly destination: string; readonly escorts: readonly string[]; readonly dueOn: CalendarDate; readonly approval: string }
  | { readonly kind: 'arrive'; readonly place: string; readonly custodian: string }
  | { readonly kind: 'give-back'; readonly receiver: string; readonly receipt: string }
  | { readonly kind: 'lose'; readonly at: Instant; readonly reportBy: Instant }
  | { readonly kind: 'report'; readonly to: string; readonly no: string; readonly at: Instant }
  | { readonly kind: 'find'; readonly place: string; readonly custodian: string }
  | { readonly kind: 'condemn'; readonly place: string; readonly since: CalendarDate }
  /** 撤销待销, back into custody. */
  | { readonly kind: 'spare'; readonly place: string; readonly custodian: string }
  | { readonly kind: 'destroy'; readonly certificate: string; readonly witnesses: readonly string[] };
export type CarrierEventKind = CarrierEvent['kind'];

/** Every state × event that is possible; what is not here is refused. Lost carriers are found before they end in any other way. */
export const CARRIER_STEPS: Readonly<Record<CarrierState, Partial<Record<CarrierEventKind, CarrierState>>>> = {
  registered: { file: 'in_custody', lend: 'in_use', lose: 'lost', condemn: 'pending_destruction' },
  in_use: { return: 'in_custody', 'carry-out': 'in_transit', lose: 'lost' },
  in_custody: { file: 'in_custody', lend: 'in_use', 'carry-out': 'in_transit', 'give-back': 'returned', lose: 'lost', condemn: 'pending_destruction' },
  in_transit: { arrive: 'in_custody', 'give-back': 'returned', lose: 'lost' },
  returned: {},
  lost: { report: 'lost', find: 'in_custody' },
  pending_destruction: { lose: 'lost', spare: 'in_custody', destroy: 'destroyed' },
  destroyed: {},
};

/** 绝密级载体: two people or more travel with it. 为本产品默认 */
const TOP_SECRET_ESCORTS = 2;
/** 监销 (保密法实施条例(2024)第二十八条); 两人在场为本产品默认. */
const WITNESSES = 2;

/**
 * 流转. Levels are no business of an event: whatever happens to a carrier, it stays what it was.
 * @throws ArchiveError `E_STATE_INVALID`, `E_APPROVAL_REQUIRED` (外出未经批准), `E_HANDOVER_TWO_PERSON`, `E_DESTROY_TWO_PERSON`
 */
export function moveCarrier(it: Carrier, event: CarrierEvent, action = 'carrier.move'): Step<Carrier> {
  const to = CARRIER_STEPS[it.state][event.kind];
  if (to === undefined) throw new ArchiveError('E_STATE_INVALID', { state: it.state, event: event.kind });
  return { next: arrived(it, event), audit: { action, object: it.id, objectType: 'carrier', objectLevel: it.level, detail: { from: it.state, to, event: event.kind } } };
}

function arrived(it: Carrier, event: CarrierEvent): Carrier {
  const { id, no, cap, own, level, maxLevelEver } = it;
  const common: Common = { id, no, cap, own, level, maxLevelEver };
  switch (event.kind) {
    case 'file': case 'return': case 'arrive': case 'find': case 'spare': return { ...common, state: 'in_custody', place: event.place, custodian: event.custodian };
    case 'lend': return { ...common, state: 'in_use', holder: event.holder, dueOn: event.dueOn };
    case 'carry-out': {
      if (event.approval === '') throw new ArchiveError('E_APPROVAL_REQUIRED', { carrier: id });
      const people = new Set([event.holder, ...event.escorts]);
      if (level === 4 && people.size < TOP_SECRET_ESCORTS) throw new ArchiveError('E_HANDOVER_TWO_PERSON', { carrier: id });
      return { ...common, state: 'in_transit', holder: event.holder, destination: event.destination, escorts: event.escorts, dueOn: event.dueOn, approval: event.approval };
    }
    case 'give-back': return { ...common, state: 'returned', receiver: event.receiver, receipt: event.receipt };
    case 'lose': return { ...common, state: 'lost', lostAt: event.at, reportBy: event.reportBy, report: null };
    case 'report': return it.state === 'lost' ? { ...it, report: { to: event.to, no: event.no, at: event.at } } : it;
    case 'condemn': return { ...common, state: 'pending_destruction', place: event.place, since: event.since };
    case 'destroy': {
      if (new Set(event.witnesses).size < WITNESSES) throw new ArchiveError('E_DESTROY_TWO_PERSON', { carrier: id });
      return { ...common, state: 'destroyed', certificate: event.certificate, witnesses: event.witnesses };
    }
  }
}

/** A carrier as it is entered. @throws ArchiveError `E_DEVICE_LEVEL` where its level is above its own cap */
export function registerCarrier(it: { readonly id: string; readonly no: string; readonly cap: Level; readonly level: Level }): Registered {
  if (it.level > it.cap) throw new ArchiveError('E_DEVICE_LEVEL', { carrier: it.id, level: it.level, cap: it.cap });
  return { id: it.id, no: it.no, cap: it.cap, own: it.level, level: it.level, maxLevelEver: it.level, state: 'registered' };
}

/** Something of this level is to be put on it. @throws ArchiveError `E_STATE_INVALID`, `E_DEVICE_LEVEL` above its cap */
export function loadCarrier<T extends Carrier>(it: T, level: Level): T {
  if (!['registered', 'in_use', 'in_custody'].includes(it.state)) throw new ArchiveError('E_STATE_INVALID', { state: it.state, event: 'load' });
  if (level > it.cap) throw new ArchiveError('E_DEVICE_LEVEL', { carrier: it.id, level, cap: it.cap });
  return relevelCarrier(it, highest([level, it.level]));
}

/**
 * The level that its contents now give it: up at once, also beyond the cap (what is marked higher later is there already); down only
 * as far as a secret once carried allows. 任何状态都不得「注销为非涉密」 (本产品决定).
 */
export function relevelCarrier<T extends Carrier>(it: T, level: Level): T {
  const next = highest([level, it.own, isSecret(it.maxLevelEver) ? 2 : 0]);
  return { ...it, level: next, maxLevelEver: highest([next, it.maxLevelEver]) };
}

/** 盘点: what ought to be at the places looked at, against what was scanned there. */
export interface Expected { readonly no: string; readonly place: string | null; readonly state: CarrierState }
export interface Scanned { readonly no: string; readonly place: string | null }
export interface Differences { readonly present: readonly string[]; readonly missing: readonly string[]; readonly unexpected: readonly string[]; readonly misplaced: readonly { readonly no: string; readonly place: string | null; readonly found: string }[] }

/**
 * Differences of an inventory. A number that the register does not show, or that ought to be elsewhere (lent, given back, destroyed), is
 * unexpected: whether there is such a carrier at all is not told. Each number counts once.
 */
export function inventory(expected: readonly Expected[], scanned: readonly Scanned[]): Differences {
  const ought = new Map(expected.filter(({ state }) => state === 'registered' || state === 'in_custody' || state === 'pending_destruction').map((one) => [one.no, one]));
  const seen = new Map(scanned.map((one) => [one.no, one]));
  const present = [...seen.keys()].filter((no) => ought.has(no)).sort();
  const misplaced = present.flatMap((no) => {
    const [there, found] = [ought.get(no)?.place ?? null, seen.get(no)?.place ?? null];
    return found === null || found === there ? [] : [{ no, place: there, found }];
  });
  return { present, missing: [...ought.keys()].filter((no) => !seen.has(no)).sort(), unexpected: [...seen.keys()].filter((no) => !ought.has(no)).sort(), misplaced };
}
