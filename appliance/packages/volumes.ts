import type { PackageFacts, PackageFinding } from './port.js';

/** 成套: whether these are all the volumes of one package, each once. Entries are named by their place, `第2盘`. */
export function setFaults(volumes: readonly PackageFacts[]): readonly PackageFinding[] {
  const [first] = volumes;
  if (first === undefined) return [];
  const disc = (volume: number): string => `第${String(volume)}盘`;
  const shared = ({ packageNo, kind, form, volumes: all, fonds, unitName, box, madeAt, level, mark }: PackageFacts): string => JSON.stringify([packageNo, kind, form, all, fonds, unitName, box, madeAt, level, mark]);
  const strange = volumes.filter((one) => shared(one) !== shared(first)).map((one): PackageFinding => ({ code: 'E_PKG_CATALOGUE', entry: disc(one.volume), text: '不是同一个包的盘' }));
  const wanted = Array.from({ length: first.volumes }, (_, at) => at + 1);
  return [
    ...strange,
    ...wanted.filter((volume) => !volumes.some((one) => one.volume === volume)).map((volume): PackageFinding => ({ code: 'E_PKG_FILE_MISSING', entry: disc(volume), text: '缺这一盘' })),
    ...volumes.filter((one, at) => one.volume > first.volumes || volumes.findIndex(({ volume }) => volume === one.volume) !== at).map((one): PackageFinding => ({ code: 'E_PKG_FILE_EXTRA', entry: disc(one.volume), text: '多出或重复的一盘' })),
  ];
}
