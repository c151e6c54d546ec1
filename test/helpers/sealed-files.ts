import { createHash, createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { zipSync } from 'fflate';
import { PNG } from 'pngjs';
import { bits, boolean, context, der, octets, oid, sequence, setOf, smallInteger, utf8 } from '../../appliance/crypto/der.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { toSpki } from '../../appliance/crypto/sm2-curve.js';

/** Small signed PDF and OFD files made on the spot, so that the rules are tested without any file from outside. */
const provider = new NodeProvider();
export const sm3 = (...parts: readonly Uint8Array[]): Buffer => Buffer.from(provider.sm3(...parts));
const ia5 = (text: string): Uint8Array => der(0x16, Buffer.from(text));
const generalizedTime = (text: string): Uint8Array => der(0x18, Buffer.from(text));
const OID = { cn: '2.5.4.3', data: '1.2.840.113549.1.7.1', signedData: '1.2.840.113549.1.7.2', sha256: '2.16.840.1.101.3.4.2.1', rsa: '1.2.840.113549.1.1.11', sm3: '1.2.156.10197.1.401', sm2: '1.2.156.10197.1.501', digest: '1.2.840.113549.1.9.4', time: '1.2.840.113549.1.9.5', type: '1.2.840.113549.1.9.3' } as const;

export interface Signer {
  readonly certificate: Uint8Array;
  readonly name: string;
  readonly national: boolean;
  sign(message: Uint8Array): Uint8Array;
}

export function sm2Signer(name: string): Signer {
  const key = provider.generateKeyPair();
  return { name, national: true, certificate: certificate(name, toSpki(key.publicKey)), sign: (message) => provider.sign(message, key) };
}

export function rsaSigner(name: string): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { name, national: false, certificate: certificate(name, spkiOf(publicKey)), sign: (message) => createSign('sha256').update(message).sign(privateKey) };
}

function spkiOf(key: KeyObject): Uint8Array {
  return key.export({ format: 'der', type: 'spki' });
}

const nameOf = (name: string): Uint8Array => sequence(setOf(sequence(oid(OID.cn), utf8(name))));

/** Enough of a certificate to check a signature with; nobody signed it. */
function certificate(name: string, spki: Uint8Array): Uint8Array {
  const dates = sequence(generalizedTime('20200101000000Z'), generalizedTime('20400101000000Z'));
  return sequence(sequence(context(0, smallInteger(2)), smallInteger(7), sequence(oid(OID.sm2)), nameOf(name), dates, nameOf(name), spki), sequence(oid(OID.sm2)), bits(Buffer.alloc(64)));
}

/** Detached SignedData with signed attributes. */
export function signCms(signer: Signer, content: Uint8Array): Buffer {
  const hash = signer.national ? sm3(content) : createHash('sha256').update(content).digest();
  const digestAlgorithm = sequence(oid(signer.national ? OID.sm3 : OID.sha256));
  const attributes = [sequence(oid(OID.type), setOf(oid(OID.data))), sequence(oid(OID.time), setOf(generalizedTime('20260102030405Z'))), sequence(oid(OID.digest), setOf(octets(hash)))];
  const value = signer.sign(setOf(...attributes));
  const info = sequence(smallInteger(1), sequence(nameOf(signer.name), smallInteger(7)), digestAlgorithm, context(0, ...attributes), sequence(oid(signer.national ? OID.sm2 : OID.rsa)), octets(value));
  return Buffer.from(sequence(oid(OID.signedData), context(0, sequence(smallInteger(1), setOf(digestAlgorithm), sequence(oid(OID.data)), context(0, signer.certificate), setOf(info)))));
}

const SIGNATURE_BYTES = 3000;

/** A PDF under construction: objects by number, each revision appended to the one before. */
export class PdfDraft {
  private readonly objects = new Map<number, string>();
  private readonly offsets = new Map<number, number>();
  private bytes = Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1');
  private last = 0;
  private largest = 0;

  put(num: number, body: string): this {
    this.objects.set(num, body);
    this.largest = Math.max(this.largest, num);
    return this;
  }

  /** Writes what was put since the last call as one revision. */
  revision(trailer = ''): this {
    const changed = [...this.objects.keys()].sort((a, b) => a - b);
    for (const num of changed) {
      this.offsets.set(num, this.bytes.length);
      this.bytes = Buffer.concat([this.bytes, Buffer.from(`${num} 0 obj\n${this.objects.get(num) ?? ''}\nendobj\n`, 'latin1')]);
    }
    const start = this.bytes.length;
    const rows = changed.map((num) => `${num} 1\n${String(this.offsets.get(num)).padStart(10, '0')} 00000 n \n`).join('');
    const previous = this.last === 0 ? '' : ` /Prev ${this.last}`;
    this.bytes = Buffer.concat([this.bytes, Buffer.from(`xref\n${rows}trailer\n<< /Size ${this.largest + 1} /Root 1 0 R${previous} ${trailer} >>\nstartxref\n${start}\n%%EOF\n`, 'latin1')]);
    this.last = start;
    this.objects.clear();
    return this;
  }

