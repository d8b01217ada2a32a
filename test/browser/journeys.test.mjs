// What people do, from end to end, in the product itself.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as lib from './lib.mjs';

describe('journeys', { skip: process.env.WAYMARK_BIN ? false : 'WAYMARK_BIN names no binary' }, () => {
  const on = lib.stage({ before, after }, ['student', 'teacher', 'administrator']);
  const { open } = on;

  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? 'with script' : 'without script';
    test(`a student chooses, finishes, and sets a goal, ${how}`, async () => {
      const { context, page } = await open('student', '/me', { javaScriptEnabled });
      const choose = page.getByRole('button', { name: /Choose this/ });
      const n = await choose.count();
      assert.ok(n >= 2 && n <= 4, `${n} options`);
      await choose.first().click();
      await page.waitForURL(/done=chosen/);
      await page.getByRole('button', { name: /went well/ }).first().click();
      await page.waitForURL(/done=finished/);
      await page.goto(new URL('/me/goals', on.server.url).href);
      await page.getByRole('textbox', { name: /What/ }).first().fill('Read a whole book about whales');
      await page.getByRole('button', { name: /goal/i }).first().click();
      await page.waitForURL(/done=goal/);
      assert.ok(await page.getByText('Read a whole book about whales').count() > 0);
      await context.close();
    });

    test(`a student sees the way to a goal and wants a step first, ${how}`, async () => {
      const { context, page } = await open('student', '/me/path', { javaScriptEnabled });
      // The last competency of the path that nobody knows anything of has the longest way.
      await page.locator('main a[href*="/me/goals?competency="]').last().click();
      await page.getByRole('button', { name: /goal/i }).first().click();
      await page.waitForURL(/done=goal/);
      await page.getByRole('link', { name: 'Steps and the way there' }).first().click();
      const steps = page.locator('#legs').locator('xpath=../..').locator('ol > li');
      assert.ok(await steps.count() >= 1);
      await lib.shot(page, `road-${javaScriptEnabled}`);
      const want = page.getByRole('button', { name: /I want this first/ });
      if (await want.count()) {
        await want.last().click();
        await page.waitForURL(/done=moved/);
        await page.getByText('You wanted this first.').first().waitFor();
      }
      await context.close();
    });

    test(`a teacher writes an observation down, ${how}`, async () => {
      const { context, page } = await open('teacher', '/teach', { javaScriptEnabled });
      await page.locator('main a[href*="/observe"]').first().click();
      await page.getByRole('radio', { name: /3/ }).first().check({ force: true });
      await page.getByRole('button', { name: /Save/ }).first().click();
      if (javaScriptEnabled) await page.getByText(/Saved/).first().waitFor({ timeout: 5_000 });
      else await page.waitForURL(/done=observed/);
      // A mistake is corrected, not written twice.
      await page.getByRole('link', { name: /mistake/ }).first().click();
      await page.getByRole('radio', { name: /2/ }).first().check({ force: true });
      await page.getByRole('button', { name: /Save/ }).first().click();
      await page.waitForURL(/done=observed/);
      await context.close();
    });
  }

  test('an observation shows on another open page within a second', async (t) => {
    const watch = await open('teacher', '/classes');
    await watch.page.locator('main a[href^="/classes/"]').first().click();
    await watch.page.waitForLoadState();
    const url = new URL(watch.page.url());
    const write = await open('teacher', `${url.pathname}/observe`);
    await watch.page.waitForTimeout(1_500); // the stream is open
    const before = await watch.page.locator('[data-grid], table.grid').first().innerHTML();
    await write.page.getByRole('radio', { name: /4/ }).first().check({ force: true });
    const began = Date.now();
    await write.page.getByRole('button', { name: /Save/ }).first().click();
    await watch.page.waitForFunction((was) => document.querySelector('[data-grid], table.grid')?.innerHTML !== was, before, { timeout: 10_000, polling: 50 });
    const took = Date.now() - began;
    t.diagnostic(`shown after ${took} ms`);
    assert.ok(took < 4_000, `shown after ${took} ms; the aim is 1 s, the cap allows for a busy machine`);
    await watch.context.close();
    await write.context.close();
  });

  test('the grid is walked with the arrow keys', async () => {
    const { context, page } = await open('teacher', '/classes');
    await page.locator('main a[href^="/classes/"]').first().click();
    await page.waitForLoadState();
    await page.locator('table.grid tbody a.c').first().focus();
    const first = await page.evaluate(() => document.activeElement.getAttribute('href'));
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    const then = await page.evaluate(() => document.activeElement.getAttribute('href'));
    assert.notEqual(then, first);
    assert.match(then, /\/competencies\//);
    const spilled = await page.$$eval('table.grid tbody a.c', (cells) => cells.filter((c) => c.scrollHeight > c.clientHeight || c.scrollWidth > c.clientWidth).map((c) => c.textContent));
    assert.deepEqual(spilled, [], 'cells whose numbers do not fit');
    await context.close();
  });

  test('an administrator loads a file, sees what it would do, applies and undoes it', async () => {
    const { context, page } = await open('administrator', '/admin/imports');
    await page.getByLabel(/kind|What/i).first().selectOption('materials');
    await page.setInputFiles('input[name=file]', { name: 'more.csv', mimeType: 'text/csv',
      buffer: Buffer.from('title,location,kind,minutes\nA walk to the pond,"The pond, by the gate",place,30\nNowhere,,video,5\n') });
    await page.getByRole('button', { name: /Check/ }).click();
    await page.waitForURL(/admin\/imports\/./);
    assert.match(await page.locator('main').innerText(), /more\.csv/);
    assert.match(await page.locator('main').innerText(), /Nowhere|line 3|:3/);
    await page.getByRole('button', { name: /Apply/ }).click();
    await page.waitForURL(/done=applied/);
    await page.locator('summary', { hasText: 'Undo' }).click();
    await page.getByRole('checkbox', { name: /undo/i }).check({ force: true });
    await page.getByRole('button', { name: /Undo/ }).click();
    await page.waitForURL(/done=undone/);
    await context.close();
  });

  test('signing out closes the session', async () => {
    const { context, page } = await open('administrator', '/admin/people');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(/sign-in/);
    const answer = await page.goto(new URL('/admin/people', on.server.url).href);
    assert.match(page.url(), /sign-in/);
    assert.equal(answer.status(), 200);
    await context.close();
  });
});
