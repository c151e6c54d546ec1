import sharp from 'sharp';
import { ArchiveError } from '../../../core/errors.js';
import { digest } from '../algorithms.js';
import { readDer } from '../der.js';
import type { FormatResult } from '../report.js';
import { embedSeal } from './embed.js';
import { HostDocument } from './host.js';
import { OfdPackage } from './package.js';
import { pictureOf, type SealPicture } from './picture.js';
import { findSignatures, holdsSignature, isSealSignature, rootPath, signatureFiles, type OfdSignature, type OfdSignatures, type Stamp } from './signatures.js';
import { verifySignature } from './verify.js';
import { applyEdits, attribute, child, childrenNamed, decodeXml, encodeXml, parseXml, textIn, type XmlElement } from './xml.js';

/** A stamp that was drawn, for the re-scan. */
interface Drawn {
  readonly pagePath: string;
  readonly boundary: string;
  readonly resource: number;
  readonly picture: SealPicture;
}

/**
 * 去除 OFD 电子签章, 保留印章图形 (第十九条三款): the seal becomes an image (or composite) object of each page it was shown on.
 * @throws ArchiveError `E_FMT_ENCRYPTED`, `E_FMT_UNREADABLE`, `E_SEAL_SIGNATURE_PRESENT`, `E_SEAL_IMAGE_LOST`
 */
export async function stripOfd(source: Buffer): Promise<FormatResult> {
  const ofd = await OfdPackage.read(source);
  const found = findSignatures(ofd);
  if (isEncrypted(ofd)) throw new ArchiveError('E_FMT_ENCRYPTED', { format: 'ofd' });
  if (found === null) throw new ArchiveError('E_FMT_UNREADABLE', { format: 'ofd' });
  const files = signatureFiles(ofd, found);
  if (!holdsAnything(ofd, found)) return { output: null, signatures: [], imagesKept: 0 };
  const verdicts = found.signatures.map((one) => verifySignature(ofd, one, found.lists, files));
  const drawn = await drawSeals(ofd, found.signatures);
  for (const path of files) ofd.delete(path);
  removeDeclarations(ofd, files);
  const output = ofd.write();
  await rescan(output, drawn.flat());
  return { output, signatures: verdicts, imagesKept: drawn.filter((stamps) => stamps.length > 0).length };
}

