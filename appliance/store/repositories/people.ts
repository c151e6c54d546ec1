import { ArchiveError } from '../../../core/errors.js';
import type { Instant, Level } from '../../../core/ports.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

export type PersonStatus = 'pending' | 'active' | 'disabled';

/** The telling part of a person's row, sealed. */
export interface PersonDescription {
  readonly name: string;
  readonly position: string;
  readonly disabledReason: string | null;
}

export interface Person extends PersonDescription {
  readonly id: string;
  /** 登录账号; opaque, never the name. */
  readonly account: string;
  readonly department: string;
  readonly status: PersonStatus;
  readonly clearance: Level;
  readonly clearanceCategory: 'core' | 'important' | 'general' | null;
  /** Last day on which the clearance counts. */
  readonly clearanceUntil: string | null;
  readonly commitmentNo: string | null;
  /** PEM */
  readonly certificate: string | null;
  readonly certificateSerial: string | null;
  readonly token: string | null;
  readonly passwordHash: string | null;
  readonly passwordAt: Instant | null;
  readonly mustChange: boolean;
  readonly failures: number;
  readonly lockedUntil: Instant | null;
  readonly lastSignIn: Instant | null;
  readonly createdAt: Instant;
  readonly createdBy: string;
  readonly version: number;
}

export interface Grant {
  readonly id: string;
  readonly person: string;
  readonly duty: string;
  readonly fonds: string;
  readonly reason: string;
  readonly validFrom: Instant;
  readonly validUntil: Instant | null;
  readonly grantedBy: string;
  readonly grantedAt: Instant;
  readonly revokedBy: string | null;
  readonly revokedAt: Instant | null;
}

export interface Department { readonly id: string; readonly fonds: string; readonly name: string }

export interface PeopleRepository {
  get(id: string): Promise<Person | undefined>;
  byAccount(account: string): Promise<Person | undefined>;
  bySerial(certificateSerial: string): Promise<Person | undefined>;
  /** Whose key it is. */
  byToken(token: string): Promise<Person | undefined>;
  list(page: { status?: PersonStatus; offset: number; limit: number }): Promise<{ rows: Person[]; total: number }>;
  add(person: Person): Promise<void>;
  /** Saves what may change, where the version is still the one seen. @throws E_STALE_VERSION */
  save(person: Person, seenVersion: number): Promise<void>;
  rememberPassword(person: string, hash: string, at: Instant): Promise<void>;
  pastPasswords(person: string, count: number): Promise<string[]>;
  grants(person?: string): Promise<Grant[]>;
  grant(id: string): Promise<Grant | undefined>;
  addGrant(grant: Grant): Promise<void>;
  revokeGrant(id: string, by: string, at: Instant): Promise<void>;
  departmentOf(person: string): Promise<string | undefined>;
  departments(): Promise<Department[]>;
  addDepartment(department: Department, position: number): Promise<void>;
}

/** People are sealed as 内部: an officer's name is nobody else's business, and no secret of state. */
const LEVEL: Level = 1;

interface PersonRow {
  id: string; account: string; department: string; sealed: Buffer; status: PersonStatus; clearance: Level;
  clearance_category: Person['clearanceCategory']; clearance_until: string | null; commitment_no: string | null; certificate: string | null;
  certificate_serial: string | null; token: string | null; password_hash: string | null; password_at: string | null; must_change: number;
  failures: number; locked_until: string | null; last_sign_in: string | null; created_at: string; created_by: string; version: number;
}

interface GrantRow {
  id: string; person: string; duty: string; fonds: string; sealed: Buffer; valid_from: string; valid_until: string | null;
  granted_by: string; granted_at: string; revoked_by: string | null; revoked_at: string | null;
}

