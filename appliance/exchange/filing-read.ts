/** 归档信息包 → 件: our own layout, read back by the room of the packages, which believes nothing that the signed list does not cover. */
import { ArchiveError } from '../../core/errors.js';
import type { CatalogueRules, CatalogueStructure } from '../../core/catalogue.js';
import type { Description } from '../../core/description.js';
import { describedKeys } from '../../core/metadata.js';
import { Description as DescriptionSchema } from '../../policies/schemas/description.js';
import type { PackageRoom } from '../packages/compose.js';
import { ITEMS, MANIFEST } from '../packages/layout.js';
import type { PackageFinding, ReadRecord } from '../packages/port.js';
import type { PackageSource, StoredEntry } from '../packages/store.js';
import { checkFor } from '../validation.js';
import type { Parcel, ParcelItem } from './parcel.js';
import { refused } from './parcel.js';

const check = checkFor(DescriptionSchema);
const STRUCTURE = ['documentDate', 'completedOn', 'archivalYear', 'retentionCode', 'categoryCode', 'orgOrFunction', 'scheduleItemId', 'fondsIdentifier'] as const;
const COUNTED: ReadonlySet<string> = new Set(['archivalYear']);

export const isFiling = (entries: readonly StoredEntry[]): boolean => entries.some(({ path }) => path === MANIFEST || path === ITEMS || path.startsWith('电子档案/'));

export async function readFiling(room: Pick<PackageRoom, 'readPackageFrom'>, source: PackageSource, rules: CatalogueRules): Promise<Parcel> {
  const read = await room.readPackageFrom(source, { anchors: null, at: null });
  const findings: PackageFinding[] = [...read.findings];
  const name = read.facts?.packageNo ?? source.name;
  if (findings.length === 0 && read.facts !== null && read.facts.volumes > 1) findings.push({ code: 'E_PKG_CATALOGUE', entry: ITEMS, text: '包分在多个介质上，请作为移交接收办理' });
  if (findings.length > 0 || read.facts === null) return refused('filing', name, findings, [], async () => read.close());
  const warnings: PackageFinding[] = [{ code: 'E_PKG_CERTIFICATE', entry: '校验/box.pem', text: `清单由 ${read.facts.box} 签名，根证书 SM3 ${(read.authority ?? '').slice(0, 16)}…，请与移出方核对` }];
  const described = describedKeys(rules.scheme);
  let total = 0;
  try {
    for await (const record of read.records()) {
      total += 1;
      itemOf(record, described);
    }
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return refused('filing', name, [{ code: error.code, entry: error.details[0]?.at ?? ITEMS, text: error.details[0]?.message ?? '元数据不是规定的写法' }], warnings, async () => read.close());
  }
  return {
    form: 'filing', name, findings: [], warnings, total, close: async () => read.close(),
    async *items() { for await (const record of read.records()) yield itemOf(record, described); },
  };
}

function itemOf(record: ReadRecord, described: readonly string[]): ParcelItem {
  const { metadata, row } = record;
  const description = {
    ...Object.fromEntries(described.flatMap((key) => (metadata[key] === undefined || key === 'parentId' ? [] : [[key, metadata[key]]]))),
    ...(row.archivalCode === '' ? {} : { declaredArchivalCode: row.archivalCode }), title: typeof metadata['title'] === 'string' ? metadata['title'] : row.title,
  };
  const checked = check(description);
  if (!checked.ok) throw new ArchiveError('E_META_INVALID', {}, [{ at: record.path, message: '元数据不符合规定的类型、长度或值域' }]);
  return {
    place: record.path, level: record.level, description: checked.value as Description, structure: structureOf(record), events: record.events,
    files: record.files.map(({ path, name, role, bytes, sm3, open }) => ({ path, name, role, bytes, sm3, open })),
  };
}

function structureOf({ metadata, level }: ReadRecord): CatalogueStructure {
  const told = STRUCTURE.flatMap((key): (readonly [string, unknown])[] => {
    const value = metadata[key];
    return (COUNTED.has(key) ? typeof value === 'number' : typeof value === 'string' && value !== '') ? [[key, value]] : [];
  });
  return { ...Object.fromEntries(told), securityLevel: level };
}
