import type { HostDocument, ResourceKind } from './host.js';
import { folderOf, normal, OfdPackage } from './package.js';
import { rootPath } from './signatures.js';
import { applyEdits, attribute, child, childrenNamed, decodeXml, descendants, escapeXml, parseXml, textIn, type Edit, type XmlElement } from './xml.js';

/** A seal that is itself an OFD, made into a composite 复合图元 of the host: lines stay lines and text stays text. */
export interface EmbeddedSeal {
  readonly id: number;
  /** mm */
  readonly width: number;
  readonly height: number;
}

const KINDS: readonly ResourceKind[] = ['ColorSpaces', 'DrawParams', 'Fonts', 'MultiMedias', 'CompositeGraphicUnits'];
/** Attributes that name a resource by its ID. */
const REFERENCES: ReadonlySet<string> = new Set(['Font', 'ColorSpace', 'DrawParam', 'ResourceID', 'Substitution', 'ImageMask', 'Relative', 'Thumbnail']);
/** Elements of a resource that name a file. */
const FILES: ReadonlySet<string> = new Set(['FontFile', 'MediaFile']);

/** @returns null when the seal has no page that can be read */
export async function embedSeal(host: HostDocument, bytes: Buffer): Promise<EmbeddedSeal | null> {
  const seal = await OfdPackage.read(bytes);
  const document = documentOf(seal);
  if (document === null) return null;
  const ids = new Map<string, number>();
  const idOf = (old: string): number => {
    const known = ids.get(old) ?? host.nextId();
    ids.set(old, known);
    return known;
  };
  const page = readXml(seal, document.page);
  const size = boxOf(page, document);
  if (page === null || size === null) return null;
  const commonResources = [...childrenNamed(document.common, 'PublicRes'), ...childrenNamed(document.common, 'DocumentRes')].map((one) => seal.locate(textIn(document.text, one), document.path));
  const pageResources = childrenNamed(page.root, 'PageRes').map((one) => seal.locate(textIn(page.text, one), document.page));
  for (const path of [...commonResources, ...pageResources]) if (path !== null) importResources(seal, path, host, idOf);
  const layers = [...templatesOf(seal, document, page, 'Background'), page, ...templatesOf(seal, document, page, 'Foreground')]
    .flatMap((one) => childrenNamed(child(one.root, 'Content'), 'Layer').map((layer) => rewrite(one.text, layer, { host, idOf, fileOf: () => null })));
  const id = host.nextId();
  const { prefix } = host;
  host.addResource('CompositeGraphicUnits', `<${prefix}CompositeGraphicUnit ID="${id}" Width="${size.width}" Height="${size.height}"><${prefix}Content>${layers.join('')}</${prefix}Content></${prefix}CompositeGraphicUnit>`);
  return { id, ...size };
}

interface Read {
  readonly text: string;
  readonly root: XmlElement;
}

interface SealDocument {
  readonly path: string;
  readonly text: string;
  readonly common: XmlElement | null;
  readonly page: string;
}

function readXml(seal: OfdPackage, path: string | null): Read | null {
  const bytes = path === null ? null : seal.get(path);
  if (bytes === null) return null;
  const { text } = decodeXml(bytes);
  const root = parseXml(text);
  return root === null ? null : { text, root };
}

/** First page of the first document. */
function documentOf(seal: OfdPackage): SealDocument | null {
  const start = rootPath(seal);
  const root = readXml(seal, start);
  if (start === null || root === null) return null;
  const path = seal.locate(textIn(root.text, child(child(root.root, 'DocBody'), 'DocRoot')), start);
  const document = readXml(seal, path);
  if (path === null || document === null) return null;
  const first = child(child(document.root, 'Pages'), 'Page');
  const page = first === null ? null : seal.locate(attribute(first, 'BaseLoc') ?? '', path);
  return page === null ? null : { path, text: document.text, common: child(document.root, 'CommonData'), page };
}

