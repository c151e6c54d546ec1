import { ArchiveError } from '../../core/errors.js';
import type { Instant, Level, ReadTools, WriteTools } from '../../core/ports.js';
import { cleanText } from '../../core/text.js';
import type {
  SourceAssign, SourceCapability, SourceClear, SourceList, SourceReceipts, SourceRegister, SourceRenew, SourceResume, SourceShow, SourceSuspend, SourceSystemsPolicy, SourceTest,
} from '../../policies/schemas/source.js';
import { levelName } from '../../secrecy/level.js';
import type { Box } from '../box.js';
import type { ServerCall } from '../call.js';
import { certificatePem, parseCertificate } from '../crypto/certificate.js';
import { onePem } from '../crypto/pem.js';
import { fromSpki } from '../crypto/sm2-curve.js';
import type { Repositories } from '../store/repositories/index.js';
import type { SourceHandler, SourceSystem } from '../store/repositories/sources.js';

type Tx = Repositories & ReadTools;
type WriteTx = Repositories & WriteTools;

export interface SourceRegisterParts {
  readonly box: Box;
  readonly nameOf: (person: string) => Promise<string>;
  readonly requireFonds: (fonds: string) => void;
}

const DAY_MS = 86_400_000;
const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);

/** Whether somebody answers for a department: in office, of that department, 部门承办人 of the fonds. */
export async function handles(tx: Pick<Repositories, 'people'>, { department, person }: SourceHandler, fonds: string, now: Instant): Promise<boolean> {
  const found = await tx.people.get(person);
  if (found?.status !== 'active' || found.department !== department) return false;
  const grants = await tx.people.grants(person);
  return grants.some((one) => one.duty === 'proposer' && one.revokedAt === null && (one.fonds === fonds || one.fonds === '*') && one.validFrom <= now && (one.validUntil === null || one.validUntil > now));
}

/** Cleared, tested for what it claims, and in use. */
export const testedFor = (system: Pick<SourceSystem, 'test' | 'capabilities'>): boolean =>
  system.test?.passed === true && system.capabilities.every((one) => system.test?.capabilities.includes(one) === true);

