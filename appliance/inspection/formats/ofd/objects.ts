import type { OfdResources } from './resources.js';
import { box, type Box } from './signatures.js';
import { child, childrenOf, type XmlNode } from './xml.js';

/** `[a b c d e f]` as in SVG `matrix()`. */
export type Matrix = readonly [number, number, number, number, number, number];

export interface Stop {
  readonly at: number;
  readonly rgb: string;
}
export type Paint =
  | { readonly kind: 'solid'; readonly rgb: string; readonly alpha: number }
  | { readonly kind: 'axial'; readonly from: readonly number[]; readonly to: readonly number[]; readonly stops: readonly Stop[]; readonly alpha: number }
  | { readonly kind: 'radial'; readonly from: readonly number[]; readonly to: readonly number[]; readonly radius: number; readonly stops: readonly Stop[]; readonly alpha: number };

export interface Style {
  readonly boundary: Box;
  readonly ctm: Matrix | null;
  /** 0 to 1. */
  readonly alpha: number;
  readonly fill: Paint | null;
  readonly stroke: Paint | null;
  readonly lineWidth: number;
  readonly cap: string;
  readonly join: string;
  readonly dash: readonly number[];
  /** Clip regions as path data in the object's own frame. */
  readonly clips: readonly { readonly data: string; readonly ctm: Matrix | null }[];
}

/** One character with its origin relative to the object, before CTM; millimetres. */
export interface PlacedGlyph {
  readonly char: string;
  /** Glyph index in the embedded font, when the file gives one. */
  readonly glyph: number | null;
  readonly x: number;
  readonly y: number;
  /** No DeltaX or DeltaY was given: the place follows from the advance of the glyph before. */
  readonly flows: boolean;
}

export type OfdObject =
  | { readonly type: 'text'; readonly style: Style; readonly font: string; readonly size: number; readonly hScale: number; readonly charDirection: number; readonly weight: number; readonly italic: boolean; readonly glyphs: readonly PlacedGlyph[] }
  | { readonly type: 'path'; readonly style: Style; readonly data: string; readonly evenOdd: boolean }
  | { readonly type: 'image'; readonly style: Style; readonly resource: string }
  | { readonly type: 'composite'; readonly style: Style; readonly resource: string }
  | { readonly type: 'group'; readonly boundary: Box | null; readonly objects: readonly OfdObject[] };

export function numbers(text: string | undefined): number[] {
  return (text ?? '').trim().split(/[\s,]+/).filter((part) => part !== '').map(Number).filter(Number.isFinite);
}

function matrix(text: string | undefined): Matrix | null {
  const [a, b, c, d, e, f] = numbers(text);
  return a === undefined || b === undefined || c === undefined || d === undefined || e === undefined || f === undefined ? null : [a, b, c, d, e, f];
}

/** A colour value: decimals or `#` hexadecimals, in RGB, GRAY or CMYK. */
function rgbOf(value: string | undefined, space: string | undefined): string | null {
  const parts = (value ?? '').trim().split(/\s+/).filter((part) => part !== '').map((part) => (part.startsWith('#') ? parseInt(part.slice(1), 16) : Number(part)));
  if (parts.length === 0 || parts.some((part) => !Number.isFinite(part))) return null;
  const clamp = (n: number | undefined): number => Math.max(0, Math.min(255, Math.round(n ?? 0)));
  const [a, b, c, k] = parts;
  if (space === 'GRAY' || parts.length === 1) return `rgb(${clamp(a)},${clamp(a)},${clamp(a)})`;
  if (space === 'CMYK' || parts.length === 4) {
    const ink = (n: number | undefined): number => clamp(((255 - clamp(n)) * (255 - clamp(k))) / 255);
    return `rgb(${ink(a)},${ink(b)},${ink(c)})`;
  }
  return `rgb(${clamp(a)},${clamp(b)},${clamp(c)})`;
}

function stops(node: XmlNode, resources: OfdResources): Stop[] {
  const segments = childrenOf(node, 'Segment');
  return segments.map((segment, index) => {
    const color = child(segment, 'Color');
    const position = Number(segment.attrs['Position']);
    const at = segment.attrs['Position'] !== undefined && Number.isFinite(position) ? position : segments.length > 1 ? index / (segments.length - 1) : 0;
    return { at, rgb: rgbOf(color?.attrs['Value'], resources.colorSpaces.get(color?.attrs['ColorSpace'] ?? '')) ?? 'rgb(0,0,0)' };
  });
}

