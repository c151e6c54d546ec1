import { ArchiveError } from '../../core/errors.js';
import type { Call, ReadTools, WriteTools } from '../../core/ports.js';
import type { AppointAuthority, Authorise, EndAuthority, RevokeAuthorisation } from '../../policies/schemas/class-authority.js';
import type { ClassAuthority } from '../../policies/schemas/secrecy.js';
import { originalCap, type Authorisation } from '../classification-rules.js';
import { levelName, withinSystem } from '../level.js';
import type { SecrecyTx } from '../ports.js';
import type { Json } from '../signing.js';
import { date } from '../term.js';
import type { ApprovalService } from './approvals.js';
import { clearanceOn, isInOffice } from './drawing-up.js';
import type { ClassificationParts, Grounds, Tx } from './grounds.js';

export type AuthorityApprovals = Pick<ApprovalService<SecrecyTx & WriteTools, SecrecyTx & ReadTools>, 'request' | 'carries'>;
const fault = (at: string, message: string) => new ArchiveError('E_INPUT_INVALID', { rule: at }, [{ at: `/${at}`, message }]);

/** 定密责任人与定密授权: asked for by the 定密工作人员, signed by the 单位负责人, who is never the one it is about. */
export function authorityService(parts: ClassificationParts, grounds: Grounds, approvals: AuthorityApprovals) {
  const { store, clock, ids } = parts;

  /** @throws ArchiveError `E_INPUT_INVALID`, `E_CLEARANCE_REQUIRED`, `E_TRAINING_REQUIRED`, `E_CLS_AUTHORITY_EXCEEDED` */
  async function fit(tx: Tx, input: AppointAuthority): Promise<void> {
    const today = clock.today();
    const officer = await tx.people.get(input.person);
    if (officer?.status !== 'active') throw fault('person', '人员停用或不存在，请重新选择');
    if (clearanceOn(officer, today) < input.maxLevel) throw new ArchiveError('E_CLEARANCE_REQUIRED', { level: input.maxLevel }, [{ at: '/maxLevel', message: '该人员的涉密等级低于拟授的权限' }]);
    if (date(input.trainedOn).toString() > today) throw new ArchiveError('E_TRAINING_REQUIRED', { trainedOn: input.trainedOn }, [{ at: '/trainedOn', message: '须先接受定密培训' }]);
    if (input.expiresOn !== null && date(input.expiresOn).toString() < today) throw fault('expiresOn', '截止日不得早于今天');
    withinSystem(input.maxLevel, parts.systemLevel);
    const cap = originalCap(await grounds.unitOf(tx), null);
    if (cap === null || input.maxLevel > cap) throw new ArchiveError('E_CLS_AUTHORITY_EXCEEDED', { why: 'unit', maxLevel: input.maxLevel }, [{ at: '/maxLevel', message: cap === null ? '本单位没有原始定密权' : `不得超过本单位的定密权限：${levelName(cap)}` }]);
    const held = (await tx.authorities.all()).find((one) => one.person === input.person && one.maxLevel >= input.maxLevel && one.kind === input.kind && isInOffice(one, today));
    if (held !== undefined) throw new ArchiveError('E_DUPLICATE', { authority: held.id }, [{ at: '/person', message: '该人员已在任，权限不低于拟授的权限' }]);
  }

  async function terms(input: Authorise, tx: Tx): Promise<void> {
    const unit = await grounds.unitOf(tx);
    if (input.fromOrg.trim() === unit.org) throw fault('fromOrg', '被授权的机关不得再授权；授权机关不是本单位');
    if (date(input.validTo).toString() < date(input.validFrom).toString() || input.validTo < clock.today()) throw fault('validTo', '有效期截止日须晚于起始日，且未过');
    withinSystem(input.maxLevel, parts.systemLevel);
    if ((await tx.authorities.authorisations()).some(({ it }) => it.docNo === input.docNo)) throw new ArchiveError('E_DUPLICATE', { docNo: true }, [{ at: '/docNo', message: '该授权文号已登记' }]);
  }

  approvals.carries('classification.appoint-authority', async (tx, call, granted, decided) => {
    const input = decided as unknown as AppointAuthority;
    await fit(tx, input);
    const authority: ClassAuthority = {
      person: input.person, kind: input.kind, maxLevel: input.maxLevel, matterScope: [...input.matterScope], grantedBy: input.basis, grantedOn: clock.today(), expiresOn: input.expiresOn, trainedOn: input.trainedOn,
    };
    await tx.authorities.add(granted.object, authority);
    tx.audit({ action: 'classification.appoint-authority', object: input.person, objectType: 'person', approval: granted.id, detail: { authority: granted.object, kind: input.kind, maxLevel: input.maxLevel, signedBy: call.person } });
  });
  approvals.carries('classification.end-authority', async (tx, call, granted, decided) => {
    const { seenVersion, reason, person } = decided as unknown as EndAuthority & { readonly person: string };
    await tx.authorities.end(granted.object, date(clock.today()).subtract({ days: 1 }).toString(), reason, seenVersion);
    tx.audit({ action: 'classification.end-authority', object: person, objectType: 'person', approval: granted.id, detail: { authority: granted.object, signedBy: call.person } });
  });
  approvals.carries('classification.authorise', async (tx, call, granted, decided) => {
    const input = decided as unknown as Authorise;
    await terms(input, tx);
    await tx.authorities.authorise({ id: granted.object, ...input, revoked: null } satisfies Authorisation);
    tx.audit({ action: 'classification.authorise', object: granted.object, objectType: 'authorisation', approval: granted.id, detail: { maxLevel: input.maxLevel, validFrom: input.validFrom, validTo: input.validTo, signedBy: call.person } });
  });

  return {
    /** 指定: takes effect with the signature of the 单位负责人. */
    async appoint(call: Call, input: AppointAuthority) {
      return store.write(call, async (tx) => {
        await tx.allow();
        await fit(tx, input);
        const name = (await tx.people.get(input.person))?.name ?? '';
        const { id } = await approvals.request(tx, call, {
          act: 'classification.appoint-authority', object: ids.uuid(), decided: input as unknown as Json, about: [input.person], level: 1,
          words: [`${input.kind === 'statutory' ? '登记法定定密责任人' : '指定定密责任人'}：${name}`, `定密权限：${levelName(input.maxLevel)}；事项范围：${input.matterScope.includes('*') ? '全部' : input.matterScope.join('、')}`, `截止日：${input.expiresOn ?? '任职期间'}；定密培训：${input.trainedOn}`, `依据：${input.basis}`],
        });
        tx.audit({ action: call.act, object: input.person, objectType: 'person', detail: { approval: id, kind: input.kind, maxLevel: input.maxLevel } });
        return { approval: id };
      });
    },

    async end(call: Call, input: EndAuthority) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const one = (await tx.authorities.all()).find(({ id }) => id === input.authority);
        if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
        if (!isInOffice(one, clock.today())) throw new ArchiveError('E_STATE_INVALID', { authority: one.id, state: 'ended', event: 'end-authority', allowed: [] });
        if (one.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { authority: one.id });
        const name = (await tx.people.get(one.person))?.name ?? '';
        const { id } = await approvals.request(tx, call, {
          act: 'classification.end-authority', object: one.id, decided: { authority: one.id, seenVersion: input.seenVersion, reason: input.reason, person: one.person }, about: [one.person], level: 1,
          words: [`终止定密责任人：${name}（${levelName(one.maxLevel)}）`, `事由：${input.reason}`, '即日起不得再审批定密事项'],
        });
        tx.audit({ action: call.act, object: one.person, objectType: 'person', detail: { approval: id, authority: one.id } });
        return { approval: id };
      });
    },

    /** 登记定密授权: widens what the unit may decide, so it is signed. */
    async authorise(call: Call, input: Authorise) {
      return store.write(call, async (tx) => {
        await tx.allow();
        await terms(input, tx);
        const { id } = await approvals.request(tx, call, {
          act: 'classification.authorise', object: ids.uuid(), decided: input as unknown as Json, level: 1,
          words: [`登记定密授权：${input.fromOrg} ${input.docNo}`, `授权密级：${levelName(input.maxLevel)}；事项范围：${input.matterScope.includes('*') ? '全部' : input.matterScope.join('、')}`, `有效期：${input.validFrom} 至 ${input.validTo}`, `依据：${input.basis}`],
        });
        tx.audit({ action: call.act, detail: { approval: id, maxLevel: input.maxLevel } });
        return { approval: id };
      });
    },

    /** 撤销: narrows, so one person enters it. */
    async revoke(call: Call, input: RevokeAuthorisation) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const stored = (await tx.authorities.authorisations()).find(({ it }) => it.id === input.authorisation);
        if (stored === undefined) throw new ArchiveError('E_NOT_FOUND');
        if (stored.it.revoked !== null) throw new ArchiveError('E_STATE_INVALID', { authorisation: stored.it.id, state: 'revoked', event: 'revoke-authorisation', allowed: [] });
        if (input.on > clock.today() || input.on < stored.it.validFrom) throw fault('on', '撤销日期须在授权起始日之后，且不晚于今天');
        await tx.authorities.saveAuthorisation({ ...stored.it, revoked: { on: input.on, docNo: input.docNo } }, input.seenVersion);
        tx.audit({ action: call.act, object: stored.it.id, objectType: 'authorisation', detail: { on: input.on } });
        return { authorisation: stored.it.id, version: input.seenVersion + 1 };
      });
    },
  };
}
