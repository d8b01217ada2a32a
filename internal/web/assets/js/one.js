// The simple view for young children shows one card at a time.
import { word } from './app.js';

export function start(lists) {
  for (const list of lists) if (list.children.length > 1) attach(list);
}

function attach(list) {
  let at = 0;
  const row = document.createElement('div');
  row.className = 'one-nav';
  row.dataset.keep = '';
  const button = (text, step) => {
    const b = document.createElement('button');
    b.type = 'button';
    b.className = 'btn btn-quiet';
    b.textContent = text;
    b.addEventListener('click', () => { at += step; show(); });
    return b;
  };
  const back = button(word('before', 'Before'), -1);
  const next = button(word('next', 'Next'), 1);
  const count = document.createElement('p');
  count.setAttribute('role', 'status');
  row.append(back, count, next);
  list.after(row);
  const show = () => {
    const cards = [...list.children];
    at = (at + cards.length) % cards.length;
    cards.forEach((c, k) => { c.hidden = k !== at; });
    count.textContent = `${at + 1} / ${cards.length}`;
  };
  show();
}
