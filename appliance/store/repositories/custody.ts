import type { Page, Paged } from '../../../core/holdings.js';
import type { Instant } from '../../../core/ports.js';
import type { Ceremony, CeremonyKind, KeyKind } from '../../../secrecy/ceremony.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql } from '../sql.js';

/** A line of the key register (密钥台账): that there is or was a key, never its value. */
export interface KeyEntry {
  readonly id: string;
  readonly kind: KeyKind;
  readonly epoch: number | null;
  /** Share set id or certificate serial. */
  readonly reference: string | null;
  /** `retiring`: opens, closes nothing new; `retired`: nothing refers to it any more; `replaced`: another has taken its place. */
  readonly state: 'current' | 'retiring' | 'retired' | 'replaced' | 'destroyed';
  readonly madeAt: Instant | null;
  /** Ceremony id. */
  readonly madeIn: string | null;
  readonly endedAt: Instant | null;
  readonly endedIn: string | null;
}

export interface StoredCeremony {
  readonly id: string;
  readonly it: Ceremony;
  /** Certificates of the signers as they were, PEM by serial. */
  readonly certificates: Readonly<Record<string, string>>;
  readonly version: number;
}

/** What a granted approval ordered the keystore to do. */
export type KeyOrder = { readonly id: string; readonly ceremony: string; readonly madeAt: Instant } & (
  | { readonly kind: 'rotate' | 'destroy'; readonly epoch: number }
  | { readonly kind: 'reissue'; /** Id of the share set to be: how a stop is told from a success. */ readonly newSet: string; readonly holders: readonly { readonly holder: string; readonly certificate: string }[] });

export interface CustodyRepository {
  entries(): Promise<readonly KeyEntry[]>;
  addEntry(entry: KeyEntry): Promise<void>;
  /** Moves entries of a kind (and epoch) that are in one of these states. */
  moveEntries(of: { readonly kind: KeyKind; readonly epoch?: number }, from: readonly KeyEntry['state'][], to: KeyEntry['state'], ended: { readonly at: Instant; readonly ceremony: string | null } | null): Promise<void>;
  ceremony(id: string): Promise<StoredCeremony | undefined>;
  addCeremony(ceremony: StoredCeremony): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  saveCeremony(ceremony: StoredCeremony, seenVersion: number): Promise<void>;
  ceremonies(page: Page): Promise<Paged<StoredCeremony>>;
  /** Ceremonies of a year, for the next number. */
  countCeremonies(year: string): Promise<number>;
  addOrder(order: KeyOrder): Promise<void>;
  openOrders(): Promise<readonly KeyOrder[]>;
  closeOrder(id: string, at: Instant): Promise<void>;
}

/** Records name accounts, serials and reasons: of the unit, no state secret. */
const LEVEL = 1;
interface CeremonyRow { id: string; number: string; kind: CeremonyKind; state: 'open' | 'complete'; held_at: string; sealed: Buffer; version: number }
interface EntryRow { id: string; kind: KeyKind; epoch: number | null; reference: string | null; state: KeyEntry['state']; made_at: string | null; made_in: string | null; ended_at: string | null; ended_in: string | null }
interface OrderRow { id: string; kind: KeyOrder['kind']; epoch: number | null; share_set: string | null; holders: string | null; ceremony: string; made_at: string }

export function custodyRepository(sql: Sql, sealing: Sealing): CustodyRepository {
  const sealed = (ceremony: StoredCeremony): Buffer => sealing.seal(LEVEL, `ceremony/${ceremony.id}`, { record: ceremony.it.record, signatures: ceremony.it.signatures, certificates: ceremony.certificates });
  const stored = (row: CeremonyRow): StoredCeremony => {
    const { record, signatures, certificates } = sealing.open<Pick<Ceremony, 'record' | 'signatures'> & Pick<StoredCeremony, 'certificates'>>(LEVEL, `ceremony/${row.id}`, row.sealed);
    return { id: row.id, it: { record, signatures, state: row.state }, certificates, version: row.version };
  };
  return {
    async entries() {
      const rows = await sql.all<EntryRow>('SELECT * FROM key_entry ORDER BY made_at, kind, epoch, id');
      return rows.map((row) => ({ id: row.id, kind: row.kind, epoch: row.epoch, reference: row.reference, state: row.state, madeAt: row.made_at, madeIn: row.made_in, endedAt: row.ended_at, endedIn: row.ended_in }));
    },
    addEntry: async (entry) => insert(sql, 'key_entry', {
      id: entry.id, kind: entry.kind, epoch: entry.epoch, reference: entry.reference, state: entry.state, made_at: entry.madeAt, made_in: entry.madeIn, ended_at: entry.endedAt, ended_in: entry.endedIn,
    }),
    async moveEntries(of, from, to, ended) {
      await sql.run(
        `UPDATE key_entry SET state = $1, ended_at = $2, ended_in = $3 WHERE kind = $4 AND ($5 IS NULL OR epoch = $5) AND state IN (${from.map((_, at) => `$${String(at + 6)}`).join(', ')})`,
        to, ended?.at ?? null, ended?.ceremony ?? null, of.kind, of.epoch ?? null, ...from,
      );
    },
    async ceremony(id) {
      const row = await sql.one<CeremonyRow>('SELECT * FROM ceremony WHERE id = $1', id);
      return row && stored(row);
    },
    addCeremony: async (ceremony) => {
      const { number, kind, at } = ceremony.it.record;
      await insert(sql, 'ceremony', { id: ceremony.id, number, kind, state: ceremony.it.state, held_at: at, sealed: sealed(ceremony), version: ceremony.version });
    },
    saveCeremony: async (ceremony, seenVersion) => saveVersion(sql, 'ceremony', ceremony.id, seenVersion, { state: ceremony.it.state, sealed: sealed(ceremony) }),
    async ceremonies({ offset, limit }) {
      const rows = await sql.all<CeremonyRow>('SELECT * FROM ceremony ORDER BY held_at DESC, id LIMIT $1 OFFSET $2', limit, offset);
      return { rows: rows.map(stored), total: (await sql.one<{ n: number }>('SELECT count(*) AS n FROM ceremony'))?.n ?? 0 };
    },
    countCeremonies: async (year) => (await sql.one<{ n: number }>('SELECT count(*) AS n FROM ceremony WHERE number LIKE $1', `YS-${year}-%`))?.n ?? 0,
    addOrder: async (order) => insert(sql, 'key_order', {
      id: order.id, kind: order.kind, epoch: order.kind === 'reissue' ? null : order.epoch, share_set: order.kind === 'reissue' ? order.newSet : null,
      holders: order.kind === 'reissue' ? JSON.stringify(order.holders) : null, ceremony: order.ceremony, made_at: order.madeAt, closed_at: null,
    }),
    async openOrders() {
      const rows = await sql.all<OrderRow>('SELECT * FROM key_order WHERE closed_at IS NULL ORDER BY made_at, id');
      return rows.map(({ id, kind, ceremony, made_at: madeAt, epoch, share_set: newSet, holders }): KeyOrder => (kind === 'reissue'
        ? { id, kind, ceremony, madeAt, newSet: newSet ?? '', holders: JSON.parse(holders ?? '[]') as { holder: string; certificate: string }[] }
        : { id, kind, ceremony, madeAt, epoch: epoch ?? 0 }));
    },
    async closeOrder(id, at) {
      await sql.run('UPDATE key_order SET closed_at = $1 WHERE id = $2 AND closed_at IS NULL', at, id);
    },
  };
}
