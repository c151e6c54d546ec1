import { spawnSync } from 'node:child_process';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { median, rate, rateOf, type Figure, type Piece } from './figure.js';

/** Signatures and verifications a second of `openssl speed`, one core. */
function opensslSpeed(): readonly [sign: number, verify: number] | null {
  const { stdout, status } = spawnSync('openssl', ['speed', '-seconds', '1', 'sm2'], { encoding: 'utf8' });
  const line = status === 0 ? /SM2 \(CurveSM2\).*?([\d.]+)\s+([\d.]+)\s*$/m.exec(stdout) : null;
  return line === null ? null : [Number(line[1]), Number(line[2])];
}

/** SM2 signature and verification on the server, in turns with the reference, median of three. */
export const sm2: Piece = {
  name: 'sm2',
  async run() {
    const provider = new NodeProvider();
    const key = provider.generateKeyPair();
    const message = provider.random(256);
    const signature = provider.sign(message, key);
    const rounds = [1, 2, 3].map(() => ({
      theirs: opensslSpeed(),
      sign: rateOf(() => provider.sign(message, key)),
      verify: rateOf(() => provider.verify(message, signature, key.publicKey)),
    }));
    const theirs = rounds.map((one) => one.theirs).filter((one) => one !== null);
    const reach = (ratio: number): NonNullable<Figure['reach']> => ({ text: '≥ 0.8 × openssl speed sm2', met: ratio >= 0.8 });
    const held = (at: 0 | 1): Figure['reference'] => (theirs.length === 0 ? null : { title: 'openssl speed sm2', value: median(theirs.map((one) => one[at])) });
    return Promise.resolve([
      rate('sm2.sign', 'SM2 签名', median(rounds.map((one) => one.sign)), '次/秒', held(0), theirs.length === 0 ? null : reach),
      rate('sm2.verify', 'SM2 验签', median(rounds.map((one) => one.verify)), '次/秒', held(1), theirs.length === 0 ? null : reach),
    ]);
  },
};
