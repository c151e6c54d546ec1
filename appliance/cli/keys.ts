/** `keys`: what the data directory says of its keys, locked or not; never a value. */
import { DATA, dataOf } from './audit.js';
import { action, addVerb, EXIT, type Verb } from './verb.js';

const STATES = { current: '现行', retiring: '只开不封', destroyed: '已销毁' } as const;

export const keysVerb: Verb = {
  register(program, io) {
    const command = addVerb(program, 'keys', '密钥概况：期次、各期在用的数据密钥、分量持有人；只读，不含密钥值', 'keys: epochs, data keys of each, holders of shares; read-only, no values').option(...DATA);
    action<{ data?: string }>(command, io, async (_args, { data }) => {
      const [{ openResting, restingKeyring }, { NodeProvider }, { SoftwareKeyStore }] = await Promise.all([import('../maintenance/resting-box.js'), import('../crypto/node-provider.js'), import('../keystore/software.js')]);
      const box = await openResting(dataOf(data, io));
      const keys = new SoftwareKeyStore(new NodeProvider(), box.file, await restingKeyring(box.paths.keyring));
      try {
        const counted = await keys.keysByEpoch();
        const epochs = keys.epochs.map((one) => ({ ...one, keys: counted.get(one.epoch) ?? 0 }));
        const holders = keys.heldShares.map(({ holder, index, certificate }) => ({ holder, index, serial: certificate.serial, until: certificate.notAfter }));
        const { setId, threshold, total } = keys.shareSet;
        return {
          exit: EXIT.good, data: { rehearsal: keys.rehearsal, shareSet: { setId, threshold, total }, holders, epochs },
          lines: [
            `${keys.rehearsal ? '演练环境' : '正式环境'}，分量组 ${setId}：${String(total)} 份，任意 ${String(threshold)} 份可开锁`,
            ...holders.map((one) => `第 ${String(one.index)} 份  ${one.holder}  证书 ${one.serial}，至 ${one.until}`),
            ...epochs.map((one) => `第 ${String(one.epoch)} 期  ${STATES[one.state]}  ${one.madeAt ?? '生成时间不明'}  在用数据密钥 ${String(one.keys)} 个`),
          ],
        };
      } finally {
        await keys.close();
        await box.close();
      }
    });
  },
};
