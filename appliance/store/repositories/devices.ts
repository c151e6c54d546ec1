import type { Instant, Level } from '../../../core/ports.js';
import type { DeviceKind } from '../../../policies/schemas/carrier.js';
import type { DeviceStanding } from '../../../secrecy/device.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

/** The telling part of a device's row. */
export interface DeviceFacts {
  readonly model: string; readonly serial: string; readonly certNo: string; readonly place: string;
  readonly boundSystem: string | null; readonly sealNo: string | null; readonly usbVendor: string | null; readonly usbProduct: string | null;
}
export interface Device extends DeviceStanding {
  readonly no: string;
  readonly kind: DeviceKind;
  readonly facts: DeviceFacts;
  /** SM2 point, hex. */
  readonly publicKey: string;
  /** Of the box's own authority, PEM; as long as the testing body's certificate. */
  readonly certificate: string;
  readonly registeredBy: string;
  readonly registeredAt: Instant;
  readonly lastUsedAt: Instant | null;
  readonly version: number;
}
export interface DeviceLine { readonly seq: number; readonly at: Instant; readonly by: string; readonly event: string; readonly reason: string }

export interface DeviceRepository {
  get(id: string): Promise<Device | undefined>;
  byNo(no: string): Promise<Device | undefined>;
  byKey(publicKey: string): Promise<Device | undefined>;
  list(kind: DeviceKind | null, page: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: Device[]; readonly total: number }>;
  add(device: Device): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(device: Device, seenVersion: number): Promise<void>;
  used(id: string, at: Instant): Promise<void>;
  note(device: string, line: Omit<DeviceLine, 'seq'>): Promise<void>;
  history(id: string): Promise<DeviceLine[]>;
}

/** Devices are 内部: what they may carry is told by what they carry. */
const LEVEL: Level = 1;
interface Row {
  id: string; no: string; kind: DeviceKind; state: Device['state']; certified_level: Level; cert_valid_to: string; last_check_on: string; bound_user: string | null; bound_department: string | null; public_key: string;
  certificate: string; registered_by: string; registered_at: string; last_used_at: string | null; sealed: Buffer; version: number;
}

export function deviceRepository(sql: Sql, sealing: Sealing): DeviceRepository {
  const of = (row: Row): Device => ({
    id: row.id, no: row.no, kind: row.kind, state: row.state, certifiedLevel: row.certified_level, certValidTo: row.cert_valid_to, lastCheckOn: row.last_check_on, boundUser: row.bound_user, boundDepartment: row.bound_department,
    publicKey: row.public_key, certificate: row.certificate, registeredBy: row.registered_by, registeredAt: row.registered_at, lastUsedAt: row.last_used_at, version: row.version, facts: sealing.open<DeviceFacts>(LEVEL, `device/${row.id}`, row.sealed),
  });
  const columns = (one: Device): Record<string, SqlValue> => ({
    no: one.no, kind: one.kind, state: one.state, certified_level: one.certifiedLevel, cert_valid_to: one.certValidTo, last_check_on: one.lastCheckOn, bound_user: one.boundUser, bound_department: one.boundDepartment, public_key: one.publicKey,
    certificate: one.certificate, registered_by: one.registeredBy, registered_at: one.registeredAt, sealed: sealing.seal(LEVEL, `device/${one.id}`, one.facts),
  });
  const one = async (where: string, value: string): Promise<Device | undefined> => {
    const row = await sql.one<Row>(`SELECT * FROM device WHERE ${where} = $1`, value);
    return row && of(row);
  };
  return {
    get: async (id) => one('id', id),
    byNo: async (no) => one('no', no),
    byKey: async (key) => one('public_key', key),
    async list(kind, { offset, limit }) {
      const [where, values] = kind === null ? ['', []] : ['WHERE kind = $1', [kind]];
      const rows = await sql.all<Row>(`SELECT * FROM device ${where} ORDER BY no LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset);
      return { rows: rows.map(of), total: (await sql.one<{ n: number }>(`SELECT count(*) AS n FROM device ${where}`, ...values))?.n ?? 0 };
    },
    add: async (device) => insert(sql, 'device', { id: device.id, version: device.version, ...columns(device) }),
    save: async (device, seenVersion) => saveVersion(sql, 'device', device.id, seenVersion, columns(device)),
    async used(id, at) { await sql.run('UPDATE device SET last_used_at = $1 WHERE id = $2', at, id); },
    async note(device, line) {
      const seq = (await sql.one<{ n: number }>('SELECT count(*) AS n FROM device_event WHERE device = $1', device))?.n ?? 0;
      await insert(sql, 'device_event', { device, seq, at: line.at, by: line.by, event: line.event, sealed: sealing.seal(LEVEL, `device-event/${device}/${String(seq)}`, { reason: line.reason }) });
    },
    async history(id) {
      const rows = await sql.all<{ seq: number; at: string; by: string; event: string; sealed: Buffer }>('SELECT * FROM device_event WHERE device = $1 ORDER BY seq DESC', id);
      return rows.map(({ seq, at, by, event, sealed }) => ({ seq, at, by, event, ...sealing.open<{ reason: string }>(LEVEL, `device-event/${id}/${String(seq)}`, sealed) }));
    },
  };
}
