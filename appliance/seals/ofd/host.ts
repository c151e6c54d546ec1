import { ArchiveError } from '../../../core/errors.js';
import { folderOf, normal, type OfdPackage } from './package.js';
import { appendTo, applyEdits, attribute, child, childrenNamed, decodeXml, descendants, encodeXml, escapeXml, parseXml, prefixOf, textIn, type Edit, type XmlElement, type XmlText } from './xml.js';

/** Kinds of resources, in the element that holds them. */
export type ResourceKind = 'ColorSpaces' | 'DrawParams' | 'Fonts' | 'MultiMedias' | 'CompositeGraphicUnits';

interface Parsed extends XmlText {
  readonly root: XmlElement;
}

/** A document of the package while seals are drawn into it: new objects and resources are gathered, then written in one go. */
export class HostDocument {
  readonly prefix: string;
  private readonly resources = new Map<ResourceKind, string[]>();
  private readonly drawn = new Map<string, string[]>();
  private readonly resourcePath: string;
  private readonly resourceFolder: string;
  private lastId: number;

  constructor(private readonly ofd: OfdPackage, private readonly path: string) {
    const { root, text } = this.parse(path);
    this.prefix = prefixOf(root);
    this.lastId = this.largestId();
    const common = child(root, 'CommonData');
    const stated = childrenNamed(common, 'DocumentRes').map((one) => ofd.locate(textIn(text, one), path)).find((one) => one !== null && this.tryParse(one) !== null);
    this.resourcePath = stated ?? freePath(ofd, `${folderOf(path)}DocumentRes`, 'xml');
    const known = stated === undefined || stated === null ? null : this.tryParse(stated);
    const base = known === null ? 'Res' : (attribute(known.root, 'BaseLoc') ?? '');
    this.resourceFolder = base.startsWith('/') ? `${normal(base)}/` : `${normal(folderOf(this.resourcePath) + base)}/`;
  }

  nextId(): number {
    return ++this.lastId;
  }

  /** Adds a file beside the other resources. @returns its name there */
  addFile(stem: string, extension: string, content: Buffer): string {
    const path = freePath(this.ofd, this.resourceFolder + stem, extension);
    this.ofd.set(path, content);
    return path.slice(this.resourceFolder.length);
  }

  addResource(kind: ResourceKind, xml: string): void {
    this.resources.set(kind, [...(this.resources.get(kind) ?? []), xml]);
  }

  /** Adds an image resource 图像资源. @returns its ID */
  addImage(name: string, format: string): number {
    const id = this.nextId();
    const { prefix } = this;
    this.addResource('MultiMedias', `<${prefix}MultiMedia ID="${id}" Type="Image" Format="${escapeXml(format.toUpperCase())}"><${prefix}MediaFile>${escapeXml(name)}</${prefix}MediaFile></${prefix}MultiMedia>`);
    return id;
  }

  /** Path of the content of the page with this ID; null when the document has no such page. */
  pagePath(id: string): string | null {
    const { root } = this.parse(this.path);
    const page = childrenNamed(child(root, 'Pages'), 'Page').find((one) => attribute(one, 'ID') === id);
    return page === undefined ? null : this.ofd.locate(attribute(page, 'BaseLoc') ?? '', this.path);
  }

  /** Draws above everything that the page has. */
  draw(pagePath: string, xml: string): void {
    this.drawn.set(pagePath, [...(this.drawn.get(pagePath) ?? []), xml]);
  }

  /** Writes pages, resources and the largest ID. */
  finish(): void {
    if (this.drawn.size === 0) return;
    for (const [path, objects] of this.drawn) this.writePage(path, objects);
    this.writeResources();
    this.writeDocument();
  }

  private writePage(path: string, objects: readonly string[]): void {
    const page = this.parse(path);
    const prefix = prefixOf(page.root);
    const layer = `<${prefix}Layer ID="${this.nextId()}" Type="Foreground">${objects.map((one) => (prefix === this.prefix ? one : reprefix(one, this.prefix, prefix))).join('')}</${prefix}Layer>`;
    const content = child(page.root, 'Content');
    const actions = child(page.root, 'Actions');
    const wrapped = `<${prefix}Content>${layer}</${prefix}Content>`;
    const edit = content !== null ? appendTo(page.text, content, layer) : actions !== null ? before(actions, wrapped) : appendTo(page.text, page.root, wrapped);
    this.write(path, page, [edit]);
  }

