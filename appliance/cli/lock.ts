/** `unlock` and `lock` of a running box: two holders come one after the other, each with a key file of their own. */
import { ArchiveError } from '../../core/errors.js';
import { officerOf, withToken, type OfficerOptions } from './officer.js';
import { answered, connect, PIN_ENV, signedIn, withPerson, withRemote, type PersonOptions, type RemoteOptions } from './remote.js';
import { action, addVerb, EXIT, type Io, type Verb } from './verb.js';

interface Shares { readonly state: 'locked' | 'unlocked'; readonly offered: readonly number[]; readonly need: number; readonly shares: readonly { readonly holder: string; readonly encrypted: string }[] }

export const unlockVerb: Verb = {
  register(program, io) {
    const command = withToken(withRemote(addVerb(program, 'unlock', '开锁：用本人的密钥文件或签名钥匙提交一份密钥分量，须两名持有人先后办理', 'unlock: give one share of the root key with your key file or token; two holders are needed')))
      .option('--key <file>', '密钥文件 / key file')
      .option(...PIN_ENV);
    action<RemoteOptions & OfficerOptions>(command, io, async (_args, options) => {
      const now = await offer(io, options);
      const left = now.need - now.offered.length;
      return {
        exit: EXIT.good, data: { state: now.state, offered: now.offered, need: now.need },
        lines: [now.state === 'unlocked' ? '已开锁' : `已收到 ${String(now.offered.length)} 份分量，还需 ${String(left)} 份：请另一名持有人用自己的密钥文件办理`],
      };
    });
  },
};

async function offer(io: Io, options: RemoteOptions & OfficerOptions): Promise<Omit<Shares, 'shares'>> {
  const { client, crypto } = await connect(io, options);
  return answered(async () => {
    const before = await client.get<Shares>('key.shares', {});
    if (before.state === 'unlocked') return before;
    const officer = await officerOf(io, crypto, options);
    let share = new Uint8Array(0);
    try {
      const mine = before.shares.find((one) => one.holder === officer.holder);
      if (mine === undefined) throw new ArchiveError('E_KEY_SHARE_INVALID', {}, [{ at: '--key', message: '该钥匙的持有人没有本机的密钥分量' }]);
      share = Uint8Array.from(await officer.open(Uint8Array.from(Buffer.from(mine.encrypted, 'base64'))));
      return await client.post<Shares>('key.unlock', { share: Buffer.from(share).toString('base64') });
    } finally {
      share.fill(0);
      await officer.close();
    }
  });
}

export const lockVerb: Verb = {
  register(program, io) {
    const command = withPerson(addVerb(program, 'lock', '上锁：清除内存中的密钥，重新开锁须两名持有人', 'lock: wipe the keys from memory; two holders are needed to unlock again'));
    action<PersonOptions>(command, io, async (_args, options) => {
      const { client } = await signedIn(io, options);
      const { state } = await answered(async () => client.post<{ state: string }>('key.lock', {}));
      return { exit: EXIT.good, data: { state }, lines: ['已上锁，内存中的密钥已清除'] };
    });
  },
};
