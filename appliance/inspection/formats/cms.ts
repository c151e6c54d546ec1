import { X509Certificate, constants, createHash, verify } from 'node:crypto';
import { TAG, derAt, derChildren, derFind, derNumber, oidText, type Der } from './der.js';

/** What a CMS SignedData (RFC 5652) says and whether it holds for the bytes it is meant for. Trust is not asked here. */
export interface CmsState {
  /** `unsupported`: an algorithm or shape we cannot check, which is not tampering. */
  readonly digest: 'match' | 'mismatch' | 'unsupported';
  readonly signature: 'valid' | 'invalid' | 'unsupported';
  /** Common name of the signer's certificate, or its whole subject. */
  readonly signer: string | null;
  /** Digest algorithm OID and signature algorithm OID. */
  readonly algorithm: string | null;
  /** signingTime attribute as written, `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ`. */
  readonly time: string | null;
}

const UNREADABLE: CmsState = { digest: 'unsupported', signature: 'unsupported', signer: null, algorithm: null, time: null };

const DIGESTS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.5': 'md5',
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
  '2.16.840.1.101.3.4.2.8': 'sha3-256',
  '2.16.840.1.101.3.4.2.9': 'sha3-384',
  '2.16.840.1.101.3.4.2.10': 'sha3-512',
  '2.16.840.1.101.3.4.2.12': 'shake256',
  '1.2.156.10197.1.401': 'sm3',
};
/** OCTET STRING in pieces, as BER may write it. */
const CONSTRUCTED_OCTETS = 0x24;
const ID_DATA = '1.2.840.113549.1.7.1';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_TIME = '1.2.840.113549.1.9.5';
const RSA_PSS = '1.2.840.113549.1.1.10';

const oidOf = (element: Der | undefined): string => {
  const oid = element === undefined ? null : derFind(element, (candidate) => candidate.tag === TAG.oid, 1);
  return oid === null ? '' : oidText(oid.body);
};

function hash(oid: string, parts: readonly Buffer[]): Buffer | null {
  const name = DIGESTS[oid];
  if (name === undefined) return null;
  const state = name === 'shake256' ? createHash(name, { outputLength: 64 }) : createHash(name);
  for (const part of parts) state.update(part);
  return state.digest();
}

function attribute(attributes: Der | undefined, oid: string): Der | null {
  for (const item of attributes === undefined ? [] : derChildren(attributes)) {
    const [type, values] = derChildren(item);
    if (type?.tag === TAG.oid && oidText(type.body) === oid && values !== undefined) return derChildren(values)[0] ?? null;
  }
  return null;
}

function signerCertificate(certificates: Der | undefined, sid: Der): X509Certificate | null {
  for (const item of certificates === undefined ? [] : derChildren(certificates)) {
    const tbs = derChildren(item)[0];
    if (item.tag !== TAG.sequence || tbs === undefined) continue;
    const fields = derChildren(tbs);
    const offset = fields[0]?.tag === 0xa0 ? 1 : 0;
    const [issuer, serial] = derChildren(sid);
    const byIssuer = sid.tag === TAG.sequence && fields[offset]?.whole.equals(serial?.whole ?? Buffer.alloc(0)) === true && fields[offset + 2]?.whole.equals(issuer?.whole ?? Buffer.alloc(0)) === true;
    const byKey = sid.tag === 0x80 && tbs.whole.includes(sid.body);
    if (!byIssuer && !byKey) continue;
    try {
      return new X509Certificate(item.whole);
    } catch {
      return null;
    }
  }
  return null;
}

function checkSignature(certificate: X509Certificate | null, signatureAlgorithm: Der | undefined, digestOid: string, data: Buffer, signature: Buffer): CmsState['signature'] {
  if (certificate === null) return 'unsupported';
  try {
    const key = certificate.publicKey;
    const type = key.asymmetricKeyType ?? '';
    if (type === 'ed25519' || type === 'ed448') return verify(null, data, key, signature) ? 'valid' : 'invalid';
    const name = DIGESTS[digestOid];
    if (name === undefined || name === 'sm3' || name === 'shake256') return 'unsupported';
    if (oidOf(signatureAlgorithm) === RSA_PSS || type === 'rsa-pss')
      return verify(name, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }, signature) ? 'valid' : 'invalid';
    if (type === 'rsa' || type === 'ec' || type === 'dsa') return verify(name, data, type === 'rsa' ? key : { key, dsaEncoding: 'der' }, signature) ? 'valid' : 'invalid';
  } catch {
    return 'unsupported';
  }
  return 'unsupported';
}

