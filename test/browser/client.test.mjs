// What the scripts promise: live pages that disturb nobody, one connection for
// all tabs, and work that is never lost and never sent twice.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as lib from './lib.mjs';

let browser;
let server;
let list = ['one', 'two'];
let people = { '/observe': 'u1', '/observe-other': 'u2' };
const saved = new Map(); // key -> how often it arrived
let answer = 'save';

const html = (user, main) => `<!doctype html><html lang="en" data-user="${user}"><head><meta charset="utf-8"><title>T</title>
<link rel="stylesheet" href="/assets/css/app.css"><script type="module" src="/assets/js/app.js"></script></head><body>${main}
<p class="live-note" data-live-note role="status"></p></body></html>`;

const live = () => html('u1', `<main id="main" data-live="class:1"><h1>Today</h1>
<ul>${list.map((t) => `<li data-key="${t}"><a href="#${t}">${t}</a></li>`).join('')}</ul>
<details><summary>More</summary><p>Text</p></details>
<p id="count">${list.length}</p>
<form method="post" action="/x"><label>Note <input name="note" value=""></label><button>Save</button></form></main>`);

const observe = (user) => html(user, `<main><h1>Observe</h1><div data-outbox data-keep role="status"></div>
<form method="post" action="/save" data-observe><input type="hidden" name="key" value="">
<label>Competency <select name="competency" data-stay><option>A</option><option>B</option></select></label>
<label><input type="checkbox" name="student" value="s1">Maya</label>
<label><input type="radio" name="level" value="3">Mostly</label>
<button>Save</button><p data-saved role="status"></p></form></main>`);

