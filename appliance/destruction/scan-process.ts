/*
 * Looks for patterns in raw files, in a process of its own: whoever opens and closes a database file in the box's own process lets go of the
 * locks that SQLite holds on it. Reads `{ files, patterns }` (patterns in hex) from stdin, writes the indexes of those found.
 */
import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';

const { files, patterns } = JSON.parse(await text(process.stdin)) as { files: readonly string[]; patterns: readonly string[] };
const wanted = patterns.map((pattern) => Buffer.from(pattern, 'hex'));
const longest = Math.max(1, ...wanted.map((one) => one.length));
/** Patterns by their first three bytes: a place in a file that begins none of them costs one look. */
const byStart = new Map<number, number[]>();
const starts = new Uint8Array(1 << 24);
wanted.forEach((one, index) => {
  const start = one.readUIntBE(0, 3);
  starts[start] = 1;
  byStart.set(start, [...(byStart.get(start) ?? []), index]);
});
const found = new Set<number>();

for (const file of files) {
  let before = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 4 * 1024 * 1024 })) {
      const bytes = Buffer.concat([before, chunk as Buffer]);
      let start = bytes.length > 1 ? bytes.readUInt16BE(0) : 0;
      for (let at = 2; at < bytes.length; at += 1) {
        start = ((start << 8) | (bytes[at] ?? 0)) & 0xff_ff_ff;
        if (starts[start] !== 1) continue;
        for (const index of byStart.get(start) ?? []) {
          const one = wanted[index];
          if (one !== undefined && bytes.subarray(at - 2, at - 2 + one.length).equals(one)) found.add(index);
        }
      }
      before = bytes.subarray(Math.max(0, bytes.length - longest + 1));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
process.stdout.write(JSON.stringify([...found]));
