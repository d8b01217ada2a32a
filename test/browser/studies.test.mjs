// An administrator asks whether talks helped, from the district's own facts, and takes the
// whole study away; a question with an answer that nobody can know says so.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as lib from './lib.mjs';

describe('studies', { skip: process.env.WAYMARK_BIN ? false : 'WAYMARK_BIN names no binary' }, () => {
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

  const day = (back) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);

  test('from a question to its answer', async () => {
    const { context, page } = await lib.signIn(browser, server, 'administrator');
    await page.goto(new URL('/admin/studies', server.url).href);
    await page.getByLabel('The question').fill('Do talks help in mathematics?');
    await page.getByLabel('The practice, in your words').fill('Talks about goals');
    await page.getByLabel('What may have changed').selectOption('work on Cedar Valley Mathematics K–12');
    await page.getByLabel('It counts from how many times on').fill('1');
    await page.getByRole('button', { name: 'Declare it' }).click();
    await page.waitForURL(/\/admin\/studies\/./);
    assert.equal(await page.locator('h1').innerText(), 'Do talks help in mathematics?');
    const verdict = await page.locator('#ans').innerText({ timeout: 5000 });
    assert.match(verdict, /helped|harmed|no meaningful difference|can't tell/i);
    assert.deepEqual(await lib.axe(page).catch((e) => [String(e)]).then((f) => f.filter((l) => !/Content Security|evaluate/.test(l))), []);
    for (const [name, viewport] of [['phone', { width: 390, height: 844 }], ['laptop', { width: 1280, height: 900 }]]) {
      await page.setViewportSize(viewport);
      assert.deepEqual(await lib.sideways(page), []);
      await lib.shot(page, `study-${name}`);
    }
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download it all' }).click()]);
    assert.match(download.suggestedFilename(), /^study-[0-9a-f]{12}\.zip$/);

    // Nobody else has the grades of a middle school: there is nobody to compare with.
    await page.goto(new URL('/admin/studies', server.url).href);
    await page.getByLabel('The question').fill('Does the middle school do better?');
    await page.getByLabel('The practice, in your words').fill('The middle school');
    await page.getByLabel('How it shows').selectOption('schools');
    await page.getByRole('checkbox').last().check();
    await page.getByRole('button', { name: 'Declare it' }).click();
    await page.getByText(/students with the practice have a comparison/).first().waitFor();
    await page.goto(new URL('/admin/studies', server.url).href);
    await lib.shot(page, 'studies-laptop');
    await context.close();
  });
});
