import { inspectionPolicy, type InspectionPolicy } from './policy.js';

/** Lower case, without the dot; empty when the name has none. Trailing dots and spaces, which Windows drops, are dropped. */
export function extensionOf(name: string): string {
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1).replace(/[. ]+$/, '');
  const dot = base.lastIndexOf('.');
  return dot < 0 || dot === base.length - 1 ? '' : base.slice(dot + 1).toLowerCase();
}

/**
 * Whether the name claims a format that the bytes are not (第十七条, GD-1-9). An extension that no known format uses claims nothing.
 */
export function extensionMismatch(name: string, mime: string, policy: InspectionPolicy = inspectionPolicy()): boolean {
  const claimed = policy.extensions.get(extensionOf(name));
  return claimed !== undefined && !claimed.has(mime);
}

/** Formats no reader opens when the content is plain text. Word and Excel do open text under their old extensions. */
const NEVER_TEXT = /^(?:application\/(?:pdf|ofd|zip|gzip|x-7z-compressed|x-rar(?:-compressed)?|vnd\.(?:rar|openxmlformats|oasis)[\w.-]*)|image\/(?!svg|vnd\.dxf|x-portable)[\w.+-]+|audio\/[\w.+-]+|video\/(?!mp2t)[\w.+-]+)$/;

/** Whether the name claims only formats that plain text cannot be: the file will not open as what it says it is. */
export function claimsNoText(name: string, policy: InspectionPolicy = inspectionPolicy()): boolean {
  const claimed = [...(policy.extensions.get(extensionOf(name)) ?? [])];
  return claimed.length > 0 && claimed.every((mime) => NEVER_TEXT.test(mime));
}
