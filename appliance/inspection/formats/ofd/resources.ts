import { PackageFault } from './package.js';
import type { OfdDocument, OfdFile } from './reader.js';
import { child, childrenOf, textOf, type XmlNode } from './xml.js';

export interface OfdFont {
  readonly name: string;
  readonly bold: boolean;
  readonly italic: boolean;
  /** Path of the embedded font program, null when the reader must supply one. */
  readonly path: string | null;
}

export interface OfdComposite {
  readonly width: number;
  readonly height: number;
  readonly content: XmlNode;
}

/** 资源: what page objects name by ID. */
export interface OfdResources {
  readonly fonts: ReadonlyMap<string, OfdFont>;
  /** Path of the media file by ID. */
  readonly media: ReadonlyMap<string, string>;
  readonly drawParams: ReadonlyMap<string, XmlNode>;
  readonly composites: ReadonlyMap<string, OfdComposite>;
  /** Type of the colour space by ID: `RGB`, `GRAY`, `CMYK`. */
  readonly colorSpaces: ReadonlyMap<string, string>;
}

function addPart(file: OfdFile, path: string, into: { fonts: Map<string, OfdFont>; media: Map<string, string>; drawParams: Map<string, XmlNode>; composites: Map<string, OfdComposite>; colorSpaces: Map<string, string> }): void {
  let root: XmlNode;
  try {
    root = file.pkg.xml(path);
  } catch (error) {
    if (error instanceof PackageFault) return;
    throw error;
  }
  const base = root.attrs['BaseLoc'] ?? '';
  const find = (reference: string | null): string | null => (reference === null ? null : (file.pkg.resolve(`${base}/${reference}`, path) ?? file.pkg.resolve(reference, path)));
  for (const node of childrenOf(child(root, 'Fonts'), 'Font')) {
    into.fonts.set(node.attrs['ID'] ?? '', { name: node.attrs['FontName'] ?? node.attrs['FamilyName'] ?? '', bold: node.attrs['Bold'] === 'true', italic: node.attrs['Italic'] === 'true', path: find(textOf(node, 'FontFile')) });
  }
  for (const node of childrenOf(child(root, 'MultiMedias'), 'MultiMedia')) {
    const media = find(textOf(node, 'MediaFile'));
    if (media !== null) into.media.set(node.attrs['ID'] ?? '', media);
  }
  for (const node of childrenOf(child(root, 'DrawParams'), 'DrawParam')) into.drawParams.set(node.attrs['ID'] ?? '', node);
  for (const node of childrenOf(child(root, 'ColorSpaces'), 'ColorSpace')) into.colorSpaces.set(node.attrs['ID'] ?? '', (node.attrs['Type'] ?? 'RGB').toUpperCase());
  for (const node of childrenOf(child(root, 'CompositeGraphicUnits'), 'CompositeGraphicUnit')) {
    const content = child(node, 'Content');
    if (content !== undefined) into.composites.set(node.attrs['ID'] ?? '', { width: Number(node.attrs['Width']) || 0, height: Number(node.attrs['Height']) || 0, content });
  }
}

/** Resources of the document and of one page (PageRes), the page's own last. */
export function readResources(file: OfdFile, document: OfdDocument, page: { readonly path: string; readonly root: XmlNode } | null): OfdResources {
  const into = { fonts: new Map<string, OfdFont>(), media: new Map<string, string>(), drawParams: new Map<string, XmlNode>(), composites: new Map<string, OfdComposite>(), colorSpaces: new Map<string, string>() };
  for (const part of document.resources) addPart(file, part, into);
  for (const node of childrenOf(page?.root, 'PageRes')) {
    const part = page === null ? null : file.pkg.resolve(node.text, page.path);
    if (part !== null) addPart(file, part, into);
  }
  return into;
}
