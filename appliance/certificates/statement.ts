import type { Level } from '../../core/ports.js';
import type { InclusionProof } from '../audit/proofs.js';

/** 出证说明: what the box signs of a certified copy. Format: README.md. */
export interface CertificateStatement {
  readonly type: 'shouzang-certificate/v1';
  readonly no: string;
  readonly box: string;
  readonly unit: string;
  readonly rehearsal: boolean;
  readonly record: { readonly id: string; readonly fonds: string; readonly archivalCode: string; readonly title: string; readonly documentDate: string | null; readonly level: Level };
  readonly file: { readonly id: string; readonly name: string; readonly format: string; readonly bytes: number; readonly sm3: string };
  /** SM3 of the certified copy as PDF. */
  readonly copy: { readonly pages: number; readonly sm3: string };
  readonly issuedTo: string;
  readonly purpose: string;
  readonly issuedAt: string;
  readonly issuedBy: string;
  /** The entry of the ledger, its audit path, and the signed checkpoint over both. */
  readonly proof: InclusionProof;
}

export const CERTIFICATE_NO = /^CZ-\d{4}-(?:\d{4}|\d{8})$/u;
/** Files of a certificate: the statement, its signature, the certified copy, the file itself, the box's two certificates. */
export const MEMBERS = ['json', 'json.sig', 'pdf', 'original', 'pem'] as const;
