/**
 * 执行销毁: one step a place, each done so that doing it again changes nothing, each closed with what was seen, in a unit of work with its
 * entry. Stopped anywhere, the next run goes on with the steps that are not closed.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveError } from '../../core/errors.js';
import type { DestructionBatch, ErasureStep, Evidence } from '../../core/destruction.js';
import { fileSystemOf } from '../backup/targets.js';
import type { Box } from '../box.js';
import { eraseFile, overwriteFile } from '../content/erase.js';
import type { Erased } from '../content/erase.js';
import { removeFile } from '../content/file-ops.js';
import { stagedPath, vaultPath } from '../content/paths.js';
import type { DestructionPolicy } from '../../policies/schemas/destruction.js';
import { emptyLog } from '../store/database.js';
import { places } from '../store/sql.js';
import { backupsIn, eraseUnfinished, leftIn, pruneContents, pruneKeys } from './backups.js';
import type { FoundBackup } from './backups.js';
import { targetPaths } from './plan.js';
import { destructionRows } from './rows.js';

export type ErasingBox = Pick<Box, 'paths' | 'keys' | 'crypto' | 'bulk' | 'sm3' | 'identity' | 'ids' | 'vault' | 'reader' | 'store' | 'sealing' | 'clock' | 'database' | 'systemCall'>;

/** What became of a step: done, or out of the box's reach. */
type Outcome = { readonly state: 'done' | 'residue'; readonly told: Evidence };

const RETRIED: readonly ErasureStep['state'][] = ['open', 'overwritten', 'failed', 'residue'];

