import { allElements } from '../../core/metadata.js';
import { metadataOf } from '../../core/services/inspection.js';
import type { TransferItem } from '../../core/services/transfer-inspection.js';
import type { Approved } from '../../core/transfer.js';
import type { MetadataScheme } from '../../policies/schemas/metadata.js';
import { levelName } from '../../secrecy/level.js';
import { rollUpMark } from '../../secrecy/roll-up.js';
import { isMarked, signersOf, travellingMark } from '../../secrecy/travelling-mark.js';
import type { Box } from '../box.js';
import { LEVEL_WORDS } from '../packages/metadata-xml.js';
import type { ByteSource, MetadataValues, NamedSource, PackagePlan, PackageRecord } from '../packages/port.js';
import type { Repositories } from '../store/repositories/index.js';
import type { SealOrder, StoredTransfer } from '../store/repositories/transfers.js';
import { formFiles } from './forms.js';
import { itemsOf } from './gathering.js';
import type { Gathered, Item } from './gathering.js';
import { codeOf, listFiles, pagesOf, periodOf, textsOf } from './lists.js';

/** Where this unit's records of the box become a package. The bytes of contents are opened one file at a time, as they flow. */
export async function packagePlan(box: Box, tx: Repositories, stored: StoredTransfer & { readonly it: Approved }, gathered: Gathered, order: SealOrder, nameOf: (person: string) => Promise<string>): Promise<PackagePlan> {
  const { it } = stored;
  const { profile } = box;
  const { level } = gathered.facts;
  const held = await box.containers.get(tx.sql, { kind: 'transfer', id: it.id });
  const mark = level === 0 ? null : held !== undefined && level >= 2 && held.held.level === level ? rollUpMark(held.held, box.policies.content('marking.json')) : levelName(level);
  const carrier = it.plan.carrier === null ? undefined : await tx.carriers.get(it.plan.carrier);
  const mediumNo = carrier?.it.no ?? '';
  const scheme = box.policies.content('metadata.json');
  const records: PackageRecord[] = [];
  const methods = await itemsOf(tx, gathered.items);
  for (const [at, item] of gathered.items.entries()) records.push(await recordOf(box, tx, item, methods[at]?.method ?? 'offline_upload', scheme, mediumNo));
  const companions: NamedSource[] = [];
  const kinds = box.policies.content('transfer.json').companions;
  for (const { seq, kind, name, bytes, sm3 } of await tx.transfers.companions(it.id)) {
    companions.push({ name: `${kinds.find(({ key }) => key === kind)?.name ?? kind}/${name}`, bytes, sm3, open: () => once(async () => tx.transfers.companionBytes(it.id, seq)) });
  }
  const lists = listFiles(gathered.items, order.packageNo, mediumNo).map(({ name, content }) => fromMemory(box, name, content));
  const run = await tx.transfers.lastRun(it.id);
  const forms = (await formFiles(box, tx, stored, gathered, { order, mediumNo, mediumKind: carrier?.kind ?? '', mark: mark ?? levelName(level), run: run ?? null, nameOf })).map(({ name, content }) => fromMemory(box, name, content));
  const report = run === undefined ? [] : [fromMemory(box, `检测报告/${run.reportNo}.json`, Buffer.from(JSON.stringify({ reportNo: run.reportNo, conclusion: run.conclusion, startedAt: run.startedAt, finishedAt: run.finishedAt, ...run.content })))];
  return {
    packageNo: order.packageNo, kind: 'transfer', form: order.form, encoding: order.encoding, fonds: stored.fonds, unitName: profile.unitName, madeAt: box.clock.now(), level, mark,
    note: (volume, volumes) => ({
      capacity: order.capacity, mediumType: box.policies.content('carriers.json').kinds.find(({ key }) => key === carrier?.kind)?.name ?? '', mediumNo: volumes === 1 ? mediumNo : `${mediumNo}（第 ${String(volume)} 盘）`,
      keeper: profile.unitName, maker: profile.unitName, checker: profile.unitName, environment: '归档格式（PDF、OFD、TIFF、JPEG、TXT、XML），通用阅读软件即可打开', remarks: it.plan.contentDescription,
    }),
    records, caseFiles: [], others: [...lists, ...forms, ...report, ...companions], signer: box.identity,
  };
}

