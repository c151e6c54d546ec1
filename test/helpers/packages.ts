import { readFileSync } from 'node:fs';
import { Bulk } from '../../appliance/content/bulk.js';
import { certificatePem, issueCertificate } from '../../appliance/crypto/certificate.js';
import type { Certificate, KeyUsage } from '../../appliance/crypto/certificate.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import type { PrivateKey } from '../../appliance/crypto/provider.js';
import { SmCryptoVerifier } from '../../appliance/crypto/sm-crypto-adapter.js';
import { packageRoom } from '../../appliance/packages/compose.js';
import type { EnvelopeOpening, EnvelopeSealing, MetadataValues, NamedSource, PackageFile, PackagePlan, PackageRecord } from '../../appliance/packages/port.js';
import { inPackage } from '../../appliance/package-root.js';
import { allElements } from '../../core/metadata.js';
import type { FileRole } from '../../core/holdings.js';
import type { Level } from '../../core/ports.js';
import type { Dictionaries } from '../../policies/schemas/dictionaries.js';
import type { MetadataElement, MetadataScheme } from '../../policies/schemas/metadata.js';

export const provider = new NodeProvider();
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const policy = (name: string): unknown => JSON.parse(readFileSync(inPackage('policies', name), 'utf8'));
export const scheme = policy('metadata.json') as MetadataScheme;
export const dictionaries = policy('dictionaries.json') as Dictionaries;
export const two = { native: provider, second: new SmCryptoVerifier() };
export const NOW = '2026-11-23T08:00:00.000Z';

export function packageDesk(wish: { readonly quick?: boolean } = {}) {
  const bulk = new Bulk({ threads: 2 });
  // `quick`: thousands of refusals would take minutes in the second implementation; the first one stands in for it.
  const verifiers = wish.quick === true ? { native: provider, second: { ...quickSecond } } : two;
  return { bulk, tools: { provider, crypto: provider, bulk, two: verifiers, scheme, dictionaries }, room: packageRoom({ provider, bulk, two: verifiers, scheme, dictionaries }) };
}
const slow = new SmCryptoVerifier();
const quickSecond = {
  name: 'stand-in', sm3: slow.sm3.bind(slow), hmacSm3: slow.hmacSm3.bind(slow), sm4Encrypt: slow.sm4Encrypt.bind(slow), sm4Decrypt: slow.sm4Decrypt.bind(slow),
  verify: provider.verify.bind(provider), verifyDigest: slow.verifyDigest.bind(slow),
};

export interface TestBox { readonly serial: string; readonly authority: Certificate; readonly certificate: Certificate; readonly key: PrivateKey; readonly authorityKey: PrivateKey; readonly chain: readonly string[] }

export function certify(box: Pick<TestBox, 'authority' | 'authorityKey'>, commonName: string, key: PrivateKey, keyUsage: readonly KeyUsage[], notAfter = '2036-01-01T00:00:00.000Z'): Certificate {
  return issueCertificate(provider, { subject: { country: 'CN', commonName }, publicKey: key.publicKey, serial: provider.random(16), notBefore: '2026-01-01T00:00:00.000Z', notAfter, keyUsage, issuer: { certificate: box.authority, key: box.authorityKey } });
}

