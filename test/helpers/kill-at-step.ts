import { appendFileSync } from 'node:fs';
import { watchFileOps } from '../../appliance/content/file-ops.js';

/*
 * Loaded before the box (`--import`). The power goes just before the n-th change of a file: SIGKILL to itself, nothing flushed, no
 * handler run. `SHOUZANG_KILL_LOG` notes which step it was, so that the test can say what it has covered.
 */
const at = Number(process.env['SHOUZANG_KILL_STEP']);
let seen = 0;
watchFileOps((step, file) => {
  seen += 1;
  if (seen !== at) return;
  const [folder = ''] = /(?:staging|vault|box|rehearsal)/u.exec(file) ?? [];
  appendFileSync(process.env['SHOUZANG_KILL_LOG'] ?? '/dev/null', `${step} ${folder}\n`);
  process.kill(process.pid, 'SIGKILL');
});
