import { digest, digestName, methodName, verifyValue } from '../algorithms.js';
import { readCertificate } from '../certificate.js';
import { checkCms, isSignedData, UNREADABLE, type Checked } from '../cms.js';
import { bitsOf, instantOf, intOf, is, oidOf, readDer, TAG, timeOf, type Der } from '../der.js';
import type { FoundSignature } from '../report.js';
import type { OfdPackage } from './package.js';
import { isSealSignature, type OfdSignature } from './signatures.js';

/** 去除前验签: digests of the protected files, digest of Signature.xml, then the signature value (GB/T 38540 clause 7.3). */
export function verifySignature(ofd: OfdPackage, signature: OfdSignature, lists: readonly string[], signatureFiles: ReadonlySet<string>): FoundSignature {
  const described = ofd.get(signature.path ?? '');
  const value = ofd.get(signature.valuePath ?? '');
  const checked = described === null || value === null
    ? { ...UNREADABLE, reason: 'data-missing' as const, algorithm: signature.method === null ? null : methodName({ oid: signature.method, digest: null }) }
    : check(value, described, signature);
  const files = checkReferences(ofd, signature, lists);
  const verdict = checked.reason === 'data-missing' || checked.reason === 'data-unreadable' || files.verified === true ? checked : { ...checked, ...files };
  return {
    ...verdict,
    time: instantOf(signature.time ?? '') ?? checked.time ?? signature.time,
    visible: signature.stamps.length > 0,
    coversWhole: signature.path === null ? null : coversWhole(ofd, signature, signatureFiles),
  };
}

type Verdict = Pick<FoundSignature, 'verified' | 'reason'>;

/** 保护文件摘要. A second signature changes Signatures.xml, which the first one may protect: that is no tampering. */
function checkReferences(ofd: OfdPackage, signature: OfdSignature, lists: readonly string[]): Verdict {
  const name = digestName(signature.checkMethod ?? 'sm3');
  if (name === null) return { verified: null, reason: 'algorithm-unsupported' };
  for (const { location, checkValue } of signature.references) {
    const path = ofd.locate(location, signature.path ?? '');
    const content = path === null ? null : ofd.get(path);
    if (path !== null && lists.includes(path) && signature.followed) continue;
    if (content === null || !digest(name, content).equals(Buffer.from(checkValue, 'base64'))) return { verified: false, reason: 'digest-mismatch' };
  }
  return { verified: true, reason: null };
}

function coversWhole(ofd: OfdPackage, signature: OfdSignature, signatureFiles: ReadonlySet<string>): boolean {
  const protectedPaths = new Set(signature.references.map(({ location }) => ofd.locate(location, signature.path ?? '')));
  return ofd.paths.every((path) => path.endsWith('/') || signatureFiles.has(path) || protectedPaths.has(path));
}

function check(value: Buffer, described: Buffer, signature: OfdSignature): Checked {
  const node = readDer(value);
  if (node === null) return { ...UNREADABLE, algorithm: signature.method };
  if (isSealSignature(node)) return checkSealSignature(node, described);
  if (isSignedData(node)) return checkSignedData(value, described);
  const algorithm = methodName({ oid: signature.method, digest: null });
  const bare = is(node, TAG.sequence) && node.children.length === 2 && node.children.every((one) => is(one, TAG.integer));
  return bare ? { signer: null, time: null, algorithm, verified: null, reason: 'certificate-missing' } : { ...UNREADABLE, algorithm };
}

/** Vendors sign Signature.xml, or its SM3 digest, as the content of the SignedData. */
function checkSignedData(value: Buffer, described: Buffer): Checked {
  const whole = checkCms(value, [described]);
  return whole.verified === true ? whole : [checkCms(value, [digest('sm3', described)])].find((one) => one.verified === true) ?? whole;
}

/** SES_Signature: version 4 (GB/T 38540-2020) keeps certificate and algorithm beside toSign, version 1 (GM/T 0031-2014) inside. */
function checkSealSignature(node: Der, described: Buffer): Checked {
  const [signed, ...beside] = node.children;
  if (signed === undefined) return UNREADABLE;
  const old = beside.length === 1;
  const fields = old ? signed.children.slice(5) : beside;
  const certificate = is(fields[0], TAG.octetString) ? readCertificate(fields[0].content) : null;
  const method = { oid: oidOf(fields[1]), digest: 'sm3' };
  const value = bitsOf(old ? beside[0] : fields[2]);
  const common = { signer: certificate?.commonName ?? null, time: timeOf(signed.children[2]), algorithm: methodName(method) };
  const claimed = bitsOf(signed.children[3]);
  if (intOf(signed.children[0]) === null || claimed === null || value === null) return { ...UNREADABLE, ...common };
  if (!claimed.equals(digest('sm3', described))) return { ...common, verified: false, reason: 'digest-mismatch' };
  if (certificate === null) return { ...common, verified: null, reason: 'certificate-missing' };
  const good = verifyValue(certificate.publicKey, method, signed.raw, value);
  if (good === null) return { ...common, verified: null, reason: 'algorithm-unsupported' };
  return { ...common, verified: good, reason: good ? null : 'signature-invalid' };
}
