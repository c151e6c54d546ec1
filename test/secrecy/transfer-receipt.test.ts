import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { receiptChecks } from '../../appliance/accessions/receipt-checks.js';
import { parseCertificate } from '../../appliance/crypto/certificate.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { SmCryptoVerifier } from '../../appliance/crypto/sm-crypto-adapter.js';
import { inPackage } from '../../appliance/package-root.js';
import { draftReceipt, readReceipt, receiptFaults, receiptStatement, writeReceipt, type HandedOver, type ReceiptBody, type ReceiptChecks, type ReceiptFault, type SignedReceipt } from '../../secrecy/transfer-receipt.js';

const vector = (name: string): Buffer => readFileSync(inPackage('test', 'vectors', 'transfer-receipt', name));
const golden = (name: string): SignedReceipt => {
  const read = readReceipt(vector(name));
  if (read === undefined) throw new Error(`unreadable: ${name}`);
  return read;
};
const sent = JSON.parse(vector('handed-over.json').toString()) as HandedOver;
const genuine = receiptChecks(new NodeProvider(), new SmCryptoVerifier(), parseCertificate(vector('authority.pem').toString()));
const anybody: ReceiptChecks = { receiver: () => true, box: () => true };
const faultsOf = (body: Partial<ReceiptBody>, of = 'accepted.json'): readonly ReceiptFault[] => {
  const good = golden(of);
  return receiptFaults({ ...good, body: { ...good.body, ...body } }, sent, anybody);
};

test('第二十六条: the golden receipts read back, byte for byte, and hold', (t) => {
  for (const name of ['accepted.json', 'returned.json', 'unopened.json']) {
    const receipt = golden(name);
    t.deepEqual(Buffer.from(writeReceipt(receipt)), vector(name));
    t.deepEqual(receiptFaults(receipt, sent, genuine), [], name);
  }
});

test('第二十六条: any flipped bit of a receipt is noticed', (t) => {
  const bytes = vector('returned.json');
  const seen = new Map<string, boolean>();
  // Signatures are slow: the reader refuses most flips, and each distinct text is verified once.
  for (let at = 0; at < bytes.length; at += 41) {
    const bad = Buffer.from(bytes);
    bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
    const receipt = readReceipt(bad);
    const key = receipt === undefined ? '' : bad.toString('latin1');
    if (!seen.has(key)) seen.set(key, receipt === undefined || receiptFaults(receipt, sent, genuine).length > 0);
    t.true(seen.get(key), `byte ${String(at)}`);
  }
});

test('第二十三条: accepted means no defect and a number for each record, returned means a defect and none', (t) => {
  const { records } = golden('accepted.json').body;
  t.deepEqual(faultsOf({ defects: ['YJ-1-1'] }), ['defects']);
  t.deepEqual(faultsOf({ defects: [] }, 'returned.json'), ['defects']);
  t.deepEqual(faultsOf({ records: records.map((one) => ({ ...one, accessionNo: null })) }), ['numbers']);
  t.deepEqual(faultsOf({ records: records.map((one) => ({ ...one, accessionNo: 'G1-0001' })) }), ['numbers']);
  t.deepEqual(faultsOf({ records }, 'returned.json'), ['numbers']);
  t.deepEqual(faultsOf({ outcome: 'returned', defects: ['KM-09'], records: records.map((one) => ({ ...one, accessionNo: null })) }), []);
});

test('第二十三条: a receipt of another package, handover, box, volume or record is refused with its name', (t) => {
  const { volumes, records, receiver, sender } = golden('accepted.json').body;
  const [first] = volumes;
  if (first === undefined) throw new Error('a volume');
  const table: readonly [Partial<ReceiptBody>, ReceiptFault][] = [
    [{ packageNo: 'YJ-2026-9999' }, 'package'], [{ handoverNo: 'JJ-9' }, 'handover'], [{ sender: { ...sender, box: 'SZ-other' } }, 'sender'], [{ receiver: { ...receiver, box: 'SZ-other' } }, 'receiver'],
    [{ volumes: [{ ...first, envelope: '00000000-0000-4000-8000-000000000000' }] }, 'volumes'], [{ volumes: [{ ...first, envelopeDigest: '0'.repeat(64) }] }, 'volumes'], [{ volumes: [first, first] }, 'volumes'],
    [{ volumes: [{ ...first, manifestDigest: '0'.repeat(64) }] }, 'manifests'], [{ volumes: [{ ...first, manifestDigest: null }] }, 'manifests'],
    [{ records: records.slice(1) }, 'records'], [{ records: [...records, { archivalCode: 'Z999-WS', accessionNo: 'X-1' }] }, 'records'], [{ records: [...records].reverse() }, 'order'],
    [{ receivedAt: '2026-11-20T00:00:00.000Z' }, 'times'], [{ decidedAt: '2026-11-20T00:00:00.000Z' }, 'times'],
  ];
  for (const [body, fault] of table) t.is(faultsOf(body)[0], fault);
});

test('第二十六条: one receiver, the same one twice, or the same token twice is no receipt', (t) => {
  const good = golden('accepted.json');
  const [a, b] = good.receivers;
  if (a === undefined || b === undefined) throw new Error('two');
  const faults = (receivers: SignedReceipt['receivers'], checks = anybody): readonly ReceiptFault[] => receiptFaults({ ...good, receivers }, sent, checks);
  t.deepEqual(faults([a, a]), ['receivers']);
  t.deepEqual(faults([a]), ['receivers']);
  t.deepEqual(faults([a, { ...b, token: a.token }]), ['receivers']);
  t.deepEqual(faults([a, { ...b, at: '2026-11-01T00:00:00.000Z' }]), ['receivers']);
  t.is(readReceipt(Buffer.from(writeReceipt({ ...good, receivers: [a] }))), undefined);
  // Each signature is bound to its certificate and token, and the box's to both.
  t.deepEqual(faults([a, { ...b, signature: a.signature }], genuine), ['receiver-signature', 'box-signature']);
  t.deepEqual(faults([b, a], genuine), ['box-signature']);
  t.deepEqual(receiptFaults({ ...good, body: { ...good.body, receiptNo: 'HZ-2026-0009' } }, sent, genuine), ['receiver-signature', 'box-signature']);
});

test('the reader takes one form only: no other field, no other order, no blank, no second document', (t) => {
  const good = golden('accepted.json');
  const text = vector('accepted.json').toString();
  for (const bad of [`${text}\n`, ` ${text}`, `\u{FEFF}${text}`, text.replace('{"body"', '{"extra":1,"body"'), text.replace('shouzang-transfer-receipt/v1', 'shouzang-transfer-receipt/v2'), JSON.stringify(good, null, 1), '', 'null', '[]', `${text}${text}`]) {
    t.is(readReceipt(Buffer.from(bad)), undefined, bad.slice(0, 20));
  }
  t.is(readReceipt(Buffer.alloc(5 * 1024 * 1024, 0x20)), undefined);
});

test('a draft puts its lists in their one order, whatever order they were found in', (t) => {
  const { type: _, ...facts } = golden('returned.json').body;
  fc.assert(fc.property(fc.shuffledSubarray([...facts.defects, 'KM-09', 'YJ-1-14'], { minLength: 2 }), fc.shuffledSubarray([...facts.records], { minLength: facts.records.length }), (defects, records) => {
    const body = draftReceipt({ ...facts, defects: [...defects, ...defects], records });
    t.deepEqual(body.defects, [...defects].sort());
    t.deepEqual(body.records, facts.records);
  }));
  t.is(receiptStatement(golden('accepted.json').body), Buffer.from(JSON.stringify(golden('accepted.json').body)).toString());
});
