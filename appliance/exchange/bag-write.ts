/**
 * BagIt 1.0 (RFC 8493) around a package: its files are the payload, listed by SM3 and by SHA-256, so that every validator finds an algorithm it
 * knows. No fetch.txt is ever written.
 */
import { createHash } from 'node:crypto';
import type { PackageSink } from '../packages/store.js';
import { escapePath } from './bag-lines.js';

const ALGORITHMS = ['sm3', 'sha256'] as const;

export interface BagInfo { readonly organization: string; readonly identifier: string; /** `2026-11-23` */ readonly date: string; readonly description: string; readonly agent: string }

/** @param folder of the bag inside what is sent */
export function bagSink(to: PackageSink, folder: string, info: BagInfo): PackageSink {
  const lists = new Map(ALGORITHMS.map((algorithm) => [algorithm, [] as string[]]));
  const tags: { readonly path: string; readonly content: Buffer }[] = [];
  let [bytes, files] = [0, 0];
  const tag = async (path: string, text: string, listed = true): Promise<void> => {
    const content = Buffer.from(text);
    if (listed) tags.push({ path, content });
    await to.put(`${folder}/${path}`, content.length, [content]);
  };
  return {
    async put(file, length, pieces) {
      const hashes = ALGORITHMS.map((algorithm) => ({ algorithm, hash: createHash(algorithm) }));
      const told = async function* told(): AsyncGenerator<Uint8Array, void, void> {
        for await (const piece of pieces) {
          for (const { hash } of hashes) hash.update(piece);
          bytes += piece.length;
          yield piece;
        }
      };
      await to.put(`${folder}/data/${file}`, length, told());
      files += 1;
      for (const { algorithm, hash } of hashes) lists.get(algorithm)?.push(`${hash.digest('hex')}  data/${escapePath(file)}\n`);
    },
    async finish() {
      await tag('bagit.txt', 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n');
      await tag('bag-info.txt', [
        `Source-Organization: ${info.organization}`, `External-Identifier: ${info.identifier}`, `Bagging-Date: ${info.date}`, `External-Description: ${info.description}`, `Bag-Software-Agent: ${info.agent}`,
        `Payload-Oxum: ${String(bytes)}.${String(files)}`, '',
      ].join('\n'));
      for (const algorithm of ALGORITHMS) await tag(`manifest-${algorithm}.txt`, (lists.get(algorithm) ?? []).join(''));
      for (const algorithm of ALGORITHMS) await tag(`tagmanifest-${algorithm}.txt`, tags.map(({ path, content }) => `${createHash(algorithm).update(content).digest('hex')}  ${path}\n`).join(''), false);
      await to.finish();
    },
    abort: async () => to.abort(),
  };
}
