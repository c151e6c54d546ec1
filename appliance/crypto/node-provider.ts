/**
 * The software provider: node:crypto (OpenSSL). Measured 36 to 48 times the speed of the script libraries.
 *
 * A signature means SM2 only under two conditions, both held here: the key object was imported (one straight from
 * `generateKeyPairSync` signs plain ECDSA on the same curve), and Z is fed in before the message (the one-shot `sign()` uses
 * the Z of the EMPTY user id). `self-test.ts` proves it at every start, so a node upgrade that changes this shows at once.
 */
import {
  createCipheriv, createDecipheriv, createHash, createHmac, createPrivateKey, createPublicKey, createSign, createVerify,
  generateKeyPairSync, hkdfSync, type KeyObject, pbkdf2, randomBytes, timingSafeEqual,
} from 'node:crypto';
import { ArchiveError } from '../../core/errors.js';
import { type EvpKey, evpKey } from './openssl-evp.js';
import { type CryptoProvider, DEFAULT_ID, type PrivateKey, type PublicKey, SM4_MODES, type Sm4Mode } from './provider.js';
import { CURVE_BYTES, checkPublicKey, fromSpki, readSignature, scalarOf, toPkcs8, toSpki } from './sm2-curve.js';
import { sm2DecryptWith, sm2EncryptWith } from './sm2-encryption.js';

const refuse = (facts: Record<string, unknown>): never => {
  throw new ArchiveError('E_CRYPTO_INPUT', facts);
};

class HeldKey implements PrivateKey {
  #evp: EvpKey | undefined;
  constructor(readonly object: KeyObject, readonly publicKey: PublicKey) {}

  get evp(): EvpKey {
    return (this.#evp ??= wiped(pkcs8Of(this.object), (der) => evpKey('private', der)));
  }
}

const pkcs8Of = (object: KeyObject): Uint8Array => object.export({ format: 'der', type: 'pkcs8' });

function wiped<T>(secret: Uint8Array, use: (secret: Uint8Array) => T): T {
  try {
    return use(secret);
  } finally {
    secret.fill(0);
  }
}

const held = (key: PrivateKey): HeldKey => (key instanceof HeldKey ? key : refuse({ what: 'private key', why: 'held by another provider' }));

/** Z = SM3(bit length of id ‖ id ‖ a ‖ b ‖ G ‖ P). GB/T 32918.2-2016 clause 5.5. */
export function zValue(publicKey: PublicKey, id: string = DEFAULT_ID): Uint8Array {
  const name = Buffer.from(id, 'utf8');
  if (name.length > 8191) refuse({ what: 'user id', bytes: name.length });
  const bitLength = Buffer.alloc(2);
  bitLength.writeUInt16BE(name.length * 8);
  return createHash('sm3').update(bitLength).update(name).update(CURVE_BYTES).update(publicKey.subarray(1)).digest();
}

const PUBLIC_KEYS_KEPT = 512;

export class NodeProvider implements CryptoProvider {
  readonly name = `node:crypto OpenSSL ${process.versions.openssl}`;
  /** Imported public keys by their bytes, least recently used first: importing costs as much as verifying. */
  readonly #publicKeys = new Map<string, { object: KeyObject; evp?: EvpKey }>();

  sm3(...parts: readonly Uint8Array[]): Uint8Array {
    const hash = createHash('sm3');
    for (const part of parts) hash.update(part);
    return hash.digest();
  }

  sm3Stream() {
    const hash = createHash('sm3');
    return { update: (part: Uint8Array) => void hash.update(part), digest: (): Uint8Array => hash.digest() };
  }

  hmacSm3(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
    const mac = createHmac('sm3', key);
    for (const part of parts) mac.update(part);
    return mac.digest();
  }

