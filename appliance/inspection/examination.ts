import type { Examination, FileFacts, Identified, Observation } from './format.js';

/** What holds of sound content about which nothing worse is known. */
const SOUND: FileFacts = {
  encrypted: false,
  compressed: false,
  signed: false,
  sealImage: false,
  activeContent: false,
  extensionMismatch: null,
  valid: true,
};

/** An examination told by what is out of the ordinary. */
export function examined(identified: Identified, facts: Partial<FileFacts>, observations: readonly Observation[]): Examination {
  return { identified, facts: { ...SOUND, ...facts }, observations };
}

export function format(mime: string, name: string, puid: string | null = null, version: string | null = null): Identified {
  return { mime, name, version, puid };
}

/** Collects observations, one of a kind, with their evidence counted rather than repeated. */
export class Observations {
  private readonly found = new Map<string, string[]>();

  add(key: string, evidence: string): void {
    const list = this.found.get(key) ?? [];
    if (list.length < 1000) list.push(evidence);
    this.found.set(key, list);
  }

  has(key: string): boolean {
    return this.found.has(key);
  }

  list(): Observation[] {
    return [...this.found].map(([key, all]) => {
      const shown = [...new Set(all)].slice(0, 3).join('、');
      return { key, evidence: all.length > 3 ? `${shown} 等 ${all.length} 处` : shown };
    });
  }
}

/** Programs that content may never carry inside, whatever the container says about them. */
const PROGRAMS = new Set([
  'application/vnd.microsoft.portable-executable',
  'application/x-executable',
  'application/x-mach-binary',
  'application/vnd.android.package-archive',
  'application/x-msi',
  'application/x-shellscript',
]);

/** Faults of embedded content that make its container unfit as well. */
export function addInner(observations: Observations, inner: Examination | null, place: string, tooDeep = 'file.embedded'): void {
  if (inner === null) return observations.add(tooDeep, `${place} 嵌套过深`);
  const keys = new Set(inner.observations.map((observation) => observation.key));
  for (const key of ['file.eicar', 'zip.bomb', 'file.over-limits', 'xml.entity']) if (keys.has(key)) observations.add(key, place);
  if (PROGRAMS.has(inner.identified.mime) || keys.has('file.embedded-executable')) observations.add('file.embedded-executable', place);
  else if (keys.has('office.macro') || keys.has('office.dde') || keys.has('pdf.javascript') || keys.has('file.embedded-rejected') || inner.facts.encrypted === true) observations.add('file.embedded-rejected', place);
}
