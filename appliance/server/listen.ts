import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { openBox } from '../box.js';
import type { Box } from '../box.js';
import { openIntake } from '../capture/intake.js';
import { openPool } from '../inspection/pool.js';
import { inPackage } from '../package-root.js';
import { openPreview } from '../preview/preview.js';
import { servicesOf } from '../services.js';
import type { Services } from '../services.js';
import type { Ids } from '../../core/ports.js';
import type { StorageProbe } from '../alarms/probes.js';
import type { MachineClock } from '../clock-guard.js';
import { buildServer } from './build.js';
import { faultOf } from './faults.js';
import { allRoutes } from './routes/index.js';
import type { Routes } from './route.js';
import { TLS_MIN, tlsPair } from './tls.js';

export interface Running {
  readonly box: Box;
  readonly services: Services;
  readonly routes: Routes;
  readonly url: string;
  /** Stops taking requests, lets those under way end, closes the box. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly clock: MachineClock;
  readonly ids: Ids;
  /** How full the disk of the data directory is; without it 存储预警 is not enabled. */
  readonly storage?: StorageProbe;
  /** Where the machine tells of what is plugged in, `/sys`; without it nothing is watched. */
  readonly sysfs?: string;
  /** `silent` in tests. */
  readonly logLevel?: string;
}

const HOUR_MS = 3_600_000;
const DRAIN_MS = 10_000;

/** The running box: opens it, listens, signs a checkpoint at least hourly. */
export async function listen(options: ListenOptions): Promise<Running> {
  const { clock, ids } = options;
  const log = pino({ level: options.logLevel ?? 'info', base: null, timestamp: () => `,"at":"${clock.now()}"` }, pino.destination(2));
  const box = await openBox({ data: options.data, clock, ids, late: (error) => { log.error({ fault: faultOf(error) }, 'step after commit failed'); } });
  const pool = openPool();
  const preview = openPreview();
  const intake = openIntake(box.policies);
  const services = servicesOf(box, pool, preview, intake, options.storage, options.sysfs);
  const routes = allRoutes(box, services);
  const app = buildServer({
    routes, sessions: services.keeper, refused: async (call, error) => box.store.refuse(call, error), mayHold: (act, duty) => box.gate.mayHold(act, duty), log, newTraceId: () => ids.uuid(), consoleFolder: inPackage('dist', 'ui'),
    health: async () => Promise.resolve({ status: 'ok', keys: box.keys.state, rehearsal: box.profile.rehearsal }),
    metrics: async () => Promise.resolve([
      '# TYPE shouzang_keys_unlocked gauge', `shouzang_keys_unlocked ${box.keys.state === 'unlocked' ? '1' : '0'}`,
      '# TYPE process_resident_memory_bytes gauge', `process_resident_memory_bytes ${String(process.memoryUsage().rss)}`, '',
    ].join('\n')),
  });
  const server = createServer({ ...(await tlsPair(box.paths.box, clock)), minVersion: TLS_MIN }, (request, response) => { void app.callback()(request, response); });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const sign = async (): Promise<void> => {
    if (box.keys.state === 'unlocked') await box.checkpoint();
  };
  const round = async (): Promise<void> => {
    if (box.keys.state === 'unlocked') { await services.transport.ensure(); await services.tables.round(); await services.peopleRound(); await services.carrierRound(); await services.outputRound(); await services.disposalRound(); }
    if (box.keys.state === 'unlocked') await services.useRound();
  };
  await round();
  await sign();
  const timer = setInterval(() => { round().then(sign).catch((error: unknown) => { log.error({ fault: error instanceof Error ? error.name : 'unknown' }, 'hourly round or checkpoint failed'); }); }, HOUR_MS);
  timer.unref();
  if (box.keys.state === 'unlocked') await services.accessions.resume();
  if (box.keys.state === 'unlocked') await services.imports.resume();
  services.guardingWork.start();
  await services.alarmWork.start();
  await services.rulePacks.begin();
  await services.virus.follow();
  await services.backup.begin();
  await services.transferSealing.resume();
  await services.destructionWork.begin();
  services.conversionWork.begin();
  services.scanWork.begin();
  const failed = (error: unknown): void => { log.error({ fault: faultOf(error) }, 'daily round failed'); };
  await services.markingDays.run().catch(failed);
  services.markingDays.start(failed);
  services.deviceWatch.start(failed);
  services.backupPlans.start(failed);
  services.preservationWork.start();
  const { port } = server.address() as AddressInfo;
  return {
    box, services, routes, url: `https://${options.host}:${String(port)}`,
    async close() {
      clearInterval(timer);
      await drained(server);
      await services.accessions.settled();
      await services.preservationWork.stop();
      await services.backupPlans.stop();
      await services.imports.stop();
      await services.backup.stop();
      await services.transferSealing.stop();
      await services.destructionWork.stop();
      await services.conversionWork.stop();
      await services.scanWork.stop();
      await services.alarmWork.stop();
      await services.guardingWork.stop();
      await services.markingDays.stop();
      await services.deviceWatch.stop();
      await services.tables.close();
      await preview.close();
      await intake.close();
      await pool.close();
      await sign();
      await box.close();
    },
  };
}

async function drained(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const cut = setTimeout(() => { server.closeAllConnections(); }, DRAIN_MS);
    server.close(() => { clearTimeout(cut); resolve(); });
    server.closeIdleConnections();
  });
}
