import type { Clock, Ids, ReadTools, WriteTools } from '../../core/ports.js';
import { ArchiveError } from '../../core/errors.js';
import type { CeremonyEnter, CeremonyList, CeremonyPrint, CeremonyShow, CeremonySign, KeyDestroyEpoch, KeyReissue, KeyRotate } from '../../policies/schemas/custody.js';
import type { Duty } from '../../policies/schemas/secrecy.js';
import { ceremonyFaults, ceremonyText, openCeremony, signCeremony, type CeremonyRecord, type KeyEvent, type Present } from '../../secrecy/ceremony.js';
import type { Granted } from '../../secrecy/approval.js';
import type { approvalService } from '../../secrecy/services/approvals.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { Subject } from '../../secrecy/subject.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { parseCertificate } from '../crypto/certificate.js';
import { SET_BYTES } from '../keystore/shares.js';
import type { SoftwareKeyStore } from '../keystore/software.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';
import type { KeyOrder, StoredCeremony } from '../store/repositories/custody.js';
import type { Repositories } from '../store/repositories/index.js';
import { countOfEpoch } from '../store/resealing.js';
import type { Sql } from '../store/sql.js';
import type { Store } from '../store/unit-of-work.js';
import type { KeyOrders } from './orders.js';
import { ceremonyPdf } from './record-pdf.js';
import type { Rotation } from './rotation.js';

type WriteTx = Repositories & WriteTools;
type Tx = Repositories & ReadTools;

export interface CustodyParts {
  readonly store: Store<Repositories>;
  readonly reader: Sql;
  readonly keys: SoftwareKeyStore;
  readonly crypto: Pick<CryptoProvider, 'sm3' | 'random'>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly approvals: ReturnType<typeof approvalService<WriteTx, Tx>>;
  readonly orders: KeyOrders;
  readonly rotation: Rotation;
  readonly box: { readonly serial: string; readonly unit: string; readonly rehearsal: boolean };
  readonly subjectOf: (call: ServerCall) => Promise<Subject>;
  readonly verifierFor: (certificate: string, at: string) => VerifySignature;
}

const OFFICERS: readonly Duty[] = ['sysadmin', 'secadmin', 'auditadmin'];
const THRESHOLD = 2;

