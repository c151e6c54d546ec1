import { ArchiveError } from '../../core/errors.js';
import type { Instant } from '../../core/ports.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { Certificate } from '../crypto/certificate.js';
import { parseCertificate } from '../crypto/certificate.js';
import { verifyChain } from '../crypto/certificate-chain.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { SecondVerifier } from '../crypto/sm-crypto-adapter.js';

/**
 * Verifies what an officer signs with one certificate: the certificate is this box's own and valid at the instant, serial and token
 * are its own, and both SM2 implementations say the signature holds. One of them saying so is not enough.
 * @throws ArchiveError `E_CERT_INVALID`
 */
export const officerVerifier = (crypto: CryptoProvider, second: SecondVerifier, authority: () => Certificate) => (pem: string, at: Instant): VerifySignature => {
  const certificate = parseCertificate(pem);
  const chain = verifyChain(crypto, { chain: [certificate], anchors: [authority()], at, usage: 'digitalSignature' });
  if (!chain.valid) throw new ArchiveError('E_CERT_INVALID', { fault: chain.fault });
  const token = Buffer.from(certificate.publicKey).toString('hex');
  return (text, { signature, certificateSerial, token: signedWith }) => {
    if (certificateSerial !== certificate.serial || signedWith !== token) return false;
    const [message, bytes] = [Buffer.from(text), Buffer.from(signature, 'base64url')];
    return crypto.verify(message, bytes, certificate.publicKey) && second.verify(message, bytes, certificate.publicKey);
  };
};
