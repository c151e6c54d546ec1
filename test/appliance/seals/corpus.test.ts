import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { promisify } from 'node:util';
import { PDFiumLibrary } from '@hyzyla/pdfium';
import test from 'ava';
import { unzipSync } from 'fflate';
import { runCli } from '../../../appliance/cli/frame.js';
import { VERBS } from '../../../appliance/cli/verbs.js';
import { inPackage } from '../../../appliance/package-root.js';
import { stripSeals } from '../../../appliance/seals/strip.js';
import { pdfDraft, rsaSigner } from '../../helpers/sealed-files.js';

interface Entry {
  readonly path: string;
  readonly case: string;
  readonly mime: string;
  readonly facts: {
    readonly signed?: boolean | null;
    readonly encrypted?: boolean | null;
    readonly signatureCount?: number | null;
    readonly visibleSignatures?: number;
    readonly stamps?: readonly { readonly PageRef: string; readonly Boundary: string }[];
    readonly sealImages?: readonly { readonly sha256: string }[];
    readonly referenceDigestsMatch?: boolean | string | null;
  };
}

const corpus = inPackage('..', 'shared', 'corpus');
const entries: readonly Entry[] = existsSync(join(corpus, 'manifest.json')) ? (JSON.parse(await readFile(join(corpus, 'manifest.json'), 'utf8')) as readonly Entry[]) : [];
const ours = entries.filter((one) => one.mime === 'application/pdf' || one.mime === 'application/ofd');
const run = promisify(execFile);

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Pixels that differ by more than 16 of 255 in any colour, as a share of each page, in a renderer that is not ours. */
async function difference(library: PDFiumLibrary, before: Buffer, after: Buffer): Promise<readonly number[]> {
  const [left, right] = [await render(library, before), await render(library, after)];
  return left.map((page, at) => {
    const other = right[at];
    if (other?.length !== page.length) return 1;
    let count = 0;
    for (let i = 0; i < page.length; i += 4) if ([0, 1, 2].some((c) => Math.abs((page[i + c] ?? 0) - (other[i + c] ?? 0)) > 16)) count++;
    return count / (page.length / 4);
  });
}

async function render(library: PDFiumLibrary, source: Buffer): Promise<readonly Uint8Array[]> {
  const document = await library.loadDocument(source);
  const pages: Uint8Array[] = [];
  for (const page of document.pages()) pages.push(Uint8Array.from((await page.render({ scale: 1, render: 'bitmap', renderFormFields: true })).data));
  document.destroy();
  return pages;
}

