import { PassThrough } from 'node:stream';
import test from 'ava';
import { ArchiveError } from '../../core/errors.js';
import { runCli } from '../../appliance/cli/frame.js';
import { VERBS } from '../../appliance/cli/verbs.js';
import { action, addFamily, addVerb, EXIT, type Io, type Verb } from '../../appliance/cli/verb.js';

/** A terminal that remembers. */
function terminal(): { io: Io; out(): string; err(): string } {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const read = (stream: PassThrough): string => String(stream.read() ?? '');
  return { io: { stdin: new PassThrough(), stdout, stderr, env: {} }, out: () => read(stdout), err: () => read(stderr) };
}

const works: Record<string, () => unknown> = {
  good: () => EXIT.good,
  finding: () => EXIT.finding,
  refused: () => {
    throw new ArchiveError('E_SOD_SELF_APPROVAL', {}, [{ at: '/by', message: '本人' }]);
  },
  usage: () => {
    throw new ArchiveError('E_CLI_USAGE');
  },
  missing: () => {
    throw Object.assign(new Error('x'), { code: 'ENOENT', path: 'no-such-file' });
  },
  broken: () => {
    throw new TypeError('a secret title');
  },
};

const sample: Verb = {
  register(program, io) {
    const family = addFamily(program, 'try', '试验', 'trial');
    const command = addVerb(family, 'it <what> [more...]', '试一试', 'try it').option('--depth <n>', '层数 / depth');
    action<{ depth?: string }>(command, io, async (args, options) => {
      await Promise.resolve();
      const exit = works[args[0] ?? '']?.() === EXIT.finding ? EXIT.finding : EXIT.good;
      return { exit, data: { args, depth: options.depth ?? null }, lines: ['完成', ...args] };
    });
  },
};

for (const [what, exit] of [['good', 0], ['finding', 1], ['usage', 2], ['missing', 2], ['refused', 3], ['broken', 4]] as const) {
  test(`an outcome of the kind «${what}» exits ${exit}`, async (t) => {
    const { io } = terminal();
    t.is(await runCli([sample], ['try', 'it', what], io), exit);
  });
}

test('arguments, repeated arguments and options reach the verb; --json prints the data only', async (t) => {
  const { io, out } = terminal();
  t.is(await runCli([sample], ['try', 'it', 'good', 'a', 'b', '--depth', '3', '--json'], io), EXIT.good);
  t.deepEqual(JSON.parse(out()), { args: ['good', 'a', 'b'], depth: '3' });
});

test('without --json the lines for a person are printed', async (t) => {
  const { io, out } = terminal();
  await runCli([sample], ['try', 'it', 'good'], io);
  t.is(out(), '完成\ngood\n');
});

test('under --json a refusal is a problem document with its code and place', async (t) => {
  const { io, out } = terminal();
  t.is(await runCli([sample], ['try', 'it', 'refused', '--json'], io), EXIT.refused);
  t.like(JSON.parse(out()), { code: 'E_SOD_SELF_APPROVAL', status: 403, details: [{ at: '/by', message: '本人' }] });
});

test('an unforeseen error says E_INTERNAL and repeats nothing of its message', async (t) => {
  const { io, out, err } = terminal();
  await runCli([sample], ['try', 'it', 'broken'], io);
  const said = err();
  t.regex(said, /^E_INTERNAL /);
  t.false(`${said}${out()}`.includes('secret title'));
});

for (const args of [['nope'], ['try', 'it'], ['try', 'it', 'good', '--unknown'], ['--json', 'nope'], ['try'], []]) {
  test(`a command line that makes no sense exits 2: «${args.join(' ')}»`, async (t) => {
    const { io } = terminal();
    t.is(await runCli([sample], args, io), EXIT.usage);
  });
}

test('every verb shows help in Chinese and English and exits 0', async (t) => {
  for (const path of [[], ['try'], ['try', 'it']]) {
    const { io, out } = terminal();
    t.is(await runCli([sample], [...path, '--help'], io), EXIT.good);
    const help = out();
    t.regex(help, /用法 Usage:/);
    t.regex(help, /选项 Options:/);
  }
});

test('the verbs of the product register without a clash and their descriptions carry both languages', async (t) => {
  const { io, out } = terminal();
  t.is(await runCli(VERBS, ['--help'], io), EXIT.good);
  const help = out();
  t.regex(help, /守藏/);
  for (const verb of VERBS) t.is(typeof verb.register, 'function');
});
