/** `verify`: reports, audit exports, checkpoints, packages, envelopes and certificates, judged without any box by two implementations of the algorithms. */
import { readFile } from 'node:fs/promises';
import { ArchiveError } from '../../core/errors.js';
import type { VerifyItem } from '../reports/verify.js';
import { action, addVerb, EXIT, type Verb } from './verb.js';

const KINDS: Readonly<Record<VerifyItem['kind'], string>> = { report: '报表', 'report-file': '报表文件', 'audit-export': '审计导出', checkpoint: '检查点', package: '信息包', envelope: '传输封套', bag: 'BagIt 包', eep: '电子文件封装包', certificate: '出证', unknown: '未识别' };

export const verifyVerb: Verb = {
  register(program, io) {
    const command = addVerb(program, 'verify <path...>', '验真：校验报表、审计导出、检查点、信息包、封套、出证、BagIt 包、电子文件封装包，不需要本机', 'verify reports, audit exports, checkpoints, packages, envelopes, certificates, BagIt bags and EEP without the box')
      .option('--anchor <file>', '另行保存的本机根证书 PEM / the box authority kept aside')
      .option('--checkpoint <file>', '另行保存的检查点，核对审计导出 / a checkpoint kept aside, for audit exports');
    action<{ anchor?: string; checkpoint?: string }>(command, io, async (paths, { anchor, checkpoint }) => {
      const [{ verifyPaths }, tools] = await Promise.all([import('../reports/verify.js'), verifyTools(anchor, checkpoint)]);
      const items = await verifyPaths(paths, tools);
      const good = items.length > 0 && items.every(({ valid }) => valid);
      return { exit: good ? EXIT.good : EXIT.finding, data: { valid: good, items }, lines: items.length === 0 ? ['没有可以校验的文件'] : items.flatMap(inWords) };
    });
  },
};

/** The two implementations and what was kept aside. */
export async function verifyTools(anchor: string | undefined, checkpoint: string | undefined) {
  const [{ NodeProvider }, { SmCryptoVerifier }, { certificatesOf }, { parseCheckpoint }] = await Promise.all([
    import('../crypto/node-provider.js'), import('../crypto/sm-crypto-adapter.js'), import('../crypto/certificate.js'), import('../../core/checkpoint.js'),
  ]);
  const kept = anchor === undefined ? null : certificatesOf(await readFile(anchor, 'utf8')).at(-1) ?? null;
  if (anchor !== undefined && kept === null) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: '--anchor', message: '文件内没有证书' }]);
  const aside = checkpoint === undefined ? null : parseCheckpoint(await readFile(checkpoint, 'utf8')) ?? null;
  if (checkpoint !== undefined && aside === null) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: '--checkpoint', message: '不是检查点文本，请原样保存，含末行签名' }]);
  return { two: { native: new NodeProvider(), second: new SmCryptoVerifier() }, anchor: kept, aside };
}

function inWords(item: VerifyItem): string[] {
  const found = item.faults.map((one) => `    ${one.file}：${one.text}`);
  const whose = item.authority === null ? [] : [`    本机 ${item.box ?? ''}，根证书指纹 ${item.authority}`];
  return [`${item.valid ? '有效' : '无效'}  ${KINDS[item.kind]}  ${item.path}${item.what === '' ? '' : `（${item.what}）`}`, ...found, ...whose];
}
