// An administrator asks whether talks helped, from the district's own facts, and takes the
// whole study away; a question with an answer that nobody can know says so.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as lib from './lib.mjs';

describe('studies', { skip: process.env.WAYMARK_BIN ? false : 'WAYMARK_BIN names no binary' }, () => {
  const on = lib.stage({ before, after }, ['administrator', 'leader', 'teacher']);
  const day = (back) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);

  test('from a question to its answer', async () => {
    const { context, page } = await on.open('administrator', '/admin/studies');
    await page.getByLabel('The question').fill('Do talks help in mathematics?');
    await page.getByLabel('The practice, in your words').fill('Talks about goals');
    await page.getByLabel('What may have changed').selectOption('work on Cedar Valley Mathematics K–12');
    await page.getByLabel('It counts from how many times, or minutes, on').fill('1');
    await page.getByRole('button', { name: 'Declare it' }).click();
    await page.waitForURL(/\/admin\/studies\/./);
    assert.equal(await page.locator('h1').innerText(), 'Do talks help in mathematics?');
    const verdict = await page.locator('#ans').innerText({ timeout: 5000 });
    assert.match(verdict, /helped|harmed|no meaningful difference|can't tell/i);
    assert.deepEqual(await lib.axe(page), []);
    for (const [name, viewport] of [['phone', { width: 390, height: 844 }], ['laptop', { width: 1280, height: 900 }]]) {
      await page.setViewportSize(viewport);
      assert.deepEqual(await lib.sideways(page), []);
      await lib.shot(page, `study-${name}`);
    }
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download it all' }).click()]);
    assert.match(download.suggestedFilename(), /^study-[0-9a-f]{12}\.zip$/);

    // Nobody else has the grades of a middle school: there is nobody to compare with.
    await page.goto(new URL('/admin/studies', on.server.url).href);
    await page.getByLabel('The question').fill('Does the middle school do better?');
    await page.getByLabel('The practice, in your words').fill('The middle school');
    await page.getByLabel('How it shows').selectOption('schools');
    await page.locator('[name="school"]').last().check();
    await page.getByRole('button', { name: 'Declare it' }).click();
    await page.getByText(/students with the practice have a comparison/).first().waitFor();
    await page.goto(new URL('/admin/studies', on.server.url).href);
    await lib.shot(page, 'studies-laptop');
    await context.close();
  });

  test('lots: what they could see, who begins when', async () => {
    const { context, page } = await on.open('administrator', '/admin/studies');
    await page.getByLabel('The question').fill('Do choices by lot help in reading?');
    await page.getByLabel('The practice, in your words').fill('A choice every week');
    await page.getByLabel('How it shows').selectOption('choices');
    await page.getByLabel('Draw who begins first').check();
    await page.getByLabel('Who draws').selectOption('class');
    await page.getByLabel('Which classes').selectOption('homerooms');
    for (const [field, ahead] of [['before-to', -1], ['during-from', 4], ['during-to', 90], ['after-from', 80], ['after-to', 90], ['later', 120]]) await page.locator(`[name="${field}"]`).fill(day(-ahead));
    await page.getByRole('button', { name: 'What could lots see?' }).click();
    assert.match(await page.locator('#power').innerText(), /\d+ classes with \d+ students draw\..*found four times of five/);
    await lib.shot(page, 'lots-power');
    await page.getByRole('button', { name: 'Declare it' }).click();
    await page.waitForURL(/\/admin\/studies\/./);
    assert.match(await page.locator('main').innerText(), /A lot gave the first place to \d+ classes/);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'The list, as a file' }).click()]);
    assert.equal(download.suggestedFilename(), 'lots.csv');
    for (const [name, viewport] of [['phone', { width: 390, height: 844 }], ['laptop', { width: 1280, height: 900 }]]) {
      await page.setViewportSize(viewport);
      assert.deepEqual(await lib.sideways(page), []);
      await lib.shot(page, `lots-${name}`);
    }
    await context.close();
  });

  test('practices: said by the district, seen by the school, acted on by the teacher', async () => {
    const admin = await on.open('administrator', '/admin/practices');
    await admin.page.getByLabel('The practice, in your words').fill('Two checks a month');
    await admin.page.getByLabel('How it shows').selectOption('checks');
    await admin.page.getByLabel('Recommended, at least').fill('2');
    await admin.page.getByLabel('In how many weeks').fill('4');
    await admin.page.getByLabel('Since').fill(day(70));
    await admin.page.getByRole('button', { name: 'Keep it' }).click();
    await admin.page.getByText('At least 2 times, every 4 weeks').waitFor();
    await lib.shot(admin.page, 'practices');
    await admin.page.setViewportSize({ width: 390, height: 844 });
    assert.deepEqual(await lib.sideways(admin.page), []);
    await lib.shot(admin.page, 'practices-phone');
    await admin.page.locator('.card', { hasText: 'Fraction Trails' }).getByRole('link', { name: 'Ask whether it helps' }).click();
    assert.equal(await admin.page.getByLabel('The practice, in your words').inputValue(), 'Fraction Trails');
    await admin.context.close();

    const leader = await on.open('leader', '/schools');
    await leader.page.locator('main a[href^="/schools/"]').first().click();
    await leader.page.getByRole('link', { name: 'What is done' }).click();
    await leader.page.getByRole('heading', { name: 'Two checks a month' }).waitFor();
    for (const [name, viewport] of [['laptop', { width: 1280, height: 900 }], ['phone', { width: 390, height: 844 }]]) {
      await leader.page.setViewportSize(viewport);
      assert.deepEqual(await lib.sideways(leader.page), []);
      await lib.shot(leader.page, `school-practices-${name}`);
    }
    await leader.context.close();

    const teacher = await on.open('teacher', '/classes');
    await teacher.page.locator('main a[href^="/classes/"]').first().click();
    await teacher.page.getByRole('link', { name: 'Practices' }).click();
    const row = teacher.page.locator('.row', { has: teacher.page.locator('details') }).first();
    await row.locator('summary').click();
    await row.getByLabel('What', { exact: true }).selectOption('device');
    await row.getByRole('button', { name: 'Keep it' }).click();
    await teacher.page.locator('.tag', { hasText: 'No device to work on' }).first().waitFor();
    await lib.shot(teacher.page, 'class-practices-laptop');
    await teacher.page.setViewportSize({ width: 390, height: 844 });
    assert.deepEqual(await lib.sideways(teacher.page), []);
    await lib.shot(teacher.page, 'class-practices-phone');
    await teacher.context.close();
  });
});
