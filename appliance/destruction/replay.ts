import { isRecordState } from '../../core/record.js';
import { places } from '../store/sql.js';
import type { ErasingBox } from './eraser.js';
import { tombstoneOf } from './papers.js';
import { destructionRows } from './rows.js';

/**
 * 回放: a box restored from a backup of before knows from the list of the destroyed which records are no more. They become what they were:
 * destroyed, out of the index, with the tombstone that came with the list, or, where none came, one that says so. Done again it changes nothing.
 * A record of a batch that is under way here is that batch's business.
 * @returns how many records were put back into their graves
 */
export async function replayDestroyed(box: ErasingBox): Promise<number> {
  const listed = await box.reader.all<{ record: string; batch: string; at: string }>(
    `SELECT destroyed_object.record AS record, max(destroyed_object.batch) AS batch, max(destroyed_object.at) AS at FROM destroyed_object JOIN record ON record.id = destroyed_object.record
     WHERE record.state <> 'destroyed' AND NOT EXISTS (SELECT 1 FROM destruction WHERE destruction.number = destroyed_object.batch AND destruction.state IN ('executing','partial_failed')) GROUP BY destroyed_object.record`);
  const gone = (await Promise.all(listed.map(async (one) => ((await box.reader.one(`SELECT 1 AS there FROM computer_file JOIN stored_object ON stored_object.id = computer_file.object WHERE record = $1 AND stored_object.state <> 'gone'`, one.record)) === undefined ? [one] : [])))).flat();
  if (gone.length === 0) return 0;
  await box.store.write(box.systemCall('backup.restore'), async (tx) => {
    await tx.allow();
    const kept = destructionRows(tx.sql, box.sealing);
    for (const { record: id, batch, at } of gone) {
      const record = await tx.records.get(id);
      if (record === undefined || !isRecordState(record.state)) continue;
      await tx.sql.run('DELETE FROM search WHERE rowid = (SELECT serial FROM record WHERE id = $1)', id);
      await tx.records.save({ ...record, state: 'destroyed' }, record.version);
      const contents = await tx.sql.all<{ bytes: number; sm3: string }>(`SELECT bytes, sm3 FROM stored_object WHERE id IN (SELECT object FROM computer_file WHERE record = $1) ORDER BY id`, id);
      await kept.bury(id, batch, at, tombstoneOf(box.sm3, box.identity, record, await tx.records.events(id), {
        contents, appraisal: record.appraisal, batch, destroyedAt: at, applicant: null, approval: null, executor: null, supervisors: [], places: [], origin: 'replayed',
      }));
      tx.audit({ action: 'record.destroy', object: id, objectType: 'record', objectLevel: record.level, detail: { batch, replayed: true } });
    }
    await tx.sql.run("INSERT INTO search (search) VALUES ('optimize')");
    await tx.sql.run(`DELETE FROM upload WHERE state <> 'open' AND object IN (SELECT object FROM computer_file WHERE record IN (${places(gone.length)}))`, ...gone.map(({ record }) => record));
  });
  return gone.length;
}
