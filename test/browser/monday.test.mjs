// Three stories of planning: a teacher plans Monday from the day list, whoever runs flex time
// publishes a week, a teacher calls in sick before school; and groups arranged by keys and by
// hand. They count what it takes.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as lib from './lib.mjs';

const phone = { width: 390, height: 844 };
const laptop = { width: 1280, height: 800 };

describe('planning', { skip: process.env.WAYMARK_BIN ? false : 'WAYMARK_BIN names no binary' }, () => {
  const on = lib.stage({ before, after }, ['teacher', 'leader'], { taught: true });

  test('a teacher plans Monday in five minutes from the day list', async (t) => {
    const { context, page } = await on.open('teacher', '/teach', { viewport: laptop });
    let presses = 0;
    const press = async (locator) => { presses++; await locator.click(); };
    await page.getByLabel('How many minutes do you have?').selectOption('45');
    presses++;
    await press(page.getByRole('button', { name: 'Fit the list' }));
    await page.waitForURL(/minutes=45/);
    const steps = await page.locator('.step').count();
    assert.ok(steps >= 3, `${steps} steps fit into 45 minutes`);
    await lib.shot(page, 'monday-list');

    // The first is done otherwise, the second declined with a reason, the third asked again later.
    const second = await page.locator('.step h3').nth(1).innerText();
    await press(page.locator('.step').nth(0).locator('summary', { hasText: 'Did something else' }));
    await page.locator('.step').nth(0).getByLabel('What did you do instead?').fill('Two stations, one with me.');
    presses++;
    await press(page.locator('.step').nth(0).getByRole('button', { name: 'Done that way' }));
    await page.waitForURL(/done=decided/);
    assert.match(page.url(), /minutes=45/, 'the list stays fitted');
    assert.equal(await page.locator('.step h3').first().innerText(), second);
    await press(page.locator('.step').nth(0).locator('summary', { hasText: 'Not useful' }));
    await press(page.locator('.step').nth(0).getByRole('button', { name: 'Take it away' }));
    await page.waitForLoadState('networkidle');
    await press(page.locator('.step').nth(0).getByRole('button', { name: 'Later' }));
    await page.waitForLoadState('networkidle');

    // Every step opens to why it is there.
    await press(page.locator('.step').nth(0).getByRole('link', { name: 'Why this?' }));
    await page.getByRole('heading', { name: 'What the rule saw' }).waitFor();
    await lib.shot(page, 'monday-why');
    t.diagnostic(`${presses} presses and fields`);
    assert.ok(presses <= 12, `${presses} presses`);
    await context.close();
  });

  test('groups are arranged by keys and by hand, and scored at once', async () => {
    const { context, page } = await on.open('teacher', '/classes', { viewport: laptop });
    const home = await page.locator('main a[href^="/classes/"]').first().getAttribute('href');
    await page.goto(new URL(`${home}/groups`, on.server.url).href);
    await page.getByLabel('What for').selectOption('mixed-strengths');
    await page.locator('summary', { hasText: 'Roles' }).click();
    await page.getByLabel('Roles in every group').fill('speaker, writer');
    await page.getByRole('button', { name: 'Propose', exact: true }).click();
    await page.locator('[data-score]').waitFor();
    const score = () => page.locator('[data-score]').innerText();
    const first = await score();
    await lib.shot(page, 'groups-proposed');
    assert.deepEqual(await lib.sideways(page), []);

    // By keys alone: the first student of the first group goes elsewhere, without a new page.
    await page.evaluate(() => { window.same = true; });
    const who = await page.locator('[data-group] [data-student]').first().getAttribute('data-student');
    await page.locator(`#mv-${who}`).focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction((was) => document.querySelector('[data-score]').textContent !== was, first);
    assert.equal(await page.evaluate(() => window.same), true, 'the page stayed');
    assert.equal(await page.evaluate(() => document.activeElement.id), `mv-${who}`, 'the focus stayed');
    const at = await page.locator(`[data-group]:has([data-student="${who}"])`).getAttribute('data-group');
    assert.notEqual(at, await page.locator('[data-group]').first().getAttribute('data-group'));

    // By hand: back again, on a screen that holds both groups.
    await page.setViewportSize({ width: 1280, height: 5000 });
    const goal = page.locator('[data-group]').first().locator('h3');
    await page.locator(`[data-student="${who}"] .note`).first().hover();
    await page.mouse.down();
    await goal.hover();
    await goal.hover(); // a browser tells of a drag over something on the second move
    await page.mouse.up();
    await page.waitForFunction((p) => document.querySelector('[data-group]').querySelector(`[data-student="${p}"]`), who);
    assert.equal(await score(), first);

    await page.locator(`#lk-${who}`).click();
    await page.waitForFunction((p) => document.getElementById(`lk-${p}`).getAttribute('aria-pressed') === 'true', who);
    await page.getByRole('button', { name: 'Propose the rest anew' }).click();
    await page.waitForLoadState('networkidle');
    assert.ok(await page.locator('[data-group]').first().locator(`[data-student="${who}"]`).count(), 'who is kept stays');
    await page.getByRole('button', { name: 'Use these groups' }).click();
    await page.waitForURL(/done=said/);
    await page.setViewportSize(phone);
    await lib.shot(page, 'groups-phone');
    assert.deepEqual(await lib.sideways(page), []);
    await context.close();
  });

  test('a week of flex time is planned, looked at and published; then a teacher is sick', async (t) => {
    const { context, page } = await on.open('leader', '/schools', { viewport: laptop });
    let school;
    for (const a of await page.locator('main a[href^="/schools/"]').all()) school ??= await a.getAttribute('href');
    let presses = 0;
    await page.goto(new URL(`${school}/flex`, on.server.url).href);
    if (!await page.locator('text=Published').count()) return void t.skip('this leader has no school with flex time');
    presses++;
    await page.getByRole('link', { name: 'The next week' }).click();
    presses++;
    await page.getByRole('button', { name: 'Plan the week' }).click();
    await page.getByRole('heading', { name: 'A plan that is not published' }).waitFor({ timeout: 30_000 });
    await lib.shot(page, 'flex-draft');
    presses++;
    await page.getByRole('button', { name: 'Publish it' }).click();
    await page.waitForURL(/done=said/);
    assert.match(await page.locator('main').innerText(), /Published today/);
    t.diagnostic(`${presses} presses to publish a week`);

    // 7:40: away on the first day of that week.
    const away = page.locator('form[action$="/away"]').first();
    const led = page.locator('#f-session option').first();
    const name = (await led.textContent()).match(/\((.*)\)$/)[1];
    await away.getByLabel('Who').selectOption({ label: name });
    await away.getByRole('button', { name: /Away/ }).click();
    await page.getByRole('heading', { name: 'A plan that is not published' }).waitFor({ timeout: 30_000 });
    const text = await page.locator('#draft').innerText();
    const [, moved, all] = text.match(/(\d+) of (\d+)/);
    assert.ok(Number(moved) <= Number(all) * 0.25, `${moved} of ${all} move`);
    t.diagnostic(`${moved} of ${all} students move when ${name} is away`);
    await page.getByRole('button', { name: 'Publish it' }).click();
    await page.waitForURL(/done=said/);
    assert.match(await page.locator('main').innerText(), new RegExp(`${name} is away`));
    await page.setViewportSize(phone);
    await lib.shot(page, 'flex-board-phone');
    assert.deepEqual(await lib.sideways(page), []);
    await context.close();
  });
});
