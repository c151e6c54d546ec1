/** `fsck`: everything the data directory says of itself, derived again and compared. Reads only; may run beside the box. */
import { action, addVerb, EXIT, type Verb } from './verb.js';
import { DATA, dataOf } from './audit.js';

export const fsckVerb: Verb = {
  register(program, io) {
    const command = addVerb(program, 'fsck', '一致性核查：数据库、封存对象、密钥、编号与审计链；只读', 'consistency check of database, sealed objects, keys, numbers and ledger; read-only')
      .option(...DATA)
      .option('--deep', '逐个读完封存对象并比对摘要 / read every sealed object through');
    action<{ data?: string; deep?: boolean }>(command, io, async (_args, { data, deep = false }) => {
      const result = await check(dataOf(data, io), deep);
      return {
        exit: result.findings.length === 0 ? EXIT.good : EXIT.finding, data: result,
        lines: [
          `${result.findings.length === 0 ? '一致' : `发现 ${String(result.findings.length)} 处问题`}：对象 ${String(result.objects)}，件 ${String(result.records)}，审计 ${String(result.entries)} 条`,
          ...(result.opened ? [] : ['密钥未开锁：没有打开封存对象，只核对了登记、密钥与文件']),
          ...result.findings.map((one) => `  ${one.kind} ${one.object} ${one.text}`),
        ],
      };
    });
  },
};

async function check(data: string, deep: boolean) {
  const [{ openResting, restingKeyring }, { fsck }, { NodeProvider }, { SmCryptoVerifier }, { SoftwareKeyStore }, { unlockRehearsal }, { openVault }, { Bulk }, { checkpointCheck }, { systemClock }, { bindingsOf }] = await Promise.all([
    import('../maintenance/resting-box.js'), import('../maintenance/fsck.js'), import('../crypto/node-provider.js'), import('../crypto/sm-crypto-adapter.js'),
    import('../keystore/software.js'), import('../keystore/ceremony.js'), import('../content/vault.js'), import('../content/bulk.js'), import('../reports/two-verifiers.js'), import('../clock.js'),
    import('../binding/bindings.js'),
  ]);
  const provider = new NodeProvider();
  const bulk = new Bulk();
  const box = await openResting(data);
  const keys = new SoftwareKeyStore(provider, box.file, await restingKeyring(box.paths.keyring));
  try {
    if (keys.rehearsal) await unlockRehearsal(keys, box.paths);
    const vault = await openVault({
      paths: box.paths, keys, tools: { provider, bulk }, clock: systemClock(), memoryBytes: 0, housekeep: async () => Promise.reject(new Error('opened for reading')),
    });
    const check = checkpointCheck({ native: provider, second: new SmCryptoVerifier() }, box.file.certificate);
    const sm3 = (...parts: readonly Uint8Array[]): Uint8Array => provider.sm3(...parts);
    const identity = { ...box.identity, sign: () => { throw new Error('opened for reading'); } };
    const bindings = bindingsOf(sm3, identity, (message, signature) => provider.verify(message, signature, box.file.certificate.publicKey));
    return await fsck({ sql: box.sql, vault, keys, paths: box.paths, sm3, check, deep, bindings });
  } finally {
    await keys.close();
    await bulk.close();
    await box.close();
  }
}
