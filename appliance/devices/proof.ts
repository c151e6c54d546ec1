/** What a device signs when it is used: the words, the box, its number and the challenge. */
export const deviceMessage = (box: string, no: string, challenge: string): string => `shouzang device\n${box}\n${no}\n${challenge}\n`;

/** The parts of such a message; null for any other text, which a device does not sign. A copy out of a page may have lost its last line end. */
export function readDeviceMessage(text: string): { readonly box: string; readonly no: string; readonly challenge: string } | null {
  const [, box = '', no = '', challenge = ''] = /^shouzang device\n([^\n]+)\n([^\n]+)\n([A-Za-z0-9_=-]+)\n?$/u.exec(text.replaceAll('\r\n', '\n').trimStart()) ?? [];
  return box === '' ? null : { box, no, challenge };
}
