import { daysBetween } from '../../core/calendar.js';
import { ArchiveError } from '../../core/errors.js';
import type { VirusRegister, VirusShow } from '../../policies/schemas/virus.js';
import type { Box } from '../box.js';
import type { ServerCall } from '../call.js';
import { boxFact, setBoxFact } from '../store/repositories/box.js';
import type { VirusEngine } from './virus-engine.js';

const ON = 'virusLibraryOn';
const NUMBER = 'virusLibraryNo';

/** 病毒引擎与病毒库: what is installed, how old its library is, and the register for a box without an engine (第二十六条, GD-4-1). */
export function virusService(box: Pick<Box, 'store' | 'clock' | 'reader' | 'policies'>, engine: VirusEngine) {
  const { store, clock, policies, reader } = box;
  /** What tests, alarms, reports and the checklist read is one fact: the engine's own where there is one. */
  async function follow(): Promise<void> {
    const { libraryOn, library } = await engine.state();
    if (libraryOn === null || (await boxFact(reader, ON) === libraryOn && await boxFact(reader, NUMBER) === library)) return;
    await store.housekeep(async (sql) => {
      await setBoxFact(sql, ON, libraryOn);
      await setBoxFact(sql, NUMBER, library ?? '');
    });
  }

  return {
    follow,

    async show(call: ServerCall, _input: VirusShow) {
      await follow();
      const state = await engine.state();
      return store.read(call, async (tx) => {
        await tx.allow();
        const on = await boxFact(tx.sql, ON);
        const { warnDays, stopDays } = policies.content('alarms.json').virusLibrary;
        const limit = policies.content('test-items.json').limits.virusLibraryDays;
        tx.audit({ action: call.act, detail: { engine: state.key } });
        return { engine: state.key, name: state.name, version: state.version, why: state.why, library: await boxFact(tx.sql, NUMBER), libraryOn: on, ageDays: on === null ? null : daysBetween(on, clock.today()), stale: on === null || daysBetween(on, clock.today()) > limit, limitDays: limit, warnDays, stopDays, told: state.libraryOn === null ? 'registered' as const : 'engine' as const };
      });
    },

    async register(call: ServerCall, input: VirusRegister) {
      const { libraryOn } = await engine.state();
      return store.write(call, async (tx) => {
        await tx.allow();
        if (libraryOn !== null) throw new ArchiveError('E_STATE_INVALID', { engine: 'installed' }, [{ at: '', message: '本机引擎自报病毒库日期，无须登记；更新病毒库后自动显示' }]);
        if (input.on > clock.today()) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/on', message: '日期不得晚于今天' }]);
        await setBoxFact(tx.sql, ON, input.on);
        await setBoxFact(tx.sql, NUMBER, input.packageNo);
        tx.audit({ action: call.act, object: input.packageNo, objectType: 'virus', detail: { on: input.on } });
        return { on: input.on, packageNo: input.packageNo };
      });
    },
  };
}
export type VirusService = ReturnType<typeof virusService>;
