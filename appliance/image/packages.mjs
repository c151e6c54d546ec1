// What the box and its tests need from the system beyond Node: installed when root on Debian, otherwise named in one line.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const onPath = (program) => (process.env.PATH ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, program)));

/** Debian package → how to see that it is there. */
const COMPILER = { gcc: () => onPath('gcc'), 'g++': () => onPath('g++'), make: () => onPath('make'), python3: () => onPath('python3') };
const TESTS = {
  chromium: () => onPath('chromium'),
  'fonts-noto-cjk': () => existsSync('/usr/share/fonts/opentype/noto'),
  'poppler-utils': () => onPath('pdftoppm'),
  qpdf: () => onPath('qpdf'),
  openssl: () => onPath('openssl'),
};

const isDebian = () => existsSync('/etc/debian_version') && /debian/i.test(existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '');

const missingOf = (wanted) => Object.keys(wanted).filter((name) => !wanted[name]());

/**
 * @param {'compiler' | 'tests'} kind
 * @returns {string[]} the packages that are still missing
 */
export function ensurePackages(kind) {
  const wanted = kind === 'compiler' ? COMPILER : { ...COMPILER, ...TESTS };
  const missing = missingOf(wanted);
  if (missing.length === 0) return [];
  if (process.getuid?.() === 0 && isDebian() && onPath('apt-get')) {
    process.stderr.write(`installing ${missing.join(' ')}\n`);
    const apt = (args) =>
      spawnSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', '-o', 'DPkg::Lock::Timeout=300', ...args], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      }).status === 0;
    if (!apt(['install', '-y', '--no-install-recommends', ...missing])) {
      apt(['update']);
      apt(['install', '-y', '--no-install-recommends', ...missing]);
    }
  }
  const still = missingOf(wanted);
  if (still.length > 0) process.stderr.write(`missing system packages, install them with: apt-get install -y --no-install-recommends ${still.join(' ')}\n`);
  return still;
}
