/**
 * The few OpenSSL functions that node:crypto does not offer (SM2 encryption, SM2 over a given digest), called on the
 * OpenSSL that node itself carries and exports. Same library, same process, no second copy.
 */
import { getFips } from 'node:crypto';
import koffi from 'koffi';
import { ArchiveError } from '../../core/errors.js';

type Pointer = object | bigint | null;
interface Evp {
  memory(data: Uint8Array, length: number): Pointer;
  freeBio(bio: Pointer): number;
  readPrivate(bio: Pointer, into: null): Pointer;
  readPublic(bio: Pointer, into: null): Pointer;
  freeKey(key: Pointer): void;
  context(key: Pointer, engine: null): Pointer;
  freeContext(context: Pointer): void;
  clearErrors(): void;
  begin: Record<Act, (context: Pointer) => number>;
  run: Record<'encrypt' | 'decrypt' | 'sign', (context: Pointer, out: Uint8Array | null, length: number[], input: Uint8Array, inputLength: number) => number>;
  verify(context: Pointer, signature: Uint8Array, signatureLength: number, digest: Uint8Array, digestLength: number): number;
}
type Act = 'encrypt' | 'decrypt' | 'sign' | 'verify';

let loaded: Evp | undefined;

function evp(): Evp {
  if (loaded !== undefined) return loaded;
  try {
    getFips(); // node's own OpenSSL is initialised before it is called from here
    const library = koffi.load(null);
    const run = (name: string) => library.func(`int ${name}(void *ctx, _Out_ uint8_t *out, _Inout_ size_t *outlen, const uint8_t *in, size_t inlen)`);
    const begin = (name: string) => library.func(`int ${name}(void *ctx)`);
    loaded = {
      memory: library.func('void *BIO_new_mem_buf(const uint8_t *buf, int len)'),
      freeBio: library.func('int BIO_free(void *bio)'),
      readPrivate: library.func('void *d2i_PrivateKey_bio(void *bio, void *into)'),
      readPublic: library.func('void *d2i_PUBKEY_bio(void *bio, void *into)'),
      freeKey: library.func('void EVP_PKEY_free(void *key)'),
      context: library.func('void *EVP_PKEY_CTX_new(void *key, void *engine)'),
      freeContext: library.func('void EVP_PKEY_CTX_free(void *ctx)'),
      clearErrors: library.func('void ERR_clear_error()'),
      begin: {
        encrypt: begin('EVP_PKEY_encrypt_init'), decrypt: begin('EVP_PKEY_decrypt_init'),
        sign: begin('EVP_PKEY_sign_init'), verify: begin('EVP_PKEY_verify_init'),
      },
      run: { encrypt: run('EVP_PKEY_encrypt'), decrypt: run('EVP_PKEY_decrypt'), sign: run('EVP_PKEY_sign') },
      verify: library.func('int EVP_PKEY_verify(void *ctx, const uint8_t *sig, size_t siglen, const uint8_t *tbs, size_t tbslen)'),
    };
    return loaded;
  } catch (cause) {
    throw new ArchiveError('E_CRYPTO_UNAVAILABLE', { what: 'OpenSSL EVP', why: cause instanceof Error ? cause.message : 'unknown' });
  }
}

/** A key inside OpenSSL; freed when the object is collected. */
export interface EvpKey { readonly pointer: Pointer }

const cleanup = new FinalizationRegistry<Pointer>((pointer) => evp().freeKey(pointer));

/** @param der PKCS#8 (private) or SubjectPublicKeyInfo (public) of an SM2 key */
export function evpKey(half: 'private' | 'public', der: Uint8Array): EvpKey {
  const lib = evp();
  const bio = lib.memory(der, der.length);
  try {
    const pointer = half === 'private' ? lib.readPrivate(bio, null) : lib.readPublic(bio, null);
    if (pointer === null) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'SM2 key' });
    const key = { pointer };
    cleanup.register(key, pointer);
    return key;
  } finally {
    lib.freeBio(bio);
    lib.clearErrors();
  }
}

/** One operation with its own context. @returns `undefined` when OpenSSL refuses; its error queue is left empty. */
export function evpRun(act: 'encrypt' | 'decrypt' | 'sign', key: EvpKey, input: Uint8Array): Uint8Array | undefined {
  return within(act, key, (lib, context) => {
    const length = [0];
    if (lib.run[act](context, null, length, input, input.length) <= 0) return undefined;
    const out = new Uint8Array(length[0] ?? 0);
    if (lib.run[act](context, out, length, input, input.length) <= 0) return undefined;
    const result = out.slice(0, length[0] ?? 0);
    out.fill(0);
    return result;
  });
}

/** SM2 verification over a given 32-byte e. */
export const evpVerify = (key: EvpKey, signature: Uint8Array, digest: Uint8Array): boolean =>
  within('verify', key, (lib, context) => lib.verify(context, signature, signature.length, digest, digest.length) === 1) ?? false;

function within<T>(act: Act, key: EvpKey, body: (lib: Evp, context: Pointer) => T): T | undefined {
  const lib = evp();
  const context = lib.context(key.pointer, null);
  if (context === null) return undefined;
  try {
    return lib.begin[act](context) === 1 ? body(lib, context) : undefined;
  } finally {
    lib.freeContext(context);
    lib.clearErrors();
  }
}
