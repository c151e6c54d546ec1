import { createHash } from 'node:crypto';
import { PackageFault, type OfdPackage } from './package.js';
import { readSes, type SesSignature } from './seal.js';
import { child, childrenOf, textOf, type XmlNode } from './xml.js';

/** `[x, y, width, height]` in millimetres. */
export type Box = readonly [number, number, number, number];

export interface StampAnnot {
  readonly id: string;
  /** ID of the page element in Document.xml. */
  readonly pageId: string;
  /** Place on the page. */
  readonly boundary: Box;
  /** 骑缝章: the part of the seal shown on this page, in the seal's own frame. */
  readonly clip: Box | null;
}

/** `unsupported`: the digest algorithm is not one we know, so nothing can be said; that is not tampering. */
export type DigestState = 'match' | 'mismatch' | 'missing' | 'unsupported';

export interface OfdSignature {
  readonly id: string;
  /** `Seal` with a seal, `Sign` without. */
  readonly type: string;
  /** Signature.xml; null when it is declared and absent. */
  readonly path: string | null;
  readonly signedValuePath: string | null;
  readonly sealPath: string | null;
  readonly provider: string | null;
  /** OID or name as written. */
  readonly method: string | null;
  readonly dateTime: string | null;
  readonly checkMethod: string;
  readonly references: readonly { readonly path: string; readonly state: DigestState }[];
  readonly stamps: readonly StampAnnot[];
  /** Null when SignedValue.dat is absent or is no SES structure. */
  readonly ses: SesSignature | null;
  /** Does the digest under the signature fit Signature.xml as it is now? Null when there is no SES structure to ask. */
  readonly signedDigest: DigestState | null;
}

export interface SignatureList {
  /** Signatures.xml named by OFD.xml, as written. */
  readonly declared: string;
  /** Null: declared but not in the package (悬空引用). */
  readonly path: string | null;
  readonly signatures: readonly OfdSignature[];
}

/** CheckMethod as written to a digest of this platform. GB/T 33190 §18.2.3: MD5 when not given. */
const DIGESTS: Readonly<Record<string, string>> = {
  sm3: 'sm3',
  '1.2.156.10197.1.401': 'sm3',
  md5: 'md5',
  '1.2.840.113549.2.5': 'md5',
  sha1: 'sha1',
  'sha-1': 'sha1',
  '1.3.14.3.2.26': 'sha1',
  sha256: 'sha256',
  'sha-256': 'sha256',
  '2.16.840.1.101.3.4.2.1': 'sha256',
};

const digest = (name: string, bytes: Buffer): Buffer => createHash(name).update(bytes).digest();

export function box(text: string | null | undefined): Box | null {
  const parts = (text ?? '').trim().split(/\s+/).map(Number);
  const [x, y, width, height] = parts;
  if (x === undefined || y === undefined || width === undefined || height === undefined || parts.some((part) => !Number.isFinite(part))) return null;
  return [x, y, width, height];
}

function referenceState(pkg: OfdPackage, from: string, fileRef: string, method: string | null, expected: string): { path: string; state: DigestState } {
  const path = pkg.resolve(fileRef, from);
  if (path === null) return { path: fileRef, state: 'missing' };
  if (method === null) return { path, state: 'unsupported' };
  try {
    return { path, state: digest(method, pkg.read(path)).equals(Buffer.from(expected, 'base64')) ? 'match' : 'mismatch' };
  } catch {
    return { path, state: 'missing' };
  }
}

/** The digest under an SM2 signature is SM3 whatever CheckMethod says of the references; RSA seals use SHA. */
const signedDigestFits = (own: Buffer, expected: Buffer): boolean => ['sm3', 'sha256', 'sha1', 'md5'].some((name) => digest(name, own).equals(expected));

function readBytes(pkg: OfdPackage, path: string | null): Buffer | null {
  if (path === null) return null;
  try {
    return pkg.read(path);
  } catch (error) {
    if (error instanceof PackageFault) return null;
    throw error;
  }
}

function readSignature(pkg: OfdPackage, listPath: string, node: XmlNode): OfdSignature {
  const path = pkg.resolve(node.attrs['BaseLoc'] ?? '', listPath);
  const empty = { id: node.attrs['ID'] ?? '', type: node.attrs['Type'] ?? 'Seal', path, signedValuePath: null, sealPath: null, provider: null, method: null, dateTime: null, checkMethod: 'MD5', references: [], stamps: [], ses: null, signedDigest: null };
  const own = readBytes(pkg, path);
  if (path === null || own === null) return { ...empty, path: null };
  let root: XmlNode;
  try {
    root = pkg.xml(path);
  } catch {
    return empty;
  }
  const info = child(root, 'SignedInfo');
  const provider = child(info, 'Provider');
  const refs = child(info, 'References');
  const checkMethod = refs?.attrs['CheckMethod'] ?? 'MD5';
  const method = DIGESTS[checkMethod.trim().toLowerCase()] ?? null;
  const signedValuePath = pkg.resolve(textOf(root, 'SignedValue') ?? '', path);
  const signedValue = readBytes(pkg, signedValuePath);
  const ses = signedValue === null ? null : readSes(signedValue);
  const sealRef = textOf(child(info, 'Seal'), 'BaseLoc');
  return {
    ...empty,
    signedValuePath,
    sealPath: sealRef === null ? null : pkg.resolve(sealRef, path),
    provider: provider?.attrs['ProviderName'] ?? textOf(provider, 'ProviderName'),
    method: textOf(info, 'SignatureMethod'),
    dateTime: textOf(info, 'SignatureDateTime'),
    checkMethod,
    references: childrenOf(refs, 'Reference').map((ref) => referenceState(pkg, path, ref.attrs['FileRef'] ?? '', method, textOf(ref, 'CheckValue') ?? '')),
    stamps: childrenOf(info, 'StampAnnot').flatMap((stamp) => {
      const boundary = box(stamp.attrs['Boundary']);
      return boundary === null ? [] : [{ id: stamp.attrs['ID'] ?? '', pageId: stamp.attrs['PageRef'] ?? '', boundary, clip: box(stamp.attrs['Clip']) }];
    }),
    ses,
    signedDigest: ses === null || ses.dataHash === null ? null : method === null ? 'unsupported' : signedDigestFits(own, ses.dataHash) ? 'match' : 'mismatch',
  };
}

/**
 * The signature list of one DocBody. A later signing changes Signatures.xml, so a mismatch of that one file under any but the
 * last signature is reported as a match: 追加签名 is normal (GB/T 33190 §18.1).
 */
export function readSignatures(pkg: OfdPackage, declared: string): SignatureList {
  const path = pkg.resolve(declared, 'OFD.xml');
  if (path === null) return { declared, path: null, signatures: [] };
  let list: readonly XmlNode[];
  try {
    list = childrenOf(pkg.xml(path), 'Signature');
  } catch {
    return { declared, path, signatures: [] };
  }
  const signatures = list.map((node) => readSignature(pkg, path, node));
  return {
    declared,
    path,
    signatures: signatures.map((signature, index) =>
      index === signatures.length - 1 ? signature : { ...signature, references: signature.references.map((ref) => (ref.path === path && ref.state === 'mismatch' ? { ...ref, state: 'match' as const } : ref)) },
    ),
  };
}
