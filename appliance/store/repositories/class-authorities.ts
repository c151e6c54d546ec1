import { ArchiveError } from '../../../core/errors.js';
import type { Level } from '../../../core/ports.js';
import type { ClassAuthority, UnitAuthority } from '../../../policies/schemas/secrecy.js';
import type { Authorisation } from '../../../secrecy/classification-rules.js';
import type { AuthorityRepository, HeldAuthority, StoredAuthorisation } from '../../../secrecy/ports.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql } from '../sql.js';

interface AuthorityRow {
  id: string; person: string; kind: ClassAuthority['kind']; max_level: ClassAuthority['maxLevel']; granted_on: string; expires_on: string | null;
  trained_on: string | null; sealed: Buffer; version: number;
}
interface AuthorisationRow { id: string; sealed: Buffer; version: number }
interface SealedAuthority extends Pick<ClassAuthority, 'matterScope' | 'grantedBy'> { readonly ended?: string }
/** Which matters somebody may decide is 内部. */
const AUTHORITY_LEVEL: Level = 1;

/** 定密责任人名单 and 本单位定密权限. */
export function authorityRepository(sql: Sql, sealing: Sealing): AuthorityRepository {
  const authorisation = (it: Authorisation) => ({
    max_level: it.maxLevel, valid_from: it.validFrom, valid_to: it.validTo, revoked_on: it.revoked?.on ?? null, sealed: sealing.seal(AUTHORITY_LEVEL, `class-authorisation/${it.id}`, it),
  });
  return {
    async unit() {
      const row = await sql.one<{ org: string; max_original_level: UnitAuthority['maxOriginalLevel']; source: string }>('SELECT * FROM class_unit LIMIT 1');
      return row && { org: row.org, maxOriginalLevel: row.max_original_level, source: row.source };
    },
    async setUnit(unit) {
      await sql.run('DELETE FROM class_unit');
      await insert(sql, 'class_unit', { org: unit.org, max_original_level: unit.maxOriginalLevel, source: unit.source });
    },
    async all() {
      return (await sql.all<AuthorityRow>('SELECT * FROM class_authority ORDER BY granted_on, id')).map((row): HeldAuthority => ({
        id: row.id, version: row.version, person: row.person, kind: row.kind, maxLevel: row.max_level, grantedOn: row.granted_on, expiresOn: row.expires_on, trainedOn: row.trained_on,
        ended: null, ...sealing.open<SealedAuthority>(AUTHORITY_LEVEL, `class-authority/${row.id}`, row.sealed),
      }));
    },
    async end(id, on, reason, seenVersion) {
      const row = await sql.one<AuthorityRow>('SELECT * FROM class_authority WHERE id = $1', id);
      if (row === undefined) throw new ArchiveError('E_NOT_FOUND');
      const before = sealing.open<SealedAuthority>(AUTHORITY_LEVEL, `class-authority/${id}`, row.sealed);
      await saveVersion(sql, 'class_authority', id, seenVersion, { expires_on: on, sealed: sealing.seal(AUTHORITY_LEVEL, `class-authority/${id}`, { ...before, ended: reason }) });
    },
    authorisations: async () => (await sql.all<AuthorisationRow>('SELECT * FROM class_authorisation ORDER BY valid_from, id'))
      .map((row): StoredAuthorisation => ({ it: sealing.open<Authorisation>(AUTHORITY_LEVEL, `class-authorisation/${row.id}`, row.sealed), version: row.version })),
    authorise: async (it) => insert(sql, 'class_authorisation', { id: it.id, version: 1, ...authorisation(it) }),
    saveAuthorisation: async (it, seenVersion) => saveVersion(sql, 'class_authorisation', it.id, seenVersion, authorisation(it)),
    add: async (id, one) => insert(sql, 'class_authority', {
      id, person: one.person, kind: one.kind, max_level: one.maxLevel, granted_on: one.grantedOn, expires_on: one.expiresOn, trained_on: one.trainedOn,
      sealed: sealing.seal(AUTHORITY_LEVEL, `class-authority/${id}`, { matterScope: one.matterScope, grantedBy: one.grantedBy }),
    }),
  };
}
