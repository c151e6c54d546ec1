/** 制作信息包: the layout of README.md, onto as many media as it needs, signed by the box. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { canonicalBytes } from '../../core/canonical.js';
import { utf8Bytes } from '../../core/computer-file-name.js';
import { ArchiveError } from '../../core/errors.js';
import { isSecret } from '../../secrecy/level.js';
import { hexOf } from '../content/seal-keys.js';
import { inPackage } from '../package-root.js';
import { casesXml, extensionXml, itemsXml } from './catalogue-xml.js';
import { given, listed, made, measured, recordEntries } from './entries.js';
import type { Entry, PackageTools } from './entries.js';
import { CASES, CERTIFICATES, CONTENT, EXTENSION, FACTS, ITEMS, MANIFEST, NAMING, NOTE, OTHERS, OWN_OTHERS, PATH_BYTES, requirePackageNo, requirePath, samePathKey, SCHEME, SCRIPT, SIGNATURE, TERMS, volumeFolder, XSD } from './layout.js';
import { manifestBytes } from './manifest.js';
import type { ManifestLine } from './manifest.js';
import { namingText } from './naming.js';
import { contentLines, noteText } from './note.js';
import type { PackageFacts, PackagePlan, PackageRecord, WritePackageWish, WrittenVolume } from './port.js';
import { roomOf, split } from './split.js';
import { folderSink, isTaken } from './store.js';
import type { PackageSink } from './store.js';
import { encodeText } from './xml.js';
import { packageXsd } from './xsd.js';

export interface VolumePlan {
  readonly folder: string;
  readonly volume: number;
  readonly volumes: number;
  readonly records: readonly PackageRecord[];
}

/** Which item goes onto which medium. @throws ArchiveError `E_PKG_ITEM_TOO_LARGE`, `E_INPUT_INVALID` for a package without items */
export function planVolumes(tools: PackageTools, plan: PackagePlan, { volumeBytes }: WritePackageWish): readonly VolumePlan[] {
  const packageNo = requirePackageNo(plan.packageNo);
  if (plan.records.length === 0) throw new ArchiveError('E_INPUT_INVALID', { what: 'package without records' });
  requireLevels(plan);
  const sizes = (record: PackageRecord): number => roomOf(recordEntries(tools, plan, record).map(({ bytes }) => bytes));
  const parts = volumeBytes === undefined
    ? [plan.records]
    : split(plan.records.map((item) => ({ item, id: item.row.archivalCode, room: sizes(item) })), roomOf(plan.others.map(({ bytes }) => bytes)), volumeBytes);
  return parts.map((records, at) => ({ folder: volumeFolder(packageNo, at + 1, parts.length), volume: at + 1, volumes: parts.length, records }));
}

/**
 * 包密级 = 内含最高密级: never lower than an item's, and no state secret without its mark.
 * @throws ArchiveError `E_INPUT_INVALID`, `E_CLS_MARK_MISSING`
 */
function requireLevels({ level, mark, records }: PackagePlan): void {
  if (records.some((record) => record.level > level)) throw new ArchiveError('E_INPUT_INVALID', { what: 'level of the package' });
  if ((isSecret(level) && mark === null) || records.some((record) => isSecret(record.level) && (record.mark === null || record.marking === null))) throw new ArchiveError('E_CLS_MARK_MISSING', { what: 'package' });
}

/** Volume after volume under `folder`, each finished before the next begins; one that is there already is refused. */
export async function writePackage(tools: PackageTools, plan: PackagePlan, folder: string, wish: WritePackageWish = {}): Promise<readonly WrittenVolume[]> {
  const volumes = planVolumes(tools, plan, wish);
  for (const volume of volumes) if (await isTaken(path.join(folder, volume.folder))) throw new ArchiveError('E_DUPLICATE', { package: volume.folder });
  const written: WrittenVolume[] = [];
  for (const volume of volumes) {
    const sink = await folderSink(path.join(folder, volume.folder));
    try {
      written.push(await writeVolume(tools, plan, volume, sink));
    } catch (error) {
      await sink.abort();
      throw error;
    }
  }
  return written;
}

