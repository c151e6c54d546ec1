import PostalMime from 'postal-mime';
import { addInner, examined, format, Observations } from '../examination.js';
import type { Examination, Examiner, ExamineLimits, Inner, ByteSource } from '../format.js';
import { bufferSource } from '../source.js';

const FIELDS = /^(Received|Return-Path|Message-ID|Date|From|To|Cc|Bcc|Subject|MIME-Version|Content-Type|Content-Transfer-Encoding|Delivered-To|X-[\w-]+|DKIM-Signature|Reply-To|Sender|In-Reply-To|References|Envelope-to|Delivery-date|Received-SPF|Authentication-Results|Status|Importance|Priority|Thread-[\w-]+|List-[\w-]+)[ \t]*:/i;
const TELLING = /^(Received|Return-Path|Message-ID|From|To|Subject|MIME-Version|Delivered-To|DKIM-Signature|Date)$/i;
/** Foxmail 4-6 mailboxes put this before every message. */
const FOXMAIL = Buffer.from('1010101010101011111111111153', 'hex');

/** Internet messages (RFC 5322), mailboxes of them, Outlook stores. */
export const mailExaminer: Examiner = {
  claims: (head) => Promise.resolve(isMailbox(head) || isStore(head) || isMessage(head)),
  async examine(source, _name, limits, inner) {
    const head = await source.read(0, 8192);
    if (isStore(head)) return store(source, head);
    if (isMailbox(head)) return mailbox(source, limits);
    return message(source, limits, inner);
  },
};

/** Header fields from the first line on, at least two of them telling ones. */
export function isMessage(head: Buffer): boolean {
  const lines = head.toString('latin1', head[0] === 0xef ? 3 : 0, 8192).split(/\r?\n/);
  const names = new Set<string>();
  for (const line of lines) {
    if (line === '') break;
    if (/^[ \t]/.test(line) && names.size > 0) continue;
    const field = FIELDS.exec(line)?.[1] ?? /^([!-9;-~]+)[ \t]*:/.exec(line)?.[1];
    if (field === undefined) {
      if (names.size === 0) return false;
      break;
    }
    names.add(field.toLowerCase());
  }
  return [...names].filter((name) => TELLING.test(name)).length >= 2;
}

function isMailbox(head: Buffer): boolean {
  if (head.subarray(0, FOXMAIL.length).equals(FOXMAIL)) return true;
  return /^From \S+ +(Mon|Tue|Wed|Thu|Fri|Sat|Sun)?,? ?\S+ .*\d{2}:\d{2}/.test(head.toString('latin1', 0, 300).split(/\r?\n/)[0] ?? '');
}

function isStore(head: Buffer): boolean {
  return head.toString('latin1', 0, 4) === '!BDN' && (head.toString('latin1', 8, 10) === 'SM' || head.toString('latin1', 8, 10) === 'AB');
}

/** [MS-PST]: the header tells the file's own length and the way its blocks are encoded, which is no encryption. */
async function store(source: ByteSource, head: Buffer): Promise<Examination> {
  const unicode = head.readUInt16LE(10) >= 23;
  const declared = unicode ? Number(head.readBigUInt64LE(0xb8)) : head.readUInt32LE(0xa8);
  return examined(format('application/vnd.ms-outlook-pst', 'Outlook 邮箱', unicode ? 'x-fmt/249' : 'x-fmt/248'), { valid: declared <= source.size }, [{ key: 'mail.mailbox', evidence: 'PST' }]);
}

async function mailbox(source: ByteSource, limits: ExamineLimits): Promise<Examination> {
  const bytes = await source.all(limits.wholeBytes);
  const fox = bytes.subarray(0, FOXMAIL.length).equals(FOXMAIL);
  const count = fox ? occurrences(bytes, FOXMAIL) : (bytes.toString('latin1').match(/^From \S+ .*\d{4}\r?$/gm) ?? []).length;
  return examined(format('application/mbox', fox ? 'Foxmail 邮箱' : 'MBOX 邮箱', fox ? null : 'fmt/720'), {}, [{ key: 'mail.mailbox', evidence: `${Math.max(1, count)} 封` }]);
}

function occurrences(bytes: Buffer, needle: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + needle.length)) count++;
  return count;
}

/** S/MIME and PGP/MIME are signatures and encryption; a DKIM header is the transport's own and is neither. */
async function message(source: ByteSource, limits: ExamineLimits, inner: Inner): Promise<Examination> {
  const observations = new Observations();
  const mail = await PostalMime.parse(await source.all(limits.wholeBytes), { attachmentEncoding: 'arraybuffer', maxNestingDepth: 50 });
  const type = (mail.headers.find((header) => header.key === 'content-type')?.value ?? '').toLowerCase();
  const signed = /multipart\/signed|smime-type="?signed-data/.test(type) || mail.attachments.some((attachment) => /pkcs7-signature|pgp-signature/.test(attachment.mimeType));
  const encrypted = /multipart\/encrypted|application\/(x-)?pkcs7-mime/.test(type) && !/smime-type="?signed-data/.test(type);
  const carried = mail.attachments.filter((attachment) => !/pkcs7-signature|pgp-signature|pkcs7-mime|pgp-encrypted/.test(attachment.mimeType) && !(attachment.disposition === 'inline' && attachment.related === true && attachment.mimeType.startsWith('image/')));
  if (encrypted) observations.add('mail.envelope', '加密邮件');
  if (carried.length > 0 && !encrypted) observations.add('mail.attachments', `${carried.length} 个`);
  for (const [position, attachment] of mail.attachments.slice(0, 100).entries()) {
    const content = typeof attachment.content === 'string' ? Buffer.from(attachment.content) : Buffer.from(attachment.content as ArrayBuffer);
    if (content.length > 0) addInner(observations, await inner(bufferSource(content), ''), `附件 ${position + 1}`);
  }
  const active = observations.has('file.embedded-executable') || observations.has('file.eicar');
  return examined(format('message/rfc822', '电子邮件 EML', 'fmt/278'), { encrypted, signed, activeContent: active }, observations.list());
}
