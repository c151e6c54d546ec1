import { canonicalBytes } from '../../core/canonical.js';
import { entryBytes } from '../../core/audit.js';
import { checkpointText, parseCheckpoint } from '../../core/checkpoint.js';
import { ArchiveError } from '../../core/errors.js';
import { leafHash, verifyInclusion } from '../../core/merkle.js';
import type { Certificate } from '../crypto/certificate.js';
import { boxCertificates, checkDigest, checkpointCheck } from '../reports/two-verifiers.js';
import type { BoxCertificates, TwoVerifiers } from '../reports/two-verifiers.js';
import { certificateFaults, fault, signatureFaults } from '../reports/verify-set.js';
import type { SetVerdict, VerifyFault } from '../reports/verify-set.js';
import { CERTIFICATE_NO, MEMBERS } from './statement.js';
import type { CertificateStatement } from './statement.js';

/** The number of the certificate that a zip holds; undefined where it holds none. */
export const certificateNumber = (names: Iterable<string>): string | undefined => [...names].flatMap((name) => (name.endsWith('.json') && CERTIFICATE_NO.test(name.slice(0, -5)) ? [name.slice(0, -5)] : []))[0];

const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

/** 验真 of a 出证, without any box: signature, both digests, and that the issue stands in the ledger under a signed checkpoint. */
export function verifyCertificate(two: TwoVerifiers, no: string, files: ReadonlyMap<string, Uint8Array>, anchor: Certificate | null): SetVerdict {
  const faults: VerifyFault[] = [];
  const name = (ending: (typeof MEMBERS)[number]): string => `${no}.${ending}`;
  for (const ending of MEMBERS) if (!files.has(name(ending))) faults.push(fault(name(ending), 'missing', '文件缺失'));
  for (const given of files.keys()) if (!MEMBERS.some((ending) => name(ending) === given)) faults.push(fault(given, 'surplus', '出证包之外的文件'));
  const [json, signature, pem] = [files.get(name('json')), files.get(name('json.sig')), files.get(name('pem'))];
  let certificates: BoxCertificates | null = null;
  try {
    certificates = pem === undefined ? null : boxCertificates(Buffer.from(pem).toString('utf8'));
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    faults.push(fault(name('pem'), 'certificate', '证书文件无法识别'));
  }
  const statement = json === undefined ? null : statementIn(json, name('json'), no, faults);
  if (certificates !== null) {
    if (json !== undefined && signature !== undefined) faults.push(...signatureFaults(two, name('json'), json, signature, certificates.box));
    faults.push(...certificateFaults(two, name('pem'), certificates, statement?.issuedAt ?? null, anchor));
  }
  if (statement !== null) {
    for (const [ending, wanted] of [['pdf', statement.copy.sm3], ['original', statement.file.sm3]] as const) {
      const content = files.get(name(ending));
      if (content === undefined) continue;
      const { sm3, agree } = checkDigest(two, content);
      if (!agree) faults.push(fault(name(ending), 'verifiers-differ', '两套密码实现算出的摘要不同，请先运行 selftest'));
      else if (sm3 !== wanted) faults.push(fault(name(ending), 'altered', `与出证说明所载的 SM3 不符：应为 ${wanted.slice(0, 8)}…，实为 ${sm3.slice(0, 8)}…`, { bytes: { from: 0, to: Math.max(0, content.length - 1) } }));
    }
    faults.push(...proofFaults(two, name('json'), statement, certificates));
  }
  return {
    reportNo: no, box: statement?.box ?? certificates?.box.subject.commonName ?? null, generatedAt: statement?.issuedAt ?? null, level: statement?.record.level ?? null,
    authority: certificates === null ? null : Buffer.from(two.native.sm3(certificates.authority.der)).toString('hex'), faults,
  };
}

function statementIn(json: Uint8Array, name: string, no: string, faults: VerifyFault[]): CertificateStatement | null {
  try {
    const text = Buffer.from(json).toString('utf8');
    const given = JSON.parse(text) as CertificateStatement;
    // Written in the one way, so that nothing may hide in a second reading of it.
    const whole = given.type === 'shouzang-certificate/v1' && Buffer.compare(Buffer.from(json), Buffer.from(canonicalBytes(given))) === 0
      && [given.record.id, given.file.sm3, given.copy.sm3, given.issuedAt, given.proof.checkpoint, given.proof.leaf].every((one) => typeof one === 'string') && Array.isArray(given.proof.path);
    if (whole && given.no === no) return given;
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
  }
  faults.push(fault(name, 'content', '出证说明不符合格式，或不属于该编号'));
  return null;
}

/** The entry speaks of this certificate, lies under the checkpoint, and the checkpoint is the box's. */
function proofFaults(two: TwoVerifiers, name: string, { no, record, file, box, proof }: CertificateStatement, certificates: BoxCertificates | null): VerifyFault[] {
  const sm3 = (...parts: readonly Uint8Array[]): Uint8Array => two.native.sm3(...parts);
  const detail: Readonly<Record<string, unknown>> = proof.entry.detail ?? {};
  const faults: VerifyFault[] = [];
  if (proof.entry.action !== 'certificate.issue' || proof.entry.object !== record.id || detail['no'] !== no || detail['sm3'] !== file.sm3) faults.push(fault(name, 'ledger', '审计记录说的不是本证书', { entry: proof.index }));
  const checkpoint = parseCheckpoint(proof.checkpoint);
  if (checkpoint === undefined || checkpoint.signer !== box || checkpoint.size !== proof.size || (certificates !== null && !checkpointCheck(two, certificates.box)(new TextEncoder().encode(checkpointText(checkpoint)), checkpoint.signature, checkpoint.signer))) {
    return [...faults, fault(name, 'checkpoint', '所附审计检查点签名无效')];
  }
  const leaf = leafHash(sm3, entryBytes(proof.entry));
  const within = Buffer.from(leaf).toString('hex') === proof.leaf && verifyInclusion(sm3, leaf, proof.index, proof.size, proof.path.map(unhex), checkpoint.root);
  return within ? faults : [...faults, fault(name, 'ledger', '审计记录不在所附检查点之内', { entry: proof.index })];
}
