// A talk's timer: it counts from the first press, and fills in the minutes when it stops or
// the form is sent. Whoever types minutes has the last word.
import { word } from './app.js';

export function start([form]) {
  const minutes = form.elements.minutes;
  if (!minutes) return;
  let began = 0;
  let ticking;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'btn btn-quiet';
  const shown = document.createElement('output');
  shown.className = 'num';
  shown.setAttribute('for', minutes.id);
  const row = document.createElement('p');
  row.className = 'btns gap-t';
  row.append(button, shown);
  minutes.after(row);
  const seconds = () => Math.floor((Date.now() - began) / 1000);
  const show = () => { shown.textContent = `${Math.floor(seconds() / 60)}:${String(seconds() % 60).padStart(2, '0')}`; };
  const label = () => { button.textContent = began ? word('stop-timer', 'Stop the timer') : word('start-timer', 'Start the timer'); };
  const stop = () => {
    if (!began) return;
    minutes.value = Math.max(1, Math.round(seconds() / 60));
    clearInterval(ticking);
    began = 0;
    label();
  };
  button.addEventListener('click', () => {
    if (began) return stop();
    began = Date.now();
    ticking = setInterval(show, 1000);
    show();
    label();
  });
  minutes.addEventListener('input', () => {
    clearInterval(ticking);
    began = 0;
    shown.textContent = '';
    label();
  });
  form.addEventListener('submit', stop);
  label();
}
