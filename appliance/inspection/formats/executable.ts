/** 可执行内容 by its first bytes: PE, ELF, Mach-O, Java class, scripts with an interpreter line, shortcuts. */
export function isExecutable(head: Buffer): boolean {
  if (head.length < 4) return false;
  if (head[0] === 0x4d && head[1] === 0x5a) return head.length < 64 || head.readUInt32LE(60) < 0x10000;
  const magic = head.readUInt32BE(0);
  if (magic === 0x7f454c46 || magic === 0xfeedface || magic === 0xfeedfacf || magic === 0xcffaedfe || magic === 0xcefaedfe) return true;
  if (magic === 0xcafebabe) return true;
  if (magic === 0x4c000000 && head.length >= 20 && head.readUInt32BE(4) === 0x01140200) return true;
  return head[0] === 0x23 && head[1] === 0x21 && /^#!\s*\//.test(head.toString('latin1', 0, 64));
}
