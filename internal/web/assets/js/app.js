// The one script a page names; it loads others where a page asks for them.
const root = document.documentElement;
root.classList.add('js');

// user is who is signed in, or empty.
export const user = root.dataset.user || '';

// word returns a sentence in the page's language (<meta name="words">).
let words;
export function word(key, english, n) {
  if (!words) {
    try {
      words = JSON.parse(document.querySelector('meta[name="words"]')?.content || '{}');
    } catch {
      words = {};
    }
  }
  return (words[key] || english).replace('{n}', n);
}

const modules = [
  ['[data-grid]', () => import('./grid.js')],
  ['[data-groups]', () => import('./groups.js')],
  ['[data-live]', () => import('./live.js')],
  ['form[data-check]', () => import('./check.js')],
  ['html[data-read] main', () => import('./read.js')],
  ['form[data-passkey]', () => import('./passkey.js')],
  ['form[data-timer]', () => import('./timer.js')],
  ['form[data-observe]', () => import('./observe.js')],
  ['[data-view="simple"] [data-one-by-one]', () => import('./one.js')],
];
for (const [selector, load] of modules) {
  const found = document.querySelectorAll(selector);
  if (found.length > 0) load().then((m) => m.start([...found])).catch(() => {});
}

// Answers that wait here go out from any page.
const outbox = () => import('./outbox.js');
const waiting = () => { try { return localStorage.getItem('waymark-waiting') === '1'; } catch { return false; } };
if (waiting()) outbox().then((m) => m.start()).catch(() => {});

// Another's check is nobody's to see.
try {
  const whose = localStorage.getItem('waymark-check');
  if (whose && whose !== user) {
    localStorage.removeItem('waymark-check');
    window.caches?.delete('waymark-check').catch(() => {});
  }
} catch { /* storage is off */ }

for (const button of document.querySelectorAll('[data-print]')) button.hidden = false;

document.addEventListener('click', (event) => {
  const button = event.target.closest('button, a');
  if (!button) return;
  if (button.dataset.confirm && !window.confirm(button.dataset.confirm)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  if ('print' in button.dataset) window.print();
  if (button.dataset.dialog) document.getElementById(button.dataset.dialog)?.showModal?.();
});

// A second press while a form is on its way must not send it twice.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== 'post') return;
  if (form.dataset.sent) return void event.preventDefault();
  form.dataset.sent = '1';
  setTimeout(() => { delete form.dataset.sent; }, 4000);
});
window.addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
});

// Signing out first tries to send what waits; what cannot be sent stays here.
document.addEventListener('submit', async (event) => {
  const form = event.target;
  if (!('signOut' in form.dataset) || !waiting()) return;
  event.preventDefault();
  const left = await outbox().then((m) => m.flush()).catch(() => 1);
  if (left > 0 && !window.confirm(word('leave', 'Some of your work is only on this device. It is kept and sent when you sign in here again. Sign out now?'))) return;
  form.submit();
}, true);

// Filters show their result at once, in place, so that the focus stays.
for (const form of document.querySelectorAll('form[data-autosubmit]')) {
  let timer;
  form.addEventListener('change', () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const url = new URL(form.action || location.href);
      url.search = new URLSearchParams(new FormData(form)).toString();
      const region = document.querySelector('[data-results]');
      try {
        if (!region) throw new Error('no region');
        const { refresh } = await import('./live.js');
        if (!await refresh(region, url.href)) throw new Error('no answer');
        history.replaceState(null, '', url);
      } catch {
        form.submit();
      }
    }, 250);
  });
}

// The first error of a form that came back takes the focus.
document.querySelector('.errs')?.focus();

if ('serviceWorker' in navigator && window.isSecureContext && 'user' in root.dataset) {
  const base = new URL('..', import.meta.url).pathname;
  window.addEventListener('load', () => {
    navigator.serviceWorker.register(`/sw.js?base=${encodeURIComponent(base)}`).catch(() => {});
  });
}
