// A check that goes on without a connection. Each answer is kept on this device
// and sent when it can be; the next question comes from what the page took along.
import * as outbox from './outbox.js';
import { user, word } from './app.js';
import { Taking, mark, normal } from './adapt.js';

// The page and what it takes along wait here for a reload without a connection,
// until the check is over or somebody else signs in.
const shelf = 'waymark-check';

export async function start([form]) {
  outbox.start();
  const base = form.dataset.check;
  const carried = await carry(base);
  if (!carried) return; // the form works as it is
  const sitting = decodeURIComponent(base.split('/').pop());
  const taking = new Taking(carried.form);
  for (const a of carried.answers || []) taking.add(a.item, a.category);
  const prefix = `check-${sitting.replaceAll(/[^A-Za-z0-9-]/g, '-')}-`.slice(0, 54);
  const waiting = (await outbox.entries().catch(() => []))
    .filter((e) => e.user === user && e.key.startsWith(prefix)).sort((a, b) => a.at - b.at);
  for (const e of waiting) {
    const sent = new URLSearchParams(e.body);
    taking.add(sent.get('item'), judge(sent.get('item'), sent.get('answer')));
  }

  function judge(item, answer) {
    const q = carried.questions[item];
    if (!q) return 0;
    return q.marks.includes(mark(`${sitting}|${item}|${q.choices?.length ? answer : normal(answer)}`)) ? 1 : 0;
  }

  const note = form.querySelector('[data-saved]');
  if (waiting.length > 0) show();

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const item = data.get('item');
    const answer = String(data.get('answer') || '').trim();
    if (!answer || form.dataset.busy) return;
    form.dataset.busy = '1';
    const key = `${prefix}${taking.asked.length}-${Math.floor(Math.random() * 1e6)}`;
    const entry = { key, url: `${base}/answers`, body: new URLSearchParams({ key, item, answer, at: Date.now() }).toString() };
    const kept = await outbox.keep(entry).then(() => true, () => false);
    delete form.dataset.busy;
    // Without a place to keep it, the page sends it itself.
    if (!kept) return form.submit();
    const category = judge(item, answer);
    taking.add(item, category);
    carried.answers = [...(carried.answers || []), { item, category }];
    await remember(`${base}/carry`, new Response(JSON.stringify(carried), { headers: { 'Content-Type': 'application/json' } }));
    note.textContent = '';
    const sending = outbox.flush().catch(() => 1);
    if (taking.next()) show();
    else finish();
    sending.then((left) => { if (left > 0) note.textContent = word('kept', 'Safe on this device'); });
  });

  // show puts the next question in place of the one before.
  function show() {
    const id = taking.next();
    if (!id) return finish();
    const q = carried.questions[id];
    const n = taking.asked.length + 1;
    form.querySelector('[name=item]').value = id;
    form.querySelector('[data-check-number]').textContent = word('question', `Question ${n}, at most ${carried.form.most}`);
    form.querySelector('progress').value = n;
    const place = form.querySelector('[data-check-question]');
    place.replaceChildren();
    if (q.choices?.length) {
      const set = element('fieldset', { className: 'field', id: 'f-answer', tabIndex: -1 });
      const legend = element('legend', { className: 'ask-q', dir: 'auto', textContent: q.text });
      const list = element('div', { className: 'rcards' });
      q.choices.forEach((c, i) => {
        const label = element('label', { className: 'rcard' });
        label.append(element('input', { type: 'radio', name: 'answer', value: String(i), required: true }), element('span', { className: 'rcard-b', dir: 'auto', textContent: c }));
        list.append(label);
      });
      set.append(legend, list);
      place.append(set);
      set.focus();
    } else {
      const field = element('div', { className: 'field' });
      const input = element('input', { id: 'f-answer', name: 'answer', autocomplete: 'off', autocapitalize: 'none', spellcheck: false, maxLength: 200, required: true });
      field.append(element('label', { className: 'ask-q', htmlFor: 'f-answer', dir: 'auto', textContent: q.text }), input);
      place.append(field);
      input.focus();
    }
  }

  // finish waits until all answers are out, and then shows what the check showed.
  async function finish() {
    form.querySelector('[data-check-question]').replaceChildren();
    form.querySelector('.btns').hidden = true;
    form.querySelector('[data-check-number]').textContent = word('all', 'That was the last question.');
    note.tabIndex = -1;
    note.focus();
    for (;;) {
      const left = await outbox.flush().catch(() => 1);
      if (left === 0) break;
      note.textContent = word('last', 'Your answers are safe on this device. They go out when the connection is back; then this page shows what they tell.');
      await new Promise((done) => { window.addEventListener('online', done, { once: true }); setTimeout(done, 15000); });
    }
    await window.caches?.delete(shelf).catch(() => {});
    location.href = base;
  }
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

// carry fetches what goes along, and keeps it and the page for a reload without a
// connection; without one it takes what was kept.
async function carry(base) {
  const url = `${base}/carry`;
  try {
    const answer = await fetch(url, { credentials: 'same-origin', headers: { Accept: 'application/json' } });
    if (!answer.ok) return null;
    try { localStorage.setItem('waymark-check', user); } catch { /* storage is off */ }
    await remember(url, answer.clone());
    const page = await fetch(location.href, { credentials: 'same-origin' });
    if (page.ok && !page.redirected) await remember(location.href, page);
    return await answer.json();
  } catch {
    const kept = await window.caches?.match(url, { ignoreVary: true }).catch(() => null);
    return kept ? kept.json() : null;
  }
}

async function remember(url, answer) {
  await window.caches?.open(shelf).then((kept) => kept.put(url, answer)).catch(() => {});
}
