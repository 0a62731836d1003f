// Small behaviours of every page, each bound by a data attribute; all pages work without them.
const $ = (sel, root = document) => root.querySelector(sel);
const $$ = (sel, root = document) => [...root.querySelectorAll(sel)];

for (const el of $$('[data-js]')) el.hidden = false;

// Dialogs: a link with data-dialog opens <dialog id>; its href is the page that serves without script.
for (const opener of $$('[data-dialog]')) {
  const box = document.getElementById(opener.dataset.dialog);
  if (box) opener.addEventListener('click', (ev) => { ev.preventDefault(); box.showModal(); });
}
for (const box of $$('dialog:not([data-session])')) {
  box.addEventListener('click', (ev) => { if (ev.target === box || ev.target.closest('[data-close]')) { ev.preventDefault(); box.close(); } });
}
for (const x of $$('.toast [data-close]')) x.addEventListener('click', () => { x.closest('.toast').hidden = true; });
for (const box of $$('dialog[data-open]')) { box.removeAttribute('open'); box.showModal(); }

// Menus: Esc, a click elsewhere and the focus going on to the page close them, so that they cover nothing that has it.
document.addEventListener('keydown', (ev) => { if (ev.key === 'Escape') for (const m of $$('.menu[open]')) { m.open = false; $('summary', m).focus(); } });
document.addEventListener('click', (ev) => { for (const m of $$('.menu[open]')) if (!m.contains(ev.target)) m.open = false; });
document.addEventListener('focusin', (ev) => { if (!ev.target.closest('.top')) for (const m of $$('.menu[open]')) m.open = false; });

// Tabs, tiles and the list of series: one stop for Tab, arrows move, Enter opens; the exam list: up, down, Home, End.
const walk = (items, back, on, choose) => (ev) => {
  const at = items.indexOf(document.activeElement); if (at < 0) return;
  const to = { [back]: at - 1, [on]: at + 1, Home: 0, End: items.length - 1 }[ev.key];
  if (to === undefined) return;
  ev.preventDefault(); const el = items[(to + items.length) % items.length]; if (choose) choose(el); el.focus();
};
for (const list of $$('[role="tablist"]')) {
  const tabs = $$('[role="tab"]', list); const set = (el) => tabs.forEach((t) => { t.tabIndex = t === el ? 0 : -1; });
  set($('[aria-selected="true"]', list) ?? tabs[0]); list.addEventListener('keydown', walk(tabs, 'ArrowLeft', 'ArrowRight', set));
}
{ const rows = $$('[data-rove] .exam__go'); for (const list of $$('[data-rove]')) list.addEventListener('keydown', walk(rows, 'ArrowUp', 'ArrowDown')); }
for (const box of $$('.tiles, .chapters')) {
  const items = () => $$('a', box); const set = (el) => items().forEach((t) => { t.tabIndex = t === el ? 0 : -1; }); const keys = box.matches('.tiles') ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
  set($('[aria-current]', box) ?? items()[0]); box.removeAttribute('tabindex'); box.addEventListener('keydown', (ev) => walk(items(), ...keys, set)(ev));
  box.addEventListener('focusin', (ev) => { if (ev.target.matches('a')) set(ev.target); });
}

// PHI box: the button stays disabled until it is ticked, and says why.
for (const form of $$('form[data-phi]')) {
  const box = $('[name="phiAcknowledged"]', form); const ways = $$('[type="submit"]:not([formnovalidate])', form); const why = $('[data-why]', form);
  const set = () => { for (const go of ways) go.disabled = !box.checked; if (why) why.hidden = box.checked; };
  box.addEventListener('change', set); set(); addEventListener('pageshow', set);
}

// Passwords: show.
for (const b of $$('[data-show]')) b.addEventListener('click', () => {
  const el = document.getElementById(b.dataset.show); const on = el.type === 'password';
  el.type = on ? 'text' : 'password'; b.setAttribute('aria-pressed', on); $('span', b).textContent = on ? b.dataset.hideWord : b.dataset.showWord;
});

// The report: larger text, print.
for (const b of $$('[data-size]')) b.addEventListener('click', () => { const on = $('.sheet').classList.toggle('is-larger'); b.setAttribute('aria-pressed', on); });
for (const b of $$('[data-print]')) b.addEventListener('click', () => print());

// An error summary takes the focus when the page comes back with mistakes.
$('.summary')?.focus();
