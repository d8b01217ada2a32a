// What the browser tests share: a browser, a server (Waymark's own, or a small
// static one for the component sheet), sign-in, axe in four modes, weights.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';

const here = path.dirname(fileURLToPath(import.meta.url));
export const assets = path.resolve(here, '../../internal/web/assets');
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// The policy that the product sends; the static server sends the same.
export const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
  "worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

// How long a page may take that calculates, on a machine that has other work.
export const slow = 120_000;

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

const types = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.json': 'application/json' };

// sheet serves the component sheet, generated pages and the assets on a free
// port. `pages` maps a path to HTML or to a handler (request, response).
export async function sheet(pages = {}) {
  const streams = new Set();
  const server = createServer(async (req, res) => {
    const url = new URL(req.url, 'http://localhost');
    const send = (body, type, headers = {}) => {
      const bytes = gzipSync(body);
      res.writeHead(200, { 'Content-Type': type, 'Content-Encoding': 'gzip', 'Content-Length': bytes.length,
        'Content-Security-Policy': csp, 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store', ...headers });
      res.end(bytes);
    };
    try {
      const page = pages[url.pathname];
      if (typeof page === 'function') return void await page(req, res, send);
      if (page !== undefined) return void send(page, types['.html']);
      if (url.pathname === '/') return void send(await readFile(path.join(here, 'components.html')), types['.html']);
      if (url.pathname === '/events') {
        res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
        res.write(': hello\n\n');
        res.topics = (url.searchParams.get('topics') ?? '').split(' ');
        streams.add(res);
        res.on('close', () => streams.delete(res));
        return;
      }
      const file = url.pathname === '/sw.js' ? path.join(assets, 'js/sw.js')
        : url.pathname.startsWith('/assets/') ? path.join(assets, path.normalize(url.pathname.slice(8))) : '';
      if (!file.startsWith(assets)) throw new Error('not found');
      const body = await readFile(file);
      const type = types[path.extname(file)] ?? 'application/octet-stream';
      if (type === 'font/woff2') {
        res.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length });
        return void res.end(body);
      }
      send(body, type, url.pathname.startsWith('/assets/') ? { 'Cache-Control': 'public, max-age=31536000, immutable' } : {}); // as the server does
    } catch {
      res.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    streams,
    push: (topics) => { for (const s of streams) {
        const heard = topics.filter((t) => s.topics.includes(t));
        if (heard.length > 0) s.write(`event: change\ndata: ${JSON.stringify({ topics: heard })}\n\n`);
      } },
    stop: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }),
  };
}

