/** `seal` and `open`: the sealed format for scripts. The secret is 32 bytes as hex in a file, which the box's keyring replaces inside. */
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { ArchiveError } from '../../core/errors.js';
import { action, addVerb, EXIT, type Verb } from './verb.js';

const load = async () => {
  const [{ NodeProvider }, { Bulk }, seal, open, files] = await Promise.all([
    import('../crypto/node-provider.js'), import('../content/bulk.js'), import('../content/seal.js'), import('../content/open.js'), import('../content/file-ops.js'),
  ]);
  return { tools: { provider: new NodeProvider(), bulk: new Bulk() }, ...seal, ...open, ...files };
};

async function readSecret(path: string): Promise<Uint8Array> {
  const text = (await readFile(path, 'utf8')).trim();
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'secret' }, [{ at: '--secret-file', message: '应为 64 个十六进制字符' }]);
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

export const sealVerb: Verb = {
  register(program, io) {
    const command = addVerb(program, 'seal <in> <out>', '封存文件（SM4-CTR 与 HMAC-SM3）', 'seal a file (SM4-CTR with HMAC-SM3)')
      .option('--secret-file <file>', '32 字节密钥，十六进制 / 32-byte secret as hex')
      .option('--new-secret <file>', '生成新密钥写入该文件 / make a fresh secret into this file')
      .option('--object <uuid>', '对象编号，默认随机 / object id, random by default');
    action<{ secretFile?: string; newSecret?: string; object?: string }>(command, io, async ([from = '', to = ''], { secretFile, newSecret, object }) => {
      if ((secretFile === undefined) === (newSecret === undefined)) {
        throw new ArchiveError('E_CLI_USAGE', {}, [{ at: 'argv', message: '请给出 --secret-file 或 --new-secret 之一' }]);
      }
      const { tools, createSealer, moveFile, exists } = await load();
      try {
        if (await exists(to)) throw new ArchiveError('E_CLI_FILE', {}, [{ at: 'path', message: `EEXIST ${to}` }]);
        const secret = secretFile === undefined ? tools.provider.random(32) : await readSecret(secretFile);
        if (newSecret !== undefined) await writeFile(newSecret, `${Buffer.from(secret).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
        const objectId = object ?? randomUUID();
        const sealer = await createSealer(tools, { objectId, secret, path: `${to}.part` });
        try {
          for await (const piece of createReadStream(from, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Uint8Array>) await sealer.write(piece);
          const sealed = await sealer.finish();
          await moveFile(`${to}.part`, to);
          return { exit: EXIT.good, data: { objectId, ...sealed }, lines: [`已封存：${to}`, `SM3 ${sealed.sm3}`] };
        } catch (error) {
          await sealer.abort();
          throw error;
        }
      } finally {
        await tools.bulk.close();
      }
    });
  },
};

export const openVerb: Verb = {
  register(program, io) {
    const command = addVerb(program, 'open <in> <out>', '启封文件：全部校验通过后才得到明文', 'open a sealed file; the output appears only when all of it was checked')
      .requiredOption('--secret-file <file>', '32 字节密钥，十六进制 / 32-byte secret as hex');
    action<{ secretFile: string }>(command, io, async ([from = '', to = ''], { secretFile }) => {
      const { tools, openSealed, removeFile, exists } = await load();
      try {
        if (await exists(to)) throw new ArchiveError('E_CLI_FILE', {}, [{ at: 'path', message: `EEXIST ${to}` }]);
        const reader = await openSealed(tools, from, await readSecret(secretFile));
        const part = `${to}.part`;
        try {
          await reader.verifyAll();
          await pipeline(reader.stream(), createWriteStream(part, { flags: 'wx', mode: 0o600, flush: true }));
          await rename(part, to);
          const { objectId, bytes, sm3, root } = reader;
          return { exit: EXIT.good, data: { objectId, bytes, sm3, root }, lines: [`已启封：${to}`, `SM3 ${sm3}`] };
        } catch (error) {
          await removeFile(part);
          throw error;
        } finally {
          await reader.close();
        }
      } finally {
        await tools.bulk.close();
      }
    });
  },
};
