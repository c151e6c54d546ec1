import { PdfDict, PdfStream, nameOf, type PdfDocument, type PdfValue } from './document.js';

/** What the objects of a file can do besides being shown. */
export interface Contents {
  /** Action types found (`/S` of actions), e.g. `JavaScript`, `Launch`, `URI`. */
  readonly actions: ReadonlySet<string>;
  /** Annotations that play something: `RichMedia`, `Screen`, `Movie`, `Sound`, `3D`. */
  readonly media: ReadonlySet<string>;
  readonly xfa: boolean;
  /** Embedded files that can be read, and how many there are. */
  readonly embedded: readonly PdfStream[];
  readonly embeddedCount: number;
  /** Links to other files or addresses: URI, GoToR, file specifications without an embedded file, external streams. */
  readonly externalLinks: number;
}

const MEDIA_ANNOTATIONS = new Set(['RichMedia', 'Movie', 'Sound', '3D']);
const ACTIONS = new Set(['JavaScript', 'Launch', 'URI', 'GoToR', 'GoToE', 'SubmitForm', 'ImportData', 'ResetForm', 'Rendition', 'Movie', 'Sound', 'RichMediaExecute', 'Hide', 'SetOCGState', 'Named', 'Trans', 'GoTo3DView', 'Thread']);

/** Every dictionary of the file, nested and of streams, once; bounded. */
export function eachDict(doc: PdfDocument, look: (dict: PdfDict) => void): void {
  let left = 3_000_000;
  const visit = (value: PdfValue, depth: number): void => {
    left -= 1;
    if (left < 0 || depth > 100) return;
    if (value instanceof PdfDict) {
      look(value);
      for (const inner of value.map.values()) if (typeof inner === 'object') visit(inner, depth + 1);
    } else if (value instanceof PdfStream) visit(value.dict, depth + 1);
    else if (Array.isArray(value)) for (const inner of value as readonly PdfValue[]) if (typeof inner === 'object') visit(inner, depth + 1);
  };
  for (const num of [...doc.places.keys()]) visit(doc.get(num), 0);
  visit(doc.trailer, 0);
}

/** Every object the cross-reference names is looked at, whether or not a page shows it: what is in the file can be reached. */
export function readContents(doc: PdfDocument): Contents {
  const actions = new Set<string>();
  const media = new Set<string>();
  const embedded = new Set<PdfStream>();
  let unreadable = 0;
  let xfa = false;
  let externalLinks = 0;

  const look = (dict: PdfDict): void => {
    const action = nameOf(doc.resolve(dict.get('S')));
    const type = nameOf(doc.resolve(dict.get('Type')));
    const subtype = nameOf(doc.resolve(dict.get('Subtype')));
    if (action !== null && ACTIONS.has(action) && (type === null || type === 'Action')) {
      // `/S` also names styles and transitions; an action carries its operand.
      const operand = { JavaScript: 'JS', URI: 'URI', Named: 'N', Hide: 'T', SetOCGState: 'State', Rendition: '' }[action];
      if (type === 'Action' || operand === undefined || operand === '' || dict.has(operand)) actions.add(action);
      if (action === 'URI' || action === 'GoToR') externalLinks += 1;
    }
    if (dict.has('JS') && (dict.get('S') === null || action === 'JavaScript' || action === 'Rendition')) actions.add('JavaScript');
    if (subtype !== null && MEDIA_ANNOTATIONS.has(subtype) && dict.has('Rect')) media.add(subtype);
    if (subtype === 'Screen' && dict.has('Rect') && (dict.has('A') || dict.has('AA') || dict.has('MK')) && dict.has('A')) media.add('Screen');
    if (dict.has('XFA')) xfa = true;
    const files = doc.dict(dict.get('EF'));
    if (files !== null) {
      let found = false;
      for (const value of files.map.values()) {
        const stream = doc.resolve(value);
        if (!(stream instanceof PdfStream)) continue;
        embedded.add(stream);
        found = true;
      }
      if (!found) unreadable += 1;
    }
  };

  eachDict(doc, look);
  return { actions, media, xfa, embedded: [...embedded], embeddedCount: embedded.size + unreadable, externalLinks };
}

/** PDF/A part and level as the XMP claims, e.g. `1b`, `4`, `4f`; null when it claims nothing. */
export function pdfaClaim(doc: PdfDocument): string | null {
  const metadata = doc.resolve(doc.catalog?.get('Metadata') ?? null);
  if (!(metadata instanceof PdfStream)) return null;
  const decoded = doc.decode(metadata, 8 * 2 ** 20);
  if ('fault' in decoded) return null;
  const text = decoded.bytes.includes(Buffer.from('p\0d\0f\0a\0', 'latin1')) ? decoded.bytes.toString('utf16le') : decoded.bytes.toString('utf8');
  const part = /pdfaid:part(?:\s*=\s*["']|>)\s*(\d)/.exec(text)?.[1];
  if (part === undefined) return null;
  const level = /pdfaid:conformance(?:\s*=\s*["']|>)\s*([A-Za-z])/.exec(text)?.[1] ?? '';
  return `${part}${level.toLowerCase()}`;
}
