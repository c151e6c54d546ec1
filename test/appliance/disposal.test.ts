import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { PDFDocument } from 'pdf-lib';
import { openTestBox } from '../helpers/box.js';
import type { Answer, Client, TestBox } from '../helpers/box.js';
import { at, done, filedSecret, markers } from '../helpers/marked.js';
