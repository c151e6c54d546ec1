import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { randomIds, systemClock } from '../../appliance/clock.js';
import { foundRehearsal } from '../../appliance/founding/rehearsal.js';
import { openReadOnly } from '../../appliance/store/read-only.js';
import { openTestBox } from '../helpers/box.js';
import { closed, condemn, filedPaper, frozen, parts, shown, sign } from '../helpers/condemned.js';
import { done } from '../helpers/marked.js';
import { pdf } from '../helpers/pdf.js';
import { filesUnder, remainsIn, tracesOf } from '../helpers/remains.js';

interface Place {
  /** Which way was taken; the test says so. */
  readonly how: string;
  readonly folder: string;
  /** The raw bytes of the whole file system, or all files where it has none of its own. */
  raw(): Promise<readonly string[]>;
}

const tried = (work: () => void): boolean => {
  try {
    work();
    return true;
  } catch {
    return false;
  }
};
const run = (command: string, ...args: readonly string[]): void => { execFileSync(command, args, { stdio: 'ignore' }); };

/** An ext4 of its own on a loop device where this machine lets us; else a folder, whose files go into an image made of them. */
async function place(t: ExecutionContext): Promise<Place> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'shouzang-image-'));
  const [image, mount] = [path.join(scratch, 'image'), path.join(scratch, 'mount')];
  await mkdir(mount);
  const size = '192M';
  const mounted = tried(() => {
    run('truncate', '-s', size, image);
    run('mkfs.ext4', '-q', '-E', 'lazy_itable_init=0', image);
    run('mount', '-o', 'loop', image, mount);
  });
  t.teardown(async () => {
    if (mounted) tried(() => { run('umount', mount); });
    await rm(scratch, { recursive: true, force: true });
  });
  if (mounted) {
    return {
      how: 'ext4 on a loop device, raw image searched', folder: mount,
      async raw() {
        run('sync', '-f', mount);
        tried(() => { run('umount', mount); });
        const copy = path.join(scratch, 'copy');
        await copyFile(image, copy);
        return [copy];
      },
    };
  }
  return {
    how: 'no loop device here: a folder, its raw files and an image made of it searched', folder: mount,
    async raw() {
      const files = await filesUnder(mount);
      const made = tried(() => { run('truncate', '-s', size, image); run('mke2fs', '-q', '-t', 'ext4', '-d', mount, image); });
      return [...files, ...(made ? [image] : [])];
    },
  };
}

test('第三十九条: destroyed on a file system of its own, the raw image holds no content, no ciphertext, no wrapped key and no search word of it', async (t) => {
  t.timeout(180_000);
  const where = await place(t);
  t.log(where.how);
  const data = path.join(where.folder, 'data');
  await foundRehearsal(data, systemClock(), randomIds());
  const box = await openTestBox(t, { data });
  const people = await parts(box);
  const words = ['RawImageCanaryKestrel', 'RawImageCanaryMerlin'];
  const records: string[] = [];
  for (const word of words) records.push((await filedPaper(people.applicant, people.applicant, `${word}通知`, await pdf([word, 'x'.repeat(200)], { title: word, compress: false }))).record);
  const kept = await filedPaper(people.applicant, people.applicant, 'RawImageKept通知', await pdf(['RawImageKept'], { compress: false }));
  await condemn(box.running.box, records, people.applicant.person);
  const { traces, objects } = await tracesOf(box.running.box, records, words);
  const witness = await tracesOf(box.running.box, [kept.record], []);
  const batch = await frozen(records, people);
  done(await sign(people.executor, batch, 'destruction.execute'));
  await box.running.services.destructionWork.settled();
  t.is((await shown(people.executor, batch)).state, 'verified');
  await closed(batch, people);
  await box.stop();

  const ring = await openReadOnly(path.join(data, 'keyring.db'));
  const left = new Set((await ring.sql.all<{ object: string }>('SELECT object FROM data_key')).map(({ object }) => object));
  await ring.close();
  t.deepEqual(objects.filter((object) => left.has(object)), [], 'the keyring is without the keys');
  t.true(witness.objects.every((object) => left.has(object)), 'and has the others');
  const raw = await where.raw();
  t.deepEqual(await remainsIn(raw, traces), []);
  const seen = await remainsIn(raw, witness.traces);
  t.true(seen.length >= witness.traces.size, `what was kept is found there, so the search can see: ${String(seen.length)} of ${String(witness.traces.size)}`);
  for (const file of raw) t.false((await readFile(file)).includes(Buffer.from('RawImageKept')), 'and no content lies there in the clear');
});
