import { exists } from './content/file-ops.js';
import { dataPaths } from './content/paths.js';
import { randomIds, systemClock } from './clock.js';
import { readConfig } from './config.js';
import { foundRehearsal } from './founding/rehearsal.js';
import { listen } from './server/listen.js';

/*
 * npm start ends here. A data directory with nothing in it becomes a rehearsal box (演练); a real one is made by `shouzang init`.
 */
const config = readConfig(process.env, process.cwd());
const [clock, ids] = [systemClock(), randomIds()];
const { database, founding } = dataPaths(config.data);
if (!(await exists(database)) && !(await exists(founding))) await foundRehearsal(config.data, clock, ids);
const running = await listen({ ...config, clock, ids });
process.stdout.write(`ready ${running.url}\n`);

let stopping = false;
const stop = (): void => {
  if (stopping) return;
  stopping = true;
  running.close().then(() => process.exit(0), () => process.exit(4));
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
