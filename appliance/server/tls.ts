import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import type { Clock } from '../../core/ports.js';
import { exists, replaceFile } from '../content/file-ops.js';

/** What the HTTPS listener is given. PEM. */
export interface TlsPair { readonly key: string; readonly cert: string }

/** Nothing older is spoken. */
export const TLS_MIN = 'TLSv1.3';
const YEARS = 10;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/**
 * The listener's certificate, made at first start. P-256 and not SM2: no browser of this runtime speaks a national suite
 * (core/DECISIONS.md); it protects the way across the LAN and nothing at rest.
 */
export async function tlsPair(folder: string, clock: Clock): Promise<TlsPair> {
  const [keyFile, certFile] = [path.join(folder, 'tls-key.pem'), path.join(folder, 'tls-cert.pem')];
  if (!(await exists(keyFile)) || !(await exists(certFile))) {
    const made = await makePair(clock);
    await replaceFile(keyFile, made.key);
    await replaceFile(certFile, made.cert);
  }
  return { key: await readFile(keyFile, 'utf8'), cert: await readFile(certFile, 'utf8') };
}

async function makePair(clock: Clock): Promise<TlsPair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const from = new Date(clock.now());
  const until = new Date(from);
  until.setUTCFullYear(from.getUTCFullYear() + YEARS);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=shouzang', notBefore: from, notAfter: until, signingAlgorithm: ALGORITHM, keys,
    serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(12))).toString('hex'),
    extensions: [new SubjectAlternativeNameExtension([
      { type: 'ip', value: '127.0.0.1' }, { type: 'dns', value: 'localhost' }, { type: 'dns', value: hostname() },
    ])],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64').replace(/.{64}/g, '$&\n');
  return { key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`, cert: `${certificate.toString('pem')}\n` };
}
