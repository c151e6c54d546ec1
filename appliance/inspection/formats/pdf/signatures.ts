import { createHash } from 'node:crypto';
import { checkCms, type CmsState } from '../cms.js';
import { eachDict } from './contents.js';
import { PdfDocument, PdfFault, type PdfDict, PdfText, nameOf, type PdfValue } from './document.js';
import { annotationsOf, pageContent, readPages, type PdfPage } from './pages.js';

export interface PdfSignature {
  /** Full field name; null for a signature dictionary no field refers to. */
  readonly fieldName: string | null;
  readonly field: PdfDict | null;
  /** `adbe.pkcs7.detached`, `ETSI.CAdES.detached`, `ETSI.RFC3161`, … */
  readonly subFilter: string | null;
  /** Zero-based page of the widget. */
  readonly page: number | null;
  /** `[x1, y1, x2, y2]` in points. */
  readonly rect: readonly number[] | null;
  /** Has an appearance and a rectangle of some size: what is seen is kept when the signature goes. */
  readonly visible: boolean;
  readonly byteRange: readonly number[];
  /** The octets of /Contents, padding included. */
  readonly contents: Buffer;
  /** /M of the signature dictionary as written. */
  readonly time: string | null;
  /** /ByteRange leaves out exactly /Contents and stays inside the file. */
  readonly rangeSound: boolean;
  readonly coversWhole: boolean;
  /** Pages were added, removed or redrawn after signing. */
  readonly pagesChanged: boolean;
  readonly cms: CmsState;
}

export interface PdfSignatures {
  readonly signatures: readonly PdfSignature[];
  /** 空签名域: fields of type Sig without a value. */
  readonly emptyFields: number;
}

interface Field {
  readonly dict: PdfDict;
  readonly name: string;
  readonly type: string | null;
}

function formFields(doc: PdfDocument): Field[] {
  const fields: Field[] = [];
  const seen = new Set<PdfDict>();
  const visit = (value: PdfValue, name: string, type: string | null, depth: number): void => {
    const dict = doc.dict(value);
    if (dict === null || seen.has(dict) || depth > 60 || seen.size > 100_000) return;
    seen.add(dict);
    const part = doc.resolve(dict.get('T'));
    const full = part instanceof PdfText ? [name, textString(part.bytes)].filter((piece) => piece !== '').join('.') : name;
    const own = nameOf(doc.resolve(dict.get('FT'))) ?? type;
    fields.push({ dict, name: full, type: own });
    for (const kid of doc.array(dict.get('Kids'))) visit(kid, full, own, depth + 1);
  };
  const form = doc.dict(doc.catalog?.get('AcroForm') ?? null);
  for (const field of doc.array(form?.get('Fields') ?? null)) visit(field, '', null, 0);
  return fields;
}

/** PDF text string: UTF-16BE with its mark, else bytes as Latin-1. */
function textString(bytes: Buffer): string {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return Buffer.from(bytes.subarray(2, bytes.length - (bytes.length % 2))).swap16().toString('utf16le');
  return bytes.toString('latin1');
}

const isSignature = (doc: PdfDocument, dict: PdfDict): boolean => doc.array(dict.get('ByteRange')).length > 0 && doc.resolve(dict.get('Contents')) instanceof PdfText;

interface Widget {
  readonly page: number;
  readonly dict: PdfDict;
}

function signatureWidgets(doc: PdfDocument, pages: readonly PdfPage[]): Widget[] {
  return pages.flatMap((page) => annotationsOf(doc, page).filter((dict) => nameOf(doc.resolve(dict.get('Subtype'))) === 'Widget').map((dict) => ({ page: page.index, dict })));
}

function appearance(doc: PdfDocument, widget: PdfDict | null): { rect: readonly number[] | null; visible: boolean } {
  const rect = doc.array(widget?.get('Rect') ?? null).map((n) => doc.resolve(n)).filter((n) => typeof n === 'number');
  const [x1, y1, x2, y2] = rect;
  if (widget === null || x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined) return { rect: null, visible: false };
  const shown = doc.dict(doc.dict(widget.get('AP'))?.get('N') ?? null) !== null;
  return { rect: [x1, y1, x2, y2], visible: shown && Math.abs(x2 - x1) > 0 && Math.abs(y2 - y1) > 0 };
}

