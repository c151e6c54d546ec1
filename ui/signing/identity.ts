/** Proves who sits here: answers the box's challenge with the officer's key (GB/T 39786-2021 8.4 a). */
import { askChallenge, type Proof } from '../session.js';
import { fromBase64url, sign, type KeyFile } from './signer.js';

export async function prove(account: string, file: KeyFile, pin: string): Promise<{ readonly proof: Proof; readonly passwordRequired: boolean }> {
  const { challenge, passwordRequired } = await askChallenge(account);
  const { signature } = await sign(file, pin, fromBase64url(challenge));
  return { proof: { challenge, signature }, passwordRequired };
}
