import { createHash } from 'node:crypto';
import { strToU8, zipSync } from 'fflate';
import { bitString, der, integer, oid, sequence } from './der.js';

const NS = 'xmlns:ofd="http://www.ofdspec.org/2016"';
const sm3 = (bytes: Uint8Array): Buffer => createHash('sm3').update(bytes).digest();

/** What goes into a test package. */
export interface OfdOptions {
  readonly text?: string;
  readonly pages?: number;
  readonly namespace?: string;
  /** Seal picture, PNG. Given: the package is signed with a stamp on every page. */
  readonly seal?: Buffer;
  readonly checkMethod?: string;
  /** Further entries, after signing. */
  readonly extra?: Readonly<Record<string, Uint8Array>>;
  /** Changes an entry after signing. */
  readonly tamper?: string;
  readonly declareSignatures?: boolean;
  readonly attachment?: boolean;
}

/** SES 电子签章数据 of GB/T 38540 shape, with values nobody has signed. */
function sesSignature(picture: Buffer, dataHash: Buffer): Buffer {
  const header = sequence(der(0x16, 'ES'), integer(4), der(0x16, 'test'));
  const property = sequence(integer(3), der(0x0c, '测试用印章'));
  const seal = sequence(sequence(header, der(0x16, 'id'), property, sequence(der(0x16, 'PNG'), der(0x04, picture), integer(40), integer(40))), der(0x04, 'cert'), oid('1.2.156.10197.1.501'), bitString(Buffer.alloc(64)));
  const tbs = sequence(integer(4), seal, der(0x18, '20260101000000Z'), bitString(dataHash), der(0x16, '/Doc_0/Signs/Sign_0/Signature.xml'));
  return sequence(tbs, der(0x04, 'cert'), oid('1.2.156.10197.1.501'), bitString(Buffer.alloc(64)));
}

/** A small OFD file (GB/T 33190-2016), made in memory. */
export function makeOfd(options: OfdOptions = {}): Buffer {
  const pages = options.pages ?? 1;
  const ns = `xmlns:ofd="${options.namespace ?? 'http://www.ofdspec.org/2016'}"`;
  const entries: Record<string, Uint8Array> = {};
  const put = (path: string, xml: string): void => {
    entries[path] = strToU8(`<?xml version="1.0" encoding="UTF-8"?>${xml}`);
  };
  const signed = options.seal !== undefined || options.declareSignatures === true;
  put('OFD.xml', `<ofd:OFD ${ns} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo><ofd:DocID>1</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>${signed ? '<ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>' : ''}</ofd:DocBody></ofd:OFD>`);
  const list = Array.from({ length: pages }, (_, i) => `<ofd:Page ID="${String(i + 1)}" BaseLoc="Pages/Page_${String(i)}/Content.xml"/>`).join('');
  put('Doc_0/Document.xml', `<ofd:Document ${NS}><ofd:CommonData><ofd:MaxUnitID>99</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 100 140</ofd:PhysicalBox></ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData><ofd:Pages>${list}</ofd:Pages>${options.attachment === true ? '<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>' : ''}</ofd:Document>`);
  put('Doc_0/PublicRes.xml', `<ofd:Res ${NS} BaseLoc="Res"><ofd:Fonts><ofd:Font ID="3" FontName="宋体"/></ofd:Fonts></ofd:Res>`);
  for (let i = 0; i < pages; i += 1) {
    put(`Doc_0/Pages/Page_${String(i)}/Content.xml`, `<ofd:Page ${NS}><ofd:Content><ofd:Layer ID="10"><ofd:PathObject ID="11" Boundary="10 30 80 1" Fill="true" Stroke="false"><ofd:FillColor Value="255 0 0"/><ofd:AbbreviatedData>M 0 0 L 80 0 L 80 1 L 0 1 C</ofd:AbbreviatedData></ofd:PathObject><ofd:TextObject ID="12" Boundary="10 10 80 12" Font="3" Size="8"><ofd:TextCode X="0" Y="9" DeltaX="g 3 8">${options.text ?? '测试文件'}</ofd:TextCode></ofd:TextObject></ofd:Layer></ofd:Content></ofd:Page>`);
  }
  if (options.attachment === true) {
    put('Doc_0/Attachs/Attachments.xml', `<ofd:Attachments ${NS}><ofd:Attachment ID="1" Name="附件" Format="txt"><ofd:FileLoc>note.txt</ofd:FileLoc></ofd:Attachment></ofd:Attachments>`);
    entries['Doc_0/Attachs/note.txt'] = strToU8('附件内容');
  }
  if (options.seal !== undefined) {
    put('Doc_0/Signs/Signatures.xml', `<ofd:Signatures ${NS}><ofd:Signature ID="s1" Type="Seal" BaseLoc="/Doc_0/Signs/Sign_0/Signature.xml"/></ofd:Signatures>`);
    const references = Object.entries(entries).map(([path, bytes]) => `<ofd:Reference FileRef="/${path}"><ofd:CheckValue>${sm3(bytes).toString('base64')}</ofd:CheckValue></ofd:Reference>`).join('');
    const stamps = Array.from({ length: pages }, (_, i) => `<ofd:StampAnnot ID="s${String(i + 2)}" PageRef="${String(i + 1)}" Boundary="50 80 40 40"/>`).join('');
    put('Doc_0/Signs/Sign_0/Signature.xml', `<ofd:Signature ${NS}><ofd:SignedInfo><ofd:Provider ProviderName="test"/><ofd:SignatureMethod>1.2.156.10197.1.501</ofd:SignatureMethod><ofd:SignatureDateTime>20260101000000Z</ofd:SignatureDateTime><ofd:References CheckMethod="${options.checkMethod ?? 'SM3'}">${references}</ofd:References>${stamps}</ofd:SignedInfo><ofd:SignedValue>/Doc_0/Signs/Sign_0/SignedValue.dat</ofd:SignedValue></ofd:Signature>`);
    entries['Doc_0/Signs/Sign_0/SignedValue.dat'] = sesSignature(options.seal, sm3(entries['Doc_0/Signs/Sign_0/Signature.xml'] ?? new Uint8Array()));
  }
  if (options.tamper !== undefined) {
    const before = entries[options.tamper];
    if (before !== undefined) entries[options.tamper] = strToU8(new TextDecoder().decode(before).replace('测试', '改动'));
  }
  return Buffer.from(zipSync({ ...entries, ...options.extra }));
}