// start runs the product's demo on a free port, over a copy of what WAYMARK_DEMO holds if that
// is said, and reads the sign-in links, one JSON object, from its standard output.
export async function start(binary = process.env.WAYMARK_BIN) {
  const data = await mkdtemp(path.join(tmpdir(), 'waymark-browser-'));
  if (process.env.WAYMARK_DEMO) await cp(process.env.WAYMARK_DEMO, data, { recursive: true });
  const child = spawn(binary, ['demo', '--data', data, '--listen', '127.0.0.1:0', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.on('data', (b) => { log = (log + b).slice(-4000); });
  const ended = new Promise((done) => child.once('exit', done));
  const lines = createInterface({ input: child.stdout });
  const said = (async () => {
    let text = '';
    for await (const line of lines) {
      text += line;
      try {
        const o = JSON.parse(text);
        if (o.url && o.links) return o;
        text = '';
      } catch { /* the object is not complete yet */ }
    }
    throw new Error(`the server ended before it told its links:\n${log}`);
  })();
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(data, { recursive: true, force: true });
  };
  let timer;
  try {
    const o = await Promise.race([said,
      new Promise((_, no) => { timer = setTimeout(() => no(new Error(`no links after 180 s:\n${log}`)), 180_000); })]);
    return { ...o, data, stop, log: () => log };
  } catch (e) {
    await stop();
    throw e;
  } finally {
    clearTimeout(timer);
  }
}

// signIn opens the role's link in a context of its own; links may be used only
// once, so ask once per role and keep the state (context.storageState()).
export async function signIn(browser, server, role, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const answer = await page.goto(new URL(server.links[role], server.url).href);
  if (!answer.ok()) throw new Error(`sign in as ${role}: ${answer.status()}`);
  // Some links ask for one press, so that a link checker cannot use them up.
  const go = page.locator('main form[method=post] button').first();
  if (/sign-?in|link/.test(new URL(page.url()).pathname) && await go.count()) {
    await Promise.all([page.waitForNavigation(), go.click()]);
  }
  return { context, page };
}

// stage runs the product in a browser for a describe block: the roles named are signed in,
// and open opens a path of theirs. taught makes the student one of the demo teacher's.
export function stage(hooks, roles, { taught = false } = {}) {
  const on = { browser: undefined, server: undefined, states: new Map() };
  hooks.before(async () => {
    on.browser = await launch();
    on.server = await start();
    if (taught) on.server.links.student = on.server.people.find((p) => p.role === 'student' && /grade 7/.test(p.name)).link;
    for (const role of roles) {
      const { context } = await signIn(on.browser, on.server, role);
      on.states.set(role, await context.storageState());
      await context.close();
    }
  });
  hooks.after(async () => {
    await on.browser?.close();
    await on.server?.stop();
  });
  on.open = async (role, path, options = {}) => {
    const context = await on.browser.newContext({ storageState: on.states.get(role), ...options });
    const page = await context.newPage();
    await page.goto(new URL(path, on.server.url).href);
    return { context, page };
  };
  return on;
}

// The four modes of each accessibility check.
const laptop = { width: 1280, height: 720 };
const modes = {
  light: { colorScheme: 'light', forcedColors: 'none', viewport: laptop },
  dark: { colorScheme: 'dark', forcedColors: 'none', viewport: laptop },
  narrow: { colorScheme: 'light', forcedColors: 'none', viewport: { width: 320, height: 640 } },
  forced: { colorScheme: 'dark', forcedColors: 'active', viewport: laptop },
};
export const allModes = Object.keys(modes);

// accessible returns axe's findings in an open page in one mode as short lines, plus
// lines if a narrow page scrolls sideways. No script asks for the mode, so that a page
// need not be loaded again for each.
export async function accessible(page, mode) {
  const { viewport, ...media } = modes[mode];
  await page.emulateMedia({ ...media, reducedMotion: 'reduce' });
  await page.setViewportSize(viewport);
  const lines = await axe(page);
  if (mode === 'narrow') lines.push(...await sideways(page));
  return lines.map((l) => `${mode}: ${l}`);
}

// audit loads a page once and returns what is not accessible in some modes.
export async function audit(browser, url, { modes = allModes, state, html = {} } = {}) {
  const context = await browser.newContext({ storageState: state });
  try {
    const page = await context.newPage();
    await page.goto(url, { waitUntil: 'load' });
    await page.evaluate((attributes) => {
      for (const [k, v] of Object.entries(attributes)) document.documentElement.setAttribute(k, v);
    }, html);
    const lines = [];
    for (const mode of modes) lines.push(...await accessible(page, mode));
    return lines;
  } finally {
    await context.close();
  }
}

// axe runs axe-core in a page and returns one line per finding.
export async function axe(page) {
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const r = await window.axe.run('html', { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] });
    return r.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')} ${n.failureSummary.split('\n').slice(1).join(' ').trim()}`));
  });
}

// sideways names what makes a page scroll sideways.
export function sideways(page) {
  return page.evaluate(() => {
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) return [];
    const clipped = (e) => { for (let p = e.parentElement; p; p = p.parentElement) if (getComputedStyle(p).overflowX !== 'visible') return true; return false; };
    return [...document.querySelectorAll('body *')]
      .filter((e) => { const r = e.getBoundingClientRect(); return r.width > 0 && (r.right > wide + 1 || r.left < -1) && !clipped(e) && !e.classList.contains('vh'); })
      .slice(0, 8).map((e) => `too wide: ${e.tagName.toLowerCase()}.${e.className.baseVal ?? e.className}`)
      .concat(`page is ${document.documentElement.scrollWidth} wide, window ${wide}`);
  });
}

