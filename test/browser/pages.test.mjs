// Walks the product's own pages, in a demo district that the binary named by
// WAYMARK_BIN makes and serves. Add a page to the list below; a route with an
// id in it is found by following the link that `from` and `link` name, and `then`.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as lib from './lib.mjs';

// role: whose sign-in link; budget: bytes of a first visit; nodes: elements; modes: of
// the accessibility check, all if not said; font: bytes of fonts, where names of people may
// need the second file.
const light = ['light'];
const pages = [
  { path: '/sign-in', budget: 61_440, nodes: 800 },
  { path: '/help', budget: 61_440, nodes: 800, modes: light },
  { path: '/accessibility', budget: 61_440, nodes: 800, modes: light },
  { path: '/privacy', budget: 61_440, nodes: 800, modes: light },
  { path: '/offline', budget: 61_440, nodes: 800, modes: light },
  { role: 'student', path: '/me', budget: 61_440, nodes: 800 },
  { role: 'student', path: '/me/path', budget: 65_536, nodes: 1_600, modes: light },
  { role: 'student', path: '/me/goals', budget: 61_440, nodes: 800 },
  { role: 'student', from: '/me', link: 'main a[href*="/competencies/"]', budget: 65_536, nodes: 800 },
  { role: 'student', from: '/me', link: 'nav a[href$="/profile"]', budget: 61_440, nodes: 800 },
  { role: 'teacher', from: '/classes', link: 'main a[href^="/classes/"]', then: '/profiles', budget: 61_440, nodes: 1_200, modes: light },
  { role: 'teacher', from: '/classes', link: 'main a[href^="/classes/"]', then: '/plans', budget: 61_440, nodes: 1_200, modes: light },
  { role: 'teacher', from: '/classes', link: 'main a[href^="/classes/"]', then: '/choices', budget: 61_440, nodes: 1_500, modes: light },
  { role: 'teacher', from: '/classes', link: 'main a[href^="/classes/"]', then: '/talks', budget: 66_560, nodes: 1_800 },
  { role: 'teacher', from: '/teach', link: 'main a[href^="/students/"]', then: '/brief', budget: 66_560, nodes: 800 },
  { role: 'teacher', from: '/teach', link: 'main a[href^="/students/"]', then: '/talks', budget: 61_440, nodes: 800, modes: light },
  { role: 'student', from: '/me', link: 'main a[href$="/talks"]', budget: 61_440, nodes: 800, modes: light },
  { role: 'family', path: '/family', budget: 61_440, nodes: 1_200 },
  { role: 'family', from: '/family', link: 'main a[href$="/plan"]', budget: 61_440, nodes: 1_000 },
  { role: 'family', from: '/family', link: 'main a[href*="/work?competency="]', budget: 61_440, nodes: 1_000, modes: light },
  { role: 'student', path: '/me/options', budget: 61_440, nodes: 800, modes: light },
  { role: 'student', from: '/me', link: 'main a[href$="/plan"]', budget: 61_440, nodes: 1_000, modes: light },
  { role: 'student', from: '/me', link: 'main a[href$="/plan"]', then: '/present', budget: 61_440, nodes: 1_000, modes: light },
  { role: 'student', from: '/me/goals', link: 'main a[href*="/goals/"]', budget: 61_440, nodes: 1_000, modes: light },
  { role: 'student', from: '/me/goals', link: 'main a[href$="/plan"]', then: '/../outside', budget: 61_440, nodes: 800, modes: light },
  { role: 'family', from: '/family', link: 'main a[href^="/students/"]', budget: 61_440, nodes: 1_000, modes: light },
  { role: 'teacher', path: '/teach', budget: 66_560, nodes: 1_200 },
  { role: 'teacher', path: '/teach/calendar', budget: 61_440, nodes: 800, modes: light },
  { role: 'teacher', path: '/classes', budget: 61_440, nodes: 1_200, modes: light },
  { role: 'teacher', from: '/classes', link: 'main a[href^="/classes/"]', budget: 87_040, nodes: 4_500, modes: light },
  { role: 'teacher', from: '/teach', link: 'main a[href*="/observe"]', budget: 71_680, nodes: 1_500 },
  { role: 'teacher', from: '/teach', link: 'main a[href^="/students/"]', budget: 61_440, nodes: 1_200 },
  { role: 'leader', path: '/schools', budget: 61_440, nodes: 1_200, modes: light },
  { role: 'leader', from: '/schools', link: 'main a[href^="/schools/"]', budget: 66_560, nodes: 1_800 },
  { role: 'leader', from: '/schools', link: 'main a[href^="/schools/"]', then: '/attention', budget: 87_040, font: 73_728, nodes: 1_500, modes: light },
  { role: 'leader', from: '/schools', link: 'main a[href^="/schools/"]', then: '/rules', budget: 66_560, nodes: 800, modes: light },
  { role: 'leader', from: '/schools', link: 'main a[href^="/schools/"]', then: '/flags', budget: 66_560, nodes: 1_500, modes: ['light', 'narrow'] },
  { role: 'leader', from: '/schools', link: 'main a[href^="/schools/"]', then: '/teams', budget: 87_040, font: 73_728, nodes: 1_500, modes: ['light', 'narrow'] },
  { role: 'leader', from: '/schools', link: 'main a[href^="/schools/"]', then: '/groups', budget: 87_040, font: 73_728, nodes: 1_500, modes: ['light', 'narrow'] },
  { role: 'leader', from: '/schools', link: 'main a[href^="/schools/"]', then: '/time', budget: 87_040, font: 73_728, nodes: 2_000, modes: ['light', 'narrow'] },
  { role: 'leader', from: '/schools', link: 'main a[href^="/schools/"]', then: '/flex/needs', budget: 66_560, nodes: 1_500, modes: light },
  { role: 'teacher', from: '/teach', link: 'main a[href^="/teams/"]', budget: 66_560, nodes: 2_500, modes: ['light', 'narrow'] },
  { role: 'teacher', from: '/classes', link: 'main a[href^="/classes/"]', then: '/course', budget: 61_440, nodes: 800, modes: ['light', 'narrow'] },
  { role: 'teacher', from: '/teach', link: 'main a[href*="/groups?"]', budget: 66_560, nodes: 1_500, modes: light },
  { role: 'leader', from: '/schools', link: 'main a[href^="/schools/"]', then: '/plans', budget: 66_560, nodes: 2_000, modes: light },
  { role: 'leader', from: '/schools', link: 'main a[href^="/schools/"]', then: '/choices', budget: 66_560, nodes: 1_500, modes: light },
  { role: 'leader', from: '/schools', link: 'main a[href^="/schools/"]', then: '/flex', budget: 92_160, font: 73_728, nodes: 2_500, modes: ['light', 'narrow'] },
  { role: 'leader', from: '/schools', link: 'main a[href^="/schools/"]', then: '/flex/corridor', budget: 87_040, font: 73_728, nodes: 1_500, modes: light },
  { role: 'leader', from: '/schools', link: 'main a[href^="/schools/"]', then: '/flex/for-whom', budget: 87_040, font: 73_728, nodes: 1_500, modes: light },
  { role: 'leader', from: '/schools', link: 'main a[href^="/schools/"]', then: '/flex/doors', budget: 92_160, font: 73_728, nodes: 2_500, modes: light },
  { role: 'teacher', path: '/teach/flex', budget: 71_680, nodes: 1_800, modes: light },
  { role: 'teacher', from: '/teach/flex', link: 'main a[href*="/flex/sessions/"]', budget: 71_680, nodes: 2_500, modes: light },
  { role: 'teacher', from: '/teach', link: 'main a[href*="/proposals/"]', budget: 61_440, nodes: 1_200, modes: light },
  { role: 'teacher', from: '/classes', link: 'main a[href^="/classes/"]', then: '/groups', budget: 61_440, nodes: 1_200, modes: light },
  { role: 'teacher', from: '/classes', link: 'main a[href^="/classes/"]', then: '/tutoring', budget: 61_440, nodes: 1_200, modes: light },
  { role: 'teacher', from: '/teach', link: 'main a[href^="/students/"]', then: '/flags', budget: 61_440, nodes: 800, modes: light },
  { role: 'student', path: '/me/flex', budget: 61_440, nodes: 1_500, modes: light },
  { role: 'administrator', path: '/admin/proposals', budget: 66_560, nodes: 800, modes: light },
  { role: 'administrator', path: '/admin/imports', budget: 61_440, nodes: 1_200 },
  { role: 'administrator', from: '/admin/imports', link: 'main a[href^="/admin/imports/0"]', budget: 66_560, nodes: 2_500, modes: light },
  { role: 'administrator', path: '/admin/imports/mapping', budget: 61_440, nodes: 1_200, modes: light },
  { role: 'administrator', path: '/admin/people', budget: 61_440, nodes: 1_200, modes: light },
  { role: 'administrator', path: '/admin/model', budget: 61_440, nodes: 1_200, modes: light },
  { role: 'administrator', path: '/admin/model/rules?b=decaying+0.65+met+3', budget: 66_560, nodes: 1_500 },
  { role: 'administrator', path: '/admin/studies', budget: 61_440, nodes: 1_200, modes: light },
  { role: 'administrator', path: '/admin/virtual', budget: 61_440, nodes: 2_000, modes: ['light', 'narrow'] },
  { role: 'administrator', path: '/admin/practices', budget: 61_440, nodes: 1_200, modes: ['light', 'narrow'] },
  { role: 'leader', from: '/schools', link: 'main a[href^="/schools/"]', then: '/practices', budget: 66_560, nodes: 1_800, modes: ['light', 'narrow'] },
  { role: 'teacher', from: '/classes', link: 'main a[href^="/classes/"]', then: '/practices', budget: 61_440, nodes: 2_500, modes: ['light', 'narrow'] },
  { role: 'administrator', path: '/admin/bank', budget: 61_440, nodes: 1_200, modes: light },
  { role: 'administrator', from: '/admin/bank', link: 'main a[href*="competency="]', budget: 61_440, nodes: 1_200, modes: light },
  { role: 'teacher', from: '/classes', link: 'main a[href^="/classes/"]', then: '/checks', budget: 66_560, nodes: 1_500, modes: light },
];
const limits = { stylesheet: 12_288, script: 10_240, font: 36_864 };

