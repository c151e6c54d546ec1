import type { Instant, Level } from '../../../core/ports.js';
import type { CounterpartCard } from '../../../secrecy/counterpart-card.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

/** 对端单位: a card that two people compared with what the other unit read out. */
export interface Counterpart {
  readonly id: string;
  /** 设备编号 of the other box; of the cards of one box at most one is in force. */
  readonly box: string;
  readonly state: 'in_force' | 'suspended' | 'superseded';
  readonly card: CounterpartCard;
  readonly fingerprint: string;
  readonly validUntil: Instant;
  readonly approval: string;
  readonly reason: string;
  readonly registeredBy: string;
  readonly registeredAt: Instant;
  readonly suspended: { readonly by: string; readonly at: Instant; readonly reason: string } | null;
  readonly version: number;
}

/** The box's own key for envelopes, and the card that names it. */
export interface TransportKey { readonly id: string; /** SM3 of the public key, hex. */ readonly digest: string; readonly certificate: string; readonly card: string; readonly madeAt: Instant; readonly validUntil: Instant; /** PKCS#8 DER, base64. */ readonly privateKey: string }

export interface CounterpartRepository {
  get(id: string): Promise<Counterpart | undefined>;
  /** Whose card is in force for this box. */
  byBox(box: string): Promise<Counterpart | undefined>;
  list(page: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: Counterpart[]; readonly total: number }>;
  add(counterpart: Counterpart): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(counterpart: Counterpart, seenVersion: number): Promise<void>;
  addKey(key: TransportKey): Promise<void>;
  /** The newest card, as it goes out; opens nothing. */
  card(): Promise<Pick<TransportKey, 'card' | 'validUntil'> | undefined>;
  /** The newest key, or the one with this digest. */
  key(digest?: string): Promise<TransportKey | undefined>;
}

/** Who hands over to whom is 内部; what opens envelopes of any level rests under the highest. */
const LEVEL: Level = 1;
const KEY_LEVEL: Level = 4;
type Told = Pick<Counterpart, 'card' | 'reason' | 'suspended'>;
interface Row { id: string; box: string; state: Counterpart['state']; fingerprint: string; valid_until: string; approval: string; registered_by: string; registered_at: string; sealed: Buffer; version: number }
interface KeyRow { id: string; digest: string; certificate: string; card: string; made_at: string; valid_until: string; sealed: Buffer }

export function counterpartRepository(sql: Sql, sealing: Sealing): CounterpartRepository {
  const of = (row: Row): Counterpart => ({
    id: row.id, box: row.box, state: row.state, fingerprint: row.fingerprint, validUntil: row.valid_until, approval: row.approval, registeredBy: row.registered_by, registeredAt: row.registered_at, version: row.version,
    ...sealing.open<Told>(LEVEL, `counterpart/${row.id}`, row.sealed),
  });
  const columns = (one: Counterpart): Record<string, SqlValue> => {
    const { card, reason, suspended } = one;
    return {
      box: one.box, state: one.state, fingerprint: one.fingerprint, valid_until: one.validUntil, approval: one.approval, registered_by: one.registeredBy, registered_at: one.registeredAt,
      sealed: sealing.seal(LEVEL, `counterpart/${one.id}`, { card, reason, suspended } satisfies Told),
    };
  };
  const one = async (where: string, value: string): Promise<Counterpart | undefined> => {
    const row = await sql.one<Row>(`SELECT * FROM counterpart WHERE ${where}`, value);
    return row && of(row);
  };
  return {
    get: async (id) => one('id = $1', id),
    byBox: async (box) => one("box = $1 AND state = 'in_force'", box),
    async list({ offset, limit }) {
      const rows = await sql.all<Row>("SELECT * FROM counterpart ORDER BY state = 'superseded', registered_at DESC, id LIMIT $1 OFFSET $2", limit, offset);
      return { rows: rows.map(of), total: (await sql.one<{ n: number }>('SELECT count(*) AS n FROM counterpart'))?.n ?? 0 };
    },
    add: async (counterpart) => insert(sql, 'counterpart', { id: counterpart.id, version: counterpart.version, ...columns(counterpart) }),
    save: async (counterpart, seenVersion) => saveVersion(sql, 'counterpart', counterpart.id, seenVersion, columns(counterpart)),
    addKey: async (key) => insert(sql, 'transport_key', {
      id: key.id, digest: key.digest, certificate: key.certificate, card: key.card, made_at: key.madeAt, valid_until: key.validUntil, sealed: sealing.seal(KEY_LEVEL, `transport-key/${key.id}`, { privateKey: key.privateKey }),
    }),
    async card() {
      const row = await sql.one<{ card: string; valid_until: string }>('SELECT card, valid_until FROM transport_key ORDER BY made_at DESC LIMIT 1');
      return row && { card: row.card, validUntil: row.valid_until };
    },
    async key(digest) {
      const row = digest === undefined ? await sql.one<KeyRow>('SELECT * FROM transport_key ORDER BY made_at DESC LIMIT 1') : await sql.one<KeyRow>('SELECT * FROM transport_key WHERE digest = $1', digest);
      return row && {
        id: row.id, digest: row.digest, certificate: row.certificate, card: row.card, madeAt: row.made_at, validUntil: row.valid_until, ...sealing.open<{ privateKey: string }>(KEY_LEVEL, `transport-key/${row.id}`, row.sealed),
      };
    },
  };
}