// visit opens a page with an empty cache and watches what it does: `seen` collects breaches
// of the content security policy, script errors and requests to others; `weight` is bytes
// over the network by kind, requests, nodes and the layout shift, until shortly after the
// load. It counts what the server sent, compressed, headers included.
export async function visit(browser, url, state) {
  const context = await browser.newContext({ storageState: state, serviceWorkers: 'block', viewport: laptop });
  const page = await context.newPage();
  const seen = [];
  const names = [];
  const kind = new Map();
  const bytes = { document: 0, stylesheet: 0, script: 0, font: 0, image: 0, other: 0 };
  await page.exposeFunction('__breach', (t) => seen.push(t));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation',
      (e) => window.__breach(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile ?? ''}:${e.lineNumber}`));
    window.shift = 0;
    new PerformanceObserver((l) => { for (const e of l.getEntries()) if (!e.hadRecentInput) window.shift += e.value; }).observe({ type: 'layout-shift', buffered: true });
  });
  page.on('console', (m) => { if (m.type() === 'error') seen.push(`console: ${m.text()}`); });
  page.on('pageerror', (e) => seen.push(`error: ${e.message}`));
  page.on('request', (r) => { if (!r.url().startsWith(new URL(url).origin)) seen.push(`asked ${r.url()}`); });
  const client = await context.newCDPSession(page);
  await client.send('Network.enable');
  client.on('Network.requestWillBeSent', (e) => { if (e.type !== 'EventSource' && !e.request.url.startsWith('data:')) names.push(new URL(e.request.url).pathname); });
  client.on('Network.responseReceived', (e) => kind.set(e.requestId, e.type.toLowerCase()));
  client.on('Network.loadingFinished', (e) => { const k = kind.get(e.requestId); if (k !== 'eventsource') bytes[k in bytes ? k : 'other'] += e.encodedDataLength; });
  const answer = await page.goto(url, { timeout: slow });
  await page.evaluate(() => document.fonts.ready.then(() => {}));
  await page.waitForTimeout(300);
  const [nodes, shift] = await page.evaluate(() => [document.querySelectorAll('*').length, window.shift]);
  const weight = { bytes: { ...bytes }, total: Object.values(bytes).reduce((a, b) => a + b, 0), requests: names.length, names, nodes, shift };
  return { context, page, answer, seen, weight };
}

// addStyle adds a person's own style to a page, which its policy does not hinder.
const addStyle = (page, css) => page.evaluate((text) => {
  const style = new CSSStyleSheet();
  style.replaceSync(text);
  document.adoptedStyleSheets.push(style);
}, css);

// textStress puts a person's own text settings (WCAG 1.4.12) or a 200 % text
// size on a page.
export function textStress(page, how) {
  return addStyle(page, how === 'spacing'
    ? '*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}p{margin-block-end:2em!important}'
    : 'html{font-size:200%!important}');
}

// cutOff names text that a fixed height or width hides.
export function cutOff(page) {
  return page.evaluate(() => [...document.querySelectorAll('main *, header *, footer *')].filter((e) => {
    if (e.closest('.vh, svg, [data-may-clip]') || e.classList.contains('vh')) return false;
    const s = getComputedStyle(e);
    if (!['hidden', 'clip'].includes(s.overflowY) && !['hidden', 'clip'].includes(s.overflowX)) return false;
    if (s.textOverflow === 'ellipsis') return false;
    return e.scrollHeight > e.clientHeight + 2 || e.scrollWidth > e.clientWidth + 2;
  }).map((e) => `cut off: ${e.tagName.toLowerCase()}.${e.className}`));
}

// shot keeps a picture if the environment names a folder for them.
export async function shot(page, name, options = {}) {
  if (!process.env.SHOTS) return;
  await mkdir(process.env.SHOTS, { recursive: true });
  await page.screenshot({ path: path.join(process.env.SHOTS, `${name}.png`), ...options });
}
