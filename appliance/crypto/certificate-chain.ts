/**
 * 证书链验证, link by link: each certificate is checked with its issuer's key, name, right to issue and depth, at one given
 * instant. All certificates of a chain use the same user id in Z.
 * @see RFC 5280 clause 6.1, the parts that apply without policies and name constraints (a critical extension we do not know refuses)
 */
import type { Instant } from '../../core/ports.js';
import type { Certificate, KeyUsage } from './certificate.js';
import type { CryptoProvider } from './provider.js';

export type ChainFault =
  | 'empty' | 'no-anchor' | 'issuer-name' | 'signature' | 'expired' | 'not-yet-valid' | 'not-a-ca' | 'path-length' | 'key-usage'
  | 'unknown-critical-extension';

export type ChainVerdict =
  | { readonly valid: true; readonly leaf: Certificate; readonly anchor: Certificate }
  /** @param at place in the chain, 0 = leaf; the anchor comes after the last one */
  | { readonly valid: false; readonly fault: ChainFault; readonly at: number };

export interface ChainQuestion {
  /** Leaf first, then intermediates in order; the anchor itself may be repeated at the end. */
  readonly chain: readonly Certificate[];
  /** Trusted roots, the only ones. */
  readonly anchors: readonly Certificate[];
  /** The instant to judge at. */
  readonly at: Instant;
  /** What the leaf's key is used for; checked when its certificate limits usage. */
  readonly usage?: KeyUsage;
  readonly id?: string;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export function verifyChain(provider: CryptoProvider, question: ChainQuestion): ChainVerdict {
  const { anchors, at, usage, id } = question;
  const chain = question.chain.filter((one, place) => place === 0 || !anchors.some((anchor) => same(anchor.der, one.der)));
  const [leaf] = chain;
  const last = chain.at(-1);
  if (leaf === undefined || last === undefined) return { valid: false, fault: 'empty', at: 0 };

  const named = anchors.filter((anchor) => same(anchor.subjectDer, last.issuerDer));
  if (named.length === 0) return { valid: false, fault: 'no-anchor', at: chain.length - 1 };
  const anchor = named.find((one) => provider.verify(last.tbs, last.signature, one.publicKey, id));
  if (anchor === undefined) return { valid: false, fault: 'signature', at: chain.length - 1 };

  if (usage !== undefined && leaf.keyUsage !== null && !leaf.keyUsage.includes(usage)) return { valid: false, fault: 'key-usage', at: 0 };
  for (const [place, certificate] of chain.entries()) {
    const fault = faultOf(provider, certificate, chain[place + 1] ?? anchor, place, id) ?? faultAt(certificate, at);
    if (fault !== undefined) return { valid: false, fault, at: place };
  }
  const anchorFault = faultAt(anchor, at);
  return anchorFault === undefined ? { valid: true, leaf, anchor } : { valid: false, fault: anchorFault, at: chain.length };
}

/** @param below how many certification authorities stand between the issuer and the leaf */
function faultOf(provider: CryptoProvider, certificate: Certificate, issuer: Certificate, below: number, id?: string): ChainFault | undefined {
  if (!same(certificate.issuerDer, issuer.subjectDer)) return 'issuer-name';
  if (!issuer.ca) return 'not-a-ca';
  if (issuer.keyUsage !== null && !issuer.keyUsage.includes('keyCertSign')) return 'key-usage';
  if (issuer.pathLength !== null && below > issuer.pathLength) return 'path-length';
  return provider.verify(certificate.tbs, certificate.signature, issuer.publicKey, id) ? undefined : 'signature';
}

function faultAt(certificate: Certificate, at: Instant): ChainFault | undefined {
  const instant = Date.parse(at);
  if (Number.isNaN(instant) || instant < Date.parse(certificate.notBefore)) return 'not-yet-valid';
  if (instant > Date.parse(certificate.notAfter)) return 'expired';
  return certificate.unknownCritical.length > 0 ? 'unknown-critical-extension' : undefined;
}
