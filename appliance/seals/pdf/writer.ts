import type { PdfDocument } from './document.js';
import { isSignature } from './signatures.js';
import { dictOf, NULL, type PdfDict, type PdfValue } from './values.js';

/**
 * Writes the objects that can be reached from the catalogue and nothing else: one revision, one table, no object streams
 * (readable by every version, PDF/A-1 included). The same document gives the same bytes.
 * Signature dictionaries are never written, whoever refers to them; neither are the `dropped` objects.
 */
export class PdfWriter {
  private readonly numbers = new Map<PdfValue | PdfDict, number>();
  private readonly queue: PdfValue[] = [];

  constructor(private readonly document: PdfDocument, private readonly dropped: ReadonlySet<PdfDict>) {}

  /** @param everything also what nobody refers to: for a broken file, of which nothing may get lost */
  write(version: string, id: Buffer, everything: boolean): Buffer {
    const trailer = this.document.trailer;
    const root = this.point(this.document.get(trailer, 'Root'));
    if (everything) for (const num of this.document.numbers) this.keep(this.document.object(num));
    const info = this.document.get(trailer, 'Info');
    const infoRef = info.kind === 'dict' ? this.point(info) : null;
    const parts: Buffer[] = [Buffer.from(`%PDF-${version}\n%\xe2\xe3\xcf\xd3\n`, 'latin1')];
    let at = parts[0]?.length ?? 0;
    const offsets: number[] = [];
    for (let index = 0; index < this.queue.length; index++) {
      const body = this.body(this.queue[index] ?? NULL);
      const object = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`, 'latin1'), ...body, Buffer.from('\nendobj\n', 'latin1')]);
      offsets.push(at);
      at += object.length;
      parts.push(object);
    }
    const table = ['0000000000 65535 f ', ...offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n `)].join('\n');
    const first = this.document.get(this.document.trailer, 'ID');
    const original = first.kind === 'array' ? this.document.resolve(first.items[0]) : NULL;
    const ids = `[<${(original.kind === 'string' && original.bytes.length > 0 ? original.bytes : id).toString('hex')}> <${id.toString('hex')}>]`;
    parts.push(Buffer.from(
      `xref\n0 ${offsets.length + 1}\n${table}\ntrailer\n<< /Size ${offsets.length + 1} /Root ${root}${infoRef === null ? '' : ` /Info ${infoRef}`} /ID ${ids} >>\nstartxref\n${at}\n%%EOF\n`, 'latin1'));
    return Buffer.concat(parts);
  }

  /** `7 0 R` for a value that is written as an object of its own. */
  private point(value: PdfValue): string {
    const known = this.numbers.get(value) ?? this.queue.push(value);
    this.numbers.set(value, known);
    return `${known} 0 R`;
  }

  private keep(value: PdfValue): void {
    const inner = dictOf(value);
    const plumbing = ['ObjStm', 'XRef'].includes(this.document.nameAt(inner, 'Type') ?? '');
    if (value.kind !== 'null' && !plumbing && !this.gone(value)) this.point(value);
  }

  private body(value: PdfValue): readonly Buffer[] {
    if (value.kind !== 'stream') return [Buffer.from(this.text(value), 'latin1')];
    const head: PdfDict = { kind: 'dict', map: new Map([...value.dict.map].filter(([key]) => key !== 'Length')) };
    head.map.set('Length', { kind: 'number', raw: String(value.raw.length) });
    return [Buffer.from(`${this.text(head)}\nstream\n`, 'latin1'), value.raw, Buffer.from('\nendstream', 'latin1')];
  }

  private gone(value: PdfValue): boolean {
    const inner = dictOf(value);
    return inner !== null && (this.dropped.has(inner) || isSignature(this.document, inner));
  }

  private text(value: PdfValue): string {
    switch (value.kind) {
      case 'null': return 'null';
      case 'bool': return String(value.value);
      case 'number': return value.raw;
      case 'word': return 'null';
      case 'name': return nameText(value.value);
      case 'string': return value.hex ? `<${value.bytes.toString('hex')}>` : `(${value.bytes.toString('latin1').replace(/[\\()]/g, '\\$&').replace(/\r/g, '\\r').replace(/\n/g, '\\n')})`;
      case 'array': return `[${value.items.filter((item) => !this.isLooseEnd(item)).map((item) => this.text(item)).join(' ')}]`;
      case 'ref': {
        const target = this.document.resolve(value);
        return target.kind === 'null' || this.gone(target) ? 'null' : this.point(target);
      }
      case 'dict': return this.gone(value) ? 'null' : this.dictText(value);
      case 'stream': return this.gone(value) ? 'null' : this.point(value);
    }
  }

  private dictText(value: PdfDict): string {
    const entries = [...value.map].map(([key, item]) => [nameText(key), this.text(item)] as const).filter(([, text]) => text !== 'null');
    return `<<${entries.map(([key, text]) => ` ${key} ${text}`).join('')} >>`;
  }

  /** An object reference of the structure tree (clause 14.7.4.3) to an annotation that is no more. */
  private isLooseEnd(item: PdfValue): boolean {
    const target = this.document.resolve(item);
    return target.kind === 'dict' && this.document.nameAt(target, 'Type') === 'OBJR' && this.gone(this.document.get(target, 'Obj'));
  }
}

function nameText(value: string): string {
  return `/${value.replace(/[^!-~]|[#()<>[\]{}/%]/g, (one) => `#${one.charCodeAt(0).toString(16).padStart(2, '0')}`)}`;
}