/** @param covered the bytes the signature is over, in order; may be given in parts */
export function checkCms(der: Buffer, covered: readonly Buffer[]): CmsState {
  const root = derAt(der);
  const signedData = root === null ? undefined : derChildren(root)[1];
  const body = signedData === undefined ? undefined : derChildren(signedData)[0];
  if (body === undefined || body.tag !== TAG.sequence) return UNREADABLE;
  const fields = derChildren(body);
  const content = fields[2];
  const infos = fields.at(-1);
  const info = infos?.tag === TAG.set ? derChildren(infos)[0] : undefined;
  if (content === undefined || info === undefined) return UNREADABLE;
  const certificates = fields.find((field) => field.tag === 0xa0);
  const parts = derChildren(info);
  const [, sid, digestAlgorithm] = parts;
  if (sid === undefined || digestAlgorithm === undefined) return UNREADABLE;
  const attributes = parts[3]?.tag === 0xa0 ? parts[3] : undefined;
  const signatureAlgorithm = parts[attributes === undefined ? 3 : 4];
  const signature = parts[attributes === undefined ? 4 : 5];
  const digestOid = oidOf(digestAlgorithm);
  const encapsulated = derFind(content, (candidate) => candidate.tag === TAG.octetString || candidate.tag === CONSTRUCTED_OCTETS, 2);
  const contentType = oidOf(content);
  const inner = encapsulated === null ? null : encapsulated.tag === CONSTRUCTED_OCTETS ? Buffer.concat(derChildren(encapsulated).map((part) => part.body)) : encapsulated.body;

  let digest: CmsState['digest'] = 'unsupported';
  const own = hash(digestOid, inner === null ? covered : [inner]);
  const claimed = attribute(attributes, MESSAGE_DIGEST)?.body ?? null;
  if (own !== null && claimed !== null) digest = own.equals(claimed) ? 'match' : 'mismatch';
  if (inner !== null && digest !== 'mismatch') digest = encapsulatedDigest(contentType, inner, covered);
  const data = attributes === undefined ? Buffer.concat(inner === null ? [...covered] : [inner]) : Buffer.concat([Buffer.from([TAG.set]), attributes.whole.subarray(1)]);
  const certificate = signerCertificate(certificates, sid);
  const subject = certificate?.subject ?? null;
  return {
    digest,
    signature: signature?.tag === TAG.octetString ? checkSignature(certificate, signatureAlgorithm, digestOid, data, signature.body) : 'unsupported',
    signer: subject === null ? null : (/^CN=(.*)$/m.exec(subject)?.[1] ?? subject.replaceAll('\n', ', ')),
    algorithm: `${digestOid}/${oidOf(signatureAlgorithm)}`,
    time: attribute(attributes, SIGNING_TIME)?.body.toString('latin1') ?? null,
  };
}

/** adbe.pkcs7.sha1 encapsulates the SHA-1 of the bytes; a time stamp (RFC 3161) encapsulates a TSTInfo with its own imprint. */
function encapsulatedDigest(contentType: string, inner: Buffer, covered: readonly Buffer[]): CmsState['digest'] {
  if (contentType === ID_DATA) return hash('1.3.14.3.2.26', covered)?.equals(inner) === true ? 'match' : 'mismatch';
  const info = derAt(inner);
  const imprint = info === null ? undefined : derChildren(info)[2];
  if (info === null || imprint === undefined || Number.isNaN(derNumber(derChildren(info)[0]))) return 'unsupported';
  const [algorithm, value] = derChildren(imprint);
  const own = hash(oidOf(algorithm), covered);
  return own === null || value === undefined ? 'unsupported' : own.equals(value.body) ? 'match' : 'mismatch';
}
