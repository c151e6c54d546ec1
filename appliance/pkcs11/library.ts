import koffi from 'koffi';
import { ArchiveError } from '../../core/errors.js';
import { CKA, CKR, CryptokiError, type Cryptoki, type CryptokiSession, type Template, type TokenInfo } from './cryptoki.js';

/** Names in the order of CK_FUNCTION_LIST; only those before the last one used. */
const FUNCTIONS = [
  'Initialize', 'Finalize', 'GetInfo', 'GetFunctionList', 'GetSlotList', 'GetSlotInfo', 'GetTokenInfo', 'GetMechanismList', 'GetMechanismInfo', 'InitToken', 'InitPIN', 'SetPIN', 'OpenSession', 'CloseSession', 'CloseAllSessions',
  'GetSessionInfo', 'GetOperationState', 'SetOperationState', 'Login', 'Logout', 'CreateObject', 'CopyObject', 'DestroyObject', 'GetObjectSize', 'GetAttributeValue', 'SetAttributeValue', 'FindObjectsInit', 'FindObjects', 'FindObjectsFinal',
  'EncryptInit', 'Encrypt', 'EncryptUpdate', 'EncryptFinal', 'DecryptInit', 'Decrypt', 'DecryptUpdate', 'DecryptFinal', 'DigestInit', 'Digest', 'DigestUpdate', 'DigestKey', 'DigestFinal', 'SignInit', 'Sign', 'SignUpdate', 'SignFinal',
  'SignRecoverInit', 'SignRecover', 'VerifyInit', 'Verify',
] as const;
type Name = (typeof FUNCTIONS)[number];

const CKF_SERIAL = 4;
const CKF_TOKEN_INITIALIZED = 0x400;
const CKF_PIN_LOW = 0x10000 | 0x20000;
const CKF_PIN_LOCKED = 0x40000;
const CKU_USER = 1;
const MOST_OBJECTS = 64;
const MOST_BYTES = 8192;
const WORD = koffi.sizeof('unsigned long');

/** CK_ULONG in this machine's order; every supported machine is little-endian. */
function word(value: number): Buffer {
  const bytes = Buffer.alloc(WORD);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}
const wordAt = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at);
const text = (bytes: Buffer, from: number, length: number): string => bytes.subarray(from, from + length).toString('utf8').replace(/[\0 ]+$/u, '');

const ULONG = 'unsigned long';
const BYTES = 'uint8_t *';
const ATTRIBUTE = koffi.pointer(koffi.struct({ type: ULONG, value: 'void *', length: ULONG }));
const MECHANISM = koffi.pointer(koffi.struct({ mechanism: ULONG, parameter: 'void *', length: ULONG }));
/** Parameters of the functions that are called; each answers CK_RV. */
const CALLS = {
  Initialize: ['void *'], Finalize: ['void *'], GetInfo: [BYTES], GetSlotList: ['uint8_t', BYTES, BYTES], GetTokenInfo: [ULONG, BYTES], GetMechanismList: [ULONG, BYTES, BYTES],
  OpenSession: [ULONG, ULONG, 'void *', 'void *', BYTES], CloseSession: [ULONG], Login: [ULONG, ULONG, BYTES, ULONG], Logout: [ULONG],
  GetAttributeValue: [ULONG, ULONG, koffi.inout(ATTRIBUTE), ULONG], FindObjectsInit: [ULONG, ATTRIBUTE, ULONG], FindObjects: [ULONG, BYTES, ULONG, BYTES], FindObjectsFinal: [ULONG],
  SignInit: [ULONG, MECHANISM, ULONG], Sign: [ULONG, BYTES, ULONG, BYTES, BYTES], VerifyInit: [ULONG, MECHANISM, ULONG], Verify: [ULONG, BYTES, ULONG, BYTES, ULONG],
  DecryptInit: [ULONG, MECHANISM, ULONG], Decrypt: [ULONG, BYTES, ULONG, BYTES, BYTES],
};
type Used = keyof typeof CALLS;
const prototypes = Object.fromEntries(Object.entries(CALLS).map(([name, parameters]) => [name, koffi.proto(ULONG, parameters)])) as Record<Used, ReturnType<typeof koffi.proto>>;

/**
 * Loads a vendor's library through koffi. A library is code of somebody else inside this process: only the command line loads one, from a
 * path that its operator gives, never the server.
 * @throws ArchiveError `E_TOKEN_LIBRARY` when it cannot be loaded
 */
