/** Proves who sits here: signs the box's challenge with the officer's key (GB/T 39786-2021 8.4 a). */
import { askChallenge, type Proof } from '../session.js';
import { sign, type KeyFile } from './signer.js';
import { keptTerminal } from './terminal-place.js';
import type { TerminalProof } from './terminal.js';

/** Words, box, account and challenge, each on its line: a signature for signing in is good for nothing else. */
const message = (box: string, account: string, challenge: string): Uint8Array =>
  new TextEncoder().encode(`shouzang sign-in\n${box}\n${account}\n${challenge}\n`);

export async function prove(account: string, file: KeyFile, pin: string): Promise<Proof> {
  const { challenge, box } = await askChallenge(account);
  const { signature } = await sign(file, pin, message(box, account, challenge));
  return { challenge, signature };
}

/** The same with the terminal's own proof, at one that is registered. */
export async function proveHere(account: string, file: KeyFile, pin: string): Promise<{ readonly proof: Proof; readonly terminal: TerminalProof | null }> {
  const { challenge, box } = await askChallenge(account);
  const { signature } = await sign(file, pin, message(box, account, challenge));
  const terminal = keptTerminal() === null ? null : (await import('./terminal.js')).proveTerminal(box, challenge);
  return { proof: { challenge, signature }, terminal };
}
