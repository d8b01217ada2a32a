// The service worker keeps the style, the scripts, the font and one page that
// says "you are offline". It keeps no other page: pages hold children's data. A
// check under way keeps itself (check.js), and is shown again from there.
// Its address carries the folder of the assets: /sw.js?base=/assets/
const base = new URL(self.location.href).searchParams.get('base') || '/assets/';
const shelf = `waymark ${base}`;
const offline = '/offline';
const files = ['css/app.css', 'js/app.js', 'js/adapt.js', 'js/check.js', 'js/grid.js', 'js/live.js', 'js/observe.js', 'js/outbox.js', 'js/one.js',
  'font/atkinson-next-latin.woff2', 'icons/icons.svg'].map((f) => base + f);

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(shelf);
    await cache.addAll(files);
    await cache.add(new Request(offline, { credentials: 'omit' })).catch(() => {});
    await self.skipWaiting();
  })());
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith('waymark ') && name !== shelf) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith(base)) event.respondWith(asset(event));
  else if (request.mode === 'navigate') {
    event.respondWith(fetch(request).catch(async () => (await caches.match(request, { ignoreVary: true })) || (await caches.match(offline)) || Response.error()));
  }
});

// From the shelf at once; a new copy is fetched for the next time.
async function asset(event) {
  const cache = await caches.open(shelf);
  const kept = await cache.match(event.request);
  const load = fetch(event.request).then((answer) => {
    if (answer.status === 200 && answer.type === 'basic') event.waitUntil(cache.put(event.request, answer.clone()));
    return answer;
  });
  if (!kept) return load;
  event.waitUntil(load.catch(() => {}));
  return kept;
}