/** What poppler says of the signatures in a file; null when poppler is not there. */
async function popplerSays(source: Buffer): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'seal-'));
  try {
    await writeFile(join(folder, 'a.pdf'), source);
    const { stdout, stderr } = await run('pdfsig', ['-nocert', join(folder, 'a.pdf')]).catch((error: unknown) => {
      if (error instanceof Error && 'stdout' in error && 'stderr' in error) return { stdout: String(error.stdout), stderr: String(error.stderr) };
      throw error;
    });
    return stdout + stderr || null;
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('KM-01: every signed PDF of the corpus is stripped, looks the same in another renderer, and poppler finds no signature', async (t) => {
  const library = await PDFiumLibrary.init();
  for (const entry of ours.filter((one) => one.mime === 'application/pdf' && one.facts.signed === true)) {
    const source = await readFile(join(corpus, entry.path));
    const { output, report } = await stripSeals(source, entry.mime);
    t.true(report.signaturesRemoved > 0, entry.path);
    t.is(report.sealImagesKept, entry.facts.visibleSignatures ?? 0, entry.path);
    t.false(/\/ByteRange|\/FT\s*\/Sig|\/DSS|\/Perms/.test(output.toString('latin1').replace(/stream\n[\s\S]*?endstream/g, '')), entry.path);
    const says = await popplerSays(output);
    if (says !== null && !/ENOENT/.test(says)) t.regex(says, /does not contain any signatures/, entry.path);
    for (const share of await difference(library, source, output)) t.true(share < 0.005, `${entry.path}: ${share}`);
  }
  library.destroy();
  t.pass();
});

test('KM-01: every signed OFD of the corpus is stripped, each stamp is drawn where it was, and the picture has the same bytes', async (t) => {
  for (const entry of ours.filter((one) => one.mime === 'application/ofd' && one.facts.signed === true)) {
    const { output, report } = await stripSeals(await readFile(join(corpus, entry.path)), entry.mime);
    const files = Object.entries(unzipSync(output)).map(([path, bytes]) => ({ path, bytes, text: Buffer.from(bytes).toString('utf8') }));
    t.deepEqual(files.filter(({ path }) => /Sign(s|ature|ed)|\.esl$/i.test(path)).map(({ path }) => path), [], entry.path);
    t.false(files.some(({ path, text }) => /\.xml$/.test(path) && !/Attachs/.test(path) && /<\w*:?(Signatures?|StampAnnot)\b/.test(text)), entry.path);
    t.is(report.signaturesRemoved, entry.facts.signatureCount ?? 0, entry.path);
    t.is(report.sealImagesKept, entry.facts.sealImages?.length ?? 0, entry.path);
    const digests = new Set(files.map(({ bytes }) => sha256(bytes)));
    for (const image of entry.facts.sealImages ?? []) t.true(digests.has(image.sha256), entry.path);
    for (const stamp of entry.facts.stamps ?? []) t.true(files.some(({ text }) => new RegExp(`<ofd:(Image|Composite)Object ID="\\d+" Boundary="${stamp.Boundary}"`).test(text)), `${entry.path} ${stamp.Boundary}`);
    const expected = { true: true, false: false, 'unsupported-digest-algorithm': null, 'first-signature-superseded': true }[String(entry.facts.referenceDigestsMatch)];
    if (entry.facts.sealImages !== undefined) t.true(report.signaturesFound.every((one) => one.verified === expected), entry.path);
  }
  t.pass();
});

test('files without a signature come through byte for byte and are not called signed', async (t) => {
  for (const entry of ours.filter((one) => one.facts.signed === false && one.facts.encrypted !== true && one.case !== 'ofd-dangling-sign')) {
    const source = await readFile(join(corpus, entry.path));
    const result = await stripSeals(source, entry.mime).catch((error: unknown) => error);
    if (result instanceof Error) t.like(result, { code: 'E_FMT_UNREADABLE' }, entry.path);
    else t.like(result, { output: source, report: { signaturesFound: [] } }, entry.path);
  }
  t.pass();
});

test('第十七条: encrypted files of the corpus are refused with E_FMT_ENCRYPTED', async (t) => {
  for (const entry of ours.filter((one) => one.facts.encrypted === true)) await t.throwsAsync(stripSeals(await readFile(join(corpus, entry.path)), entry.mime), { code: 'E_FMT_ENCRYPTED' }, entry.path);
  t.pass();
});

test('strip-seal writes OUT whole and prints the report; a refused file leaves nothing behind', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'seal-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const [from, to, bad] = [join(folder, 'in.pdf'), join(folder, 'out.pdf'), join(folder, 'bad.pdf')];
  await writeFile(from, pdfDraft().sign(rsaSigner('某某市档案局')).build());
  await writeFile(bad, '%PDF-1.7 nothing');
  const stdout = new PassThrough();
  const io = { stdin: new PassThrough(), stdout, stderr: new PassThrough(), env: {} };
  t.is(await runCli(VERBS, ['strip-seal', from, to, '--json'], io), 0);
  t.like(JSON.parse(String(stdout.read())), { format: 'pdf', signaturesRemoved: 1, sealImagesKept: 1, signaturesFound: [{ signer: '某某市档案局', verified: true }] });
  t.false((await readFile(to)).includes('/ByteRange'));
  t.is(await runCli(VERBS, ['strip-seal', bad, join(folder, 'none.pdf')], io), 3);
  t.false(existsSync(join(folder, 'none.pdf')) || existsSync(join(folder, 'none.pdf.part')));
});
