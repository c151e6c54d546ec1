import { audit } from './audit.js';
import { capture } from './capture.js';
import { decision } from './decision.js';
import { holdings } from './holdings.js';
import type { Piece } from './figure.js';
import { fixity } from './fixity.js';
import { imports, importsLong } from './imports.js';
import { inspect } from './inspect.js';
import { packages } from './package.js';
import { seal } from './seal.js';
import { sm2 } from './sm2.js';

/** What `npm run bench` measures, in this order. */
export const PIECES: readonly Piece[] = [seal, fixity, packages, capture, sm2, decision, audit, inspect, holdings, imports, importsLong];
