import { action, addVerb, EXIT, type Verb } from './verb.js';

export const sm3Verb: Verb = {
  register(program, io) {
    const command = addVerb(program, 'sm3 <file...>', '计算文件的 SM3 摘要', 'SM3 digest of files');
    action(command, io, async (files) => {
      const [{ digestFile }, { NodeProvider }] = await Promise.all([import('../crypto/digest.js'), import('../crypto/node-provider.js')]);
      const provider = new NodeProvider();
      const digests = [];
      for (const path of files) digests.push({ path, ...(await digestFile(provider, path)) });
      return { exit: EXIT.good, data: { files: digests }, lines: digests.map(({ path, sm3 }) => `${sm3}  ${path}`) };
    });
  },
};
