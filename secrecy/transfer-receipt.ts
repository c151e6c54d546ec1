/**
 * 接收凭证: what a receiving archive says of one transfer package, signed by two receivers and by its box. Only this makes the sender's
 * records 已移交 (第二十三、二十六条). No title and no fault in words: archival codes, accession numbers and test numbers.
 * @see transfer-receipt.md
 */
import { canonicalBytes } from '../core/canonical.js';
import type { Instant } from '../core/ports.js';
import { canonical } from './signing.js';

export const RECEIPT_TYPE = 'shouzang-transfer-receipt/v1';

export interface ReceiptParty {
  /** 单位名称 */
  readonly unit: string;
  /** 设备编号 in its box certificate, `SZ-…`. */
  readonly box: string;
}
/** One sealed volume of the package, in order. */
export interface ReceiptVolume {
  /** Envelope id, UUID; `null` for a package that travelled plain. */
  readonly envelope: string | null;
  /** SM3 of the envelope's label, hex, which holds the digest of all that is in it; of the manifest where there is none. */
  readonly envelopeDigest: string;
  /** SM3 of 校验/manifest-sm3.txt, hex; `null` where the envelope could not be opened, which only a returned package may be. */
  readonly manifestDigest: string | null;
}
export interface ReceiptRecord {
  readonly archivalCode: string;
  /** 馆编号; `null` for what is returned. */
  readonly accessionNo: string | null;
}
/** What the receivers sign. */
export interface ReceiptBody {
  readonly type: typeof RECEIPT_TYPE;
  readonly receiptNo: string;
  readonly packageNo: string;
  /** 交接单号 */
  readonly handoverNo: string;
  readonly sender: ReceiptParty;
  readonly receiver: ReceiptParty;
  readonly volumes: readonly ReceiptVolume[];
  readonly receivedAt: Instant;
  readonly decidedAt: Instant;
  readonly outcome: 'accepted' | 'returned';
  /** By archival code, ascending; of what was returned, as far as it could be read. */
  readonly records: readonly ReceiptRecord[];
  /** 不合格项编号 (`YJ-1-14`, `KM-09`), ascending, each once; none of what was accepted, at least one of what was returned. */
  readonly defects: readonly string[];
}
export interface ReceiverSignature {
  /** Account in the receiving box. */
  readonly person: string;
  readonly name: string;
  /** Serial of the token or key file. */
  readonly token: string;
  readonly certificateSerial: string;
  /** PEM, issued by the receiving box's authority. */
  readonly certificate: string;
  readonly at: Instant;
  /** SM2 over the UTF-8 bytes of `receiptStatement`, DER, base64url. */
  readonly signature: string;
}
/** What the box signs: the body with both signatures of people on it. */
export interface CountersignedReceipt { readonly body: ReceiptBody; readonly receivers: readonly ReceiverSignature[] }
export interface SignedReceipt extends CountersignedReceipt {
  readonly box: {
    /** PEM, box certificate first, its authority after it. */
    readonly chain: readonly string[];
    /** SM2 over `receiptBytes`, DER, base64url. */
    readonly signature: string;
  };
}

/** The text each receiver signs. */
export const receiptStatement = (body: ReceiptBody): string => canonical({
  ...body, sender: { ...body.sender }, receiver: { ...body.receiver }, volumes: body.volumes.map((one) => ({ ...one })), records: body.records.map((one) => ({ ...one })), defects: [...body.defects],
});

/** The bytes the box signs. */
export const receiptBytes = ({ body, receivers }: CountersignedReceipt): Uint8Array => canonicalBytes({ body, receivers });

/** The file itself, RFC 8785. */
export const writeReceipt = (receipt: SignedReceipt): Uint8Array => canonicalBytes(receipt);

/** What the receivers are asked to sign, with lists in their one order. */
export function draftReceipt(facts: Omit<ReceiptBody, 'type'>): ReceiptBody {
  const byCode = [...facts.records].sort((a, b) => (a.archivalCode < b.archivalCode ? -1 : 1));
  return { ...facts, type: RECEIPT_TYPE, records: byCode, defects: [...new Set(facts.defects)].sort() };
}

