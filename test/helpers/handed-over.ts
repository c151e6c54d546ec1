import { mkdtemp, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { certificatesOfCard } from '../../appliance/counterparts/card.js';
import { parseCertificate } from '../../appliance/crypto/certificate.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { SmCryptoVerifier } from '../../appliance/crypto/sm-crypto-adapter.js';
import { makeDirectoryDevice } from '../../appliance/devices/directory.js';
import { packageRoom } from '../../appliance/packages/compose.js';
import type { EnvelopeSealing, MetadataValues, PackagePlan, PackageRecord } from '../../appliance/packages/port.js';
import { repositories } from '../../appliance/store/repositories/index.js';
import { canonicalBytes } from '../../core/canonical.js';
import { allElements } from '../../core/metadata.js';
import { metadataOf } from '../../core/services/inspection.js';
import type { Level } from '../../core/ports.js';
import { readCard } from '../../secrecy/counterpart-card.js';
import { isMarked, signersOf, travellingMark } from '../../secrecy/travelling-mark.js';
import type { Marked } from '../../secrecy/travelling-mark.js';
import type { Client, Teardown, TestBox } from './box.js';
import { at, done } from './marked.js';
import { fileOf, otherOf } from './packages.js';

const crypto = new NodeProvider();
export const roomOf = (box: TestBox['running']['box']) => packageRoom({ provider: crypto, bulk: box.bulk, two: { native: crypto, second: new SmCryptoVerifier() }, scheme: box.policies.content('metadata.json'), dictionaries: box.policies.content('dictionaries.json') });

export async function folderOf(t: Teardown, name: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), `shouzang-${name}-`));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  return folder;
}

const sign = async (client: Client, approval: string): Promise<void> => {
  const ready = done(await client.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '指纹已核对一致' }));
  done(await client.post('approval.sign', { approval, opinion: '指纹已核对一致', signature: client.sign(ready.statement), seenVersion: ready.version }));
};

/** One box enters the card of another: asked for by its custodian, in force with two signatures. */
export async function introduce(box: TestBox, other: TestBox): Promise<string> {
  const [custodian, officer, head] = [await box.as('yangjing'), await box.as('zhoumin'), await box.as('wangzhenhua')];
  const card = (await (await other.as('yangjing')).get('counterpart.card')).bytes.toString('utf8');
  const { approval } = done(await custodian.post<{ approval: string }>('counterpart.register', { card, reason: '移交对口单位' }));
  for (const one of [officer, head]) await sign(one, approval);
  const { rows } = done(await custodian.get<{ rows: { id: string; box: string; inForce: boolean }[] }>('counterpart.list'));
  const found = rows.find((one) => one.box === other.running.box.identity.serial && one.inForce);
  if (found === undefined) throw new Error('not in force');
  return found.id;
}

/** 专用设备: a directory that holds a key, registered in each of the boxes. */
export async function deviceFor(folder: string, boxes: readonly TestBox[], wish: { readonly no?: string; readonly certifiedLevel?: Level; readonly certValidTo?: string } = {}): Promise<string> {
  const no = wish.no ?? 'YD-01';
  const publicKey = await makeDirectoryDevice(crypto, folder);
  for (const box of boxes) {
    const secadmin = await box.as('chenlixin');
    done(await secadmin.post('device.register', {
      no, kind: 'dedicated_usb', model: 'M1', serial: no, certNo: `证-${no}`, certValidTo: wish.certValidTo ?? '2029-12-31', certifiedLevel: wish.certifiedLevel ?? 3, boundUser: null, boundDepartment: null,
      lastCheckOn: box.running.box.clock.today(), place: '保密室', reason: '配备', publicKey,
    }));
  }
  return no;
}

export interface Wish {
  readonly packageNo?: string;
  readonly handoverNo?: string;
  readonly records?: (records: readonly PackageRecord[]) => readonly PackageRecord[];
  readonly plan?: Partial<PackagePlan>;
  readonly sealing?: Partial<EnvelopeSealing>;
  /** 档号 as the four lists name them; `null`: without that list. */
  readonly lists?: Readonly<Record<string, readonly string[] | null>>;
  readonly reviewed?: boolean;
}
const LISTS = ['移交清单', '到期开放意见', '政府信息公开情况', '密级变更情况'];

