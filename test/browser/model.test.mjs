// The administrator's pages of the learner model, from a fit to its adoption, in the
// product itself.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as lib from './lib.mjs';

describe('the learner model', { skip: process.env.WAYMARK_BIN ? false : 'WAYMARK_BIN names no binary' }, () => {
  let browser;
  let server;
  before(async () => {
    browser = await lib.launch();
    server = await lib.start();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test('a version is fitted, read and adopted, and the page says when it is done', async () => {
    const { context, page } = await lib.signIn(browser, server, 'administrator');
    await page.goto(new URL('/admin/model', server.url).href);
    await page.getByRole('button', { name: 'Fit a new version' }).click();
    // Nobody presses anything: the page hears of it.
    const link = page.locator('main a[href*="/admin/model/versions/"]');
    await link.first().waitFor({ timeout: lib.slow });
    await link.first().click();
    await page.getByRole('heading', { name: /is it 70/ }).waitFor();
    await lib.shot(page, 'model-version-1280', { fullPage: true });
    for (const mode of lib.allModes) assert.deepEqual(await lib.accessible(page, mode), []);
    await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' });
    await page.setViewportSize({ width: 390, height: 844 });
    await lib.shot(page, 'model-version-390', { fullPage: true });
    assert.deepEqual(await lib.sideways(page), []);
    await page.getByLabel('Why?').fill('It was fitted to our own evidence.');
    await page.getByRole('button', { name: 'Adopt this version' }).click();
    await page.getByText('It was fitted to our own evidence.').waitFor({ timeout: 60_000 });
    await lib.shot(page, 'model-390', { fullPage: true });
    await page.setViewportSize({ width: 1280, height: 800 });
    await lib.shot(page, 'model-1280', { fullPage: true });
    await page.goto(new URL('/admin/model/rules?b=decaying+0.65+met+3', server.url).href, { timeout: lib.slow });
    await page.getByText(/would differ/).waitFor();
    await lib.shot(page, 'rules-1280', { fullPage: true });
    await context.close();
  });
});
