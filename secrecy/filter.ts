import { ArchiveError } from '../core/errors.js';
import type { AccessPolicy, AccessRow } from './duties.js';
import { STATE } from './rules.js';
import { SCOPE_KINDS } from './scope.js';
import { asWriter, type Subject, type SystemPolicy } from './subject.js';
import type { Level } from './level.js';

/** Where a list keeps what the rules ask for. Names are ours, never a user's, and are checked all the same. */
export interface FilterColumns {
  readonly id: string;
  readonly level: string;
  readonly fonds: string;
  readonly department: string;
  readonly state: string;
  readonly owner: string;
  /** 知悉范围 rows (kind, ref) of a thing; absent where the thing has none of its own. */
  readonly scope?: { readonly table: string; readonly of: string; readonly kind: string; readonly ref: string };
}

export const RECORD_COLUMNS: FilterColumns = {
  id: 'record.id', level: 'record.level', fonds: 'record.fonds', department: 'record.department', state: 'record.state', owner: 'record.owner',
  scope: { table: 'record_scope', of: 'record', kind: 'kind', ref: 'ref' },
};

/** A predicate for `WHERE`, with a value for each `?` in order. */
export interface Filter { readonly sql: string; readonly parameters: readonly (string | number)[] }
export type Dialect = 'sqlite' | 'postgres';

const NOTHING: Filter = { sql: '1 = 0', parameters: [] };
const EVERYTHING: Filter = { sql: '1 = 1', parameters: [] };

/**
 * The rows of `access.csv` for an act, compiled: exactly the things for which `decide` would allow it. Held to that by a
 * differential test over random people, records, scopes and sessions, damaged levels included.
 * @throws ArchiveError `E_POLICY_INVALID` for an act that is not about things
 */
export function compileFilter(policy: AccessPolicy, system: SystemPolicy, asker: Subject, act: string, columns: FilterColumns, dialect: Dialect = 'sqlite'): Filter {
  const row = policy.acts.get(act);
  const rows = policy.rows.get(act);
  if (row === undefined || rows === undefined || row.object === 'none' || row.twoPerson) throw new ArchiveError('E_POLICY_INVALID', { act });
  const who = row.write ? asWriter(asker) : asker;
  const c = checked(columns);
  const level = levels(c.level, system.level, dialect);
  if (row.write && policy.holds(who, 'inspector', null)) return NOTHING;
  if (system.requireTerminal && !who.terminal.registered) return NOTHING;
  const denied = rows.filter(({ effect }) => effect === 'deny').map((one) => not(inFonds(who, one, c)));
  const allowed = rows.filter(({ effect }) => effect === 'allow').map((one) =>
    and([inFonds(who, one, c), stateIn(one, c), mac(one, who, c, level), scope(one, who, c, level)]));
  return and([
    { sql: `${c.fonds} <> ''`, parameters: [] },
    // Every row names a level rule (the loader sees to it), and no level rule lets the system's level be passed.
    system.requireTerminal ? level.atMost(who.terminal.level) : EVERYTHING,
    ...denied,
    or(allowed),
  ]);
}

function and(parts: readonly Filter[]): Filter {
  const kept = parts.filter((part) => part !== EVERYTHING);
  if (kept.includes(NOTHING)) return NOTHING;
  return kept.length === 0 ? EVERYTHING : joined(kept, ' AND ');
}

function or(parts: readonly Filter[]): Filter {
  const kept = parts.filter((part) => part !== NOTHING);
  if (kept.includes(EVERYTHING)) return EVERYTHING;
  return kept.length === 0 ? NOTHING : joined(kept, ' OR ');
}

const not = (part: Filter): Filter =>
  part === NOTHING ? EVERYTHING : part === EVERYTHING ? NOTHING : { sql: `NOT (${part.sql})`, parameters: part.parameters };

const joined = (parts: readonly Filter[], word: string): Filter =>
  ({ sql: `(${parts.map(({ sql }) => sql).join(word)})`, parameters: parts.flatMap(({ parameters }) => parameters) });

function oneOf(column: string, values: readonly string[]): Filter {
  return values.length === 0 ? NOTHING : { sql: `${column} IN (${values.map(() => '?').join(', ')})`, parameters: values };
}

function inFonds(who: Subject, row: AccessRow, c: FilterColumns): Filter {
  const fonds = who.grants.filter(({ duty }) => duty === row.duty).map((grant) => grant.fonds);
  return row.duty === 'anyone' || fonds.includes('*') ? EVERYTHING : oneOf(c.fonds, [...new Set(fonds)]);
}

