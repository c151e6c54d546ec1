/** PEM (RFC 7468): label, base64 in lines of 64, nothing else inside the block. */
import { ArchiveError } from '../../core/errors.js';

export type PemLabel = 'CERTIFICATE' | 'PRIVATE KEY' | 'PUBLIC KEY' | 'EC PRIVATE KEY' | 'ENCRYPTED PRIVATE KEY';

export function toPem(label: PemLabel, bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('base64');
  const lines = text.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** Every block of `text`, in order. Text outside the blocks (`openssl` writes some) is ignored, as RFC 7468 clause 2 has it. */
export function readPem(text: string): { label: string; der: Uint8Array }[] {
  const found: { label: string; der: Uint8Array }[] = [];
  const block = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*?)-----END ([A-Z0-9 ]+)-----/g;
  for (const [, label = '', body = '', end] of text.matchAll(block)) {
    if (label !== end) throw new ArchiveError('E_CRYPTO_INPUT', { coding: 'PEM', why: 'labels differ' });
    const clean = body.replace(/\s+/g, '');
    const der = Buffer.from(clean, 'base64');
    if (der.toString('base64') !== clean) throw new ArchiveError('E_CRYPTO_INPUT', { coding: 'PEM', why: 'not base64' });
    found.push({ label, der: new Uint8Array(der) });
  }
  return found;
}

/** The one block with one of these labels. @throws ArchiveError `E_CRYPTO_INPUT` */
export function onePem(text: string, ...labels: readonly PemLabel[]): { label: string; der: Uint8Array } {
  const [first, ...more] = readPem(text).filter(({ label }) => (labels as readonly string[]).includes(label));
  if (first === undefined || more.length > 0) {
    throw new ArchiveError('E_CRYPTO_INPUT', { coding: 'PEM', why: `expected one block: ${labels.join(' | ')}` });
  }
  return first;
}
