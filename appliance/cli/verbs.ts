import { auditVerb } from './audit.js';
import { backupVerb } from './backup.js';
import { captureVerb } from './capture.js';
import { deviceVerb } from './device.js';
import { doctorVerb } from './doctor.js';
import { fsckVerb } from './fsck.js';
import { initVerb } from './init.js';
import { inspectVerb } from './inspect.js';
import { keysVerb } from './keys.js';
import { lockVerb, unlockVerb } from './lock.js';
import { openVerb, sealVerb } from './seal.js';
import { selftestVerb } from './selftest.js';
import { sm2Verb } from './sm2.js';
import { sm3Verb } from './sm3.js';
import { stripSealVerb } from './strip-seal.js';
import { verifyVerb } from './verify.js';
import type { Verb } from './verb.js';

/** Every verb of `npx shouzang`, in the order of the help page. One import and one line each. */
export const VERBS: readonly Verb[] = [
  initVerb,
  unlockVerb,
  lockVerb,
  keysVerb,
  doctorVerb,
  captureVerb,
  inspectVerb,
  sm3Verb,
  sm2Verb,
  sealVerb,
  openVerb,
  selftestVerb,
  stripSealVerb,
  verifyVerb,
  auditVerb,
  backupVerb,
  deviceVerb,
  fsckVerb,
];
