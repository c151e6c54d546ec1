import type { ByteSource, Examination, Examiner, FileFacts, Observation } from '../../format.js';
import { id3Bytes, readAiff, readAsf, readAu, readFlac, readFlv, readIsoMedia, readMatroska, readMidi, readMp3, readOgg, readRiff, type AvStructure } from './containers.js';

interface Kind {
  readonly mime: string;
  readonly name: string;
  readonly puid: string | null;
  readonly read: (source: ByteSource) => Promise<AvStructure>;
}

const AUDIO_BRANDS = new Set(['M4A ', 'M4B ', 'M4P ', 'F4A ']);
const PICTURE_BRANDS = new Set(['heic', 'heix', 'hevc', 'heim', 'heis', 'mif1', 'msf1', 'avif', 'avis', 'crx ', 'jp2 ', 'jpx ', 'jpm ']);

function isoKind(head: Buffer): Kind | null {
  const type = head.toString('latin1', 4, 8);
  const brand = type === 'ftyp' ? head.toString('latin1', 8, 12) : '';
  // A first box of half a gigabyte and more is ASCII text.
  if (type !== 'ftyp') return head.readUInt32BE(0) < 0x20000000 && ['moov', 'mdat', 'wide', 'free', 'skip', 'pnot'].includes(type) ? { mime: 'video/quicktime', name: 'QuickTime', puid: null, read: readIsoMedia } : null;
  if (PICTURE_BRANDS.has(brand)) return null;
  if (brand === 'qt  ') return { mime: 'video/quicktime', name: 'QuickTime', puid: null, read: readIsoMedia };
  if (AUDIO_BRANDS.has(brand)) return { mime: 'audio/x-m4a', name: 'M4A', puid: null, read: readIsoMedia };
  if (brand.startsWith('3g')) return { mime: 'video/3gpp', name: '3GP', puid: null, read: readIsoMedia };
  return { mime: 'video/mp4', name: 'MP4', puid: 'fmt/199', read: readIsoMedia };
}

function kindOf(head: Buffer): Kind | null {
  if (head.length < 12) return null;
  const four = head.toString('latin1', 0, 4);
  const form = head.toString('latin1', 8, 12);
  if ((four === 'RIFF' || four === 'RF64') && form === 'WAVE') return { mime: 'audio/x-wav', name: 'WAV', puid: null, read: readRiff };
  if (four === 'RIFF' && form === 'AVI ') return { mime: 'video/x-msvideo', name: 'AVI', puid: null, read: readRiff };
  if (four === 'fLaC') return { mime: 'audio/x-flac', name: 'FLAC', puid: 'fmt/279', read: readFlac };
  if (four === 'OggS') return head.includes('theora', 0, 'latin1') ? { mime: 'video/ogg', name: 'Ogg 视频', puid: null, read: readOgg } : { mime: 'audio/ogg', name: 'Ogg', puid: null, read: readOgg };
  if (four === 'MThd') return { mime: 'audio/midi', name: 'MIDI', puid: null, read: readMidi };
  if (four === '.snd') return { mime: 'audio/basic', name: 'AU', puid: null, read: readAu };
  if (four === 'FORM' && (form === 'AIFF' || form === 'AIFC')) return { mime: 'audio/aiff', name: 'AIFF', puid: null, read: readAiff };
  if (head.readUInt32BE(0) === 0x3026b275) return { mime: 'video/x-ms-asf', name: 'ASF/WMV/WMA', puid: null, read: readAsf };
  if (head.toString('latin1', 0, 3) === 'FLV') return { mime: 'video/x-flv', name: 'FLV', puid: null, read: readFlv };
  if (head.readUInt32BE(0) === 0x1a45dfa3) {
    const webm = head.subarray(0, 64).includes('webm', 0, 'latin1');
    return webm ? { mime: 'video/webm', name: 'WebM', puid: null, read: readMatroska } : { mime: 'video/x-matroska', name: 'Matroska', puid: 'fmt/569', read: readMatroska };
  }
  if (id3Bytes(head) > 0 || isMpegAudio(head)) {
    const aac = head[0] === 0xff && ((head[1] ?? 0) & 0xf6) === 0xf0;
    return aac ? { mime: 'audio/aac', name: 'AAC', puid: null, read: () => Promise.resolve({ broken: null, protectedBy: null, hasVideo: false }) } : { mime: 'audio/mpeg', name: 'MP3', puid: 'fmt/134', read: readMp3 };
  }
  return isoKind(head);
}

/** Layers III and II. Layer I is gone from use, and its sync is also the byte order mark of UTF-16 text. */
const LAYERS = new Set([1, 2]);

/** Frame sync of MPEG audio with a layer and rates that exist; ADTS (AAC) has layer 0. */
function isMpegAudio(head: Buffer): boolean {
  const [first, second, third] = head;
  if (first !== 0xff || second === undefined || third === undefined || (second & 0xe0) !== 0xe0) return false;
  if ((second & 0xf6) === 0xf0) return true;
  return ((second >> 3) & 3) !== 1 && LAYERS.has((second >> 1) & 3) && third >> 4 !== 15 && third >> 4 !== 0 && ((third >> 2) & 3) !== 3;
}

const FACTS: FileFacts = { encrypted: false, compressed: false, signed: false, sealImage: false, activeContent: false, extensionMismatch: null, valid: true };

/** 音频、视频: judged by the structure of the container, read a header at a time however large the file. */
export const avExaminer: Examiner = {
  claims: (head) => Promise.resolve(kindOf(head) !== null),
  async examine(source): Promise<Examination> {
    const kind = kindOf(await source.read(0, 4096));
    if (kind === null) throw new TypeError('neither sound nor film');
    const structure = await kind.read(source);
    const observations: Observation[] = [];
    if (structure.protectedBy !== null) observations.push({ key: 'av.drm', evidence: structure.protectedBy });
    if (structure.broken !== null) observations.push({ key: structure.broken === '被截断' ? 'file.truncated' : 'file.unreadable', evidence: structure.broken });
    return {
      identified: { mime: kind.mime, name: kind.name, version: null, puid: kind.puid },
      facts: { ...FACTS, encrypted: structure.protectedBy !== null, valid: structure.broken === null },
      observations,
    };
  },
};
