import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveError } from '../../core/errors.js';
import type { Clock, Ids, Level } from '../../core/ports.js';
import type { FoundingPlanFile } from '../../policies/schemas/founding.js';
import { exists, makeFolder, removeFile, replaceFile } from '../content/file-ops.js';
import { dataPaths } from '../content/paths.js';
import type { SecretLevel } from '../../secrecy/level.js';
import { writeKeyFile } from '../crypto/key-file.js';
import { loadPolicies } from '../policies.js';
import { found } from './found.js';
import { isOfficer, type Secrets } from './plan.js';

export interface Initialisation {
  readonly data: string;
  /** Folder for the key files, one folder a person, to be handed over and emptied. */
  readonly keys: string;
  readonly plan: FoundingPlanFile;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly ids: Ids;
  /** PBKDF2 rounds of key files and passwords. */
  readonly iterations: number;
}

export interface Initialised {
  readonly serial: string;
  readonly officers: readonly string[];
  readonly keyFiles: readonly string[];
}

/** A fresh file system has this folder of its own. */
const LOST = 'lost+found';

/** @throws ArchiveError `E_ALREADY_FOUNDED` where anything rests in the data directory; what a broken ceremony left does not count */
export async function requireUnfounded(data: string): Promise<void> {
  const { founding } = dataPaths(data);
  const names = (await exists(data)) ? (await readdir(data)).filter((name) => name !== LOST) : [];
  if (names.length > 0 && !(await exists(founding))) throw new ArchiveError('E_ALREADY_FOUNDED');
}

/**
 * 初始化仪式 of a real box: root key cut in shares, certificates, the unit and its first people. Nothing in the data directory unlocks it again.
 * A ceremony that broke leaves `founding-unfinished`: the box does not open, and the next ceremony begins anew.
 * @throws ArchiveError `E_ALREADY_FOUNDED`; `E_CLI_FILE` where key files would be overwritten
 */
export async function initialise({ data, keys, plan, secrets, clock, ids, iterations }: Initialisation): Promise<Initialised> {
  const paths = dataPaths(data);
  await requireUnfounded(data);
  const again = await exists(paths.founding);
  if (again) for (const name of await readdir(data)) if (name !== LOST && path.join(data, name) !== paths.founding) await rm(path.join(data, name), { recursive: true, force: true });
  const fileOf = (account: string): string => path.join(keys, account, `${account}.key.json`);
  if (!again) for (const { account } of plan.people) if (await exists(fileOf(account))) throw new ArchiveError('E_CLI_FILE', {}, [{ at: fileOf(account), message: '已有密钥文件，不覆盖，请改用空的目录' }]);
  await makeFolder(data);
  await replaceFile(paths.founding, `${clock.now()}\n`);
  const { serial } = await found({
    data, clock, ids, iterations, passwordsStand: false, officeYears: loadPolicies().content('people.json').grants.officerMaxYears, virusLibraryOn: null,
    profile: { mode: plan.mode, rehearsal: false, systemLevel: plan.systemLevel as Level, unitName: plan.unitName, orgType: plan.orgType, fonds: plan.fonds },
    departments: plan.departments,
    marking: {
      unit: { org: plan.unitName, maxOriginalLevel: plan.marking.maxOriginalLevel as SecretLevel | null, source: plan.marking.source },
      authorities: plan.marking.authorities.map((one) => ({ ...one, maxLevel: one.maxLevel as SecretLevel })),
    },
    people: plan.people.map((person) => {
      const secret = secrets.get(person.account);
      if (secret === undefined) throw new ArchiveError('E_INPUT_INVALID', { account: person.account }, [{ at: person.account, message: '没有 PIN 和口令' }]);
      return { ...person, clearance: person.clearance as Level, officer: isOfficer(person), ...secret };
    }),
    async handOver(keyFiles) {
      for (const keyFile of keyFiles) {
        await makeFolder(path.dirname(fileOf(keyFile.holder)));
        await replaceFile(fileOf(keyFile.holder), writeKeyFile(keyFile));
      }
    },
  });
  await removeFile(paths.founding);
  return { serial, officers: plan.people.filter(isOfficer).map((person) => person.account), keyFiles: plan.people.map((person) => fileOf(person.account)) };
}
