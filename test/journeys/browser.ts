import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { inPackage } from '../../appliance/package-root.js';
import type { Teardown } from '../helpers/box.js';

const SIZES = [{ width: 1366, height: 768 }, { width: 1920, height: 1080 }] as const;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

const installed = (): string => execFileSync('sh', ['-c', 'command -v chromium || command -v chromium-browser || command -v google-chrome || true'], { encoding: 'utf8' }).trim();

/** Why no journey can be made here, or null: the one thing that a test of the console may be skipped for. */
export const browserMissing = (): string | null => (installed() === '' ? 'Chromium is not installed' : null);

function screensFolder(): string {
  const folder = inPackage('test', 'journeys', '__screens__');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A person in front of the console, in a browser of the machine. */
export interface Visit {
  readonly page: Page;
  /** What the browser complained about: script errors, blocked content, anything fetched from elsewhere. */
  readonly complaints: readonly string[];
  /** Keeps the page at both sizes under `__screens__/`. */
  screens(name: string): Promise<void>;
  /** Serious and critical findings of axe on the page as it stands, each with the first place. */
  barriers(): Promise<readonly string[]>;
  /** Signs the rehearsal person of this name in, ending the session that is open. */
  signIn(name: string): Promise<void>;
}

interface AxeResult { readonly violations: readonly { readonly id: string; readonly impact: string | null; readonly nodes: readonly { readonly html: string }[] }[] }

export async function openConsole(t: Teardown, url: string): Promise<Visit> {
  const browser: Browser = await chromium.launch({ executablePath: installed(), args: FLAGS });
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: SIZES[0], locale: 'zh-CN', timezoneId: 'Asia/Shanghai' });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  t.teardown(async () => {
    // How it stood in the end, for a journey that failed.
    await page.screenshot({ path: path.join(screensFolder(), 'last.png') }).catch(() => undefined);
    await browser.close();
  });
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A refused act is a 4xx by design; the browser reports each as a failed resource.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  page.on('request', (request) => { if (!request.url().startsWith(url) && !/^(?:blob|data):/.test(request.url())) complaints.push(`fetched ${request.url()}`); });
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

  return {
    page, complaints,
    async screens(name) {
      const folder = screensFolder();
      for (const size of SIZES) {
        await page.setViewportSize(size);
        await page.waitForTimeout(200);
        await page.screenshot({ path: path.join(folder, `${name}-${String(size.width)}x${String(size.height)}.png`) });
      }
      await page.setViewportSize(SIZES[0]);
    },
    async barriers() {
      await page.evaluate(axe);
      const result = await page.evaluate<AxeResult>("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })");
      return result.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
    },
    async signIn(name) {
      await page.goto(url);
      const enter = page.getByRole('button', { name: `以${name}登录` });
      const leave = page.getByRole('button', { name: '退出', exact: true });
      await enter.or(leave).waitFor();
      if (await leave.isVisible()) await leave.click();
      await enter.click();
      await page.getByRole('navigation', { name: '按职责导航' }).waitFor();
    },
  };
}