/** A list without entries (`ofd:Signatures` with nothing in it) is no signature; a list that is missing is a dangling one and goes. */
function holdsAnything(ofd: OfdPackage, found: OfdSignatures): boolean {
  const seals = ofd.paths.some((path) => /(^|\/)signs?\//i.test(path) && holdsSignature(path, ofd.get(path) ?? Buffer.alloc(0)) && !found.lists.includes(path));
  return found.signatures.length > 0 || found.declarations > found.lists.length || seals;
}

/** GM/T 0099 encryption names its description in OFD.xml or beside it. */
function isEncrypted(ofd: OfdPackage): boolean {
  return ofd.paths.some((path) => /(^|\/)(encryptions?|encryptinfo)\.xml$/i.test(path)) || ofd.paths.some((path) => /(^|\/)decryptseed\.dat$/i.test(path));
}

/** @returns for each signature the stamps that now are part of their pages */
async function drawSeals(ofd: OfdPackage, signatures: readonly OfdSignature[]): Promise<readonly (readonly Drawn[])[]> {
  const hosts = new Map<number, HostDocument>();
  const placed = new Map<string, Placed>();
  const drawn: Drawn[][] = [];
  for (const signature of signatures) {
    const picture = signature.stamps.length === 0 ? null : pictureOf(ofd, signature);
    const mine: Drawn[] = [];
    drawn.push(mine);
    if (picture === null) {
      if (signature.stamps.length > 0 && hasSeal(ofd, signature)) throw new ArchiveError('E_SEAL_IMAGE_LOST', { format: 'ofd' });
      continue;
    }
    const host = hosts.get(signature.body) ?? hostOf(ofd, signature.body);
    hosts.set(signature.body, host);
    for (const stamp of signature.stamps) {
      const pagePath = host.pagePath(stamp.pageRef);
      const box = numbers(stamp.boundary);
      if (pagePath === null || box.length < 4) continue;
      const key = `${signature.body} ${digest('sha256', picture.bytes).toString('hex')}`;
      const resource = placed.get(key) ?? await place(host, picture, box);
      placed.set(key, resource);
      host.draw(pagePath, objectOf(host, stamp, box, resource));
      mine.push({ pagePath, boundary: stamp.boundary, resource: resource.id, picture });
    }
  }
  for (const host of hosts.values()) host.finish();
  return drawn;
}

/** A seal that is there must give its picture; a signature value that is missing or no seal never showed one. */
function hasSeal(ofd: OfdPackage, signature: OfdSignature): boolean {
  const node = readDer(ofd.get(signature.valuePath ?? '') ?? Buffer.alloc(0));
  return node !== null && isSealSignature(node);
}

function hostOf(ofd: OfdPackage, body: number): HostDocument {
  const path = rootPath(ofd) ?? '';
  const { text } = decodeXml(ofd.get(path) ?? Buffer.alloc(0));
  const element = childrenNamed(parseXml(text), 'DocBody')[body];
  const document = ofd.locate(textIn(text, child(element ?? null, 'DocRoot')), path);
  if (document === null) throw new ArchiveError('E_FMT_UNREADABLE', { format: 'ofd' });
  return new HostDocument(ofd, document);
}

/** A seal among the resources of the host; `size` in mm for a composite. */
interface Placed {
  readonly id: number;
  readonly size: { readonly width: number; readonly height: number } | null;
}

const SVG_DOTS_PER_MM = 24;

/** The picture's own bytes always stay in the package; what readers cannot draw as an image is drawn in another way beside them. */
async function place(host: HostDocument, picture: SealPicture, box: readonly number[]): Promise<Placed> {
  const own = host.addImage(host.addFile('Seal', picture.format, picture.bytes), picture.format);
  if (picture.format === 'ofd') {
    const embedded = await embedSeal(host, picture.bytes);
    if (embedded === null) throw new ArchiveError('E_SEAL_IMAGE_LOST', { format: 'ofd', picture: 'ofd' });
    return { id: embedded.id, size: { width: embedded.width, height: embedded.height } };
  }
  if (picture.format === 'svg') {
    const [width, height] = [box[2] ?? 0, box[3] ?? 0].map((mm) => Math.min(4000, Math.max(1, Math.round(mm * SVG_DOTS_PER_MM))));
    const png = await sharp(picture.bytes, { density: 600 }).resize({ width: width ?? 1, height: height ?? 1, fit: 'fill' }).png().toBuffer();
    return { id: host.addImage(host.addFile('SealDrawn', 'png', png), 'png'), size: null };
  }
  return { id: own, size: null };
}

function numbers(text: string): readonly number[] {
  return text.trim().split(/\s+/).map(Number).filter((one) => Number.isFinite(one));
}

/** 图像对象 or 复合图元对象 at the stamp's boundary, cut to its clip. */
function objectOf(host: HostDocument, stamp: Stamp, box: readonly number[], placed: Placed): string {
  const [, , width = 0, height = 0] = box;
  const { prefix } = host;
  const matrix = placed.size === null ? [width, height] : [width / placed.size.width, height / placed.size.height];
  const [sx, sy] = matrix.map((one) => Number(one.toFixed(6)));
  const head = `ID="${host.nextId()}" Boundary="${stamp.boundary.trim()}" CTM="${sx ?? 1} 0 0 ${sy ?? 1} 0 0" ResourceID="${placed.id}"`;
  const tag = `${prefix}${placed.size === null ? 'ImageObject' : 'CompositeObject'}`;
  const clip = clipOf(stamp, width, height, prefix);
  return clip === '' ? `<${tag} ${head}/>` : `<${tag} ${head}>${clip}</${tag}>`;
}

/** 裁剪区 in the object's own space, which starts at the boundary's corner and is not turned or scaled by CTM (clause 8.5). */
function clipOf(stamp: Stamp, width: number, height: number, prefix: string): string {
  const [x = 0, y = 0, w = width, h = height] = numbers(stamp.clip ?? '');
  if (stamp.clip === null || (x <= 0 && y <= 0 && x + w >= width && y + h >= height)) return '';
  const p = prefix;
  const path = `<${p}Path Boundary="${x} ${y} ${w} ${h}" Stroke="false" Fill="true"><${p}AbbreviatedData>M 0 0 L ${w} 0 L ${w} ${h} L 0 ${h} C</${p}AbbreviatedData></${p}Path>`;
  return `<${p}Clips TransFlag="false"><${p}Clip><${p}Area>${path}</${p}Area></${p}Clip></${p}Clips>`;
}

/** Takes `ofd:Signatures` out of OFD.xml and removed files out of the lists of versions. */
function removeDeclarations(ofd: OfdPackage, files: ReadonlySet<string>): void {
  const path = rootPath(ofd) ?? '';
  cut(ofd, path, (root) => childrenNamed(root, 'DocBody').flatMap((body) => childrenNamed(body, 'Signatures')));
  const { text } = decodeXml(ofd.get(path) ?? Buffer.alloc(0));
  const versions = childrenNamed(parseXml(text), 'DocBody').flatMap((body) => childrenNamed(child(body, 'Versions'), 'Version'));
  for (const version of versions) {
    const list = ofd.locate(attribute(version, 'BaseLoc') ?? '', path);
    if (list !== null) cut(ofd, list, (root, xml) => childrenNamed(child(root, 'FileList'), 'File').filter((file) => files.has(textIn(xml, file).replace(/^\//, ''))));
  }
}

function cut(ofd: OfdPackage, path: string, which: (root: XmlElement, text: string) => readonly XmlElement[]): void {
  const xml = decodeXml(ofd.get(path) ?? Buffer.alloc(0));
  const root = parseXml(xml.text);
  const gone = root === null ? [] : which(root, xml.text);
  if (gone.length > 0) ofd.set(path, encodeXml({ ...xml, text: applyEdits(xml.text, gone.map(({ start, end }) => ({ start, end, text: '' }))) }));
}

/** The invariant of a stripped package, checked on its bytes by reading them anew (KM-01). */
async function rescan(output: Buffer, drawn: readonly Drawn[]): Promise<void> {
  const again = await OfdPackage.read(output);
  const found = findSignatures(again);
  const left = found === null ? 1 : found.declarations + [...signatureFiles(again, found)].length;
  if (left > 0) throw new ArchiveError('E_SEAL_SIGNATURE_PRESENT', { format: 'ofd', left });
  const pictures = new Set(again.paths.map((path) => digest('sha256', again.get(path) ?? Buffer.alloc(0)).toString('hex')));
  for (const { pagePath, boundary, resource, picture } of drawn) {
    const page = decodeXml(again.get(pagePath) ?? Buffer.alloc(0)).text;
    const shown = page.includes(`Boundary="${boundary.trim()}"`) && page.includes(`ResourceID="${resource}"`) && parseXml(page) !== null;
    if (!shown || !pictures.has(digest('sha256', picture.bytes).toString('hex'))) throw new ArchiveError('E_SEAL_IMAGE_LOST', { format: 'ofd' });
  }
}