function paint(node: XmlNode | undefined, resources: OfdResources): Paint | null {
  if (node === undefined) return null;
  const alpha = node.attrs['Alpha'] === undefined ? 1 : Math.max(0, Math.min(1, Number(node.attrs['Alpha']) / 255 || 0));
  const axial = child(node, 'AxialShd');
  if (axial !== undefined) return { kind: 'axial', from: numbers(axial.attrs['StartPoint']), to: numbers(axial.attrs['EndPoint']), stops: stops(axial, resources), alpha };
  const radial = child(node, 'RadialShd');
  if (radial !== undefined) return { kind: 'radial', from: numbers(radial.attrs['StartPoint']), to: numbers(radial.attrs['EndPoint']), radius: Number(radial.attrs['EndRadius']) || 0, stops: stops(radial, resources), alpha };
  return { kind: 'solid', rgb: rgbOf(node.attrs['Value'], resources.colorSpaces.get(node.attrs['ColorSpace'] ?? '')) ?? 'rgb(0,0,0)', alpha };
}

/** A drawing parameter and those it builds on (`Relative`), nearest first. */
function drawParams(id: string | undefined, resources: OfdResources): XmlNode[] {
  const chain: XmlNode[] = [];
  for (let next = id; next !== undefined && chain.length < 16; ) {
    const node = resources.drawParams.get(next);
    if (node === undefined || chain.includes(node)) break;
    chain.push(node);
    next = node.attrs['Relative'];
  }
  return chain;
}

const BLACK: Paint = { kind: 'solid', rgb: 'rgb(0,0,0)', alpha: 1 };

/** AbbreviatedData to SVG path data: S and M move, B is a cubic curve, C closes. */
export function pathData(text: string): string {
  const out: string[] = [];
  const words: Readonly<Record<string, readonly [string, number]>> = { S: ['M', 2], M: ['M', 2], L: ['L', 2], Q: ['Q', 4], B: ['C', 6], A: ['A', 7], C: ['Z', 0] };
  const parts = text.trim().split(/[\s,]+/);
  for (let i = 0; i < parts.length; i += 1) {
    const word = words[parts[i] ?? ''];
    if (word === undefined) continue;
    const values = parts.slice(i + 1, i + 1 + word[1]).map(Number);
    if (values.length < word[1] || values.some((value) => !Number.isFinite(value))) break;
    out.push(word[0] + (word[0] === 'A' ? values.map((value, index) => (index === 3 || index === 4 ? (value !== 0 ? 1 : 0) : value)).join(' ') : values.join(' ')));
    i += word[1];
  }
  return out.join('');
}

function clips(node: XmlNode): { data: string; ctm: Matrix | null }[] {
  return childrenOf(child(node, 'Clips'), 'Clip').flatMap((clip) =>
    childrenOf(clip, 'Area').flatMap((area) => {
      const path = child(area, 'Path');
      const at = box(path?.attrs['Boundary']);
      const data = child(path, 'AbbreviatedData')?.text;
      if (data === undefined || at === null) return [];
      const outer = matrix(area.attrs['CTM']);
      const own: Matrix = [1, 0, 0, 1, at[0], at[1]];
      return [{ data: pathData(data), ctm: outer === null ? own : ([outer[0], outer[1], outer[2], outer[3], outer[0] * at[0] + outer[2] * at[1] + outer[4], outer[1] * at[0] + outer[3] * at[1] + outer[5]] as Matrix) }];
    }),
  );
}

function style(node: XmlNode, layerParam: string | undefined, resources: OfdResources, fills: boolean, strokes: boolean): Style {
  const chain = [...drawParams(node.attrs['DrawParam'], resources), ...drawParams(layerParam, resources)];
  const attribute = (name: string): string | undefined => node.attrs[name] ?? chain.find((param) => param.attrs[name] !== undefined)?.attrs[name];
  const inherited = (name: string): XmlNode | undefined => child(node, name) ?? chain.map((param) => child(param, name)).find((found) => found !== undefined);
  const flag = (name: string, otherwise: boolean): boolean => (node.attrs[name] === undefined ? otherwise : node.attrs[name] === 'true');
  return {
    boundary: box(node.attrs['Boundary']) ?? [0, 0, 0, 0],
    ctm: matrix(node.attrs['CTM']),
    alpha: node.attrs['Alpha'] === undefined ? 1 : Math.max(0, Math.min(1, Number(node.attrs['Alpha']) / 255 || 0)),
    fill: flag('Fill', fills) ? (paint(inherited('FillColor'), resources) ?? BLACK) : null,
    stroke: flag('Stroke', strokes) ? (paint(inherited('StrokeColor'), resources) ?? BLACK) : null,
    lineWidth: Number(attribute('LineWidth') ?? '0.353') || 0,
    cap: (attribute('Cap') ?? 'Butt').toLowerCase(),
    join: (attribute('Join') ?? 'Miter').toLowerCase(),
    dash: numbers(attribute('DashPattern')),
    clips: clips(node),
  };
}