export async function writeVolume(tools: PackageTools, plan: PackagePlan, part: VolumePlan, sink: PackageSink): Promise<WrittenVolume> {
  const lines: ManifestLine[] = [];
  const taken = new Set<string>();
  let bytes = 0;
  const put = async (entry: Entry, isListed = true): Promise<void> => {
    requirePath(entry.path, part.folder);
    const key = samePathKey(entry.path);
    if (taken.has(key)) throw new ArchiveError(entry.path.startsWith(`${CONTENT}/`) ? 'E_CODE_DUPLICATE' : 'E_PKG_PATH', { why: 'collision' });
    taken.add(key);
    let sm3 = '';
    await sink.put(entry.path, entry.bytes, measured(tools.crypto, entry, (found) => { sm3 = found; }));
    bytes += entry.bytes;
    if (isListed) lines.push({ sm3, path: entry.path });
  };

  for (const record of part.records) for (const entry of recordEntries(tools, plan, record)) await put(entry);
  const contentBytes = bytes;
  const own = await ownOthers(tools, plan);
  if (plan.others.some(({ name }) => OWN_OTHERS.some((one) => samePathKey(`${OTHERS}/${name}`) === samePathKey(one)))) throw new ArchiveError('E_PKG_PATH', { why: 'collision' });
  for (const entry of own) await put(entry);
  if (part.volume === 1) for (const other of plan.others) await put(given(`${OTHERS}/${other.name}`, other));

  const items = part.records.map((record) => listed(tools, record));
  await put(made(ITEMS, itemsXml(items, plan.encoding)));
  await put(made(EXTENSION, extensionXml(items, plan.encoding)));
  const here = plan.caseFiles.filter(({ volume }) => part.records.some((record) => record.volume === volume));
  if (here.length > 0) await put(made(CASES, casesXml(here, plan.encoding)));

  const facts: PackageFacts = {
    packageNo: plan.packageNo, kind: plan.kind, form: plan.form, volume: part.volume, volumes: part.volumes, fonds: plan.fonds, unitName: plan.unitName, box: plan.signer.serial,
    madeAt: plan.madeAt, level: plan.level, mark: plan.mark, items: part.records.length, bytes: contentBytes, encoding: plan.encoding,
  };
  await put(made(FACTS, canonicalBytes(facts)));
  const digest = hexOf(tools.crypto.sm3(Buffer.from(contentLines(sortedLines(lines)))));
  await put(made(NOTE, encodeText(noteText(facts, plan.note(part.volume, part.volumes), digest), plan.encoding)));
  await put(made(CERTIFICATES, Buffer.from(plan.signer.chain.join(''))));

  const manifest = manifestBytes(lines);
  await put(made(MANIFEST, manifest), false);
  await put(made(SIGNATURE, plan.signer.sign(manifest)), false);
  await sink.finish();
  return {
    folder: part.folder, volume: part.volume, volumes: part.volumes, items: part.records.length, bytes, files: taken.size, manifest: hexOf(tools.crypto.sm3(manifest)),
    codes: part.records.map(({ row }) => row.archivalCode),
  };
}

const sortedLines = (lines: readonly ManifestLine[]): readonly ManifestLine[] => [...lines].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));

/** 元数据规范, 字典, 命名规则 and the script: what a reader in thirty years needs beside the data. */
async function ownOthers(tools: PackageTools, plan: PackagePlan): Promise<readonly Entry[]> {
  return [
    made(SCHEME, Buffer.from(`${JSON.stringify(tools.scheme, null, 1)}\n`)), made(TERMS, Buffer.from(`${JSON.stringify(tools.dictionaries, null, 1)}\n`)),
    made(XSD, Buffer.from(packageXsd(tools.scheme))), made(NAMING, encodeText(namingText(plan.encoding), plan.encoding)), made(SCRIPT, await readFile(inPackage('appliance', 'packages', 'verify-package.sh'))),
  ];
}

/** Bytes that the names of a package may take below its folder. */
export const roomForPath = (packageFolder: string): number => PATH_BYTES - utf8Bytes(packageFolder) - 1;
