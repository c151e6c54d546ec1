import path from 'node:path';
import { openDatabase } from '../../appliance/store/database.js';
import { sqlOn } from '../../appliance/store/sql.js';
import { authorize } from '../../secrecy/access.js';
import { person, SECRET_BOX, shipped, thing } from '../helpers/secrecy.js';
import { quantile, type Figure, type Piece } from './figure.js';

const ROUNDS = 20_000;

/** One access decision with all its reasons, against reading one row by its key, which every request does anyway. */
export const decision: Piece = {
  name: 'decision',
  async run(folder) {
    const policy = await shipped();
    const who = person(['archivist', 'reader']);
    const things = Array.from({ length: 500 }, (_, n) => thing({ id: `R${n}`, level: n % 4 }));
    const once = (n: number): void => {
      try {
        authorize(policy, SECRET_BOX, who, 'record.show', things[n % things.length] ?? null);
      } catch (error) {
        if (!(error instanceof Error && error.name === 'ArchiveError')) throw error;
      }
    };
    for (let n = 0; n < 2000; n += 1) once(n);
    const times: number[] = [];
    for (let n = 0; n < ROUNDS; n += 1) {
      const begin = performance.now();
      once(n);
      times.push(performance.now() - begin);
    }

    const database = await openDatabase(path.join(folder, 'decision.db'));
    const sql = sqlOn(database.writer);
    await sql.run('CREATE TABLE row (id TEXT PRIMARY KEY, level INTEGER)');
    await sql.run("INSERT INTO row VALUES ('R1', 3)");
    const reads: number[] = [];
    for (let n = 0; n < 3000; n += 1) {
      const begin = performance.now();
      await sql.one('SELECT * FROM row WHERE id = $1', 'R1');
      reads.push(performance.now() - begin);
    }
    await database.close();

    const read = quantile(reads, 0.5);
    const figure = (work: string, title: string, value: number, reach: Figure['reach']): Figure => ({
      work, title, value, unit: '毫秒', reference: { title: '按主键读一行 p50', value: read }, ratio: read / value, reach,
    });
    const p50 = quantile(times, 0.5);
    return [
      figure('decision.p50', '访问判定 p50', p50, { text: '< 0.1 毫秒', met: p50 < 0.1 }),
      figure('decision.p99', '访问判定 p99', quantile(times, 0.99), null),
    ];
  },
};
