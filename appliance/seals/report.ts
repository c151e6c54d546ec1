/**
 * 去除电子印章数字签名 (第十九条三款): what was found before removal, what was done, and the digests on both sides.
 * The report is kept as metadata (`sealInfo`, `sealStripped`); it holds names of signers and so is content, not log material.
 */
export type SealFormat = 'pdf' | 'ofd';

/** One digital signature as it stood before removal. */
export interface FoundSignature {
  /** 签名人: common name of the signer's certificate; null when the signature names nobody. */
  readonly signer: string | null;
  /** 签名时间, RFC 3339 where it can be read as a time, else as written; null when absent. */
  readonly time: string | null;
  /** e.g. `SM2withSM3`, `RSA-SHA256`; an OID where the algorithm has no name here. */
  readonly algorithm: string | null;
  /** 验签结果: the mathematics over the signed bytes. `null`: cannot be verified here (algorithm, missing certificate). Trust in the certificate is a separate question. */
  readonly verified: boolean | null;
  /** Why not `true`: a key of `REASONS`; null when verified. */
  readonly reason: keyof typeof REASONS | null;
  /** 印章图形: the signature shows a picture. */
  readonly visible: boolean;
  /** 签名覆盖: false when bytes or entries were added after signing that the signature does not protect. */
  readonly coversWhole: boolean | null;
}

export const REASONS = {
  'digest-mismatch': '内容摘要与签名不符，签名后有改动',
  'changed-since': '签名之后页面又有改动，改动部分未经签名',
  'signature-invalid': '签名值验证失败',
  'range-odd': '签名范围不合规则',
  'data-missing': '声明的签名数据缺失',
  'data-unreadable': '签名数据无法解析',
  'certificate-missing': '签名中没有签名人证书，无法验证',
  'algorithm-unsupported': '签名或摘要算法不支持，无法验证',
} as const;

export interface StripReport {
  readonly format: SealFormat;
  readonly signaturesFound: readonly FoundSignature[];
  readonly signaturesRemoved: number;
  /** 保留的印章图形: signatures whose picture is now part of the page. */
  readonly sealImagesKept: number;
  /** SM3, 64 hex digits. */
  readonly sm3Before: string;
  readonly sm3After: string;
}

export interface StripResult {
  /** The very bytes given when there was nothing to remove. */
  readonly output: Buffer;
  readonly report: StripReport;
}

/** What a format room hands to `stripSeals`. `output` null: nothing to remove. */
export interface FormatResult {
  readonly output: Buffer | null;
  readonly signatures: readonly FoundSignature[];
  readonly imagesKept: number;
}
