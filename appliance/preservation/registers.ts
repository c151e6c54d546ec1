/** 存储位置, 温湿度, 载体检测: what people enter, and what the box says of it. */
import { ArchiveError } from '../../core/errors.js';
import type { CalendarDate, Level } from '../../core/ports.js';
import { admitStorage, climateFaults, type StorageKind } from '../../core/preservation.js';
import { addMonths, dayAfter } from '../../core/backup-plan.js';
import type {
  PreservationCheckMedium, PreservationEnterReading, PreservationFile, PreservationLocations, PreservationMedia, PreservationReadings, PreservationRegisterLocation, PreservationRetireLocation,
} from '../../policies/schemas/preservation.js';
import type { AccessGate } from '../access/gate.js';
import type { Box } from '../box.js';
import type { ServerCall } from '../call.js';
import { localDay } from '../reports/document.js';
import { CARRIER_COLUMNS, carrierTarget } from '../store/repositories/carriers.js';
import { insert } from '../store/sql.js';
import type { Sql } from '../store/sql.js';
import type { PreservationRounds } from './rounds.js';

export interface RegisterParts {
  readonly box: Pick<Box, 'store' | 'clock' | 'ids' | 'reader'>;
  readonly gate: AccessGate;
  readonly policy: PreservationFile;
  readonly kindName: (kind: string) => string;
  readonly nameOf: (person: string) => Promise<string>;
  readonly open: PreservationRounds['open'];
}

interface LocationRow { id: string; name: string; kind: StorageKind; level: Level; responsibility_no: string | null; responsible_unit: string | null; registered_by: string; registered_at: string; retired_at: string | null }
interface ReadingRow { id: string; place: string; temperature: number; humidity: number; taken_at: string; faults: string; entered_by: string; entered_at: string }
interface MediumRow { id: string; kind: string; registered_at: string; last: string | null }
const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);
const MOST = 5000;
const HELD = "('registered','in_use','in_custody')";

