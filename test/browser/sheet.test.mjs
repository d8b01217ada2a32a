// The component sheet and two sample pages, served with the product's policy:
// what is true of a component here is true of it on each page.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gridPage } from './fixtures.mjs';
import * as lib from './lib.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const read = (name) => readFile(path.join(here, name), 'utf8');
let browser;
let server;

before(async () => {
  const shell = await read('components.html');
  browser = await lib.launch();
  server = await lib.sheet({
    '/student': await read('sample-student.html'),
    '/teacher': await read('sample-teacher.html'),
    '/grid': gridPage(shell, 30, 40),
    '/grid-small': gridPage(shell, 10, 10),
    '/cards': shell.replace('<body>', '<body class="print-cards">').replace(/<main[^]*<ul class="scards">/, '<main><ul class="scards">').replace('</ul></section>\n\n</main>', '</ul>\n</main>'),
    '/print-grid': gridPage(shell, 30, 40).replace('<body>', '<body class="print-grid">'),
  });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function open(where, options = {}, html = {}) {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  await page.goto(server.url + where);
  await page.evaluate((attributes) => {
    for (const [k, v] of Object.entries(attributes)) document.documentElement.setAttribute(k, v);
  }, html);
  return { context, page };
}

describe('accessibility', () => {
  for (const where of ['/', '/student', '/teacher', '/grid-small']) {
    test(where, async () => assert.deepEqual(await lib.audit(browser, server.url + where), []));
  }
  for (const [theme, mode] of [['contrast', 'light'], ['dark', 'light'], ['light', 'dark']]) {
    test(`/ chosen ${theme} on a ${mode} system`, async () => {
      assert.deepEqual(await lib.audit(browser, `${server.url}/`, { modes: [mode], html: { 'data-theme': theme } }), []);
    });
  }
  test('the simple view', async () => {
    assert.deepEqual(await lib.audit(browser, `${server.url}/student`, { modes: ['light'], html: { 'data-view': 'simple' } }), []);
  });
});

describe('reading', () => {
  for (const where of ['/', '/student', '/teacher']) {
    test(`${where}: right to left needs no sideways scrolling`, async () => {
      for (const width of [1280, 390, 320]) {
        const { context, page } = await open(where, { viewport: { width, height: 800 } }, { dir: 'rtl', lang: 'ar' });
        assert.deepEqual(await lib.sideways(page), [], `${width} wide`);
        await context.close();
      }
    });
    for (const how of ['spacing', 'double']) {
      test(`${where}: ${how === 'spacing' ? 'text spacing' : '200 % text'} hides nothing`, async () => {
        const { context, page } = await open(where, { viewport: { width: 1280, height: 800 } });
        await lib.textStress(page, how);
        assert.deepEqual([...await lib.cutOff(page), ...await lib.sideways(page)], []);
        await context.close();
      });
    }
    test(`${where}: the largest own text and wide spacing fit a phone`, async () => {
      const { context, page } = await open(where, { viewport: { width: 390, height: 844 } }, { 'data-text': 'larger', 'data-spacing': 'wide' });
      assert.deepEqual([...await lib.cutOff(page), ...await lib.sideways(page)], []);
      await context.close();
    });
    test(`${where}: words 40 % longer fit a phone`, async () => {
      const { context, page } = await open(where, { viewport: { width: 320, height: 640 } });
      await page.evaluate(() => {
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) {
          const n = walk.currentNode;
          if (!n.parentElement.closest('td, th, code, option, svg')) n.data = n.data.replace(/\p{L}{3,}/gu, (w) => w + w.slice(0, Math.ceil(w.length * 0.4)));
        }
      });
      assert.deepEqual(await lib.sideways(page), []);
      await context.close();
    });
  }
  test('nothing moves for who asks for no motion', async () => {
    for (const [options, html] of [[{ reducedMotion: 'reduce' }, {}], [{ reducedMotion: 'no-preference' }, { 'data-motion': 'off' }]]) {
      const { context, page } = await open('/', options, html);
      const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((e) => {
        const s = getComputedStyle(e);
        return s.scrollBehavior === 'smooth' || s.animationName !== 'none' || parseFloat(s.transitionDuration) > 0;
      }).length);
      assert.equal(moving, 0);
      await context.close();
    }
  });
  test('targets are at least 24 px, buttons 44 px', async () => {
    const { context, page } = await open('/', { viewport: { width: 390, height: 844 } });
    const small = await page.evaluate(() => [...document.querySelectorAll('button, .btn, .nav a, .me a, .check, .rcard, .token, select, input[type=text], .row[href]')]
      .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 43.5).map((e) => `${e.className} ${e.textContent.trim().slice(0, 30)}`));
    assert.deepEqual(small, []);
    await context.close();
  });
  test('every icon that a page names is in its sprite', async () => {
    const have = new Set();
    for (const f of ['icons', 'tokens']) {
      const text = await readFile(path.join(lib.assets, `icons/${f}.svg`), 'utf8');
      for (const m of text.matchAll(/<symbol id="([^"]+)"/g)) have.add(`${f}.svg#${m[1]}`);
    }
    const used = new Set();
    for (const f of ['components.html', 'sample-student.html', 'sample-teacher.html']) {
      for (const m of (await read(f)).matchAll(/icons\/((?:icons|tokens)\.svg#[^"]+)"/g)) used.add(m[1]);
    }
    assert.deepEqual([...used].filter((u) => !have.has(u)), []);
  });
});

describe('keyboard', () => {
  test('the first stop is the skip link, and it leads to main', async () => {
    const { context, page } = await open('/teacher');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    await context.close();
  });
  const where = (page) => page.evaluate(() => {
    const c = document.activeElement.closest('td, th');
    return c && [c.parentElement.rowIndex, c.cellIndex];
  });
  test('the grid is one tab stop; arrows, Home, End and Page keys move in it', async () => {
    const { context, page } = await open('/grid', { viewport: { width: 1280, height: 800 } });
    await page.waitForSelector('[data-grid] a[tabindex="0"]');
    assert.equal(await page.locator('[data-grid] a[tabindex="0"]').count(), 1);
    await page.locator('[data-grid] td a').first().focus();
    const keys = [['ArrowRight', [1, 2]], ['ArrowDown', [2, 2]], ['End', [2, 40]], ['ArrowRight', [2, 40]], ['Home', [2, 0]], ['ArrowRight', [2, 1]],
      ['Control+End', [30, 40]], ['PageUp', [20, 40]], ['Control+Home', [1, 1]], ['ArrowUp', [0, 1]], ['ArrowDown', [1, 1]], ['PageDown', [11, 1]]];
    for (const [key, want] of keys) {
      await page.keyboard.press(key);
      assert.deepEqual(await where(page), want, key);
    }
    await page.keyboard.press('Control+End');
    const clear = await page.evaluate(() => {
      const r = document.activeElement.getBoundingClientRect();
      const hit = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
      return document.activeElement.contains(hit);
    });
    assert.ok(clear, 'no sticky header hides the focus');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    assert.ok(await page.evaluate(() => {
      const r = document.activeElement.getBoundingClientRect();
      return document.activeElement.contains(document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2));
    }), 'the sticky first column does not hide the focus');
    await page.keyboard.press('Tab');
    assert.equal(await where(page), null, 'one Tab leaves the grid');
    await context.close();
  });
  test('in a right-to-left page the left arrow goes forward', async () => {
    const { context, page } = await open('/grid-small', {}, { dir: 'rtl' });
    await page.waitForSelector('[data-grid] a[tabindex="0"]');
    await page.locator('[data-grid] td a').first().focus();
    await page.keyboard.press('ArrowLeft');
    assert.deepEqual(await where(page), [1, 2]);
    await context.close();
  });
  test('radio cards and picture tokens answer to the arrows and show where they are', async () => {
    const { context, page } = await open('/');
    const first = page.getByRole('radio', { name: 'Bird', exact: true });
    await first.focus();
    await page.keyboard.press('ArrowRight');
    assert.ok(await page.getByRole('radio', { name: 'Cat', exact: true }).isChecked());
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement.nextElementSibling).outlineStyle);
    assert.equal(ring, 'solid');
    await context.close();
  });
  test('a dialog opens, takes the focus and gives it back', async () => {
    const { context, page } = await open('/');
    const opener = page.getByRole('button', { name: 'Open a dialog' });
    await opener.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Equal fractions, Liam' }).waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Open a dialog');
    await context.close();
  });
  test('a simple page shows one card at a time', async () => {
    const { context, page } = await open('/student', { javaScriptEnabled: true });
    await context.route(`${server.url}/student`, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: (await answer.text()).replace('<html ', '<html data-view="simple" ') });
    });
    await page.reload();
    await page.getByRole('button', { name: 'Next' }).click();
    assert.equal(await page.locator('.choice:visible').count(), 1);
    assert.equal(await page.locator('.choice:visible h3').textContent(), 'Which pizza is bigger?');
    await context.close();
  });
});

