// What the page can do besides being read. Without it nothing is missing: tables stand as they were made, the contents
// are links, and a permalink is an address. Texts are only moved and compared here, never read as HTML.

// Fonts come with the page but are decoded only when used: asked for now, they are there when the page is first drawn.
document.fonts.forEach(face => face.load());

document.addEventListener('DOMContentLoaded', () => {
  follow(document.querySelector('nav.contents'));
  document.querySelectorAll('table').forEach(makeSortable);
});

// --- contents ----------------------------------------------------------------------------------------------------

// Mark the section being read: the last one that began in the upper third of the window or above it.
function follow(contents) {
  if (!contents) return;
  const links = new Map();
  for (const link of contents.querySelectorAll(':is(.level-2, .level-3) a')) {
    const section = document.getElementById(link.hash.slice(1));
    if (section) links.set(section, link);
  }
  const begun = new Set();
  const note = changes => {
    for (const change of changes) begun[change.isIntersecting ? 'add' : 'delete'](change.target);
    const last = [...links.keys()].filter(section => begun.has(section)).pop();
    links.forEach((link, section) => section === last
      ? link.setAttribute('aria-current', 'true') : link.removeAttribute('aria-current'));
    if (last) bringIntoSight(links.get(last), contents);
  };
  // The root reaches up without end, so that no leap over sections leaves one unnoticed.
  const observer = new IntersectionObserver(note, {rootMargin: '9999999px 0px -67% 0px'});
  links.forEach((_, section) => observer.observe(section));
  // On a small window the list lies over the text and closes when it has been used; beside the text it stays open.
  const list = contents.querySelector('details'), beside = matchMedia('(min-width: 75em)');
  const fit = () => { list.open = beside.matches; };
  fit();
  beside.addEventListener('change', fit);
  list.addEventListener('click', event => { if (event.target.closest('a')) fit(); });
}

// Scroll the contents themselves, where they are longer than the window; never the page.
function bringIntoSight(link, contents) {
  const box = link.getBoundingClientRect(), frame = contents.getBoundingClientRect();
  if (box.height && (box.top < frame.top || box.bottom > frame.bottom)) {
    contents.scrollTop += box.top - frame.top - frame.height / 2;
  }
}

// --- tables that sort --------------------------------------------------------------------------------------------

// A list of at least so many rows is worth sorting.
const FEWEST = 4;
const MISSING = /^([-–—?…]?|n\/?a|unknown|not (reported|known|stated|seen|covered|available|applicable))$/i;
const AMOUNT = /^(?:(?:about|over|under|up to|(?:more|less) than|at (?:least|most)|[~≈<>≤≥]) ?)?([+-]?)(?:[A-Z]{3} |[$€£¥])?([+-]?(?:\d{1,3}(?:[, ]\d{3})+|\d+)(?:\.\d+)?)(?: ?(thousand|million|mn|m|billion|bn|trillion|tn)\b)?/;
const TIMES = {thousand: 1e3, million: 1e6, mn: 1e6, m: 1e6, billion: 1e9, bn: 1e9, trillion: 1e12, tn: 1e12};
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SAID = new RegExp(`^(?:(\\d{1,2})(?:–\\d{1,2})? )?(${MONTHS.join('|')})[a-z]*(?:–[\\w ]+?)? (\\d{4})(?:–.*)?$`);
const NOTED = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:–.*)?$/;

// Put a button into each head of a column that can be sorted by.
function makeSortable(table) {
  const heads = [...table.querySelectorAll('thead tr:last-child > *')];
  const bodies = [...table.tBodies];
  const rows = bodies.flatMap(body => [...body.rows]);
  // Rows that hang together must stay together: cells that span, heads of groups, a first cell meaning "as above".
  const whole = row => row.cells.length === heads.length && row.cells[0].textContent.trim()
    && ![...row.cells].some(cell => cell.rowSpan > 1 || cell.colSpan > 1 || cell.scope === 'rowgroup');
  // A table whose first column has no name tells several things of one: its rows are no list.
  if (rows.length < FEWEST || !heads[0]?.textContent.trim() || !rows.every(whole)) return;
  const before = bodies.map(body => [...body.rows]);
  heads.forEach((head, place) => {
    if (!head.textContent.trim() || head.colSpan > 1 || head.querySelector('a')) return; // no link stands in a button
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const order = {ascending: 'descending', descending: null}[head.getAttribute('aria-sort')];
      heads.forEach(each => each.removeAttribute('aria-sort'));
      if (order !== null) head.setAttribute('aria-sort', order || 'ascending');
      bodies.forEach((body, number) =>
        body.append(...(order === null ? before[number] : sorted(before[number], place, order === 'descending'))));
    });
  });
}

// The rows by what stands in a column; a missing value comes last either way, and equals keep the table's own order.
function sorted(rows, place, descending) {
  const texts = rows.map(row => row.cells[place].textContent.replace(/\s+/g, ' ').trim());
  const key = measure(texts.filter(text => !MISSING.test(text)));
  const words = new Intl.Collator(document.documentElement.lang || 'en', {numeric: true});
  const compare = (a, b) => typeof a === 'number' ? a - b : words.compare(a, b);
  return rows.map((row, number) => ({row, value: MISSING.test(texts[number]) ? null : key(texts[number])}))
    .sort((a, b) => (a.value === null) - (b.value === null)
      || (a.value === null ? 0 : compare(a.value, b.value) * (descending ? -1 : 1)))
    .map(each => each.row);
}

// How a column is compared: as days, as amounts, or as words, whichever fits all its cells.
function measure(texts) {
  return [day, amount].find(kind => texts.every(text => kind(text) !== null)) || (text => text);
}

// "19 June 2024", "19–20 Jul 2013", "May 1950", "2021-08", "2012–2016": by the day on which it began.
function day(text) {
  const said = SAID.exec(text), noted = NOTED.exec(text);
  if (said) return said[3] * 1e4 + MONTHS.indexOf(said[2]) * 100 + 100 + Number(said[1] || 0);
  return noted && noted[1] * 1e4 + (noted[2] || 0) * 100 + Number(noted[3] || 0);
}

// "−1,234.5", "−USD 4.6 bn", "about 12 %": by the first number, in its unit. No difference is "none".
function amount(text) {
  if (/^none$/i.test(text)) return 0;
  const found = AMOUNT.exec(text.replace(/\u2212/g, '-'));
  return found && Number((found[1] + found[2]).replace(/[, ]/g, '')) * (TIMES[found[3]] || 1);
}
