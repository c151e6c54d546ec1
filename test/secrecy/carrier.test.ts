import test from 'ava';
import fc from 'fast-check';
import { CarriersFile } from '../../policies/schemas/carrier.js';
import { CARRIER_STEPS, inventory, loadCarrier, moveCarrier, registerCarrier, relevelCarrier, type Carrier, type CarrierEvent, type CarrierEventKind, type CarrierState } from '../../secrecy/carrier.js';
import { deviceFaults, requireDevice, usbguardRules, type DeviceStanding } from '../../secrecy/device.js';
import type { Level } from '../../secrecy/level.js';
import { codeOf, shippedFile } from '../helpers/secrecy.js';

const EVENTS: Readonly<Record<CarrierEventKind, CarrierEvent>> = {
  file: { kind: 'file', place: '1号柜', custodian: 'P1' }, lend: { kind: 'lend', holder: 'P2', dueOn: '2026-12-01' }, return: { kind: 'return', place: '1号柜', custodian: 'P1' },
  'carry-out': { kind: 'carry-out', holder: 'P2', destination: '省局', escorts: ['P3'], dueOn: '2026-12-01', approval: 'A1' }, arrive: { kind: 'arrive', place: '1号柜', custodian: 'P1' },
  'give-back': { kind: 'give-back', receiver: '省局', receipt: 'QS-1' }, lose: { kind: 'lose', at: '2026-11-23T01:00:00.000Z', reportBy: '2026-11-24T01:00:00.000Z' }, report: { kind: 'report', to: '保密局', no: 'BG-1', at: '2026-11-23T02:00:00.000Z' },
  find: { kind: 'find', place: '1号柜', custodian: 'P1' }, condemn: { kind: 'condemn', place: '待销柜', since: '2026-11-23' }, spare: { kind: 'spare', place: '1号柜', custodian: 'P1' }, destroy: { kind: 'destroy', certificate: 'XH-1', witnesses: ['P1', 'P2'] },
};
const KINDS = Object.keys(EVENTS) as CarrierEventKind[];
const fresh = (level: Level = 3, cap: Level = 3): Carrier => registerCarrier({ id: 'C1', no: 'ZT3-2026-0001', cap, level });
const walk = (...kinds: readonly CarrierEventKind[]): Carrier => kinds.reduce<Carrier>((it, kind) => moveCarrier(it, EVENTS[kind]).next, fresh());
const IN: Readonly<Record<CarrierState, Carrier>> = {
  registered: fresh(), in_use: walk('lend'), in_custody: walk('file'), in_transit: walk('file', 'carry-out'), returned: walk('file', 'give-back'), lost: walk('lose'), pending_destruction: walk('condemn'), destroyed: walk('condemn', 'destroy'),
};

/** The second copy of the table: from, event, to. */
const TABLE = `
  registered file in_custody; registered lend in_use; registered lose lost; registered condemn pending_destruction;
  in_use return in_custody; in_use carry-out in_transit; in_use lose lost;
  in_custody file in_custody; in_custody lend in_use; in_custody carry-out in_transit; in_custody give-back returned; in_custody lose lost; in_custody condemn pending_destruction;
  in_transit arrive in_custody; in_transit give-back returned; in_transit lose lost;
  lost report lost; lost find in_custody;
  pending_destruction lose lost; pending_destruction spare in_custody; pending_destruction destroy destroyed`;
const expected = new Map(TABLE.split(';').map((row) => row.trim().split(/\s+/u)).map(([from = '', event = '', to = '']) => [`${from} ${event}`, to]));

test('第四十二、四十三条: every state of a carrier × every event, the refused ones too', (t) => {
  t.deepEqual(Object.keys(CARRIER_STEPS).sort(), Object.keys(IN).sort());
  for (const [state, it] of Object.entries(IN)) {
    t.is(it.state, state as CarrierState);
    for (const kind of KINDS) {
      const to = expected.get(`${state} ${kind}`);
      if (to === undefined) t.is(codeOf(() => moveCarrier(it, EVENTS[kind])), 'E_STATE_INVALID', `${state} ${kind}`);
      else t.is(moveCarrier(it, EVENTS[kind]).next.state, to as CarrierState, `${state} ${kind}`);
    }
  }
});

test('第四十二条: nothing is carried out without an approval, 绝密 not by one person alone; nothing is destroyed without two witnesses', (t) => {
  const out = EVENTS['carry-out'] as Extract<CarrierEvent, { kind: 'carry-out' }>;
  t.is(codeOf(() => moveCarrier(IN.in_custody, { ...out, approval: '' })), 'E_APPROVAL_REQUIRED');
  const top = moveCarrier(fresh(4, 4), EVENTS.file).next;
  t.is(codeOf(() => moveCarrier(top, { ...out, escorts: [] })), 'E_HANDOVER_TWO_PERSON');
  t.is(codeOf(() => moveCarrier(top, { ...out, escorts: [out.holder] })), 'E_HANDOVER_TWO_PERSON');
  t.is(moveCarrier(top, out).next.state, 'in_transit');
  t.is(codeOf(() => moveCarrier(IN.pending_destruction, { kind: 'destroy', certificate: 'X', witnesses: ['P1', 'P1'] })), 'E_DESTROY_TWO_PERSON');
});

const anyLevel = fc.constantFrom<Level>(0, 1, 2, 3, 4);
const act = fc.oneof(fc.constantFrom(...KINDS).map((kind) => ({ kind: 'event' as const, event: EVENTS[kind] })), anyLevel.map((level) => ({ kind: 'load' as const, level })), anyLevel.map((level) => ({ kind: 'follow' as const, level })));