describe('pages', { concurrency: 3, skip: process.env.WAYMARK_BIN ? false : 'WAYMARK_BIN names no binary' }, () => {
  let browser;
  let server;
  const sessions = new Map();

  before(async () => {
    browser = await lib.launch();
    server = await lib.start();
    for (const role of new Set(pages.map((p) => p.role).filter(Boolean))) {
      const { context } = await lib.signIn(browser, server, role);
      sessions.set(role, await context.storageState());
      await context.close();
    }
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const where = async (p) => new URL(p.path ?? await linked(p) + (p.then ?? ''), server.url).href;
  // linked finds an address on another page, once.
  const found = new Map();
  const linked = ({ role, from, link }) => {
    const key = `${role} ${from} ${link}`;
    if (!found.has(key)) found.set(key, find(role, from, link));
    return found.get(key);
  };
  const find = async (role, from, link) => {
    const context = await browser.newContext({ storageState: sessions.get(role), javaScriptEnabled: false });
    try {
      const page = await context.newPage();
      await page.goto(new URL(from, server.url).href);
      return new URL(await page.locator(link).first().getAttribute('href'), page.url()).href;
    } finally {
      await context.close();
    }
  };

  // A page is loaded once and shown in every way.
  for (const p of pages) {
    const name = `${p.role ?? 'nobody'} ${p.path ?? p.link + (p.then ?? '')}`;
    test(name, async (t) => {
      const { context, page, answer, seen, weight: w } = await lib.visit(browser, await where(p), sessions.get(p.role));
      try {
        await lib.shot(page, name.replace(/\W+/g, '-'));
        await t.test('within its weight', (t) => {
          t.diagnostic(JSON.stringify(w));
          for (const [kind, most] of Object.entries(limits)) assert.ok(w.bytes[kind] <= (p[kind] ?? most), `${kind}: ${w.bytes[kind]} bytes, budget ${p[kind] ?? most}`);
          if (p.budget) assert.ok(w.total <= p.budget, `${w.total} bytes, budget ${p.budget}`);
          if (p.nodes) assert.ok(w.nodes <= p.nodes, `${w.nodes} nodes, budget ${p.nodes}`);
          assert.ok(w.requests <= 8, `${w.requests} requests: ${w.names}`);
          assert.ok(w.shift <= 0.01, `layout shift ${w.shift}`);
        });
        for (const mode of p.modes ?? lib.allModes) {
          await t.test(`accessible, ${mode}`, async () => assert.deepEqual(await lib.accessible(page, mode), []));
        }
        await t.test('large text, wide spacing, right to left', async () => {
          await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' });
          await page.setViewportSize({ width: 390, height: 844 });
          await lib.textStress(page, 'spacing');
          assert.deepEqual([...await lib.cutOff(page), ...await lib.sideways(page)], []);
          await lib.textStress(page, 'double');
          await page.evaluate(() => { document.documentElement.dir = 'rtl'; });
          assert.deepEqual(await lib.sideways(page), []);
        });
        await t.test('keeps the policy, asks nobody else, has one heading', async () => {
          assert.equal(answer.status(), 200);
          assert.match(answer.headers()['content-security-policy'] ?? '', /default-src 'none'/);
          assert.doesNotMatch(answer.headers()['content-security-policy'], /unsafe-/);
          assert.deepEqual(seen, []);
          assert.equal(await page.locator('h1').count(), 1);
        });
      } finally {
        await context.close();
      }
    });
  }
});