/** 密钥管理: register, rotation, exchange of the root and its shares, destruction of old epochs; and the record that all present sign. */
export function custodyService(parts: CustodyParts) {
  const { store, keys, clock, ids, approvals } = parts;

  async function officer(tx: Tx, id: string) {
    const person = await tx.people.get(id);
    if (person?.status !== 'active' || person.certificate === null || person.certificateSerial === null) throw new ArchiveError('E_KEY_HOLDER', { person: id }, [{ at: '/holders', message: '该人员未启用或没有证书' }]);
    const now = clock.now();
    const held = (await tx.people.grants(id)).some((grant) => OFFICERS.some((duty) => duty === grant.duty) && grant.revokedAt === null && grant.validFrom <= now && (grant.validUntil === null || now < grant.validUntil));
    if (!held) throw new ArchiveError('E_KEY_HOLDER', { person: id }, [{ at: '/holders', message: `${person.account} 不任三员，不得持有密钥分量` }]);
    if (parseCertificate(person.certificate).notAfter <= now) throw new ArchiveError('E_KEY_HOLDER', { person: id }, [{ at: '/holders', message: `${person.account} 的证书已到期，请先重新签发` }]);
    return { person: person.id, account: person.account, certificateSerial: person.certificateSerial, certificate: person.certificate };
  }

  const present = async (tx: Tx, person: string, part: string): Promise<Present> => {
    const found = await tx.people.get(person);
    if (!found || found.certificateSerial === null) throw new ArchiveError('E_CERT_INVALID', { person });
    return { person, account: found.account, certificateSerial: found.certificateSerial, part };
  };

  async function keep(tx: WriteTx, record: Omit<CeremonyRecord, 'type' | 'number' | 'box'>): Promise<string> {
    const id = ids.uuid();
    const year = clock.today().slice(0, 4);
    const number = `YS-${year}-${String((await tx.custody.countCeremonies(year)) + 1).padStart(4, '0')}`;
    const it = openCeremony({ type: 'shouzang-ceremony/v1', number, box: parts.box.serial, ...record });
    await tx.custody.addCeremony({ id, it, certificates: {}, version: 1 });
    tx.audit({ action: 'ceremony.enter', object: id, objectType: 'ceremony', detail: { number, kind: record.kind, present: record.present.length } });
    return id;
  }

  /** The other half of the two key officers: who asks as one is signed for by the other. */
  async function otherHalf(call: ServerCall): Promise<{ readonly name: string; readonly duties: readonly Duty[] }> {
    const duties = (await parts.subjectOf(call)).grants.map(({ duty }) => duty);
    const other = duties.includes('sysadmin') ? 'secadmin' : 'sysadmin';
    return { name: other === 'secadmin' ? '安全保密管理员会签' : '系统管理员会签', duties: [other] };
  }

  const witnesses = async (tx: Tx, granted: Granted): Promise<readonly Present[]> => [
    await present(tx, granted.requestedBy.person, '提请'),
    ...await Promise.all(granted.signatures.map(async (one) => present(tx, one.person, '会签'))),
  ];

  /** The order commits with the approval; the key file follows. Told late where it fails: the next unlocking carries it out. */
  function order(tx: WriteTx, one: KeyOrder): void {
    tx.afterCommit(async () => parts.orders.carryOut(one));
  }

  async function references(epoch: number): Promise<{ readonly keys: number; readonly things: number }> {
    return { keys: (await keys.keysByEpoch()).get(epoch) ?? 0, things: await countOfEpoch(parts.reader, epoch) };
  }

  async function retiring(epoch: number): Promise<void> {
    const found = keys.epochs.find((one) => one.epoch === epoch);
    if (found === undefined) throw new ArchiveError('E_NOT_FOUND', { epoch });
    if (found.state !== 'retiring') throw new ArchiveError('E_STATE_INVALID', { epoch, state: found.state }, [{ at: '/epoch', message: found.state === 'current' ? '现行期次不得销毁，请先轮换' : '该期密钥已销毁' }]);
    const left = await references(epoch);
    if (left.keys + left.things > 0) throw new ArchiveError('E_KEY_EPOCH_IN_USE', { epoch, keys: left.keys, things: left.things });
  }

  approvals.carries('key.rotate', async (tx, _call, granted, decided) => {
    const { epoch, reason } = decided as { epoch: number; reason: string };
    if (keys.epoch + 1 !== epoch) throw new ArchiveError('E_STATE_INVALID', { epoch });
    const at = clock.now();
    const ceremony = await keep(tx, {
      kind: 'rotate', at, approval: granted.id, reason, present: await witnesses(tx, granted), shares: null,
      keys: [{ kind: 'level-keys', epoch, reference: null, event: 'made' }, { kind: 'level-keys', epoch: epoch - 1, reference: null, event: 'retiring' }],
      checks: [`第 ${String(epoch)} 期层级密钥由随机数生成，封存于根密钥之下`, '数据密钥和著录密件的密钥头在后台改用新期密钥包裹，正文逐字节不变', `第 ${String(epoch - 1)} 期密钥只开不封，无引用后另行会签销毁`],
    });
    const made: KeyOrder = { id: ids.uuid(), kind: 'rotate', epoch, ceremony, madeAt: at };
    await tx.custody.addOrder(made);
    order(tx, made);
  });

  approvals.carries('key.destroy-epoch', async (tx, _call, granted, decided) => {
    const { epoch, reason } = decided as { epoch: number; reason: string };
    await retiring(epoch);
    const at = clock.now();
    const ceremony = await keep(tx, {
      kind: 'destroy', at, approval: granted.id, reason, present: await witnesses(tx, granted), shares: null, keys: [{ kind: 'level-keys', epoch, reference: null, event: 'destroyed' }],
      checks: [`销毁前清点：第 ${String(epoch)} 期包裹的数据密钥 0 个、著录密件 0 条`, '密钥文件改写后原字节覆写；此前的备份如以该期密钥封存，须凭该备份所附的密钥文件和当时的分量开启'],
    });
    const made: KeyOrder = { id: ids.uuid(), kind: 'destroy', epoch, ceremony, madeAt: at };
    await tx.custody.addOrder(made);
    order(tx, made);
  });

  approvals.carries('key.reissue', async (tx, _call, granted, decided) => {
    const { holders, reason, formerSet, newSet } = decided as { holders: readonly string[]; reason: string; formerSet: string; newSet: string };
    if (keys.shareSet.setId !== formerSet) throw new ArchiveError('E_STATE_INVALID', { set: keys.shareSet.setId });
    const quorum = [granted.requestedBy.person, ...granted.signatures.map(({ person }) => person)];
    const held = new Set(keys.heldShares.map(({ certificate }) => certificate.serial));
    const present0 = await witnesses(tx, granted);
    if (present0.filter((one) => held.has(one.certificateSerial)).length < THRESHOLD) throw new ArchiveError('E_KEY_SHARE_TOO_FEW', { have: present0.filter((one) => held.has(one.certificateSerial)).length, need: THRESHOLD });
    const officers = await Promise.all(holders.map(async (id) => officer(tx, id)));
    const at = clock.now();
    const event = (kind: KeyEvent['kind'], reference: string | null, what: KeyEvent['event']): KeyEvent => ({ kind, epoch: null, reference, event: what });
    const ceremony = await keep(tx, {
      kind: 'reissue', at, approval: granted.id, reason,
      present: [...present0, ...officers.filter((one) => !quorum.includes(one.person)).map(({ person, account, certificateSerial }) => ({ person, account, certificateSerial, part: '持有人' }))],
      keys: [event('root', null, 'made'), event('root', null, 'replaced'), event('share-set', newSet, 'made'), event('share-set', formerSet, 'replaced')],
      shares: { setId: newSet, threshold: THRESHOLD, holders: officers.map(({ account, certificateSerial }, place) => ({ index: place + 1, account, certificateSerial })) },
      checks: [`在场现持有人 ${String(present0.length)} 名，达到开锁法定人数 ${String(THRESHOLD)}`, '另生成根密钥，层级密钥、检索密钥、本机私钥改封于新根之下，新根分为三份，各以持有人证书加密', '旧分量属于旧根，对现行密钥文件不再有用；须一并收回销毁，并办理一次轮换，使旧密钥文件的副本也不能开启此后封存的内容'],
    });
    const made: KeyOrder = { id: ids.uuid(), kind: 'reissue', newSet, holders: officers.map((one) => ({ holder: one.account, certificate: one.certificate })), ceremony, madeAt: at };
    await tx.custody.addOrder(made);
    order(tx, made);
  });

  const shown = (stored: StoredCeremony) => ({
    id: stored.id, number: stored.it.record.number, kind: stored.it.record.kind, state: stored.it.state, at: stored.it.record.at, version: stored.version,
    present: stored.it.record.present.map((one) => ({ ...one, signedAt: stored.it.signatures.find(({ person }) => person === one.person)?.at ?? null })),
  });

  const verifyKept = (stored: StoredCeremony) => (signature: { readonly certificateSerial: string; readonly at: string }): VerifySignature => {
    const certificate = stored.certificates[signature.certificateSerial];
    if (certificate === undefined) return () => false;
    try {
      return parts.verifierFor(certificate, signature.at);
    } catch (error) {
      if (error instanceof ArchiveError) return () => false;
      throw error;
    }
  };

  async function found(tx: Tx, id: string): Promise<StoredCeremony> {
    const stored = await tx.custody.ceremony(id);
    if (!stored) throw new ArchiveError('E_NOT_FOUND', { ceremony: id });
    return stored;
  }

  return {
    /** 密钥台账: every key there is or was, the epochs with what refers to them, how far the round is. */
    async register(call: ServerCall) {
      const { entries, holders } = await store.read(call, async (tx) => {
        await tx.allow();
        tx.audit({ action: call.act });
        return { entries: await tx.custody.entries(), holders: keys.heldShares.map(({ holder, index, certificate }) => ({ holder, index, serial: certificate.serial, until: certificate.notAfter })) };
      });
      const byEpoch = await keys.keysByEpoch();
      const live = keys.epochs.filter(({ state }) => state !== 'destroyed').length;
      const epochs = await Promise.all(keys.epochs.map(async (one) => ({
        ...one, keys: byEpoch.get(one.epoch) ?? 0,
        // Counting reads every row: asked only while an old epoch lives.
        things: live > 1 && one.state === 'retiring' ? await countOfEpoch(parts.reader, one.epoch) : null,
      })));
      return { entries, epochs, holders, shareSet: { setId: keys.shareSet.setId, threshold: keys.shareSet.threshold, total: keys.shareSet.total }, rotation: parts.rotation.progress, rehearsal: keys.rehearsal };
    },

    /** 提请轮换. */
    async rotate(call: ServerCall, input: KeyRotate) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const epoch = keys.epoch + 1;
        if (parts.rotation.progress.running) throw new ArchiveError('E_STATE_INVALID', { state: 'rotating' }, [{ at: '', message: '上一次轮换尚未完成，请待后台处理完毕后再提' }]);
        const { id } = await approvals.request(tx, call, {
          act: call.act, object: `level-keys-${String(epoch)}`, decided: { epoch, reason: input.reason }, seats: [await otherHalf(call)],
          words: [`轮换层级密钥：启用第 ${String(epoch)} 期，第 ${String(epoch - 1)} 期转为只开不封`, `事由：${input.reason}`, '正文不重写，阅览不中断；数据密钥在后台改用新期密钥包裹'],
        });
        return { approval: id };
      });
    },

    /** 提请销毁旧期密钥: refused while anything refers to it. */
    async destroyEpoch(call: ServerCall, input: KeyDestroyEpoch) {
      return store.write(call, async (tx) => {
        await tx.allow();
        await retiring(input.epoch);
        const { id } = await approvals.request(tx, call, {
          act: call.act, object: `level-keys-${String(input.epoch)}`, decided: { epoch: input.epoch, reason: input.reason }, seats: [await otherHalf(call)],
          words: [`销毁第 ${String(input.epoch)} 期层级密钥（已清点，无任何引用）`, `事由：${input.reason}`, '销毁不可恢复'],
        });
        return { approval: id };
      });
    },

    /** 提请换根重分: two present holders, three new ones. */
    async reissue(call: ServerCall, input: KeyReissue) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const asker = await present(tx, call.person, '提请');
        if (!keys.heldShares.some(({ certificate }) => certificate.serial === asker.certificateSerial)) throw new ArchiveError('E_KEY_HOLDER', { person: call.person }, [{ at: '', message: '重分分量须由现持有人提请' }]);
        const officers = await Promise.all(input.holders.map(async (id) => officer(tx, id)));
        const serials = new Set(officers.map((one) => one.certificateSerial));
        const leaving = keys.heldShares.filter(({ certificate }) => !serials.has(certificate.serial)).map(({ holder }) => holder);
        const all = await Promise.all(leaving.map(async (account) => tx.people.byAccount(account)));
        const { id } = await approvals.request(tx, call, {
          act: call.act, object: keys.shareSet.setId, decided: { holders: input.holders, reason: input.reason, formerSet: keys.shareSet.setId, newSet: Buffer.from(parts.crypto.random(SET_BYTES)).toString('hex') }, about: all.flatMap((one) => (one ? [one.id] : [])),
          words: [`换根并重分密钥分量：新持有人 ${officers.map(({ account }) => account).join('、')}`, leaving.length > 0 ? `不再持有：${leaving.join('、')}` : '持有人不变，旧分量作废', `事由：${input.reason}`, '会签即办理；旧分量立即失效，新持有人须在仪式记录上签字'],
        });
        return { approval: id };
      });
    },

    async ceremonies(call: ServerCall, input: CeremonyList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.custody.ceremonies({ offset: (page - 1) * size, limit: size });
        return { page, size, total, rows: rows.map(shown) };
      });
    },

    async ceremony(call: ServerCall, input: CeremonyShow) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const stored = await found(tx, input.ceremony);
        tx.audit({ action: call.act, object: stored.id, objectType: 'ceremony' });
        const statement = ceremonyText(stored.it.record);
        return {
          ...shown(stored), record: stored.it.record, statement, digest: Buffer.from(parts.crypto.sm3(Buffer.from(statement))).toString('hex'), signatures: stored.it.signatures,
          faults: ceremonyFaults(stored.it, verifyKept(stored)), mine: stored.it.state === 'open' && stored.it.record.present.some((one) => one.person === call.person) && !stored.it.signatures.some((one) => one.person === call.person),
        };
      });
    },

    async sign(call: ServerCall, input: CeremonySign) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const stored = await found(tx, input.ceremony);
        const person = await tx.people.get(call.person);
        if (person?.certificate == null || person.certificateSerial === null || person.token === null) throw new ArchiveError('E_CERT_INVALID', { person: call.person });
        const at = clock.now();
        const { next, audit } = signCeremony(stored.it, { person: person.id, account: person.account, token: person.token, certificateSerial: person.certificateSerial, signature: input.signature, at }, parts.verifierFor(person.certificate, at));
        await tx.custody.saveCeremony({ ...stored, it: next, certificates: { ...stored.certificates, [person.certificateSerial]: person.certificate } }, input.seenVersion);
        tx.audit({ ...audit, action: call.act, object: stored.id });
        return { ceremony: stored.id, state: next.state };
      });
    },

    /** 登记备份或恢复仪式: what was done beside the box. */
    async enter(call: ServerCall, input: CeremonyEnter) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const others = await Promise.all(input.present.filter((id) => id !== call.person).map(async (id) => officer(tx, id)));
        const event = input.kind === 'backup' ? 'copied' as const : 'restored' as const;
        const id = await keep(tx, {
          kind: input.kind, at: clock.now(), approval: null, reason: input.reason, checks: input.checks, shares: null,
          present: [await present(tx, call.person, '办理'), ...others.map(({ person, account, certificateSerial }) => ({ person, account, certificateSerial, part: '在场' }))],
          keys: [{ kind: 'share-set', epoch: null, reference: keys.shareSet.setId, event }, ...keys.epochs.filter(({ state }) => state !== 'destroyed').map(({ epoch }): KeyEvent => ({ kind: 'level-keys', epoch, reference: null, event }))],
        });
        return { ceremony: id };
      });
    },

    /** The record to take away: printable, or as JSON with signatures and certificates, which `openssl` can check. */
    async print(call: ServerCall, input: CeremonyPrint) {
      const stored = await store.read(call, async (tx) => {
        await tx.allow();
        tx.audit({ action: call.act, object: input.ceremony, objectType: 'ceremony', detail: { format: input.format } });
        return found(tx, input.ceremony);
      });
      const { record, signatures, state } = stored.it;
      if (input.format === 'json') return bytes('application/json', Buffer.from(`${JSON.stringify({ state, statement: ceremonyText(record), signatures, certificates: stored.certificates }, null, 2)}\n`), { fileName: `${record.number}.json` });
      const faults = ceremonyFaults(stored.it, verifyKept(stored));
      return bytes('application/pdf', await ceremonyPdf(stored.it, { ...parts.box, printedAt: clock.now(), faults, digest: Buffer.from(parts.crypto.sm3(Buffer.from(ceremonyText(record)))).toString('hex') }), { fileName: `${record.number}.pdf` });
    },
  };
}
export type CustodyService = ReturnType<typeof custodyService>;
