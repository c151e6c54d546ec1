/**
 * LZMA, decoding only, after the LZMA specification (Igor Pavlov, public domain): needed to read the packed headers of 7z archives,
 * where the sign of encryption stands.
 * @param properties five bytes: lc/lp/pb and the dictionary size
 * @returns `null` when the stream is not what it says
 */
export function lzmaDecode(packed: Buffer, properties: Buffer, unpackedSize: number): Buffer | null {
  const first = properties[0] ?? 255;
  if (first >= 225 || packed.length < 5 || packed[0] !== 0) return null;
  const decoder = new Decoder(packed, first % 9, Math.floor(first / 9) % 5, Math.floor(first / 45));
  return decoder.run(unpackedSize);
}

const HALF = 1024;

function tree(bits: number): Uint16Array {
  return new Uint16Array(1 << bits).fill(HALF);
}

class Lengths {
  private readonly choice = new Uint16Array(2).fill(HALF);
  private readonly low = Array.from({ length: 16 }, () => tree(3));
  private readonly mid = Array.from({ length: 16 }, () => tree(3));
  private readonly high = tree(8);

  read(coder: Decoder, position: number): number {
    if (coder.bit(this.choice, 0) === 0) return coder.tree(this.low[position] ?? this.high, 3);
    if (coder.bit(this.choice, 1) === 0) return 8 + coder.tree(this.mid[position] ?? this.high, 3);
    return 16 + coder.tree(this.high, 8);
  }
}

class Decoder {
  private at = 5;
  private range = 0xffffffff;
  private code: number;
  private readonly literals: Uint16Array;
  private readonly isMatch = new Uint16Array(12 << 4).fill(HALF);
  private readonly isRep = new Uint16Array(12).fill(HALF);
  private readonly isRep0 = new Uint16Array(12).fill(HALF);
  private readonly isRep1 = new Uint16Array(12).fill(HALF);
  private readonly isRep2 = new Uint16Array(12).fill(HALF);
  private readonly isRep0Long = new Uint16Array(12 << 4).fill(HALF);
  private readonly slots = Array.from({ length: 4 }, () => tree(6));
  private readonly align = tree(4);
  private readonly distances = new Uint16Array(128).fill(HALF);
  private readonly lengths = new Lengths();
  private readonly repLengths = new Lengths();

  constructor(private readonly input: Buffer, private readonly lc: number, private readonly lp: number, private readonly pb: number) {
    this.code = input.readUInt32BE(1);
    this.literals = new Uint16Array(0x300 << (lc + lp)).fill(HALF);
  }

  bit(probabilities: Uint16Array, index: number): number {
    const probability = probabilities[index] ?? HALF;
    const bound = (this.range >>> 11) * probability;
    let value = 0;
    if (this.code < bound) {
      probabilities[index] = probability + ((2048 - probability) >> 5);
      this.range = bound;
    } else {
      probabilities[index] = probability - (probability >> 5);
      this.code -= bound;
      this.range -= bound;
      value = 1;
    }
    this.normalize();
    return value;
  }

  tree(probabilities: Uint16Array, bits: number): number {
    let node = 1;
    for (let count = 0; count < bits; count++) node = (node << 1) | this.bit(probabilities, node);
    return node - (1 << bits);
  }

  private normalize(): void {
    if (this.range >= 0x1000000) return;
    this.range = (this.range * 256) >>> 0;
    this.code = ((this.code * 256) >>> 0) + (this.input[this.at++] ?? 0);
  }

  private direct(bits: number): number {
    let value = 0;
    for (let count = 0; count < bits; count++) {
      this.range = this.range >>> 1;
      const one = this.code >= this.range;
      if (one) this.code -= this.range;
      this.normalize();
      value = value * 2 + (one ? 1 : 0);
    }
    return value;
  }

  private reverse(probabilities: Uint16Array, base: number, bits: number): number {
    let node = 1;
    let value = 0;
    for (let count = 0; count < bits; count++) {
      const bit = this.bit(probabilities, base + node);
      node = (node << 1) | bit;
      value |= bit << count;
    }
    return value;
  }

  private distance(length: number): number {
    const slot = this.tree(this.slots[Math.min(length, 3)] ?? this.align, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) * 2 ** bits;
    if (slot < 14) return base + this.reverse(this.distances, base - slot, bits);
    return base + this.direct(bits - 4) * 16 + this.reverse(this.align, 0, 4);
  }

  private literal(output: Buffer, at: number, state: number, rep0: number): void {
    const before = at > 0 ? output[at - 1] ?? 0 : 0;
    const base = 0x300 * (((at & ((1 << this.lp) - 1)) << this.lc) + (before >> (8 - this.lc)));
    let symbol = 1;
    if (state >= 7) {
      let match = output[at - rep0 - 1] ?? 0;
      while (symbol < 0x100) {
        const matchBit = (match >> 7) & 1;
        match = (match << 1) & 0xff;
        const bit = this.bit(this.literals, base + ((1 + matchBit) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (matchBit !== bit) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.bit(this.literals, base + symbol);
    output[at] = symbol & 0xff;
  }

  run(size: number): Buffer | null {
    const output = Buffer.alloc(size);
    let at = 0;
    let state = 0;
    let [rep0, rep1, rep2, rep3] = [0, 0, 0, 0];
    while (at < size && this.at <= this.input.length + 8) {
      const position = at & ((1 << this.pb) - 1);
      if (this.bit(this.isMatch, (state << 4) + position) === 0) {
        this.literal(output, at++, state, rep0);
        state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
        continue;
      }
      let length: number;
      if (this.bit(this.isRep, state) === 0) {
        [rep3, rep2, rep1] = [rep2, rep1, rep0];
        length = this.lengths.read(this, position);
        rep0 = this.distance(length);
        state = state < 7 ? 7 : 10;
        if (rep0 === 0xffffffff) break;
      } else {
        if (this.bit(this.isRep0, state) === 0) {
          if (this.bit(this.isRep0Long, (state << 4) + position) === 0) {
            if (at <= rep0) return null;
            output[at] = output[at - rep0 - 1] ?? 0;
            at++;
            state = state < 7 ? 9 : 11;
            continue;
          }
        } else if (this.bit(this.isRep1, state) === 0) {
          [rep0, rep1] = [rep1, rep0];
        } else if (this.bit(this.isRep2, state) === 0) {
          [rep0, rep1, rep2] = [rep2, rep0, rep1];
        } else {
          [rep0, rep1, rep2, rep3] = [rep3, rep0, rep1, rep2];
        }
        length = this.repLengths.read(this, position);
        state = state < 7 ? 8 : 11;
      }
      if (rep0 >= at) return null;
      for (let count = length + 2; count > 0 && at < size; count--, at++) output[at] = output[at - rep0 - 1] ?? 0;
    }
    return at === size ? output : null;
  }
}