/** What the sender handed over. */
export interface HandedOver {
  readonly packageNo: string;
  readonly handoverNo: string;
  /** Serial of the sender's box and of the one it was sealed for. */
  readonly senderBox: string;
  readonly receiverBox: string;
  readonly volumes: readonly { readonly envelope: string | null; readonly envelopeDigest: string; readonly manifestDigest: string }[];
  /** Archival codes of the records. */
  readonly records: readonly string[];
  readonly dispatchedAt: Instant;
}
export interface ReceiptChecks {
  /** Certificate of the receiver and signature over the statement, both against the counterpart's authority. */
  readonly receiver: (statement: string, signature: ReceiverSignature) => boolean;
  /** Chain of the box against the counterpart's card, and signature over the bytes. */
  readonly box: (bytes: Uint8Array, receipt: SignedReceipt) => boolean;
}

export type ReceiptFault =
  | 'package' | 'handover' | 'sender' | 'receiver' | 'volumes' | 'manifests' | 'records' | 'numbers' | 'defects' | 'times' | 'order' | 'receivers' | 'receiver-signature' | 'box-signature';

const ascending = (list: readonly string[]): boolean => list.every((one, at) => at === 0 || (list[at - 1] ?? '') < one);

/** What of the body contradicts itself, whoever reads it. */
function contradictions({ outcome, records, defects, volumes, receivedAt, decidedAt }: ReceiptBody): ReceiptFault[] {
  const accepted = outcome === 'accepted';
  const numbers = records.flatMap(({ accessionNo }) => accessionNo ?? []);
  return [
    ...(accepted && volumes.some(({ manifestDigest }) => manifestDigest === null) ? ['manifests' as const] : []),
    ...(numbers.length !== (accepted ? records.length : 0) || new Set(numbers).size !== numbers.length || (accepted && records.length === 0) ? ['numbers' as const] : []),
    ...(accepted === (defects.length > 0) ? ['defects' as const] : []),
    ...(decidedAt < receivedAt ? ['times' as const] : []),
    ...(ascending(defects) && ascending(records.map(({ archivalCode }) => archivalCode)) ? [] : ['order' as const]),
  ];
}

/** What does not answer to what was handed over. A returned package may name fewer records, never others. */
function strangers(body: ReceiptBody, sent: HandedOver): ReceiptFault[] {
  const codes = new Set(sent.records);
  const named = body.records.map(({ archivalCode }) => archivalCode);
  const matching = body.volumes.length === sent.volumes.length && body.volumes.every((one, at) => one.envelope === sent.volumes[at]?.envelope && one.envelopeDigest === sent.volumes[at].envelopeDigest);
  return [
    ...(body.packageNo === sent.packageNo ? [] : ['package' as const]),
    ...(body.handoverNo === sent.handoverNo ? [] : ['handover' as const]),
    ...(body.sender.box === sent.senderBox ? [] : ['sender' as const]),
    ...(body.receiver.box === sent.receiverBox ? [] : ['receiver' as const]),
    // What was damaged on the way has another digest: it can be returned, and never accepted.
    ...(matching || (body.outcome === 'returned' && body.volumes.length === sent.volumes.length && body.volumes.every((one, at) => one.envelope === sent.volumes[at]?.envelope)) ? [] : ['volumes' as const]),
    ...(body.outcome === 'accepted' && body.volumes.some((one, at) => one.manifestDigest !== null && one.manifestDigest !== sent.volumes[at]?.manifestDigest) ? ['manifests' as const] : []),
    ...(named.every((code) => codes.has(code)) && (body.outcome === 'returned' || named.length === codes.size) ? [] : ['records' as const]),
    ...(body.receivedAt < sent.dispatchedAt ? ['times' as const] : []),
  ];
}

