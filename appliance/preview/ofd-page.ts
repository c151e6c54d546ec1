import sharp from 'sharp';
import type { Matrix, OfdObject, Paint, Style } from '../inspection/formats/ofd/objects.js';
import { readObjects } from '../inspection/formats/ofd/objects.js';
import { PackageFault } from '../inspection/formats/ofd/package.js';
import { pageTotal, readPageContent, type OfdPageContent, type PlacedStamp } from '../inspection/formats/ofd/page.js';
import { readOfd, type OfdFile } from '../inspection/formats/ofd/reader.js';
import type { OfdResources } from '../inspection/formats/ofd/resources.js';
import type { Box } from '../inspection/formats/ofd/signatures.js';
import { bufferSource } from '../inspection/source.js';
import { GlyphSheet, advanceOf, embeddedFace, fixed, type Face } from './glyphs.js';

const MOST_SVG = 64 * 2 ** 20;

/** 版式文件 → SVG. One instance draws one page; seals that are OFD files themselves are drawn by another, one level deeper. */
class OfdDrawing {
  private readonly definitions: string[] = [];
  private readonly faces = new Map<string, Face | null>();
  private readonly pictures = new Map<string, string | null>();
  private counter = 0;

  constructor(
    private readonly file: OfdFile,
    private readonly resources: OfdResources,
    private readonly sheet: GlyphSheet,
    private readonly prefix: string,
    private readonly depth: number,
  ) {}

  private id(): string {
    this.counter += 1;
    return `${this.prefix}${String(this.counter)}`;
  }

  private paint(attribute: 'fill' | 'stroke', paint: Paint | null): string {
    if (paint === null) return ` ${attribute}="none"`;
    const alpha = paint.alpha < 1 ? ` ${attribute}-opacity="${fixed(paint.alpha)}"` : '';
    if (paint.kind === 'solid') return ` ${attribute}="${paint.rgb}"${alpha}`;
    const id = this.id();
    const stops = paint.stops.map((stop) => `<stop offset="${fixed(stop.at)}" stop-color="${stop.rgb}"/>`).join('');
    const [x1 = 0, y1 = 0] = paint.from;
    const [x2 = 0, y2 = 0] = paint.to;
    this.definitions.push(
      paint.kind === 'axial'
        ? `<linearGradient id="${id}" gradientUnits="userSpaceOnUse" x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}">${stops}</linearGradient>`
        : `<radialGradient id="${id}" gradientUnits="userSpaceOnUse" cx="${fixed(x2)}" cy="${fixed(y2)}" fx="${fixed(x1)}" fy="${fixed(y1)}" r="${fixed(paint.radius)}">${stops}</radialGradient>`,
    );
    return ` ${attribute}="url(#${id})"${alpha}`;
  }

  private frame(style: Style): string {
    const [x, y] = style.boundary;
    const place = `translate(${fixed(x)} ${fixed(y)})`;
    return style.ctm === null ? place : `${place} ${matrix(style.ctm)}`;
  }

  /** Wraps content that is already in page coordinates with the object's clips and alpha. */
  private wrap(style: Style, content: string): string {
    if (content === '') return '';
    let body = content;
    if (style.clips.length > 0) {
      const id = this.id();
      const [x, y] = style.boundary;
      const areas = style.clips.map((clip) => `<path d="${clip.data}"${clip.ctm === null ? '' : ` transform="${matrix(clip.ctm)}"`}/>`).join('');
      this.definitions.push(`<clipPath id="${id}">${areas}</clipPath>`);
      body = `<g transform="translate(${fixed(x)} ${fixed(y)})" clip-path="url(#${id})"><g transform="translate(${fixed(-x)} ${fixed(-y)})">${body}</g></g>`;
    }
    return style.alpha < 1 ? `<g opacity="${fixed(style.alpha)}">${body}</g>` : body;
  }

  private face(fontId: string): Face | null {
    const known = this.faces.get(fontId);
    if (known !== undefined) return known;
    const path = this.resources.fonts.get(fontId)?.path ?? null;
    const bytes = path === null ? null : this.bytes(path);
    const face = bytes === null ? null : embeddedFace(bytes, `${this.prefix}f${String(this.faces.size)}`);
    this.faces.set(fontId, face);
    return face;
  }

  private bytes(path: string): Buffer | null {
    try {
      return this.file.pkg.read(path);
    } catch (error) {
      if (error instanceof PackageFault) return null;
      throw error;
    }
  }

