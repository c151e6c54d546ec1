/** PKCS#11 (Cryptoki) as far as an officer's token is used: slots, sessions, objects, signing, opening. Numbers are those of OASIS PKCS#11 2.40. */

export const CKO = { certificate: 1, publicKey: 2, privateKey: 3 } as const;
export const CKA = { class: 0, label: 3, value: 0x11, keyType: 0x100, id: 0x102, ecPoint: 0x181 } as const;
export const CKR = {
  generalError: 5, functionFailed: 6, deviceError: 0x30, deviceMemory: 0x31, deviceRemoved: 0x32, mechanismInvalid: 0x70, mechanismParamInvalid: 0x71,
  pinIncorrect: 0xa0, pinInvalid: 0xa1, pinLengthRange: 0xa2, pinExpired: 0xa3, pinLocked: 0xa4, sessionClosed: 0xb0, sessionHandleInvalid: 0xb3, signatureInvalid: 0xc0, signatureLengthRange: 0xc1,
  slotIdInvalid: 3, tokenNotPresent: 0xe0, tokenNotRecognized: 0xe1, userAlreadyLoggedIn: 0x100, cryptokiAlreadyInitialized: 0x191, encryptedDataInvalid: 0x40, keyTypeInconsistent: 0x63,
} as const;

/** A function answered with something else than CKR_OK. */
export class CryptokiError extends Error {
  constructor(readonly call: string, readonly rv: number) {
    super(`${call}: 0x${rv.toString(16)}`);
    this.name = 'CryptokiError';
  }
}

export interface TokenInfo {
  readonly slot: number;
  readonly label: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  /** CKF_USER_PIN_LOCKED; CKF_USER_PIN_FINAL_TRY or COUNT_LOW. */
  readonly pinLocked: boolean;
  readonly pinLow: boolean;
}

export interface Template { readonly class: number; readonly keyType?: number; readonly label?: string; readonly id?: Uint8Array }

export interface CryptokiSession {
  login(pin: string): void;
  /** Object handles. */
  find(template: Template): readonly number[];
  attribute(object: number, attribute: number): Uint8Array;
  sign(mechanism: number, key: number, data: Uint8Array): Uint8Array;
  verify(mechanism: number, key: number, data: Uint8Array, signature: Uint8Array): boolean;
  decrypt(mechanism: number, key: number, data: Uint8Array): Uint8Array;
  /** Logs out and closes. */
  close(): void;
}

/** One loaded library. Every call throws `CryptokiError` when the token says no. */
export interface Cryptoki {
  readonly description: string;
  /** Slots with an initialised token in them. */
  tokens(): readonly TokenInfo[];
  mechanisms(slot: number): readonly number[];
  open(slot: number): CryptokiSession;
  close(): void;
}
