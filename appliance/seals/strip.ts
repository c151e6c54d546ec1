import { ArchiveError } from '../../core/errors.js';
import { digest } from './algorithms.js';
import { stripOfd } from './ofd/strip.js';
import { stripPdf } from './pdf/strip.js';
import type { FormatResult, SealFormat, StripResult } from './report.js';

/** Rooms by format. */
const STRIPPERS: Readonly<Record<SealFormat, (source: Buffer) => FormatResult | Promise<FormatResult>>> = { pdf: stripPdf, ofd: stripOfd };

const MIMES: Readonly<Record<string, SealFormat>> = { 'application/pdf': 'pdf', 'application/ofd': 'ofd' };

/**
 * 去除数字签名信息, 保留印章图形 (第十九条三款). The same input gives the same output; a file without signatures is given back as it came.
 * @param mime what the content was identified as; null: look at the bytes
 * @throws ArchiveError `E_FMT_NOT_ALLOWED` neither PDF nor OFD, `E_FMT_ENCRYPTED`, `E_FMT_UNREADABLE`,
 *   `E_SEAL_SIGNATURE_PRESENT` or `E_SEAL_IMAGE_LOST` when the result does not pass its own re-scan
 */
export async function stripSeals(source: Buffer, mime: string | null = null): Promise<StripResult> {
  const format = mime === null ? formatOf(source) : (MIMES[mime] ?? null);
  if (format === null) throw new ArchiveError('E_FMT_NOT_ALLOWED', { format: mime ?? 'unknown' });
  const { output, signatures, imagesKept } = await STRIPPERS[format](source);
  const result = output ?? source;
  return {
    output: result,
    report: {
      format,
      signaturesFound: signatures,
      signaturesRemoved: signatures.length,
      sealImagesKept: imagesKept,
      sm3Before: digest('sm3', source).toString('hex'),
      sm3After: digest('sm3', result).toString('hex'),
    },
  };
}

/** `%PDF-` may stand a little into the file (ISO 32000-1 annex H, note 13); an OFD is a ZIP. */
function formatOf(source: Buffer): SealFormat | null {
  if (source.subarray(0, 4).toString('latin1') === 'PK\x03\x04') return 'ofd';
  return source.subarray(0, 1024).includes('%PDF-') ? 'pdf' : null;
}
