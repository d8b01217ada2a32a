// Passkeys: the device makes one, or signs with one, and the form sends what it says.
const parse = { create: 'parseCreationOptionsFromJSON', get: 'parseRequestOptionsFromJSON' };

export function start(forms) {
  if (!window.PublicKeyCredential?.[parse.get]) return;
  for (const f of forms) {
    const kind = f.dataset.passkey;
    f.querySelector('button').hidden = false;
    const part = f.closest('[data-passkey-part]');
    if (part) part.hidden = false;
    f.addEventListener('submit', async (event) => {
      if (f.elements.passkey.value) return;
      event.preventDefault();
      const note = f.querySelector('[data-passkey-note]');
      note.hidden = true;
      try {
        const publicKey = window.PublicKeyCredential[parse[kind]](JSON.parse(f.dataset.options));
        const made = await navigator.credentials[kind]({ publicKey });
        f.elements.passkey.value = JSON.stringify(made);
        f.submit();
      } catch {
        note.textContent = 'The passkey was not used. Try again, or take a code.';
        note.hidden = false;
      }
    });
  }
}
