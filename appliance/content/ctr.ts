/**
 * SM4-CTR for bulk data, in the implementations this machine has. Each is compared with node's on the carries of the counter
 * before it is used, and the fastest of those that agree is taken: measured at start, never guessed.
 */
import { createCipheriv, randomBytes } from 'node:crypto';
import koffi, { type LibraryHandle } from 'koffi';

export type CtrName = 'node' | 'libgcrypt';
/** @param counter 16 bytes @param output as long as the input, may be the input */
export type Ctr = (key: Uint8Array, counter: Uint8Array, input: Uint8Array, output: Uint8Array) => void;

const nodeCtr: Ctr = (key, counter, input, output) => {
  const cipher = createCipheriv('sm4-ctr', key, counter);
  output.set(cipher.update(input));
};

const LIBRARIES = ['libgcrypt.so.20', '/usr/lib/x86_64-linux-gnu/libgcrypt.so.20', '/usr/lib/aarch64-linux-gnu/libgcrypt.so.20', '/usr/lib64/libgcrypt.so.20'];
const GCRY_CIPHER_SM4 = 318;
const GCRY_CIPHER_MODE_CTR = 6;
const GCRYCTL_DISABLE_SECMEM = 37;
const GCRYCTL_INITIALIZATION_FINISHED = 38;
const GCRYCTL_INITIALIZATION_FINISHED_P = 39;

/**
 * libgcrypt through koffi. It has to be initialised once, in the main thread, before any worker uses it: two workers
 * initialising together leave it not operational.
 * @param initialise true in the main thread only
 */
export function gcryptCtr(initialise: boolean): Ctr | undefined {
  const library = LIBRARIES.map(tryLoad).find((one) => one !== undefined);
  if (library === undefined) return undefined;
  try {
    const checkVersion = library.func('const char *gcry_check_version(const char *version)');
    const control = library.func('unsigned int gcry_control(int command, ...)');
    if (initialise && control(GCRYCTL_INITIALIZATION_FINISHED_P) === 0) {
      if (checkVersion('1.9.0') === null) return undefined; // SM4 came with 1.9
      control(GCRYCTL_DISABLE_SECMEM, 'int', 0);
      control(GCRYCTL_INITIALIZATION_FINISHED, 'int', 0);
    }
    const open = library.func('unsigned int gcry_cipher_open(_Out_ void **handle, int algorithm, int mode, unsigned int flags)');
    const close = library.func('void gcry_cipher_close(void *handle)');
    const setKey = library.func('unsigned int gcry_cipher_setkey(void *handle, const uint8_t *key, size_t length)');
    const setCounter = library.func('unsigned int gcry_cipher_setctr(void *handle, const uint8_t *counter, size_t length)');
    const encrypt = library.func('unsigned int gcry_cipher_encrypt(void *handle, _Out_ uint8_t *out, size_t outLength, const uint8_t *in, size_t inLength)');
    return (key, counter, input, output) => {
      if (input.length === 0) return;
      const handle: [object | null] = [null];
      const good = (status: number): void => {
        if (status !== 0) throw new Error(`libgcrypt ${status & 0xffff}`);
      };
      good(open(handle, GCRY_CIPHER_SM4, GCRY_CIPHER_MODE_CTR, 0));
      try {
        good(setKey(handle[0], key, key.length));
        good(setCounter(handle[0], counter, counter.length));
        good(encrypt(handle[0], output, output.length, input, input.length));
      } finally {
        close(handle[0]);
      }
    };
  } catch {
    return undefined;
  }
}

function tryLoad(path: string): LibraryHandle | undefined {
  try {
    return koffi.load(path);
  } catch {
    return undefined;
  }
}

/** In a worker: the implementation the main thread chose and initialised. */
export const ctrNamed = (name: CtrName): Ctr => (name === 'libgcrypt' ? (gcryptCtr(false) ?? nodeCtr) : nodeCtr);

/** Equal to node's on odd lengths and on carries through 4, 8 and all 16 bytes of the counter. */
function agrees(ctr: Ctr): boolean {
  return [4, 8, 12, 16].every((carried) => [1, 16, 31, 1024, 70_001].every((bytes) => {
    const counter = randomBytes(16).fill(0xff, 16 - carried);
    const [key, input] = [randomBytes(16), randomBytes(bytes)];
    const [ours, theirs] = [new Uint8Array(bytes), new Uint8Array(bytes)];
    try {
      ctr(key, counter, input, ours);
    } catch {
      return false;
    }
    nodeCtr(key, counter, input, theirs);
    return Buffer.compare(ours, theirs) === 0;
  }));
}

export interface CtrChoice {
  readonly name: CtrName;
  readonly ctr: Ctr;
  /** 10^6 bytes a second, of every implementation that agreed. */
  readonly rates: Readonly<Partial<Record<CtrName, number>>>;
}

/** Main thread, once at start; takes about 50 ms. @param only for measuring and tests: use this one if it is there */
export function chooseCtr(only?: CtrName): CtrChoice {
  const gcrypt = only === 'node' ? undefined : gcryptCtr(true);
  const found: [CtrName, Ctr][] = [['node', nodeCtr], ...(gcrypt !== undefined && agrees(gcrypt) ? [['libgcrypt', gcrypt] as [CtrName, Ctr]] : [])];
  const measured = found.map(([name, ctr]) => ({ name, ctr, rate: rateOf(ctr) })).sort((a, b) => b.rate - a.rate);
  const best = measured.find(({ name }) => name === only) ?? measured[0] ?? { name: 'node', ctr: nodeCtr, rate: 0 };
  return { name: best.name, ctr: best.ctr, rates: Object.fromEntries(measured.map(({ name, rate }) => [name, Math.round(rate)])) };
}

function rateOf(ctr: Ctr): number {
  const [key, counter, data, out] = [randomBytes(16), randomBytes(16), new Uint8Array(256 * 1024), new Uint8Array(256 * 1024)];
  let best = 0;
  for (let round = 0; round < 5; round++) {
    const from = process.hrtime.bigint();
    ctr(key, counter, data, out);
    best = Math.max(best, (data.length * 1000) / Math.max(1, Number(process.hrtime.bigint() - from)));
  }
  return best;
}
