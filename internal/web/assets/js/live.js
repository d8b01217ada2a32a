// Keeps open pages up to date. All tabs of a person share one connection: the tab that
// holds a Web Lock reads the event stream and tells the others over a BroadcastChannel.
import { user, word } from './app.js';

const regions = new Map(); // element -> { timer, last, stale }
let seen = 0; // changes not yet announced
let note;
let speaking;
const born = Date.now();

export function start(elements) {
  for (const e of elements) regions.set(e, { timer: 0, last: 0, stale: false });
  note = document.querySelector('[data-live-note]');
  if (note) note.hidden = false;
  const name = `waymark-live:${user}`;
  const channel = 'BroadcastChannel' in window && navigator.locks ? new BroadcastChannel(name) : null;
  const mine = [...new Set(elements.flatMap((e) => topicsOf(e)))];
  let want; // set while this tab reads for all: takes the topics of another tab
  if (channel) {
    channel.onmessage = ({ data }) => {
      if (data.ask) channel.postMessage({ want: mine });
      else if (data.want) want?.(data.want);
      else take(data);
    };
    channel.postMessage({ want: mine });
  }
  const spread = (message) => { channel?.postMessage(message); take(message); };

  let close = () => {};
  const open = () => {
    if (!channel) {
      close = listen(mine, spread).stop;
      return;
    }
    const abort = new AbortController();
    let release;
    let led;
    const lead = (gap) => new Promise((done) => {
      led = true;
      const ear = listen(mine, spread, gap);
      want = ear.add;
      channel.postMessage({ ask: true });
      release = () => { want = null; ear.stop(); done(); };
    });
    close = () => { abort.abort(); release?.(); };
    // Nobody listened between another tab's end and this one's turn.
    navigator.locks.request(name, { ifAvailable: true }, (lock) => lock && !abort.signal.aborted && lead(false))
      .then(() => led || navigator.locks.request(name, { signal: abort.signal }, () => lead(true)))
      .catch(() => {});
  };
  open();
  // A page that the browser keeps must not hold the connection.
  window.addEventListener('pagehide', () => close());
  window.addEventListener('pageshow', (e) => { if (e.persisted) { open(); take({ all: true }); } });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    for (const [region, state] of regions) if (state.stale) plan(region, state);
  });
}

const topicsOf = (region) => region.dataset.live.split(/\s+/).filter(Boolean);

// listen keeps the stream open. After a gap everybody looks again.
function listen(first, spread, gap) {
  let topics = first;
  let source;
  let timer;
  let wait = 2000;
  let broken = gap || Date.now() - born > 3000;
  const hear = (e) => {
    try {
      spread({ topics: JSON.parse(e.data).topics || [] });
    } catch { /* not ours */ }
  };
  const open = () => {
    source?.close();
    source = new EventSource(`/events?topics=${encodeURIComponent(topics.join(' '))}`);
    source.onopen = () => {
      wait = 2000;
      if (broken) spread({ all: true });
      broken = false;
    };
    source.onmessage = hear;
    source.addEventListener('change', hear);
    source.onerror = () => {
      broken = true;
      if (source.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, 60000);
    };
  };
  open();
  return {
    stop: () => { clearTimeout(timer); source.close(); },
    // The server takes fifty; the newest matter most.
    add: (more) => {
      const news = more.filter((t) => !topics.includes(t));
      if (news.length === 0) return;
      topics = [...news, ...topics].slice(0, 50);
      broken = true;
      clearTimeout(timer);
      timer = setTimeout(open, 100);
    },
  };
}

function take({ topics = [], all = false }) {
  let hit = false;
  for (const [region, state] of regions) {
    const mine = topicsOf(region);
    if (!all && !topics.some((t) => mine.includes(t))) continue;
    hit = true;
    plan(region, state);
  }
  if (hit && !all) seen++;
}

// plan renews a region soon, and at most once a second.
function plan(region, state) {
  if (document.hidden) {
    state.stale = true;
    return;
  }
  if (state.timer) return;
  state.timer = setTimeout(async () => {
    state.timer = 0;
    state.last = Date.now();
    state.stale = !await refresh(region, region.dataset.liveSrc || location.href);
    if (!state.stale) announce();
  }, Math.max(60, state.last + 1000 - Date.now()));
}

