import type { ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import { BINDING_FAULTS } from '../../secrecy/binding.js';
import type { BindingFault } from '../../secrecy/binding.js';
import type { BindingPause } from '../../policies/schemas/guarding.js';
import type { AccessGate } from '../access/gate.js';
import type { ServerCall } from '../call.js';
import type { Round } from '../rounds/stored-round.js';
import type { Sql } from '../store/sql.js';
import type { Bindings } from './bindings.js';

export interface BindingServiceParts {
  readonly store: UnitOfWork<{ readonly sql: Sql } & WriteTools, { readonly sql: Sql } & ReadTools>;
  readonly gate: AccessGate;
  readonly bindings: Bindings;
  readonly round: Round;
  /** Wakes the background work. */
  readonly wake: () => void;
}

/** Who looks after the box and the ledger sees how far the round is; everybody else only what they may know of. */
const OVERSEERS = ['sysadmin', 'secadmin', 'auditadmin'];
const MOST = 500;

/** 标志绑定校验: see README.md. */
export function bindingService(parts: BindingServiceParts) {
  const { store, gate, bindings, round } = parts;

  async function overview(call: ServerCall, sql: Sql) {
    const duties = new Set((await gate.subjectOf(call)).grants.map(({ duty }): string => duty));
    const overseer = OVERSEERS.some((duty) => duties.has(duty));
    const faults = await sql.all<{ record: string; fault: BindingFault; found_at: string }>(`SELECT record, fault, found_at FROM mark_fault ORDER BY found_at DESC, record LIMIT ${String(MOST)}`);
    const rows = [];
    for (const { record, fault, found_at: foundAt } of faults) {
      const aim = overseer ? undefined : await bindings.signedTarget(sql, record);
      if (!overseer && (aim === undefined || !(await gate.knows(call, aim)))) continue;
      // 系统管理员 sees that there is something, not what.
      rows.push({ record: duties.has('sysadmin') ? null : record, fault, text: BINDING_FAULTS[fault], foundAt });
    }
    return { round: overseer ? await round.state() : null, total: rows.length, rows };
  }

  return {
    async show(call: ServerCall) {
      return store.read(call, async (tx) => {
        await tx.allow();
        tx.audit({ action: call.act });
        return overview(call, tx.sql);
      });
    },

    /** 立即校验: begins the round again from the front. */
    async verify(call: ServerCall) {
      await store.write(call, async (tx) => {
        await tx.allow();
        tx.audit({ action: call.act, detail: { started: true } });
      });
      await round.start();
      parts.wake();
      return { round: await round.state() };
    },

    async pause(call: ServerCall, input: BindingPause) {
      await store.write(call, async (tx) => {
        await tx.allow();
        tx.audit({ action: call.act, detail: { paused: input.paused } });
      });
      await round.pause(input.paused);
      parts.wake();
      return { round: await round.state() };
    },
  };
}
