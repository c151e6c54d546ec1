/** `audit export|verify`: the ledger of a data directory, read as it lies there, locked or not; a copy will do. */
import { writeFile } from 'node:fs/promises';
import type { LedgerVerdict } from '../audit/verify.js';
import { action, addFamily, addVerb, EXIT, type Io, type Verb } from './verb.js';
import { verifyTools } from './verify.js';

export const DATA = ['--data <dir>', '数据目录，默认 SHOUZANG_DATA 或 ./data / data directory'] as const;
export const dataOf = (data: string | undefined, io: Io): string => data ?? io.env['SHOUZANG_DATA'] ?? 'data';

export const auditVerb: Verb = {
  register(program, io) {
    const audit = addFamily(program, 'audit', '审计日志', 'audit ledger');

    const exporting = addVerb(audit, 'export', '导出审计日志（JSON Lines），截至最近的检查点', 'export the ledger up to its last checkpoint')
      .option(...DATA).requiredOption('--out <file>', '导出文件，不覆盖已有文件 / file to write, never overwritten');
    action<{ data?: string; out: string }>(exporting, io, async (_args, { data, out }) => {
      const [{ openResting }, { exportLedger }] = await Promise.all([import('../maintenance/resting-box.js'), import('../audit/export.js')]);
      const box = await openResting(dataOf(data, io));
      try {
        let exported = 0;
        const counted = async function* counted(): AsyncGenerator<string, void, void> {
          for await (const piece of exportLedger(box.sql, box.identity)) {
            exported += (piece.match(/^\{"entry":/gm) ?? []).length;
            yield piece;
          }
        };
        await writeFile(out, counted(), { flag: 'wx', mode: 0o600 });
        const all = (await box.sql.one<{ n: number }>('SELECT count(*) AS n FROM audit_entry'))?.n ?? 0;
        const rest = all - exported;
        return {
          exit: EXIT.good, data: { out, box: box.identity.serial, entries: exported, afterLastCheckpoint: rest },
          lines: [`已导出 ${String(exported)} 条：${out}`, ...(rest > 0 ? [`最近检查点之后还有 ${String(rest)} 条未导出，下一个检查点签发后可导出`] : [])],
        };
      } finally {
        await box.close();
      }
    });

    const verifying = addVerb(audit, 'verify', '校验审计链、默克尔根与检查点签名；只读，不需要开锁', 'verify chain, Merkle roots and checkpoint signatures; read-only, works while locked')
      .option(...DATA)
      .option('--checkpoint <file>', '另行保存的检查点，可发现整个目录被换成旧副本 / a checkpoint kept aside: notices a rolled-back copy')
      .option('--anchor <file>', '另行保存的本机根证书 PEM / the box authority kept aside');
    action<{ data?: string; checkpoint?: string; anchor?: string }>(verifying, io, async (_args, options) => {
      const [{ openResting }, { verifyLedger }, { chainFault, checkpointCheck }, tools] = await Promise.all([
        import('../maintenance/resting-box.js'), import('../audit/verify.js'), import('../reports/two-verifiers.js'), verifyTools(options.anchor, options.checkpoint),
      ]);
      const box = await openResting(dataOf(options.data, io));
      try {
        const { certificate, authority } = box.file;
        const check = checkpointCheck(tools.two, certificate);
        const verdict = await verifyLedger(box.sql, (...parts) => tools.two.native.sm3(...parts), check, tools.aside ?? undefined);
        const fault = chainFault(tools.two, { box: certificate, authority }, certificate.notBefore);
        const strange = tools.anchor !== null && Buffer.compare(tools.anchor.der, authority.der) !== 0;
        const certificates = [...(fault === undefined ? [] : [`本机证书不是本机根证书签发（${fault}）`]), ...(strange ? ['本机根证书与另行保存的根证书不一致'] : [])];
        const good = verdict.faults.length === 0 && certificates.length === 0;
        return {
          exit: good ? EXIT.good : EXIT.finding, data: { valid: good, box: box.identity.serial, ...verdict, certificates },
          lines: inWords(verdict, certificates, box.identity.serial, options.checkpoint !== undefined),
        };
      } finally {
        await box.close();
      }
    });
  },
};

function inWords(verdict: LedgerVerdict, certificates: readonly string[], serial: string, aside: boolean): string[] {
  const good = verdict.faults.length === 0 && certificates.length === 0;
  return [
    `${good ? '审计链完整' : '审计链有问题'}：本机 ${serial}，${String(verdict.entries)} 条，${String(verdict.checkpoints)} 个检查点${aside ? '，已与另行保存的检查点核对' : ''}`,
    `默克尔根 ${verdict.root}`, ...certificates, ...verdict.faults.map(({ text }) => text),
  ];
}
