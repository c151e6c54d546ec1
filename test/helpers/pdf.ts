import PDFDocument from 'pdfkit';
import { inPackage } from '../../appliance/package-root.js';

const FONT = inPackage('node_modules', '@expo-google-fonts', 'noto-sans-sc', '400Regular', 'NotoSansSC_400Regular.ttf');

export interface PdfLooks {
  /** Latin; stands in the document information. */
  readonly title?: string;
  /** False: the text can be found in the bytes. */
  readonly compress?: boolean;
}

/** One A4 page of Chinese text in an embedded font, a line of the page for each line given. */
export async function pdf(lines: string | readonly string[], { title, compress = true }: PdfLooks = {}): Promise<Buffer> {
  const document = new PDFDocument({ size: 'A4', compress, ...(title === undefined ? {} : { info: { Title: title } }) });
  const parts: Buffer[] = [];
  document.on('data', (part: Buffer) => parts.push(part));
  document.font(FONT).fontSize(16);
  for (const line of typeof lines === 'string' ? [lines] : lines) document.text(line);
  document.end();
  await new Promise((resolve) => document.on('end', resolve));
  return Buffer.concat(parts);
}
