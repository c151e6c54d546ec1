import { TAG, derAt, derChildren, derFind, derNumber, oidText, type Der } from '../der.js';

/** 印章图形 inside a SES seal (GM/T 0031, GB/T 38540). Sizes in millimetres. */
export interface SealPicture {
  /** As written in the seal, lower case: `png`, `ofd`, `bmp`, `jpg`, `gif`, `svg`. */
  readonly format: string;
  readonly bytes: Buffer;
  readonly widthMm: number;
  readonly heightMm: number;
}

/** SES 电子签章数据, taken apart for checking and for removal. */
export interface SesSignature {
  /** 1 = GM/T 0031-2014, 4 = GB/T 38540-2020; what the octets say. */
  readonly version: number;
  readonly picture: SealPicture | null;
  /** 印章名称 */
  readonly sealName: string | null;
  /** The octets that were signed (TBS_Sign), header included. */
  readonly tbs: Buffer;
  /** Digest of Signature.xml put under the signature. */
  readonly dataHash: Buffer | null;
  /** Signer's certificate, DER. */
  readonly certificate: Buffer | null;
  readonly algorithm: string | null;
  /** DER SM2 signature over `tbs`. */
  readonly signature: Buffer | null;
}

const bits = (element: Der | undefined): Buffer | null => (element !== undefined && element.tag === TAG.bitString ? element.body.subarray(1) : null);

/** SEQUENCE { type IA5String, data OCTET STRING, width INTEGER, height INTEGER } anywhere inside. */
export function sealPicture(element: Der): SealPicture | null {
  const hit = derFind(element, (candidate) => {
    if (candidate.tag !== TAG.sequence) return false;
    const parts = derChildren(candidate);
    return (
      parts.length >= 4 &&
      (parts[0]?.tag === TAG.ia5 || parts[0]?.tag === TAG.utf8) &&
      parts[1]?.tag === TAG.octetString &&
      parts[2]?.tag === TAG.integer &&
      parts[3]?.tag === TAG.integer
    );
  });
  if (hit === null) return null;
  const [type, data, width, height] = derChildren(hit);
  if (type === undefined || data === undefined) return null;
  return { format: type.body.toString('latin1').toLowerCase(), bytes: Buffer.from(data.body), widthMm: derNumber(width), heightMm: derNumber(height) };
}

/** 印章名称: the first UTF8String of the seal's property block. */
const sealName = (element: Der): string | null => derFind(element, (candidate) => candidate.tag === TAG.utf8)?.body.toString('utf8') ?? null;

/** SES 电子签章数据 (SignedValue.dat). Null when the octets are something else, such as a bare SM2 signature or PKCS #7. */
export function readSes(bytes: Buffer): SesSignature | null {
  const root = derAt(bytes);
  if (root === null || root.tag !== TAG.sequence) return null;
  const outer = derChildren(root);
  const tbs = outer[0];
  if (tbs === undefined || tbs.tag !== TAG.sequence) return null;
  const inner = derChildren(tbs);
  const seal = inner[1];
  if (inner[0]?.tag !== TAG.integer || seal === undefined || seal.tag !== TAG.sequence) return null;
  const picture = sealPicture(seal);
  const common = { version: derNumber(inner[0]), picture, sealName: sealName(seal), tbs: tbs.whole, dataHash: bits(inner[3]) };
  if (outer[1]?.tag === TAG.octetString)
    return { ...common, certificate: outer[1].body, algorithm: outer[2] === undefined ? null : oidText(outer[2].body), signature: bits(outer[3]) };
  return {
    ...common,
    certificate: inner[5]?.tag === TAG.octetString ? inner[5].body : null,
    algorithm: inner[6]?.tag === TAG.oid ? oidText(inner[6].body) : null,
    signature: bits(outer[1]),
  };
}

/** 电子印章数据 on its own (.esl): SEQUENCE { SES_SealInfo { SES_Header { "ES", … } } … }. */
export function isSealFile(bytes: Buffer): boolean {
  const root = derAt(bytes);
  if (root === null || root.tag !== TAG.sequence) return false;
  const header = derFind(root, (candidate) => candidate.tag === TAG.ia5, 4);
  return header?.body.toString('latin1') === 'ES' && sealPicture(root) !== null;
}