  private writeResources(): void {
    const known = this.tryParse(this.resourcePath);
    const { prefix } = this;
    if (known === null) {
      const body = [...this.resources].map(([kind, items]) => `<${prefix}${kind}>${items.join('')}</${prefix}${kind}>`).join('');
      const space = prefix === '' ? 'xmlns' : `xmlns:${prefix.slice(0, -1)}`;
      this.ofd.set(this.resourcePath, Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<${prefix}Res ${space}="${this.namespace()}" BaseLoc="Res">${body}</${prefix}Res>`));
      return;
    }
    const own = prefixOf(known.root);
    const edits: Edit[] = [];
    const fresh: string[] = [];
    for (const [kind, items] of this.resources) {
      const xml = (own === prefix ? items : items.map((one) => reprefix(one, prefix, own))).join('');
      const holder = child(known.root, kind);
      if (holder !== null) edits.push(appendTo(known.text, holder, xml));
      else fresh.push(`<${own}${kind}>${xml}</${own}${kind}>`);
    }
    if (fresh.length > 0 && known.root.empty) edits.push(appendTo(known.text, known.root, fresh.join('')));
    else if (fresh.length > 0) edits.push({ start: known.root.innerEnd, end: known.root.innerEnd, text: fresh.join('') });
    this.write(this.resourcePath, known, edits);
  }

  private writeDocument(): void {
    const document = this.parse(this.path);
    const { prefix } = this;
    const common = child(document.root, 'CommonData');
    if (common === null) throw new ArchiveError('E_FMT_UNREADABLE', { format: 'ofd', reason: 'CommonData' });
    const edits: Edit[] = [];
    const largest = child(common, 'MaxUnitID');
    if (largest === null) edits.push({ start: common.innerStart, end: common.innerStart, text: `<${prefix}MaxUnitID>${this.lastId}</${prefix}MaxUnitID>` });
    else edits.push({ start: largest.start, end: largest.end, text: `<${largest.tag}>${this.lastId}</${largest.tag}>` });
    const declared = childrenNamed(common, 'DocumentRes').some((one) => this.ofd.locate(textIn(document.text, one), this.path) === this.resourcePath);
    if (!declared) {
      const location = this.resourcePath.slice(folderOf(this.path).length);
      const after = [...childrenNamed(common, 'DocumentRes'), ...childrenNamed(common, 'PublicRes')].at(0) ?? child(common, 'PageArea') ?? largest;
      const place = after?.end ?? common.innerStart;
      edits.push({ start: place, end: place, text: `<${prefix}DocumentRes>${escapeXml(location)}</${prefix}DocumentRes>` });
    }
    this.write(this.path, document, edits);
  }

  private namespace(): string {
    const { root } = this.parse(this.path);
    return root.attributes.find((one) => one.local === (this.prefix === '' ? 'xmlns' : this.prefix.slice(0, -1)))?.value ?? 'http://www.ofdspec.org/2016';
  }

  private write(path: string, xml: XmlText, edits: readonly Edit[]): void {
    this.ofd.set(path, encodeXml({ ...xml, text: applyEdits(xml.text, edits) }));
  }

  private parse(path: string): Parsed {
    const parsed = this.tryParse(path);
    if (parsed === null) throw new ArchiveError('E_FMT_UNREADABLE', { format: 'ofd' });
    return parsed;
  }

  private tryParse(path: string): Parsed | null {
    const bytes = this.ofd.get(path);
    if (bytes === null) return null;
    const xml = decodeXml(bytes);
    const root = parseXml(xml.text);
    return root === null ? null : { ...xml, root };
  }

  /** MaxUnitID is sometimes missing or too small, so every ID that is there counts too. */
  private largestId(): number {
    let largest = 0;
    for (const path of this.ofd.paths) {
      const root = /\.xml$/i.test(path) ? this.tryParse(path) : null;
      if (root === null) continue;
      for (const element of descendants(root.root)) {
        const stated = element.local === 'MaxUnitID' ? textIn(root.text, element) : attribute(element, 'ID');
        if (stated !== null && /^\d{1,9}$/.test(stated)) largest = Math.max(largest, Number(stated));
      }
    }
    return largest;
  }
}

function before(element: XmlElement, text: string): Edit {
  return { start: element.start, end: element.start, text };
}

function reprefix(xml: string, from: string, to: string): string {
  return xml.replace(/<(\/?)([\w.-]+:)?/g, (whole, slash: string, prefix: string | undefined) => ((prefix ?? '') === from ? `<${slash}${to}` : whole));
}

export function freePath(ofd: OfdPackage, stem: string, extension: string): string {
  const taken = new Set(ofd.paths.map((path) => path.toLowerCase()));
  for (let serial = 0; ; serial++) {
    const path = `${stem}${serial === 0 && extension === 'xml' ? '' : `_${serial}`}.${extension}`;
    if (!taken.has(path.toLowerCase())) return path;
  }
}
