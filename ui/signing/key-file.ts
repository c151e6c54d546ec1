/**
 * 密钥文件: the private key under a PIN (PKCS#8 PBES2: PBKDF2-HMAC-SM3, SM4-CBC) beside its certificate, in one JSON file that the box
 * writes. It stands in for a USB key behind the same interface; the key itself never leaves the worker that opens it.
 */
import smCrypto from 'sm-crypto';
import { DerError, integer, oid, only, pemBlocks, readElements } from './der.js';
import { publicKeyOf } from './sm2.js';
import { hex, pbkdf2Sm3 } from './sm3.js';

const OID = {
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  sm4Cbc: '1.2.156.10197.1.104.2',
} as const;
/** The number the box and GmSSL write, and the later registration. */
const HMAC_SM3: readonly string[] = ['1.2.156.10197.1.401.2', '1.2.156.10197.1.401.3.1'];
const SEQUENCE = 0x30;
const OCTETS = 0x04;
const MOST_ITERATIONS = 10_000_000;

export type KeyFileFault = 'not-a-key-file' | 'unknown-protection' | 'wrong-pin';

export class KeyFileError extends Error {
  constructor(readonly fault: KeyFileFault) { super(fault); this.name = 'KeyFileError'; }
}

export interface PrivateKey {
  /** d, 64 hex digits. */
  readonly secret: string;
}

interface Sealed { readonly salt: Uint8Array; readonly iterations: number; readonly iv: Uint8Array; readonly body: Uint8Array }

function take(elements: ReturnType<typeof readElements>, at: number, tag: number): Uint8Array {
  const element = elements[at];
  if (!element || element.tag !== tag) throw new DerError('shape');
  return element.body;
}

function readSealed(der: Uint8Array): Sealed {
  const outer = readElements(only(der, SEQUENCE));
  const algorithm = readElements(take(outer, 0, SEQUENCE));
  if (oid(take(algorithm, 0, 0x06)) !== OID.pbes2) throw new KeyFileError('unknown-protection');
  const [kdf, cipher] = readElements(take(algorithm, 1, SEQUENCE)).map((part) => readElements(part.body));
  if (!kdf || !cipher) throw new DerError('shape');
  const rounds = readElements(take(kdf, 1, SEQUENCE));
  const prf = rounds.find((part) => part.tag === SEQUENCE);
  const known = oid(take(kdf, 0, 0x06)) === OID.pbkdf2 && oid(take(cipher, 0, 0x06)) === OID.sm4Cbc
    && prf !== undefined && HMAC_SM3.includes(oid(take(readElements(prf.body), 0, 0x06)));
  const iterations = integer(take(rounds, 1, 0x02));
  if (!known || iterations < 1 || iterations > MOST_ITERATIONS) throw new KeyFileError('unknown-protection');
  return { salt: take(rounds, 0, OCTETS), iterations, iv: take(cipher, 1, OCTETS), body: take(outer, 1, OCTETS) };
}

/** Without the right PIN the padding or the inner structure does not come out; both are told as `wrong-pin`. */
function readPlain(der: Uint8Array): PrivateKey {
  const inner = readElements(only(der, SEQUENCE));
  const key = readElements(only(take(inner, 2, OCTETS), SEQUENCE));
  const secret = take(key, 1, OCTETS);
  if (secret.length !== 32) throw new DerError('key');
  return { secret: hex(secret) };
}

function unwrap(sealed: Sealed, pin: string): PrivateKey {
  const key = pbkdf2Sm3(new TextEncoder().encode(pin.normalize('NFC')), sealed.salt, sealed.iterations, 16);
  const plain = smCrypto.sm4.decrypt([...sealed.body], [...key], { mode: 'cbc', iv: [...sealed.iv], padding: 'pkcs#7', output: 'array' });
  return readPlain(Uint8Array.from(plain));
}

interface Parts { readonly certificate: string; readonly encryptedPrivateKey: string; readonly holder: string }

/** @throws KeyFileError `not-a-key-file` for another shape */
export function readKeyFile(text: string): Parts {
  try {
    const file = JSON.parse(text) as Partial<Record<string, unknown>>;
    const { format, version, holder, certificate, encryptedPrivateKey } = file;
    if (format === 'shouzang-key-file' && version === 1 && typeof holder === 'string' && typeof certificate === 'string' && typeof encryptedPrivateKey === 'string') {
      return { holder, certificate, encryptedPrivateKey };
    }
  } catch {
    // not JSON: told below
  }
  throw new KeyFileError('not-a-key-file');
}

/** The public half must stand in the certificate; a key of another certificate is told as a wrong PIN, as on the box. */
function belongs(key: PrivateKey, certificate: string): boolean {
  const block = pemBlocks(certificate).find((one) => one.label === 'CERTIFICATE');
  return block !== undefined && hex(block.bytes).includes(publicKeyOf(key.secret));
}

/** @throws KeyFileError */
export function openKeyFile(text: string, pin: string): PrivateKey {
  const file = readKeyFile(text);
  const block = pemBlocks(file.encryptedPrivateKey).find((one) => one.label === 'ENCRYPTED PRIVATE KEY');
  if (!block) throw new KeyFileError('not-a-key-file');
  let sealed: Sealed;
  try {
    sealed = readSealed(block.bytes);
  } catch (cause) {
    throw cause instanceof KeyFileError ? cause : new KeyFileError('not-a-key-file');
  }
  try {
    const key = unwrap(sealed, pin);
    if (belongs(key, file.certificate)) return key;
  } catch {
    // padding or structure did not come out: told below
  }
  throw new KeyFileError('wrong-pin');
}
