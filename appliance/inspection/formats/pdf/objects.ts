/** PDF objects (ISO 32000-1 §7.3) and a lexer over untrusted bytes: bounded depth, never throws for bad content. */

export class PdfName {
  constructor(readonly name: string) {}
}
export class PdfRef {
  constructor(
    readonly num: number,
    readonly gen: number,
  ) {}
}
export class PdfText {
  constructor(
    readonly bytes: Buffer,
    /** Offset of the opening `(` or `<` in the file, -1 when inside an object stream. */
    readonly at: number,
    readonly hex: boolean,
  ) {}
}
export class PdfDict {
  readonly map = new Map<string, PdfValue>();
  get(key: string): PdfValue {
    return this.map.get(key) ?? null;
  }
  has(key: string): boolean {
    return this.map.has(key);
  }
}
export class PdfStream {
  constructor(
    readonly dict: PdfDict,
    readonly raw: Buffer,
  ) {}
}
export type PdfValue = null | boolean | number | PdfName | PdfRef | PdfText | PdfDict | PdfStream | readonly PdfValue[];

/** A bare word that is no object: `obj`, `endobj`, `stream`, `xref`, `trailer`, `R`, … */
export class PdfWord {
  constructor(readonly word: string) {}
}

const SPACE = new Set([0, 9, 10, 12, 13, 32]);
const DELIMITER = new Set([...'()<>[]{}/%'].map((c) => c.charCodeAt(0)));
const DEEPEST = 120;

const hexValue = (code: number): number => (code >= 48 && code <= 57 ? code - 48 : code >= 65 && code <= 70 ? code - 55 : code >= 97 && code <= 102 ? code - 87 : -1);

export class Lexer {
  constructor(
    readonly bytes: Buffer,
    public at: number,
    /** True inside an object stream, where strings have no place in the file. */
    private readonly detached = false,
  ) {}

  skipSpace(): void {
    for (;;) {
      const code = this.bytes[this.at];
      if (code === undefined) return;
      if (code === 0x25) {
        while (this.at < this.bytes.length && this.bytes[this.at] !== 10 && this.bytes[this.at] !== 13) this.at += 1;
      } else if (SPACE.has(code)) this.at += 1;
      else return;
    }
  }

  private regular(): string {
    const start = this.at;
    while (this.at < this.bytes.length) {
      const code = this.bytes[this.at] ?? 0;
      if (SPACE.has(code) || DELIMITER.has(code)) break;
      this.at += 1;
    }
    return this.bytes.toString('latin1', start, this.at);
  }

  private name(): PdfName {
    this.at += 1;
    return new PdfName(this.regular().replace(/#([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))));
  }

  private literal(): PdfText {
    const start = this.at;
    const out: number[] = [];
    this.at += 1;
    for (let depth = 1; this.at < this.bytes.length; this.at += 1) {
      let code = this.bytes[this.at] ?? 0;
      if (code === 0x28) depth += 1;
      else if (code === 0x29) {
        depth -= 1;
        if (depth === 0) break;
      } else if (code === 0x5c) {
        this.at += 1;
        code = this.bytes[this.at] ?? 0;
        const escape = 'nrtbf'.indexOf(String.fromCharCode(code));
        if (escape >= 0) code = [10, 13, 9, 8, 12][escape] ?? code;
        else if (code >= 48 && code <= 55) {
          let value = code - 48;
          for (let digits = 1; digits < 3; digits += 1) {
            const next = this.bytes[this.at + 1] ?? 0;
            if (next < 48 || next > 55) break;
            value = value * 8 + next - 48;
            this.at += 1;
          }
          code = value & 255;
        } else if (code === 13 || code === 10) {
          if (code === 13 && this.bytes[this.at + 1] === 10) this.at += 1;
          continue;
        }
      }
      out.push(code);
    }
    this.at += 1;
    return new PdfText(Buffer.from(out), this.detached ? -1 : start, false);
  }

  private hex(): PdfText {
    const start = this.at;
    const out: number[] = [];
    let half = -1;
    for (this.at += 1; this.at < this.bytes.length && this.bytes[this.at] !== 0x3e; this.at += 1) {
      const value = hexValue(this.bytes[this.at] ?? 0);
      if (value < 0) continue;
      if (half < 0) half = value;
      else {
        out.push(half * 16 + value);
        half = -1;
      }
    }
    if (half >= 0) out.push(half * 16);
    this.at += 1;
    return new PdfText(Buffer.from(out), this.detached ? -1 : start, true);
  }

  /** Next object or word; undefined at the end. `R` references are recognised, `stream` is not followed. */
  next(depth = 0): PdfValue | PdfWord | undefined {
    this.skipSpace();
    const code = this.bytes[this.at];
    if (code === undefined) return undefined;
    if (code === 0x2f) return this.name();
    if (code === 0x28) return this.literal();
    if (code === 0x3c) return this.bytes[this.at + 1] === 0x3c ? this.dict(depth) : this.hex();
    if (code === 0x5b) return this.array(depth);
    if (DELIMITER.has(code)) {
      this.at += code === 0x3e && this.bytes[this.at + 1] === 0x3e ? 2 : 1;
      return new PdfWord(code === 0x3e ? '>>' : String.fromCharCode(code));
    }
    const word = this.regular();
    if (/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(word)) return this.numberOrReference(Number(word), word);
    if (word === 'true') return true;
    if (word === 'false') return false;
    if (word === 'null') return null;
    return /^[+-]*[\d.]+[-\d.]*$/.test(word) ? Number.parseFloat(word.replace(/^[+-]+/, '-')) || 0 : new PdfWord(word);
  }

  private numberOrReference(value: number, word: string): PdfValue {
    if (!/^\d+$/.test(word)) return value;
    const tail = this.bytes.toString('latin1', this.at, this.at + 24);
    const match = /^[\0\t\n\f\r ]+(\d{1,5})[\0\t\n\f\r ]+R(?![^\0\t\n\f\r ()<>[\]{}/%])/.exec(tail);
    if (match === null) return value;
    this.at += match[0].length;
    return new PdfRef(value, Number(match[1]));
  }

  private array(depth: number): PdfValue {
    this.at += 1;
    const items: PdfValue[] = [];
    while (depth < DEEPEST) {
      const item = this.next(depth + 1);
      if (item === undefined) break;
      if (item instanceof PdfWord) {
        if (item.word === ']') break;
        if (item.word === 'endobj' || item.word === '>>') break;
      } else items.push(item);
    }
    return items;
  }

  private dict(depth: number): PdfDict {
    this.at += 2;
    const dict = new PdfDict();
    while (depth < DEEPEST) {
      const key = this.next(depth + 1);
      if (key === undefined) break;
      if (key instanceof PdfWord && (key.word === '>>' || key.word === 'endobj' || key.word === 'stream')) break;
      if (!(key instanceof PdfName)) continue;
      const before = this.at;
      const value = this.next(depth + 1);
      if (value === undefined) break;
      if (value instanceof PdfWord) {
        if (value.word === '>>') break;
        if (value.word === 'endobj') {
          this.at = before;
          break;
        }
      } else dict.map.set(key.name, value);
    }
    return dict;
  }
}

export const nameOf = (value: PdfValue): string | null => (value instanceof PdfName ? value.name : null);
