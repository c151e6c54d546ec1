import type { ReceiptChecks } from '../../secrecy/transfer-receipt.js';
import type { Certificate } from '../crypto/certificate.js';
import { parseCertificate } from '../crypto/certificate.js';
import { verifyChain } from '../crypto/certificate-chain.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { SecondVerifier } from '../crypto/sm-crypto-adapter.js';

/**
 * Who signed a receipt, by two SM2 implementations: both must agree.
 * @param authority of the receiving box, from its card
 */
export function receiptChecks(crypto: CryptoProvider, second: SecondVerifier, authority: Certificate): ReceiptChecks {
  const signed = (message: Uint8Array, signature: string, key: Uint8Array): boolean => {
    const der = Buffer.from(signature, 'base64url');
    return crypto.verify(message, der, key) && second.verify(message, der, key);
  };
  const certified = (chain: readonly string[], at: string): Certificate | undefined => {
    try {
      const verdict = verifyChain(crypto, { chain: chain.map(parseCertificate), anchors: [authority], at, usage: 'digitalSignature' });
      return verdict.valid ? verdict.leaf : undefined;
    } catch {
      return undefined;
    }
  };
  return {
    receiver(statement, { certificate, certificateSerial, token, at, signature }) {
      const leaf = certified([certificate], at);
      // An officer's token is named by its public key (officer-signature.ts).
      return leaf !== undefined && leaf.serial === certificateSerial && Buffer.from(leaf.publicKey).toString('hex') === token && signed(Buffer.from(statement), signature, leaf.publicKey);
    },
    box(bytes, { body, box }) {
      const leaf = certified(box.chain, body.decidedAt);
      return leaf !== undefined && leaf.subject.commonName === body.receiver.box && signed(bytes, box.signature, leaf.publicKey);
    },
  };
}
