import { open, readFile, rename, rm } from 'node:fs/promises';
import { action, addVerb, EXIT, type Verb } from './verb.js';

/** `strip-seal IN OUT`: OUT appears whole or not at all. */
export const stripSealVerb: Verb = {
  register(program, io) {
    const command = addVerb(program, 'strip-seal <in> <out>', '去除 PDF、OFD 中电子印章的数字签名，保留印章图形', 'remove digital signatures from a PDF or OFD, keep the seal pictures');
    action(command, io, async ([from = '', to = '']) => {
      const { stripSeals } = await import('../seals/strip.js');
      const { REASONS } = await import('../seals/report.js');
      const { output, report } = await stripSeals(await readFile(from));
      await writeWhole(to, output);
      const found = report.signaturesFound.map((one, at) => `签名 ${at + 1}：${one.signer ?? '未标明签名人'}，${one.time ?? '时间不详'}，${one.algorithm ?? '算法不详'}，${
        one.verified === true ? '验签通过' : `${one.verified === null ? '无法验证' : '验签未通过'}${one.reason === null ? '' : `（${REASONS[one.reason]}）`}`}`);
      const summary = found.length === 0 ? ['未发现数字签名'] : [`已去除数字签名 ${report.signaturesRemoved} 个，保留印章图形 ${report.sealImagesKept} 个`];
      return { exit: EXIT.good, data: report, lines: [...found, ...summary, `去除前 SM3 ${report.sm3Before}`, `去除后 SM3 ${report.sm3After}`] };
    });
  },
};

async function writeWhole(path: string, content: Buffer): Promise<void> {
  const part = `${path}.part`;
  const file = await open(part, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    await file.close();
    await rm(part, { force: true });
    throw error;
  }
  await file.close();
  await rename(part, path);
}
