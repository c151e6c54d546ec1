import type { Observations } from '../examination.js';
import type { FileFacts } from '../format.js';
import { attributesOf, declaresEntities } from '../xml-text.js';

/** An HTML document, or a fragment that begins with its elements. */
export function isHtml(start: string): boolean {
  const text = start.replace(/^<\?xml[^>]*>\s*/, '').replace(/^(<!--[\s\S]*?-->\s*)+/, '');
  if (/^<!doctype\s+html|^<html[\s>]/i.test(text)) return true;
  if (/^<!--/.test(text)) return /<(html|body|head)[\s>]/i.test(text);
  if (/^<(head|body|meta|title|script|style|link|p|div|table|h[1-6]|span|ul|ol|center|font|iframe|img|a|b|br|base|form|article|section)[\s/>]/i.test(text)) return true;
  return /<html[\s>]/i.test(text) && /<(head|body)[\s>]/i.test(text);
}

const REMOTE = /^\s*(?:[a-z][a-z0-9+.-]*:)?\/\//i;
const LOCAL_DATA = /^\s*(data:|cid:|#|about:|$)/i;

/**
 * What a page does by itself: scripts, event handlers, refresh, frames, plug-ins, and anything it fetches on sight from a host.
 * What it merely refers to beside itself makes it incomplete (完整性), not active.
 */
export function noteHtml(text: string, svg: boolean, observations: Observations): Partial<FileFacts> {
  let active = false;
  const act = (what: string): void => {
    active = true;
    observations.add('html.active', what);
  };
  if (svg && declaresEntities(text)) act('实体声明');
  const body = text.replace(/<!--[\s\S]*?-->/g, '');
  for (const match of body.matchAll(/<([a-z][\w:-]*)((?:\s+|\/)[^<>]*)?>/gi)) {
    const tag = (match[1] ?? '').toLowerCase();
    const attributes = new Map([...attributesOf(unquoted(match[2] ?? ''))].map(([name, value]) => [name.toLowerCase(), value]));
    if (tag === 'script' && !/json|template|text\/plain/i.test(attributes.get('type') ?? '')) act('脚本');
    if (tag === 'meta' && /^refresh$/i.test(attributes.get('http-equiv') ?? '') && /url/i.test(attributes.get('content') ?? '')) act('自动跳转');
    if (/^(object|embed|applet)$/.test(tag)) act('插件对象');
    if (tag === 'foreignobject' && svg && /<script|on\w+=/i.test(body)) act('嵌入网页');
    for (const [name, value] of attributes) {
      if (/^on[a-z]{3,}$/.test(name) && value.trim() !== '') act('事件脚本');
      if (/^(href|src|action|formaction|xlink:href|data)$/.test(name) && /^\s*(javascript|vbscript):/i.test(value)) act('脚本地址');
    }
    noteReference(tag, attributes, svg, act, observations);
  }
  if (/<style[\s\S]*?@import/i.test(body) || /url\(\s*['"]?(?:https?:)?\/\//i.test(body)) observations.add('html.external', '样式');
  return { activeContent: active };
}

function noteReference(tag: string, attributes: ReadonlyMap<string, string>, svg: boolean, act: (what: string) => void, observations: Observations): void {
  if (/^(iframe|frame)$/.test(tag) && REMOTE.test(attributes.get('src') ?? '')) return act('外部框架');
  const reference = /^(img|image|video|audio|source|iframe|frame|input|track)$/.test(tag) ? attributes.get('src') ?? (tag === 'image' ? attributes.get('xlink:href') ?? attributes.get('href') : undefined)
    : tag === 'link' && /stylesheet|icon|import/i.test(attributes.get('rel') ?? '') ? attributes.get('href')
      : tag === 'use' && svg ? attributes.get('xlink:href') ?? attributes.get('href') : tag === 'body' || tag === 'table' ? attributes.get('background') : undefined;
  if (reference !== undefined && !LOCAL_DATA.test(reference)) observations.add('html.external', REMOTE.test(reference) ? '远程资源' : '同目录资源');
}

/** Attribute values without quotes get them, so that one pattern reads all. */
function unquoted(text: string): string {
  return text.replace(/([\w:-]+)\s*=\s*([^\s"'=<>`]+)/g, '$1="$2"');
}
