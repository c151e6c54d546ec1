import { appendFileSync } from 'node:fs';
import { openBox } from '../../appliance/box.js';
import { openIntake } from '../../appliance/capture/intake.js';
import { randomIds, systemClock } from '../../appliance/clock.js';
import { watchFileOps } from '../../appliance/content/file-ops.js';
import { openPool } from '../../appliance/inspection/pool.js';
import { openPreview } from '../../appliance/preview/preview.js';
import { servicesOf } from '../../appliance/services.js';

/*
 * Carries out a frozen batch in a process of its own. The power goes just before the n-th file operation, or just after the n-th commit,
 * counted together from the order on; with 0 it goes on to its end and writes how many there were.
 */
const [data = '', batch = '', person = '', version = '', signature = '', stop = '0', log = '/dev/null'] = process.argv.slice(2);
const box = await openBox({ data, clock: systemClock(), ids: randomIds() });
const services = servicesOf(box, openPool(), openPreview(), openIntake(box.policies));
const at = Number(stop);
let seen = 0;
const pass = (what: string): void => {
  seen += 1;
  if (seen !== at) return;
  appendFileSync(log, `${what.trim()}\n`);
  process.kill(process.pid, 'SIGKILL');
};
watchFileOps((step, file) => { pass(`${step} ${/vault|staging|pruning|objects|keyring\.db|shouzang\.db|manifest|keyring\.sealed/u.exec(file)?.[0] ?? ''}`); });
box.entries((entries) => { pass(`commit ${entries[0]?.action ?? ''}`); });
await services.destruction.execute({ act: 'destruction.execute', person, duty: null, terminal: 'test', traceId: box.ids.uuid(), session: undefined, ip: '127.0.0.1', reply: { setSession: () => undefined } }, { batch, seenVersion: Number(version), signature });
await services.destructionWork.settled();
process.stdout.write(`${String(seen)}\n`);
process.exit(0);
