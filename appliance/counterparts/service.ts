import { ArchiveError } from '../../core/errors.js';
import type { ReadTools, WriteTools } from '../../core/ports.js';
import { cleanText } from '../../core/text.js';
import type { CounterpartList, CounterpartRegister, CounterpartShow, CounterpartSuspend } from '../../policies/schemas/transfer.js';
import { fingerprint, readCard } from '../../secrecy/counterpart-card.js';
import { levelName } from '../../secrecy/level.js';
import type { Granted } from '../../secrecy/approval.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { Box } from '../box.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';
import type { Counterpart } from '../store/repositories/counterparts.js';
import type { Repositories } from '../store/repositories/index.js';
import { certificatesOfCard, verifyCard } from './card.js';
import type { TransportKeys } from './transport-key.js';

type WriteTx = Repositories & WriteTools;
type Tx = Repositories & ReadTools;

export interface CounterpartParts {
  readonly box: Box;
  readonly transport: TransportKeys;
  readonly approvals: ApprovalService<WriteTx, Tx>;
  readonly nameOf: (person: string) => Promise<string>;
}

/** What two people agree to: this card and no other. */
interface Decided { readonly card: string; readonly fingerprint: string; readonly reason: string; readonly by: string }

const MODES = { unit: '立档单位', repository: '档案馆' } as const;

