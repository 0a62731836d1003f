// What forms and links ask of a script: I-Codes, the fragment's token, passwords that are made, dates, copying.
const $ = (sel, root = document) => root.querySelector(sel);
const $$ = (sel, root = document) => [...root.querySelectorAll(sel)];
const say = (text) => { const el = $('#say'); if (el) { el.textContent = ''; setTimeout(() => { el.textContent = text; }, 60); } };

// I-Code: grouped 5-4-4 as it is typed or pasted, look-alikes folded, the caret kept. From a Portal Pass's QR code it is in the fragment.
const grouped = (text) => {
  const raw = text.toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1').replace(/[^0-9A-HJKMNP-TV-Z]/g, '').slice(0, 13);
  return [raw.slice(0, 5), raw.slice(5, 9), raw.slice(9)].filter(Boolean).join('-');
};
for (const el of $$('[data-icode]')) {
  el.addEventListener('input', () => { const text = grouped(el.value); if (text !== el.value && el.selectionStart === el.value.length) el.value = text; });
  if (location.hash.length > 12) { el.value = grouped(location.hash.slice(1)); history.replaceState(null, '', location.pathname); }
}

// A share's link: its token stands in the fragment, which no server is sent; it outlives a reload, and goes along to the other language.
for (const form of $$('form[data-share]')) {
  const token = $('[data-token]', form); const paste = $('[data-paste]', form);
  const take = () => {
    const given = location.hash.slice(1) || history.state?.share || '';
    if (given.length >= 7) {
      token.value = given; if (paste) { paste.hidden = true; $('input', paste).value = ''; }
      history.replaceState({ share: given }, '', location.pathname);
    }
    for (const a of $$('a[href^="/language/"]')) a.hash = token.value;
  };
  take(); addEventListener('hashchange', take);
}

// Passwords: make one that can be read out loud.
for (const b of $$('[data-make]')) b.addEventListener('click', () => {
  const el = document.getElementById(b.dataset.make); const set = 'abcdefghjkmnpqrstuvwxyz23456789';
  const draw = () => { const n = crypto.getRandomValues(new Uint8Array(1))[0]; return n < 248 ? set[n % set.length] : draw(); };
  el.value = Array.from({ length: 12 }, (_, k) => (k && k % 4 === 0 ? '-' : '') + draw()).join('');
  el.type = 'text'; say(b.dataset.say);
});
for (const b of $$('[data-days]')) b.addEventListener('click', () => {
  const d = new Date(`${b.dataset.from}T12:00:00Z`); d.setUTCDate(d.getUTCDate() + Number(b.dataset.days) - 1);
  document.getElementById('expires').value = d.toISOString().slice(0, 10); say(b.dataset.say);
});

// The share form says again which exams are in the link.
for (const box of $$('[data-ticked]')) {
  const ticks = $$('[name="examIds"]'); const text = $('span', box);
  const set = () => {
    const names = ticks.filter((t) => t.checked).map((t) => t.dataset.name); const n = names.length;
    text.textContent = n ? `${n === 1 ? box.dataset.one : box.dataset.many.replace('{n}', n)} ${names.join(', ')}` : box.dataset.none;
  };
  ticks.forEach((t) => t.addEventListener('change', set)); set();
}

// Copy: the link alone, never the password.
for (const b of $$('[data-copy]')) b.addEventListener('click', async () => {
  const a = document.getElementById(b.dataset.copy); const done = document.getElementById(b.dataset.done);
  try { await navigator.clipboard.writeText(a.href); } catch { const r = document.createRange(); r.selectNodeContents(a); getSelection().removeAllRanges(); getSelection().addRange(r); document.execCommand('copy'); }
  if (done) done.hidden = false; say(b.dataset.say);
});
