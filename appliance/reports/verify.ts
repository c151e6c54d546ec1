import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { checkpointText, parseCheckpoint } from '../../core/checkpoint.js';
import type { SignedCheckpoint } from '../../core/checkpoint.js';
import { ArchiveError } from '../../core/errors.js';
import { verifyExport } from '../audit/export.js';
import type { Certificate } from '../crypto/certificate.js';
import { certificateNumber, verifyCertificate } from '../certificates/verify.js';
import { isBagFolder, verifyBagFolder, verifyEepFile, verifyPackedFile } from '../exchange/verify.js';
import { isEnvelopeFile, isPackageFolder, verifyEnvelope, verifyPackageFolder } from '../packages/verify.js';
import { SET_ENDINGS, unzipSet } from './report-set.js';
import { boxCertificates, chainFault, checkpointCheck } from './two-verifiers.js';
import type { TwoVerifiers } from './two-verifiers.js';
import { certificateFaults, fault, reportNumbers, signatureFaults, verifySet, verifyZip } from './verify-set.js';
import type { SetVerdict, VerifyFault } from './verify-set.js';

export interface VerifyItem {
  readonly path: string;
  readonly kind: 'report' | 'report-file' | 'audit-export' | 'checkpoint' | 'package' | 'envelope' | 'certificate' | 'bag' | 'eep' | 'unknown';
  readonly valid: boolean;
  /** What it is: the report number, the size of the ledger. */
  readonly what: string;
  readonly box: string | null;
  readonly authority: string | null;
  readonly faults: readonly VerifyFault[];
}

export interface VerifyOptions {
  readonly two: TwoVerifiers;
  /** 本机根证书 kept aside: without it a set proves itself, with it also whose it is. */
  readonly anchor: Certificate | null;
  /** A checkpoint kept aside, for audit exports. */
  readonly aside: SignedCheckpoint | null;
}

/** Checks files and folders without any box. A folder is walked; the files of a report in it are judged together. */
export async function verifyPaths(paths: readonly string[], options: VerifyOptions): Promise<readonly VerifyItem[]> {
  const items: VerifyItem[] = [];
  for (const one of paths) items.push(...((await stat(one)).isDirectory() ? await verifyFolder(one, options) : [await verifyFile(one, options)]));
  return items;
}

/** 文件名后缀〔机密〕 is for the eye: a member is known by its name without it. */
const plainName = (name: string): string => name.replace(/〔(?:秘密|机密|绝密)〕/u, '');

/** Any member of a set (`R08-20261123-0001.pdf.sig`), with its number and ending. */
const MEMBER = new RegExp(`^(R\\d{2}-\\d{8}-(?:\\d{4}|\\d{8}))\\.(${SET_ENDINGS.map((ending) => ending.replace('.', '\\.')).join('|')})$`);

async function verifyFolder(folder: string, options: VerifyOptions): Promise<readonly VerifyItem[]> {
  if (await isPackageFolder(folder)) return [await verifyPackageFolder(folder, options)];
  if (await isBagFolder(folder)) return [await verifyBagFolder(folder)];
  const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const numbers = new Set([...reportNumbers(names.map(plainName)), ...names.flatMap((name) => MEMBER.exec(plainName(name))?.[1] ?? [])]);
  const items: VerifyItem[] = [];
  for (const number of [...numbers].sort()) items.push(itemOf(path.join(folder, number), verifySet(options.two, number, await readSet(folder, number, names), options.anchor, false)));
  for (const entry of entries) {
    const inner = path.join(folder, entry.name);
    if (entry.isDirectory()) items.push(...(await verifyFolder(inner, options)));
    else if (entry.isFile() && ![...numbers].some((number) => plainName(entry.name).startsWith(`${number}.`) && !entry.name.endsWith('.zip'))) items.push(await verifyFile(inner, options));
  }
  return items;
}

async function readSet(folder: string, number: string, names: readonly string[]): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of names.filter((one) => plainName(one).startsWith(`${number}.`) && !one.endsWith('.zip'))) files.set(plainName(name), await readFile(path.join(folder, name)));
  return files;
}

const itemOf = (place: string, verdict: SetVerdict): VerifyItem =>
  ({ path: place, kind: 'report', valid: verdict.faults.length === 0, what: verdict.reportNo ?? '', box: verdict.box, authority: verdict.authority, faults: verdict.faults });

async function verifyFile(file: string, options: VerifyOptions): Promise<VerifyItem> {
  if (await isEnvelopeFile(file)) return verifyEnvelope(file, options);
  const content = await readFile(file);
  const name = plainName(path.basename(file));
  if (content.subarray(0, 2).toString('latin1') === 'PK') return (await verifyPackedFile(file, options)) ?? verifyZipFile(file, content, options);
  if (name.toLowerCase().endsWith('.xml')) return (await verifyEepFile(file)) ?? unknownItem(file, '不是电子文件封装包');
  if (content.subarray(0, 64).toString('utf8').startsWith('{"kind":"shouzang-audit"')) return verifyAuditExport(file, content.toString('utf8'), options);
  if (content.subarray(0, 9).toString('latin1') === 'shouzang/') return verifyCheckpoint(file, content.toString('utf8'), options);
  const member = MEMBER.exec(name);
  return member ? verifyMember(file, member[1] ?? '', content, options) : unknownItem(file, '不是报表、审计导出、检查点、信息包或封套');
}

const unknownItem = (file: string, text: string): VerifyItem =>
  ({ path: file, kind: 'unknown', valid: false, what: '', box: null, authority: null, faults: [fault(path.basename(file), 'unrecognised', text)] });

