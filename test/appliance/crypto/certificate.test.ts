import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type Certificate, certificatePem, certificatesOf, issueCertificate, type KeyUsage, parseCertificate } from '../../../appliance/crypto/certificate.js';
import { type ChainFault, verifyChain } from '../../../appliance/crypto/certificate-chain.js';
import { NodeProvider } from '../../../appliance/crypto/node-provider.js';
import type { PrivateKey } from '../../../appliance/crypto/provider.js';

const provider = new NodeProvider();
const AT = '2026-11-23T08:00:00.000Z';
interface Holder { key: PrivateKey; certificate: Certificate }
interface Wish { from?: string; until?: string; usage?: KeyUsage[]; id?: string; pathLength?: number | null; ca?: boolean }

let next = 1;
function issue(by: Holder | 'self', commonName: string, wish: Wish = {}): Holder {
  const key = provider.generateKeyPair();
  const certificate = issueCertificate(provider, {
    subject: { country: 'CN', organization: '示例单位', commonName }, publicKey: key.publicKey, serial: Uint8Array.of(0x80, next++),
    notBefore: wish.from ?? '2026-01-01T00:00:00.000Z', notAfter: wish.until ?? '2055-12-31T23:59:59.000Z',
    ...(wish.ca ? { ca: { pathLength: wish.pathLength ?? null } } : {}),
    keyUsage: wish.usage ?? (wish.ca ? ['keyCertSign', 'cRLSign'] : ['digitalSignature', 'nonRepudiation']),
    issuer: by === 'self' ? { certificate: 'self', key } : { certificate: by.certificate, key: by.key },
    ...(wish.id === undefined ? {} : { id: wish.id }),
  });
  return { key, certificate };
}

const root = issue('self', '根', { ca: true, pathLength: 1 });
const middle = issue(root, '中级', { ca: true, pathLength: 0 });
const leaf = issue(middle, 'officer-1');
const judge = (chain: Holder[], at = AT, usage?: KeyUsage, id?: string) => verifyChain(provider, {
  chain: chain.map(({ certificate }) => certificate), anchors: [root.certificate], at, ...(usage ? { usage } : {}), ...(id ? { id } : {}),
});

test('a certificate says what it was issued with, through DER and PEM', (t) => {
  const again = parseCertificate(certificatePem(leaf.certificate));
  t.deepEqual(again.subject, { country: 'CN', organization: '示例单位', commonName: 'officer-1' });
  t.deepEqual(again.issuer, middle.certificate.subject);
  t.deepEqual([again.notBefore, again.notAfter], ['2026-01-01T00:00:00.000Z', '2055-12-31T23:59:59.000Z']);
  t.deepEqual([again.ca, again.pathLength, again.keyUsage], [false, null, ['digitalSignature', 'nonRepudiation']]);
  t.deepEqual([middle.certificate.ca, middle.certificate.pathLength], [true, 0]);
  t.regex(again.serial, /^80[0-9a-f]{2}$/);
  t.is(certificatesOf(certificatePem(leaf.certificate) + certificatePem(root.certificate)).length, 2);
});

test('a chain is good at its instant, link by link', (t) => {
  t.true(judge([leaf, middle]).valid);
  t.true(judge([leaf, middle, root]).valid);
  t.true(judge([leaf, middle], AT, 'digitalSignature').valid);
  t.true(judge([issue(root, 'direct')]).valid);
});

const fault = test.macro<[name: string, chain: () => Holder[], expected: [ChainFault, number], at?: string, usage?: KeyUsage, id?: string]>({
  exec(t, _name, chain, [expected, place], at, usage, id) {
    const verdict = judge(chain(), at, usage, id);
    t.like(verdict, { valid: false, fault: expected, at: place });
  },
  title: (_given, name, _chain, [expected]) => `RFC 5280 6.1: ${name} is refused as ${expected}`,
});
const other = issue('self', '根', { ca: true });
test(fault, 'an expired leaf', () => [issue(root, 'old', { until: '2026-11-23T07:59:59.000Z' })], ['expired', 0]);
test(fault, 'a leaf before its first day', () => [issue(root, 'young', { from: '2026-11-23T08:00:01.000Z' })], ['not-yet-valid', 0]);
test(fault, 'an expired root', () => [leaf, middle], ['expired', 0], '2056-01-01T00:00:00.000Z');
test(fault, 'another root of the same name', () => [issue(other, 'stranger')], ['signature', 0]);
test(fault, 'a root nobody trusts', () => [issue(issue('self', '外部', { ca: true }), 'stranger')], ['no-anchor', 0]);
test(fault, 'an issuer that is no authority', () => [issue(leaf, 'child'), leaf, middle], ['not-a-ca', 0]);
test(fault, 'a list in which one did not issue the next', () => [issue(issue(middle, '下级', { ca: true }), 'x'), middle], ['issuer-name', 0]);
test(fault, 'a chain longer than pathLength', () => {
  const deep = issue(middle, '下级', { ca: true });
  return [issue(deep, 'x'), deep, middle];
}, ['path-length', 1]);
test(fault, 'an authority without keyCertSign', () => {
  const weak = issue(root, '无签发权', { ca: true, usage: ['digitalSignature'] });
  return [issue(weak, 'x'), weak];
}, ['key-usage', 0]);
test(fault, 'a leaf used beyond its key usage', () => [leaf, middle], ['key-usage', 0], AT, 'keyEncipherment');
test(fault, 'a chain judged with another user id', () => [leaf, middle], ['signature', 1], AT, undefined, 'ARCHIVE-CA-ID');
test(fault, 'an empty chain', () => [], ['empty', 0]);

test('a flipped bit anywhere in a certificate is noticed', (t) => {
  const good = leaf.certificate.der;
  for (let at = 0; at < good.length; at += 3) {
    const bad = good.slice();
    bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
    try {
      const verdict = judge([{ key: leaf.key, certificate: parseCertificate(bad) }, middle]);
      t.false(verdict.valid, `byte ${at}`);
    } catch (error) {
      t.is((error as { code?: string }).code, 'E_CRYPTO_INPUT', `byte ${at}`);
    }
  }
});

test('a chain signed with a user id of its own is good with that id only', (t) => {
  const id = 'ARCHIVE-CA-ID';
  const own = issue('self', '自定', { ca: true, id });
  const child = issue(own, 'x', { id });
  const ask = (name?: string) => verifyChain(provider, { chain: [child.certificate], anchors: [own.certificate], at: AT, ...(name ? { id: name } : {}) }).valid;
  t.deepEqual([ask(id), ask()], [true, false]);
});

test('stock openssl accepts each link of the chain', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'x509-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const put = (name: string, { certificate }: Holder) => {
    writeFileSync(join(dir, name), certificatePem(certificate));
    return join(dir, name);
  };
  const [r, m, l] = [put('r', root), put('m', middle), put('l', leaf)];
  try {
    for (const [issuer, subject] of [[r, r], [r, m], [m, l]] as const) {
      const said = execFileSync('openssl', ['verify', '-partial_chain', '-trusted', issuer, '-vfyopt', 'distid:1234567812345678', subject], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
      t.regex(said, /: OK/);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') t.log('no openssl on this machine');
    else throw error;
  }
  t.pass();
});
