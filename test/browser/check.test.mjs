// The script that carries a check along asks what the server would ask, and a
// check goes on, is reloaded and ends without a connection.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import * as lib from './lib.mjs';
import { Taking, mark, normal } from '../../internal/web/assets/js/adapt.js';

test('the same answers lead to the same questions as on the server', async () => {
  const trails = JSON.parse(await readFile(new URL('../../internal/assess/testdata/trails.json', import.meta.url), 'utf8'));
  for (const [i, { form, answers, asked }] of trails.entries()) {
    const taking = new Taking(form);
    for (const [n, id] of asked.entries()) {
      assert.equal(taking.next(), id, `trail ${i}, question ${n + 1}`);
      taking.add(id, answers[n]);
    }
    assert.equal(taking.next(), undefined, `trail ${i} ends after ${asked.length}`);
  }
});

test('answers are compared as on the server', () => {
  for (const [a, b] of [[' 3 / 4', '3/4'], ['007.50', '7.5'], ['+5', '5'], ['-0.0', '0'], ['-.50', '-0.5'], ['−7', '-7'], ['12.', '12'], ['Paris', 'paris'], ['1,000', '1,000']]) {
    assert.equal(normal(a), normal(b));
  }
  assert.equal(mark('foobar'), 0xbf9cf968); // FNV-1a's published vector
});

describe('a check', { skip: process.env.WAYMARK_BIN ? false : 'WAYMARK_BIN names no binary' }, () => {
  const on = lib.stage({ before, after }, ['student', 'teacher'], { taught: true });
  const { open, states } = on;

  // give lets the teacher give a check to all their classes, and returns one of them.
  const give = async () => {
    let given;
    const { context, page } = await open('teacher', '/classes');
    const classes = await page.locator('main a[href^="/classes/"]:not([href*="observe"])').evaluateAll((as) => as.map((a) => a.getAttribute('href')));
    for (const c of classes) {
      await page.goto(new URL(`${c}/checks`, on.server.url).href);
      const boxes = page.locator('input[name=competency]');
      if (await boxes.count() === 0) continue;
      await boxes.first().check();
      await page.getByLabel('How long?').selectOption('6');
      await lib.shot(page, 'give-a-check', { fullPage: true });
      await page.getByRole('button', { name: 'Give it' }).click();
      await page.waitForURL(/done=given/);
      given = c;
    }
    await context.close();
    assert.ok(given, 'no class can be given a check');
    return given;
  };

  const answer = async (page) => {
    const radio = page.locator('[data-check] input[type=radio]');
    if (await radio.count() > 0) await radio.first().check({ force: true });
    else await page.locator('#f-answer').fill('7');
    await page.getByRole('button', { name: 'Answer' }).click();
  };

  test('is given, begun, goes on without a connection and a reload, and tells what it shows', async (t) => {
    await give();
    const { context, page } = await open('student', '/me', { viewport: { width: 390, height: 844 } });
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
    await lib.shot(page, 'home-with-check-390', { fullPage: true });
    await page.getByRole('button', { name: /Begin/ }).first().click();
    await page.waitForURL(/\/me\/checks\//);
    await page.waitForFunction(async () => (await caches.open('waymark-check').then((c) => c.keys())).length >= 2);
    await page.reload(); // under the service worker
    await lib.shot(page, 'check-390');
    const text = () => page.locator('[data-check-question]').innerText();
    const first = await text();
    await answer(page);
    await page.waitForFunction((was) => document.querySelector('[data-check-question]').innerText !== was, first);
    await context.setOffline(true);
    const second = await text();
    await answer(page);
    await page.waitForFunction((was) => document.querySelector('[data-check-question]').innerText !== was, second);
    assert.match(await page.locator('[data-check-number]').innerText(), /Question 3/);
    await page.getByText(/Safe on this device/).waitFor();
    const third = await text();
    await page.reload(); // a lid closed and opened where there is no connection
    await page.waitForFunction((was) => document.querySelector('[data-check-question]')?.innerText === was, third);
    for (let n = 0; n < 20 && await page.getByRole('button', { name: 'Answer' }).isVisible(); n++) {
      const was = await page.locator('[data-check-number]').innerText();
      await answer(page);
      await page.waitForFunction((x) => document.querySelector('[data-check-number]').innerText !== x, was);
    }
    await page.getByText(/go out when the connection is back/).first().waitFor();
    await lib.shot(page, 'check-offline-end-390');
    await context.setOffline(false);
    await page.getByRole('heading', { name: /what the check showed/ }).waitFor({ timeout: 30_000 });
    await lib.shot(page, 'checked-390', { fullPage: true });
    assert.deepEqual(await page.evaluate(() => caches.keys().then((k) => k.filter((n) => n === 'waymark-check'))), [], 'the check is kept after its end');
    const n = await page.locator('.ev li').count();
    assert.ok(n >= 5 && n <= 6, `${n} answers`);
    t.diagnostic(`${n} answers`);
    await context.close();
  });

  test('keeps to accessibility in every mode, with choices and with written answers', async () => {
    await give();
    const { context, page } = await open('student', '/me', { javaScriptEnabled: false });
    await page.getByRole('button', { name: /Begin/ }).first().click();
    const url = page.url();
    const seen = new Set();
    for (let n = 0; n < 6 && seen.size < 2; n++) {
      if (await page.locator('[data-check]').count() === 0) break;
      const kind = await page.locator('input[type=radio]').count() > 0 ? 'choices' : 'written';
      if (!seen.has(kind)) {
        seen.add(kind);
        assert.deepEqual(await lib.audit(on.browser, url, { state: states.get('student') }), [], kind);
      }
      await answer(page);
      await page.waitForLoadState();
    }
    for (let n = 0; n < 20 && await page.locator('[data-check]').count() > 0; n++) {
      await answer(page);
      await page.waitForLoadState();
    }
    assert.deepEqual(await lib.audit(on.browser, url, { modes: ['light', 'narrow'], state: states.get('student') }), [], 'at its end');
    await context.close();
  });

  test('pages of the teacher keep to accessibility', async () => {
    const c = await give();
    const { context, page } = await open('teacher', `${c}/checks`);
    for (const mode of ['light', 'narrow']) assert.deepEqual(await lib.accessible(page, mode), []);
    await page.locator('main a[href*="/checks/"]').last().click();
    await page.waitForLoadState();
    await lib.shot(page, 'given', { fullPage: true });
    for (const mode of ['light', 'narrow']) assert.deepEqual(await lib.accessible(page, mode), []);
    await context.close();
  });
});
