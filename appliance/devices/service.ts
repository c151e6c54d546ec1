import { ArchiveError } from '../../core/errors.js';
import type { CalendarDate, Clock, Ids, Level, ReadTools } from '../../core/ports.js';
import { cleanText } from '../../core/text.js';
import type { CarriersFile, DeviceChallenge, DeviceCheck, DeviceList, DeviceRegister, DeviceRenew, DeviceResume, DeviceScan, DeviceShow, DeviceSuspend } from '../../policies/schemas/carrier.js';
import { compareAttached, deviceFaults, requireDevice, sameUsb, usbguardRules } from '../../secrecy/device.js';
import type { Attached, AttachedFinding, UsbFacts } from '../../secrecy/device.js';
import type { AccessGate } from '../access/gate.js';
import { inventorySince } from '../carriers/service.js';
import { certificatePem, parseCertificate } from '../crypto/certificate.js';
import { verifyChain } from '../crypto/certificate-chain.js';
import { onePem } from '../crypto/pem.js';
import type { CryptoProvider, PublicKey } from '../crypto/provider.js';
import { fromSpki } from '../crypto/sm2-curve.js';
import { challengesWith } from '../identity/sign-in.js';
import type { SoftwareKeyStore } from '../keystore/software.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';
import type { Device } from '../store/repositories/devices.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Store } from '../store/unit-of-work.js';
import { openDirectoryDevice } from './directory.js';
import { deviceMessage } from './proof.js';

type Tx = Repositories & ReadTools;

export interface DeviceServiceParts {
  readonly store: Store<Repositories>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly crypto: CryptoProvider;
  readonly keys: Pick<SoftwareKeyStore, 'certify' | 'identity'>;
  readonly policy: CarriersFile;
  readonly box: string;
  readonly systemLevel: Level;
  readonly nameOf: (person: string) => Promise<string>;
  /** What is plugged into the machine; a folder of a device belongs to none of its own. */
  readonly plugged: Plugged;
}

/** The machine's sockets, as sysfs tells of them. */
export interface Plugged {
  attached(): Promise<readonly Attached[]>;
  /** Of the device that a folder lies on; nothing where the machine does not say. */
  under(folder: string): Promise<UsbFacts | undefined>;
  /** Whether the folder is one of the box's own. */
  own(folder: string): Promise<boolean>;
}
const WHY: Readonly<Record<string, string>> = { unregistered: '未登记', suspended: '已停用', expired: '检测证书已过期', unchecked: '超期未检查', level: '密级不足' };

/** The certificate of the box ends with the day on which the testing body's does, in Asia/Shanghai. */
const endOf = (day: CalendarDate): string => `${day}T15:59:59.000Z`;
const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);

