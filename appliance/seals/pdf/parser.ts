import { NULL, type PdfDict, type PdfValue } from './values.js';

const WHITE = new Set([0, 9, 10, 12, 13, 32]);
const DELIMITER = new Set([...'()<>[]{}/%'].map((one) => one.charCodeAt(0)));
const DEPTH_LIMIT = 200;

/** Reads PDF tokens and objects from `at` on. Forgiving, as viewers are: what cannot be understood becomes a word. */
export class Parser {
  constructor(
    readonly data: Buffer,
    public at = 0,
    /** First byte that is not ours any more. */
    readonly end = data.length,
  ) {}

  skipSpace(): void {
    while (this.at < this.end) {
      const byte = this.data[this.at] ?? 0;
      if (byte === 0x25) while (this.at < this.end && this.data[this.at] !== 10 && this.data[this.at] !== 13) this.at++;
      else if (!WHITE.has(byte)) return;
      else this.at++;
    }
  }

  /** @returns null at the end, or at a closing bracket (which is consumed by the opener). */
  value(depth = 0): PdfValue | null {
    this.skipSpace();
    if (this.at >= this.end || depth > DEPTH_LIMIT) return null;
    const byte = this.data[this.at];
    switch (byte) {
      case 0x28: return this.literal();
      case 0x2f: return { kind: 'name', value: this.name() };
      case 0x5b: return this.array(depth);
      case 0x3c: return this.data[this.at + 1] === 0x3c ? this.dict(depth) : this.hex();
      case 0x5d: case 0x29: case 0x3e: case 0x7b: case 0x7d: return null;
      default: return this.word();
    }
  }

  /** Characters up to white space or a delimiter. */
  run(): string {
    const start = this.at;
    while (this.at < this.end && !WHITE.has(this.data[this.at] ?? 0) && !DELIMITER.has(this.data[this.at] ?? 0)) this.at++;
    return this.data.toString('latin1', start, this.at);
  }

  private word(): PdfValue {
    const raw = this.run();
    if (/^[+-]?(\d+\.?\d*|\.\d+)/.test(raw)) return (/^\d+$/.test(raw) ? this.reference(Number(raw)) : null) ?? { kind: 'number', raw: /^[+-]?(\d+\.?\d*|\.\d+)/.exec(raw)?.[0] ?? '0' };
    if (/^[+-]+[\d.]/.test(raw)) return { kind: 'number', raw: /^-/.test(raw) ? `-${raw.replace(/^[+-]+/, '')}` : raw.replace(/^[+-]+/, '') };
    if (raw === 'true' || raw === 'false') return { kind: 'bool', value: raw === 'true' };
    return raw === 'null' ? NULL : { kind: 'word', raw };
  }

  /** `12 0 R` */
  private reference(num: number): PdfValue | null {
    const back = this.at;
    this.skipSpace();
    const gen = this.run();
    if (/^\d{1,5}$/.test(gen)) {
      this.skipSpace();
      if (this.data[this.at] === 0x52 && this.run() === 'R') return { kind: 'ref', num, gen: Number(gen) };
    }
    this.at = back;
    return null;
  }

  private name(): string {
    this.at++;
    return this.run().replace(/#([0-9a-fA-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }

  private array(depth: number): PdfValue {
    this.at++;
    const items: PdfValue[] = [];
    for (;;) {
      const item = this.value(depth + 1);
      if (item === null) {
        if (this.data[this.at] === 0x5d) {
          this.at++;
          break;
        }
        if (!this.skipStray('>')) break;
      } else if (item.kind === 'word' && (item.raw === 'endobj' || item.raw === 'endstream')) break;
      else if (item.kind !== 'word') items.push(item);
    }
    return { kind: 'array', items };
  }

  /** A bracket that closes nothing. A `stop` character is left to whoever opened it. */
  private skipStray(stop: string): boolean {
    if (this.at >= this.end || String.fromCharCode(this.data[this.at] ?? 0) === stop) return false;
    this.at++;
    return true;
  }

  private dict(depth: number): PdfDict {
    this.at += 2;
    const map = new Map<string, PdfValue>();
    for (;;) {
      this.skipSpace();
      if (this.at >= this.end) break;
      if (this.data[this.at] === 0x3e) {
        this.at += this.data[this.at + 1] === 0x3e ? 2 : 1;
        break;
      }
      if (this.data[this.at] !== 0x2f) {
        const odd = this.value(depth + 1);
        if (odd === null && !this.skipStray('')) break;
        if (odd?.kind === 'word' && (odd.raw === 'endobj' || odd.raw === 'stream')) {
          this.at -= odd.raw.length;
          break;
        }
        continue;
      }
      const key = this.name();
      const value = this.value(depth + 1);
      if (value === null) continue;
      if (value.kind === 'word' && value.raw === 'endobj') {
        this.at -= value.raw.length;
        break;
      }
      map.set(key, value.kind === 'word' ? NULL : value);
    }
    return { kind: 'dict', map };
  }

  private hex(): PdfValue {
    const close = this.data.indexOf(0x3e, this.at);
    const stop = close === -1 || close > this.end ? this.end : close;
    const digits = this.data.toString('latin1', this.at + 1, stop).replace(/[^0-9a-fA-F]/g, '');
    this.at = Math.min(stop + 1, this.end);
    return { kind: 'string', bytes: Buffer.from(digits.length % 2 === 0 ? digits : `${digits}0`, 'hex'), hex: true };
  }

  private literal(): PdfValue {
    const bytes: number[] = [];
    let open = 1;
    this.at++;
    for (; this.at < this.end; this.at++) {
      const byte = this.data[this.at] ?? 0;
      if (byte === 0x5c) this.escape(bytes);
      else if (byte === 0x0d) {
        bytes.push(0x0a);
        if (this.data[this.at + 1] === 0x0a) this.at++;
      } else {
        if (byte === 0x28) open++;
        if (byte === 0x29 && --open === 0) break;
        bytes.push(byte);
      }
    }
    this.at = Math.min(this.at + 1, this.end);
    return { kind: 'string', bytes: Buffer.from(bytes), hex: false };
  }

  private escape(bytes: number[]): void {
    const next = this.data[++this.at] ?? 0;
    const plain = ESCAPES[String.fromCharCode(next)];
    if (plain !== undefined) bytes.push(plain);
    else if (next >= 0x30 && next <= 0x37) {
      const octal = /^[0-7]{1,3}/.exec(this.data.toString('latin1', this.at, this.at + 3))?.[0] ?? '0';
      this.at += octal.length - 1;
      bytes.push(Number.parseInt(octal, 8) & 0xff);
    } else if (next === 0x0d) {
      if (this.data[this.at + 1] === 0x0a) this.at++;
    } else if (next !== 0x0a) bytes.push(next);
  }
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, f: 12 };
