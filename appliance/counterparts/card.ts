import type { Instant } from '../../core/ports.js';
import { cardBytes, readCard } from '../../secrecy/counterpart-card.js';
import type { CardFault, CounterpartCard } from '../../secrecy/counterpart-card.js';
import { parseCertificate } from '../crypto/certificate.js';
import type { Certificate } from '../crypto/certificate.js';
import { verifyChain } from '../crypto/certificate-chain.js';
import type { CryptoProvider } from '../crypto/provider.js';

export interface CardVerdict { readonly card: CounterpartCard | null; readonly fault: CardFault | null }

/** The two certificates of a card's chain, and the one that envelopes are sealed for. */
export function certificatesOfCard(card: CounterpartCard): { readonly box: Certificate; readonly authority: Certificate; readonly encryption: Certificate } {
  const [box = '', authority = ''] = card.chain;
  return { box: parseCertificate(box), authority: parseCertificate(authority), encryption: parseCertificate(card.encryption) };
}

/** Whether the card is of one piece: its own signature, its chain and its dates. Whose authority it is nobody but people can tell. */
export function verifyCard(crypto: CryptoProvider, bytes: Uint8Array, own: { readonly box: string; readonly rehearsal: boolean }, at: Instant): CardVerdict {
  const signed = readCard(bytes);
  if (signed === undefined) return { card: null, fault: 'shape' };
  const { card } = signed;
  return { card, fault: faultOf(crypto, card, signed.signature, own, at) };
}

function faultOf(crypto: CryptoProvider, card: CounterpartCard, signature: string, own: { readonly box: string; readonly rehearsal: boolean }, at: Instant): CardFault | null {
  if (card.box === own.box) return 'own';
  if (card.rehearsal !== own.rehearsal) return 'rehearsal';
  if (card.issuedAt > at) return 'not-yet-valid';
  if (card.validUntil < at) return 'expired';
  try {
    const { box, authority, encryption } = certificatesOfCard(card);
    if (!verifyChain(crypto, { chain: [box], anchors: [authority], at, usage: 'digitalSignature' }).valid) return 'chain';
    if (box.subject.commonName !== card.box) return 'serial';
    if (!verifyChain(crypto, { chain: [encryption], anchors: [authority], at, usage: 'keyEncipherment' }).valid) return 'encryption';
    if (encryption.subject.commonName !== card.box || card.validUntil > encryption.notAfter) return 'encryption';
    return crypto.verify(cardBytes(card), Buffer.from(signature, 'base64url'), box.publicKey) ? null : 'signature';
  } catch {
    return 'chain';
  }
}
