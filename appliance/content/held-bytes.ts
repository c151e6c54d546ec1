/** Bytes waiting until they fill a run: grows to `limit`, is used again, and is overwritten when emptied. */
export class HeldBytes {
  #memory = new Uint8Array(64 * 1024);
  length = 0;

  /** @param limit most it ever holds; the caller keeps to it */
  constructor(private readonly limit: number) {}

  get bytes(): Uint8Array {
    return this.#memory.subarray(0, this.length);
  }

  hold(piece: Uint8Array): void {
    const needed = this.length + piece.length;
    if (needed > this.#memory.length) {
      const larger = new Uint8Array(Math.min(this.limit, Math.max(needed, 2 * this.#memory.length)));
      larger.set(this.bytes);
      this.#memory.fill(0);
      this.#memory = larger;
    }
    this.#memory.set(piece, this.length);
    this.length = needed;
  }

  takeInto(target: Uint8Array): void {
    target.set(this.bytes);
    this.clear();
  }

  clear(): void {
    this.bytes.fill(0);
    this.length = 0;
  }
}
