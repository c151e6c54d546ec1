import { CKA, CKO, CKR, CryptokiError, type Cryptoki, type TokenInfo } from '../../appliance/pkcs11/cryptoki.js';
import { zValue } from '../../appliance/crypto/node-provider.js';
import { readSignature, writeCiphertext } from '../../appliance/crypto/sm2-curve.js';
import type { Certificate } from '../../appliance/crypto/certificate.js';
import { concat } from '../../appliance/crypto/der.js';
import type { CryptoProvider, PrivateKey } from '../../appliance/crypto/provider.js';
import type { Pkcs11Profile } from '../../policies/schemas/pkcs11.js';

/**
 * A token in software with the semantics of SM2 that no free PKCS#11 library has: PIN with a counter, private key that stays inside, the
 * mechanisms of one vendor. It can be pulled out. A token that is given e signs e itself: here the message behind it is looked up.
 */
export function standInToken(provider: CryptoProvider, of: { readonly profile: Pkcs11Profile; readonly key: PrivateKey; readonly certificate: Certificate; readonly pin: string; readonly label: string; readonly messages?: readonly Uint8Array[]; readonly withCertificate?: boolean }) {
  const state = { tries: 3, present: true, signedIn: false };
  const fail = (call: string, rv: number): never => { throw new CryptokiError(call, rv); };
  const here = (): void => { if (!state.present) fail('C_any', CKR.deviceRemoved); };
  const info = (): TokenInfo => ({ slot: 7, label: of.label, manufacturer: 'stand-in', model: 'SM2', serial: '0001', pinLocked: state.tries === 0, pinLow: state.tries < 3 });
  const derOf = (input: Uint8Array): Uint8Array => {
    if (of.profile.input === 'message') return provider.sign(input, of.key);
    const message = (of.messages ?? []).find((one) => Buffer.compare(provider.sm3(zValue(of.key.publicKey), one), input) === 0);
    return message === undefined ? fail('C_Sign', CKR.functionFailed) : provider.sign(message, of.key);
  };
  const library: Cryptoki = {
    description: 'software stand-in', tokens: () => (state.present ? [info()] : []), mechanisms: () => [of.profile.sign, of.profile.decrypt], close: () => undefined,
    open(slot) {
      if (!state.present || slot !== 7) fail('C_OpenSession', CKR.tokenNotPresent);
      return {
        login(pin) {
          here();
          if (state.tries === 0) fail('C_Login', CKR.pinLocked);
          if (pin !== of.pin) { state.tries -= 1; fail('C_Login', state.tries === 0 ? CKR.pinLocked : CKR.pinIncorrect); }
          state.tries = 3;
          state.signedIn = true;
        },
        find({ class: kind, keyType }) {
          here();
          if (kind === CKO.certificate) return of.withCertificate === false ? [] : [1];
          return state.signedIn && (keyType === undefined || keyType === of.profile.keyType) ? [2] : [];
        },
        attribute: (_object, attribute) => (attribute === CKA.value ? of.certificate.der : fail('C_GetAttributeValue', CKR.functionFailed)),
        sign(mechanism, _key, data) {
          here();
          if (mechanism !== of.profile.sign) fail('C_SignInit', CKR.mechanismInvalid);
          const der = derOf(data);
          if (of.profile.signature === 'der') return der;
          const { r, s } = readSignature(der) ?? fail('C_Sign', CKR.functionFailed);
          return concat(r, s);
        },
        verify: () => fail('C_Verify', CKR.mechanismInvalid),
        decrypt(mechanism, _key, data) {
          here();
          if (mechanism !== of.profile.decrypt) fail('C_DecryptInit', CKR.mechanismInvalid);
          const [point, rest] = [data.subarray(0, 65), data.subarray(65)];
          const der = of.profile.ciphertext === 'der' ? data : of.profile.ciphertext === 'c1c3c2' ? writeCiphertext(point, rest.subarray(0, 32), rest.subarray(32)) : writeCiphertext(point, rest.subarray(-32), rest.subarray(0, -32));
          return provider.sm2Decrypt(der, of.key);
        },
        close() { state.signedIn = false; },
      };
    },
  };
  return { library, pull: () => { state.present = false; }, state };
}
