import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveError } from '../../core/errors.js';
import type { Sm3 } from '../../core/ports.js';
import { BINDING_FAULTS } from '../../secrecy/binding.js';
import type { Bindings } from '../binding/bindings.js';
import { exists } from '../content/file-ops.js';
import { vaultPath } from '../content/paths.js';
import type { DataPaths } from '../content/paths.js';
import type { Vault } from '../content/vault.js';
import { verifyLedger } from '../audit/verify.js';
import type { CheckSignature } from '../audit/verify.js';
import type { KeyStore } from '../keystore/keystore.js';
import { epochsInRows } from '../store/resealing.js';
import type { Sql } from '../store/sql.js';

export interface FsckFinding {
  readonly kind: 'database' | 'object-missing' | 'object-damaged' | 'object-unreferred' | 'key-missing' | 'key-left' | 'key-level' | 'key-epoch' | 'file-unlinked' | 'number-gap' | 'state' | 'ledger' | 'intent-open' | 'binding' | 'separation';
  /** Id of what it is about. */
  readonly object: string;
  /** 中文 */
  readonly text: string;
}

export interface FsckResult {
  readonly objects: number;
  readonly records: number;
  readonly entries: number;
  /** False while the keys are locked: rows, keys and files were compared, no object was opened. */
  readonly opened: boolean;
  readonly findings: readonly FsckFinding[];
}

/** Of migration 0010: exclusion, end, keeping and separation of grants, end of a clearance. */
const DUTY_TRIGGERS = 8;

/**
 * Re-derives everything the box believes: database integrity, every object against its row and digest, keys against objects,
 * files against records, numbers without gap, the ledger. Read-only.
 * @param deep also reads every object through and compares its SM3
 */
export async function fsck(parts: {
  readonly sql: Sql; readonly vault: Vault; readonly keys: KeyStore; readonly paths: DataPaths; readonly sm3: Sm3; readonly check: CheckSignature; readonly deep: boolean;
  /** 标志绑定, checked with the box's certificate alone. */
  readonly bindings?: Pick<Bindings, 'faults'>;
}): Promise<FsckResult> {
  const { sql, paths } = parts;
  const findings: FsckFinding[] = [];
  const add = (kind: FsckFinding['kind'], object: string, text: string): void => { findings.push({ kind, object, text }); };

  for (const row of await sql.all<{ integrity_check: string }>('PRAGMA integrity_check')) if (row.integrity_check !== 'ok') add('database', '', `数据库完整性：${row.integrity_check}`);
  for (const row of await sql.all<{ table: string }>('PRAGMA foreign_key_check')) add('database', row.table, '数据库外键不一致');

  const objects = await sql.all<ObjectRow>('SELECT id, level, bytes, sm3, state FROM stored_object');
  const moving = new Set((await sql.all<{ object: string }>("SELECT object FROM object_intent WHERE kind = 'relevel' AND closed_at IS NULL")).map((row) => row.object));
  for (const row of objects) await checkObject(parts, row, moving.has(row.id), add);
  await checkEpochs(parts, add);
  const known = new Set(objects.filter((row) => row.state !== 'gone').map((row) => row.id));
  for (const folder of await readdir(paths.vault)) {
    for (const name of await readdir(path.join(paths.vault, folder))) if (!known.has(name)) add('object-unreferred', name, '封存对象没有登记');
  }

  for (const row of await sql.all<{ id: string }>("SELECT id FROM computer_file WHERE replaced_by IS NULL AND record NOT IN (SELECT id FROM record)")) add('file-unlinked', row.id, '计算机文件没有所属的件');
  for (const row of await sql.all<{ id: string }>("SELECT id FROM record WHERE state IN ('filed','arranged','inspected') AND id NOT IN (SELECT record FROM computer_file WHERE replaced_by IS NULL)")) add('file-unlinked', row.id, '件没有计算机文件');
  for (const row of await sql.all<{ series: string; n: number; last: number }>('SELECT series, count(*) AS n, max(sequence) AS last FROM record WHERE series IS NOT NULL GROUP BY series')) {
    if (row.n !== row.last) add('number-gap', row.series, `编号不连续：最大件号 ${String(row.last)}，实有 ${String(row.n)}`);
  }
  for (const row of await sql.all<{ id: string }>("SELECT id FROM record WHERE (state = 'filed') <> (archival_code IS NOT NULL) AND state IN ('captured','returned','inspected','arranged','filed')")) add('state', row.id, '状态与档号不一致');
  for (const row of await sql.all<{ object: string }>('SELECT object FROM object_intent WHERE closed_at IS NULL')) add('intent-open', row.object, '存取意图尚未完成，重新启动后会自动完成');

  const held = await sql.all<{ id: string }>("SELECT id FROM record UNION SELECT record FROM mark_binding UNION SELECT object FROM audit_entry WHERE action = 'mark.bind' ORDER BY 1");
  for (const [record, fault] of await parts.bindings?.faults(sql, held.map(({ id }) => id), false) ?? []) add('binding', record, BINDING_FAULTS[fault]);
  // 三员互斥, as the triggers hold it: what somebody wrote past them is found here. Accounts of one key are one person.
  for (const row of await sql.all<{ id: string }>(`SELECT DISTINCT a.id FROM duty_grant AS a JOIN person AS pa ON pa.id = a.person JOIN duty_grant AS b ON b.id <> a.id AND b.duty <> a.duty JOIN person AS pb ON pb.id = b.person
    WHERE (pa.id = pb.id OR pa.token = pb.token) AND a.duty IN ('sysadmin','secadmin','auditadmin')
      AND a.valid_from < min(coalesce(b.revoked_at, '9999'), coalesce(b.valid_until, '9999')) AND b.valid_from < min(coalesce(a.revoked_at, '9999'), coalesce(a.valid_until, '9999')) ORDER BY a.id`)) add('separation', row.id, '同一人同时任互斥岗位，请安全保密管理员核查并撤销');
  const triggers = await sql.one<{ n: number }>("SELECT count(*) AS n FROM sqlite_master WHERE type = 'trigger' AND (name LIKE 'duty_grant_%' OR name = 'person_clearance_ends')");
  if (triggers?.n !== DUTY_TRIGGERS) add('separation', 'duty_grant', '岗位授权的数据库约束缺失，请从备份恢复');

  const ledger = await verifyLedger(sql, parts.sm3, parts.check);
  for (const one of ledger.faults) add('ledger', String(one.seq), one.text);
  const records = await sql.one<{ n: number }>('SELECT count(*) AS n FROM record');
  return { objects: known.size, records: records?.n ?? 0, entries: ledger.entries, opened: parts.keys.state === 'unlocked', findings };
}