export function eraser(box: ErasingBox, policy: DestructionPolicy) {
  const { store, keys, vault, paths, clock } = box;
  const cannotOf = (place: ErasureStep['place']): string => policy.places.find(({ key }) => key === place)?.cannot ?? '';
  const told = (place: ErasureStep['place'], method: string, result: string, proves: string): Evidence => ({ method, result, proves, cannot: cannotOf(place) });
  const done = (place: ErasureStep['place'], method: string, result: string, proves: string): Outcome => ({ state: 'done', told: told(place, method, result, proves) });
  const residue = (place: ErasureStep['place'], result: string): Outcome => ({ state: 'residue', told: told(place, '本机未能清除', result, '') });

  /** The file system of the data directory, and whether it writes a block where it lay. */
  async function fileSystem(): Promise<{ readonly name: string; readonly inPlace: boolean }> {
    const name = fileSystemOf(paths.root, await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')) ?? '';
    return { name, inPlace: policy.overwritesInPlace.includes(name) };
  }

  const proofOf = (one: Pick<Erased, 'zeroed' | 'punched' | 'bytes'>, inPlace: boolean): string => (one.bytes === 0 ? '执行时文件已不存在'
    : `${one.zeroed ? '读回全为零' : '未能读回核对'}；${inPlace ? '文件系统就地写入，原数据块已被覆盖' : '文件系统不保证就地写入，原数据块是否覆盖不能证明'}${one.punched ? '；数据块已打洞释放' : ''}`);

  /** Closes a step with its evidence, once. */
  async function close(batch: DestructionBatch, step: ErasureStep, outcome: Outcome | { readonly state: 'overwritten' | 'failed'; readonly told: Evidence }): Promise<ErasureStep> {
    const next: ErasureStep = { ...step, state: outcome.state, told: outcome.told, at: clock.now() };
    await store.write(box.systemCall('destruction.execute'), async (tx) => {
      await tx.allow();
      if (!(await destructionRows(tx.sql, box.sealing).saveStep(next, step.state))) throw new ArchiveError('E_STATE_INVALID', { step: step.id });
      tx.audit({
        action: 'destruction.erase', object: batch.id, objectType: 'destruction', ...(outcome.state === 'failed' ? { result: 'failed' as const, reason: 'E_INTERNAL' } : {}),
        detail: { step: step.seq, place: step.place, ref: step.ref, state: next.state },
      });
    });
    return next;
  }

  async function erase(batch: DestructionBatch, step: ErasureStep, objects: readonly string[], records: readonly string[]): Promise<ErasureStep> {
    const { place } = step;
    switch (place) {
      case 'key': {
        await vault.forget(step.ref);
        await keys.destroy(step.ref);
        return close(batch, step, done(place, '包裹的数据密钥覆写为零后删除，密钥环日志覆写后截断', (await keys.holds(step.ref)) ? '密钥仍在' : '密钥环中已无此密钥', '没有密钥，本机和在此之后的备份中的密文不能还原'));
      }
      case 'vault': {
        const { inPlace, name } = await fileSystem();
        const erased = await overwriteFile(vaultPath(paths, step.ref));
        const method = `密文就地覆写零并同步${erased.punched ? '、打洞释放' : ''}后删除（文件系统 ${name === '' ? '未识别' : name}）`;
        // Noted before the name goes: a run that is stopped in between still knows what was overwritten.
        const overwritten = step.state === 'overwritten' && erased.bytes === 0 ? step : await close(batch, step, { state: 'overwritten', told: told(place, method, `覆写 ${String(erased.bytes)} 字节`, proofOf(erased, inPlace)) });
        await removeFile(vaultPath(paths, step.ref));
        for (const end of ['', '.part', '.part.tags']) await eraseFile(`${stagedPath(paths, step.ref)}${end}`);
        const before = overwritten.told ?? told(place, method, '', '');
        return close(batch, overwritten, { state: 'done', told: { ...before, result: `${before.result}，文件已不存在` } });
      }
      case 'memory': {
        for (const object of objects) await vault.forget(object);
        return close(batch, step, done(place, '内存中的待检内容覆写，打开的读取句柄关闭；预览逐页即时绘制，不落盘', '无缓存页面、缩略图和临时文件', '本机不保存预览和正文的临时副本'));
      }
      case 'upload': {
        const removed = await store.write(box.systemCall('destruction.execute'), async (tx) => {
          await tx.allow();
          let count = 0;
          for (const object of objects) count += await tx.sql.run("DELETE FROM upload WHERE object = $1 AND state <> 'open'", object);
          tx.audit({ action: 'destruction.erase', object: batch.id, objectType: 'destruction', detail: { place, uploads: count } });
          return count;
        });
        return close(batch, step, done(place, '删除上传登记（安全删除已启用）', `删除 ${String(removed)} 条`, '上传登记不再指向这些内容'));
      }
      case 'index': {
        await store.write(box.systemCall('destruction.execute'), async (tx) => {
          await tx.allow();
          for (const record of records) await tx.sql.run('DELETE FROM search WHERE rowid = (SELECT serial FROM record WHERE id = $1)', record);
          // Rows alone only mark words as gone: merging the whole index writes it anew without them.
          await tx.sql.run("INSERT INTO search (search) VALUES ('optimize')");
          tx.audit({ action: 'destruction.erase', object: batch.id, objectType: 'destruction', detail: { place, records: records.length } });
        });
        const left = await box.reader.one<{ n: number }>(`SELECT count(*) AS n FROM search_docsize WHERE id IN (SELECT serial FROM record WHERE id IN (${places(records.length)}))`, ...records);
        return close(batch, step, done(place, '删除索引条目，整体合并索引', `索引中剩余 ${String(left?.n ?? 0)} 条`, '检索不再命中，旧索引段已由安全删除覆写'));
      }
      case 'database': {
        const emptied = await store.alone(async () => emptyLog(box.database.writer, paths.database));
        if (!emptied) throw new ArchiveError('E_BUSY');
        const secure = await box.reader.one<{ secure_delete: number }>('PRAGMA secure_delete');
        return close(batch, step, done(place, '检查点后就地覆写预写日志再截断；空闲页在释放时覆写（secure_delete）', `预写日志为空；安全删除${secure?.secure_delete === 1 ? '已启用' : '未启用'}`, '数据库文件和日志中没有已删除行的旧页'));
      }
      case 'report': return close(batch, step, done(place, '核对：报表只载著录和统计，不载正文', '无需清除', '报表中没有正文副本'));
      case 'backup': case 'backup_keys': return close(batch, step, await fromBackup(step, objects));
      case 'carrier': return close(batch, step, await onCarrier(step.ref, records));
      case 'output': return close(batch, step, await givenOut(step.ref));
    }
  }

  async function found(ref: string): Promise<FoundBackup | undefined> {
    for (const target of await targetPaths(box.reader)) {
      const one = (await backupsIn(target, box.identity.serial))?.find(({ folder }) => path.basename(folder) === ref);
      if (one !== undefined) return one;
    }
    return undefined;
  }

  async function fromBackup(step: ErasureStep, objects: readonly string[]): Promise<Outcome> {
    const backup = await found(step.ref);
    if (backup === undefined) return residue(step.place, '介质未挂载或目录不在，副本是否存在不能查证；请挂载后继续，或登记处置');
    if (!backup.whole) return done(step.place, '未做完的备份整体覆写后删除', `覆写 ${String(await eraseUnfinished(backup.folder))} 个文件`, '该备份没有生效，不再可读');
    try {
      if (step.place === 'backup') {
        const pruned = await pruneContents(box, backup.folder, objects);
        await registerManifest(backup.number, pruned.manifest);
        const left = await leftIn(backup.folder, objects);
        return left > 0 ? residue(step.place, `仍有 ${String(left)} 处，未能清除`)
          : done(step.place, '备份中的密文就地覆写后删除，清单重新签名', `清除 ${String(pruned.erased)} 个对象${pruned.zeroed ? '，读回全为零' : ''}`, '该备份其余内容仍完好、可核对、可恢复');
      }
      const pruned = await pruneKeys(box, backup.folder, objects);
      return done(step.place, '开启密钥环快照，删除其中的数据密钥后换钥重新封存，旧快照就地覆写', `清除 ${String(pruned.erased)} 个密钥`, '凭该备份不再能得到这些密钥');
    } catch (error) {
      const code = error instanceof ArchiveError ? error.code : (error as NodeJS.ErrnoException).code ?? '';
      if (code === 'E_BACKUP_INVALID') return residue(step.place, '备份清单不是本机所签或已损坏，未改写；请核对介质后登记处置');
      if (code === 'E_DECRYPT_FAILED') return residue(step.place, '该快照所属期次的层级密钥已销毁，本机打不开；请连同介质处置');
      if (['EROFS', 'EACCES', 'EPERM', 'ETXTBSY'].includes(code)) return residue(step.place, '介质只读，不能清除；请销毁该介质后登记凭证');
      throw error;
    }
  }

  /** The register holds the manifest that the backup has now, so that a later check against the box is told the truth. */
  async function registerManifest(number: string, manifest: string): Promise<void> {
    await store.write(box.systemCall('destruction.execute'), async (tx) => {
      await tx.allow();
      const changed = await tx.sql.run('UPDATE backup SET manifest = $1 WHERE number = $2 AND manifest <> $1', manifest, number);
      tx.audit({ action: 'backup.prune', objectType: 'backup', detail: { number, manifest, changed } });
    });
  }

  async function givenOut(id: string): Promise<Outcome> {
    const copy = await box.reader.one<{ request: string; no: number }>('SELECT output_request.no AS request, output_copy.no AS no FROM output_copy JOIN output_request ON output_request.id = output_copy.output WHERE output_copy.id = $1', id);
    return residue('output', `${copy?.request ?? ''} 第 ${String(copy?.no ?? 0)} 份领用在外；请收回销毁后登记`);
  }

  async function onCarrier(id: string, records: readonly string[]): Promise<Outcome> {
    const carrier = await store.read(box.systemCall('destruction.execute'), async (tx) => { await tx.allow(); return tx.carriers.get(id); });
    if (carrier === undefined) return residue('carrier', '载体台账中没有此载体');
    const { it } = carrier;
    // What was wiped off it or went with it by a destruction of media is ended in the register, whatever became of the carrier since.
    const left = await box.reader.one<{ n: number }>(`SELECT count(*) AS n FROM carrier_content WHERE carrier = $1 AND ended_at IS NULL AND record IN (${places(records.length, 2)})`, id, ...records);
    if (left?.n === 0) return done('carrier', '载体上的内容已随载体销毁清除', `载体 ${it.no} 的载体销毁登记`, '载体台账与监销签字');
    if (it.state === 'destroyed') return done('carrier', '载体已销毁', `载体 ${it.no}，销毁凭证 ${it.certificate}`, '载体台账与监销签字');
    return residue('carrier', `载体 ${it.no} 上有副本，尚未销毁；请办理载体销毁，或登记处置`);
  }

  return {
    fileSystem,
    /** Every step that is not closed, in order. A fault leaves its step `failed` and the run goes on to the others. */
    async run(batch: DestructionBatch, steps: readonly ErasureStep[], records: readonly string[], failed: (step: ErasureStep, error: unknown) => void): Promise<readonly ErasureStep[]> {
      const objects = steps.filter(({ place }) => place === 'key').map(({ ref }) => ref);
      const after: ErasureStep[] = [];
      for (const step of steps) {
        if (!RETRIED.includes(step.state)) { after.push(step); continue; }
        try {
          after.push(await erase(batch, step, objects, records));
        } catch (error) {
          failed(step, error);
          const [now = step] = (await destructionRows(box.reader, box.sealing).steps(batch.id)).filter(({ id }) => id === step.id);
          after.push(now.state === 'failed' ? now : await close(batch, now, { state: 'failed', told: told(step.place, '执行出错', error instanceof ArchiveError ? error.code : 'E_INTERNAL', '') }));
        }
      }
      return after;
    },
  };
}
