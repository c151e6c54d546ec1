import { digest, digestName, methodName, verifyValue, type Method } from './algorithms.js';
import { certificateOf, type Certificate } from './certificate.js';
import { type Der, intOf, is, isContext, oidOf, readDer, TAG, timeOf } from './der.js';
import type { FoundSignature } from './report.js';

/** CMS SignedData (RFC 5652) and its twin of GM/T 0010 for SM2. */
const SIGNED_DATA: readonly string[] = ['1.2.840.113549.1.7.2', '1.2.156.10197.6.1.4.2.2'];
const ATTRIBUTE = { messageDigest: '1.2.840.113549.1.9.4', signingTime: '1.2.840.113549.1.9.5' } as const;
const TIMESTAMP_INFO = '1.2.840.113549.1.9.16.1.4';

/** What a check of a signature says; the rest of `FoundSignature` is for the format to add. */
export type Checked = Pick<FoundSignature, 'signer' | 'time' | 'algorithm' | 'verified' | 'reason'>;

export const UNREADABLE: Checked = { signer: null, time: null, algorithm: null, verified: false, reason: 'data-unreadable' };

export function isSignedData(node: Der | null): boolean {
  return node !== null && is(node, TAG.sequence) && SIGNED_DATA.includes(oidOf(node.children[0]) ?? '');
}

/**
 * Checks a detached (or attached) SignedData over `content`. With several signers, the first one is reported.
 * @param content the signed bytes, in parts
 */
export function checkCms(bytes: Buffer, content: readonly Buffer[]): Checked {
  const outer = readDer(bytes);
  if (outer === null || !isSignedData(outer)) return UNREADABLE;
  const body = outer.children[1]?.children[0];
  const encapsulated = body?.children[2];
  const signer = body?.children.at(-1)?.children[0];
  if (body === undefined || encapsulated === undefined || signer === undefined || !is(signer, TAG.sequence)) return UNREADABLE;
  const certificates = body.children.filter((one) => isContext(one, 0)).flatMap((set) => set.children).flatMap((one) => certificateOf(one) ?? []);
  const inner = encapsulated.children[1]?.children[0]?.content ?? null;
  return checkSigner(signer, certificates, { type: oidOf(encapsulated.children[0]), inner, content });
}

interface Subject {
  readonly type: string | null;
  /** eContent, when the signature carries what it signs. */
  readonly inner: Buffer | null;
  readonly content: readonly Buffer[];
}

interface Signer {
  readonly certificate: Certificate | null;
  readonly digest: string | null;
  readonly attributes: Der | undefined;
  readonly method: Method;
  readonly value: Buffer;
}

function checkSigner(node: Der, certificates: readonly Certificate[], subject: Subject): Checked {
  const signer = readSigner(node, certificates);
  if (signer === null) return UNREADABLE;
  const stamp = subject.type === TIMESTAMP_INFO && subject.inner !== null ? readDer(subject.inner) : null;
  const common = {
    signer: signer.certificate?.commonName ?? null,
    time: timeOf(attribute(signer.attributes, ATTRIBUTE.signingTime)) ?? timeOf(stamp?.children.find((one) => is(one, TAG.generalizedTime))),
    algorithm: methodName(signer.method),
  };
  return { ...common, ...verdict(signer, subject, stamp) };
}

type Verdict = Pick<FoundSignature, 'verified' | 'reason'>;
const sound: Verdict = { verified: true, reason: null };

function verdict(signer: Signer, subject: Subject, stamp: Der | null): Verdict {
  if (signer.digest === null) return { verified: null, reason: 'algorithm-unsupported' };
  if (stamp !== null) {
    const imprint = stamp.children[2];
    const name = digestName(oidOf(imprint?.children[0]?.children[0]));
    if (name === null) return { verified: null, reason: 'algorithm-unsupported' };
    if (imprint?.children[1]?.content.equals(digest(name, ...subject.content)) !== true) return { verified: false, reason: 'digest-mismatch' };
  } else if (subject.inner !== null && !carries(subject.inner, subject.content)) return { verified: false, reason: 'digest-mismatch' };
  const signed = subject.inner === null ? subject.content : [subject.inner];
  if (signer.attributes !== undefined) {
    const claimed = attribute(signer.attributes, ATTRIBUTE.messageDigest);
    if (claimed === undefined || !claimed.content.equals(digest(signer.digest, ...signed))) return { verified: false, reason: 'digest-mismatch' };
  }
  if (signer.certificate === null) return { verified: null, reason: 'certificate-missing' };
  const message = signer.attributes === undefined ? Buffer.concat([...signed]) : asSet(signer.attributes.raw);
  const good = verifyValue(signer.certificate.publicKey, signer.method, message, signer.value);
  if (good === null) return { verified: null, reason: 'algorithm-unsupported' };
  return good ? sound : { verified: false, reason: signer.attributes === undefined ? 'digest-mismatch' : 'signature-invalid' };
}

/** `adbe.pkcs7.sha1` signs the SHA-1 of the bytes; others carry the bytes, or a digest of them, in full. */
function carries(inner: Buffer, content: readonly Buffer[]): boolean {
  if (Buffer.concat([...content]).equals(inner)) return true;
  const name = { 20: 'sha1', 32: 'sha256', 48: 'sha384', 64: 'sha512' }[inner.length];
  return name !== undefined && (digest(name, ...content).equals(inner) || (name === 'sha256' && digest('sm3', ...content).equals(inner)));
}

function readSigner(node: Der, certificates: readonly Certificate[]): Signer | null {
  const [version, id, digestAlgorithm, ...rest] = node.children;
  const attributes = rest.find((one) => isContext(one, 0));
  const [algorithm, value] = attributes === undefined ? rest : rest.slice(1);
  if (intOf(version) === null || id === undefined || !is(value, TAG.octetString)) return null;
  const name = digestName(oidOf(digestAlgorithm?.children[0]));
  return {
    certificate: certificates.find((one) => names(id, one)) ?? (certificates.length === 1 ? (certificates[0] ?? null) : null),
    digest: name, attributes, value: value.content,
    method: { oid: oidOf(algorithm?.children[0]), parameters: algorithm?.children[1], digest: name },
  };
}

function names(id: Der, certificate: Certificate): boolean {
  if (id.tagClass === 2) return certificate.keyId?.equals(id.content) === true;
  const [issuer, serial] = id.children;
  return issuer?.raw.equals(certificate.issuer) === true && serial?.content.equals(certificate.serial) === true;
}

function attribute(attributes: Der | undefined, type: string): Der | undefined {
  return attributes?.children.find((one) => oidOf(one.children[0]) === type)?.children[1]?.children[0];
}

/** Signed attributes are sent under [0] but signed as the SET OF they are (RFC 5652 clause 5.4). */
function asSet(raw: Buffer): Buffer {
  const copy = Buffer.from(raw);
  copy[0] = 0x31;
  return copy;
}
