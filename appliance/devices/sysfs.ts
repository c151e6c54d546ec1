import { readdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { Attached, UsbFacts } from '../../secrecy/device.js';

const text = async (file: string): Promise<string | undefined> => readFile(file, 'utf8').then((given) => given.trim(), () => undefined);
const within = (inner: string, outer: string): boolean => inner.startsWith(`${outer}/`);

/** What the bus says of a block device: the nearest thing above it that has a USB vendor; nothing for a disk of the machine itself. */
async function usbAbove(root: string, block: string): Promise<UsbFacts | undefined> {
  const top = await realpath(root).catch(() => undefined);
  let at = await realpath(block).catch(() => undefined);
  while (top !== undefined && at !== undefined && within(at, top)) {
    const [vendor, product, serial] = await Promise.all([text(path.join(at, 'idVendor')), text(path.join(at, 'idProduct')), text(path.join(at, 'serial'))]);
    if (vendor !== undefined && product !== undefined) return { vendor: vendor.toLowerCase(), product: product.toLowerCase(), serial: serial ?? '' };
    at = path.dirname(at);
  }
  return undefined;
}

/**
 * 接入的存储设备: every block device that hangs on USB, with what udev would say of it (vendor, product, serial).
 * @param root the sysfs of the machine, `/sys`
 */
export async function attachedStorage(root: string): Promise<readonly Attached[]> {
  const names = await readdir(path.join(root, 'block')).catch(() => []);
  const found: Attached[] = [];
  for (const name of names.sort()) {
    const usb = await usbAbove(root, path.join(root, 'block', name));
    if (usb !== undefined) found.push({ name, ...usb });
  }
  return found;
}

/**
 * What the bus says of the device that a folder lies on; nothing where it lies on no USB device.
 * @param mounts text of `/proc/self/mountinfo`
 */
export async function usbUnder(root: string, folder: string, mounts: string): Promise<UsbFacts | undefined> {
  let best: { readonly point: string; readonly numbers: string } | undefined;
  for (const line of mounts.split('\n')) {
    const cells = line.split(' ');
    const [numbers = '', point = ''] = [cells[2], (cells[4] ?? '').replace(/\\(\d{3})/gu, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))];
    const covers = point !== '' && (folder === point || point === '/' || within(folder, point));
    // Of two mounts over one another the later is what is seen.
    if (covers && /^\d+:\d+$/u.test(numbers) && (best === undefined || point.length >= best.point.length)) best = { point, numbers };
  }
  return best === undefined ? undefined : usbAbove(root, path.join(root, 'dev', 'block', best.numbers));
}
