import type { Page } from 'playwright-core';

/** 演练 PIN of every rehearsal person. */
const PIN = '246810';

/** Switches the session to a level; what was shown at another one is gone. */
export async function atLevel(page: Page, name: '内部' | '秘密' | '机密'): Promise<void> {
  const button = page.getByRole('group', { name: '会话密级' }).getByRole('button', { name });
  if (await button.getAttribute('aria-pressed') === 'true') return;
  await button.click();
  await page.getByText(`会话密级已切换为${name}`).waitFor();
}

/** Every reason that a grey button gives to who rests on it. */
export async function reasonsOf(page: Page, label: string): Promise<string> {
  const button = page.getByRole('button', { name: label, exact: true });
  await button.and(page.locator('[aria-disabled="true"]')).waitFor();
  await button.hover();
  const tip = page.getByRole('tooltip').filter({ hasText: `还不能${label}` });
  await tip.waitFor();
  return tip.innerText();
}

/** Picks a person in 知悉范围, or takes one out who is in it. */
export async function chooseInScope(page: Page, name: string): Promise<void> {
  await page.getByRole('combobox', { name: '知悉人员' }).fill(name);
  await page.getByRole('option', { name: new RegExp(`^${name}（`, 'u') }).click();
  // Leaving the field closes its list.
  await page.getByRole('heading').first().click();
  await page.getByRole('option').first().waitFor({ state: 'hidden' });
}

/** Presses a button that asks for a signature, signs, and closes the dialog. @returns what the dialog says was done */
export async function signOff(page: Page, label: string): Promise<string> {
  await page.getByRole('button', { name: label, exact: true }).and(page.locator(':not([aria-disabled])')).first().click();
  const dialog = page.getByRole('dialog', { name: '签署' });
  await dialog.getByLabel('PIN').fill(PIN);
  await dialog.getByRole('button', { name: '签署', exact: true }).click();
  const done = dialog.getByRole('status').or(dialog.getByRole('alert'));
  await done.waitFor();
  const text = await done.innerText();
  await dialog.getByRole('button', { name: '完成' }).click();
  return text;
}