/** What a unit hands over of these records, sealed for the archive and the device: what the transfer acts do, without the acts. */
export async function handedOver(unit: TestBox, archive: TestBox, records: readonly string[], folder: string, deviceNo: string, wish: Wish = {}): Promise<{ readonly packageNo: string; readonly handoverNo: string; readonly file: string }> {
  const { box } = unit.running;
  const plan = await planOf(unit, records, wish);
  const card = readCard((await (await archive.as('yangjing')).get('counterpart.card')).bytes)?.card;
  const device = await repositories(box.reader, box.sealing).devices.byNo(deviceNo);
  if (card === undefined || device === undefined) throw new Error('no card or device');
  const { authority, encryption } = certificatesOfCard(card);
  const handoverNo = wish.handoverNo ?? 'JJ-2026-0001';
  const now = box.clock.now();
  const sealing = (): EnvelopeSealing => ({
    envelopeId: randomUUID(), sealedAt: now, validUntil: new Date(Date.parse(now) + 30 * 86_400_000).toISOString(), handoverNo, sender: box.identity,
    receiver: { serial: card.box, chain: [encryption], anchor: authority, systemLevel: card.systemLevel },
    device: { no: deviceNo, certificate: parseCertificate(device.certificate), certifiedLevel: device.certifiedLevel, validTo: device.certValidTo }, ...wish.sealing,
  });
  const [one] = await roomOf(box).sealPackage(plan, folder, sealing);
  if (one === undefined) throw new Error('nothing sealed');
  return { packageNo: plan.packageNo, handoverNo, file: one.envelope.path };
}

/** Addressed to this box, whoever opens it. */
export async function sealingFor(box: TestBox): Promise<Pick<EnvelopeSealing, 'receiver'>> {
  const card = readCard((await (await box.as('yangjing')).get('counterpart.card')).bytes)?.card;
  if (card === undefined) throw new Error('no card');
  const { authority, encryption } = certificatesOfCard(card);
  return { receiver: { serial: card.box, chain: [encryption], anchor: authority, systemLevel: card.systemLevel } };
}