/** 专用设备: known by a key that never leaves the device; the box certifies it and asks for proof at every use (办法第四十二条). */
export function deviceService(parts: DeviceServiceParts) {
  const { store, clock, ids, crypto, keys, policy } = parts;
  const challenges = challengesWith(crypto, clock);
  const checkedSince = (): CalendarDate => inventorySince(clock.today(), policy.devices.checkMonths);
  const kindName = (key: string): string => policy.devices.kinds.find((kind) => kind.key === key)?.name ?? key;
  const plain = (text: string, at: string): string => {
    const cleaned = cleanText(text, false);
    if (!cleaned.ok || cleaned.text === '') throw wrong(at, '文字为空或含有不可见字符');
    return cleaned.text;
  };

  async function found(tx: Tx, id: string): Promise<Device> {
    const device = await tx.devices.get(id);
    if (device === undefined) throw new ArchiveError('E_NOT_FOUND');
    return device;
  }

  function certify(no: string, publicKey: PublicKey, until: CalendarDate): string {
    return certificatePem(keys.certify({
      subject: { country: 'CN', organizationalUnit: 'device', commonName: no }, publicKey, notBefore: clock.now(), notAfter: endOf(until), keyUsage: ['digitalSignature', 'keyEncipherment'],
    }));
  }

  function dates({ certValidTo, lastCheckOn, certifiedLevel }: Pick<DeviceRegister, 'certValidTo' | 'lastCheckOn' | 'certifiedLevel'>): void {
    if (certifiedLevel > parts.systemLevel) throw new ArchiveError('E_CLS_OVER_SYSTEM_LEVEL', { level: certifiedLevel, systemLevel: parts.systemLevel });
    if (certValidTo < clock.today()) throw new ArchiveError('E_DEVICE_NOT_CERTIFIED', { why: 'expired' });
    if (lastCheckOn > clock.today()) throw wrong('/lastCheckOn', '检查日期不能晚于今天');
  }

  async function shown(device: Device) {
    const { publicKey: _, certificate, ...rest } = device;
    const { serial } = parseCertificate(certificate);
    const faults = deviceFaults(device, { level: 0, person: device.boundUser ?? '', departments: device.boundDepartment === null ? [] : [device.boundDepartment], today: clock.today(), checkedSince: checkedSince() });
    return { ...rest, kindName: kindName(device.kind), certificateSerial: serial, boundUserName: device.boundUser === null ? null : await parts.nameOf(device.boundUser), faults: faults.map(({ why }) => why) };
  }

  async function change(call: ServerCall, input: DeviceSuspend | DeviceResume, from: Device['state'], to: Device['state']) {
    return store.write(call, async (tx) => {
      await tx.allow();
      const device = await found(tx, input.device);
      if (device.state !== from) throw new ArchiveError('E_STATE_INVALID', { state: device.state });
      await tx.devices.save({ ...device, state: to }, input.seenVersion);
      await tx.devices.note(device.id, { at: clock.now(), by: call.person, event: call.act, reason: plain(input.reason, '/reason') });
      tx.audit({ action: call.act, object: device.id, objectType: 'device', detail: { no: device.no } });
      return { device: device.id, state: to };
    });
  }

  /**
   * Which device this is, proven: it signed the challenge, and may be used by this person for this level.
   * @throws ArchiveError `E_DEVICE_PROOF`, `E_DEVICE_NOT_CERTIFIED`, `E_DEVICE_LEVEL`, `E_DEVICE_BOUND`
   */
  async function prove(tx: Tx, call: ServerCall, input: DeviceCheck): Promise<Device> {
    const device = await tx.devices.byNo(input.no);
    const unproven = (why: string): ArchiveError => new ArchiveError('E_DEVICE_PROOF', { why, ...(device === undefined ? {} : { device: device.id }) });
    try {
      challenges.take(input.no, input.challenge);
    } catch {
      throw unproven('challenge');
    }
    if (device === undefined) throw unproven('unknown');
    const certificate = parseCertificate(device.certificate);
    if (!crypto.verify(Buffer.from(deviceMessage(parts.box, input.no, input.challenge)), Buffer.from(input.signature, 'base64url'), certificate.publicKey)) throw unproven('signature');
    const departments = await tx.people.departmentOf(call.person);
    requireDevice(device, { level: input.level as Level, person: call.person, departments: departments === undefined ? [] : [departments], today: clock.today(), checkedSince: checkedSince() });
    const chain = verifyChain(crypto, { chain: [certificate], anchors: [keys.identity.authority], at: clock.now(), usage: 'digitalSignature' });
    if (!chain.valid) throw new ArchiveError('E_DEVICE_NOT_CERTIFIED', { device: device.id, why: chain.fault });
    return device;
  }

  /**
   * 插在本机的设备: the box asks the device at the folder for its proof itself. Where the bus names the device, it must be the registered one.
   * @throws ArchiveError as `prove`; whatever lies at the folder, a folder that is no registered device is `E_DEVICE_PROOF`
   */
  async function proveAt(tx: Tx, call: ServerCall, { no, folder, level }: { readonly no: string; readonly folder: string; readonly level: Level }): Promise<Device> {
    const unproven = (why: string): ArchiveError => new ArchiveError('E_DEVICE_PROOF', { why });
    if (!folder.startsWith('/') || await parts.plugged.own(folder)) throw unproven('folder');
    const port = await openDirectoryDevice(crypto, folder).catch(() => { throw unproven('folder'); });
    const challenge = challenges.make(no);
    const device = await prove(tx, call, { no, challenge, level, signature: port.answer(parts.box, no, challenge) });
    const usb = await parts.plugged.under(folder);
    const { usbVendor: vendor, usbProduct: product, serial } = device.facts;
    if (usb !== undefined && (vendor === null || product === null || !sameUsb(usb, { vendor, product, serial }))) throw unproven('usb');
    return device;
  }

  /**
   * A printer or burner that is used for this level: it has no key to prove itself by, so the register is all there is.
   * @throws ArchiveError `E_DEVICE_PROOF` where no such machine is registered, `E_DEVICE_NOT_CERTIFIED`, `E_DEVICE_LEVEL`, `E_DEVICE_BOUND`
   */
  async function machine(tx: Tx, call: ServerCall, { no, kind, level }: { readonly no: string; readonly kind: Device['kind']; readonly level: Level }): Promise<Device> {
    const device = await tx.devices.byNo(no);
    if (device?.kind !== kind) throw new ArchiveError('E_DEVICE_PROOF', { why: 'unknown', ...(device === undefined ? {} : { device: device.id }) }, [{ at: '/machineNo', message: `台账中没有这个编号的${kindName(kind)}` }]);
    const departments = await tx.people.departmentOf(call.person);
    requireDevice(device, { level, person: call.person, departments: departments === undefined ? [] : [departments], today: clock.today(), checkedSince: checkedSince() });
    return device;
  }

  /** Everything plugged in, against the register. */
  async function compared(tx: Tx, level: Level): Promise<readonly AttachedFinding[]> {
    const attached = await parts.plugged.attached();
    if (attached.length === 0) return [];
    const { rows } = await tx.devices.list(null, { offset: 0, limit: 10_000 });
    const register = rows.map((one) => {
      const { usbVendor: vendor, usbProduct: product, serial } = one.facts;
      return { ...one, storage: policy.devices.kinds.find(({ key }) => key === one.kind)?.storage === true, usb: vendor === null || product === null ? null : { vendor, product, serial } };
    });
    return compareAttached(attached, register, { level, today: clock.today(), checkedSince: checkedSince() });
  }

  /** @throws ArchiveError with the code of the first that is not to be used, each named with what is wrong with it */
  function requireAttached(found: readonly AttachedFinding[]): void {
    const bad = found.filter(({ code }) => code !== null);
    const [first] = bad;
    if (first?.code == null) return;
    throw new ArchiveError(first.code, { codes: [...new Set(bad.map(({ code }) => code))], attached: bad.map(({ name, vendor, product, serial, no, why }) => ({ name, vendor, product, serial, no, why })) },
      bad.map(({ name, vendor, product, serial, no, why }) => ({ at: name, message: `${no ?? `${vendor}:${product} 序列号 ${serial === '' ? '无' : serial}`}：${WHY[why ?? ''] ?? ''}，请断开` })));
  }

  return {
    prove,
    proveAt,
    machine,

    /** 核对接入设备: unregistered, out of date or too low: refused, entered, alarmed. */
    async scan(call: ServerCall, input: DeviceScan) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const found = await compared(tx, input.level as Level);
        requireAttached(found);
        tx.audit({ action: call.act, objectType: 'device', detail: { level: input.level, attached: found.length } });
        return { attached: found.map(({ name, vendor, product, serial, no }) => ({ name, vendor, product, serial, no })) };
      });
    },

    /** The box's own look: what is plugged in now that the register does not let in, as a text that changes when it does. */
    async watch(call: Parameters<Store<Repositories>['read']>[0], before: string): Promise<string> {
      const found = await store.read(call, async (tx) => { await tx.allow(); return compared(tx, 0); });
      const now = found.filter(({ code }) => code !== null).map(({ name, vendor, product, serial, why }) => [name, vendor, product, serial, why].join(' ')).join('\n');
      if (now !== '' && now !== before) {
        try {
          requireAttached(found);
        } catch (error) {
          await store.refuse(call, error);
        }
      }
      return now;
    },

    async list(call: ServerCall, input: DeviceList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.devices.list(input.kind ?? null, { offset: (page - 1) * size, limit: size });
        return { page, size, total, kinds: policy.devices.kinds, systemLevel: parts.systemLevel, checkMonths: policy.devices.checkMonths, rows: await Promise.all(rows.map(shown)), departments: await tx.people.departments() };
      });
    },

    async show(call: ServerCall, input: DeviceShow) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const device = await found(tx, input.device);
        tx.audit({ action: call.act, object: device.id, objectType: 'device' });
        const history = await Promise.all((await tx.devices.history(device.id)).map(async (row) => ({ ...row, byName: await parts.nameOf(row.by) })));
        return { ...await shown(device), certificate: device.certificate, history };
      });
    },

    async register(call: ServerCall, input: DeviceRegister) {
      dates(input);
      const keyed = policy.devices.kinds.find(({ key }) => key === input.kind)?.keyed !== false;
      if (input.publicKey === undefined && keyed) throw wrong('/publicKey', '请填写设备公钥');
      // A machine without a key of its own is registered under one that nobody holds: it is looked up, and can never prove itself.
      const publicKey = input.publicKey === undefined ? crypto.generateKeyPair().publicKey : fromSpki(onePem(input.publicKey, 'PUBLIC KEY').der);
      const hex = Buffer.from(publicKey).toString('hex');
      return store.write(call, async (tx) => {
        await tx.allow();
        if (await tx.devices.byNo(input.no) ?? await tx.devices.byKey(hex)) throw new ArchiveError('E_DUPLICATE', { no: input.no }, [{ at: '/no', message: '设备编号或设备公钥已经登记' }]);
        if (input.boundUser !== null && (await tx.people.get(input.boundUser))?.status !== 'active') throw wrong('/boundUser', '没有这个在用的账号，请从列表中选择');
        if (input.boundDepartment !== null && !(await tx.people.departments()).some(({ id }) => id === input.boundDepartment)) throw wrong('/boundDepartment', '没有这个部门，请从列表中选择');
        const id = ids.uuid();
        const device: Device = {
          id, no: input.no, kind: input.kind, state: 'in_use', certifiedLevel: input.certifiedLevel as Level, certValidTo: input.certValidTo, lastCheckOn: input.lastCheckOn, boundUser: input.boundUser, boundDepartment: input.boundDepartment,
          publicKey: hex, certificate: certify(input.no, publicKey, input.certValidTo), registeredBy: call.person, registeredAt: clock.now(), lastUsedAt: null, version: 1,
          facts: {
            model: plain(input.model, '/model'), serial: plain(input.serial, '/serial'), certNo: plain(input.certNo, '/certNo'), place: plain(input.place, '/place'), boundSystem: input.boundSystem ?? null, sealNo: input.sealNo ?? null,
            usbVendor: input.usbVendor ?? null, usbProduct: input.usbProduct ?? null,
          },
        };
        await tx.devices.add(device);
        await tx.devices.note(id, { at: clock.now(), by: call.person, event: call.act, reason: plain(input.reason, '/reason') });
        tx.audit({ action: call.act, object: id, objectType: 'device', detail: { no: input.no, kind: input.kind, certifiedLevel: input.certifiedLevel, certValidTo: input.certValidTo } });
        return { id, certificate: device.certificate };
      });
    },

    async renew(call: ServerCall, input: DeviceRenew) {
      dates(input);
      return store.write(call, async (tx) => {
        await tx.allow();
        const device = await found(tx, input.device);
        const certificate = certify(device.no, Buffer.from(device.publicKey, 'hex'), input.certValidTo);
        await tx.devices.save({ ...device, certifiedLevel: input.certifiedLevel as Level, certValidTo: input.certValidTo, lastCheckOn: input.lastCheckOn, certificate, facts: { ...device.facts, certNo: plain(input.certNo, '/certNo') } }, input.seenVersion);
        await tx.devices.note(device.id, { at: clock.now(), by: call.person, event: call.act, reason: plain(input.reason, '/reason') });
        tx.audit({ action: call.act, object: device.id, objectType: 'device', detail: { from: device.certValidTo, to: input.certValidTo, certifiedLevel: input.certifiedLevel } });
        return { device: device.id, certificate };
      });
    },

    /** What the device is to sign; the same for a number that is not registered. */
    async challenge(call: ServerCall, input: DeviceChallenge) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const challenge = challenges.make(input.no);
        return { challenge, message: deviceMessage(parts.box, input.no, challenge) };
      });
    },

    async check(call: ServerCall, input: DeviceCheck) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const device = await prove(tx, call, input);
        await tx.devices.used(device.id, clock.now());
        tx.audit({ action: call.act, object: device.id, objectType: 'device', detail: { level: input.level } });
        return { device: device.id, no: device.no, kindName: kindName(device.kind), certifiedLevel: device.certifiedLevel, certValidTo: device.certValidTo };
      });
    },

    suspend: async (call: ServerCall, input: DeviceSuspend) => change(call, input, 'in_use', 'suspended'),
    resume: async (call: ServerCall, input: DeviceResume) => change(call, input, 'suspended', 'in_use'),

    /** USBGuard rules of the register: what is registered, in use and in date, and nothing else that stores. */
    async usbguard(call: ServerCall) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows } = await tx.devices.list(null, { offset: 0, limit: 10_000 });
        const usable = rows.flatMap((one) => {
          const { usbVendor, usbProduct, serial } = one.facts;
          const storage = policy.devices.kinds.find(({ key }) => key === one.kind)?.storage === true;
          return storage && one.state === 'in_use' && one.certValidTo >= clock.today() && usbVendor !== null && usbProduct !== null ? [{ no: one.no, vendor: usbVendor, product: usbProduct, serial }] : [];
        });
        tx.audit({ action: call.act, objectType: 'device', detail: { rules: usable.length } });
        return bytes('text/plain; charset=utf-8', Buffer.from(usbguardRules(usable)), { fileName: 'rules.conf' });
      });
    },
  };
}
export type DeviceService = ReturnType<typeof deviceService>;
