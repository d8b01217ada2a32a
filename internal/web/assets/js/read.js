// Read aloud: a button reads the main part of the page, or stops. Only voices of the
// device are used, so that nothing of the page leaves it.
import { word } from './app.js';

export function start([main]) {
  const speech = window.speechSynthesis;
  if (!speech) return;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'btn btn-quiet read';
  const label = (on) => { button.textContent = on ? word('stop', 'Stop reading') : word('read', 'Read this page to me'); };
  label(false);
  const voice = () => {
    const lang = document.documentElement.lang || 'en';
    return speech.getVoices().find((v) => v.localService && v.lang.toLowerCase().startsWith(lang.slice(0, 2)));
  };
  const place = () => { if (voice() && !button.isConnected) main.prepend(button); };
  speech.addEventListener?.('voiceschanged', place);
  place();
  button.addEventListener('click', () => {
    if (speech.speaking) {
      speech.cancel();
      return label(false);
    }
    // One utterance for each block: long ones are cut off by some voices.
    const blocks = [...main.querySelectorAll('h1, h2, h3, p, li, legend, label, dt, dd')]
      .filter((e) => e.offsetParent && !e.closest('.vh') && !e.querySelector('p, li, h2, h3'));
    for (const b of blocks) {
      const say = new SpeechSynthesisUtterance(b.innerText);
      say.voice = voice();
      say.lang = say.voice.lang;
      if (b === blocks.at(-1)) say.onend = () => label(false);
      speech.speak(say);
    }
    label(true);
  });
  window.addEventListener('pagehide', () => speech.cancel());
}
