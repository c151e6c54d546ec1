import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { Clock, ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { ContainerList, ContainerLower } from '../../policies/schemas/guarding.js';
import { lower } from '../../secrecy/container.js';
import type { MarkPolicy } from '../../secrecy/marking.js';
import { rollUpMark } from '../../secrecy/roll-up.js';
import type { RollUp } from '../../secrecy/roll-up.js';
import type { Approvals } from '../../secrecy/services/approvals.js';
import type { AccessGate } from '../access/gate.js';
import type { ServerCall } from '../call.js';
import type { Repositories } from '../store/repositories/index.js';
import type { ContainerRef, Containers, StoredContainer } from './marks.js';

export interface ContainerServiceParts {
  readonly store: UnitOfWork<Repositories & WriteTools, Repositories & ReadTools>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly marks: Containers;
  readonly policy: MarkPolicy;
  readonly approvals: Approvals;
}

export interface LowerDecision extends ContainerRef { readonly to: RollUp; readonly by: string }
const KINDS: Readonly<Record<string, string>> = { capture: '收集批次', report: '报表', volume: '卷', box: '盒', package: '移交包', medium: '载体' };

/** 容器密级: what each carries, by which item, and what waits to be lowered. */
export function containerService(parts: ContainerServiceParts) {
  const { store, gate, marks, policy, clock } = parts;

  /** A container is shown to whoever may know of the items that give it its level and its period. */
  async function knows(call: ServerCall, tx: Repositories, { held, due }: StoredContainer): Promise<boolean> {
    for (const id of new Set([held.levelBy, held.termBy, due?.levelBy, due?.termBy])) {
      if (typeof id !== 'string') continue;
      const record = await tx.records.get(id);
      if (record === undefined || !(await gate.knows(call, recordTarget(record)))) return false;
    }
    return true;
  }

  async function nameOf(tx: Repositories, { kind, id }: ContainerRef): Promise<string> {
    const number = kind === 'capture' ? (await tx.batches.get(id))?.number : kind === 'report' ? (await tx.reports.get(id))?.number : id;
    return `${KINDS[kind] ?? kind} ${number ?? ''}`.trim();
  }

  async function shown(tx: Repositories, it: StoredContainer) {
    const code = async (id: string | null): Promise<string | null> => {
      const record = id === null ? undefined : await tx.records.get(id);
      return record === undefined ? null : record.archivalCode ?? record.electronicRecordCode;
    };
    return {
      kind: it.kind, id: it.id, name: await nameOf(tx, it), level: it.held.level, mark: rollUpMark(it.held, policy), levelBy: it.held.levelBy, levelByCode: await code(it.held.levelBy),
      lastSecretDay: it.held.lastSecretDay, termBy: it.held.termBy, termByCode: await code(it.held.termBy), changedAt: it.changedAt, version: it.version,
      due: it.due === null ? null : { level: it.due.level, mark: rollUpMark(it.due, policy), lastSecretDay: it.due.lastSecretDay },
    };
  }

  return {
    /** 待降密的容器, or one container with the items that cause its level and period. */
    async list(call: ServerCall, input: ContainerList) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const one = input.kind !== undefined && input.id !== undefined ? await marks.get(tx.sql, { kind: input.kind, id: input.id }) : undefined;
        const found = input.kind !== undefined && input.id !== undefined ? (one === undefined ? [] : [one]) : await marks.pending(tx.sql);
        const rows = [];
        for (const it of found) if (await knows(call, tx, it)) rows.push(await shown(tx, it));
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return { total: rows.length, rows };
      });
    },

    /** 提请降低: carried out by the signature of a 定密责任人. */
    async lower(call: ServerCall, input: ContainerLower) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const it = await marks.get(tx.sql, input);
        if (it === undefined || !(await knows(call, tx, it))) throw new ArchiveError('E_NOT_FOUND');
        if (it.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { container: it.id });
        if (it.due === null) throw new ArchiveError('E_STATE_INVALID', { event: 'lower' });
        const asked = await parts.approvals.request(tx, call, {
          act: 'container.lower', object: `${it.kind}/${it.id}`, decided: { kind: it.kind, id: it.id, to: { ...it.due, term: it.due.term === null ? null : { ...it.due.term } }, by: call.person },
          words: [`${await nameOf(tx, it)}：${rollUpMark(it.held, policy)} 降为 ${rollUpMark(it.due, policy) || '公开'}`, `理由：${input.opinion}`], level: it.held.level,
        });
        return { approval: asked.id, state: asked.state };
      });
    },

    /** The last signature. @throws ArchiveError `E_STALE_VERSION` where the items ask for something else by now */
    async lowered(tx: Repositories & WriteTools, approval: string, decided: LowerDecision): Promise<void> {
      const it = await marks.get(tx.sql, decided);
      if (it === undefined) throw new ArchiveError('E_STATE_INVALID', { event: 'lower' });
      const next = lower(it, decided.to);
      await marks.save(tx.sql, it, next, clock.now());
      tx.audit({ action: 'container.lower', object: it.id, objectType: it.kind, objectLevel: it.held.level, approval, detail: { from: it.held.level, to: next.held.level } });
    },
  };
}