before(async () => {
  browser = await lib.launch();
  const pages = {
    '/live': (_, __, send) => send(live(), 'text/html'),
    '/live-other': (_, __, send) => send(live().replace('class:1', 'class:9'), 'text/html'),
    '/offline': (_, __, send) => send(html('', '<main><h1>You are offline</h1></main>').replace(' data-user=""', ''), 'text/html'),
    '/save': async (req, res) => {
      let body = '';
      for await (const b of req) body += b;
      const key = new URLSearchParams(body).get('key');
      if (answer === 'portal') return void res.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>Welcome to the Wi-Fi</h1>');
      if (answer === 'broken') return void res.writeHead(503).end();
      if (answer === 'refuse') return void res.writeHead(422, { 'Content-Type': 'application/json' }).end('{"message":"Choose a level."}');
      saved.set(key, { times: (saved.get(key)?.times ?? 0) + 1, user: req.headers['x-user'], header: req.headers['idempotency-key'], body });
      res.writeHead(200, { 'Content-Type': 'application/json', 'X-Saved': key }).end('{}');
    },
  };
  for (const [where, user] of Object.entries(people)) pages[where] = (_, __, send) => send(observe(user), 'text/html');
  server = await lib.sheet(pages);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const until = async (what, message, ms = 5000) => {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    if (await what()) return;
    await new Promise((r) => setTimeout(r, 25));
  }
  assert.fail(message);
};

describe('live pages', () => {
  const listening = async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${server.url}/live`);
    await until(() => server.streams.size === 1, 'the page listens');
    return { context, page };
  };

  test('a change shows within a second; focus, words and open parts stay', async (t) => {
    list = ['one', 'two'];
    const { context, page } = await listening();
    await page.getByText('More').click();
    await page.getByLabel('Note').fill('half a sen');
    await page.evaluate(() => { window.field = document.querySelector('[name=note]'); window.field.setSelectionRange(4, 6); });
    list = ['zero', 'one', 'two', 'three'];
    const began = Date.now();
    server.push(['class:1']);
    await page.locator('#count', { hasText: '4' }).waitFor();
    const took = Date.now() - began;
    t.diagnostic(`visible after ${took} ms`);
    assert.ok(took < 1000, `${took} ms`);
    assert.deepEqual(await page.locator('li').allTextContents(), list);
    assert.deepEqual(await page.evaluate(() => [document.activeElement === window.field, window.field.value, window.field.selectionStart, document.querySelector('details').open]),
      [true, 'half a sen', 4, true]);
    assert.match(await page.locator('[data-live-note]').textContent(), /Something new/);
    await context.close();
  });
  test('the focus follows a link that moves, and goes to the region when its link ends', async () => {
    list = ['one', 'two'];
    const { context, page } = await listening();
    await page.getByRole('link', { name: 'two' }).focus();
    list = ['two', 'one', 'three'];
    server.push(['class:1']);
    await page.locator('#count', { hasText: '3' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'two');
    list = ['one'];
    server.push(['class:1']);
    await page.locator('#count', { hasText: '1' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    await context.close();
  });
  test('a change elsewhere leaves the page alone; many changes are told at most every two seconds', async () => {
    list = ['one'];
    const context = await browser.newContext();
    const page = await context.newPage();
    let loads = 0;
    page.on('request', (r) => { if (r.url().endsWith('/live') && r.resourceType() === 'fetch') loads++; });
    await page.goto(`${server.url}/live`);
    await until(() => server.streams.size === 1, 'the page listens');
    server.push(['class:2']);
    await page.waitForTimeout(400);
    assert.equal(loads, 0);
    await page.evaluate(() => {
      window.said = [];
      new MutationObserver(() => { const t = document.querySelector('[data-live-note]').textContent; if (t) window.said.push([t, performance.now()]); })
        .observe(document.querySelector('[data-live-note]'), { childList: true, characterData: true, subtree: true });
    });
    for (let k = 0; k < 30; k++) {
      server.push(['class:1']);
      await page.waitForTimeout(100);
    }
    await page.waitForTimeout(2500);
    const said = await page.evaluate(() => window.said);
    assert.ok(loads <= 6, `${loads} loads`);
    assert.ok(said.length >= 1 && said.length <= 3, JSON.stringify(said));
    for (let k = 1; k < said.length; k++) assert.ok(said[k][1] - said[k - 1][1] >= 1900, JSON.stringify(said));
    await context.close();
  });
  test('eight tabs share one connection, and another takes over', async () => {
    list = ['one'];
    const context = await browser.newContext();
    const tabs = [];
    for (let k = 0; k < 8; k++) {
      const page = await context.newPage();
      await page.goto(`${server.url}/live`);
      tabs.push(page);
    }
    await until(() => server.streams.size === 1, `one connection, not ${server.streams.size}`);
    await new Promise((r) => setTimeout(r, 300));
    assert.equal(server.streams.size, 1);
    await tabs[0].close();
    await until(() => server.streams.size === 1, 'another tab listens');
    list = ['one', 'two', 'three'];
    const last = tabs.at(-1);
    await last.bringToFront();
    server.push(['class:1']);
    await last.locator('#count', { hasText: '3' }).waitFor();
    await context.close();
  });
  test('what changes while one tab takes over from another is seen', async () => {
    list = ['one'];
    const { context, page: first } = await listening();
    const second = await context.newPage();
    await second.goto(`${server.url}/live`);
    await second.waitForTimeout(500);
    list = ['one', 'two', 'three'];
    await first.close(); // and nothing is told
    await second.locator('#count', { hasText: '3' }).waitFor({ timeout: 10000 });
    await context.close();
  });
  test('one tab alone does not look again, however slow its browser is', async () => {
    list = ['one'];
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.addInitScript(() => {
      const ask = navigator.locks.request.bind(navigator.locks);
      navigator.locks.request = async (...args) => { await new Promise((r) => setTimeout(r, 600)); return ask(...args); };
    });
    let asked = 0;
    page.on('request', (r) => { if (r.url() === `${server.url}/live`) asked++; });
    await page.goto(`${server.url}/live`);
    await until(() => server.streams.size === 1, 'the page listens');
    await page.waitForTimeout(1500);
    assert.equal(asked, 1);
    await context.close();
  });
  test('the shared connection also carries what only another tab shows', async () => {
    list = ['one'];
    const { context, page: first } = await listening();
    const second = await context.newPage();
    await second.goto(`${server.url}/live-other`);
    await until(() => [...server.streams].some((s) => s.topics.includes('class:1') && s.topics.includes('class:9')), 'both are asked for');
    list = ['one', 'two'];
    server.push(['class:9']);
    await second.locator('#count', { hasText: '2' }).waitFor();
    assert.equal(server.streams.size, 1);
    await context.close();
  });
  test('after a lost connection the page looks again', async () => {
    list = ['one'];
    const { context, page } = await listening();
    list = ['one', 'two', 'three', 'four', 'five'];
    for (const s of server.streams) s.destroy();
    await page.locator('#count', { hasText: '5' }).waitFor({ timeout: 15000 });
    await context.close();
  });
});

describe('observations', () => {
  const fill = async (page) => {
    await page.getByLabel('Competency').selectOption('B');
    await page.getByLabel('Maya').check();
    await page.getByLabel('Mostly').check();
    await page.getByRole('button', { name: 'Save' }).click();
  };
  const waiting = (page) => page.evaluate(() => new Promise((done) => {
    const r = indexedDB.open('waymark', 1);
    r.onupgradeneeded = () => r.result.createObjectStore('outbox', { keyPath: 'key' });
    r.onsuccess = () => { const q = r.result.transaction('outbox').objectStore('outbox').getAll(); q.onsuccess = () => { r.result.close(); done(q.result); }; };
  }));
  const open = async (context, where = '/observe') => {
    const page = await context.newPage();
    await page.goto(server.url + where);
    await page.waitForFunction(() => document.documentElement.classList.contains('js'));
    await page.waitForLoadState('networkidle').catch(() => {});
    return page;
  };

  test('saved, told, and the form is ready for the next', async () => {
    answer = 'save';
    saved.clear();
    const context = await browser.newContext();
    const page = await open(context);
    await fill(page);
    await page.getByText('Saved', { exact: true }).waitFor();
    const [[key, got]] = [...saved];
    assert.deepEqual([got.times, got.user, got.header], [1, 'u1', key]);
    assert.match(got.body, /competency=B&student=s1&level=3/);
    assert.deepEqual(await page.evaluate(() => [document.querySelector('select').value, document.querySelectorAll(':checked:not(option)').length]), ['B', 0]);
    assert.equal((await waiting(page)).length, 0);
    await context.close();
  });
  test('offline: safe on this device, sent once when the page opens again', async () => {
    answer = 'save';
    saved.clear();
    const context = await browser.newContext();
    const page = await open(context);
    await context.setOffline(true);
    await fill(page);
    await page.getByText('Safe on this device', { exact: true }).waitFor();
    await page.getByText('One entry is safe on this device.').waitFor();
    assert.equal(saved.size, 0);
    await page.close();
    await context.setOffline(false);
    const again = await open(context);
    await until(() => saved.size === 1, 'it arrives');
    await until(async () => (await waiting(again)).length === 0, 'it is deleted here');
    assert.equal([...saved.values()][0].times, 1);
    await context.close();
  });
  for (const how of ['portal', 'broken']) {
    test(`a ${how === 'portal' ? 'captive portal that answers 200' : 'broken server'} is no receipt`, async () => {
      answer = how;
      saved.clear();
      const context = await browser.newContext();
      const page = await open(context);
      await fill(page);
      await page.getByText('Safe on this device', { exact: true }).waitFor();
      assert.equal((await waiting(page)).length, 1);
      answer = 'save';
      await page.evaluate(() => window.dispatchEvent(new Event('online')));
      await until(() => saved.size === 1, 'it arrives');
      await until(async () => (await waiting(page)).length === 0, 'it is deleted here');
      await context.close();
    });
  }
  test('a refusal says why and keeps nothing', async () => {
    answer = 'refuse';
    const context = await browser.newContext();
    const page = await open(context);
    await fill(page);
    await page.getByText('Choose a level.').waitFor();
    assert.equal((await waiting(page)).length, 0);
    assert.ok(await page.getByLabel('Maya').isChecked(), 'the form keeps what was written');
    await context.close();
  });
  test('one person’s entries are not sent in another’s session', async () => {
    answer = 'portal';
    saved.clear();
    const context = await browser.newContext();
    const page = await open(context);
    await fill(page);
    await page.getByText('Safe on this device', { exact: true }).waitFor();
    await page.close();
    answer = 'save';
    const other = await open(context, '/observe-other');
    await other.waitForTimeout(600);
    assert.equal(saved.size, 0);
    assert.equal((await waiting(other)).length, 1);
    await context.close();
  });
});

describe('service worker', () => {
  test('keeps style and scripts, shows the offline page, and no page with data', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${server.url}/live`);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.reload();
    await page.waitForFunction(() => navigator.serviceWorker.controller);
    const kept = await page.evaluate(async () => {
      const names = [];
      for (const c of await caches.keys()) for (const r of await (await caches.open(c)).keys()) names.push(new URL(r.url).pathname);
      return names;
    });
    assert.ok(kept.includes('/assets/css/app.css') && kept.includes('/offline'));
    assert.deepEqual(kept.filter((n) => !n.startsWith('/assets/') && n !== '/offline'), []);
    await context.setOffline(true);
    await page.goto(`${server.url}/live`).catch(() => {});
    assert.equal(await page.locator('h1').textContent(), 'You are offline');
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).fontFamily.includes('Atkinson')), true);
    await context.close();
  });
});

describe('small comforts', () => {
  test('a danger button asks first', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(server.url);
    await page.waitForFunction(() => document.documentElement.classList.contains('js'));
    const asked = [];
    page.on('dialog', (d) => { asked.push(d.message()); d.dismiss(); });
    await page.getByRole('button', { name: 'End this class' }).click();
    assert.deepEqual(asked, ['End this class for 28 students? Their history stays.']);
    assert.equal(page.url(), `${server.url}/`);
    await context.close();
  });
});
