// Answers that could not be sent wait in this browser. An entry is deleted only
// when the server's answer carries its key in X-Saved: a page that merely says
// 200 (a captive portal, a sign-in page) is no receipt. Each entry belongs to
// the person who wrote it and is sent in no other session.
import { user, word } from './app.js';

const wait = 10000; // ms for one answer

function database() {
  return new Promise((done, fail) => {
    const r = indexedDB.open('waymark', 1);
    r.onupgradeneeded = () => r.result.createObjectStore('outbox', { keyPath: 'key' });
    r.onsuccess = () => done(r.result);
    r.onerror = () => fail(r.error);
  });
}

async function work(mode, act) {
  const db = await database();
  try {
    return await new Promise((done, fail) => {
      const t = db.transaction('outbox', mode);
      const r = act(t.objectStore('outbox'));
      t.oncomplete = () => done(r.result);
      t.onabort = t.onerror = () => fail(t.error);
    });
  } finally {
    db.close();
  }
}

export const keep = (entry) => work('readwrite', (s) => s.put({ ...entry, user, at: Date.now() })).then(mark);
export const drop = (key) => work('readwrite', (s) => s.delete(key)).then(mark);
export const entries = () => work('readonly', (s) => s.getAll());

// A flag that a page can read at once, so that pages with nothing to send load
// nothing.
async function mark() {
  const all = await entries();
  try {
    if (all.length > 0) localStorage.setItem('waymark-waiting', '1');
    else localStorage.removeItem('waymark-waiting');
  } catch { /* storage is off */ }
  show(all);
}

// send returns 'saved', 'refused' (with the reason) or 'unsent'.
export async function send(entry) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), wait);
  try {
    const answer = await fetch(entry.url, {
      method: 'POST',
      body: entry.body,
      credentials: 'same-origin',
      signal: abort.signal,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json', 'Idempotency-Key': entry.key, 'X-User': user },
    });
    if (answer.headers.get('X-Saved') === entry.key) {
      const fix = await answer.json().then((o) => o.fix, () => '');
      return { state: 'saved', fix };
    }
    if (answer.status === 422) {
      const reason = await answer.json().then((o) => o.message, () => '');
      return { state: 'refused', reason: reason || '' };
    }
  } catch { /* offline, or too slow */ } finally {
    clearTimeout(timer);
  }
  return { state: 'unsent' };
}

// flush sends what belongs to this person, oldest first, and returns how many
// are left. Two tabs do not send at the same time.
export async function flush() {
  const run = async () => {
    if (!user) return (await entries()).length;
    const mine = (await entries()).filter((e) => e.user === user && !e.refused).sort((a, b) => a.at - b.at);
    let left = mine.length;
    for (const entry of mine) {
      const { state, reason } = await send(entry);
      if (state === 'unsent') break;
      left--;
      if (state === 'saved') await drop(entry.key);
      else await work('readwrite', (s) => s.put({ ...entry, refused: reason || '?' }));
    }
    await mark();
    return left;
  };
  return navigator.locks ? navigator.locks.request('waymark-outbox', run) : run();
}

let started = false;
export function start() {
  if (started) return;
  started = true;
  window.addEventListener('online', () => flush().catch(() => {}));
  document.addEventListener('visibilitychange', () => { if (!document.hidden) flush().catch(() => {}); });
  setInterval(() => { if (!document.hidden) flush().catch(() => {}); }, 30000);
  flush().catch(() => {});
}

// show tells, in [data-outbox], how many wait here, and why one was refused.
function show(all) {
  const place = document.querySelector('[data-outbox]');
  if (!place) return;
  const mine = all.filter((e) => !user || e.user === user);
  const waiting = mine.filter((e) => !e.refused).length;
  place.replaceChildren();
  if (waiting > 0) {
    const p = document.createElement('p');
    p.textContent = waiting === 1 ? word('waits', 'One entry is safe on this device. It goes out when the connection is back.')
      : word('wait', '{n} entries are safe on this device. They go out when the connection is back.', waiting);
    place.append(p);
  }
  for (const entry of mine.filter((e) => e.refused)) {
    const p = document.createElement('p');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'btn btn-plain';
    button.textContent = word('discard', 'Remove it');
    button.addEventListener('click', () => drop(entry.key));
    p.append(`${word('refused', 'One entry could not be saved:')} ${entry.refused} `, button);
    place.append(p);
  }
}