export function testBox(serial: string, notAfter = '2036-01-01T00:00:00.000Z'): TestBox {
  const [authorityKey, key] = [provider.generateKeyPair(), provider.generateKeyPair()];
  const authority = issueCertificate(provider, { subject: { country: 'CN', commonName: `${serial} CA` }, publicKey: authorityKey.publicKey, serial: provider.random(16), notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2046-01-01T00:00:00.000Z', ca: { pathLength: 0 }, keyUsage: ['keyCertSign', 'cRLSign'], issuer: { certificate: 'self', key: authorityKey } });
  const certificate = certify({ authority, authorityKey }, serial, key, ['digitalSignature', 'nonRepudiation'], notAfter);
  return { serial, authority, certificate, key, authorityKey, chain: [certificatePem(certificate), certificatePem(authority)] };
}

const bytesOf = (content: Uint8Array) => ({ bytes: content.length, sm3: hex(provider.sm3(content)), async *open() { for (let at = 0; at < content.length; at += 50_000) yield await Promise.resolve(content.subarray(at, at + 50_000)); } });
export const fileOf = (role: FileRole, position: number, name: string, content: Uint8Array): PackageFile => ({ role, position, name, ...bytesOf(content) });
export const otherOf = (name: string, text: string): NamedSource => ({ name, ...bytesOf(Buffer.from(text)) });

/** Some value of the right kind for every element: for the round trip. */
export function everyElement(): { readonly metadata: MetadataValues; readonly event: MetadataValues } {
  const value = (element: MetadataElement): unknown => {
    const one = scalar(element);
    return element.repeatable === true && element.kind !== 'term' ? [one, `${String(one)}二 <&>"'`] : element.repeatable === true ? [one] : one;
  };
  const place = (name: string): MetadataValues => Object.fromEntries(allElements(scheme).filter((element) => element.place === name && element.kind !== 'container').map((element) => [element.key, value(element)]));
  const groups = scheme.places.filter((one) => one.key !== undefined && one.place !== 'event').map((one) => [one.key ?? '', one.repeatable ? [place(one.place), place(one.place)] : place(one.place)] as const);
  return { metadata: { ...place('record'), ...Object.fromEntries(groups) }, event: place('event') };
}

function scalar(element: MetadataElement): string | number | boolean {
  switch (element.kind) {
    case 'integer': return 7;
    case 'boolean': return true;
    case 'level': return 3;
    case 'date': case 'dateOrSpan': return '2026-03-04';
    case 'instant': return NOW;
    case 'id': return '6f1c1f0e-0d7a-4c49-9a52-1d0c3d1f8a55';
    case 'digest': return 'ab'.repeat(32);
    case 'term': return dictionaries.dictionaries.find(({ id }) => id === (element.dictionary ?? element.key))?.terms[0]?.key ?? 'other';
    default: return element.key === 'abstract' ? '第一行\n  第二行 ' : element.dictionary === undefined ? `${element.name}〔2026〕 & <试> "𠮷" 甲` : dictionaries.dictionaries.find(({ id }) => id === element.dictionary)?.terms[0]?.key ?? '';
  }
}

export function recordOf(at: number, files: readonly PackageFile[], wish: Partial<PackageRecord> = {}): PackageRecord {
  const code = `Z109-WS·2026·Y-BGS-${String(at).padStart(4, '0')}`;
  return {
    row: { archivalCode: code, author: '昆明市测试局', title: `关于“包”的通知 <${String(at)}> & 其他`, date: '20260304', levelText: '机密', remark: '', electronicRecordCode: `ERC-2026-${String(at).padStart(16, '0')}`, retention: '永久', secrecyPeriod: '20年', pages: at },
    year: '2026', category: '文书', level: 3, mark: '机密★20年', volume: null,
    metadata: { title: `关于“包”的通知 <${String(at)}> & 其他`, electronicRecordCode: `ERC-2026-${String(at).padStart(16, '0')}`, archivalCode: code, securityLevel: 3, author: ['昆明市测试局'] },
    events: [{ businessStatus: 'historical', businessActivity: 'draft', actionTime: NOW, actionDescription: '起草' }, { businessStatus: 'historical', businessActivity: 'file', actionTime: NOW }],
    marking: { level: 3, mark: '机密★20年', history: [] }, files, ...wish,
  };
}

export function planOf(box: TestBox, records: readonly PackageRecord[], wish: Partial<PackagePlan> = {}): PackagePlan {
  return {
    packageNo: 'YJ-2026-0001', kind: 'transfer', form: 'folder', encoding: 'UTF-8', fonds: 'Z109', unitName: '昆明市测试局', madeAt: NOW, level: 3, mark: '机密★20年',
    note: (volume) => ({ capacity: '25 GB', mediumType: '涉密专用移动介质', mediumNo: `ZT-${String(volume)}`, keeper: '办公室', maker: '昆明市测试局', checker: '保密办', environment: '任意能读 ISO 9660 与 UTF-8 的系统', remarks: '' }),
    records, caseFiles: [], others: [otherOf('移交清单.csv', '序号,档号\r\n1,Z109\r\n'), otherOf('登记表/移交与接收登记表.txt', '登记')],
    signer: { serial: box.serial, chain: box.chain, sign: (message) => provider.sign(message, box.key) }, ...wish,
  };
}

/** Two boxes and a device between them. */
export function twoBoxes() {
  const [sender, receiver] = [testBox('SZ-SENDER'), testBox('SZ-RECEIVER')];
  const [envelopeKey, deviceKey] = [provider.generateKeyPair(), provider.generateKeyPair()];
  const encryption = certify(receiver, receiver.serial, envelopeKey, ['keyEncipherment']);
  const device = certify(sender, 'SB-001', deviceKey, ['digitalSignature', 'keyEncipherment']);
  const sealing = (envelopeId: string, wish: Partial<EnvelopeSealing> = {}): EnvelopeSealing => ({
    envelopeId, sealedAt: NOW, validUntil: '2026-12-23T08:00:00.000Z', handoverNo: 'JJ-2026-0001', sender: { serial: sender.serial, chain: sender.chain, sign: (message) => provider.sign(message, sender.key) },
    receiver: { serial: receiver.serial, chain: [encryption], anchor: receiver.authority, systemLevel: 3 }, device: { no: 'SB-001', certificate: device, certifiedLevel: 3, validTo: '2030-01-01' }, ...wish,
  });
  const opening = (wish: Partial<EnvelopeOpening> = {}): EnvelopeOpening => ({
    at: '2026-11-25T08:00:00.000Z', box: { serial: receiver.serial, publicKey: envelopeKey.publicKey, systemLevel: 3 as Level, unwrap: (wrapped) => provider.sm2Decrypt(wrapped, envelopeKey) },
    device: { no: 'SB-001', publicKey: deviceKey.publicKey, certifiedLevel: 3 as Level, validTo: '2030-01-01', unwrap: (wrapped) => provider.sm2Decrypt(wrapped, deviceKey) },
    senders: [sender.authority], seen: async () => Promise.resolve(false), ...wish,
  });
  return { sender, receiver, sealing, opening, envelopeKey, deviceKey };
}