/** `g 3 10.5 8`: three times 10.5, then 8. */
function deltas(text: string | undefined): number[] {
  const parts = (text ?? '').trim().split(/\s+/).filter((part) => part !== '');
  const out: number[] = [];
  for (let i = 0; i < parts.length && out.length < 100_000; i += 1) {
    if (parts[i] === 'g' || parts[i] === 'G') {
      const count = Math.min(100_000, Number(parts[i + 1]) || 0);
      const value = Number(parts[i + 2]) || 0;
      for (let n = 0; n < count; n += 1) out.push(value);
      i += 2;
    } else out.push(Number(parts[i]) || 0);
  }
  return out;
}

function glyphs(node: XmlNode): PlacedGlyph[] {
  const forced = new Map<number, number>();
  const skipped = new Set<number>();
  for (const transform of childrenOf(node, 'CGTransform')) {
    const from = Number(transform.attrs['CodePosition']) || 0;
    const codes = Number(transform.attrs['CodeCount'] ?? '1') || 1;
    const list = numbers(child(transform, 'Glyphs')?.text);
    list.forEach((glyph, index) => forced.set(from + index, glyph));
    for (let i = list.length; i < codes; i += 1) skipped.add(from + i);
  }
  const out: PlacedGlyph[] = [];
  let index = 0;
  let lastX = 0;
  let lastY = 0;
  for (const code of childrenOf(node, 'TextCode')) {
    const dx = deltas(code.attrs['DeltaX']);
    const dy = deltas(code.attrs['DeltaY']);
    let x = code.attrs['X'] === undefined ? lastX : Number(code.attrs['X']) || 0;
    let y = code.attrs['Y'] === undefined ? lastY : Number(code.attrs['Y']) || 0;
    lastX = x;
    lastY = y;
    const chars = [...code.text];
    chars.forEach((char, place) => {
      if (place > 0) {
        x += dx[place - 1] ?? 0;
        y += dy[place - 1] ?? 0;
      }
      const flows = place > 0 && dx[place - 1] === undefined && dy[place - 1] === undefined;
      if (!skipped.has(index)) out.push({ char, glyph: forced.get(index) ?? null, x, y, flows });
      index += 1;
    });
  }
  return out;
}

const MOST_OBJECTS = 200_000;

/** Graphic objects below a layer, page block or appearance, in drawing order. Invisible ones are left out. */
export function readObjects(parent: XmlNode, resources: OfdResources, layerParam?: string, depth = 0): OfdObject[] {
  if (depth > 30) return [];
  return parent.children.slice(0, MOST_OBJECTS).flatMap((node): OfdObject[] => {
    if (node.attrs['Visible'] === 'false') return [];
    switch (node.name) {
      case 'TextObject':
        return [{
          type: 'text',
          style: style(node, layerParam, resources, true, false),
          font: node.attrs['Font'] ?? '',
          size: Number(node.attrs['Size']) || 0,
          hScale: Number(node.attrs['HScale'] ?? '1') || 1,
          charDirection: Number(node.attrs['CharDirection'] ?? '0') || 0,
          weight: Number(node.attrs['Weight'] ?? '400') || 400,
          italic: node.attrs['Italic'] === 'true',
          glyphs: glyphs(node),
        }];
      case 'PathObject':
        return [{ type: 'path', style: style(node, layerParam, resources, false, true), data: pathData(child(node, 'AbbreviatedData')?.text ?? ''), evenOdd: node.attrs['Rule'] === 'Even-Odd' }];
      case 'ImageObject':
        return [{ type: 'image', style: style(node, layerParam, resources, false, false), resource: node.attrs['ResourceID'] ?? '' }];
      case 'CompositeObject':
        return [{ type: 'composite', style: style(node, layerParam, resources, false, false), resource: node.attrs['ResourceID'] ?? '' }];
      case 'PageBlock':
        return [{ type: 'group', boundary: null, objects: readObjects(node, resources, layerParam, depth + 1) }];
      default:
        return [];
    }
  });
}
