import { highest, isSecret, levelByName, levelName, type Level } from './level.js';
import { parseMark, type MarkPolicy } from './marking.js';

/** 标志的四处: what metadata, page, file names and print header say of one thing. */
export interface MarkPlaces {
  /** 元数据 */
  readonly level: Level;
  readonly mark: string | null;
  /** What the decision in force says; `null` where none is. */
  readonly decided: { readonly level: Level; readonly mark: string } | null;
  /** First line of the page's watermark. */
  readonly page: string | null;
  readonly fileNames: readonly string[];
  /** 打印、报表页眉 */
  readonly header: string | null;
}

/** Which place disagrees, in words for the officer who has to mend it. */
export const PLACE_FAULTS = {
  decision: '元数据：密级或标志与定密记录不一致',
  metadata: '元数据：没有标志，或标志与密级不一致',
  page: '页面水印：标志与元数据不一致',
  'file-name': '文件名：标注的密级与元数据不一致',
  header: '打印页眉：标志与元数据不一致',
  unreadable: '登记或文件打不开，四处标志无法核对',
} as const;
export type PlaceFault = keyof typeof PLACE_FAULTS;

/** Where the places disagree; empty when they say the same. @see 办法第四十一条;国家秘密定密管理规定(2014)第二十四条 */
export function markDisagreements(places: MarkPlaces, policy: MarkPolicy): readonly PlaceFault[] {
  const { level, mark, decided, page, fileNames, header } = places;
  const secret = isSecret(level);
  /** What is no state secret may say 内部 or 解密, and nothing that reads as a secret's mark. */
  const wrong = (text: string | null): boolean => (secret ? text !== mark : isSecret(levelSaid(text, policy) ?? 0));
  const faults: PlaceFault[] = [];
  if (decided !== null && (decided.level !== level || decided.mark !== mark)) faults.push('decision');
  if (secret ? levelSaid(mark, policy) !== level : wrong(mark)) faults.push('metadata');
  if (wrong(page)) faults.push('page');
  if (fileNames.some((name) => (secret ? claimed(name) !== level : claimed(name) !== null))) faults.push('file-name');
  if (wrong(header)) faults.push('header');
  return faults;
}

function levelSaid(text: string | null, policy: MarkPolicy): Level | null {
  try {
    return text === null || text === '' ? null : parseMark(text, policy).level;
  } catch {
    return null;
  }
}

/** The highest level that a file name claims: `通知〔机密〕.pdf`, `秘密★10年 通知.pdf`. */
function claimed(fileName: string): Level | null {
  const names = [...fileName.normalize('NFKC').matchAll(/[〔[](秘密|机密|绝密)[〕\]]|(秘密|机密|绝密)级?\s*[★☆]/gu)].map(([, inBrackets, starred]) => levelByName(inBrackets ?? starred ?? ''));
  const levels = names.filter((level) => level !== undefined);
  return levels.length === 0 ? null : highest(levels);
}

const SUFFIX = /〔(?:秘密|机密|绝密)〕$/u;

/** 文件名后缀: `通知〔机密〕.pdf`, once; what is no state secret keeps none, not even an old one. */
export function markedName(fileName: string, level: Level): string {
  const [, stem = fileName, ending = ''] = /^(.*?)((?:\.[A-Za-z0-9]+)*)$/u.exec(fileName) ?? [];
  return `${stem.replace(SUFFIX, '')}${isSecret(level) ? `〔${levelName(level)}〕` : ''}${ending}`;
}

/**
 * The name a file is held to: as it leaves the box, unless its own name claims more than the thing ever was: that is no old mark
 * but perhaps the right one.
 * @param ever the highest level the thing ever had by a decision
 */
export const nameHeldTo = (fileName: string, level: Level, ever: Level): string => ((claimed(fileName) ?? 0) > ever ? fileName : markedName(fileName, level));