/** 对端单位: own card out, others' cards in by two people, none of them for ever. */
export function counterpartService({ box, transport, approvals, nameOf }: CounterpartParts) {
  const { store, clock, crypto, sm3, profile, identity } = box;
  const own = { box: identity.serial, rehearsal: profile.rehearsal };

  /** @throws ArchiveError `E_COUNTERPART_CARD` with the fault */
  function checked(text: string) {
    const { card, fault } = verifyCard(crypto, Buffer.from(text, 'utf8'), own, clock.now());
    if (card === null || fault !== null) throw new ArchiveError('E_COUNTERPART_CARD', { fault }, [{ at: '/card', message: FAULTS[fault ?? 'shape'] }]);
    return { card, print: fingerprint(card, sm3) };
  }

  /** In force today: not suspended, not replaced, its dates and its chain still good. */
  function inForce(one: Counterpart): boolean {
    const now = clock.now();
    if (one.state !== 'in_force' || one.validUntil < now) return false;
    const { box: leaf, encryption, authority } = certificatesOfCard(one.card);
    return [leaf, encryption, authority].every(({ notBefore, notAfter }) => notBefore <= now && now <= notAfter);
  }

  async function shown(one: Counterpart) {
    return {
      id: one.id, box: one.box, state: one.state, inForce: inForce(one), unit: one.card.unit, mode: one.card.mode, modeName: MODES[one.card.mode], systemLevel: one.card.systemLevel, fonds: one.card.fonds, rehearsal: one.card.rehearsal,
      fingerprint: one.fingerprint, issuedAt: one.card.issuedAt, validUntil: one.validUntil, registeredAt: one.registeredAt, registeredByName: await nameOf(one.registeredBy), approval: one.approval, reason: one.reason,
      suspended: one.suspended === null ? null : { ...one.suspended, byName: await nameOf(one.suspended.by) }, version: one.version,
    };
  }

  async function found(tx: Tx, id: string): Promise<Counterpart> {
    const one = await tx.counterparts.get(id);
    if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
    return one;
  }

  approvals.carries('counterpart.register', async (tx: WriteTx, call, granted: Granted, decided) => {
    const { card: text, reason, by } = decided as unknown as Decided;
    const { card, print } = checked(text);
    const before = await tx.counterparts.byBox(card.box);
    if (before !== undefined) await tx.counterparts.save({ ...before, state: 'superseded' }, before.version);
    const id = box.ids.uuid();
    await tx.counterparts.add({ id, box: card.box, state: 'in_force', card, fingerprint: print, validUntil: card.validUntil, approval: granted.id, reason, registeredBy: by, registeredAt: clock.now(), suspended: null, version: 1 });
    tx.audit({ action: 'counterpart.register', object: id, objectType: 'counterpart', approval: granted.id, detail: { box: card.box, fingerprint: print, replaced: before?.id ?? null, by: call.person } });
  });

  return {
    inForce,

    async list(call: ServerCall, input: CounterpartList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.counterparts.list({ offset: (page - 1) * size, limit: size });
        const card = readCard(await transport.card())?.card;
        return {
          page, size, total, rows: await Promise.all(rows.map(shown)),
          own: card === undefined ? null : { unit: card.unit, box: card.box, mode: card.mode, modeName: MODES[card.mode], systemLevel: card.systemLevel, fingerprint: fingerprint(card, sm3), issuedAt: card.issuedAt, validUntil: card.validUntil },
        };
      });
    },

    async show(call: ServerCall, input: CounterpartShow) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const one = await found(tx, input.counterpart);
        tx.audit({ action: call.act, object: one.id, objectType: 'counterpart' });
        return shown(one);
      });
    },

    /** 本机名片, to be carried to the other unit. */
    async card(call: ServerCall) {
      return store.read(call, async (tx) => {
        await tx.allow();
        tx.audit({ action: call.act, objectType: 'counterpart', detail: { box: identity.serial } });
        return bytes('application/json', Buffer.from(await transport.card()), { fileName: `${identity.serial}-名片.json` });
      });
    },

    /** 提请登记: in force with the signatures of two people who compared the fingerprint. */
    async register(call: ServerCall, input: CounterpartRegister) {
      const text = input.card.trim();
      const cleaned = cleanText(input.reason, false);
      if (!cleaned.ok || cleaned.text === '') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/reason', message: '文字为空或含有不可见字符' }]);
      return store.write(call, async (tx) => {
        await tx.allow();
        const { card, print } = checked(text);
        const before = await tx.counterparts.byBox(card.box);
        if (before?.fingerprint === print) throw new ArchiveError('E_DUPLICATE', { counterpart: before.id }, [{ at: '/card', message: '这张名片已经登记' }]);
        const decided: Decided = { card: text, fingerprint: print, reason: cleaned.text, by: call.person };
        const { id, state } = await approvals.request(tx, call, {
          act: call.act, object: card.box, decided: { ...decided }, level: 1,
          words: [
            `登记对端单位：${card.unit}（${MODES[card.mode]}，设备 ${card.box}，系统等级 ${levelName(card.systemLevel)}）`, `名片指纹：${print}`,
            '请通过电话或当面与对方核对指纹，逐组一致后再签署；两名签署人各自核对', `事由：${cleaned.text}`, ...(before === undefined ? [] : ['登记后替换该单位现用的名片']),
          ],
        });
        return { approval: id, approvalState: state, fingerprint: print, unit: card.unit };
      });
    },

    async suspend(call: ServerCall, input: CounterpartSuspend) {
      const cleaned = cleanText(input.reason, false);
      if (!cleaned.ok || cleaned.text === '') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/reason', message: '文字为空或含有不可见字符' }]);
      return store.write(call, async (tx) => {
        await tx.allow();
        const one = await found(tx, input.counterpart);
        if (one.state !== 'in_force') throw new ArchiveError('E_STATE_INVALID', { state: one.state });
        await tx.counterparts.save({ ...one, state: 'suspended', suspended: { by: call.person, at: clock.now(), reason: cleaned.text } }, input.seenVersion);
        tx.audit({ action: call.act, object: one.id, objectType: 'counterpart', detail: { box: one.box } });
        return { counterpart: one.id, state: 'suspended' as const };
      });
    },
  };
}
export type CounterpartService = ReturnType<typeof counterpartService>;

const FAULTS = {
  shape: '不是本系统的对端名片，或文件被改动过', own: '这是本机自己的名片', rehearsal: '演练环境与正式环境不得互相登记', expired: '名片已过期，请向对方索取新名片', 'not-yet-valid': '名片的签发时间晚于本机时间，请核对双方时间',
  chain: '名片中的证书链不成立', serial: '证书与名片上的设备编号不一致', encryption: '封套证书不成立或已过期', signature: '名片的签名不成立',
} as const;
