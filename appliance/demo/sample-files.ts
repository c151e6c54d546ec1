import { Buffer } from 'node:buffer';
import { zipSync } from 'fflate';
import PDFDocument from 'pdfkit';
import { PNG } from 'pngjs';
import { inPackage } from '../package-root.js';

const FONT = inPackage('node_modules', '@expo-google-fonts', 'noto-sans-sc', '400Regular', 'NotoSansSC_400Regular.ttf');

/** A file as an officer would drop it on the console. `expected` is the verdict that the rules give it. */
export interface SampleFile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly expected: 'accept' | 'warn' | 'reject';
  /** 题名, for the good ones. */
  readonly title: string;
}

/** 公文: a small real PDF/A with embedded Chinese font. */
async function document(title: string, number: string, protect = false): Promise<Buffer> {
  const pdf = new PDFDocument({
    size: 'A4', margin: 72, lang: 'zh-CN', info: { Title: title, Author: '昆明市演练局' },
    ...(protect ? { userPassword: 'locked', pdfVersion: '1.7' as const } : { subset: 'PDF/A-2b' as const, pdfVersion: '1.7' as const, tagged: true }),
  });
  const parts: Buffer[] = [];
  pdf.on('data', (part: Buffer) => parts.push(part));
  const whole = new Promise<Buffer>((resolve, reject) => {
    pdf.on('end', () => resolve(Buffer.concat(parts)));
    pdf.on('error', reject);
  });
  pdf.font(FONT).fontSize(22).text(title, { align: 'center' }).moveDown();
  pdf.fontSize(12).text(number, { align: 'center' }).moveDown();
  pdf.fontSize(14).text('各科室：').moveDown(0.5);
  for (let paragraph = 1; paragraph <= 6; paragraph += 1) {
    pdf.text(`${paragraph}. 为做好本年度工作，现将有关事项通知如下。请各科室按期完成，并将办理结果报送办公室。`, { indent: 28, lineGap: 6 }).moveDown(0.5);
  }
  pdf.moveDown().text('昆明市演练局', { align: 'right' });
  pdf.end();
  return whole;
}

/** 扫描页: a plain picture with some structure. */
function picture(): Buffer {
  const png = new PNG({ width: 320, height: 200 });
  for (let y = 0; y < png.height; y += 1) {
    for (let x = 0; x < png.width; x += 1) {
      const at = (y * png.width + x) * 4;
      png.data.set([(x * 255) / png.width, (y * 255) / png.height, 140, 255], at);
    }
  }
  return PNG.sync.write(png);
}

/** Good files, the kinds that are most often sent back (encrypted, compressed, cut short), and one whose name lies about what it is. */
export async function sampleFiles(year: number): Promise<readonly SampleFile[]> {
  const subjects = ['档案安全检查', '会议纪要管理', '办公用房调整', '信息公开工作', '保密宣传教育', '防汛值班安排'];
  const good = await Promise.all(subjects.map(async (subject, n): Promise<SampleFile> => {
    const title = `关于做好${year}年度${subject}的通知`;
    return { name: `${String(n + 1).padStart(2, '0')}-${subject}.pdf`, bytes: await document(title, `昆演发〔${year}〕${n + 1}号`), expected: 'accept', title };
  }));
  const whole = good[0]?.bytes ?? Buffer.alloc(0);
  return [
    ...good,
    { name: '07-签批页.png', bytes: picture(), expected: 'accept', title: `${year}年度档案库房检查签批页` },
    { name: '08-加密文件.pdf', bytes: await document('加密文件', '无号', true), expected: 'reject', title: '' },
    { name: '09-打包材料.zip', bytes: Buffer.from(zipSync({ 'a.txt': new TextEncoder().encode('材料') })), expected: 'reject', title: '' },
    { name: '10-不完整.pdf', bytes: whole.subarray(0, Math.floor(whole.length / 2)), expected: 'reject', title: '' },
    { name: '11-名不副实.docx', bytes: whole, expected: 'warn', title: '' },
  ];
}