  /** Fills in the newest signature. */
  sign(signer: Signer): this {
    const text = this.bytes.toString('latin1');
    const open = text.lastIndexOf(`<${'0'.repeat(SIGNATURE_BYTES * 2)}>`);
    const close = open + SIGNATURE_BYTES * 2 + 2;
    const range = `[0 ${open} ${close} ${text.length - close}]`.padEnd(RANGE.length);
    const patched = Buffer.from(text.slice(0, text.lastIndexOf(RANGE)) + range + text.slice(text.lastIndexOf(RANGE) + RANGE.length), 'latin1');
    const value = signCms(signer, Buffer.concat([patched.subarray(0, open), patched.subarray(close)]));
    patched.write(value.toString('hex'), open + 1, 'latin1');
    this.bytes = patched;
    return this;
  }

  build(): Buffer {
    return this.bytes;
  }
}

const RANGE = '[0 0000000000 0000000000 0000000000]';
export const SIGNATURE = `<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /M (D:20260102030405Z) /ByteRange ${RANGE} /Contents <${'0'.repeat(SIGNATURE_BYTES * 2)}> >>`;
/** The seal of the made PDFs: a red square, its box half as large as the widget. */
export const SEAL_DRAWING = '1 0 0 rg 0 0 50 50 re f';

export interface PdfWishes {
  /** Operators of the page. */
  readonly content?: string;
  readonly visible?: boolean;
  /** Entries of the catalogue beside Pages and AcroForm. */
  readonly catalogue?: string;
  readonly signature?: string | null;
  /** Entries of the widget. */
  readonly widget?: string;
}

/** One page, one signature field 签名域; objects 1 catalogue, 3 page, 4 content, 5 field, 6 signature, 7 appearance. */
export function pdfDraft({ content = '0 0 1 rg 10 10 30 30 re f', visible = true, catalogue = '', signature = SIGNATURE, widget = '' }: PdfWishes = {}): PdfDraft {
  const draft = new PdfDraft()
    .put(1, `<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] /SigFlags 3 >> ${catalogue} >>`)
    .put(2, '<< /Type /Pages /Kids [3 0 R] /Count 1 /Resources << >> >>')
    .put(3, '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Annots [5 0 R] >>')
    .put(4, `<< /Length ${content.length} >>\nstream\n${content}\nendstream`)
    .put(5, `<< /Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /F 132 /P 3 0 R ${signature === null ? '' : '/V 6 0 R'} ${visible ? '/Rect [60 60 160 160] /AP << /N 7 0 R >>' : '/Rect [0 0 0 0]'} ${widget} >>`)
    .put(7, `<< /BBox [0 0 50 50] /Length ${SEAL_DRAWING.length} >>\nstream\n${SEAL_DRAWING}\nendstream`);
  if (signature !== null) draft.put(6, signature);
  return draft.revision();
}

/** 8 × 8 red PNG. */
export function sealPng(): Buffer {
  const png = new PNG({ width: 8, height: 8 });
  for (let at = 0; at < png.data.length; at += 4) png.data.set([255, 0, 0, 128], at);
  return PNG.sync.write(png);
}

