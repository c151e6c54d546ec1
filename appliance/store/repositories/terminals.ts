import type { Instant, Level } from '../../../core/ports.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

/** 终端: known by a key that it made itself. */
export interface Terminal {
  readonly id: string;
  readonly no: string;
  /** SM2 point, hex. */
  readonly publicKey: string;
  readonly state: 'registered' | 'cleared' | 'retired';
  /** 终端密级; 0 until cleared. */
  readonly level: Level;
  /** 绑定人员: nobody else signs in there. */
  readonly person: string | null;
  readonly registeredBy: string;
  readonly registeredAt: Instant;
  readonly clearedBy: string | null;
  readonly clearedAt: Instant | null;
  readonly retiredAt: Instant | null;
  readonly location: string;
  readonly serial: string | null;
  readonly mac: string | null;
  readonly reason: string | null;
  readonly version: number;
}

export interface TerminalRepository {
  get(id: string): Promise<Terminal | undefined>;
  byNo(no: string): Promise<Terminal | undefined>;
  byKey(publicKey: string): Promise<Terminal | undefined>;
  list(page: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: Terminal[]; readonly total: number }>;
  boundTo(person: string): Promise<Terminal[]>;
  add(terminal: Terminal): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(terminal: Terminal, seenVersion: number): Promise<void>;
  /** How many may be signed in at, beside the box itself: with the first of them terminals are asked for. */
  cleared(): Promise<number>;
  /** Ends every open session there. */
  endSessions(terminal: string, at: Instant): Promise<number>;
}

const LEVEL: Level = 1;
interface TerminalRow {
  id: string; no: string; public_key: string; state: Terminal['state']; level: Level; person: string | null; registered_by: string; registered_at: string;
  cleared_by: string | null; cleared_at: string | null; retired_at: string | null; sealed: Buffer; version: number;
}
type Told = Pick<Terminal, 'location' | 'serial' | 'mac' | 'reason'>;

export function terminalRepository(sql: Sql, sealing: Sealing): TerminalRepository {
  const terminalOf = (row: TerminalRow): Terminal => ({
    id: row.id, no: row.no, publicKey: row.public_key, state: row.state, level: row.level, person: row.person, registeredBy: row.registered_by, registeredAt: row.registered_at,
    clearedBy: row.cleared_by, clearedAt: row.cleared_at, retiredAt: row.retired_at, version: row.version, ...sealing.open<Told>(LEVEL, `terminal/${row.id}`, row.sealed),
  });
  const columns = (one: Terminal): Record<string, SqlValue> => ({
    no: one.no, public_key: one.publicKey, state: one.state, level: one.level, person: one.person, registered_by: one.registeredBy, registered_at: one.registeredAt,
    cleared_by: one.clearedBy, cleared_at: one.clearedAt, retired_at: one.retiredAt,
    sealed: sealing.seal(LEVEL, `terminal/${one.id}`, { location: one.location, serial: one.serial, mac: one.mac, reason: one.reason } satisfies Told),
  });
  const one = async (where: string, value: string): Promise<Terminal | undefined> => {
    const row = await sql.one<TerminalRow>(`SELECT * FROM terminal WHERE ${where} = $1`, value);
    return row && terminalOf(row);
  };
  return {
    get: async (id) => one('id', id),
    byNo: async (no) => one('no', no),
    byKey: async (key) => one('public_key', key),
    async list({ offset, limit }) {
      const rows = await sql.all<TerminalRow>('SELECT * FROM terminal ORDER BY no LIMIT $1 OFFSET $2', limit, offset);
      return { rows: rows.map(terminalOf), total: (await sql.one<{ n: number }>('SELECT count(*) AS n FROM terminal'))?.n ?? 0 };
    },
    boundTo: async (person) => (await sql.all<TerminalRow>("SELECT * FROM terminal WHERE person = $1 AND state <> 'retired' ORDER BY no", person)).map(terminalOf),
    add: async (terminal) => insert(sql, 'terminal', { id: terminal.id, version: terminal.version, ...columns(terminal) }),
    save: async (terminal, seenVersion) => saveVersion(sql, 'terminal', terminal.id, seenVersion, columns(terminal)),
    cleared: async () => (await sql.one<{ n: number }>("SELECT count(*) AS n FROM terminal WHERE state = 'cleared' AND no <> 'BOX'"))?.n ?? 0,
    endSessions: async (terminal, at) => sql.run('UPDATE session SET ended_at = $1 WHERE terminal_id = $2 AND ended_at IS NULL', at, terminal),
  };
}
