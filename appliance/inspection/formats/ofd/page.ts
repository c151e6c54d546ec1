import { readObjects, type OfdObject } from './objects.js';
import { PackageFault } from './package.js';
import type { OfdDocument, OfdFile } from './reader.js';
import { readResources, type OfdResources } from './resources.js';
import type { SealPicture } from './seal.js';
import { box, type Box } from './signatures.js';
import { child, childrenOf, textOf, type XmlNode } from './xml.js';

/** 印章 on a page: the picture of a seal and where it lies. */
export interface PlacedStamp {
  readonly boundary: Box;
  readonly clip: Box | null;
  readonly picture: SealPicture;
}

export interface OfdPageContent {
  /** 页面物理区域, millimetres. */
  readonly box: Box;
  readonly resources: OfdResources;
  /** Everything drawn, lowest first: background templates, the page, foreground templates, annotations. */
  readonly objects: readonly OfdObject[];
  readonly stamps: readonly PlacedStamp[];
}

/** Page `index` over all documents of the file, counted from 0. */
export function locatePage(file: OfdFile, index: number): { readonly document: OfdDocument; readonly page: OfdDocument['pages'][number] } | null {
  let left = index;
  for (const document of file.documents) {
    const page = document.pages[left];
    if (left >= 0 && page !== undefined) return { document, page };
    left -= document.pages.length;
  }
  return null;
}

function part(file: OfdFile, path: string | null): XmlNode | null {
  if (path === null) return null;
  try {
    return file.pkg.xml(path);
  } catch (error) {
    if (error instanceof PackageFault) return null;
    throw error;
  }
}

const layers = (root: XmlNode, resources: OfdResources): OfdObject[] =>
  childrenOf(child(root, 'Content'), 'Layer').flatMap((layer) => readObjects(layer, resources, layer.attrs['DrawParam']));

function annotations(file: OfdFile, document: OfdDocument, pageId: string, resources: OfdResources): OfdObject[] {
  return (document.annotations.get(pageId) ?? []).flatMap((path) =>
    childrenOf(part(file, path) ?? undefined, 'Annot').flatMap((annotation): OfdObject[] => {
      const appearance = child(annotation, 'Appearance');
      if (appearance === undefined || annotation.attrs['Visible'] === 'false') return [];
      return [{ type: 'group', boundary: box(appearance.attrs['Boundary']), objects: readObjects(appearance, resources) }];
    }),
  );
}

/** What page `index` shows. Parts that are missing are left out. Null when there is no such page. */
export function readPageContent(file: OfdFile, index: number): OfdPageContent | null {
  const place = locatePage(file, index);
  if (place === null) return null;
  const { document, page } = place;
  const root = part(file, page.path);
  const resources = readResources(file, document, root === null || page.path === null ? null : { root, path: page.path });
  const below: OfdObject[] = [];
  const above: OfdObject[] = [];
  let area = box(textOf(child(root ?? undefined, 'Area'), 'PhysicalBox'));
  for (const use of childrenOf(root ?? undefined, 'Template')) {
    const template = document.templates.find((candidate) => candidate.id === use.attrs['TemplateID']);
    const templateRoot = part(file, template?.path ?? null);
    if (templateRoot === null) continue;
    area ??= box(textOf(child(templateRoot, 'Area'), 'PhysicalBox'));
    ((use.attrs['ZOrder'] ?? template?.zOrder) === 'Foreground' ? above : below).push(...layers(templateRoot, resources));
  }
  const stamps = (document.signatures?.signatures ?? []).flatMap((signature) => {
    const picture = signature.ses?.picture;
    return picture == null ? [] : signature.stamps.filter((stamp) => stamp.pageId === page.id).map((stamp) => ({ boundary: stamp.boundary, clip: stamp.clip, picture }));
  });
  return {
    box: area ?? document.pageBox,
    resources,
    objects: [...below, ...(root === null ? [] : layers(root, resources)), ...above, ...annotations(file, document, page.id, resources)],
    stamps,
  };
}

export const pageTotal = (file: OfdFile): number => file.documents.reduce((sum, document) => sum + document.pages.length, 0);