/** What the pages show, as one digest a page; an unreadable page counts as such. */
function pageDigests(doc: PdfDocument): string[] {
  return readPages(doc).pages.map((page) => {
    const content = pageContent(doc, page, 64 * 2 ** 20);
    return content === null ? 'unreadable' : createHash('sha256').update(content).digest('hex');
  });
}

function changedSince(bytes: Buffer, end: number, now: () => readonly string[]): boolean {
  if (end >= bytes.length) return false;
  try {
    const then = pageDigests(PdfDocument.open(bytes.subarray(0, end)));
    const present = now();
    return then.length !== present.length || then.some((digest, index) => digest !== present[index]);
  } catch (error) {
    if (error instanceof PdfFault) return true;
    throw error;
  }
}

function describe(doc: PdfDocument, dict: PdfDict, field: Field | undefined, widgets: readonly Widget[], now: () => readonly string[]): PdfSignature {
  const contents = doc.resolve(dict.get('Contents'));
  const text = contents instanceof PdfText ? contents : new PdfText(Buffer.alloc(0), -1, false);
  const range = doc.array(dict.get('ByteRange')).map((n) => doc.resolve(n)).map((n) => (typeof n === 'number' ? n : Number.NaN));
  const [a, b, c, d] = range;
  const { bytes } = doc;
  const whole = a !== undefined && b !== undefined && c !== undefined && d !== undefined && range.length === 4 && range.every((n) => Number.isInteger(n) && n >= 0);
  const inside = whole && a === 0 && b < c && c + d <= bytes.length;
  // ISO 32000-2 §12.8.1: the gap is /Contents with its brackets; anything else could hide in it.
  const gap = inside && bytes[b] === 0x3c && bytes[c - 1] === 0x3e && (text.at < 0 || text.at === b);
  const widget = widgets.find((candidate) => candidate.dict === field?.dict || (field !== undefined && doc.dict(candidate.dict.get('Parent')) === field.dict) || doc.dict(candidate.dict.get('V')) === dict) ?? null;
  const covered = inside ? [bytes.subarray(a, a + b), bytes.subarray(c, c + d)] : [];
  const time = doc.resolve(dict.get('M'));
  return {
    fieldName: field?.name ?? null,
    field: field?.dict ?? null,
    subFilter: nameOf(doc.resolve(dict.get('SubFilter'))),
    page: widget?.page ?? null,
    ...appearance(doc, widget?.dict ?? null),
    byteRange: range,
    contents: text.bytes,
    time: time instanceof PdfText ? textString(time.bytes) : null,
    rangeSound: gap,
    coversWhole: inside && c + d >= bytes.length - 2,
    pagesChanged: inside && changedSince(bytes, c + d, now),
    cms: checkCms(text.bytes, covered),
  };
}

/** Signatures of an open document: those in fields first, then dictionaries nothing refers to (usage rights, leftovers). */
export function documentSignatures(doc: PdfDocument): PdfSignatures {
  const fields = formFields(doc);
  const pages = readPages(doc).pages;
  const widgets = signatureWidgets(doc, pages);
  let digests: readonly string[] | null = null;
  const now = (): readonly string[] => (digests ??= pageDigests(doc));
  const found = new Map<PdfDict, Field | undefined>();
  const signing = fields.filter((field) => field.type === 'Sig');
  for (const widget of widgets) {
    if (nameOf(doc.resolve(widget.dict.get('FT'))) === 'Sig' && !fields.some((field) => field.dict === widget.dict)) signing.push({ dict: widget.dict, name: '', type: 'Sig' });
  }
  let emptyFields = 0;
  for (const field of signing) {
    const value = doc.dict(field.dict.get('V'));
    if (value !== null && isSignature(doc, value)) found.set(value, found.get(value) ?? field);
    else if (value === null && field.dict.has('T')) emptyFields += 1;
  }
  eachDict(doc, (dict) => {
    if (!found.has(dict) && isSignature(doc, dict)) found.set(dict, undefined);
  });
  return { signatures: [...found].map(([dict, field]) => describe(doc, dict, field, widgets, now)), emptyFields };
}

/** Signatures of a PDF file. @throws PdfFault when nobody could open it */
export const pdfSignatures = (bytes: Buffer): PdfSignatures => documentSignatures(PdfDocument.open(bytes));