export function peopleRepository(sql: Sql, sealing: Sealing): PeopleRepository {
  const personOf = (row: PersonRow): Person => ({
    id: row.id, account: row.account, department: row.department, status: row.status,
    clearance: row.clearance, clearanceCategory: row.clearance_category, clearanceUntil: row.clearance_until, commitmentNo: row.commitment_no,
    certificate: row.certificate, certificateSerial: row.certificate_serial, token: row.token, passwordHash: row.password_hash,
    passwordAt: row.password_at, mustChange: row.must_change === 1, failures: row.failures, lockedUntil: row.locked_until,
    lastSignIn: row.last_sign_in, createdAt: row.created_at, createdBy: row.created_by, version: row.version,
    ...sealing.open<PersonDescription>(LEVEL, `person/${row.id}`, row.sealed),
  });
  const columns = (person: Person): Record<string, SqlValue> => ({
    account: person.account, department: person.department,
    sealed: sealing.seal(LEVEL, `person/${person.id}`, { name: person.name, position: person.position, disabledReason: person.disabledReason } satisfies PersonDescription),
    status: person.status, clearance: person.clearance, clearance_category: person.clearanceCategory,
    clearance_until: person.clearanceUntil, commitment_no: person.commitmentNo, certificate: person.certificate,
    certificate_serial: person.certificateSerial, token: person.token, password_hash: person.passwordHash, password_at: person.passwordAt,
    must_change: person.mustChange ? 1 : 0, failures: person.failures, locked_until: person.lockedUntil, last_sign_in: person.lastSignIn,
    created_at: person.createdAt, created_by: person.createdBy,
  });
  const one = async (where: string, value: string): Promise<Person | undefined> => {
    const row = await sql.one<PersonRow>(`SELECT * FROM person WHERE ${where} = $1`, value);
    return row && personOf(row);
  };
  return {
    get: async (id) => one('id', id),
    byAccount: async (account) => one('account', account),
    byToken: async (token) => one('token', token),
    bySerial: async (serial) => one('certificate_serial', serial),
    async list({ status, offset, limit }) {
      const where = status === undefined ? '' : 'WHERE status = $1';
      const bound = status === undefined ? [] : [status];
      const rows = await sql.all<PersonRow>(
        `SELECT * FROM person ${where} ORDER BY account LIMIT $${String(bound.length + 1)} OFFSET $${String(bound.length + 2)}`, ...bound, limit, offset,
      );
      const count = await sql.one<{ n: number }>(`SELECT count(*) AS n FROM person ${where}`, ...bound);
      return { rows: rows.map(personOf), total: count?.n ?? 0 };
    },
    add: async (person) => insert(sql, 'person', { id: person.id, version: person.version, ...columns(person) }),
    save: async (person, seenVersion) => saveVersion(sql, 'person', person.id, seenVersion, columns(person)),
    async rememberPassword(person, hash, at) {
      await sql.run('INSERT INTO password_past VALUES ($1, $2, $3)', person, hash, at);
    },
    async pastPasswords(person, count) {
      const rows = await sql.all<{ hash: string }>('SELECT hash FROM password_past WHERE person = $1 ORDER BY at DESC LIMIT $2', person, count);
      return rows.map((row) => row.hash);
    },
    async grants(person) {
      const rows = person === undefined
        ? await sql.all<GrantRow>('SELECT * FROM duty_grant ORDER BY granted_at, id')
        : await sql.all<GrantRow>('SELECT * FROM duty_grant WHERE person = $1 ORDER BY granted_at, id', person);
      return rows.map((row) => grantOf(row, sealing));
    },
    async grant(id) {
      const row = await sql.one<GrantRow>('SELECT * FROM duty_grant WHERE id = $1', id);
      return row && grantOf(row, sealing);
    },
    async addGrant(grant) {
      await sql.run(
        'INSERT INTO duty_grant (id, person, duty, fonds, sealed, valid_from, valid_until, granted_by, granted_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)',
        grant.id, grant.person, grant.duty, grant.fonds, sealing.seal(LEVEL, `duty-grant/${grant.id}`, { reason: grant.reason }), grant.validFrom, grant.validUntil, grant.grantedBy, grant.grantedAt,
      );
    },
    async revokeGrant(id, by, at) {
      const changed = await sql.run('UPDATE duty_grant SET revoked_by = $1, revoked_at = $2 WHERE id = $3 AND revoked_at IS NULL', by, at, id);
      if (changed !== 1) throw new ArchiveError('E_STATE_INVALID', { grant: id });
    },
    async departmentOf(person) {
      const row = await sql.one<{ department: string }>('SELECT department FROM person WHERE id = $1', person);
      return row?.department;
    },
    departments: async () => sql.all<Department>('SELECT id, fonds, name FROM department ORDER BY position'),
    async addDepartment(department, position) {
      await sql.run('INSERT INTO department VALUES ($1, $2, $3, $4)', department.id, department.fonds, department.name, position);
    },
  };
}

const grantOf = (row: GrantRow, sealing: Sealing): Grant => ({
  id: row.id, person: row.person, duty: row.duty, fonds: row.fonds, reason: sealing.open<{ reason: string }>(LEVEL, `duty-grant/${row.id}`, row.sealed).reason, validFrom: row.valid_from, validUntil: row.valid_until,
  grantedBy: row.granted_by, grantedAt: row.granted_at, revokedBy: row.revoked_by, revokedAt: row.revoked_at,
});
