import { ArchiveError } from '../../../core/errors.js';
import { digest } from '../algorithms.js';
import type { FormatResult } from '../report.js';
import { PdfDocument, ref } from './document.js';
import { flattenSignatures, type KeptPicture } from './flatten.js';
import { CATALOGUE_KEYS, catalogueOf, findSignatures, isSignature, isSignatureField, pagesOf, walkAll } from './signatures.js';
import { array, dictOf, type PdfDict, type PdfValue } from './values.js';
import { verifySignature } from './verify.js';
import { PdfWriter } from './writer.js';

/**
 * 去除 PDF 数字签名, 保留印章图形 (第十九条三款). The result is a full rewrite: earlier revisions leave with their bytes.
 * @throws ArchiveError `E_FMT_ENCRYPTED`; `E_FMT_UNREADABLE` when no viewer could show it; `E_SEAL_*` when the result fails its re-scan.
 */
export function stripPdf(data: Buffer): FormatResult {
  const document = PdfDocument.read(data);
  if (document === null) throw new ArchiveError('E_FMT_UNREADABLE', { format: 'pdf' });
  if (document.encrypted) throw new ArchiveError('E_FMT_ENCRYPTED', { format: 'pdf' });
  const found = findSignatures(document);
  const all = [...found.current, ...found.buried];
  if (all.length === 0 && !found.leftovers) return { output: null, signatures: [], imagesKept: 0 };
  const verdicts = all.map((one) => ({ one, verdict: verifySignature(document, one, false) }));
  const catalogue = catalogueOf(document);
  if (catalogue === null) throw new ArchiveError('E_FMT_UNREADABLE', { format: 'pdf' });
  const { pictures, annotations } = flattenSignatures(document, document.dictAt(catalogue, 'StructTreeRoot') !== null);
  const dropped = new Set<PdfDict>([...all, ...annotations, ...removeFields(document, catalogue), ...strayFields(document)]);
  for (const key of CATALOGUE_KEYS) catalogue.map.delete(key);
  const output = new PdfWriter(document, dropped).write(versionOf(data), digest('sm3', data).subarray(0, 16), pagesOf(document).length === 0);
  rescan(output, pictures);
  const shown = new Set(pictures.map((one) => one.signature));
  return {
    output,
    signatures: verdicts.map(({ one, verdict }) => ({ ...verdict, visible: shown.has(one) })),
    imagesKept: all.filter((one) => shown.has(one)).length,
  };
}

function versionOf(data: Buffer): string {
  return /%PDF-(\d\.\d)/.exec(data.toString('latin1', 0, 1024))?.[1] ?? '1.7';
}

/** Takes signature fields, signed or empty, out of the form; a form without fields goes as a whole. */
function removeFields(document: PdfDocument, catalogue: PdfDict): readonly PdfDict[] {
  const form = document.dictAt(catalogue, 'AcroForm');
  if (form === null) return [];
  const removed: PdfDict[] = [];
  const prune = (holder: PdfDict, key: string, depth: number): number => {
    const kept = document.itemsAt(holder, key).filter((item) => {
      const field = dictOf(document.resolve(item));
      if (field === null) return false;
      if (isSignatureField(document, field)) {
        removed.push(field);
        return false;
      }
      return depth > 50 || !field.map.has('Kids') || prune(field, 'Kids', depth + 1) > 0;
    });
    holder.map.set(key, array(...kept));
    return kept.length;
  };
  const left = prune(form, 'Fields', 0);
  form.map.delete('SigFlags');
  const gone = new Set(removed);
  const order = document.itemsAt(form, 'CO').filter((item) => !gone.has(dictOf(document.resolve(item)) ?? form));
  if (form.map.has('CO')) form.map.set('CO', array(...order));
  if (hasXmlSignature(document, document.get(form, 'XFA'))) form.map.delete('XFA');
  if (left === 0 && !form.map.has('XFA')) catalogue.map.delete('AcroForm');
  return removed;
}

/** Signature fields that neither the form nor a page owns, but something still refers to. */
function strayFields(document: PdfDocument): readonly PdfDict[] {
  const stray: PdfDict[] = [];
  const start: PdfValue = pagesOf(document).length > 0 ? document.trailer : array(...[...document.numbers].map(ref));
  walkAll(document, start, (found) => {
    if (document.nameAt(found, 'FT') === 'Sig') stray.push(found);
  });
  return stray;
}

/** XFA forms can carry XML signatures of their own; the plain form beside them shows the same page. */
function hasXmlSignature(document: PdfDocument, xfa: PdfValue): boolean {
  const packets = xfa.kind === 'array' ? xfa.items.map((item) => document.resolve(item)) : [xfa];
  return packets.some((packet) => packet.kind === 'stream' && (document.unpack(packet)?.includes('SignatureValue') ?? false));
}

/** The invariant of a stripped file, checked on its bytes by reading them anew (KM-01). */
function rescan(output: Buffer, pictures: readonly KeptPicture[]): void {
  const again = PdfDocument.read(output);
  if (again === null) throw new ArchiveError('E_SEAL_IMAGE_LOST', { format: 'pdf', reason: 'unreadable' });
  const left = findSignatures(again);
  const fields = [...again.numbers].filter((num) => {
    const value = dictOf(again.object(num));
    return value !== null && (isSignature(again, value) || again.nameAt(value, 'FT') === 'Sig');
  });
  if (left.current.length + left.buried.length + fields.length > 0 || left.leftovers) throw new ArchiveError('E_SEAL_SIGNATURE_PRESENT', { format: 'pdf', left: left.current.length + left.buried.length + fields.length });
  const pages = pagesOf(again);
  for (const { page, resource, form } of pictures) {
    const objects = again.dictAt(again.dictAt(pages[page] ?? null, 'Resources'), 'XObject');
    const shown = again.get(objects, resource);
    const inner = shown.kind === 'stream' ? again.get(again.dictAt(again.dictAt(shown.dict, 'Resources'), 'XObject'), 'Seal') : shown;
    const same = [shown, inner].some((one) => one.kind === 'stream' && one.raw.equals(form.raw));
    if (!same) throw new ArchiveError('E_SEAL_IMAGE_LOST', { format: 'pdf', page });
  }
}
