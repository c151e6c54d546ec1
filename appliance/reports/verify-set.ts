import { checkpointText, parseCheckpoint } from '../../core/checkpoint.js';
import { ArchiveError } from '../../core/errors.js';
import type { Certificate } from '../crypto/certificate.js';
import { checkedDocument } from './document.js';
import { readManifest } from './manifest.js';
import type { Manifest, ManifestFile } from './manifest.js';
import { LISTED, setName, SIGNED, unzipSet, zipSet } from './report-set.js';
import { boxCertificates, chainFault, checkDigest, checkpointCheck, checkSignature } from './two-verifiers.js';
import type { BoxCertificates, TwoVerifiers } from './two-verifiers.js';

export type FaultKind =
  | 'missing' | 'surplus' | 'altered' | 'signature' | 'verifiers-differ' | 'certificate' | 'anchor' | 'content' | 'checkpoint' | 'container' | 'manifest' | 'ledger' | 'unrecognised';

export interface VerifyFault {
  /** File of the set, or the path itself. */
  readonly file: string;
  readonly kind: FaultKind;
  /** First and last byte of the stretch that does not fit, where it can be told. */
  readonly bytes: { readonly from: number; readonly to: number } | null;
  /** Entry of the ledger, where it is one. */
  readonly entry: number | null;
  /** 中文 */
  readonly text: string;
}

export interface SetVerdict {
  readonly reportNo: string | null;
  readonly box: string | null;
  readonly generatedAt: string | null;
  readonly level: number | null;
  /** SM3 of the authority's certificate, for comparing with the one kept aside. */
  readonly authority: string | null;
  readonly faults: readonly VerifyFault[];
}

export const fault = (file: string, kind: FaultKind, text: string, where: Partial<Pick<VerifyFault, 'bytes' | 'entry'>> = {}): VerifyFault =>
  ({ file, kind, bytes: where.bytes ?? null, entry: where.entry ?? null, text });

const MANIFEST = /^(R\d{2}-\d{8}-(?:\d{4}|\d{8}))\.manifest$/;

/** The report numbers of which a folder or zip holds a manifest. */
export const reportNumbers = (names: Iterable<string>): string[] => [...names].flatMap((name) => MANIFEST.exec(name)?.[1] ?? []).sort();

/** A set in a zip: the entries, and that it was written in the one way a set is written. */
export function verifyZip(two: TwoVerifiers, name: string, zip: Uint8Array, anchor: Certificate | null): SetVerdict | undefined {
  const files = unzipSet(zip);
  const [number, ...more] = reportNumbers(files.keys());
  if (number === undefined) return undefined;
  const verdict = verifySet(two, number, files, anchor, true);
  const faults = [...verdict.faults];
  if (more.length > 0) faults.push(fault(name, 'surplus', `压缩包内有 ${String(more.length + 1)} 份报表，应只有一份`));
  const again = zipSet(files);
  const at = firstDifference(again, zip);
  if (at !== null) faults.push(fault(name, 'container', `压缩包第 ${String(at)} 字节起与规范写法不符`, { bytes: { from: at, to: at } }));
  return { ...verdict, faults };
}

export function firstDifference(a: Uint8Array, b: Uint8Array): number | null {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) if (a[at] !== b[at]) return at;
  return a.length === b.length ? null : length;
}

/**
 * Checks one set.
 * @param closed the files are all there is (a zip): one the manifest does not know is a fault
 */
export function verifySet(two: TwoVerifiers, number: string, files: ReadonlyMap<string, Uint8Array>, anchor: Certificate | null, closed: boolean): SetVerdict {
  const faults: VerifyFault[] = [];
  const name = (ending: Parameters<typeof setName>[1]): string => setName(number, ending);
  const certificates = certificatesIn(files.get(name('pem')), name('pem'), faults);
  const manifest = manifestIn(two, files, number, certificates, faults);
  const expected = new Set([...LISTED, 'manifest' as const, 'manifest.sig' as const].map(name));
  for (const wanted of expected) if (!files.has(wanted)) faults.push(fault(wanted, 'missing', '文件缺失'));
  for (const given of files.keys()) {
    if (!expected.has(given) && (closed || given.startsWith(`${number}.`))) faults.push(fault(given, 'surplus', '清单之外的文件'));
  }
  if (manifest) {
    for (const wanted of LISTED) if (!manifest.files.some((file) => file.name === name(wanted))) faults.push(fault(name('manifest'), 'manifest', `清单没有列出 ${name(wanted)}`));
    for (const file of manifest.files) faults.push(...compare(two, file, files.get(file.name)));
  }
  if (certificates) {
    for (const ending of SIGNED) {
      const [content, signature] = [files.get(name(ending)), files.get(name(`${ending}.sig`))];
      if (content && signature) faults.push(...signatureFaults(two, name(ending), content, signature, certificates.box));
    }
    faults.push(...certificateFaults(two, name('pem'), certificates, manifest?.generated ?? null, anchor));
  }
  const json = files.get(name('json'));
  if (json) faults.push(...contentFaults(two, name('json'), json, manifest, certificates));
  return {
    reportNo: number, box: manifest?.box ?? certificates?.box.subject.commonName ?? null, generatedAt: manifest?.generated ?? null, level: manifest?.level ?? null,
    authority: certificates ? Buffer.from(two.native.sm3(certificates.authority.der)).toString('hex') : null, faults,
  };
}

