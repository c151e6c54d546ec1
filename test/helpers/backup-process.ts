import { openBox } from '../../appliance/box.js';
import { createBackup } from '../../appliance/backup/create.js';
import { randomIds, systemClock } from '../../appliance/clock.js';

/* One backup in a process of its own, to be killed at any of its file operations. */
const [data = '', target = '', keyTarget = '', number = ''] = process.argv.slice(2);
const box = await openBox({ data, clock: systemClock(), ids: randomIds() });
process.stdout.write('opened\n');
await createBackup(box, { number, target, keyTarget }, { done: 0, total: 0, reused: 0 }, () => false);
await box.close();
process.stdout.write('done\n');