describe('weight and policy', () => {
  const budget = { stylesheet: 12_288, script: 10_240, font: 36_864, image: 4_096 + 512 };
  const watched = async (where) => {
    const { context, seen, weight } = await lib.visit(browser, server.url + where);
    await context.close();
    assert.deepEqual(seen.filter((s) => !s.includes('404')), []);
    return weight;
  };
  for (const [where, total, nodes] of [['/student', 61_440, 800], ['/teacher', 61_440, 800], ['/grid', 76_800, 3_500]]) {
    test(where, async (t) => {
      const w = await watched(where);
      t.diagnostic(`${where} ${JSON.stringify(w)}`);
      for (const [kind, most] of Object.entries(budget)) assert.ok(w.bytes[kind] <= most, `${kind}: ${w.bytes[kind]} bytes, budget ${most}`);
      assert.ok(w.total <= total, `${w.total} bytes, budget ${total}`);
      assert.ok(w.nodes <= nodes, `${w.nodes} nodes, budget ${nodes}`);
      assert.ok(w.shift <= 0.01, `layout shift ${w.shift}`);
    });
  }
  test('the sheet keeps the policy', () => watched('/'));
  test('the sheet works without scripts', async () => {
    const { context, page } = await open('/', { javaScriptEnabled: false });
    await page.getByRole('link', { name: /^Met, / }).first().waitFor();
    assert.ok(await page.getByRole('button', { name: 'Show', exact: true }).isVisible());
    await page.getByText('What do these words mean?').click();
    assert.ok(await page.getByText('The work shows it, more than once').isVisible());
    await context.close();
  });
});

