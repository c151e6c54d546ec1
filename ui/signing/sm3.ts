/** SM3, HMAC-SM3 and PBKDF2-HMAC-SM3 on typed arrays (GB/T 32905-2016): a key file costs many thousand rounds, so this one is quick. */

const INITIAL = Uint32Array.of(
  0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e,
);
const rotate = (x: number, n: number): number => (x << n) | (x >>> (32 - n));
const ROUND = Int32Array.from({ length: 64 }, (_, j) => {
  const shift = j % 32;
  const constant = j < 16 ? 0x79cc4519 : 0x7a879d8a;
  return shift === 0 ? constant : rotate(constant, shift);
});
const words = new Int32Array(68);

/** One compression: `state` is changed in place by the 64-byte block at `offset`. */
function compress(state: Uint32Array, block: Uint8Array, offset: number): void {
  const w = words;
  for (let i = 0; i < 16; i += 1) {
    const p = offset + i * 4;
    w[i] = (block[p]! << 24) | (block[p + 1]! << 16) | (block[p + 2]! << 8) | block[p + 3]!;
  }
  for (let i = 16; i < 68; i += 1) {
    const x = w[i - 16]! ^ w[i - 9]! ^ rotate(w[i - 3]!, 15);
    w[i] = x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(w[i - 13]!, 7) ^ w[i - 6]!;
  }
  let a = state[0]! | 0, b = state[1]! | 0, c = state[2]! | 0, d = state[3]! | 0;
  let e = state[4]! | 0, f = state[5]! | 0, g = state[6]! | 0, h = state[7]! | 0;
  for (let j = 0; j < 64; j += 1) {
    const a12 = rotate(a, 12);
    const ss1 = rotate((a12 + e + ROUND[j]!) | 0, 7);
    const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
    const tt1 = (ff + d + (ss1 ^ a12) + (w[j]! ^ w[j + 4]!)) | 0;
    const tt2 = (gg + h + ss1 + w[j]!) | 0;
    d = c; c = rotate(b, 9); b = a; a = tt1;
    h = g; g = rotate(f, 19); f = e; e = tt2 ^ rotate(tt2, 9) ^ rotate(tt2, 17);
  }
  state[0]! ^= a; state[1]! ^= b; state[2]! ^= c; state[3]! ^= d;
  state[4]! ^= e; state[5]! ^= f; state[6]! ^= g; state[7]! ^= h;
}

function finish(state: Uint32Array, tail: Uint8Array, totalBytes: number): Uint8Array {
  const padded = new Uint8Array(tail.length + 9 > 64 ? 128 : 64);
  padded.set(tail);
  padded[tail.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(totalBytes / 0x20000000));
  view.setUint32(padded.length - 4, (totalBytes * 8) >>> 0);
  for (let at = 0; at < padded.length; at += 64) compress(state, padded, at);
  const digest = new Uint8Array(32);
  const out = new DataView(digest.buffer);
  state.forEach((word, i) => out.setUint32(i * 4, word));
  return digest;
}

export function sm3(message: Uint8Array): Uint8Array {
  const state = INITIAL.slice();
  const whole = message.length - (message.length % 64);
  for (let at = 0; at < whole; at += 64) compress(state, message, at);
  return finish(state, message.subarray(whole), message.length);
}

/** The two half-done states of an HMAC key, so that each further message of 32 bytes costs two compressions. */
function hmacStates(key: Uint8Array): readonly [Uint32Array, Uint32Array] {
  const block = new Uint8Array(64);
  block.set(key.length > 64 ? sm3(key) : key);
  const state = (mask: number): Uint32Array => {
    const start = INITIAL.slice();
    compress(start, block.map((octet) => octet ^ mask), 0);
    return start;
  };
  return [state(0x36), state(0x5c)];
}

export function hmacSm3(key: Uint8Array, message: Uint8Array): Uint8Array {
  const [inner, outer] = hmacStates(key);
  const state = inner.slice();
  const whole = message.length - (message.length % 64);
  for (let at = 0; at < whole; at += 64) compress(state, message, at);
  return finish(outer.slice(), finish(state, message.subarray(whole), 64 + message.length), 96);
}

/** PBKDF2 (RFC 8018) with HMAC-SM3 as the pseudo-random function. @returns `bytes` octets of key */
export function pbkdf2Sm3(password: Uint8Array, salt: Uint8Array, iterations: number, bytes: number): Uint8Array {
  const [inner, outer] = hmacStates(password);
  const key = new Uint8Array(bytes);
  const block = new Uint8Array(64);
  const view = new DataView(block.buffer);
  const state = new Uint32Array(8);
  const turn = (from: Uint32Array): void => {
    state.set(from);
    compress(state, block, 0);
    for (let i = 0; i < 8; i += 1) view.setUint32(i * 4, state[i]!);
  };
  for (let part = 1, at = 0; at < bytes; part += 1, at += 32) {
    const first = new Uint8Array(salt.length + 4);
    first.set(salt);
    new DataView(first.buffer).setUint32(salt.length, part);
    block.fill(0);
    block.set(hmacSm3(password, first));
    block[32] = 0x80;
    view.setUint32(60, 96 * 8);
    const sum = block.slice(0, 32);
    for (let i = 1; i < iterations; i += 1) {
      turn(inner);
      turn(outer);
      for (let j = 0; j < 32; j += 1) sum[j]! ^= block[j]!;
    }
    key.set(sum.subarray(0, Math.min(32, bytes - at)), at);
  }
  return key;
}

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join('');