export const SEAL_SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4" fill="red"/></svg>');
const SPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"';
const xml = (body: string): Buffer => Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`);

/** A seal that is an OFD of its own, 30 × 20 mm, with a font and a line of text. */
export function sealOfd(): Buffer {
  return Buffer.from(zipSync({
    'OFD.xml': xml(`<ofd:OFD ${SPACE}><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>`),
    'Doc_0/Document.xml': xml(`<ofd:Document ${SPACE}><ofd:CommonData><ofd:MaxUnitID>9</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 30 20</ofd:PhysicalBox></ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData><ofd:Pages><ofd:Page ID="1" BaseLoc="Page.xml"/></ofd:Pages></ofd:Document>`),
    'Doc_0/PublicRes.xml': xml(`<ofd:Res ${SPACE} BaseLoc="Res"><ofd:Fonts><ofd:Font ID="4" FontName="楷体"><ofd:FontFile>k.ttf</ofd:FontFile></ofd:Font></ofd:Fonts></ofd:Res>`),
    'Doc_0/Res/k.ttf': Buffer.from('font'),
    'Doc_0/Page.xml': xml(`<ofd:Page ${SPACE}><ofd:Content><ofd:Layer ID="2" Type="Body"><ofd:TextObject ID="3" Boundary="1 1 20 5" Font="4" Size="3"><ofd:TextCode X="0" Y="3">测试章</ofd:TextCode></ofd:TextObject></ofd:Layer></ofd:Content></ofd:Page>`),
  }, { mtime: new Date(1980, 0, 1) }));
}

export interface OfdWishes {
  readonly version?: 1 | 4;
  readonly picture?: { readonly type: string; readonly bytes: Buffer };
  /** `PageRef Boundary Clip` of the stamps; empty: a signature without a seal. */
  readonly stamps?: readonly { readonly page: string; readonly boundary: string; readonly clip?: string }[];
  readonly checkMethod?: string;
  /** Changes files after signing. */
  readonly after?: (files: Record<string, Buffer>) => void;
  /** How often the seal is set; a later signature changes Signatures.xml, which the earlier ones protect. */
  readonly times?: number;
}

/** Two pages, page 21 written as a self-closed content, no DocumentRes; signed by `signer`. */
export function makeOfd(signer: Signer, { version = 4, picture = { type: 'PNG', bytes: sealPng() }, stamps = [{ page: '1', boundary: '50 50 40 40' }], checkMethod = OID.sm3, after, times = 1 }: OfdWishes = {}): Buffer {
  const files: Record<string, Buffer> = {
    'OFD.xml': xml(`<ofd:OFD ${SPACE} DocType="OFD" Version="1.0"><ofd:DocBody><ofd:DocInfo/><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot><ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody></ofd:OFD>`),
    'Doc_0/Document.xml': xml(`<ofd:Document ${SPACE}><ofd:CommonData><ofd:MaxUnitID>30</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/0.xml"/><ofd:Page ID="21" BaseLoc="Pages/1.xml"/></ofd:Pages></ofd:Document>`),
    'Doc_0/Pages/0.xml': xml(`<ofd:Page ${SPACE}><ofd:Content><ofd:Layer ID="2"><ofd:TextObject ID="40" Boundary="1 1 9 9"><ofd:TextCode>正文</ofd:TextCode></ofd:TextObject></ofd:Layer></ofd:Content></ofd:Page>`),
    'Doc_0/Pages/1.xml': xml(`<ofd:Page ${SPACE}><ofd:Content/></ofd:Page>`),
  };
  for (let turn = 0; turn < times; turn++) {
    const folder = `Doc_0/Signs/Sign_${turn}`;
    const items = [...Array(turn + 1).keys()].map((at) => `<ofd:Signature ID="${at + 1}" Type="Seal" BaseLoc="/Doc_0/Signs/Sign_${at}/Signature.xml"/>`).join('');
    files['Doc_0/Signs/Signatures.xml'] = xml(`<ofd:Signatures ${SPACE}><ofd:MaxSignId>${turn + 1}</ofd:MaxSignId>${items}</ofd:Signatures>`);
    const references = Object.entries(files).map(([path, bytes]) => `<ofd:Reference FileRef="/${path}"><ofd:CheckValue>${sm3(bytes).toString('base64')}</ofd:CheckValue></ofd:Reference>`).join('');
    const shown = stamps.map((one, at) => `<ofd:StampAnnot ID="${at + 1}" PageRef="${one.page}" Boundary="${one.boundary}"${one.clip === undefined ? '' : ` Clip="${one.clip}"`}/>`).join('');
    const described = xml(`<ofd:Signature ${SPACE}><ofd:SignedInfo><ofd:Provider ProviderName="test"/><ofd:SignatureMethod>${OID.sm2}</ofd:SignatureMethod><ofd:SignatureDateTime>2026-01-02 03:04:05</ofd:SignatureDateTime><ofd:References CheckMethod="${checkMethod}">${references}</ofd:References>${shown}</ofd:SignedInfo><ofd:SignedValue>SignedValue.dat</ofd:SignedValue></ofd:Signature>`);
    files[`${folder}/Signature.xml`] = described;
    files[`${folder}/SignedValue.dat`] = stamps.length === 0 ? signCms(signer, described) : sealSignature(signer, version, picture, described, `/${folder}/Signature.xml`);
  }
  after?.(files);
  return Buffer.from(zipSync(files, { mtime: new Date(1980, 0, 1) }));
}

/** SES_Signature of GB/T 38540-2020 (version 4) or GM/T 0031-2014 (version 1). */
function sealSignature(signer: Signer, version: 1 | 4, picture: { readonly type: string; readonly bytes: Buffer }, described: Buffer, path: string): Buffer {
  const info = sequence(
    sequence(ia5('ES'), smallInteger(version), ia5('TEST')), ia5('seal-1'),
    sequence(smallInteger(1), utf8('测试章'), smallInteger(1), sequence(octets(signer.certificate)), generalizedTime('20200101000000Z'), generalizedTime('20200101000000Z'), generalizedTime('20400101000000Z')),
    sequence(ia5(picture.type), octets(picture.bytes), smallInteger(40), smallInteger(40)),
    sequence(sequence(oid('1.2.3'), boolean(false), octets(Buffer.from('x')))),
  );
  const seal = version === 4
    ? sequence(info, octets(signer.certificate), oid(OID.sm2), bits(signer.sign(info)))
    : sequence(info, sequence(octets(signer.certificate), oid(OID.sm2), bits(signer.sign(info))));
  const common = [smallInteger(version), seal, version === 4 ? generalizedTime('20260102030405Z') : bits(Buffer.from('20260102030405Z')), bits(sm3(described)), ia5(path)];
  const identity = [octets(signer.certificate), oid(OID.sm2)];
  const signed = sequence(...common, ...(version === 4 ? [] : identity));
  return Buffer.from(sequence(signed, ...(version === 4 ? identity : []), bits(signer.sign(signed))));
}

