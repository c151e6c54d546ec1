/** What a device signs when it is used: the words, the box, its number and the challenge. */
export const deviceMessage = (box: string, no: string, challenge: string): string => `shouzang device\n${box}\n${no}\n${challenge}\n`;
