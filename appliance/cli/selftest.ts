import { action, addVerb, EXIT, type Verb } from './verb.js';

export const selftestVerb: Verb = {
  register(program, io) {
    const command = addVerb(program, 'selftest', '密码自检：已知答案与两套实现互验', 'self-test of the cryptography')
      .option('--vectors <dir>', '再运行该目录下的测试向量 / also run the test vectors of a folder');
    action<{ vectors?: string }>(command, io, async (_args, { vectors }) => {
      const [{ NodeProvider }, { SmCryptoVerifier }, { selfTest }, { runVectors }] = await Promise.all([
        import('../crypto/node-provider.js'), import('../crypto/sm-crypto-adapter.js'), import('../crypto/self-test.js'), import('../crypto/vector-files.js'),
      ]);
      const [provider, second] = [new NodeProvider(), new SmCryptoVerifier()];
      const own = await selfTest(provider, second);
      const ran = vectors === undefined ? null : await runVectors(provider, second, vectors);
      const passed = own.rows.filter((row) => row.passed).length + (ran?.passed ?? 0);
      const failed = own.rows.filter((row) => !row.passed).length + (ran?.failed ?? 0);
      const lines = [
        `${own.provider}；复核 ${own.second}`,
        ...own.rows.map((row) => `${row.passed ? '通过' : '失败'}  ${row.name}`),
        ...(ran?.lists ?? []).flatMap(({ file, list, cases, passed: good, failed: bad, skipped }) => [
          `${bad.length > 0 ? '失败' : good > 0 ? '通过' : '跳过'}  ${file} ${list}：${good}/${cases}${bad.length > 0 ? `，未通过 ${bad.join('、')}` : ''}`,
          ...Object.entries(skipped).map(([reason, count]) => `      跳过 ${count}：${reason}`),
        ]),
        `${passed} passed, ${failed} failed, ${ran?.skipped ?? 0} skipped`,
      ];
      return { exit: failed > 0 ? EXIT.finding : EXIT.good, data: { passed, failed, skipped: ran?.skipped ?? 0, selfTest: own, vectors: ran }, lines };
    });
  },
};