describe('print', () => {
  const pages = async (where) => {
    const { context, page } = await open(where);
    const pdf = (await page.pdf({ preferCSSPageSize: true, tagged: true })).toString('latin1');
    await context.close();
    return { count: (pdf.match(/\/Type\s*\/Page\b(?!s)/g) || []).length, boxes: [...pdf.matchAll(/\/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)/g)].map((m) => [Number(m[1]), Number(m[2])]) };
  };
  test('eight sign-in cards fill one sheet', async () => {
    const { count, boxes } = await pages('/cards');
    assert.equal(count, 1);
    assert.ok(boxes[0][0] < boxes[0][1], 'upright');
  });
  test('the grid prints across', async () => {
    const { count, boxes } = await pages('/print-grid');
    assert.ok(boxes.every(([w, h]) => w > h), JSON.stringify(boxes));
    assert.ok(count <= 2, `${count} sheets`);
  });
  test('a plan prints upright', async () => {
    const { boxes } = await pages('/student');
    assert.ok(boxes.every(([w, h]) => w < h));
  });
});

if (process.env.SHOTS) describe('pictures', () => {
  for (const theme of ['light', 'dark', 'contrast']) {
    for (const [name, viewport] of [['wide', { width: 1280, height: 800 }], ['phone', { width: 390, height: 844 }]]) {
      test(`${theme} ${name}`, async () => {
        for (const where of ['/', '/student', '/teacher']) {
          const { context, page } = await open(where, { viewport }, { 'data-theme': theme });
          await lib.shot(page, `sheet${where.replace('/', '-')}-${theme}-${name}`, { fullPage: where === '/' });
          await context.close();
        }
      });
    }
  }
});
