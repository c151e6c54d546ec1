import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock, Ids, Level } from '../../core/ports.js';
import { makeFolder, replaceFile } from '../content/file-ops.js';
import { dataPaths } from '../content/paths.js';
import { writeKeyFile } from '../crypto/key-file.js';
import { inPackage } from '../package-root.js';
import { found } from './found.js';

export interface RehearsalFile {
  readonly unitName: string;
  readonly orgType: string;
  readonly systemLevel: Level;
  readonly fonds: readonly { readonly fonds: string; readonly name: string; readonly codeProfile: string; readonly schemeId: string; readonly separateClassifiedSequence: boolean }[];
  readonly departments: readonly { readonly id: string; readonly name: string }[];
  readonly marking: {
    readonly maxOriginalLevel: 2 | 3 | 4 | null; readonly source: string;
    readonly authorities: readonly { readonly account: string; readonly kind: 'statutory' | 'designated'; readonly maxLevel: 2 | 3 | 4; readonly matterScope: string[]; readonly grantedBy: string; readonly years: number | null }[];
  };
  readonly pin: string;
  readonly password: string;
  readonly people: readonly {
    readonly account: string; readonly name: string; readonly position: string; readonly department: string; readonly clearance: Level;
    readonly category?: 'core' | 'important' | 'general'; readonly duties: readonly string[]; readonly officer?: boolean;
  }[];
}

/** 演练人员: of a unit, or of the archive that takes in what the unit hands over: the same people, and its receivers. */
export async function rehearsalFile(mode: 'unit' | 'repository' = 'unit'): Promise<RehearsalFile> {
  const shipped = async (name: string): Promise<unknown> => JSON.parse(await readFile(inPackage('appliance', 'founding', name), 'utf8'));
  const unit = await shipped('rehearsal-people.json') as RehearsalFile;
  if (mode === 'unit') return unit;
  const archive = await shipped('rehearsal-archive.json') as Pick<RehearsalFile, 'unitName' | 'orgType' | 'fonds' | 'people'>;
  return { ...unit, ...archive, people: [...unit.people, ...archive.people] };
}

/** Rounds for secrets that are printed in the manual. */
const PUBLISHED_ITERATIONS = 2_000;

/** 演练环境: a box that unlocks itself, with a person for every duty and their key files beside it. Says so everywhere. */
export async function foundRehearsal(data: string, clock: Clock, ids: Ids, mode: 'unit' | 'repository' = 'unit', given?: RehearsalFile): Promise<void> {
  const plan = given ?? await rehearsalFile(mode);
  const folder = dataPaths(data).rehearsal;
  await found({
    data, clock, ids, iterations: PUBLISHED_ITERATIONS, passwordsStand: true, officeYears: 50, virusLibraryOn: clock.today(),
    profile: { mode, rehearsal: true, systemLevel: plan.systemLevel, unitName: plan.unitName, orgType: plan.orgType, fonds: plan.fonds },
    departments: plan.departments,
    marking: { unit: { org: plan.unitName, maxOriginalLevel: plan.marking.maxOriginalLevel, source: plan.marking.source }, authorities: plan.marking.authorities },
    people: plan.people.map((person) => ({ ...person, officer: person.officer === true, pin: plan.pin, password: plan.password })),
    async handOver(keyFiles) {
      await makeFolder(folder);
      for (const keyFile of keyFiles) await replaceFile(path.join(folder, `${keyFile.holder}.key.json`), writeKeyFile(keyFile));
    },
  });
}

/** What the sign-in page of a rehearsal offers with a click. Names come from the shipped list, not from the sealed rows. */
export async function rehearsalPeople(data: string, mode: 'unit' | 'repository', dutyName: (key: string) => string): Promise<readonly Record<string, unknown>[]> {
  const plan = await rehearsalFile(mode);
  const departments = new Map(plan.departments.map((one) => [one.id, one.name]));
  return Promise.all(plan.people.map(async (person) => ({
    account: person.account, name: person.name, position: person.position, department: departments.get(person.department) ?? '', clearance: person.clearance,
    duties: person.duties.map(dutyName), pin: plan.pin, password: plan.password,
    keyFile: await readFile(path.join(dataPaths(data).rehearsal, `${person.account}.key.json`), 'utf8'),
  })));
}