interface ObjectRow { readonly id: string; readonly level: number; readonly bytes: number; readonly sm3: string; readonly state: string }

/** Whatever names an epoch names one that there is: data keys in the keyring, headers of sealed descriptions in the rows. */
async function checkEpochs(parts: { readonly sql: Sql; readonly keys: KeyStore }, add: (kind: FsckFinding['kind'], object: string, text: string) => void): Promise<void> {
  const live = new Set(parts.keys.epochs.filter(({ state }) => state !== 'destroyed').map(({ epoch }) => epoch));
  for (const [epoch, count] of await parts.keys.keysByEpoch()) if (!live.has(epoch)) add('key-epoch', String(epoch), `${String(count)} 个数据密钥所属的第 ${String(epoch)} 期密钥不存在`);
  for (const [epoch, count] of await epochsInRows(parts.sql)) if (!live.has(epoch)) add('key-epoch', String(epoch), `${String(count)} 条著录密件所属的第 ${String(epoch)} 期密钥不存在`);
}

async function checkObject(
  parts: { readonly vault: Vault; readonly keys: KeyStore; readonly paths: DataPaths; readonly deep: boolean },
  row: ObjectRow,
  moving: boolean,
  add: (kind: FsckFinding['kind'], object: string, text: string) => void,
): Promise<void> {
  const place = await parts.keys.placeOf(row.id);
  const holds = place !== undefined;
  if (row.state === 'gone') {
    if (holds) add('key-left', row.id, '已销毁对象的密钥仍在');
    if (await exists(vaultPath(parts.paths, row.id))) add('object-unreferred', row.id, '已销毁对象的密文仍在');
    return;
  }
  if (!holds) { add('key-missing', row.id, '对象密钥不存在'); return; }
  if (place.level !== row.level && !moving) add('key-level', row.id, '对象密钥所在密级与登记的密级不一致');
  if (row.state === 'kept' && !(await exists(vaultPath(parts.paths, row.id)))) { add('object-missing', row.id, '封存对象不存在'); return; }
  if (parts.keys.state === 'locked') return;
  try {
    const sealed = await parts.vault.open(row.id);
    try {
      const found = parts.deep ? await sealed.verifyAll() : sealed;
      if (found.bytes !== row.bytes || found.sm3 !== row.sm3) add('object-damaged', row.id, '封存对象与登记的字节数或摘要不一致');
    } finally {
      await sealed.close();
    }
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    add('object-damaged', row.id, `封存对象无法开启（${error.code}）`);
  }
}