function certificatesIn(pem: Uint8Array | undefined, name: string, faults: VerifyFault[]): BoxCertificates | null {
  if (!pem) return null;
  try {
    return boxCertificates(Buffer.from(pem).toString('utf8'));
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    faults.push(fault(name, 'certificate', '证书文件无法识别，或不是“本机证书、本机根证书”两张'));
    return null;
  }
}

function manifestIn(two: TwoVerifiers, files: ReadonlyMap<string, Uint8Array>, number: string, certificates: BoxCertificates | null, faults: VerifyFault[]): Manifest | null {
  const name = setName(number, 'manifest');
  const [content, signature] = [files.get(name), files.get(`${name}.sig`)];
  if (!content) return null;
  if (certificates && signature) faults.push(...signatureFaults(two, name, content, signature, certificates.box));
  try {
    const manifest = readManifest(Buffer.from(content).toString('utf8'));
    if (manifest.report !== number) faults.push(fault(name, 'manifest', `清单属于 ${manifest.report}，不是 ${number}`));
    return manifest;
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    faults.push(fault(name, 'manifest', `清单无法识别（${error.details[0]?.at ?? ''}）`));
    return null;
  }
}

/** Where a file differs from what the manifest says of it, by parts. */
function compare(two: TwoVerifiers, listed: ManifestFile, content: Uint8Array | undefined): VerifyFault[] {
  if (!content) return [];
  const { sm3, agree } = checkDigest(two, content);
  if (!agree) return [fault(listed.name, 'verifiers-differ', '两套密码实现算出的摘要不同，请先运行 selftest')];
  if (sm3 === listed.sm3 && content.length === listed.bytes) return [];
  const whole = { from: 0, to: Math.max(0, content.length - 1) };
  const wrong = listed.parts.filter((part) => Buffer.from(two.native.sm3(content.subarray(part.from, part.to + 1))).toString('hex') !== part.sm3);
  const ranges = wrong.length > 0 ? wrong : [whole];
  const size = content.length === listed.bytes ? '' : `，且长度应为 ${String(listed.bytes)} 字节、实为 ${String(content.length)} 字节`;
  return ranges.map(({ from, to }) => fault(listed.name, 'altered', `第 ${String(from)}–${String(to)} 字节与清单登记的摘要不符${size}`, { bytes: { from, to } }));
}

export function signatureFaults(two: TwoVerifiers, name: string, content: Uint8Array, signature: Uint8Array, box: Certificate): VerifyFault[] {
  const verdict = checkSignature(two, content, signature, box.publicKey);
  if (verdict === 'good') return [];
  return [verdict === 'bad' ? fault(`${name}.sig`, 'signature', `${name} 的签名无效：文件、签名或证书被改动`) : fault(`${name}.sig`, 'verifiers-differ', '两套密码实现的验签结论不同，请先运行 selftest')];
}

export function certificateFaults(two: TwoVerifiers, name: string, certificates: BoxCertificates, at: string | null, anchor: Certificate | null): VerifyFault[] {
  const faults: VerifyFault[] = [];
  const wrong = chainFault(two, certificates, at ?? certificates.box.notBefore);
  if (wrong !== undefined) faults.push(fault(name, 'certificate', `本机证书不是本机根证书签发，或生成报表时不在有效期内（${wrong}）`));
  if (anchor && Buffer.compare(anchor.der, certificates.authority.der) !== 0) faults.push(fault(name, 'anchor', '本机根证书与另行保存的根证书不一致：不是该机出具'));
  return faults;
}

/** The JSON says the same as the manifest, and the checkpoint in it is the box's. */
function contentFaults(two: TwoVerifiers, name: string, json: Uint8Array, manifest: Manifest | null, certificates: BoxCertificates | null): VerifyFault[] {
  try {
    const document = checkedDocument(JSON.parse(Buffer.from(json).toString('utf8')));
    const faults: VerifyFault[] = [];
    const checkpoint = parseCheckpoint(document.checkpoint);
    if (!checkpoint || (certificates && !checkpointCheck(two, certificates.box)(new TextEncoder().encode(checkpointText(checkpoint)), checkpoint.signature, checkpoint.signer))) {
      faults.push(fault(name, 'checkpoint', '报表所载的审计检查点签名无效'));
    }
    if (manifest) {
      const same = document.reportNo === manifest.report && document.box === manifest.box && document.level === manifest.level && document.generatedAt === manifest.generated
        && checkpoint?.size === manifest.checkpoint.size && Buffer.from(checkpoint.root).toString('base64') === manifest.checkpoint.root;
      if (!same) faults.push(fault(name, 'content', '报表数据与清单所载的报表号、设备、密级、时间或检查点不一致'));
    }
    return faults;
  } catch (error) {
    if (error instanceof ArchiveError) return [fault(name, 'content', `报表数据不符合格式（${error.details.map(({ at }) => at).slice(0, 3).join('、')}）`)];
    if (error instanceof SyntaxError) return [fault(name, 'content', '报表数据不是合法的 JSON')];
    throw error;
  }
}