function verifyZipFile(file: string, content: Buffer, options: VerifyOptions): VerifyItem {
  try {
    const files = unzipSet(content);
    const certificate = certificateNumber(files.keys());
    if (certificate !== undefined) return { ...itemOf(file, verifyCertificate(options.two, certificate, files, options.anchor)), kind: 'certificate' };
    const verdict = verifyZip(options.two, path.basename(file), content, options.anchor);
    return verdict ? itemOf(file, verdict) : unknownItem(file, '压缩包内没有报表清单');
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return unknownItem(file, '压缩包损坏，无法读取');
  }
}

/** One file of a set by itself: with the whole set beside it all of that is judged; else its signature and certificate must be there. */
async function verifyMember(file: string, number: string, content: Buffer, options: VerifyOptions): Promise<VerifyItem> {
  const folder = path.dirname(file);
  const name = plainName(path.basename(file));
  if (await beside(folder, `${number}.manifest`)) return itemOf(file, verifySet(options.two, number, await readSet(folder, number, await readdir(folder)), options.anchor, false));
  const [signature, pem] = await Promise.all([beside(folder, `${name}.sig`), beside(folder, `${number}.pem`)]);
  const faults: VerifyFault[] = [];
  if (!signature) faults.push(fault(`${name}.sig`, 'missing', '签名文件不在旁边，不能验真'));
  if (!pem) faults.push(fault(`${number}.pem`, 'missing', '证书文件不在旁边，不能验真'));
  let certificates = null;
  try {
    certificates = pem && boxCertificates(pem.toString('utf8'));
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    faults.push(fault(`${number}.pem`, 'certificate', '证书文件无法识别'));
  }
  if (certificates) {
    if (signature) faults.push(...signatureFaults(options.two, name, content, signature, certificates.box));
    faults.push(...certificateFaults(options.two, `${number}.pem`, certificates, null, options.anchor));
  }
  return {
    path: file, kind: 'report-file', valid: faults.length === 0, what: number, box: certificates?.box.subject.commonName ?? null,
    authority: certificates ? Buffer.from(options.two.native.sm3(certificates.authority.der)).toString('hex') : null, faults,
  };
}

async function beside(folder: string, name: string): Promise<Buffer | null> {
  const found = (await readdir(folder)).find((one) => plainName(one) === name);
  return found === undefined ? null : readFile(path.join(folder, found));
}

function verifyAuditExport(file: string, text: string, { two, anchor, aside }: VerifyOptions): VerifyItem {
  const name = path.basename(file);
  const faults: VerifyFault[] = [];
  let authority: string | null = null;
  const verdict = verifyExport(text, (...parts) => two.native.sm3(...parts), (chain) => {
    try {
      const certificates = boxCertificates(chain.join(''));
      authority = Buffer.from(two.native.sm3(certificates.authority.der)).toString('hex');
      const wrong = chainFault(two, certificates, certificates.box.notBefore);
      if (wrong !== undefined) faults.push(fault(name, 'certificate', `本机证书不是本机根证书签发（${wrong}）`));
      if (anchor && Buffer.compare(anchor.der, certificates.authority.der) !== 0) faults.push(fault(name, 'anchor', '本机根证书与另行保存的根证书不一致：不是该机导出'));
      return checkpointCheck(two, certificates.box);
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      faults.push(fault(name, 'certificate', '导出文件所附的证书无法识别'));
      return () => false;
    }
  }, aside ?? undefined);
  faults.push(...verdict.faults.map((one) => fault(name, 'ledger', one.text, { entry: one.seq })));
  return { path: file, kind: 'audit-export', valid: faults.length === 0, what: `${String(verdict.entries)} 条，${String(verdict.checkpoints)} 个检查点`, box: verdict.box, authority, faults };
}

/** A checkpoint needs the certificate of its box: a `.pem` beside it, or one beside it under any report. */
async function verifyCheckpoint(file: string, text: string, { two, anchor }: VerifyOptions): Promise<VerifyItem> {
  const name = path.basename(file);
  const folder = path.dirname(file);
  const checkpoint = parseCheckpoint(text);
  if (!checkpoint) return { ...unknownItem(file, '检查点文本无法识别：请原样保存，含末行签名'), kind: 'checkpoint' };
  const faults: VerifyFault[] = [];
  for (const pem of (await readdir(folder)).filter((one) => one.endsWith('.pem')).sort()) {
    try {
      const certificates = boxCertificates(await readFile(path.join(folder, pem), 'utf8'));
      if (certificates.box.subject.commonName !== checkpoint.signer) continue;
      if (!checkpointCheck(two, certificates.box)(new TextEncoder().encode(checkpointText(checkpoint)), checkpoint.signature, checkpoint.signer)) faults.push(fault(name, 'signature', '检查点签名无效'));
      faults.push(...certificateFaults(two, pem, certificates, checkpoint.at, anchor));
      return {
        path: file, kind: 'checkpoint', valid: faults.length === 0, what: `${String(checkpoint.size)} 条，${checkpoint.at}`, box: checkpoint.signer,
        authority: Buffer.from(two.native.sm3(certificates.authority.der)).toString('hex'), faults,
      };
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
    }
  }
  faults.push(fault(name, 'missing', `旁边没有 ${checkpoint.signer} 的证书文件（.pem），不能验签`));
  return { path: file, kind: 'checkpoint', valid: false, what: `${String(checkpoint.size)} 条，${checkpoint.at}`, box: checkpoint.signer, authority: null, faults };
}