export function loadCryptoki(path: string): Cryptoki {
  const functions = new Map<Name, unknown>();
  try {
    const list: [unknown] = [null];
    const get = koffi.load(path).func('unsigned long C_GetFunctionList(_Out_ void **list)');
    if (get(list) !== 0) throw new Error('no function list');
    // CK_VERSION, padded to a pointer; then one pointer a function.
    const pointers = koffi.decode(list[0], 8, koffi.array('void *', FUNCTIONS.length)) as unknown[];
    for (const [at, name] of FUNCTIONS.entries()) functions.set(name, pointers[at]);
  } catch (error) {
    throw new ArchiveError('E_TOKEN_LIBRARY', { why: error instanceof Error ? error.message.split('\n')[0] : '' });
  }
  const rv = (name: Used, ...values: readonly unknown[]): number => Number(koffi.call(functions.get(name), prototypes[name], ...values) as number | bigint);
  const good = (name: Used, ...values: readonly unknown[]): void => {
    const answer = rv(name, ...values);
    if (answer !== 0) throw new CryptokiError(`C_${name}`, answer);
  };
  const begun = rv('Initialize', null);
  if (begun !== 0 && begun !== CKR.cryptokiAlreadyInitialized) throw new ArchiveError('E_TOKEN_LIBRARY', { why: `C_Initialize 0x${begun.toString(16)}` });
  const info = Buffer.alloc(256);
  good('GetInfo', info);

  /** Asks for a length first, then for the words themselves. */
  function list(name: 'GetSlotList' | 'GetMechanismList', first: number): readonly number[] {
    const count = word(0);
    good(name, first, null, count);
    const found = Buffer.alloc(WORD * Math.max(1, wordAt(count, 0)));
    good(name, first, found, count);
    return Array.from({ length: wordAt(count, 0) }, (_, at) => wordAt(found, at * WORD));
  }

  function tokenOf(slot: number): TokenInfo | null {
    const bytes = Buffer.alloc(512);
    if (rv('GetTokenInfo', slot, bytes) !== 0) return null;
    const flags = wordAt(bytes, 96);
    if ((flags & CKF_TOKEN_INITIALIZED) === 0) return null;
    return { slot, label: text(bytes, 0, 32), manufacturer: text(bytes, 32, 32), model: text(bytes, 64, 16), serial: text(bytes, 80, 16), pinLocked: (flags & CKF_PIN_LOCKED) !== 0, pinLow: (flags & CKF_PIN_LOW) !== 0 };
  }

  function open(slot: number): CryptokiSession {
    const handle = word(0);
    good('OpenSession', slot, CKF_SERIAL, null, null, handle);
    const session = wordAt(handle, 0);
    const attributes = ({ class: kind, keyType, label, id }: Template) => [
      { type: CKA.class, value: word(kind), length: WORD }, ...(keyType === undefined ? [] : [{ type: CKA.keyType, value: word(keyType), length: WORD }]),
      ...(label === undefined ? [] : [{ type: CKA.label, value: Buffer.from(label), length: Buffer.byteLength(label) }]), ...(id === undefined ? [] : [{ type: CKA.id, value: Buffer.from(id), length: id.length }]),
    ];
    const start = (name: 'SignInit' | 'VerifyInit' | 'DecryptInit', mechanism: number, key: number): void => { good(name, session, { mechanism, parameter: null, length: 0 }, key); };
    const result = (name: 'Sign' | 'Decrypt', data: Uint8Array): Uint8Array => {
      const [out, length] = [Buffer.alloc(MOST_BYTES), word(MOST_BYTES)];
      good(name, session, Buffer.from(data), data.length, out, length);
      const bytes = Uint8Array.from(out.subarray(0, wordAt(length, 0)));
      out.fill(0);
      return bytes;
    };
    return {
      login(pin) {
        const bytes = Buffer.from(pin, 'utf8');
        try {
          const answer = rv('Login', session, CKU_USER, bytes, bytes.length);
          if (answer !== 0 && answer !== CKR.userAlreadyLoggedIn) throw new CryptokiError('C_Login', answer);
        } finally {
          bytes.fill(0);
        }
      },
      find(template) {
        const wanted = attributes(template);
        good('FindObjectsInit', session, wanted, wanted.length);
        try {
          const [found, count] = [Buffer.alloc(WORD * MOST_OBJECTS), word(0)];
          good('FindObjects', session, found, MOST_OBJECTS, count);
          return Array.from({ length: wordAt(count, 0) }, (_, at) => wordAt(found, at * WORD));
        } finally {
          rv('FindObjectsFinal', session);
        }
      },
      attribute(object, attribute) {
        const out = Buffer.alloc(MOST_BYTES);
        const asked = [{ type: attribute, value: out, length: out.length }];
        good('GetAttributeValue', session, object, asked, 1);
        return Uint8Array.from(out.subarray(0, Number(asked[0]?.length ?? 0)));
      },
      sign(mechanism, key, data) { start('SignInit', mechanism, key); return result('Sign', data); },
      verify(mechanism, key, data, signature) {
        start('VerifyInit', mechanism, key);
        const answer = rv('Verify', session, Buffer.from(data), data.length, Buffer.from(signature), signature.length);
        if (answer === CKR.signatureInvalid || answer === CKR.signatureLengthRange) return false;
        if (answer !== 0) throw new CryptokiError('C_Verify', answer);
        return true;
      },
      decrypt(mechanism, key, data) { start('DecryptInit', mechanism, key); return result('Decrypt', data); },
      close() { rv('Logout', session); rv('CloseSession', session); },
    };
  }

  return {
    // CK_INFO: version 2, manufacturer 32, flags (aligned to a word), description 32.
    description: `${text(info, 2, 32)} ${text(info, 40 + WORD, 32)}`.trim(),
    tokens: () => list('GetSlotList', 1).flatMap((slot) => tokenOf(slot) ?? []),
    mechanisms: (slot) => list('GetMechanismList', slot),
    open,
    close() { rv('Finalize', null); },
  };
}
