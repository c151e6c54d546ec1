import { statfs } from 'node:fs/promises';
import { exists } from './content/file-ops.js';
import { dataPaths } from './content/paths.js';
import { randomIds, systemClock } from './clock.js';
import { readConfig } from './config.js';
import { foundRehearsal } from './founding/rehearsal.js';
import { seedRehearsal } from './founding/rehearsal-records.js';
import { listen } from './server/listen.js';

/*
 * npm start ends here. A data directory with nothing in it becomes a rehearsal box (演练) with records of its own, or an archive's that
 * is still empty; a real one is made by `shouzang init`.
 */
const config = readConfig(process.env, process.cwd());
const [clock, ids] = [systemClock(), randomIds()];
const { database, founding } = dataPaths(config.data);
const fresh = !(await exists(database)) && !(await exists(founding));
if (fresh) await foundRehearsal(config.data, clock, ids, config.mode);
const storage = async (): Promise<{ used: number; total: number }> => {
  const { blocks, bavail, bsize } = await statfs(config.data);
  return { used: (blocks - bavail) * bsize, total: blocks * bsize };
};
const running = await listen({ ...config, clock, ids, storage, sysfs: '/sys' });
if (fresh && config.mode === 'unit') await seedRehearsal(running.box, running.services);
process.stdout.write(`ready ${running.url}\n`);

let stopping = false;
const stop = (): void => {
  if (stopping) return;
  stopping = true;
  running.close().then(() => process.exit(0), () => process.exit(4));
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
