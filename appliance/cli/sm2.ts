/** `sm2 keygen|sign|verify`: keys PEM, signatures DER over Z, as stock openssl has them with `-sigopt distid:1234567812345678`. */
import { readFile, writeFile } from 'node:fs/promises';
import { ArchiveError } from '../../core/errors.js';
import type { CryptoProvider, PrivateKey, PublicKey } from '../crypto/provider.js';
import { action, addFamily, addVerb, EXIT, type Verb } from './verb.js';

const load = async () => {
  const [{ NodeProvider }, pem, curve, file, certificate, digest] = await Promise.all([
    import('../crypto/node-provider.js'), import('../crypto/pem.js'), import('../crypto/sm2-curve.js'),
    import('../crypto/key-file.js'), import('../crypto/certificate.js'), import('../crypto/digest.js'),
  ]);
  return { provider: new NodeProvider(), ...pem, ...curve, ...file, ...certificate, ...digest };
};
type Tools = Awaited<ReturnType<typeof load>>;

const ID = ['--id <text>', '用户标识，默认 1234567812345678 / user id (distid)'] as const;

export const sm2Verb: Verb = {
  register(program, io) {
    const sm2 = addFamily(program, 'sm2', 'SM2 密钥、签名与验签', 'SM2 keys, signatures and verification');

    const keygen = addVerb(sm2, 'keygen', '生成 SM2 密钥对', 'make an SM2 key pair')
      .option('--out <file>', '私钥 PEM（PKCS#8），不覆盖已有文件；省略则打印 / private key PEM, never overwritten; printed when left out')
      .option('--pub <file>', '公钥 PEM；省略则打印 / public key PEM; printed when left out')
      .option('--pin-file <file>', '用该文件中的口令加密私钥 / encrypt the private key with the PIN in this file');
    action<{ out?: string; pub?: string; pinFile?: string }>(keygen, io, async (_args, { out, pub, pinFile }) => {
      const { provider, toPem, toSpki, encryptPrivateKey } = await load();
      const key = provider.generateKeyPair();
      const publicKey = toPem('PUBLIC KEY', toSpki(key.publicKey));
      const privateKey = pinFile === undefined ? toPem('PRIVATE KEY', provider.exportPrivateKey(key)) : await encryptPrivateKey(provider, key, await readPin(pinFile));
      if (out !== undefined) await writeFile(out, privateKey, { mode: 0o600, flag: 'wx' });
      if (pub !== undefined) await writeFile(pub, publicKey, { flag: 'wx' });
      const printed = { ...(out === undefined ? { privateKey } : {}), ...(pub === undefined ? { publicKey } : {}) };
      return { exit: EXIT.good, data: { out: out ?? null, pub: pub ?? null, ...printed }, lines: Object.values(printed).map((pem) => pem.trimEnd()) };
    });

    const sign = addVerb(sm2, 'sign <file>', '对文件签名，输出 DER 签名', 'sign a file, signature in DER')
      .requiredOption('--key <file>', '私钥 PEM（PKCS#8、SEC1 或加密的 PKCS#8）或密钥文件 / private key PEM or key file')
      .option('--pin-file <file>', '密钥口令所在文件 / file with the PIN of the key')
      .option('--out <file>', '签名文件，默认在原文件名后加 .sig / signature file, default FILE.sig')
      .option(...ID);
    action<{ key: string; pinFile?: string; out?: string; id?: string }>(sign, io, async ([file = ''], { key, pinFile, out = `${file}.sig`, id }) => {
      const tools = await load();
      const signing = tools.provider.signer(await privateKeyIn(tools, key, pinFile), id);
      await tools.feedFile(file, signing);
      const signature = signing.sign();
      await writeFile(out, signature);
      return { exit: EXIT.good, data: { file, out, signature: Buffer.from(signature).toString('hex') }, lines: [`已签名：${out}`] };
    });

    const verify = addVerb(sm2, 'verify <file>', '验证文件的 SM2 签名', 'verify the SM2 signature of a file')
      .requiredOption('--key <file>', '公钥或证书 PEM / public key or certificate PEM')
      .option('--signature <file>', 'DER 签名，默认在原文件名后加 .sig / DER signature, default FILE.sig')
      .option(...ID);
    action<{ key: string; signature?: string; id?: string }>(verify, io, async ([file = ''], { key, signature = `${file}.sig`, id }) => {
      const tools = await load();
      const checking = tools.provider.verifier(await publicKeyIn(tools, key), id);
      await tools.feedFile(file, checking);
      const valid = checking.verify(await readFile(signature));
      return { exit: valid ? EXIT.good : EXIT.finding, data: { file, signature, valid }, lines: [valid ? '签名有效' : '签名无效：文件、签名或公钥不符'] };
    });
  },
};

async function readPin(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
}

async function privateKeyIn(tools: Tools, path: string, pinFile: string | undefined): Promise<PrivateKey> {
  const text = await readFile(path, 'utf8');
  const pin = async (): Promise<string> => {
    if (pinFile === undefined) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: '--pin-file', message: '该私钥已加密，请给出口令文件' }]);
    return readPin(pinFile);
  };
  if (text.trimStart().startsWith('{')) return tools.openKeyFile(tools.provider, tools.readKeyFile(text), await pin());
  if (text.includes('ENCRYPTED PRIVATE KEY')) return tools.decryptPrivateKey(tools.provider, text, await pin());
  return tools.provider.loadPrivateKey(tools.onePem(text, 'PRIVATE KEY', 'EC PRIVATE KEY').der);
}

async function publicKeyIn(tools: Tools & { provider: CryptoProvider }, path: string): Promise<PublicKey> {
  const block = tools.onePem(await readFile(path, 'utf8'), 'PUBLIC KEY', 'CERTIFICATE');
  return block.label === 'CERTIFICATE' ? tools.parseCertificate(block.der).publicKey : tools.fromSpki(block.der);
}
