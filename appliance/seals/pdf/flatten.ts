import type { PdfDocument } from './document.js';
import { isSignatureField, pagesOf } from './signatures.js';
import { array, dict, dictOf, formatNumber, name, number, NULL, stream, type PdfArray, type PdfDict, type PdfStream, type PdfValue } from './values.js';
import { openStates } from './content.js';

/** A seal picture that became part of its page. */
export interface KeptPicture {
  /** Page, from 0. */
  readonly page: number;
  /** Signature dictionary of the field, when it was signed. */
  readonly signature: PdfDict | null;
  /** Name of the picture among the page's XObjects, and the picture. */
  readonly resource: string;
  readonly form: PdfStream;
}

export interface Flattened {
  readonly pictures: readonly KeptPicture[];
  /** Annotations that left their pages. */
  readonly annotations: readonly PdfDict[];
}

const FLAG = { hidden: 2, noView: 32 } as const;

/** 保留印章图形: draws the appearance of every signature field into its page and takes the annotation away. */
export function flattenSignatures(document: PdfDocument, tagged: boolean): Flattened {
  const pictures: KeptPicture[] = [];
  const annotations: PdfDict[] = [];
  for (const [index, page] of pagesOf(document).entries()) {
    const all = document.itemsAt(page, 'Annots');
    const ours = all.map((item) => dictOf(document.resolve(item))).filter((one): one is PdfDict => one !== null && isWidget(document, one) && isSignatureField(document, one));
    if (ours.length === 0) continue;
    const gone = new Set(ours);
    const rest = all.filter((item) => !gone.has(dictOf(document.resolve(item)) ?? dict()));
    if (rest.length === 0) page.map.delete('Annots');
    else page.map.set('Annots', array(...rest));
    annotations.push(...ours);
    const drawn = ours.flatMap((widget) => draw(document, page, index, widget) ?? []);
    if (drawn.length > 0) append(document, page, drawn.map((one) => one.operators), tagged);
    pictures.push(...drawn.map((one) => one.picture));
  }
  return { pictures, annotations };
}

function isWidget(document: PdfDocument, annotation: PdfDict): boolean {
  const subtype = document.nameAt(annotation, 'Subtype');
  return subtype === 'Widget' || subtype === null;
}

function draw(document: PdfDocument, page: PdfDict, index: number, widget: PdfDict): { picture: KeptPicture; operators: string } | null {
  const form = appearanceOf(document, widget);
  const rect = document.numbersAt(widget, 'Rect');
  const flags = document.get(widget, 'F');
  const bits = flags.kind === 'number' ? Number.parseInt(flags.raw, 10) : 0;
  if (form === null || rect === null || rect.length < 4 || (bits & (FLAG.hidden | FLAG.noView)) !== 0) return null;
  const matrix = placement(document, form, rect);
  if (matrix === null) return null;
  form.dict.map.set('Type', name('XObject'));
  form.dict.map.set('Subtype', name('Form'));
  const group = document.get(widget, 'OC');
  const shown = group.kind === 'null' ? form : wrap(document, form, widget.map.get('OC') ?? NULL);
  const resource = addXObject(document, page, shown);
  const operators = `q ${matrix.map(formatNumber).join(' ')} cm /${resource} Do Q`;
  return { operators, picture: { page: index, signature: signatureOf(document, widget), resource, form } };
}

/** An appearance that belongs to a layer (optional content) stays in that layer. */
function wrap(document: PdfDocument, form: PdfStream, group: PdfValue): PdfStream {
  const entries = { Type: name('XObject'), Subtype: name('Form'), BBox: form.dict.map.get('BBox') ?? NULL, Matrix: form.dict.map.get('Matrix') ?? NULL, OC: group };
  const inverse = invert(document.numbersAt(form.dict, 'Matrix') ?? IDENTITY);
  return stream(Buffer.from(`q ${inverse.map(formatNumber).join(' ')} cm /Seal Do Q\n`, 'latin1'), { ...entries, Resources: dict({ XObject: dict({ Seal: form }) }) });
}

/** Normal appearance; of several states the one that AS names. */
function appearanceOf(document: PdfDocument, widget: PdfDict): PdfStream | null {
  const normal = document.get(document.dictAt(widget, 'AP'), 'N');
  if (normal.kind === 'stream') return normal;
  if (normal.kind !== 'dict') return null;
  const state = document.get(normal, document.nameAt(widget, 'AS') ?? 'Off');
  return state.kind === 'stream' ? state : null;
}