async function* once(read: () => Promise<Uint8Array>): AsyncGenerator<Uint8Array, void, void> { yield await read(); }
const fromMemory = (box: Box, name: string, content: Uint8Array): NamedSource => ({ name, bytes: content.length, sm3: Buffer.from(box.sm3(content)).toString('hex'), open: () => once(async () => Promise.resolve(content)) });

/** Opened when its turn comes, checked chunk by chunk, closed behind. */
const fromVault = (box: Box, object: string, bytes: number, sm3: string): ByteSource => ({
  bytes, sm3,
  async* open() {
    const reader = await box.vault.open(object);
    try {
      yield* reader.pieces();
    } finally {
      await reader.close();
    }
  },
});

/** One record with everything that travels with it. */
export async function recordOf(box: Box, tx: Repositories, item: Omit<Item, 'row'>, method: TransferItem['method'], scheme: MetadataScheme, mediumNo: string): Promise<PackageRecord> {
  const { record, files, matter } = item;
  const { title = '', author } = record.description;
  const events = (await tx.records.events(record.id)).map((event): MetadataValues => ({
    businessStatus: 'historical', businessActivity: event.activity, actionTime: event.at, ...(event.mandate === null ? {} : { actionMandate: event.mandate }),
  }));
  return {
    row: {
      archivalCode: codeOf(record), author: textsOf(author), title, date: record.documentDate ?? '', levelText: LEVEL_WORDS[record.level], remark: '', electronicRecordCode: record.electronicRecordCode,
      retention: record.currentRetention ?? record.retentionCode ?? '', secrecyPeriod: periodOf(record), pages: pagesOf(record),
    },
    year: String(record.archivalYear ?? ''), category: record.categoryCode ?? '', level: record.level, mark: record.mark, volume: null,
    metadata: known(scheme, { ...metadataOf(record, files, method), storage: { offlineMediumNos: [mediumNo] } }), events,
    marking: matter === null ? null : await markingOf(tx, record, matter),
    files: files.map((file) => ({ role: file.role, position: file.position, name: file.sealed.fileName, ...fromVault(box, file.object, file.bytes, file.sm3) })),
  };
}

/** 随件标志: the decision whole, whose signatures the receiver checks again (secrecy/travelling-mark.ts). */
async function markingOf(tx: Repositories, record: Item['record'], matter: NonNullable<Item['matter']>): Promise<PackageRecord['marking']> {
  if (!isMarked(matter)) return null;
  const signers = await Promise.all([...new Set(signersOf(matter).map(({ person }) => person))].map(async (id) => tx.people.get(id)));
  const certificates = Object.fromEntries(signers.flatMap((one) => (one?.certificate == null || one.certificateSerial === null ? [] : [[one.certificateSerial, one.certificate]])));
  const travelling = travellingMark(matter, record.description.secrecyPeriod ?? null, certificates, Object.fromEntries(signers.flatMap((one) => (one === undefined ? [] : [[one.id, one.name]]))));
  return travelling === null ? null : { ...travelling, binding: await bindingOf(tx, record.id) };
}

/** 标志绑定 as the sending box last signed it: the proof travels with the mark. */
async function bindingOf(tx: Repositories, record: string): Promise<Readonly<Record<string, unknown>> | null> {
  const row = await tx.sql.one<{ statement: string; signature: Buffer }>('SELECT statement, signature FROM mark_binding WHERE record = $1', record);
  return row === undefined ? null : { statement: row.statement, signature: Buffer.from(row.signature).toString('base64url') };
}

/** Only elements of the scheme leave the box: ids and states of ours are no metadata. */
function known(scheme: MetadataScheme, values: Readonly<Record<string, unknown>>): MetadataValues {
  const elements = allElements(scheme);
  const groups = new Map(scheme.places.flatMap(({ place, key }) => (key === undefined ? [] : [[key, place] as const])));
  const of = (place: string, one: Readonly<Record<string, unknown>>): MetadataValues =>
    Object.fromEntries(Object.entries(one).filter(([key, value]) => value !== null && value !== undefined && elements.some((element) => element.place === place && element.key === key && element.kind !== 'container')));
  return {
    ...of('record', values),
    ...Object.fromEntries([...groups].flatMap(([key, place]) => {
      const value = values[key];
      if (value === undefined || value === null || key === 'events') return [];
      return [[key, Array.isArray(value) ? value.map((one) => of(place, one as Readonly<Record<string, unknown>>)) : of(place, value as Readonly<Record<string, unknown>>)]];
    })),
  };
}
