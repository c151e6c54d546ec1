/** 元数据与交换包导出. What is a state secret does not leave this way: it is asked for, approved and numbered as an output. */
import { Readable } from 'node:stream';
import type { CatalogueEntry, CatalogueRules } from '../../core/catalogue.js';
import { ArchiveError } from '../../core/errors.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { ReadTools } from '../../core/ports.js';
import type { ExchangeMetadata, ExchangePackage } from '../../policies/schemas/exchange.js';
import type { Box } from '../box.js';
import type { PackageRoom } from '../packages/compose.js';
import type { PackagePlan, PackageRecord } from '../packages/port.js';
import { packageVersion } from '../package-root.js';
import { bytes } from '../server/route.js';
import type { ServerCall } from '../server/route.js';
import type { Repositories } from '../store/repositories/index.js';
import { recordOf } from '../transfers/package-plan.js';
import { bagSink } from './bag-write.js';
import { metadataLines, metadataWorkbook } from './metadata-table.js';
import { zipSink } from './zip-sink.js';

export interface ExchangeParts { readonly box: Box; readonly room: PackageRoom; readonly rules: CatalogueRules }
type Tx = Repositories & ReadTools;
type Selection = Omit<ExchangeMetadata, 'format'>;

const PAGE = 500;
const ORDINARY = 'record.level <= 1';
const WITH_CONTENT = "record.state IN ('filed', 'transferred', 'retained_copy', 'appraised')";
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