function boxOf(page: Read | null, document: SealDocument): { width: number; height: number } | null {
  const own = page === null ? '' : textIn(page.text, child(child(page.root, 'Area'), 'PhysicalBox'));
  const stated = own === '' ? textIn(document.text, child(child(document.common, 'PageArea'), 'PhysicalBox')) : own;
  const [, , width = 0, height = 0] = stated.split(/\s+/).map(Number);
  return width > 0 && height > 0 ? { width, height } : null;
}

function templatesOf(seal: OfdPackage, document: SealDocument, page: Read, order: string): readonly Read[] {
  return childrenNamed(page.root, 'Template').filter((one) => (attribute(one, 'ZOrder') ?? 'Background') === order).flatMap((one) => {
    const declared = childrenNamed(document.common, 'TemplatePage').find((template) => attribute(template, 'ID') === attribute(one, 'TemplateID'));
    return readXml(seal, declared === undefined ? null : seal.locate(attribute(declared, 'BaseLoc') ?? '', document.path)) ?? [];
  });
}

interface Target {
  readonly host: HostDocument;
  idOf(old: string): number;
  /** New name of a resource file. */
  fileOf(location: string): string | null;
}

function importResources(seal: OfdPackage, path: string, host: HostDocument, idOf: (old: string) => number): void {
  const resources = readXml(seal, path);
  if (resources === null) return;
  const base = attribute(resources.root, 'BaseLoc') ?? '';
  const folder = base.startsWith('/') ? `${normal(base)}/` : `${normal(folderOf(path) + base)}/`;
  const fileOf = (location: string): string | null => {
    const found = seal.locate(`/${folder}${location}`, path) ?? seal.locate(location, path);
    const content = found === null ? null : seal.get(found);
    return content === null ? null : host.addFile('SealPart', /\.([a-z0-9]{1,5})$/i.exec(location)?.[1] ?? 'dat', content);
  };
  for (const kind of KINDS) {
    for (const holder of childrenNamed(resources.root, kind)) {
      for (const item of holder.children) host.addResource(kind, rewrite(resources.text, item, { host, idOf, fileOf }));
    }
  }
}

/** An element in the host's prefix, IDs and file names; a layer 图层 becomes a block 页块, the only group a composite may hold. */
function rewrite(text: string, element: XmlElement, target: Target): string {
  const edits: Edit[] = [];
  for (const one of descendants(element)) {
    const local = one.local === 'Layer' ? 'PageBlock' : one.local;
    const tag = `${target.host.prefix}${local}`;
    edits.push({ start: one.start + 1, end: one.start + 1 + one.tag.length, text: tag });
    if (!one.empty) edits.push({ start: one.innerEnd + 2, end: one.innerEnd + 2 + one.tag.length, text: tag });
    for (const { local: key, value, start, end } of one.attributes) {
      if (key === 'ID' || (REFERENCES.has(key) && /^\d+$/.test(value))) edits.push({ start, end, text: String(target.idOf(value)) });
    }
    if (one.local === 'Layer') edits.push(...layerOnly(text, one));
    const renamed = FILES.has(one.local) ? target.fileOf(textIn(text, one)) : null;
    if (renamed !== null) edits.push({ start: one.innerStart, end: one.innerEnd, text: escapeXml(renamed) });
  }
  const shifted = edits.map((edit) => ({ ...edit, start: edit.start - element.start, end: edit.end - element.start }));
  return applyEdits(text.slice(element.start, element.end), shifted);
}

/** Attributes that a block does not have. */
function layerOnly(text: string, layer: XmlElement): readonly Edit[] {
  return layer.attributes.filter((one) => one.local === 'Type' || one.local === 'DrawParam').flatMap((one) => {
    const start = text.lastIndexOf(one.local, one.start);
    return start > layer.start ? [{ start, end: one.end + 1, text: '' }] : [];
  });
}

