/** `device usbguard|make|sign`: rules from the register, and a directory that stands in for a device. */
import { readFile, writeFile } from 'node:fs/promises';
import { ArchiveError } from '../../core/errors.js';
import { answered, signedIn, withPerson, type PersonOptions } from './remote.js';
import { action, addFamily, addVerb, EXIT, type Io, type Verb } from './verb.js';

const load = async () => {
  const [{ NodeProvider }, directory, { readDeviceMessage }] = await Promise.all([import('../crypto/node-provider.js'), import('../devices/directory.js'), import('../devices/proof.js')]);
  return { crypto: new NodeProvider(), ...directory, readDeviceMessage };
};

export const deviceVerb: Verb = {
  register(program, io) {
    const device = addFamily(program, 'device', '专用设备', 'dedicated devices');

    const usbguard = withPerson(addVerb(device, 'usbguard', '按设备台账生成 USBGuard 准入规则；只读', 'USBGuard rules from the register; read-only'))
      .option('--out <file>', '规则文件，不覆盖已有文件；省略则打印 / file to write, never overwritten; printed when left out');
    action<PersonOptions & { out?: string }>(usbguard, io, async (_args, options) => {
      const { client } = await signedIn(io, options);
      const rules = await answered(async () => (await client.bytes('device.usbguard', {})).toString('utf8'));
      const allowed = rules.split('\n').filter((line) => line.startsWith('allow ')).length;
      if (options.out !== undefined) await writeFile(options.out, rules, { flag: 'wx', mode: 0o600 });
      return { exit: EXIT.good, data: { out: options.out ?? null, allowed, rules }, lines: options.out === undefined ? [rules.trimEnd()] : [`已写出 ${String(allowed)} 台设备的准入规则，其余存储设备一律拒绝：${options.out}`] };
    });

    const make = addVerb(device, 'make <dir>', '以目录代替设备：在目录内生成设备密钥，打印公钥', 'a directory stands in for a device: makes its key, prints the public half');
    action(make, io, async ([dir = '']) => {
      const { crypto, makeDirectoryDevice, DEVICE_KEY } = await load();
      const publicKey = await makeDirectoryDevice(crypto, dir);
      return { exit: EXIT.good, data: { dir, key: DEVICE_KEY, publicKey }, lines: [publicKey.trimEnd()] };
    });

    const sign = addVerb(device, 'sign <dir>', '用目录内的设备密钥回答核验挑战，打印签名', 'answers a challenge with the key of a device directory, prints the signature')
      .option('--message <file>', '待签原文所在文件，省略则从标准输入读 / file with the message to sign, by default standard input');
    action<{ message?: string }>(sign, io, async ([dir = ''], { message }) => {
      const { crypto, openDirectoryDevice, readDeviceMessage } = await load();
      const asked = readDeviceMessage(message === undefined ? await all(io) : await readFile(message, 'utf8'));
      if (asked === null) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: '--message', message: '不是设备核验的待签原文，请从“使用前核验”处整段复制' }]);
      const port = await openDirectoryDevice(crypto, dir);
      const signature = port.answer(asked.box, asked.no, asked.challenge);
      return { exit: EXIT.good, data: { box: asked.box, no: asked.no, signature }, lines: [signature] };
    });
  },
};

async function all({ stdin }: Io): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stdin) parts.push(Buffer.from(part as Buffer));
  return Buffer.concat(parts).toString('utf8');
}