test('domain/08 §4, domain/05 §6: whatever is done to it, maxLevelEver only rises, what held a secret is never ordinary again, and only a cap is loaded up to', (t) => {
  fc.assert(fc.property(anyLevel, fc.array(act, { maxLength: 40 }), (level, acts) => {
    let it: Carrier = registerCarrier({ id: 'C', no: 'N', cap: 4, level });
    let top = it.maxLevelEver;
    for (const one of acts) {
      try {
        it = one.kind === 'event' ? moveCarrier(it, one.event).next : one.kind === 'load' ? loadCarrier(it, one.level) : relevelCarrier(it, one.level);
      } catch { /* a refusal changes nothing */ }
      if (it.maxLevelEver < top || it.maxLevelEver < it.level || it.level < it.own || (it.maxLevelEver >= 2 && it.level < 2)) return false;
      top = it.maxLevelEver;
    }
    return true;
  }));
  t.is(codeOf(() => loadCarrier(fresh(2, 2), 3)), 'E_DEVICE_LEVEL');
  t.is(codeOf(() => registerCarrier({ id: 'C', no: 'N', cap: 2, level: 3 })), 'E_DEVICE_LEVEL');
  t.like(relevelCarrier(fresh(2, 2), 3), { level: 3, maxLevelEver: 3 }, 'a mark raised later is no less true for being above the cap');
  t.like(relevelCarrier(relevelCarrier(fresh(1, 3), 3), 0), { level: 2, maxLevelEver: 3 });
});

test('domain/05 §7.3: an inventory tells what is missing, what is not expected and what lies elsewhere; each number once; nothing is both', (t) => {
  const kept = (no: string, place: string | null, state: CarrierState = 'in_custody') => ({ no, place, state });
  t.deepEqual(inventory([kept('A', '1'), kept('B', '1'), kept('C', '2'), kept('D', null, 'in_use')], [{ no: 'A', place: '1' }, { no: 'A', place: '1' }, { no: 'C', place: '1' }, { no: 'D', place: '1' }, { no: 'X', place: null }]), {
    present: ['A', 'C'], missing: ['B'], unexpected: ['D', 'X'], misplaced: [{ no: 'C', place: '2', found: '1' }],
  });
  const nos = fc.constantFrom('A', 'B', 'C', 'D', 'E');
  fc.assert(fc.property(fc.uniqueArray(nos), fc.array(nos), (ought, scanned) => {
    const found = inventory(ought.map((no) => kept(no, '1')), scanned.map((no) => ({ no, place: '1' })));
    return [...found.present, ...found.missing].sort().join() === [...ought].sort().join() && [...found.present, ...found.unexpected].sort().join() === [...new Set(scanned)].sort().join();
  }));
});

const DEVICE: DeviceStanding = { id: 'D1', state: 'in_use', certValidTo: '2026-12-31', certifiedLevel: 3, boundUser: 'P1', boundDepartment: 'BMB', lastCheckOn: '2026-06-01' };
const USE = { level: 3 as Level, person: 'P1', departments: ['BMB'], today: '2026-11-23', checkedSince: '2025-11-23' };
const CASES: readonly (readonly [string, Partial<DeviceStanding>, Partial<typeof USE>, string | null])[] = [
  ['as certified', {}, {}, null], ['on its last day', { certValidTo: '2026-11-23' }, {}, null], ['expired', { certValidTo: '2026-11-22' }, {}, 'E_DEVICE_NOT_CERTIFIED'], ['suspended', { state: 'suspended' }, {}, 'E_DEVICE_NOT_CERTIFIED'],
  ['not checked for a year', { lastCheckOn: '2025-11-22' }, {}, 'E_DEVICE_NOT_CERTIFIED'], ['below the data', { certifiedLevel: 2 }, {}, 'E_DEVICE_LEVEL'], ['another user', {}, { person: 'P2' }, 'E_DEVICE_BOUND'],
  ['another department', {}, { departments: ['DAS'] }, 'E_DEVICE_BOUND'], ['bound to nobody', { boundUser: null, boundDepartment: null }, { person: 'P9', departments: [] }, null],
];
for (const [what, device, use, code] of CASES) {
  test(`第四十二条: a device ${what} is ${code === null ? 'used' : `refused with ${code}`}`, (t) => {
    t.is(codeOf(() => { requireDevice({ ...DEVICE, ...device }, { ...USE, ...use }); }), code);
    t.is(deviceFaults({ ...DEVICE, ...device }, { ...USE, ...use }).length, code === null ? 0 : 1);
  });
}

test('第四十二条: USBGuard lets in the registered storage devices by serial number and rejects every other', (t) => {
  const rules = usbguardRules([{ no: 'B', vendor: '0951', product: '1666', serial: 'x"y' }, { no: 'A', vendor: '0781', product: '5581', serial: '4C53' }]);
  t.deepEqual(rules.trimEnd().split('\n'), [
    'allow id 0781:5581 serial "4C53" with-interface one-of { 08:*:* } label "A"', String.raw`allow id 0951:1666 serial "x\"y" with-interface one-of { 08:*:* } label "B"`, 'reject with-interface one-of { 08:*:* }',
  ]);
});

test('the shipped policy names six kinds of carriers and seven of devices, a source for every figure, and no longer than 24 hours to report', (t) => {
  const policy = shippedFile('carriers.json', CarriersFile);
  t.is(new Set(policy.kinds.map(({ key }) => key)).size, 6);
  t.is(new Set(policy.devices.kinds.map(({ key }) => key)).size, 7);
  t.true(policy.loss.reportHours <= 24);
});
