// The quick observation form: saves without leaving the page, and keeps what
// could not be sent.
import * as outbox from './outbox.js';
import { word } from './app.js';

export function start(forms) {
  outbox.start();
  for (const form of forms) attach(form);
}

function attach(form) {
  const line = form.querySelector('[data-saved]');
  const say = (state, text) => {
    if (!line) return;
    line.dataset.state = state;
    line.textContent = text;
  };
  let busy = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    say('busy', word('saving', 'Saving …'));
    const key = fresh();
    const data = new FormData(form);
    if (event.submitter?.name) data.append(event.submitter.name, event.submitter.value);
    data.set('key', key);
    const entry = { key, url: form.action, body: new URLSearchParams(data).toString() };
    // On this device first: a closed lid in the middle loses nothing.
    const kept = await outbox.keep(entry).then(() => true, () => false);
    const { state, reason, fix } = await outbox.send(entry);
    busy = false;
    if (state !== 'unsent' && kept) await outbox.drop(key).catch(() => {});
    if (state === 'refused') return say('bad', reason || word('refused', 'One entry could not be saved:'));
    if (state === 'unsent' && !kept) return say('bad', word('lost', 'Not saved yet. Leave this page open and press Save again.'));
    if (state === 'saved') {
      say('saved', word('saved', 'Saved'));
      if (fix && line) {
        const link = document.createElement('a');
        link.href = fix;
        link.textContent = word('fix', 'I made a mistake');
        line.append(' ', link);
      }
    } else say('kept', word('kept', 'Safe on this device'));
    clear(form);
  });
  form.addEventListener('input', () => { if (!busy) say('', ''); });
}

// clear makes ready for the next one; the competency (data-stay) stays chosen.
function clear(form) {
  for (const field of form.elements) {
    if ('stay' in field.dataset || field.nodeName === 'SELECT') continue;
    if (field.type === 'checkbox' || field.type === 'radio') field.checked = false;
    else if (field.type === 'text' || field.nodeName === 'TEXTAREA') field.value = '';
  }
}

// fresh makes an idempotency key; randomUUID needs HTTPS, so not that.
function fresh() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}