  private text(object: Extract<OfdObject, { type: 'text' }>): string {
    const { style, size } = object;
    const font = this.resources.fonts.get(object.font);
    const bold = object.weight >= 600 || font?.bold === true || /bold|黑体|heavy/i.test(font?.name ?? '');
    const face = this.face(object.font);
    const lean = object.italic || (face === null && font?.italic === true) ? 0.2 : 0;
    const turn = (object.charDirection * Math.PI) / 180;
    const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
    let svg = '';
    let pen = 0;
    for (const placed of object.glyphs) {
      const picked = this.sheet.pick(face, placed.char, placed.glyph, bold);
      if (picked === null) continue;
      const x = placed.flows ? pen : placed.x;
      pen = x + advanceOf(picked.face, picked.glyph) * size * object.hScale;
      const id = this.sheet.symbol(picked.face, picked.glyph);
      if (id === null) continue;
      const scale = size / picked.face.font.unitsPerEm;
      const [a, b, c, d] = [scale * object.hScale, 0, -lean * -scale, -scale];
      const turned: Matrix = [cos * a - sin * b, sin * a + cos * b, cos * c - sin * d, sin * c + cos * d, x, placed.y];
      svg += `<use href="#${id}" transform="${matrix(turned)}"/>`;
    }
    if (svg === '') return '';
    // Outlines are in font units: a stroke keeps its width on the page only when it does not scale with them.
    const stroke = style.stroke === null ? '' : `${this.paint('stroke', style.stroke)} vector-effect="non-scaling-stroke" stroke-width="${fixed(Math.min(style.lineWidth, size / 20))}"`;
    return this.wrap(style, `<g transform="${this.frame(style)}"${this.paint('fill', style.fill)}${stroke}>${svg}</g>`);
  }

  private path(object: Extract<OfdObject, { type: 'path' }>): string {
    const { style } = object;
    if (object.data === '') return '';
    const width = style.lineWidth;
    const dash = style.dash.length > 0 ? ` stroke-dasharray="${style.dash.map(fixed).join(' ')}"` : '';
    const line = style.stroke === null ? ' stroke="none"' : `${this.paint('stroke', style.stroke)} stroke-width="${fixed(width)}" stroke-linecap="${style.cap}" stroke-linejoin="${style.join}"${dash}${width === 0 ? ' vector-effect="non-scaling-stroke"' : ''}`;
    const rule = object.evenOdd ? ' fill-rule="evenodd"' : '';
    return this.wrap(style, `<path transform="${this.frame(style)}" d="${object.data}"${this.paint('fill', style.fill)}${rule}${line.replace('stroke-width="0"', 'stroke-width="0.1"')}/>`);
  }

  /** A picture as a data address the rasteriser can read; other codings are turned into PNG first. */
  private async picture(path: string): Promise<string | null> {
    const known = this.pictures.get(path);
    if (known !== undefined) return known;
    const bytes = this.bytes(path);
    const address = bytes === null ? null : await pictureAddress(bytes);
    this.pictures.set(path, address);
    return address;
  }

  private async image(object: Extract<OfdObject, { type: 'image' }>): Promise<string> {
    const path = this.resources.media.get(object.resource);
    const address = path === undefined ? null : await this.picture(path);
    const [x, y, width, height] = object.style.boundary;
    if (address === null) return `<rect x="${fixed(x)}" y="${fixed(y)}" width="${fixed(width)}" height="${fixed(height)}" fill="none" stroke="#b0b0b0" stroke-width="0.2" stroke-dasharray="1 1"/>`;
    const ctm = object.style.ctm ?? ([width, 0, 0, height, 0, 0] as const);
    return this.wrap(object.style, `<g transform="translate(${fixed(x)} ${fixed(y)}) ${matrix(ctm)}"><image width="1" height="1" preserveAspectRatio="none" href="${address}"/></g>`);
  }

  private async composite(object: Extract<OfdObject, { type: 'composite' }>, level: number): Promise<string> {
    const unit = this.resources.composites.get(object.resource);
    if (unit === undefined) return '';
    const inner = await this.objects(readObjects(unit.content, this.resources), level + 1);
    return this.wrap(object.style, `<g transform="${this.frame(object.style)}">${inner}</g>`);
  }

  async objects(list: readonly OfdObject[], level = 0): Promise<string> {
    if (level > 20) return '';
    let svg = '';
    for (const object of list) {
      if (svg.length > MOST_SVG) break;
      if (object.type === 'text') svg += this.text(object);
      else if (object.type === 'path') svg += this.path(object);
      else if (object.type === 'image') svg += await this.image(object);
      else if (object.type === 'composite') svg += await this.composite(object, level);
      else {
        const inner = await this.objects(object.objects, level + 1);
        svg += object.boundary === null ? inner : `<g transform="translate(${fixed(object.boundary[0])} ${fixed(object.boundary[1])})">${inner}</g>`;
      }
    }
    return svg;
  }

