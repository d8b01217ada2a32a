// How people prove that it is them: an administrator makes a passkey, with a device that the browser
// plays, and signs in with it; and the pages of rights, records and the log are accessible.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as lib from './lib.mjs';

describe('accounts and rights', { skip: process.env.WAYMARK_BIN ? false : 'WAYMARK_BIN names no binary' }, () => {
  const on = lib.stage({ before, after }, ['administrator', 'family', 'student'], { taught: true });

  test('a passkey is the second proof', async (t) => {
    // Browsers make passkeys for names, not for numbers.
    const base = on.server.url.replace('127.0.0.1', 'localhost');
    const context = await on.browser.newContext();
    t.after(() => context.close());
    await context.addCookies(on.states.get('administrator').cookies.map((c) => ({ ...c, domain: 'localhost' })));
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });

    await page.goto(`${base}/sign-in/second/new?next=/account`);
    assert.deepEqual(await lib.axe(page), []);
    await page.getByRole('button', { name: 'Make a passkey' }).click();
    await page.getByRole('heading', { name: 'Your codes on paper' }).waitFor();
    assert.equal(await page.locator('main code').count(), 10);
    await page.getByRole('link', { name: 'I have put them away' }).click();
    await page.getByText('10 codes are left').waitFor();
    assert.deepEqual(await lib.axe(page), []);

    // Asked again, it signs; nothing is typed.
    await page.goto(`${base}/sign-in/second?next=/admin/people`);
    assert.deepEqual(await lib.axe(page), []);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.waitForURL(`${base}/admin/people`);
  });

  for (const [role, paths] of [['administrator', ['/admin/records', '/audit?verify=1']], ['family', ['/account', 'rights']], ['student', ['/account']]]) {
    test(`what ${role} sees of it is accessible at every size`, async (t) => {
      const { context, page } = await on.open(role, '/');
      t.after(() => context.close());
      for (let path of paths) {
        if (path === 'rights') {
          await page.goto(`${on.server.url}/family`);
          path = await page.locator('a[href$="/rights"]').first().getAttribute('href');
        }
        await page.setViewportSize({ width: 1280, height: 720 });
        await page.goto(on.server.url + path);
        for (const mode of ['light', 'narrow']) assert.deepEqual(await lib.accessible(page, mode), [], `${path}, ${mode}`);
      }
    });
  }
});