function stateIn(row: AccessRow, c: FilterColumns): Filter {
  const states: readonly string[] | null = STATE[row.state];
  return states === null ? EVERYTHING : oneOf(c.state, states);
}

interface Levels { atMost(top: number): Filter; exactly(one: number): Filter }

/** Comparisons in which an unreadable level counts as the system's highest and a level above it matches nothing. */
function levels(column: string, highest: Level, dialect: Dialect): Levels {
  const known = dialect === 'sqlite' ? `typeof(${column}) = 'integer' AND ${column} BETWEEN 0 AND 4` : `${column} IS NOT NULL AND ${column} BETWEEN 0 AND 4`;
  return {
    atMost: (top) => top >= highest
      ? { sql: `(NOT (${known}) OR ${column} <= ?)`, parameters: [highest] }
      : { sql: `(${known} AND ${column} <= ?)`, parameters: [top] },
    exactly: (one) => one > highest ? NOTHING
      : one === highest ? { sql: `(NOT (${known}) OR ${column} = ?)`, parameters: [one] } : { sql: `(${known} AND ${column} = ?)`, parameters: [one] },
  };
}

function mac(row: AccessRow, who: Subject, c: FilterColumns, level: Levels): Filter {
  const inCompartment: Filter = { sql: `scope_row.${c.scope?.kind ?? 'kind'} = ?`, parameters: [SCOPE_KINDS.compartments] };
  // Whether anything at all lies in a compartment is asked once; where nothing does, no row is asked.
  const compartments = and([someScope(c, inCompartment), scopeRows(c, inCompartment,
    who.compartments.length === 0 ? EVERYTHING : not(oneOf(`scope_row.${c.scope?.ref ?? 'ref'}`, who.compartments)))]);
  switch (row.mac) {
    case '*': return EVERYTHING;
    case 'dominates': return and([level.atMost(who.ceiling), not(compartments)]);
    case 'equals': return who.currentLevel === null ? NOTHING : and([level.exactly(who.currentLevel), not(compartments)]);
  }
}

function scope(row: AccessRow, who: Subject, c: FilterColumns, level: Levels): Filter {
  const own: Filter = { sql: `${c.owner} = ?`, parameters: [who.person] };
  const knows = or([level.exactly(0), and([level.exactly(1), oneOf(c.department, who.departments)]), named(who, c), oneOf(c.id, [...who.emergencies, ...who.openings])]);
  switch (row.scope) {
    case '*': case 'receives': return EVERYTHING;
    case 'own': return own;
    case 'knows': return knows;
    case 'keeps': return or([level.atMost(1), knows]);
    // The owner last: a list walks an index that does not hold it.
    case 'handles': return or([level.atMost(1), knows, own]);
  }
}

function named(who: Subject, c: FilterColumns): Filter {
  if (c.scope === undefined) return NOTHING;
  const ref = `scope_row.${c.scope.ref}`;
  const of = (kind: string, refs: readonly string[]) => and([{ sql: `scope_row.${c.scope?.kind ?? ''} = ?`, parameters: [kind] }, oneOf(ref, refs)]);
  return scopeRows(c, or([of(SCOPE_KINDS.persons, [who.person]), of(SCOPE_KINDS.departments, who.departments), of(SCOPE_KINDS.requests, who.requests)]));
}

/**
 * There is a row of the thing's scope that satisfies every condition. Correlated on purpose: an uncorrelated list makes SQLite gather
 * and sort everything visible (2 s at a million records) where walking the list in its order fills a page in 5 ms.
 */
function scopeRows(c: FilterColumns, ...conditions: readonly Filter[]): Filter {
  if (c.scope === undefined) return NOTHING;
  const condition = and([{ sql: `scope_row.${c.scope.of} = ${c.id}`, parameters: [] }, ...conditions]);
  return { sql: `EXISTS (SELECT 1 FROM ${c.scope.table} AS scope_row WHERE ${condition.sql})`, parameters: condition.parameters };
}

const someScope = (c: FilterColumns, condition: Filter): Filter => c.scope === undefined ? NOTHING
  : { sql: `EXISTS (SELECT 1 FROM ${c.scope.table} AS scope_row WHERE ${condition.sql})`, parameters: condition.parameters };

function checked(columns: FilterColumns): FilterColumns {
  const { scope: of, ...plain } = columns;
  for (const name of [...Object.values(plain), ...Object.values(of ?? {})]) {
    if (!/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/u.test(name)) throw new ArchiveError('E_POLICY_INVALID', { column: name });
  }
  return columns;
}
