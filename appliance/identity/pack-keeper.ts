import { strictest, tighten } from '../../secrecy/password-pack.js';
import type { PasswordPack } from '../../secrecy/password-pack.js';
import { ArchiveError } from '../../core/errors.js';
import type { Clock, ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { PolicyTighten } from '../../policies/schemas/policy.js';
import type { ServerCall } from '../call.js';
import { latestPack } from '../store/repositories/packs.js';
import type { PackRepository } from '../store/repositories/packs.js';
import type { TerminalRepository } from '../store/repositories/terminals.js';
import type { Sql } from '../store/sql.js';

/** The pack in force, in memory: asked at every request, changed only after the commit that tightened it. */
export interface PackKeeper {
  current(): PasswordPack;
  version(): number;
  changed(version: number, pack: PasswordPack): void;
}

/** The shipped pack of the level, and stricter wherever an officer made it so. */
export async function openPackKeeper(reader: Sql, shipped: PasswordPack): Promise<PackKeeper> {
  const kept = await latestPack(reader);
  let now = kept === undefined ? { version: 0, pack: shipped } : { version: kept.version, pack: strictest(shipped, kept.pack) };
  return { current: () => now.pack, version: () => now.version, changed: (version, pack) => { now = { version, pack }; } };
}

type Tx = { readonly packs: PackRepository; readonly terminals: TerminalRepository };

export interface PolicyServiceParts {
  readonly store: UnitOfWork<Tx & WriteTools, Tx & ReadTools>;
  readonly clock: Clock;
  readonly keeper: PackKeeper;
  readonly shipped: PasswordPack;
  readonly rehearsal: boolean;
  readonly nameOf: (person: string) => Promise<string>;
}

/** 口令与会话策略: shown to the officers, tightened by the security officer, loosened by nobody. */
export function policyService(parts: PolicyServiceParts) {
  const { store, keeper, clock, shipped } = parts;
  return {
    async show(call: ServerCall) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const history = await tx.packs.all();
        return {
          pack: keeper.current(), version: keeper.version(), shipped, rehearsal: parts.rehearsal, clearedTerminals: await tx.terminals.cleared(),
          history: await Promise.all(history.map(async (one) => ({ ...one, byName: await parts.nameOf(one.by) }))),
        };
      });
    },

    /** @throws ArchiveError `E_POLICY_WEAKEN_FORBIDDEN`, `E_STALE_VERSION` */
    async tighten(call: ServerCall, input: PolicyTighten) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const [latest] = await tx.packs.all();
        if ((latest?.version ?? 0) !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { seenVersion: input.seenVersion });
        const before = keeper.current();
        const pack = tighten(before, input.change);
        if (JSON.stringify(pack) === JSON.stringify(before)) throw new ArchiveError('E_INPUT_INVALID', { rule: 'policy' }, [{ at: '/change', message: '没有改动，请填写更严的值' }]);
        const version = input.seenVersion + 1;
        await tx.packs.add({ version, pack, at: clock.now(), by: call.person, reason: input.reason });
        tx.audit({ action: call.act, detail: { version, settings: Object.keys(input.change) } });
        tx.afterCommit(async () => { keeper.changed(version, pack); return Promise.resolve(); });
        return { version };
      });
    },
  };
}
