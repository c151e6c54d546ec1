import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { packageRoot } from '../../../appliance/package-root.js';
import { pattern, sealingDesk } from '../../helpers/sealing.js';

const folder = join(packageRoot, 'test/vectors/envelope');
const KNOWN = ['name', 'object', 'secret', 'counter', 'content', 'content-sm3', 'root', 'sealed-sm3', 'edit', 'open-secret', 'expect'];
const KINDS: Readonly<Record<string, string>> = {
  header: 'E_ENVELOPE_HEADER', version: 'E_ENVELOPE_VERSION', 'chunk tag': 'E_ENVELOPE_CHUNK_TAG', truncated: 'E_ENVELOPE_TRUNCATED', footer: 'E_ENVELOPE_FOOTER',
};
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

function readVector(file: string) {
  const fields = new Map<string, string>();
  const edits: string[] = [];
  for (const line of readFileSync(join(folder, file), 'utf8').split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
    const [, key = '', value = ''] = /^([a-z0-9-]+): (.*)$/.exec(line) ?? [];
    if (!KNOWN.includes(key)) throw new Error(`${file}: unknown line «${line}»`);
    if (key === 'edit') edits.push(value);
    else fields.set(key, value);
  }
  const field = (key: string): string => fields.get(key) ?? (() => { throw new Error(`${file}: no «${key}»`); })();
  const [form, value = ''] = field('content').split(' ');
  return {
    edits, field, expect: field('expect'), openSecret: hex(fields.get('open-secret') ?? field('secret')),
    content: form === 'pattern' ? pattern(Number(value)) : hex(value),
    plan: { objectId: field('object'), secret: hex(field('secret')), counter: hex(field('counter')) },
  };
}

function edited(sealed: Buffer, edit: string): Buffer {
  const [act = '', ...words] = edit.split(' ');
  const place = (word = '0'): number => (Number(word) < 0 ? sealed.length + Number(word) : Number(word));
  const [from, second] = [place(words[0]), place(words[1])];
  const out = Buffer.from(sealed);
  switch (act) {
    case 'flip': out[from] = (out[from] ?? 0) ^ Number.parseInt(words[1] ?? '', 16); return out;
    case 'cut': return out.subarray(0, out.length - Number(words[0]));
    case 'grow': return Buffer.concat([out, hex(words[0] ?? '')]);
    case 'drop': return Buffer.concat([out.subarray(0, from), out.subarray(from + Number(words[1]))]);
    case 'swap': {
      const length = Number(words[2]);
      out.set(sealed.subarray(second, second + length), from);
      out.set(sealed.subarray(from, from + length), second);
      return out;
    }
    default: throw new Error(`unknown edit «${edit}»`);
  }
}

const vectors = readdirSync(folder).filter((name) => name.endsWith('.txt')).map((file) => ({ file, ...readVector(file) }));

test('envelope.md: there are vectors for every kind of verdict', (t) => {
  t.deepEqual([...new Set(vectors.map(({ expect }) => expect))].sort(), ['ok', ...Object.keys(KINDS)].sort());
});

for (const { file, content, plan, edits, expect, openSecret, field } of vectors) {
  test(`envelope vector ${file}: ${field('name')}: ${expect}`, async (t) => {
    const desk = sealingDesk(t, 'node');
    const cuts = { whole: [], streamed: [1, 7, 4096, 65_536, 70_001].filter((at) => at < content.length), 'byte by byte': Array.from({ length: Math.min(content.length, 66_000) }, (_none, at) => at) };
    for (const [how, at] of Object.entries(cuts)) {
      const path = join(desk.dir, how);
      const made = await desk.seal(content, at, { ...plan, path });
      const sealed = readFileSync(path);
      t.is(made.sealed.sm3, field('content-sm3'), how);
      t.is(made.sealed.root, field('root'), how);
      t.is(Buffer.from(desk.provider.sm3(sealed)).toString('hex'), field('sealed-sm3'), how);
      if (how !== 'whole') continue;

      writeFileSync(path, edits.reduce(edited, sealed));
      const places = [...content.keys()].filter((at) => content.length <= 1000 || at % 65_536 < 2 || at % 65_536 > 65_533 || at % 9973 === 0 || at === content.length - 1);
      const read = async (by: 'whole' | 'streamed' | 'byte by byte' | 'check'): Promise<Uint8Array> => {
        const reader = await desk.open(made, openSecret);
        try {
          if (by === 'check') await reader.verifyAll();
          if (by === 'whole' || by === 'check') return await reader.readRange(0, reader.bytes);
          const parts: Uint8Array[] = [];
          if (by === 'streamed') for await (const piece of reader.stream()) parts.push(piece as Uint8Array);
          else for (const at of content.length === 0 ? [0] : places) parts.push(await reader.readRange(at, 1));
          return Buffer.concat(parts);
        } finally {
          await reader.close();
        }
      };
      for (const by of ['whole', 'streamed', 'byte by byte', 'check'] as const) {
        const expected = by === 'byte by byte' ? Uint8Array.from(places, (at) => content[at] ?? 0) : content;
        if (expect === 'ok') t.is(Buffer.compare(await read(by), expected), 0, by);
        else await t.throwsAsync(read(by), { code: KINDS[expect] } as never, by);
      }
    }
  });
}