export function preservationRegisters({ box, gate, policy, kindName, nameOf, open }: RegisterParts) {
  const { store, clock, ids, reader } = box;
  const dueOf = (row: MediumRow): CalendarDate | null => {
    const months = policy.media.months[row.kind];
    return months === undefined ? null : addMonths(row.last ?? localDay(row.registered_at), months);
  };
  const media = async (sql: Sql): Promise<readonly MediumRow[]> => sql.all<MediumRow>(`SELECT carrier.id, carrier.kind, carrier.registered_at, (SELECT max(checked_on) FROM medium_check WHERE medium_check.carrier = carrier.id) AS last FROM carrier WHERE state IN ${HELD}`);

  return {
    /** Any carrier in our hands past its check. */
    async mediaOverdue(): Promise<boolean> {
      return (await media(reader)).some((row) => { const due = dueOf(row); return due !== null && due < clock.today(); });
    },
    /** No reading of a place that was read before, within the interval. */
    async climateOverdue(): Promise<boolean> {
      const rows = await reader.all<{ last: string }>('SELECT max(taken_at) AS last FROM climate_reading GROUP BY place');
      return rows.some(({ last }) => dayAfter(localDay(last), policy.environment.intervalDays) < clock.today());
    },

    async locations(call: ServerCall, _input: PreservationLocations) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const rows = await tx.sql.all<LocationRow>('SELECT * FROM storage_location ORDER BY retired_at IS NOT NULL, registered_at DESC, id LIMIT 200');
        return {
          govCloudUpTo: policy.storage.govCloudUpTo,
          rows: await Promise.all(rows.map(async (row) => ({ id: row.id, name: row.name, kind: row.kind, level: row.level, responsibilityNo: row.responsibility_no, responsibleUnit: row.responsible_unit, registeredBy: await nameOf(row.registered_by), registeredAt: row.registered_at, retiredAt: row.retired_at }))),
        };
      });
    },

    async registerLocation(call: ServerCall, input: PreservationRegisterLocation) {
      return store.write(call, async (tx) => {
        await tx.allow();
        admitStorage({ kind: input.kind, level: input.level as Level, responsibilityNo: input.responsibilityNo ?? null }, policy.storage.govCloudUpTo);
        if ((await tx.sql.one('SELECT 1 AS there FROM storage_location WHERE name = $1 AND retired_at IS NULL', input.name)) !== undefined) throw new ArchiveError('E_DUPLICATE', {}, [{ at: '/name', message: '已有同名的存储位置' }]);
        const id = ids.uuid();
        await insert(tx.sql, 'storage_location', { id, name: input.name, kind: input.kind, level: input.level, responsibility_no: input.responsibilityNo ?? null, responsible_unit: input.responsibleUnit ?? null, registered_by: call.person, registered_at: clock.now(), retired_at: null });
        tx.audit({ action: call.act, object: id, objectType: 'storage-location', detail: { kind: input.kind, level: input.level } });
        return { location: id };
      });
    },

    async retireLocation(call: ServerCall, input: PreservationRetireLocation) {
      return store.write(call, async (tx) => {
        await tx.allow();
        if ((await tx.sql.run('UPDATE storage_location SET retired_at = $1 WHERE id = $2 AND retired_at IS NULL', clock.now(), input.location)) !== 1) throw new ArchiveError('E_NOT_FOUND', { location: input.location });
        tx.audit({ action: call.act, object: input.location, objectType: 'storage-location' });
        return { location: input.location };
      });
    },

    async readings(call: ServerCall, { page = 1, size = 20 }: PreservationReadings) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const rows = await tx.sql.all<ReadingRow>('SELECT * FROM climate_reading ORDER BY taken_at DESC, id LIMIT $1 OFFSET $2', size, (page - 1) * size);
        return {
          page, size, total: (await tx.sql.one<{ n: number }>('SELECT count(*) AS n FROM climate_reading'))?.n ?? 0, range: { temperature: policy.environment.temperature, humidity: policy.environment.humidity, intervalDays: policy.environment.intervalDays },
          rows: await Promise.all(rows.map(async (row) => ({ id: row.id, place: row.place, temperature: row.temperature, humidity: row.humidity, takenAt: row.taken_at, faults: JSON.parse(row.faults) as string[], enteredBy: await nameOf(row.entered_by) }))),
        };
      });
    },

    async enterReading(call: ServerCall, input: PreservationEnterReading) {
      const takenAt = new Date(Date.parse(input.takenAt)).toISOString();
      if (takenAt > clock.now()) throw wrong('/takenAt', '读数时间不能晚于现在');
      const { temperature, humidity } = policy.environment;
      const faults = climateFaults(input, { temperature: [temperature[0], temperature[1]], humidity: [humidity[0], humidity[1]] });
      const made = await store.write(call, async (tx) => {
        await tx.allow();
        const id = ids.uuid();
        await insert(tx.sql, 'climate_reading', { id, place: input.place, temperature: input.temperature, humidity: input.humidity, taken_at: takenAt, faults: JSON.stringify(faults), entered_by: call.person, entered_at: clock.now() });
        tx.audit({ action: call.act, object: id, objectType: 'climate-reading', detail: { temperature: input.temperature, humidity: input.humidity, outside: faults.length } });
        return { reading: id, faults };
      });
      if (faults.length > 0) await open('environment', input.place, { code: 'W_CLIMATE', level: 0, record: null });
      return made;
    },

    async media(call: ServerCall, { page = 1, size = 20 }: PreservationMedia) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows } = await tx.carriers.list(await gate.visible(call, call.act, 1, CARRIER_COLUMNS), { state: null, kind: null, before: null }, { offset: 0, limit: MOST });
        const checks = new Map((await media(tx.sql)).map((row) => [row.id, row]));
        const shown = rows.flatMap((one) => {
          const row = checks.get(one.it.id);
          const dueOn = row === undefined ? null : dueOf(row);
          return row === undefined || dueOn === null ? [] : [{ id: one.it.id, no: one.it.no, kindName: kindName(one.kind), level: one.it.level, state: one.it.state, lastOn: row.last, dueOn, overdue: dueOn < clock.today() }];
        }).sort((a, b) => (a.dueOn < b.dueOn ? -1 : a.dueOn > b.dueOn ? 1 : a.no < b.no ? -1 : 1));
        tx.audit({ action: call.act, detail: { page, size } });
        return { page, size, total: shown.length, sampleRate: policy.media.sampleRate, rows: shown.slice((page - 1) * size, page * size) };
      });
    },

    async checkMedium(call: ServerCall, input: PreservationCheckMedium) {
      const one = await store.write(call, async (tx) => {
        const carrier = await tx.carriers.get(input.carrier);
        if (carrier === undefined) throw new ArchiveError('E_NOT_FOUND', { carrier: input.carrier });
        await tx.allow(carrierTarget(carrier));
        if (!['registered', 'in_use', 'in_custody'].includes(carrier.it.state)) throw new ArchiveError('E_STATE_INVALID', { state: carrier.it.state });
        if (input.on > clock.today()) throw wrong('/on', '检测日期不能晚于今天');
        if (input.errors > input.sampled) throw wrong('/errors', '读出错误份数不能多于抽检份数');
        const id = ids.uuid();
        await insert(tx.sql, 'medium_check', { id, carrier: carrier.it.id, checked_on: input.on, readable: input.readable ? 1 : 0, sampled: input.sampled, errors: input.errors, appearance: input.appearance, checked_by: call.person, entered_at: clock.now() });
        tx.audit({ action: call.act, object: carrier.it.id, objectType: 'carrier', objectLevel: carrier.it.level, detail: { check: id, readable: input.readable, sampled: input.sampled, errors: input.errors } });
        return carrier;
      });
      const sound = input.readable && input.errors === 0;
      if (!sound) await open('medium', one.it.id, { code: 'W_MEDIUM', level: one.it.level, record: null });
      return { carrier: one.it.id, sound };
    },
  };
}
export type PreservationRegisters = ReturnType<typeof preservationRegisters>;