export async function planOf(unit: TestBox, records: readonly string[], wish: Wish = {}): Promise<PackagePlan> {
  const { box } = unit.running;
  const tx = repositories(box.reader, box.sealing);
  const scheme = box.policies.content('metadata.json');
  const known = new Set([...allElements(scheme).filter(({ place }) => place === 'record').map(({ key }) => key)]);
  const own = new Set(allElements(scheme).filter(({ place }) => place === 'digitalObject').map(({ key }) => key));
  const made: PackageRecord[] = [];
  for (const id of records) {
    const record = await tx.records.get(id);
    if (record === undefined) throw new Error('no record');
    const files = await tx.files.ofRecord(id);
    const matter = record.classificationId === null ? undefined : await tx.matters.get(record.classificationId);
    const { digitalObjects, ...flat } = metadataOf(record, files, 'offline_upload');
    const metadata: MetadataValues = {
      ...Object.fromEntries(Object.entries(flat).filter(([key, value]) => known.has(key) && value !== null)),
      digitalObjects: (digitalObjects as Record<string, unknown>[]).map((each) => Object.fromEntries(Object.entries(each).filter(([key]) => own.size === 0 || own.has(key)))),
    };
    const contents = await Promise.all(files.map(async (file) => {
      const reader = await box.vault.open(file.object);
      const pieces: Uint8Array[] = [];
      for await (const piece of reader.pieces()) pieces.push(piece);
      await reader.close();
      return fileOf(file.role, file.position, file.sealed.fileName, Buffer.concat(pieces));
    }));
    let marking: PackageRecord['marking'] = null;
    if (matter !== undefined && isMarked(matter.it)) {
      const it = wish.reviewed === false ? matter.it : reviewed(matter.it, box.clock.today());
      const signers = [...new Set(signersOf(it).map(({ person }) => person))];
      const people = await Promise.all(signers.map(async (person) => tx.people.get(person)));
      marking = travellingMark(it, record.description.secrecyPeriod ?? null, Object.fromEntries(people.map((one) => [one?.certificateSerial ?? '', one?.certificate ?? ''])), Object.fromEntries(people.map((one) => [one?.id ?? '', one?.name ?? '']))) as unknown as PackageRecord['marking'];
    }
    made.push({
      row: {
        archivalCode: record.archivalCode ?? '', author: '演练局', title: record.description.title ?? '', date: record.documentDate ?? '', levelText: ['公开', '限制', '秘密', '机密', '绝密'][record.level] ?? '', remark: '', electronicRecordCode: record.electronicRecordCode,
        retention: record.retentionCode ?? '', secrecyPeriod: record.description.secrecyPeriod ?? '', pages: null,
      },
      year: String(record.archivalYear ?? ''), category: record.categoryCode ?? '', level: record.level, mark: record.mark, volume: null, metadata,
      events: (await tx.records.events(id)).map((event) => ({ businessStatus: 'historical', businessActivity: event.activity, actionTime: event.at })), marking, files: contents,
    });
  }
  const chosen = wish.records?.(made) ?? made;
  const codes = made.map(({ row }) => row.archivalCode);
  const bytesOf = new Map(chosen.map((one) => [one.row.archivalCode, one.files.reduce((sum, { bytes }) => sum + bytes, 0)]));
  const lists = LISTS.flatMap((name) => {
    const given = wish.lists?.[name];
    return given === null ? [] : [otherOf(`${name}.json`, Buffer.from(canonicalBytes({ rows: (given ?? codes).map((archivalCode) => ({ archivalCode, bytes: bytesOf.get(archivalCode) ?? 0 })) })).toString('utf8'))];
  });
  const level = made.reduce<Level>((top, one) => (one.level > top ? one.level : top), 0);
  return {
    packageNo: wish.packageNo ?? 'YJB-2026-0001', kind: 'transfer', form: 'folder', encoding: 'UTF-8', fonds: 'Z109', unitName: box.profile.unitName, madeAt: box.clock.now(), level, mark: made.find((one) => one.level === level)?.mark ?? null,
    note: () => ({ capacity: '64 GB', mediumType: '涉密专用移动介质', mediumNo: 'ZT3-2026-0001', keeper: '办公室', maker: '演练局', checker: '保密办', environment: '通用阅读软件', remarks: '' }),
    records: chosen, caseFiles: [], others: lists, signer: box.identity, ...wish.plan,
  };
}

/** 移交前解密审核, as the unit would have entered it. */
function reviewed(it: Marked, today: string): Marked {
  const change = { kind: 'review' as const, from: it.current, to: it.current, reason: null, noticeNo: null, on: today, case: null, no: null, reviewed: true, proposer: it.proposer, approval: it.approved };
  return { ...it, changes: [...it.changes, change] };
}

export const ARRIVAL = {
  mediumNo: 'ZT3-2026-0001', quantity: 1, sealNos: ['F-0001', 'F-0002'], sealsIntact: true, appearance: 'good' as const, courier: '杨静、周敏',
};
export interface Arrived { readonly accession: string; readonly version: number }

/** Registered at the door and signed for by both receivers. */
export async function signedInBy(receivers: readonly [Client, Client], counterpart: string, deviceNo: string | null, more: Readonly<Record<string, unknown>> = {}): Promise<Arrived> {
  const level = typeof more['level'] === 'number' ? more['level'] : 3;
  for (const one of receivers) await at(one, level);
  const { accession, statement } = done(await receivers[0].post<{ accession: string; statement: string }>('accession.arrive', { counterpart, handoverNo: 'JJ-2026-0001', deviceNo, level, ...ARRIVAL, ...more }));
  done(await receivers[0].post('accession.sign-in', { accession, seenVersion: 1, signature: receivers[0].sign(statement) }));
  done(await receivers[1].post('accession.sign-in', { accession, seenVersion: 2, signature: receivers[1].sign(statement) }));
  return { accession, version: 3 };
}