// announce says how much changed, at most every two seconds.
function announce() {
  if (!note || speaking || seen === 0) return;
  note.textContent = seen === 1 ? word('change', 'Something new came in. The page is up to date.')
    : word('changes', '{n} new things came in. The page is up to date.', seen);
  seen = 0;
  speaking = setTimeout(() => {
    speaking = 0;
    if (seen > 0) announce();
    else setTimeout(() => { if (!speaking) note.textContent = ''; }, 5000);
  }, 2000);
}

// refresh fetches url and renews region; false if that is not the page it asked for.
export async function refresh(region, url) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), 10000);
  try {
    const answer = await fetch(url, { headers: { Accept: 'text/html' }, credentials: 'same-origin', signal: abort.signal });
    if (!answer.ok || (answer.redirected && new URL(answer.url).pathname !== new URL(url, location.href).pathname)) return false;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = (region.id && page.getElementById(region.id)) ||
      [...page.querySelectorAll('[data-live], [data-results]')].find((e) => e.dataset.live === region.dataset.live && ('results' in e.dataset) === ('results' in region.dataset));
    if (!fresh) return false;
    renew(region, fresh);
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

// renew changes only what differs in region, so that focus and half-filled forms stay.
export function renew(region, fresh) {
  const held = document.activeElement;
  const inside = held && held !== region && region.contains(held);
  morph(region, fresh);
  if (!inside) return;
  if (held.isConnected) {
    if (document.activeElement !== held) held.focus({ preventScroll: true });
    return;
  }
  const id = held.id && document.getElementById(held.id);
  if (id) return void id.focus({ preventScroll: true });
  if (!region.hasAttribute('tabindex')) region.tabIndex = -1;
  region.focus({ preventScroll: true });
}

// What only this page knows.
const own = { DETAILS: ['open'], DIALOG: ['open'], A: ['tabindex'], MAIN: ['tabindex'],
  BUTTON: ['hidden'], LI: ['hidden'], FORM: ['data-sent'] };

function morph(old, fresh) {
  if (old.isEqualNode(fresh) || busy(old)) return;
  const kept = own[old.nodeName] || [];
  for (const { name, value } of [...fresh.attributes]) if (!kept.includes(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!kept.includes(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);

  const keyed = new Map();
  for (const child of old.children) { const k = key(child); if (k) keyed.set(k, child); }
  const wanted = new Set([...fresh.children].map(key).filter(Boolean));
  let at = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const k = next.nodeType === 1 && key(next);
    let match = k ? keyed.get(k) : null;
    if (!k) {
      for (let n = at; n && !match; n = n.nextSibling) {
        if (n.nodeName === next.nodeName && !(n.nodeType === 1 && key(n))) match = n;
        else if (n.nodeType === 1 && wanted.has(key(n))) break;
      }
    }
    if (match) {
      if (match === at) at = at.nextSibling;
      else old.insertBefore(match, at);
      if (match.nodeType === 1) morph(match, next);
      else if (match.data !== next.data) match.data = next.data;
    } else {
      old.insertBefore(document.importNode(next, true), at);
    }
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    if (gone.nodeType !== 1 || !(busy(gone) || [...gone.querySelectorAll('form, [data-keep]')].some(busy))) gone.remove();
  }
}

function key(e) {
  return e.id || e.dataset?.key || '';
}

// Somebody is writing here, or a script owns it.
function busy(e) {
  if (e.dataset && ('keep' in e.dataset || 'liveNote' in e.dataset)) return true;
  if (e.nodeName !== 'FORM') return false;
  const at = document.activeElement;
  if (e.contains(at) && /^(INPUT|TEXTAREA|SELECT)$/.test(at.nodeName)) return true;
  return [...e.elements].some((f) => {
    if (f.type === 'hidden') return false;
    if (f.type === 'checkbox' || f.type === 'radio') return f.checked !== f.defaultChecked;
    if (f.nodeName === 'SELECT') {
      const set = [...f.options].some((o) => o.defaultSelected);
      return [...f.options].some((o, i) => o.selected !== (set ? o.defaultSelected : !f.multiple && i === 0));
    }
    return 'defaultValue' in f && f.value !== f.defaultValue;
  });
}
