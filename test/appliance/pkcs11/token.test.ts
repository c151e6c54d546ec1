import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import koffi from 'koffi';
import { officerKeyFile } from '../../../appliance/crypto/officer-key.js';
import { writeKeyFile } from '../../../appliance/crypto/key-file.js';
import { ArchiveError } from '../../../core/errors.js';
import { CKO, CKR, CryptokiError } from '../../../appliance/pkcs11/cryptoki.js';
import { loadCryptoki } from '../../../appliance/pkcs11/library.js';
import { openToken, tokenFault } from '../../../appliance/pkcs11/token-key.js';
import { loadPolicies } from '../../../appliance/policies.js';
import { keystoreDesk, officerPins } from '../../helpers/keystore.js';
import { standInToken } from '../../helpers/token-stand-in.js';

const profiles = loadPolicies().content('pkcs11.json').profiles;
const words = (text: string): Uint8Array => new TextEncoder().encode(text);
const code = (wanted: string) => ({ code: wanted }) as never;

async function withToken(t: Parameters<typeof keystoreDesk>[0], profile = profiles[0] ?? t.fail() as never) {
  const desk = await keystoreDesk(t);
  const key = desk.provider.generateKeyPair();
  const certificate = desk.keystore.certify({ subject: { commonName: 'officer-9' }, publicKey: key.publicKey, notBefore: '2026-01-01T00:00:00Z', notAfter: '2031-01-01T00:00:00Z', keyUsage: ['digitalSignature', 'keyEncipherment'] });
  const messages = [words('审批原文'), words('shouzang sign-in\n')];
  return { desk, key, certificate, messages, token: standInToken(desk.provider, { profile, key, certificate, pin: '123456', label: '局领导钥匙', messages }), profile };
}

test('every profile of vendors says that it was never tried, and where its numbers are from', (t) => {
  t.true(profiles.length >= 3);
  for (const one of profiles) t.true(!one.verified && one.source.includes('未验证'), one.id);
});

test('SM2 on a token: signs and opens shares through the same interface as a key file, whatever the vendor hashes or lays out', async (t) => {
  for (const profile of profiles) {
    const { desk, certificate, messages, token } = await withToken(t, profile);
    const officer = openToken(desk.provider, token.library, { profile, label: '局领导钥匙', pin: '123456' });
    t.deepEqual([officer.name, officer.holder], ['局领导钥匙', 'officer-9']);
    const [message = words('')] = messages;
    t.true(desk.provider.verify(message, await officer.sign(message), certificate.publicKey), profile.id);
    const share = desk.provider.random(64);
    t.deepEqual(Buffer.from(await officer.open(desk.provider.sm2Encrypt(share, certificate.publicKey))), Buffer.from(share), profile.id);
    await officer.close();
  }
  const { desk } = await withToken(t);
  const file = await officerKeyFile(desk.provider, writeKeyFile(desk.keyFiles[0] ?? t.fail() as never), officerPins['officer-1']);
  t.true(desk.provider.verify(words('x'), await file.sign(words('x')), file.certificate.publicKey));
  await file.close();
});

test('a token holds a share of the root: it unlocks the box together with a key file', async (t) => {
  const { desk, key, certificate, token, profile } = await withToken(t);
  await desk.keystore.renewRoot([...desk.certificates.slice(0, 2), { holder: 'officer-9', certificate }], 2, undefined, async () => Promise.resolve());
  const held = desk.keystore.heldShares;
  desk.keystore.lock();
  const officer = openToken(desk.provider, token.library, { profile, pin: '123456' });
  await desk.keystore.offerShare(await officer.open(held[2]?.encrypted ?? words('')));
  const file = await officerKeyFile(desk.provider, writeKeyFile(desk.keyFiles[0] ?? t.fail() as never), officerPins['officer-1']);
  t.is((await desk.keystore.offerShare(await file.open(held[0]?.encrypted ?? words('')))).state, 'unlocked');
  t.is(key.publicKey.length, 65);
});

test('PIN wrong, locked; token absent, pulled out, another\'s: each is told by its own code in Chinese', async (t) => {
  const { desk, token, profile, messages } = await withToken(t);
  const wish = { profile, pin: '000000' };
  for (const _try of [1, 2]) t.throws(() => openToken(desk.provider, token.library, wish), code('E_TOKEN_PIN_WRONG'));
  t.throws(() => openToken(desk.provider, token.library, wish), code('E_TOKEN_PIN_LOCKED'));
  t.throws(() => openToken(desk.provider, token.library, { profile, pin: '123456' }), code('E_TOKEN_PIN_LOCKED'), 'the right PIN comes too late');

  const fresh = await withToken(t);
  t.throws(() => openToken(desk.provider, fresh.token.library, { profile, pin: '123456', label: '别人的钥匙' }), code('E_TOKEN_ABSENT'));
  t.throws(() => openToken(desk.provider, fresh.token.library, { profile: profiles[2] ?? t.fail() as never, pin: '123456' }), code('E_TOKEN_NO_KEY'), 'a key of another vendor\'s kind');
  const officer = openToken(fresh.desk.provider, fresh.token.library, { profile, pin: '123456' });
  fresh.token.pull();
  await t.throwsAsync(officer.sign(messages[0] ?? words('')), code('E_TOKEN_ABSENT'));
  t.throws(() => openToken(desk.provider, fresh.token.library, { profile, pin: '123456' }), code('E_TOKEN_ABSENT'));
  const faults: Readonly<Record<string, number>> = { E_TOKEN_PIN_WRONG: CKR.pinIncorrect, E_TOKEN_PIN_LOCKED: CKR.pinExpired, E_TOKEN_ABSENT: CKR.tokenNotPresent, E_TOKEN_UNSUPPORTED: CKR.mechanismInvalid, E_DECRYPT_FAILED: CKR.encryptedDataInvalid, E_TOKEN_FAILED: CKR.deviceError };
  for (const [wanted, rv] of Object.entries(faults)) {
    const told = tokenFault(new CryptokiError('C_any', rv));
    t.is(told instanceof ArchiveError ? told.code : '', wanted);
  }
});

