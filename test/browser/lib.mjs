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
export const modes = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  narrow: { colorScheme: 'light', viewport: { width: 320, height: 640 } },
  forced: { colorScheme: 'dark', forcedColors: 'active' },
};

// audit loads a page in one mode and returns axe's findings as short lines,
// plus a line if a narrow page scrolls sideways.
export async function audit(browser, url, mode, { state, html = {} } = {}) {
  const context = await browser.newContext({ ...modes[mode], bypassCSP: true, storageState: state, reducedMotion: 'reduce' });
  try {
    const page = await context.newPage();
    await page.goto(url, { waitUntil: 'load' });
    await page.evaluate((attributes) => {
      for (const [k, v] of Object.entries(attributes)) document.documentElement.setAttribute(k, v);
    }, html);
    const lines = await axe(page);
    if (mode === 'narrow') lines.push(...await sideways(page));
    return lines;
  } finally {
    await context.close();
  }
}

// axe runs axe-core in a page (whose context bypasses the policy) and returns
// one line per finding.
export async function axe(page, within = 'html') {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async (root) => {
    const r = await window.axe.run(root, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] });
    return r.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')} ${n.failureSummary.split('\n').slice(1).join(' ').trim()}`));
  }, within);
  return found;
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

// weigh loads a page with an empty cache and returns bytes over the network by
// kind, requests, nodes and the layout shift. It counts what the server sent,
// compressed, headers included.
export async function weigh(browser, url, state) {
  const context = await browser.newContext({ storageState: state, serviceWorkers: 'block' });
  try {
    const page = await context.newPage();
    await page.addInitScript(() => {
      window.shift = 0;
      new PerformanceObserver((l) => { for (const e of l.getEntries()) if (!e.hadRecentInput) window.shift += e.value; }).observe({ type: 'layout-shift', buffered: true });
    });
    const client = await context.newCDPSession(page);
    await client.send('Network.enable');
    const kind = new Map();
    const bytes = { document: 0, stylesheet: 0, script: 0, font: 0, image: 0, other: 0 };
    const names = [];
    client.on('Network.requestWillBeSent', (e) => { if (e.type !== 'EventSource' && !e.request.url.startsWith('data:')) names.push(new URL(e.request.url).pathname); });
    client.on('Network.responseReceived', (e) => kind.set(e.requestId, e.type.toLowerCase()));
    client.on('Network.loadingFinished', (e) => { const k = kind.get(e.requestId); if (k !== 'eventsource') bytes[k in bytes ? k : 'other'] += e.encodedDataLength; });
    await page.goto(url, { waitUntil: 'load' });
    await page.evaluate(() => document.fonts.ready);
    await page.waitForTimeout(300);
    const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
    const shift = await page.evaluate(() => window.shift);
    return { bytes, total: Object.values(bytes).reduce((a, b) => a + b, 0), requests: names.length, names, nodes, shift };
  } finally {
    await context.close();
  }
}

// watchPolicy collects breaches of the content security policy, script errors
// and failed requests; call it before the page loads.
export async function watchPolicy(page) {
  const seen = [];
  await page.exposeFunction('__breach', (t) => seen.push(t));
  await page.addInitScript(() => document.addEventListener('securitypolicyviolation',
    (e) => window.__breach(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile ?? ''}:${e.lineNumber}`)));
  page.on('console', (m) => { if (m.type() === 'error') seen.push(`console: ${m.text()}`); });
  page.on('pageerror', (e) => seen.push(`error: ${e.message}`));
  return seen;
}

// textStress puts a person's own text settings (WCAG 1.4.12) or a 200 % text
// size on a page. Needs a context that bypasses the policy.
export function textStress(page, how) {
  const css = how === 'spacing'
    ? '*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}p{margin-block-end:2em!important}'
    : 'html{font-size:200%!important}';
  return page.addStyleTag({ content: css });
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
