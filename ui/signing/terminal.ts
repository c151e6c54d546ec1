/**
 * 终端钥匙: the key this terminal made when it was registered. It is kept by the browser of the terminal and says where somebody sits,
 * never who: whoever copies the profile copies the terminal, so the register also holds place, serial and whom it is bound to.
 */
import { publicKeyOf, signSm2 } from './sm2.js';
import { hex } from './sm3.js';
import { keepTerminal, keptTerminal } from './terminal-place.js';

/** A key of this terminal, kept only when `register` has taken its public half. */
export async function makeTerminal(no: string, register: (publicKey: string) => Promise<unknown>): Promise<void> {
  // 256 random bits whose first is 0: always below the order of the group, and never zero in practice.
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  const secret = hex(bytes);
  await register(publicKeyOf(secret));
  keepTerminal({ no, secret });
}

export interface TerminalProof { readonly no: string; readonly signature: string }

/** Number, box and challenge under the terminal's key; null at a terminal that is not registered. */
export function proveTerminal(box: string, challenge: string): TerminalProof | null {
  const mine = keptTerminal();
  if (!mine) return null;
  const signature = signSm2(new TextEncoder().encode(`shouzang terminal\n${box}\n${mine.no}\n${challenge}\n`), mine.secret);
  return { no: mine.no, signature: btoa(String.fromCharCode(...signature)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') };
}
