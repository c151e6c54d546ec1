import { readFile, realpath } from 'node:fs/promises';
import type { Plugged } from './service.js';
import { attachedStorage, usbUnder } from './sysfs.js';

/**
 * @param sysfs `/sys`; without it the machine says nothing of what is plugged in
 * @param data the box's own folder, in which no device lies
 */
export function pluggedInto(sysfs: string | undefined, data: string): Plugged {
  const real = async (folder: string): Promise<string> => realpath(folder).catch(() => folder);
  return {
    attached: async () => (sysfs === undefined ? [] : attachedStorage(sysfs)),
    under: async (folder) => (sysfs === undefined ? undefined : usbUnder(sysfs, await real(folder), await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''))),
    async own(folder) {
      const [inner, outer] = [await real(folder), await real(data)];
      return inner === outer || inner.startsWith(`${outer}/`) || outer.startsWith(`${inner}/`);
    },
  };
}