  async stamp(stamp: PlacedStamp): Promise<string> {
    const [x, y, width, height] = stamp.boundary;
    const body = stamp.picture.format === 'ofd' ? await this.nestedSeal(stamp) : await this.flatSeal(stamp);
    if (body === '') return '';
    const id = this.id();
    const [cx, cy, cw, ch] = stamp.clip ?? [0, 0, width, height];
    this.definitions.push(`<clipPath id="${id}"><rect x="${fixed(cx)}" y="${fixed(cy)}" width="${fixed(cw)}" height="${fixed(ch)}"/></clipPath>`);
    return `<g transform="translate(${fixed(x)} ${fixed(y)})"><g clip-path="url(#${id})">${body}</g></g>`;
  }

  private async flatSeal(stamp: PlacedStamp): Promise<string> {
    const address = await pictureAddress(stamp.picture.bytes);
    const [, , width, height] = stamp.boundary;
    // A seal lies over the text as ink does: white paper in its picture lets the text through.
    return address === null ? '' : `<image width="${fixed(width)}" height="${fixed(height)}" preserveAspectRatio="none" style="mix-blend-mode:multiply" href="${address}"/>`;
  }

  private async nestedSeal(stamp: PlacedStamp): Promise<string> {
    if (this.depth > 1) return '';
    try {
      const file = await readOfd(bufferSource(stamp.picture.bytes));
      const content = readPageContent(file, 0);
      if (content === null) return '';
      const inner = new OfdDrawing(file, content.resources, this.sheet, `${this.prefix}${this.id()}`, this.depth + 1);
      const svg = await inner.objects(content.objects);
      this.definitions.push(...inner.definitions);
      const [, , width, height] = stamp.boundary;
      const [x, y, pageWidth, pageHeight] = content.box;
      return `<g transform="scale(${fixed(width / pageWidth)} ${fixed(height / pageHeight)}) translate(${fixed(-x)} ${fixed(-y)})">${svg}</g>`;
    } catch (error) {
      if (error instanceof PackageFault) return '';
      throw error;
    }
  }

  defs(): string {
    return this.definitions.join('');
  }
}

const matrix = (m: Matrix): string => `matrix(${m.map(fixed).join(' ')})`;

const DRAWING_PIXELS = 1000;

async function pictureAddress(bytes: Buffer): Promise<string | null> {
  const head = bytes.toString('latin1', 0, 4);
  if (head === '\x89PNG') return `data:image/png;base64,${bytes.toString('base64')}`;
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return `data:image/jpeg;base64,${bytes.toString('base64')}`;
  try {
    const { format, width, density } = await sharp(bytes, { limitInputPixels: 100_000_000 }).metadata();
    // A drawing without a size of its own is a few dots wide; a seal is looked at closely.
    const dense = format === 'svg' ? { density: Math.min(100_000, Math.max(1, ((density ?? 72) * DRAWING_PIXELS) / Math.max(1, width))) } : {};
    const png = await sharp(bytes, { limitInputPixels: 100_000_000, ...dense }).png().toBuffer();
    return `data:image/png;base64,${png.toString('base64')}`;
  } catch {
    return null;
  }
}

/** Bounds of a page that can be drawn at all, millimetres. */
const usable = ([x, y, width, height]: Box): Box => (width > 0 && height > 0 && width < 20_000 && height < 20_000 ? [x, y, width, height] : [0, 0, 210, 297]);

async function pageSvg(file: OfdFile, content: OfdPageContent, widthPixels: number, heightPixels: number): Promise<string> {
  const sheet = new GlyphSheet();
  const drawing = new OfdDrawing(file, content.resources, sheet, 'd', 0);
  let body = await drawing.objects(content.objects);
  for (const stamp of content.stamps) body += await drawing.stamp(stamp);
  const [x, y, width, height] = usable(content.box);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(widthPixels)}" height="${String(heightPixels)}" viewBox="${[x, y, width, height].map(fixed).join(' ')}" preserveAspectRatio="none">` +
    `<defs>${sheet.definitions()}${drawing.defs()}</defs><rect x="${fixed(x)}" y="${fixed(y)}" width="${fixed(width)}" height="${fixed(height)}" fill="#fff"/>${body}</svg>`
  );
}

export async function ofdPageCount(bytes: Buffer): Promise<number> {
  return pageTotal(await readOfd(bufferSource(bytes)));
}

/** Page `index` (from 0) as PNG; null when there is no such page. */
export async function ofdPagePng(bytes: Buffer, index: number, widthPixels: number): Promise<Buffer | null> {
  const file = await readOfd(bufferSource(bytes));
  const content = readPageContent(file, index);
  if (content === null) return null;
  const [, , width, height] = usable(content.box);
  const heightPixels = Math.max(1, Math.min(8000, Math.round((widthPixels * height) / width)));
  const svg = await pageSvg(file, content, widthPixels, heightPixels);
  return sharp(Buffer.from(svg), { unlimited: true, limitInputPixels: 100_000_000 }).flatten({ background: '#fff' }).png().toBuffer();
}
