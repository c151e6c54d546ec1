/** 验真 of what other systems made: bags and 封装包, judged without any box. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveError } from '../../core/errors.js';
import { catalogueRules } from '../capture/intake.js';
import { exists } from '../content/file-ops.js';
import { fileSource } from '../inspection/source.js';
import { MANIFEST } from '../packages/layout.js';
import type { PackageFinding } from '../packages/port.js';
import { folderSource } from '../packages/store.js';
import type { PackageSource } from '../packages/store.js';
import { readPackageFrom } from '../packages/read.js';
import { loadPolicies } from '../policies.js';
import type { VerifyItem, VerifyOptions } from '../reports/verify.js';
import { fault } from '../reports/verify-set.js';
import type { FaultKind } from '../reports/verify-set.js';
import { isBag, readBag } from './bag-read.js';
import { startsAsEep } from './eep-scan.js';
import { readEep } from './eep-read.js';
import { zipPackage } from './zip-source.js';

const KINDS: Readonly<Partial<Record<PackageFinding['code'], FaultKind>>> = {
  E_PKG_FILE_MISSING: 'missing', E_PKG_MANIFEST_MISSING: 'missing', E_PKG_FILE_EXTRA: 'surplus', E_PKG_FILE_CHANGED: 'altered', E_PKG_SIGNATURE: 'signature', E_PKG_CERTIFICATE: 'certificate', E_PKG_MANIFEST: 'manifest', E_PKG_PATH: 'container', E_PKG_BROKEN: 'container',
};
const LIMITS = { entries: 1_000_000, unpackedBytes: Number.MAX_SAFE_INTEGER, ratio: 1000 };
const told = (findings: readonly PackageFinding[]) => findings.map(({ code, entry, text }) => fault(entry, KINDS[code] ?? 'content', `${text}（${code}）`));

export const isBagFolder = async (folder: string): Promise<boolean> => (await exists(path.join(folder, 'bagit.txt'))) && !(await exists(path.join(folder, MANIFEST)));

async function bagItem(place: string, source: PackageSource, before: readonly PackageFinding[]): Promise<VerifyItem> {
  const { version, findings, warnings, payload } = await readBag(source);
  const all = [...before, ...findings];
  return { path: place, kind: 'bag', valid: all.length === 0, what: `BagIt ${version ?? '版本不明'}，载荷 ${String(payload.length)} 个文件，提醒 ${String(warnings.length)} 处`, box: null, authority: null, faults: told(all) };
}
export const verifyBagFolder = async (folder: string): Promise<VerifyItem> => bagItem(folder, folderSource(folder), []);

/** A ZIP that holds a bag or a package of ours; null for any other ZIP. */
export async function verifyPackedFile(file: string, { two, anchor }: VerifyOptions): Promise<VerifyItem | null> {
  const bytes = await fileSource(file);
  try {
    const { source, findings } = await zipPackage(bytes, path.basename(file, path.extname(file)), LIMITS);
    const entries = await source.list();
    if (isBag(entries)) return await bagItem(file, source, findings);
    if (!entries.some((entry) => entry.path === MANIFEST)) return null;
    const policies = loadPolicies();
    const read = await readPackageFrom({ two, scheme: policies.content('metadata.json'), dictionaries: policies.content('dictionaries.json') }, source, { anchors: anchor === null ? null : [anchor], at: null });
    const all = [...findings, ...read.findings];
    return { path: file, kind: 'package', valid: all.length === 0, what: read.facts === null ? '' : `${read.facts.packageNo}，${String(read.facts.items)} 件`, box: read.facts?.box ?? null, authority: read.authority, faults: told(all) };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return null;
  } finally {
    await bytes.close();
  }
}

/** @returns null for XML that is no 封装包 */
export async function verifyEepFile(file: string): Promise<VerifyItem | null> {
  const content = await readFile(file);
  if (!startsAsEep(content.subarray(0, 4096))) return null;
  const name = path.basename(file);
  const source: PackageSource = { name, list: async () => Promise.resolve([]), async *open() { yield await Promise.resolve(content); }, close: async () => Promise.resolve() };
  const { findings, warnings, item } = await readEep(source, name, catalogueRules(loadPolicies()));
  return { path: file, kind: 'eep', valid: findings.length === 0, what: `DA/T 48 封装包，文件 ${String(item?.files.length ?? 0)} 个，提醒 ${String(warnings.length)} 处`, box: null, authority: null, faults: told(findings) };
}
