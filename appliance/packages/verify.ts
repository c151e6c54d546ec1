/** 验真 of packages and envelopes without any box: what a stranger with the root certificate can know. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveError, errorRow } from '../../core/errors.js';
import { TAIL_BYTES } from '../../secrecy/transfer-envelope.js';
import { exists } from '../content/file-ops.js';
import { sealedObjectId } from '../content/open.js';
import { loadPolicies } from '../policies.js';
import type { VerifyItem, VerifyOptions } from '../reports/verify.js';
import { fault } from '../reports/verify-set.js';
import type { FaultKind, VerifyFault } from '../reports/verify-set.js';
import { isEnvelope, readLabel } from './label.js';
import { MANIFEST } from './layout.js';
import { LEVEL_WORDS } from './metadata-xml.js';
import type { PackageFinding } from './port.js';
import { readPackage } from './read.js';

const KINDS: Readonly<Partial<Record<PackageFinding['code'], FaultKind>>> = {
  E_PKG_FILE_MISSING: 'missing', E_PKG_MANIFEST_MISSING: 'missing', E_PKG_FILE_EXTRA: 'surplus', E_PKG_FILE_CHANGED: 'altered', E_PKG_SIGNATURE: 'signature', E_PKG_CERTIFICATE: 'certificate',
  E_PKG_MANIFEST: 'manifest', E_PKG_PATH: 'container', E_PKG_CATALOGUE: 'content',
};

export const isPackageFolder = async (folder: string): Promise<boolean> => exists(path.join(folder, MANIFEST));
export const isEnvelopeFile = async (file: string): Promise<boolean> => file.endsWith('.envelope') || isEnvelope(file);

/** Judged at the time at which it says it was made; with the root kept aside, also whose it is. */
export async function verifyPackageFolder(folder: string, { two, anchor }: VerifyOptions): Promise<VerifyItem> {
  const policies = loadPolicies();
  const tools = { two, scheme: policies.content('metadata.json'), dictionaries: policies.content('dictionaries.json') };
  const read = await readPackage(tools, folder, { anchors: anchor === null ? null : [anchor], at: null });
  const faults = read.findings.map(({ code, entry, text }): VerifyFault => fault(entry, KINDS[code] ?? 'content', `${text}（${code}）`));
  if (read.findings.length === 0) {
    try {
      for await (const record of read.records()) if (record.files.length === 0) faults.push(fault(record.path, 'content', '件内没有文件'));
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      faults.push(fault('', 'content', `元数据不是规定的写法（${error.code}）`));
    }
  }
  const { facts } = read;
  const what = facts === null ? '' : `${facts.packageNo}，第 ${String(facts.volume)} 盘共 ${String(facts.volumes)} 盘，${String(facts.items)} 件，${facts.mark ?? LEVEL_WORDS[facts.level]}`;
  return { path: folder, kind: 'package', valid: faults.length === 0, what, box: facts?.box ?? null, authority: read.authority, faults };
}

/** The public facts of an envelope, and whether its label and its length are as they were sealed. What is in it only the two keys can tell. */
export async function verifyEnvelope(file: string, { two, anchor }: VerifyOptions): Promise<VerifyItem> {
  const name = path.basename(file);
  const none = { path: file, kind: 'envelope', what: '', box: null, authority: null } as const;
  try {
    const { label, tail, certificates } = await readLabel(two, file);
    const authority = Buffer.from(two.native.sm3(certificates.authority.der)).toString('hex');
    const faults: VerifyFault[] = [];
    const add = (kind: FaultKind, code: 'E_ENVELOPE_CHUNK_ORDER' | 'E_ENVELOPE_SWAPPED' | 'E_ENVELOPE_SENDER'): void => { faults.push(fault(name, kind, `${errorRow(code).message}（${code}）`)); };
    if ((await stat(file)).size !== tail.sealedBytes + tail.labelBytes + tail.signatureBytes + TAIL_BYTES) add('altered', 'E_ENVELOPE_CHUNK_ORDER');
    else if ((await sealedObjectId(file)) !== label.envelope) add('altered', 'E_ENVELOPE_SWAPPED');
    if (anchor !== null && Buffer.compare(anchor.der, certificates.authority.der) !== 0) add('anchor', 'E_ENVELOPE_SENDER');
    const { package: one, receiver, device, validUntil, level, mark } = label;
    const what = `${one.no}，第 ${String(one.volume)} 盘共 ${String(one.volumes)} 盘，${mark ?? LEVEL_WORDS[level]}，收件 ${receiver.box}，设备 ${device.no}，有效至 ${validUntil}`;
    return { ...none, valid: faults.length === 0, what, box: label.sender.box, authority, faults };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return { ...none, valid: false, faults: [fault(name, error.code === 'E_ENVELOPE_EXPIRED' ? 'certificate' : error.code === 'E_ENVELOPE_LABEL' ? 'signature' : 'container', `${errorRow(error.code).message}（${error.code}）`)] };
  }
}
