import { examined, format } from '../examination.js';
import type { ByteSource, Examination, Examiner, Identified } from '../format.js';

const LATIN = 'latin1';

/** Programs and what starts them: outside 归档范围, whatever they are called. */
export const programExaminer: Examiner = {
  claims: async (head, source) => (await programOf(head, source)) !== null,
  async examine(source): Promise<Examination> {
    const identified = await programOf(await source.read(0, 4096), source);
    return examined(identified ?? format('application/x-executable', '可执行文件'), { activeContent: true }, [{ key: 'file.executable', evidence: '' }]);
  },
};

async function programOf(head: Buffer, source: ByteSource): Promise<Identified | null> {
  const text = head.toString(LATIN, 0, 256);
  if (text.startsWith('MZ') && head.length >= 64) {
    const at = head.readUInt32LE(0x3c);
    const mark = (await source.read(at, 4)).toString(LATIN);
    if (mark === 'PE\0\0') return format('application/vnd.microsoft.portable-executable', 'Windows 可执行文件');
    if (/^(NE|LE|LX)/.test(mark) || head.readUInt16LE(0x18) >= 0x1c) return format('application/x-dosexec', 'DOS 可执行文件');
  }
  if (text.startsWith('\x7fELF')) return format('application/x-executable', 'ELF 可执行文件');
  if (head.length >= 8 && isMachO(head)) return format('application/x-mach-binary', 'Mach-O 可执行文件');
  if (head.length >= 8 && head.readUInt32BE(0) === 0xcafebabe && head.readUInt16BE(6) >= 45 && head.readUInt16BE(6) < 100) return format('application/java-vm', 'Java 字节码');
  if (text.startsWith('\0asm')) return format('application/wasm', 'WebAssembly');
  if (text.startsWith('dex\n')) return format('application/vnd.android.dex', 'Android 字节码');
  if (head.subarray(0, 20).equals(LNK)) return format('application/x-ms-shortcut', 'Windows 快捷方式');
  if (text.startsWith('ITSF')) return format('application/x-chm', 'CHM 帮助（含脚本）');
  if (/^#! ?\/\S*(sh|python|perl|ruby|node|env|awk|php)\b/.test(text)) return format('application/x-shellscript', '脚本');
  if (/^(\xef\xbb\xbf)?\s*@echo (off|on)\b/i.test(text) || /^(\xef\xbb\xbf)?\s*(<\?php|<job[\s>]|\[InternetShortcut\])/i.test(text)) return format('text/x-script', '脚本或快捷方式');
  if (/^(FWS|CWS|ZWS)[\x01-\x30]/.test(text)) return format('application/x-shockwave-flash', 'Flash');
  if (/^!<arch>\ndebian-binary/.test(text)) return format('application/vnd.debian.binary-package', 'DEB 程序包');
  if (head.length > 4 && head.readUInt32BE(0) === 0xedabeedb) return format('application/x-rpm', 'RPM 程序包');
  return null;
}

const LNK = Buffer.from('4c0000000114020000000000c000000000000046', 'hex');

/** Thin images in both byte orders, and fat ones, which share their mark with Java classes but hold few architectures. */
function isMachO(head: Buffer): boolean {
  const mark = head.readUInt32BE(0);
  if ([0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe].includes(mark)) return true;
  return mark === 0xcafebabe && head.readUInt32BE(4) > 0 && head.readUInt32BE(4) < 40;
}