test('a signature that the certificate does not verify is never handed on: a wrong key, a wrong mechanism number', async (t) => {
  const { desk, token, profile, messages } = await withToken(t);
  const stranger = desk.certificates[0]?.certificate ?? t.fail() as never;
  const officer = openToken(desk.provider, token.library, { profile: { ...profile, input: 'message', signature: 'der' }, pin: '123456', certificate: stranger });
  await t.throwsAsync(officer.sign(messages[0] ?? words('')), code('E_TOKEN_FAILED'));
  const wrong = openToken(desk.provider, token.library, { profile: { ...profile, sign: 0x1041 }, pin: '123456' });
  await t.throwsAsync(wrong.sign(messages[0] ?? words('')), code('E_TOKEN_UNSUPPORTED'));
});

test('a library that is none is refused by name', (t) => {
  t.throws(() => loadCryptoki('/nowhere/libtoken.so'), code('E_TOKEN_LIBRARY'));
  t.throws(() => loadCryptoki('libc.so.6'), code('E_TOKEN_LIBRARY'), 'no PKCS#11 in it');
});

const SOFTHSM = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so', '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so', '/usr/lib64/pkcs11/libsofthsm2.so'].find((one) => existsSync(one));
const tool = (() => { try { execFileSync('softhsm2-util', ['--version'], { stdio: 'ignore' }); return true; } catch { return false; } })();
const transport = SOFTHSM !== undefined && tool ? test.serial : test.serial.skip;

/** SoftHSM knows no SM2: it proves the way to a token (koffi, slots, sessions, PIN, objects, signing), not the algorithm. */
transport('transport: slots, login, objects, a signature and a wrong PIN on SoftHSM', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'softhsm-'));
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }); });
  mkdirSync(path.join(folder, 'tokens'));
  writeFileSync(path.join(folder, 'softhsm2.conf'), `directories.tokendir = ${folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n`);
  const env = { ...process.env, SOFTHSM2_CONF: path.join(folder, 'softhsm2.conf') };
  // A worker's `process.env` is a copy: the library asks the process itself.
  koffi.load(null).func('int setenv(const char *name, const char *value, int overwrite)')('SOFTHSM2_CONF', env.SOFTHSM2_CONF, 1);
  const run = (command: string, ...args: readonly string[]): string => execFileSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  run('softhsm2-util', '--init-token', '--free', '--label', 'shouzang', '--so-pin', '87654321', '--pin', '123456');
  const keyFile = path.join(folder, 'key.pem');
  run('openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', keyFile);
  run('softhsm2-util', '--import', keyFile, '--token', 'shouzang', '--label', 'officer', '--id', 'a1', '--pin', '123456');
  const library = loadCryptoki(SOFTHSM ?? '');
  t.teardown(() => { library.close(); });
  t.regex(library.description, /SoftHSM/u);
  const [token] = library.tokens();
  t.like(token, { label: 'shouzang', pinLocked: false });
  const slot = token?.slot ?? 0;
  const CKM_ECDSA = 0x1041;
  const CKK_EC = 3;
  t.true(library.mechanisms(slot).includes(CKM_ECDSA));

  const stranger = library.open(slot);
  t.is(stranger.find({ class: CKO.privateKey }).length, 0, 'nothing private without the PIN');
  t.throws(() => { stranger.login('000000'); }, { instanceOf: CryptokiError });
  stranger.close();
  const session = library.open(slot);
  session.login('123456');
  const [key = 0] = session.find({ class: CKO.privateKey, keyType: CKK_EC, label: 'officer', id: Uint8Array.of(0xa1) });
  const [pub = 0] = session.find({ class: CKO.publicKey, keyType: CKK_EC });
  t.is(session.find({ class: CKO.privateKey, label: 'nobody' }).length, 0);
  const digest = Buffer.alloc(32, 7);
  const signature = session.sign(CKM_ECDSA, key, digest);
  t.is(signature.length, 64);
  t.true(session.verify(CKM_ECDSA, pub, digest, signature));
  t.false(session.verify(CKM_ECDSA, pub, Buffer.alloc(32, 8), signature));
  t.is(session.attribute(pub, 0x181).length, 67, 'CKA_EC_POINT: DER of an uncompressed point');
  const unsupported = t.throws(() => session.sign(0x80008105, key, digest));
  t.like(tokenFault(unsupported), { code: 'E_TOKEN_UNSUPPORTED' }, 'SM2 of a vendor is told as not supported');
  session.close();
  t.throws(() => openToken({} as never, library, { profile: profiles[0] ?? t.fail() as never, label: 'shouzang', pin: '999999' }), code('E_TOKEN_PIN_WRONG'));
  t.throws(() => openToken({} as never, library, { profile: profiles[0] ?? t.fail() as never, label: 'none', pin: '123456' }), code('E_TOKEN_ABSENT'));
});
