import { ArchiveError } from '../../core/errors.js';
import type { Level } from '../../core/ports.js';
import type { DisposalEnterDevice, DisposalEnterUnit } from '../../policies/schemas/media-destruction.js';
import { inventorySince } from '../carriers/service.js';
import type { ServerCall } from '../server/route.js';
import type { StoredDestroyer } from '../store/repositories/media.js';
import { plain, wrong } from './parts.js';
import type { DisposalParts, WriteTx } from './parts.js';

/** 销毁设备与送销单位: what may destroy what, and until when. */
export function equipmentService(parts: DisposalParts) {
  const { store, clock, ids, policy, unit } = parts;

  function knownSteps(steps: readonly string[], device: boolean): void {
    if (steps.some((key) => !policy.steps.some((one) => one.key === key && (!device || one.device)))) throw wrong('/steps', device ? '请从列表中选择须用设备的方法' : '请从列表中选择方法');
  }

  async function enter(call: ServerCall, id: string | undefined, seenVersion: number | undefined, next: Omit<StoredDestroyer, 'id' | 'version' | 'enteredBy' | 'enteredAt'>, reason: string): Promise<{ readonly id: string }> {
    if (next.validTo < clock.today()) throw new ArchiveError('E_DESTROY_DEVICE', { why: 'expired' }, [{ at: '/certValidTo', message: '证书或资质已过期，不能登记为可用' }]);
    return store.write(call, async (tx) => {
      await tx.allow();
      const known = id === undefined ? undefined : await sameKind(tx, id, next.kind);
      const stored: StoredDestroyer = { ...next, id: known?.id ?? ids.uuid(), enteredBy: call.person, enteredAt: clock.now(), version: known?.version ?? 1 };
      if (next.no !== null && (await tx.media.destroyers()).some((one) => one.no === next.no && one.id !== stored.id)) throw new ArchiveError('E_DUPLICATE', { no: next.no }, [{ at: '/no', message: '设备编号已经登记' }]);
      if (known === undefined) await tx.media.addDestroyer(stored);
      else await tx.media.saveDestroyer(stored, seenVersion ?? 0);
      tx.audit({ action: call.act, object: stored.id, objectType: 'destroyer', detail: { kind: next.kind, no: next.no, validTo: next.validTo, renewed: known !== undefined, reasonLength: reason.length } });
      return { id: stored.id };
    });
  }
  async function sameKind(tx: WriteTx, id: string, kind: StoredDestroyer['kind']): Promise<StoredDestroyer> {
    const known = await tx.media.destroyer(id);
    if (known?.kind !== kind) throw new ArchiveError('E_NOT_FOUND');
    return known;
  }

  return {
    /** 方法表、渠道、设备与单位, for whoever draws up a destruction. */
    async equipment(call: ServerCall) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const since = inventorySince(clock.today(), policy.deviceMonths);
        const rows = (await tx.media.destroyers()).map(({ enteredBy: _, ...one }) => ({ ...one, expired: one.validTo < clock.today(), unchecked: one.kind === 'device' && one.facts.lastVerifyOn < since }));
        const { kinds, steps, methods, figures, reasons, channels, own, isolation, witnesses, escorts, consent, photos, guard, reuse, broken } = policy;
        return { kinds, steps, methods, methodsSource: policy.methodsSource, figures, reasons, channels, own, isolation, witnesses, escorts, consent, photos, guard, reuse, broken, systemLevel: unit.systemLevel, devices: rows.filter(({ kind }) => kind === 'device'), units: rows.filter(({ kind }) => kind === 'unit') };
      });
    },

    async enterDevice(call: ServerCall, input: DisposalEnterDevice) {
      knownSteps(input.steps, true);
      const given = plain({ no: input.no, model: input.model, certNo: input.certNo, reason: input.reason });
      if (input.lastVerifyOn > clock.today()) throw wrong('/lastVerifyOn', '校验日期不能晚于今天');
      return enter(call, input.device, input.seenVersion, {
        kind: 'device', no: given.no, validTo: input.certValidTo, facts: { name: given.model, steps: input.steps, certNo: given.certNo, certifiedLevel: input.certifiedLevel as Level, lastVerifyOn: input.lastVerifyOn, designatedBy: null },
      }, given.reason);
    },

    async enterUnit(call: ServerCall, input: DisposalEnterUnit) {
      knownSteps(input.steps, false);
      const given = plain({ name: input.name, qualificationNo: input.qualificationNo, designatedBy: input.designatedBy, reason: input.reason });
      return enter(call, input.unit, input.seenVersion, {
        kind: 'unit', no: null, validTo: input.validTo, facts: { name: given.name, steps: input.steps, certNo: given.qualificationNo, certifiedLevel: 4, lastVerifyOn: clock.today(), designatedBy: given.designatedBy },
      }, given.reason);
    },
  };
}
export type EquipmentService = ReturnType<typeof equipmentService>;