/** 来源系统台账: registered by one office, cleared by another, tested by the archives before it hands anything in (办法第十一条、第十四条). */
export function sourceRegister({ box, nameOf, requireFonds }: SourceRegisterParts) {
  const { store, clock, ids, keys, profile, gate } = box;
  const policy: SourceSystemsPolicy = box.policies.content('source-systems.json');
  const plain = (text: string, at: string): string => {
    const cleaned = cleanText(text, false);
    if (!cleaned.ok || cleaned.text === '') throw wrong(at, '文字为空或含有不可见字符');
    return cleaned.text;
  };

  async function found(tx: Tx, id: string): Promise<SourceSystem> {
    const system = await tx.sources.get(id);
    if (system === undefined) throw new ArchiveError('E_NOT_FOUND');
    return system;
  }

  function certify(code: string, pem: string) {
    let publicKey;
    try {
      publicKey = fromSpki(onePem(pem, 'PUBLIC KEY').der);
    } catch {
      throw wrong('/publicKey', '不是 PEM 格式的 SM2 公钥，请由来源系统导出公钥后粘贴');
    }
    const until = new Date(clock.now());
    until.setUTCFullYear(until.getUTCFullYear() + policy.certificateYears);
    const authorityEnds = keys.identity.authority.notAfter;
    const notAfter = until.toISOString() < authorityEnds ? until.toISOString() : authorityEnds;
    const certificate = certificatePem(keys.certify({ subject: { country: 'CN', organizationalUnit: 'source', commonName: code }, publicKey, notBefore: clock.now(), notAfter, keyUsage: ['digitalSignature'] }));
    return { certificate, validUntil: parseCertificate(certificate).notAfter };
  }

  function capabilitiesOf(given: readonly SourceCapability[]): readonly SourceCapability[] {
    const lacking = policy.capabilities.filter(({ key, required }) => required && !given.includes(key));
    if (lacking.length > 0) throw wrong('/capabilities', `归档接口须具备${lacking.map(({ name }) => name).join('、')}功能`);
    return policy.capabilities.map(({ key }) => key).filter((key) => given.includes(key));
  }

  async function handlersOf(tx: Tx, given: readonly SourceHandler[], fonds: string): Promise<readonly SourceHandler[]> {
    const known = new Set((await tx.people.departments()).map(({ id }) => id));
    if (new Set(given.map(({ department }) => department)).size < given.length) throw wrong('/handlers', '同一部门只能有一名归档责任人');
    for (const [at, one] of given.entries()) {
      if (!known.has(one.department)) throw wrong(`/handlers/${String(at)}/department`, '没有这个部门，请从列表中选择');
      if (!(await handles(tx, one, fonds, clock.now()))) throw new ArchiveError('E_SOURCE_HANDLER', {}, [{ at: `/handlers/${String(at)}/person`, message: '须是该部门在岗的部门承办人' }]);
    }
    return given;
  }

  async function shown(tx: Tx, system: SourceSystem) {
    const departments = await tx.people.departments();
    return {
      id: system.id, code: system.code, name: system.name, supplier: system.supplier, contact: system.contact, state: system.state, fonds: system.fonds, level: system.level, levelName: system.level === null ? null : levelName(system.level),
      capabilities: system.capabilities, certificateSerial: parseCertificate(system.certificate).serial, validUntil: system.validUntil, expired: system.validUntil < clock.now(),
      handlers: await Promise.all(system.handlers.map(async (one) => ({ ...one, departmentName: departments.find(({ id }) => id === one.department)?.name ?? one.department, personName: await nameOf(one.person), inOffice: await handles(tx, one, system.fonds, clock.now()) }))),
      test: system.test === null ? null : { ...system.test, byName: await nameOf(system.test.by), stands: testedFor(system) },
      registeredAt: system.registeredAt, registeredByName: await nameOf(system.registeredBy), lastSeenAt: system.lastSeenAt, version: system.version,
    };
  }

  /** One change of a system, noted with its reason. */
  async function change(call: ServerCall, input: { readonly system: string; readonly seenVersion: number }, said: string, make: (tx: WriteTx, system: SourceSystem) => Promise<SourceSystem>) {
    return store.write(call, async (tx) => {
      await tx.allow();
      const system = await found(tx, input.system);
      const next = await make(tx, system);
      await tx.sources.save(next, input.seenVersion);
      await tx.sources.note(system.id, { at: clock.now(), by: call.person, event: call.act, text: plain(said, '/reason') });
      tx.audit({ action: call.act, object: system.id, objectType: 'source', detail: { code: system.code, state: next.state, level: next.level, capabilities: next.capabilities } });
      return { system: system.id, state: next.state, certificate: next.certificate, version: input.seenVersion + 1 };
    });
  }
  /** In use once it is cleared and its test stands; never out of suspension by the way. */
  const settled = (system: SourceSystem): SourceSystem => (system.state === 'suspended' ? system : { ...system, state: system.level !== null && testedFor(system) ? 'in_use' : 'registered' });

  return {
    async list(call: ServerCall, input: SourceList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.sources.list({ offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { page, size } });
        const registers = gate.mayHold('source.register', call.duty ?? '');
        const people = registers ? (await tx.people.list({ status: 'active', offset: 0, limit: 2000 })).rows : [];
        const proposers = new Set((registers ? await tx.people.grants() : []).filter((one) => one.duty === 'proposer' && one.revokedAt === null).map((one) => one.person));
        return {
          page, size, total, rows: await Promise.all(rows.map(async (one) => shown(tx, one))), capabilities: policy.capabilities, testItems: policy.testItems, fonds: profile.fonds.map(({ fonds }) => fonds), systemLevel: profile.systemLevel,
          departments: (await tx.people.departments()).map(({ id, name }) => ({ id, name })),
          candidates: people.filter(({ id }) => proposers.has(id)).map(({ id, name, department }) => ({ id, name, department })),
        };
      });
    },

    async show(call: ServerCall, input: SourceShow) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const system = await found(tx, input.system);
        tx.audit({ action: call.act, object: system.id, objectType: 'source', detail: { code: system.code } });
        const notes = await tx.sources.notes(system.id);
        return {
          system: await shown(tx, system), certificate: system.certificate, boxChain: box.identity.chain, trials: await tx.sources.trials(system.id, 20),
          notes: await Promise.all(notes.map(async (note) => ({ ...note, byName: await nameOf(note.by) }))),
        };
      });
    },

    /** 最近回执, of records that the person may see. */
    async receipts(call: ServerCall, input: SourceReceipts) {
      const { page = 1, size = 20 } = input;
      const visible = await gate.visible(call, 'record.show', 1);
      return store.read(call, async (tx) => {
        await tx.allow();
        const system = await found(tx, input.system);
        const { rows, total } = await tx.sources.receipts(system.id, visible, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, object: system.id, objectType: 'source', detail: { page, size } });
        return { page, size, total, rows: rows.map(({ record, level, at, signed }) => ({ record, level, at, key: signed?.receipt.key ?? '', electronicRecordCode: signed?.receipt.electronicRecordCode ?? '', batch: signed?.receipt.batch ?? '', state: signed?.receipt.state ?? '', files: signed?.receipt.files.length ?? 0 })) };
      });
    },

    async register(call: ServerCall, input: SourceRegister) {
      requireFonds(input.fonds);
      const capabilities = capabilitiesOf(input.capabilities);
      const id = ids.uuid();
      return store.write(call, async (tx) => {
        await tx.allow();
        if (await tx.sources.byCode(input.code)) throw new ArchiveError('E_DUPLICATE', {}, [{ at: '/code', message: '该系统代码已登记，请核对后改用新代码' }]);
        const { certificate, validUntil } = certify(input.code, input.publicKey);
        await tx.sources.add({
          id, code: input.code, state: 'registered', fonds: input.fonds, level: null, capabilities, certificate, validUntil, registeredBy: call.person, registeredAt: clock.now(), lastSeenAt: null,
          handlers: await handlersOf(tx, input.handlers, input.fonds), name: plain(input.name, '/name'), supplier: plain(input.supplier, '/supplier'), contact: plain(input.contact, '/contact'), test: null, version: 1,
        });
        tx.audit({ action: call.act, object: id, objectType: 'source', detail: { code: input.code, capabilities, departments: input.handlers.map(({ department }) => department), certificate: parseCertificate(certificate).serial } });
        return { system: id, certificate, boxChain: box.identity.chain };
      });
    },

    assign: async (call: ServerCall, input: SourceAssign) => change(call, input, input.reason, async (tx, system) =>
      settled({ ...system, capabilities: capabilitiesOf(input.capabilities), handlers: await handlersOf(tx, input.handlers, system.fonds) })),

    renew: async (call: ServerCall, input: SourceRenew) => change(call, input, input.reason, async (_tx, system) => Promise.resolve({ ...system, ...certify(system.code, input.publicKey) })),

    clear: async (call: ServerCall, input: SourceClear) => change(call, input, input.basis, async (_tx, system) => {
      if (input.level > profile.systemLevel) throw new ArchiveError('E_CLS_OVER_SYSTEM_LEVEL', { level: input.level, systemLevel: profile.systemLevel });
      return Promise.resolve(settled({ ...system, level: input.level as Level }));
    }),

    /** 接口测试记录: what the archives found, resting upon a trial that the box itself judged. */
    test: async (call: ServerCall, input: SourceTest) => change(call, input, input.reportNo, async (tx, system) => {
      if (system.state === 'suspended') throw new ArchiveError('E_STATE_INVALID', { state: system.state });
      if (input.testedOn > clock.today()) throw wrong('/testedOn', '测试日期不能晚于今天');
      const wanted = policy.testItems.filter(({ capability }) => capability === null || system.capabilities.includes(capability));
      const lacking = wanted.filter(({ key }) => !input.items.some((one) => one.key === key));
      if (lacking.length > 0) throw wrong('/items', `还缺测试项目：${lacking.map(({ name }) => name).join('；')}`);
      const since = new Date(Date.parse(clock.now()) - policy.trialDays * DAY_MS).toISOString();
      const trial = (await tx.sources.trials(system.id, 50)).find(({ passed, at }) => passed && at >= since);
      if (trial === undefined) throw new ArchiveError('E_SOURCE_UNTESTED', { trialDays: policy.trialDays });
      const passed = wanted.every(({ key }) => input.items.every((one) => one.key !== key || one.passed));
      return settled({ ...system, test: { testedOn: input.testedOn, testers: plain(input.testers, '/testers'), reportNo: plain(input.reportNo, '/reportNo'), items: input.items, passed, by: call.person, at: clock.now(), trialAt: trial.at, capabilities: system.capabilities } });
    }),

    suspend: async (call: ServerCall, input: SourceSuspend) => change(call, input, input.reason, async (_tx, system) => {
      if (system.state === 'suspended') throw new ArchiveError('E_STATE_INVALID', { state: system.state });
      return Promise.resolve({ ...system, state: 'suspended' as const });
    }),

    resume: async (call: ServerCall, input: SourceResume) => change(call, input, input.reason, async (_tx, system) => {
      if (system.state !== 'suspended') throw new ArchiveError('E_STATE_INVALID', { state: system.state });
      return Promise.resolve(settled({ ...system, state: 'registered' }));
    }),
  };
}
