import PDFDocument from 'pdfkit';
import QRCode from 'qrcode';
import { drawQr } from '../reports/pdf.js';
import { BOLD, REGULAR, typeface } from '../reports/typeface.js';

/** What is printed on the label of a carrier. */
export interface LabelFacts {
  readonly no: string;
  readonly unit: string;
  readonly fonds: string;
  readonly batch: string | null;
  /** 套次、份号, e.g. `1/2`. */
  readonly copy: string;
  /** `机密★20年`, `内部` or `公开`. */
  readonly mark: string;
  readonly kind: string;
  readonly madeBy: string;
  readonly madeOn: string;
  readonly rehearsal: boolean;
  readonly printedAt: string;
}

const MM = 72 / 25.4;
const [WIDTH, HEIGHT, EDGE] = [90 * MM, 50 * MM, 3 * MM];
const QR_SIDE = 27 * MM;
const LABEL_SIZE = 7.5;

/** 载体标签, 90 × 50 mm: number, fonds, batch, set, mark, maker and a QR code of the number alone, which a scanner types in. No title. */
export async function carrierLabel(facts: LabelFacts): Promise<Buffer> {
  const pdf = new PDFDocument({
    size: [WIDTH, HEIGHT], margin: 0, autoFirstPage: false, subset: 'PDF/A-2b', pdfVersion: '1.7', lang: 'zh-CN', font: REGULAR,
    info: { Title: `载体标签 ${facts.no}`, Producer: '守藏', Creator: '守藏', CreationDate: new Date(facts.printedAt), ModDate: new Date(facts.printedAt) },
  });
  const pieces: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    pdf.on('data', (piece: Buffer) => pieces.push(piece));
    pdf.on('end', () => { resolve(Buffer.concat(pieces)); });
    pdf.on('error', reject);
  });
  pdf.addPage();
  pdf.save().lineWidth(0.8).strokeColor('#000000').rect(EDGE / 2, EDGE / 2, WIDTH - EDGE, HEIGHT - EDGE).stroke().restore();
  const line = (text: string, x: number, y: number, room: number, size: number, bold = false): void => {
    const file = bold ? BOLD : REGULAR;
    const face = typeface(file);
    const [shown = ''] = face.lines(face.safe(text), size, room);
    pdf.font(file).fontSize(size).fillColor('#000000').text(shown, x, y, { lineBreak: false });
  };
  line(facts.mark, EDGE, EDGE + 1, WIDTH - QR_SIDE - 3 * EDGE, 15, true);
  line(facts.no, EDGE, EDGE + 24, WIDTH - QR_SIDE - 3 * EDGE, 12, true);
  const rows: readonly (readonly [string, string])[] = [
    ['全宗', facts.fonds], ['批次', facts.batch ?? '—'], ['套次', facts.copy], ['种类', facts.kind], ['制作', `${facts.madeBy} ${facts.madeOn}`], ['单位', facts.unit],
  ];
  for (const [at, [name, value]] of rows.entries()) {
    const y = EDGE + 43 + at * 13;
    line(name, EDGE, y, 24, LABEL_SIZE);
    line(value, EDGE + 24, y, at < 4 ? WIDTH - QR_SIDE - 3 * EDGE - 24 : WIDTH - 2 * EDGE - 24, LABEL_SIZE);
  }
  drawQr(pdf, QRCode.create(facts.no, { errorCorrectionLevel: 'M' }), WIDTH - QR_SIDE - EDGE, EDGE + 2, QR_SIDE);
  if (facts.rehearsal) line('演练', WIDTH - EDGE - 26, HEIGHT - EDGE - 14, 26, 10, true);
  pdf.end();
  return done;
}