export function exchangeService({ box, room, rules }: ExchangeParts) {
  const { store, gate, clock, ids, profile, policies } = box;
  const limits = policies.content('capture.json');

  /** Page by page, in the order of 档号. @throws ArchiveError `E_EXCHANGE_TOO_LARGE` past so many */
  async function* chosen(tx: Tx, call: ServerCall, selection: Selection, more: readonly string[], most: number): AsyncGenerator<StoredRecord, void, void> {
    const { sql, values } = await gate.visible(call, call.act, 1);
    const wanted = [...values];
    const place = (value: string): string => { wanted.push(value); return `$${String(wanted.length)}`; };
    const { batch, records, fonds, archivalYear, categoryCode, retentionCode } = selection;
    const only = [
      `(${sql})`, ORDINARY, "record.state <> 'withdrawn'", ...more,
      ...(batch === undefined ? [] : [`record.batch = ${place(batch)}`]), ...(records === undefined ? [] : [`record.id IN (${records.map(place).join(', ')})`]),
    ];
    const equals = Object.fromEntries(Object.entries({ fonds, archivalYear, categoryCode, retentionCode }).filter(([, value]) => value !== undefined));
    let seen = 0;
    for (let offset = 0; ; offset += PAGE) {
      const { rows } = await tx.records.search({ visible: { sql: only.join(' AND '), values: wanted }, words: null, levels: [0, 1], equals, codePrefix: null, from: null, until: null, sort: 'code' }, { offset, limit: PAGE });
      for (const row of rows) {
        seen += 1;
        if (seen > most) throw new ArchiveError('E_EXCHANGE_TOO_LARGE', { limit: most });
        yield row;
      }
      if (rows.length < PAGE) return;
    }
  }

  async function entryOf(tx: Tx, record: StoredRecord): Promise<Omit<CatalogueEntry, 'line'>> {
    const { parentId: _parent, ...description } = record.description;
    const files = record.state === 'destroyed' ? [] : [...(await tx.files.ofRecord(record.id))].sort((a, b) => a.position - b.position);
    const given = {
      documentDate: record.documentDate, completedOn: record.completedOn, archivalYear: record.archivalYear, retentionCode: record.currentRetention ?? record.retentionCode, categoryCode: record.categoryCode,
      orgOrFunction: record.orgOrFunction, scheduleItemId: record.scheduleItemId, fondsIdentifier: record.fonds, securityLevel: record.level,
    };
    return {
      description: { ...description, ...(record.archivalCode === null ? {} : { declaredArchivalCode: record.archivalCode }) },
      structure: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)), files: files.map(({ sealed }) => sealed.fileName), ...(files[0] === undefined ? {} : { digest: files[0].sm3 }),
    };
  }

  const named = (what: string, ending: string): string => `${what}-${clock.now().replace(/[-:]|\..*$/gu, '')}.${ending}`;

  return {
    async metadata(call: ServerCall, { format, ...selection }: ExchangeMetadata) {
      const entries = await store.read(call, async (tx) => {
        await tx.allow();
        const found: Omit<CatalogueEntry, 'line'>[] = [];
        for await (const record of chosen(tx, call, selection, [], format === 'xlsx' ? limits.exportSheetRows : limits.exportRows)) found.push(await entryOf(tx, record));
        if (found.length === 0) throw new ArchiveError('E_EXCHANGE_EMPTY');
        tx.audit({ action: call.act, objectType: 'record', detail: { format, records: found.length, ...selection } });
        return found;
      });
      if (format === 'jsonl') return bytes('application/x-ndjson; charset=utf-8', Readable.from(metadataLines(entries, rules)), { fileName: named('元数据', 'jsonl') });
      return bytes(XLSX, await metadataWorkbook(entries, rules), { fileName: named('元数据', 'xlsx') });
    },

    async package(call: ServerCall, { form, ...selection }: ExchangePackage) {
      const records = await store.read(call, async (tx) => {
        await tx.allow();
        const found: PackageRecord[] = [];
        for await (const record of chosen(tx, call, selection, [WITH_CONTENT], limits.exportItems)) {
          const files = [...(await tx.files.ofRecord(record.id))].sort((a, b) => a.position - b.position);
          const method = (await tx.batches.get(record.batch))?.method ?? 'offline_upload';
          found.push(await recordOf(box, tx, { record, files, matter: null }, method, rules.scheme, ''));
          tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { form, files: files.length } });
        }
        if (found.length === 0) throw new ArchiveError('E_EXCHANGE_EMPTY');
        return found;
      });
      const plan = planOf(records, form === 'eep' ? 'eep' : 'folder');
      const { sink, out } = zipSink(plan.madeAt);
      void send(plan, form, sink).catch((error: unknown) => { out.destroy(error instanceof Error ? error : new Error('export')); });
      return bytes('application/zip', out, { fileName: named({ bagit: 'BagIt', eep: '电子文件封装包', filing: '归档信息包' }[form], 'zip') });
    },
  };

  function planOf(records: readonly PackageRecord[], form: PackagePlan['form']): PackagePlan {
    const level = records.some((record) => record.level === 1) ? 1 : 0;
    const environment = '归档格式（PDF、OFD、TIFF、JPEG、TXT、XML），通用阅读软件即可打开';
    return {
      packageNo: `JH-${clock.today().replaceAll('-', '')}-${ids.uuid().slice(0, 8)}`, kind: 'filing', form, encoding: 'UTF-8', fonds: profile.fonds[0]?.fonds ?? '', unitName: profile.unitName, madeAt: clock.now(), level, mark: level === 0 ? null : '内部',
      note: () => ({ capacity: '', mediumType: '', mediumNo: '', keeper: profile.unitName, maker: profile.unitName, checker: profile.unitName, environment, remarks: '系统间交换用，不代替移交手续' }),
      records, caseFiles: [], others: [], signer: box.identity,
    };
  }

  async function send(plan: PackagePlan, form: ExchangePackage['form'], to: ReturnType<typeof zipSink>['sink']): Promise<void> {
    if (form === 'eep') {
      const taken = new Set<string>();
      for (const record of plan.records) {
        const name = record.row.archivalCode.replace(/[^\p{L}\p{N}·._-]/gu, '_') || record.row.electronicRecordCode;
        const path = `${taken.has(name) ? `${name}~${record.row.electronicRecordCode}` : name}.xml`;
        taken.add(name);
        const entry = room.eep(plan, record, path);
        await to.put(path, entry.bytes, await Promise.resolve(entry.open()));
      }
      return to.finish();
    }
    const inner = form === 'bagit'
      ? bagSink(to, plan.packageNo, { organization: plan.unitName, identifier: plan.packageNo, date: clock.today(), description: '归档信息包', agent: `shouzang ${packageVersion()}` })
      : { ...to, put: async (file: string, length: number, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) => to.put(`${plan.packageNo}/${file}`, length, pieces) };
    await room.writeInto(plan, inner);
  }
}
export type ExchangeService = ReturnType<typeof exchangeService>;