  pbkdf2Sm3(password: Uint8Array, salt: Uint8Array, iterations: number, lengthBytes: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      pbkdf2(password, salt, iterations, lengthBytes, 'sm3', (error, key) => (error ? reject(error) : resolve(key)));
    });
  }

  hkdfSm3(secret: Uint8Array, salt: Uint8Array, info: Uint8Array | string, lengthBytes: number): Uint8Array {
    return new Uint8Array(hkdfSync('sm3', secret, salt, info, lengthBytes));
  }

  sm4Encrypt(mode: Sm4Mode, key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array {
    checkSm4(mode, key, iv, mode === 'cbc' ? 0 : plain.length);
    const cipher = createCipheriv(openSslName(mode), key, mode === 'ecb' ? null : iv).setAutoPadding(mode === 'cbc');
    const body = cipher.update(plain);
    const rest = cipher.final();
    return rest.length === 0 ? body : Buffer.concat([body, rest]);
  }

  sm4Decrypt(mode: Sm4Mode, key: Uint8Array, iv: Uint8Array, cipherText: Uint8Array): Uint8Array {
    checkSm4(mode, key, iv, cipherText.length);
    const cipher = createDecipheriv(openSslName(mode), key, mode === 'ecb' ? null : iv).setAutoPadding(mode === 'cbc');
    const body = cipher.update(cipherText);
    try {
      const rest = cipher.final();
      return rest.length === 0 ? body : Buffer.concat([body, rest]);
    } catch {
      throw new ArchiveError('E_DECRYPT_FAILED', { what: 'SM4-CBC padding' });
    }
  }

  generateKeyPair(): PrivateKey {
    const { privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'SM2',
      privateKeyEncoding: { format: 'der', type: 'pkcs8' }, publicKeyEncoding: { format: 'der', type: 'spki' },
    });
    return wiped(privateKey, (der) => this.loadPrivateKey(der));
  }

  loadPrivateKey(key: Uint8Array): PrivateKey {
    const scalar = key.length === 32 ? key.slice() : scalarOf(key);
    return wiped(scalar, (d) => wiped(toPkcs8(d), (der) => {
      // The public half is computed anew from the scalar, so a file whose halves differ cannot mislead.
      const object = createPrivateKey({ key: Buffer.from(der.buffer, der.byteOffset, der.length), format: 'der', type: 'pkcs8' });
      const publicKey = fromSpki(createPublicKey(object).export({ format: 'der', type: 'spki' }));
      return new HeldKey(object, publicKey);
    }));
  }

  exportPrivateKey(key: PrivateKey): Uint8Array {
    return wiped(pkcs8Of(held(key).object), (der) => wiped(scalarOf(der), (d) => toPkcs8(d, key.publicKey)));
  }

  sign(message: Uint8Array, key: PrivateKey, id: string = DEFAULT_ID): Uint8Array {
    return createSign('sm3').update(zValue(key.publicKey, id)).update(message).sign(held(key).object);
  }

  signer(key: PrivateKey, id: string = DEFAULT_ID) {
    const signing = createSign('sm3').update(zValue(key.publicKey, id));
    return { update: (part: Uint8Array) => void signing.update(part), sign: (): Uint8Array => signing.sign(held(key).object) };
  }

  verify(message: Uint8Array, signature: Uint8Array, publicKey: PublicKey, id: string = DEFAULT_ID): boolean {
    const verifying = this.verifier(publicKey, id);
    verifying.update(message);
    return verifying.verify(signature);
  }

  verifier(publicKey: PublicKey, id: string = DEFAULT_ID) {
    const { object } = this.#publicKey(publicKey);
    const verifying = createVerify('sm3').update(zValue(publicKey, id));
    return {
      update: (part: Uint8Array) => void verifying.update(part),
      verify: (signature: Uint8Array): boolean => readSignature(signature) !== undefined && verifying.verify(object, signature),
    };
  }

  sm2Encrypt(plain: Uint8Array, publicKey: PublicKey): Uint8Array {
    const entry = this.#publicKey(publicKey);
    entry.evp ??= evpKey('public', toSpki(publicKey));
    return sm2EncryptWith(entry.evp, plain);
  }

  sm2Decrypt(cipher: Uint8Array, key: PrivateKey): Uint8Array {
    return sm2DecryptWith(held(key).evp, cipher);
  }

  equal(a: Uint8Array, b: Uint8Array): boolean {
    return a.length === b.length && timingSafeEqual(a, b);
  }

  random(lengthBytes: number): Uint8Array {
    return randomBytes(lengthBytes);
  }

  #publicKey(publicKey: PublicKey): { object: KeyObject; evp?: EvpKey } {
    const name = Buffer.from(publicKey).toString('latin1');
    const known = this.#publicKeys.get(name);
    if (known !== undefined) {
      this.#publicKeys.delete(name);
      this.#publicKeys.set(name, known);
      return known;
    }
    const der = Buffer.from(toSpki(checkPublicKey(publicKey)));
    const entry = { object: createPublicKey({ key: der, format: 'der', type: 'spki' }) };
    if (this.#publicKeys.size >= PUBLIC_KEYS_KEPT) {
      const [oldest] = this.#publicKeys.keys();
      if (oldest !== undefined) this.#publicKeys.delete(oldest);
    }
    this.#publicKeys.set(name, entry);
    return entry;
  }
}

const openSslName = (mode: Sm4Mode): string => `sm4-${mode === 'cbc-raw' ? 'cbc' : mode}`;

function checkSm4(mode: Sm4Mode, key: Uint8Array, iv: Uint8Array, bytes: number): void {
  if (!SM4_MODES.includes(mode)) refuse({ what: 'SM4 mode' });
  if (key.length !== 16) refuse({ what: 'SM4 key', bytes: key.length });
  if (iv.length !== (mode === 'ecb' ? 0 : 16)) refuse({ what: 'SM4 iv', bytes: iv.length });
  if (mode !== 'ctr' && bytes % 16 !== 0) refuse({ what: 'SM4 data is not whole blocks', bytes });
}
