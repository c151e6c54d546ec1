import { canonicalBytes } from '../../core/canonical.js';
import type { Clock, Ids, Sm3 } from '../../core/ports.js';
import { TABLE_KINDS } from '../../core/tables.js';
import type { TableContent, TableKind, Tables } from '../../core/tables.js';
import { FilingScope, RetentionSchedule, Schemes } from '../../policies/schemas/arrangement.js';
import type { PolicyContent, PolicyFile } from '../../policies/schemas/files.js';
import type { Policies } from '../policies.js';
import { tableRepository } from '../store/repositories/tables.js';
import type { TableVersion } from '../store/repositories/tables.js';
import type { Sql } from '../store/sql.js';
import { checkFor } from '../validation.js';

/** The policy file that each table began as, and its form. */
export const TABLE_FILES = { scheme: 'schemes.json', scope: 'filing-scope.json', retention: 'retention.json' } as const satisfies Record<TableKind, PolicyFile>;
export const TABLE_SCHEMAS = { scheme: Schemes, scope: FilingScope, retention: RetentionSchedule } as const;
const CHECKS = { scheme: checkFor(Schemes), scope: checkFor(FilingScope), retention: checkFor(RetentionSchedule) } as const;

/** What the box signs when the approval of a version is registered. */
export const approvedText = ({ kind, label, digest, effectiveFrom, approval }: TableVersion): Uint8Array =>
  canonicalBytes({ table: kind, version: label, digest, effectiveFrom, approvalNo: approval?.approvalNo ?? null, approvedBy: approval?.approvedBy ?? null, approvedOn: approval?.approvedOn ?? null });

export interface TableShelf {
  /** The versions in force now, with their approval as registered. */
  readonly current: Tables;
  /** Policies whose three tables are the versions in force, whoever holds on to them. */
  readonly policies: Policies;
  /** Reads the versions in force anew. */
  refresh(sql: Sql): Promise<void>;
}

export interface ShelfParts {
  readonly policies: Policies;
  readonly writer: Sql;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly sm3: Sm3;
  /** Whether the box signed this. */
  readonly signed: (text: Uint8Array, signature: Uint8Array) => boolean;
}

/**
 * 三表 as the box holds them. The shipped files are version 1; a release that brings another proposes it and changes nothing. A version that is
 * not as it was approved is not read: the shipped one without approval stands in its place, so that nothing is filed under it.
 */
export async function openShelf(parts: ShelfParts): Promise<TableShelf> {
  const { policies, writer, clock, ids, sm3 } = parts;
  const digestOf = (text: string): string => Buffer.from(sm3(Buffer.from(text))).toString('hex');
  const shipped = (kind: TableKind): TableContent => policies.content(TABLE_FILES[kind]);
  await writer.run('BEGIN IMMEDIATE');
  try {
    const rows = tableRepository(writer);
    for (const kind of TABLE_KINDS) {
      const content = shipped(kind);
      if (await rows.labelled(kind, content.version)) continue;
      const first = (await rows.inForce(kind)) === undefined;
      const text = Buffer.from(canonicalBytes(content)).toString('utf8');
      const approval = 'approval' in content ? content.approval : null;
      await rows.add({
        id: ids.uuid(), kind, label: content.version, state: first ? 'in_force' : 'proposed', origin: 'shipped', effectiveFrom: first && 'effectiveFrom' in content ? content.effectiveFrom : null, content: text, digest: digestOf(text),
        approval: approval === null || !first ? null : { approvalNo: approval.approvalNo, approvedBy: approval.approvedBy, approvedOn: approval.approvedOn, rehearsal: true, registeredBy: null, registeredAt: null },
        signature: null, importedBy: 'system', importedAt: clock.now(), rehearsed: null, activatedAt: first ? clock.now() : null, version: 1,
      });
    }
    await writer.run('COMMIT');
  } catch (error) {
    await writer.run('ROLLBACK');
    throw error;
  }

  function read(kind: TableKind, version: TableVersion | undefined): TableContent {
    const bare = shipped(kind);
    const unapproved = 'approval' in bare ? { ...bare, approval: null } : bare;
    if (version === undefined || digestOf(version.content) !== version.digest) return unapproved;
    if (version.signature === null && (version.origin !== 'shipped' || version.approval?.rehearsal === false)) return unapproved;
    if (version.signature !== null && !parts.signed(approvedText(version), Buffer.from(version.signature, 'base64url'))) return unapproved;
    const checked = CHECKS[kind](JSON.parse(version.content));
    if (!checked.ok) return unapproved;
    const content: TableContent = checked.value;
    if (!('approval' in content)) return content;
    const { approval } = version;
    return { ...content, effectiveFrom: version.effectiveFrom ?? content.effectiveFrom, approval: approval === null ? null : { approvalNo: approval.approvalNo, approvedBy: approval.approvedBy, approvedOn: approval.approvedOn, ...(approval.rehearsal ? { rehearsal: true as const } : {}) } };
  }
  const held = new Map<TableKind, TableContent>();
  async function refresh(sql: Sql): Promise<void> {
    const rows = tableRepository(sql);
    for (const kind of TABLE_KINDS) held.set(kind, read(kind, await rows.inForce(kind)));
  }
  await refresh(writer);

  /** Whoever took the table at the start reads the version in force at every look. */
  const live = <K extends TableKind>(kind: K): Tables[K] => {
    const made = {};
    for (const key of Object.keys(TABLE_SCHEMAS[kind].properties)) {
      Object.defineProperty(made, key, { enumerable: true, get: () => Reflect.get(held.get(kind) ?? shipped(kind), key) as unknown });
    }
    return made as Tables[K];
  };
  const current: Tables = { scheme: live('scheme'), scope: live('scope'), retention: live('retention') };
  const byFile = new Map<string, TableContent>(TABLE_KINDS.map((kind) => [TABLE_FILES[kind], current[kind]]));
  return {
    current, refresh,
    policies: { content: <Name extends PolicyFile>(name: Name) => (byFile.get(name) as PolicyContent<Name> | undefined) ?? policies.content(name), text: (name) => policies.text(name) },
  };
}
