import type { CryptoProvider } from '../crypto/provider.js';

/** `pbkdf2-sm3$<iterations>$<salt>$<hash>`, base64url; the salt is the person's own, 16 bytes. */
const SHAPE = /^pbkdf2-sm3\$(\d{1,8})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes as long for a wrong account (`stored` undefined) as for a wrong password. */
  matches(password: string, stored: string | undefined): Promise<boolean>;
}

export function passwordsWith(crypto: CryptoProvider, iterations: number): Passwords {
  const derive = async (password: string, salt: Uint8Array, count: number): Promise<Uint8Array> =>
    crypto.pbkdf2Sm3(Buffer.from(password.normalize('NFC')), salt, count, 32);
  return {
    async hash(password) {
      const salt = crypto.random(16);
      const hash = await derive(password, salt, iterations);
      return `pbkdf2-sm3$${String(iterations)}$${Buffer.from(salt).toString('base64url')}$${Buffer.from(hash).toString('base64url')}`;
    },
    async matches(password, stored) {
      const [, count = String(iterations), salt = 'A'.repeat(22), hash = ''] = SHAPE.exec(stored ?? '') ?? [];
      const found = await derive(password, Buffer.from(salt, 'base64url'), Number(count));
      return hash !== '' && crypto.equal(found, Buffer.from(hash, 'base64url'));
    },
  };
}
