// Conferring as it is done: queue, brief, talk, what was agreed, and what becomes of it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as lib from './lib.mjs';

describe('conferring', { skip: process.env.WAYMARK_BIN ? false : 'WAYMARK_BIN names no binary' }, () => {
  const on = lib.stage({ before, after }, ['student', 'teacher'], { taught: true });
  const { open } = on;
  const names = (page) => page.locator('ol.steps-list h2 a').allTextContents();

  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? 'with script' : 'without script';
    test(`five talks in a row, ${how}`, async (t) => {
      const { context, page } = await open('teacher', '/teach', { javaScriptEnabled });
      await page.getByRole('link', { name: /^Talks of/ }).first().click();
      const before = await names(page);
      assert.ok(before.length >= 5, `${before.length} students wait`);
      let clicks = 0;
      const began = Date.now();
      for (let i = 0; i < 5; i++) {
        const [name] = await names(page);
        await page.getByRole('link', { name: `Open the brief of ${name}` }).click();
        clicks++;
        assert.match(await page.locator('h1').innerText(), new RegExp(name));
        await page.getByLabel('What came of it').fill('We looked at the last tries together.');
        // A commitment: one text and the button that saves the talk.
        await page.getByLabel('does what').first().fill('Try the next one with a partner');
        await page.getByLabel('Minutes').fill('8');
        await page.getByRole('button', { name: 'Save the talk' }).click();
        clicks++;
        await page.waitForURL(/done=talk/);
        assert.notEqual((await names(page))[0], name, 'who was just talked with waits no longer');
      }
      t.diagnostic(`5 talks: ${clicks} clicks and 15 fields, ${((Date.now() - began) / 1000).toFixed(1)} s of waiting for pages`);
      assert.equal(clicks, 10);
      const after = await names(page);
      assert.deepEqual(after.slice(0, 5).filter((n) => before.slice(0, 5).includes(n)), [], 'none of these five comes first again');
      await lib.shot(page, `conference-queue-${javaScriptEnabled}`);
      // A word in passing is one press.
      await page.getByRole('button', { name: `Checked in, 2 min with ${after[0]}` }).click();
      await page.waitForURL(/done=checkin/);
      await context.close();
    });
  }

  test('a student asks, the timer counts, and what was agreed is on their page', async () => {
    const asks = await open('student', '/me', { viewport: { width: 390, height: 844 } });
    await asks.page.getByRole('link', { name: 'My talks' }).click();
    await asks.page.getByLabel('What do you want to talk about?').fill('My whale book');
    await asks.page.getByRole('button', { name: 'Ask', exact: true }).click();
    await asks.page.waitForURL(/done=asked/);
    await lib.shot(asks.page, 'conference-asked-phone');

    const { context, page } = await open('teacher', '/teach');
    await page.getByRole('listitem').filter({ hasText: 'My whale book' }).getByRole('link', { name: /Open the brief for what/ }).click();
    await page.getByText('My whale book').first().waitFor();
    await page.getByRole('button', { name: 'Start the timer' }).click();
    await page.waitForTimeout(1_200);
    assert.match(await page.locator('output').innerText(), /^0:0[1-9]$/);
    await lib.shot(page, 'conference-brief');
    await page.getByLabel('does what').first().fill('Read the first chapter');
    await page.getByRole('button', { name: 'Save the talk' }).click();
    await page.waitForURL(/done=talk/);
    await page.getByText('1 minute', { exact: false }).first().waitFor();
    await context.close();

    await asks.page.goto(new URL('/me', on.server.url).href);
    await asks.page.getByRole('button', { name: /^Done.*Read the first chapter/ }).click();
    await asks.page.waitForURL(/done=kept/);
    assert.equal(await asks.page.getByText('Read the first chapter').count(), 0);
    await asks.context.close();
  });
});
