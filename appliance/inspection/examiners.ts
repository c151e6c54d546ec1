import type { Examiner } from './format.js';
import { archiveExaminer } from './formats/archive.js';
import { avExaminer } from './formats/av/examiner.js';
import { cfbExaminer } from './formats/cfb.js';
import { envelopeExaminer } from './formats/envelope.js';
import { epubExaminer } from './formats/epub.js';
import { imageExaminer } from './formats/image/examiner.js';
import { mailExaminer } from './formats/mail.js';
import { odfExaminer } from './formats/odf.js';
import { ofdExaminer } from './formats/ofd/examiner.js';
import { ooxmlExaminer } from './formats/ooxml.js';
import { otherExaminer } from './formats/other.js';
import { pdfExaminer } from './formats/pdf/examiner.js';
import { programExaminer } from './formats/program.js';
import { textExaminer } from './formats/text.js';
import { trailingZipExaminer, zipExaminer } from './formats/zip.js';

/** Every examiner, the most exact first: the first that claims the bytes examines them. */
export const EXAMINERS: readonly Examiner[] = [
  ofdExaminer,
  pdfExaminer,
  imageExaminer,
  avExaminer,
  ooxmlExaminer,
  odfExaminer,
  epubExaminer,
  zipExaminer,
  cfbExaminer,
  archiveExaminer,
  programExaminer,
  envelopeExaminer,
  otherExaminer,
  mailExaminer,
  textExaminer,
  trailingZipExaminer,
];