/** Every reason why the sender must not believe the receipt, each once; empty for a good one. */
export function receiptFaults(receipt: SignedReceipt, sent: HandedOver, checks: ReceiptChecks): readonly ReceiptFault[] {
  const { body, receivers } = receipt;
  const statement = receiptStatement(body);
  const two = receivers.length === 2 && new Set(receivers.map(({ person }) => person)).size === 2 && new Set(receivers.map(({ token }) => token)).size === 2 && receivers.every(({ at }) => at >= body.decidedAt);
  return [...new Set([
    ...contradictions(body), ...strangers(body, sent),
    ...(two ? [] : ['receivers' as const]),
    ...(receivers.every((one) => checks.receiver(statement, one)) ? [] : ['receiver-signature' as const]),
    ...(checks.box(receiptBytes(receipt), receipt) ? [] : ['box-signature' as const]),
  ])];
}

// Reading: closed shapes, nothing repaired, nothing passed over.
type Shape<T> = (value: unknown) => value is T;
const DIGEST = /^[0-9a-f]{64}$/u;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u;
const NUMBER = /^[\p{L}\p{N}〔〕·._/-]{1,80}$/u;
const PEM = /^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]{1,8000}\n-----END CERTIFICATE-----\n?$/u;
const text = (pattern: RegExp): Shape<string> => (value): value is string => typeof value === 'string' && pattern.test(value);
const nullable = <T>(shape: Shape<T>): Shape<T | null> => (value): value is T | null => value === null || shape(value);
const list = <T>(shape: Shape<T>, least: number, most: number): Shape<readonly T[]> => (value): value is readonly T[] => Array.isArray(value) && value.length >= least && value.length <= most && value.every(shape);
const closed = <T extends object>(fields: { readonly [Name in keyof T]: Shape<T[Name]> }): Shape<T> => (value): value is T =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === Object.keys(fields).length
  && (Object.entries(fields) as [string, Shape<unknown>][]).every(([name, shape]) => Object.hasOwn(value, name) && shape((value as Record<string, unknown>)[name]));

const party = closed<ReceiptParty>({ unit: text(/^[^\p{C}]{1,100}$/u), box: text(/^[A-Za-z0-9-]{1,64}$/u) });
const signatureText = text(/^[A-Za-z0-9_-]{80,120}$/u);
const signedReceipt = closed<SignedReceipt>({
  body: closed<ReceiptBody>({
    type: (value): value is typeof RECEIPT_TYPE => value === RECEIPT_TYPE,
    receiptNo: text(NUMBER), packageNo: text(NUMBER), handoverNo: text(NUMBER), sender: party, receiver: party,
    volumes: list(closed<ReceiptVolume>({ envelope: nullable(text(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u)), envelopeDigest: text(DIGEST), manifestDigest: nullable(text(DIGEST)) }), 1, 1000),
    receivedAt: text(INSTANT), decidedAt: text(INSTANT),
    outcome: (value): value is 'accepted' | 'returned' => value === 'accepted' || value === 'returned',
    records: list(closed<ReceiptRecord>({ archivalCode: text(NUMBER), accessionNo: nullable(text(NUMBER)) }), 0, 20_000),
    defects: list(text(/^(YJ-[1-4]|KM)-\d{1,2}$/u), 0, 200),
  }),
  receivers: list(closed<ReceiverSignature>({
    person: text(/^[^\p{C}]{1,64}$/u), name: text(/^[^\p{C}]{1,64}$/u), token: text(/^[0-9a-f]{2,200}$/u), certificateSerial: text(/^[0-9a-f]{1,64}$/iu), certificate: text(PEM), at: text(INSTANT), signature: signatureText,
  }), 2, 2),
  box: closed<SignedReceipt['box']>({ chain: list(text(PEM), 1, 8), signature: signatureText }),
});

/** Longest file that is read, in bytes: what the second SM2 implementation takes. */
export const RECEIPT_BYTES = 4 * 1024 * 1024;

/** The receipt in these bytes; undefined for anything but its one canonical form. It says nothing yet of who signed it. */
export function readReceipt(bytes: Uint8Array): SignedReceipt | undefined {
  if (bytes.length >= RECEIPT_BYTES) return undefined;
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    if (!signedReceipt(parsed)) return undefined;
    const again = writeReceipt(parsed);
    return again.length === bytes.length && again.every((byte, at) => byte === bytes[at]) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
