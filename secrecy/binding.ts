import canonicalize from 'canonicalize';
import { canonicalBytes } from '../core/canonical.js';
import type { Sm3 } from '../core/ports.js';
import { isLevel } from './level.js';

/** A row as it rests: every column, whatever it is called. */
export type BoundRow = Readonly<Record<string, unknown>>;

/** Everything that belongs to one record: each list in a fixed order. */
export interface BoundRows {
  readonly record: BoundRow;
  /** 知悉范围 */
  readonly scope: readonly BoundRow[];
  /** 计算机文件, replaced ones too. */
  readonly files: readonly BoundRow[];
  readonly objects: readonly BoundRow[];
  /** 管理过程元数据 */
  readonly events: readonly BoundRow[];
  /** Every 定密记录 of the record, the one in force and those before it, with their own scopes. */
  readonly classification: readonly BoundRow[];
  readonly classificationScope: readonly BoundRow[];
  /** Which matters the record belongs to. */
  readonly matters: readonly BoundRow[];
}

/**
 * 标志绑定: what the box signs for a marked record. The first fields say what is bound in words; `rows` is the digest of every column of
 * every row, so that no edit behind the box's back goes unnoticed.
 */
export interface BindingStatement {
  readonly type: 'shouzang-mark-binding/v1';
  readonly box: string;
  readonly record: string;
  readonly serial: number;
  readonly version: number;
  readonly state: string;
  readonly level: number;
  readonly mark: string | null;
  readonly classification: string | null;
  readonly classificationVersion: number | null;
  readonly fonds: string;
  readonly department: string;
  readonly owner: string;
  readonly scope: readonly (readonly [kind: string, ref: string])[];
  /** SM3 of the content of each current file, in order. */
  readonly files: readonly (readonly [id: string, sm3: string])[];
  readonly rows: string;
}

/** 绑定异常, as officers read them. */
export const BINDING_FAULTS = {
  missing: '没有绑定签名：签名被删除',
  gone: '登记行不存在：整件被删除',
  unreadable: '绑定内容无法识别',
  foreign: '绑定签名属于另一件：签名被调换',
  altered: '登记内容与绑定签名不符：有字段被改动',
  unsigned: '绑定签名无效：不是本机所签',
  'rolled-back': '绑定签名不是审计日志所载的最近一次：登记被换成旧版本',
  misfiled: '计算机文件的密级高于所属的件：文件被改挂',
} as const;
export type BindingFault = keyof typeof BINDING_FAULTS;

/** 秘密 and above, whatever carries a mark, and whatever level cannot be read. */
export const isMarked = (row: { readonly level: unknown; readonly mark: unknown }): boolean =>
  !isLevel(row.level) || row.level >= 2 || (row.mark !== null && row.mark !== '');

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** A column that is NULL says nothing, so that a later release may add one without touching what is signed. */
function plain(sm3: Sm3, row: BoundRow): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(row).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [[name, value instanceof Uint8Array ? `sm3:${hex(sm3(value))}` : value]]));
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const orNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const number = (value: unknown): number => (typeof value === 'number' ? value : -1);

export function bindingStatement(sm3: Sm3, box: string, rows: BoundRows): BindingStatement {
  const { record } = rows;
  const matter = rows.classification.find((row) => row['id'] === record['classification']);
  const every = Object.fromEntries(Object.entries(rows).map(([name, part]: [string, BoundRow | readonly BoundRow[]]) =>
    [name, Array.isArray(part) ? part.map((row: BoundRow) => plain(sm3, row)) : plain(sm3, part as BoundRow)]));
  return {
    type: 'shouzang-mark-binding/v1', box, record: text(record['id']), serial: number(record['serial']), version: number(record['version']), state: text(record['state']),
    level: number(record['level']), mark: orNull(record['mark']), classification: orNull(record['classification']),
    classificationVersion: matter === undefined ? null : number(matter['version']), fonds: text(record['fonds']), department: text(record['department']), owner: text(record['owner']),
    scope: rows.scope.map((row) => [text(row['kind']), text(row['ref'])] as const),
    files: rows.files.filter((row) => row['replaced_by'] === null).map((row) => [text(row['id']), text(row['sm3'])] as const),
    rows: hex(sm3(canonicalBytes(every))),
  };
}

/** Canonical JSON (RFC 8785): what is signed, and what is kept. */
export const statementText = (statement: BindingStatement): string => canonicalize(statement) ?? '';

/** What the ledger keeps of a binding: an older signed pair put back is found by it. */
export const bindingDigest = (sm3: Sm3, statement: string): string => hex(sm3(new TextEncoder().encode(statement)));

export interface KeptBinding { readonly statement: string; readonly signature: Uint8Array }

/** Everything a record is held against. */
export interface BindingEvidence {
  readonly record: string;
  readonly rows: BoundRows | undefined;
  readonly kept: KeptBinding | undefined;
  /** Digest in the ledger's last entry of binding: `null` says that it was lifted, `undefined` that there never was one. */
  readonly entered: string | null | undefined;
}

/** What is wrong, or nothing. @param genuine whether the box made the signature */
export function bindingFault(sm3: Sm3, box: string, evidence: BindingEvidence, genuine: (kept: KeptBinding) => boolean): BindingFault | null {
  const { record, rows, kept, entered } = evidence;
  const held = kept !== undefined || (entered !== undefined && entered !== null);
  if (rows === undefined) return held ? 'gone' : null;
  if (!held && !isMarked({ level: rows.record['level'], mark: rows.record['mark'] })) return misfiled(rows) ? 'misfiled' : null;
  if (kept === undefined) return 'missing';
  const said = readStatement(kept.statement);
  if (said === undefined) return 'unreadable';
  if (said.record !== record) return 'foreign';
  if (!genuine(kept)) return 'unsigned';
  if (bindingDigest(sm3, kept.statement) !== entered) return 'rolled-back';
  return statementText(bindingStatement(sm3, box, rows)) === kept.statement ? null : 'altered';
}

const misfiled = ({ record, files }: BoundRows): boolean => files.some((row) => number(row['level']) > number(record['level']));

/** A kept statement, or nothing where it is none. */
export function readStatement(kept: string): BindingStatement | undefined {
  try {
    const said = JSON.parse(kept) as Partial<BindingStatement>;
    return said.type === 'shouzang-mark-binding/v1' && Array.isArray(said.scope) && Array.isArray(said.files) ? said as BindingStatement : undefined;
  } catch {
    return undefined;
  }
}