function signatureOf(document: PdfDocument, widget: PdfDict): PdfDict | null {
  for (let at: PdfDict | null = widget, hops = 0; at !== null && hops < 32; at = document.dictAt(at, 'Parent'), hops++) {
    const value = document.dictAt(at, 'V');
    if (value !== null) return value;
  }
  return null;
}

type Matrix = readonly [number, number, number, number, number, number];
const IDENTITY = [1, 0, 0, 1, 0, 0];

/**
 * Matrix that puts the form's box onto the annotation's rectangle (clause 12.5.5, algorithm 8.1; the form's own Matrix is applied by `Do`).
 * @returns null when nothing would be visible.
 */
function placement(document: PdfDocument, form: PdfStream, rect: readonly number[]): Matrix | null {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = rect;
  const [left, bottom, width, height] = [Math.min(x1, x2), Math.min(y1, y2), Math.abs(x2 - x1), Math.abs(y2 - y1)];
  if (width === 0 || height === 0) return null;
  const stated = document.numbersAt(form.dict, 'BBox');
  const box = stated !== null && stated.length >= 4 ? stated : [0, 0, width, height];
  if (stated === null) form.dict.map.set('BBox', array(number(0), number(0), number(width), number(height)));
  const own = document.numbersAt(form.dict, 'Matrix') ?? IDENTITY;
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = own;
  const corners = [[box[0], box[1]], [box[2], box[1]], [box[0], box[3]], [box[2], box[3]]].map(([x = 0, y = 0]) => [a * x + c * y + e, b * x + d * y + f] as const);
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  const [boxLeft, boxBottom] = [Math.min(...xs), Math.min(...ys)];
  const [boxWidth, boxHeight] = [Math.max(...xs) - boxLeft, Math.max(...ys) - boxBottom];
  const [sx, sy] = [boxWidth === 0 ? 1 : width / boxWidth, boxHeight === 0 ? 1 : height / boxHeight];
  return [sx, 0, 0, sy, left - boxLeft * sx, bottom - boxBottom * sy];
}

function invert(matrix: readonly number[]): Matrix {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = matrix;
  const size = a * d - b * c;
  return size === 0 ? [1, 0, 0, 1, 0, 0] : [d / size, -b / size, -c / size, a / size, (c * f - d * e) / size, (b * e - a * f) / size];
}

/** Gives the page its own copy of the resources it may share or inherit, with the form under a free name. */
function addXObject(document: PdfDocument, page: PdfDict, form: PdfStream): string {
  const resources = dict(Object.fromEntries(inherited(document, page)?.map ?? []));
  const objects = dict(Object.fromEntries(document.dictAt(resources, 'XObject')?.map ?? []));
  let serial = 0;
  while (objects.map.has(`Seal${serial}`)) serial++;
  objects.map.set(`Seal${serial}`, form);
  resources.map.set('XObject', objects);
  page.map.set('Resources', resources);
  return `Seal${serial}`;
}

function inherited(document: PdfDocument, page: PdfDict): PdfDict | null {
  const seen = new Set<PdfDict>();
  for (let at: PdfDict | null = page; at !== null && !seen.has(at); at = document.dictAt(at, 'Parent')) {
    seen.add(at);
    const resources = document.dictAt(at, 'Resources');
    if (resources !== null) return resources;
  }
  return null;
}

/** Draws after the page's own content, in the state a page begins with, whatever that content left open. */
function append(document: PdfDocument, page: PdfDict, operators: readonly string[], tagged: boolean): void {
  const stated = document.get(page, 'Contents');
  const old: readonly PdfValue[] = stated.kind === 'array' ? stated.items : stated.kind === 'stream' ? [page.map.get('Contents') ?? stated] : [];
  const open = openStates(old.map((item) => document.resolve(item)).map((item) => (item.kind === 'stream' ? document.unpack(item) : Buffer.alloc(0))));
  const drawing = tagged ? ['/Artifact BMC', ...operators, 'EMC'] : operators;
  const after = stream(Buffer.from(['', ...Array<string>(open + 1).fill('Q'), ...drawing, ''].join('\n'), 'latin1'));
  const contents: PdfArray = array(stream(Buffer.from('q\n', 'latin1')), ...old, after);
  page.map.set('Contents', contents);
}
