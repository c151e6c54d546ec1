import type { RoundKind } from '../../policies/schemas/preservation.js';
import type { AlarmEngine } from '../alarms/engine.js';
import type { BackupService } from '../backup/service.js';
import { backupRows } from '../backup/rows.js';
import type { Box } from '../box.js';
import { ArchiveError } from '../../core/errors.js';
import type { Preview } from '../preview/preview.js';
import { mendFromBackup } from './mend.js';
import { preservationRegisters } from './registers.js';
import { preservationRounds } from './rounds.js';
import { preservationRows } from './rows.js';
import { preservationService } from './service.js';

/** People are served first; then a step, a rest, a step. */
const SETTLE_MS = 90_000;
const REST_MS = 50;
const LOOK_MS = 60_000;
const KINDS: readonly RoundKind[] = ['fixity', 'readable'];

/** 保管与检测 over the parts of the box. */
export function composePreservation(box: Box, wish: { readonly engine: Pick<AlarmEngine, 'signal' | 'provide'>; readonly preview: Preview; readonly nameOf: (person: string) => Promise<string>; readonly backup: Pick<BackupService, 'foldersOf'> }) {
  const { store, clock, reader, gate } = box;
  const policy = box.policies.content('preservation.json');
  const { engine } = wish;
  engine.provide('preservation-found', 'inspection-overdue');
  const tell = async (): Promise<void> => engine.signal('preservation-found', (await preservationRows(reader).openCases()) > 0);
  const rounds = preservationRounds({ box, policy, preview: wish.preview, found: tell });
  let late = false;
  let timer: NodeJS.Timeout | undefined;
  let stopped = true;
  let busy: Promise<unknown> = Promise.resolve();
  let waiting = false;

  /** Overdue is said once, and clears by itself. */
  async function look(): Promise<void> {
    if (box.keys.state === 'locked') return;
    const standing = await Promise.all(KINDS.map(async (kind) => rounds.overdue(kind)));
    const now = standing.some(({ overdue }) => overdue) || await registers.mediaOverdue() || await registers.climateOverdue();
    if (now !== late) await engine.signal('inspection-overdue', now);
    late = now;
  }

  async function turn(): Promise<boolean> {
    if (box.keys.state === 'locked') return false;
    for (const kind of KINDS) {
      await rounds.begun(kind);
      if (await rounds.step(kind)) return true;
    }
    await look();
    return false;
  }

  function after(milliseconds: number): void {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(() => {
      if (waiting) return;
      waiting = true;
      busy = busy.then(turn).catch(() => false).then((more) => { waiting = false; after(more === true ? REST_MS : LOOK_MS); });
    }, milliseconds);
    timer.unref();
  }

  const registers = preservationRegisters({ box, gate, policy, nameOf: wish.nameOf, open: rounds.open, kindName: (key) => box.policies.content('carriers.json').kinds.find((kind) => kind.key === key)?.name ?? key });
  const mend = async (backup: string, object: string, digest: string): Promise<string> => {
    const row = await backupRows(reader).get(backup);
    if (row === undefined) throw new ArchiveError('E_NOT_FOUND', { backup });
    await mendFromBackup(box, (await wish.backup.foldersOf(row)).content, object, digest);
    return row.number;
  };
  return {
    preservation: { ...preservationService({ store, gate, clock, policy, rounds, wake: () => { after(0); }, nameOf: wish.nameOf, mend, settled: tell }), ...registers },
    preservationWork: {
      rounds, look,
      start(): void { stopped = false; after(SETTLE_MS); },
      async stop(): Promise<void> { stopped = true; clearTimeout(timer); await busy; },
    },
  };
}
