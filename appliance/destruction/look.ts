/** 复核: looks for what must not be there any more, at every place that the box reaches (办法第三十九条:彻底删除). */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { searchedTexts } from '../../core/description.js';
import { ArchiveError } from '../../core/errors.js';
import type { ErasureStep } from '../../core/destruction.js';
import type { StoredRecord } from '../../core/holdings.js';
import { indexTerms } from '../../core/search-terms.js';
import type { Check } from '../../secrecy/erasure.js';
import type { Box } from '../box.js';
import type { Sql } from '../store/sql.js';
import { backupsIn, leftIn } from './backups.js';
import { scanFiles } from './scan.js';

export type LookingBox = Pick<Box, 'paths' | 'keys' | 'vault' | 'reader' | 'sealing' | 'identity'>;

/** Words that are looked for in the raw database; more would say no more. */
const WORDS_AT_MOST = 400;
/** Terms that lie together in a page share their beginning, which is stored once: the end of a word is what lies there. */
const TAIL_FROM = 5;

async function namesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return (await Promise.all(entries.map(async (entry) => (entry.isDirectory() ? namesUnder(path.join(folder, entry.name)) : [entry.name])))).flat();
}

/** Search words of the records that no record has any more. */
async function wordsGone(sql: Sql, box: Pick<Box, 'sealing'>, records: readonly StoredRecord[], searchedKeys: readonly string[]): Promise<string[]> {
  const gone: string[] = [];
  for (const record of records) {
    const tokens = box.sealing.tokens(record.level, indexTerms([...searchedTexts(record.description, searchedKeys), record.archivalCode ?? '']));
    for (const token of new Set(tokens)) {
      if (gone.length >= WORDS_AT_MOST) return gone;
      if ((await sql.one('SELECT 1 AS there FROM search WHERE search MATCH $1 LIMIT 1', `"${token}"`)) === undefined) gone.push(token);
    }
  }
  return gone;
}

export async function lookForRemains(box: LookingBox, what: { readonly records: readonly StoredRecord[]; readonly steps: readonly ErasureStep[]; readonly searchedKeys: readonly string[]; readonly targets: readonly string[] }): Promise<readonly Check[]> {
  const { reader, paths } = box;
  const objects = what.steps.filter(({ place }) => place === 'key').map(({ ref }) => ref);
  const checks: Check[] = [];
  const add = (name: string, looked: number, found: number): void => { checks.push({ what: name, looked, found, passed: found === 0 }); };

  let held = 0;
  for (const object of objects) if (await box.keys.holds(object)) held += 1;
  add('密钥环中查找各内容的数据密钥', objects.length, held);

  const inRing = await scanFiles([paths.keyring, `${paths.keyring}-wal`], objects.map((object) => Buffer.from(object)));
  add('逐字节查找密钥环文件和日志中的密钥条目', objects.length, inRing.length);

  const names = await namesUnder(paths.root);
  add('数据目录中以各内容编号命名的文件', objects.length, objects.filter((object) => names.some((name) => name.includes(object))).length);

  let opened = 0;
  for (const object of objects) {
    try {
      await (await box.vault.open(object)).close();
      opened += 1;
    } catch (error) {
      if (!(error instanceof ArchiveError) || error.code !== 'E_KEY_DESTROYED') opened += 1;
    }
  }
  add('逐个尝试开启内容，均须以“密钥已销毁”拒绝', objects.length, opened);

  let indexed = 0;
  for (const { id } of what.records) if ((await reader.one('SELECT 1 AS there FROM search_docsize WHERE id = (SELECT serial FROM record WHERE id = $1)', id)) !== undefined) indexed += 1;
  add('检索索引中各件的条目', what.records.length, indexed);

  const words = await wordsGone(reader, box, what.records, what.searchedKeys);
  const inDatabase = await scanFiles([paths.database, `${paths.database}-wal`], words.map((word) => Buffer.from(word.slice(TAIL_FROM))));
  add('逐字节查找数据库文件和日志中只属于这些件的检索词', words.length, inDatabase.length);

  const listed = new Set((await reader.all<{ object: string }>('SELECT object FROM destroyed_object')).map(({ object }) => object));
  add('已销毁清单中缺少的内容', objects.length, objects.filter((object) => !listed.has(object)).length);

  const settled = new Set(what.steps.filter(({ place, state }) => (place === 'backup' || place === 'backup_keys') && state === 'settled').map(({ ref }) => ref));
  const running = new Set((await reader.all<{ number: string }>("SELECT number FROM backup WHERE state = 'running'")).map(({ number }) => number));
  let [looked, left] = [0, 0];
  for (const target of what.targets) {
    for (const { folder, number, part, whole } of await backupsIn(target, box.identity.serial) ?? []) {
      if (settled.has(path.basename(folder)) || running.has(number)) continue;
      looked += 1;
      if (!whole) { left += 1; continue; }
      if (part === 'content') left += await leftIn(folder, objects);
    }
  }
  add('可读到的备份中各内容的文件和清单条目', looked, left);
  return checks;
}
