import { Buffer } from 'node:buffer';
import { strToU8, zipSync } from 'fflate';
import PDFDocument from 'pdfkit';
import { inPackage } from '../package-root.js';

const FONT = inPackage('node_modules', '@expo-google-fonts', 'noto-sans-sc', '400Regular', 'NotoSansSC_400Regular.ttf');

/** What stands in a document of the rehearsal; every secret says （演练） in its title. */
export interface Paper {
  readonly title: string;
  /** 文号 */
  readonly number: string;
  /** 标志, at the place GB/T 9704 gives it. */
  readonly mark: string | null;
  readonly paragraphs: readonly string[];
  readonly office: string;
}

/** 公文 as PDF/A-2b with its font in it. */
export async function paperAsPdf(paper: Paper): Promise<Buffer> {
  const pdf = new PDFDocument({ size: 'A4', margin: 72, lang: 'zh-CN', info: { Title: paper.title, Author: paper.office }, subset: 'PDF/A-2b', pdfVersion: '1.7', tagged: true });
  const parts: Buffer[] = [];
  pdf.on('data', (part: Buffer) => parts.push(part));
  const whole = new Promise<Buffer>((resolve, reject) => {
    pdf.on('end', () => { resolve(Buffer.concat(parts)); });
    pdf.on('error', reject);
  });
  pdf.font(FONT);
  if (paper.mark !== null) pdf.fontSize(16).text(paper.mark).moveDown();
  pdf.fontSize(20).text(paper.title, { align: 'center' }).moveDown(0.5);
  pdf.fontSize(12).text(paper.number, { align: 'center' }).moveDown();
  for (const paragraph of paper.paragraphs) pdf.fontSize(14).text(paragraph, { indent: 28, lineGap: 6 }).moveDown(0.5);
  pdf.moveDown().text(paper.office, { align: 'right' });
  pdf.end();
  return whole;
}

/** 公文 as OFD, one page (GB/T 33190-2016). */
export function paperAsOfd(paper: Paper): Buffer {
  const NS = 'xmlns:ofd="http://www.ofdspec.org/2016"';
  const escaped = (text: string): string => text.replace(/[&<>"]/g, (one) => `&#${String(one.charCodeAt(0))};`);
  const line = (text: string, id: number, y: number, size: number): string =>
    `<ofd:TextObject ID="${String(id)}" Boundary="25 ${String(y)} 160 ${String(size * 1.5)}" Font="3" Size="${String(size)}"><ofd:TextCode X="0" Y="${String(size)}" DeltaX="g ${String(Math.max(1, [...text].length - 1))} ${String(size)}">${escaped(text)}</ofd:TextCode></ofd:TextObject>`;
  const lines = [...(paper.mark === null ? [] : [paper.mark]), paper.title, paper.number, ...paper.paragraphs, paper.office].flatMap((text) => text.match(/.{1,28}/gu) ?? []);
  const xml = (text: string): Uint8Array => strToU8(`<?xml version="1.0" encoding="UTF-8"?>${text}`);
  return Buffer.from(zipSync({
    'OFD.xml': xml(`<ofd:OFD ${NS} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo><ofd:DocID>1</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>`),
    'Doc_0/Document.xml': xml(`<ofd:Document ${NS}><ofd:CommonData><ofd:MaxUnitID>99</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>`),
    'Doc_0/PublicRes.xml': xml(`<ofd:Res ${NS} BaseLoc="Res"><ofd:Fonts><ofd:Font ID="3" FontName="宋体"/></ofd:Fonts></ofd:Res>`),
    'Doc_0/Pages/Page_0/Content.xml': xml(`<ofd:Page ${NS}><ofd:Content><ofd:Layer ID="10">${lines.map((text, at) => line(text, 20 + at, 25 + at * 9, 5)).join('')}</ofd:Layer></ofd:Content></ofd:Page>`),
  }));
}

/** 公文 as plain text. */
export const paperAsText = (paper: Paper): Buffer => Buffer.from(`${[...(paper.mark === null ? [] : [paper.mark]), paper.title, paper.number, '', ...paper.paragraphs, '', paper.office].join('\n')}\n`);

/** 加密压缩包: a real ZIP whose entry says that it is encrypted; sent back for it (办法第十七条). */
export function encryptedZip(name: string): Buffer {
  const bytes = Buffer.from(zipSync({ [name]: strToU8('演练内容') }));
  for (const [signature, flagsAt] of [[0x04034b50, 6], [0x02014b50, 8]] as const) {
    for (let at = 0; at + 4 <= bytes.length; at += 1) if (bytes.readUInt32LE(at) === signature) bytes.writeUInt16LE(bytes.readUInt16LE(at + flagsAt) | 1, at + flagsAt);
  }
  return bytes;
}
