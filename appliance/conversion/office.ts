import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ArchiveError } from '../../core/errors.js';
import { inMemory, runTool } from './tools.js';
import type { Limits } from './tools.js';

/** PDF/A-2b, every font embedded, no form fields, no outward links carried along. */
const PDF_A = `pdf:writer_pdf_Export:${JSON.stringify({
  SelectPdfVersion: { type: 'long', value: '2' }, EmbedStandardFonts: { type: 'boolean', value: 'true' }, ExportFormFields: { type: 'boolean', value: 'false' }, ReduceImageResolution: { type: 'boolean', value: 'false' }, UseLosslessCompression: { type: 'boolean', value: 'true' },
})}`;
const TEXT = 'txt:Text (encoded):UTF8';

/** No macro runs, no link is followed, nothing is written to the profile that outlives the folder. */
const SETTINGS = `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
`;

export interface OfficeDone { readonly output: Buffer; readonly text: string | null }

/**
 * A text document as PDF/A-2b by LibreOffice, in a folder in memory.
 * @param extension of the source, which is how LibreOffice knows it
 * @param wantsText where the box cannot read the words of the source itself
 * @throws ArchiveError `E_CONVERSION_TOOL`; `E_FMT_UNREADABLE` where nothing came of it in time
 */
export async function officeToPdf(bytes: Buffer, extension: string, wantsText: boolean, box: string, limits: Limits & { readonly bytes: number }, signal?: AbortSignal): Promise<OfficeDone> {
  return inMemory(box, bytes.length * 4 + 64 * 2 ** 20, async (folder) => {
    const [source, profile, out] = [path.join(folder, `source.${extension}`), path.join(folder, 'profile'), path.join(folder, 'out')];
    await mkdir(path.join(profile, 'user'), { recursive: true });
    await mkdir(out);
    await writeFile(path.join(profile, 'user', 'registrymodifications.xcu'), SETTINGS, { mode: 0o600 });
    await writeFile(source, bytes, { mode: 0o600 });
    const convert = async (filter: string): Promise<void> => {
      const { death } = await runTool('soffice', ['--headless', '--nologo', '--nodefault', '--norestore', '--nolockcheck', '--nofirststartwizard', `-env:UserInstallation=${pathToFileURL(profile).href}`, '--convert-to', filter, '--outdir', out, source], folder, limits, signal);
      if (death !== null) throw new ArchiveError('E_FMT_UNREADABLE', { format: extension, death });
    };
    await convert(PDF_A);
    const output = await whole(path.join(out, 'source.pdf'), limits.bytes);
    if (output === null) throw new ArchiveError('E_FMT_UNREADABLE', { format: extension, death: 'crash' });
    if (!wantsText) return { output, text: null };
    await convert(TEXT);
    return { output, text: (await whole(path.join(out, 'source.txt'), limits.bytes))?.toString('utf8') ?? null };
  });
}

async function whole(file: string, limitBytes: number): Promise<Buffer | null> {
  const size = await stat(file).then((found) => found.size, () => null);
  if (size === null || size === 0) return null;
  if (size > limitBytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes });
  return readFile(file);
}
