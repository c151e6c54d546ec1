/** SM2 signatures in the browser (research: sm-crypto's own generator is weak, so the nonce is ours, drawn from WebCrypto and used once). */
import smCrypto from 'sm-crypto';
import { only, readElements } from './der.js';
import { hex } from './sm3.js';

interface BigNumber { toString(radix: number): string; mod(other: BigNumber): BigNumber; add(other: BigNumber): BigNumber }
type BigNumberOf = new (text: string, radix: number) => BigNumber;

/** The parts of sm-crypto in use, typed as it behaves; its published types name another number library. */
interface Sm2 {
  getPoint(): { readonly k: BigNumber & { readonly constructor: unknown } };
  getPublicKeyFromPrivateKey(secret: string): string;
  doSignature(message: number[], secret: string, options: {
    hash: true; der: true; publicKey: string;
    pointPool: { privateKey: string; publicKey: string; k: BigNumber; x1: BigNumber }[];
  }): string;
  doDecrypt(cipher: string, secret: string, order: 1, options: { output: 'array' }): number[];
  doVerifySignature(message: number[], signature: string, publicKey: string, options: { hash: true; der: true }): boolean;
}
const library = smCrypto.sm2 as unknown as Sm2;

/** `04‖x‖y` of d, hex. */
export const publicKeyOf = (secret: string): string => library.getPublicKeyFromPrivateKey(secret);

const ORDER_MINUS_ONE = 'fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122';

/** k in [1, n-1] from 320 random bits; the bias of the reduction is below 2^-64. */
function nonce(Big: BigNumberOf): string {
  const drawn = new Big(hex(crypto.getRandomValues(new Uint8Array(40))), 16);
  return drawn.mod(new Big(ORDER_MINUS_ONE, 16)).add(new Big('1', 16)).toString(16).padStart(64, '0');
}

/**
 * SM2 with SM3 and the default distinguishing identifier 1234567812345678 (GB/T 32918.2-2016).
 * @returns the signature in DER, checked against the public key before it is handed out
 */
export function signSm2(message: Uint8Array, secret: string): Uint8Array {
  const Big = library.getPoint().k.constructor as BigNumberOf;
  const publicKey = publicKeyOf(secret);
  const k = nonce(Big);
  const point = library.getPublicKeyFromPrivateKey(k);
  const signature = library.doSignature([...message], secret, {
    hash: true, der: true, publicKey,
    pointPool: [{ privateKey: k, publicKey: point, k: new Big(k, 16), x1: new Big(point.slice(2, 66), 16) }],
  });
  if (!library.doVerifySignature([...message], signature, publicKey, { hash: true, der: true })) throw new Error('signature did not verify');
  return Uint8Array.from(signature.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/**
 * SM2 decryption of `SEQUENCE { x, y, C3, C2 }` (GM/T 0009-2012).
 * @throws Error when it was not made for this key, or was changed
 */
export function decryptSm2(cipher: Uint8Array, secret: string): Uint8Array {
  const [x, y, digest, body] = readElements(only(cipher, 0x30));
  if (!x || !y || !digest || !body || x.tag !== 0x02 || y.tag !== 0x02 || digest.body.length !== 32) throw new Error('ciphertext');
  const coordinate = (bytes: Uint8Array): string => hex(bytes).replace(/^00(?=.{64}$)/, '').padStart(64, '0');
  const plain = library.doDecrypt(`${coordinate(x.body)}${coordinate(y.body)}${hex(digest.body)}${hex(body.body)}`, secret, 1, { output: 'array' });
  if (plain.length !== body.body.length || plain.length === 0) throw new Error('ciphertext');
  return Uint8Array.from(plain);
}
