/** Where the browser of a registered terminal keeps its number and key. Apart from the signing, so that pages load no cryptography. */
export interface KeptTerminal { readonly no: string; readonly secret: string }
const PLACE = 'shouzang-terminal';

export function keptTerminal(): KeptTerminal | null {
  try {
    const found = JSON.parse(localStorage.getItem(PLACE) ?? 'null') as Partial<KeptTerminal> | null;
    return typeof found?.no === 'string' && /^[0-9a-f]{64}$/.test(found.secret ?? '') ? { no: found.no, secret: found.secret ?? '' } : null;
  } catch {
    return null;
  }
}
export const keepTerminal = (one: KeptTerminal): void => { localStorage.setItem(PLACE, JSON.stringify(one)); };
export const terminalNo = (): string | null => keptTerminal()?.no ?? null;
