"""What a page must keep to in a browser. Each gate returns what breaks it, as sentences: none if all is well."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

#: axe's rules that are off, and why. None is at present.
_AXE_OFF: dict[str, str] = {}
_AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: Height of the window in pixels.
HEIGHT = 900
#: Contrast that WCAG 2.2 asks of text (1.4.3).
_CONTRAST = 4.5

#: Notes every layout shift, from before the page is there.
_SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => { for (const e of list.getEntries()) shifts.push({value: e.value,
    at: e.sources.map(s => s.node && (s.node.id || s.node.className || s.node.nodeName)).join(' ')}); })
  .observe({type: 'layout-shift', buffered: true});
"""


class Visit:
    """A page opened from the disk; ``asked`` holds every address it asked for, ``said`` what stands in the console."""

    def __init__(self, context: Any, path: Path, width: int) -> None:
        self.asked: list[str] = []
        self.said: list[str] = []
        self.address = path.as_uri()
        self.page = context.new_page()
        self.page.set_viewport_size({"width": width, "height": HEIGHT})
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.add_init_script(_SHIFTS)
        self.page.goto(self.address)

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.said.append(f"{message.type}: {message.text}")

    def js(self, script: str, argument: Any = None) -> Any:
        """The value of an expression, or of a function with an argument, in the page."""
        return self.page.evaluate(script, argument)


def requests(visit: Visit) -> list[str]:
    """Addresses asked for besides the page's own; what an address itself holds (``data:``) is no request."""
    return [f"asks for {url[:90]}" for url in visit.asked if url != visit.address and not url.startswith("data:")]


def messages(visit: Visit) -> list[str]:
    """Errors and warnings in the console, among them what the content security policy refused."""
    return visit.said


def accessibility(visit: Visit) -> list[str]:
    """What axe-core finds."""
    visit.js(_axe())
    options = {
        "runOnly": {"type": "tag", "values": _AXE_TAGS},
        "rules": {rule: {"enabled": False} for rule in _AXE_OFF},
        "resultTypes": ["violations"],
    }
    found = visit.js("options => axe.run(document, options).then(done => done.violations)", options)
    return [
        f"{rule['id']} ({rule['impact']}): {node['failureSummary']} in {node['html'][:200]}"
        for rule in found
        for node in rule["nodes"][:5]
    ]


@cache
def _axe() -> str:
    spec = importlib.util.find_spec("axe_playwright_python")
    assert spec, "axe-core is missing: install the extra dev"
    assert spec.origin
    return (Path(spec.origin).parent / "axe.min.js").read_text(encoding="utf-8")


def headings(visit: Visit) -> list[str]:
    """One heading of the first level, and none that leaves out a level."""
    found = visit.js("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => [+h.tagName[1], h.textContent])")
    faults = [] if [level for level, _ in found].count(1) == 1 else ["there is not one h1"]
    before = 0
    for level, text in found:
        if level > before + 1:
            faults.append(f"h{level} “{text.strip()[:40]}” follows h{before}")
        before = level
    return faults


def order(visit: Visit) -> list[str]:
    """Whether the parts of the page stand below one another in the order in which they are written."""
    return visit.js("""() => {
      const beside = 'nav, .skip, script';
      const parts = [...document.body.children].filter(e => e.checkVisibility() && !e.matches(beside));
      const tops = parts.map(e => e.getBoundingClientRect().top);
      return parts.filter((e, i) => i && tops[i] < tops[i - 1])
        .map(e => `${e.outerHTML.slice(0, 60)} stands above what comes before it`);
    }""")


def tables(visit: Visit) -> list[str]:
    """A head for each column, and on every head what it is the head of."""
    return visit.js("""() => {
      const faults = [];
      for (const [i, table] of document.querySelectorAll('table').entries()) {
        const name = `table ${i + 1} (${(table.closest('figure') || table).id})`;
        if (!table.querySelector('thead th')) faults.push(`${name} has no heads of columns`);
        for (const th of table.querySelectorAll('th')) {
          const right = th.closest('thead') ? ['col', 'colgroup'] : ['row', 'rowgroup'];
          const scope = th.getAttribute('scope') || 'no scope';
          if (!right.includes(scope)) faults.push(`${name}: “${th.textContent}” has ${scope}`);
        }
      }
      return faults;
    }""")


def overflow(visit: Visit) -> list[str]:
    """Whether the page has to be scrolled to the side, and what stands out most."""
    return visit.js("""() => {
      const root = document.documentElement, width = root.clientWidth;
      if (root.scrollWidth <= width) return [];
      const out = [...document.body.querySelectorAll('*')].map(e => [e.getBoundingClientRect().right, e])
        .filter(([right, e]) => right > width && !e.closest('.scroll')).sort((a, b) => b[0] - a[0]);
      const told = out.slice(0, 3).map(([right, e]) => `${e.outerHTML.slice(0, 60)} to ${Math.round(right)}`);
      return [`${root.scrollWidth} px wide in a window of ${width}: ${told.join(', ')}`];
    }""")


def shifts(visit: Visit) -> list[str]:
    """What moved by itself while the page was loaded and read to its end."""
    return visit.js("""async () => {
      const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
      await document.fonts.ready;
      await frame();
      const end = document.documentElement.scrollHeight, steps = Math.min(20, Math.ceil(end / innerHeight));
      for (let step = 0; step <= steps; step++) {
        scrollTo({top: end * step / steps, behavior: 'instant'});
        await frame();
      }
      await new Promise(done => setTimeout(done, 100));  // what scripts put off
      return shifts.filter(s => s.value > 0).map(s => `${s.at} moved by ${s.value.toFixed(4)}`);
    }""")


#: Numbers the elements that the keyboard must reach, in the document's order: those that can be seen and do something.
_REACHABLE = """() => {
  document.documentElement.style.scrollBehavior = 'auto';  // or it would have to be waited for
  window.order = [...document.querySelectorAll('a[href], button, summary, input, select, textarea, [tabindex]')]
    .filter(e => e.getAttribute('tabindex') !== '-1' && !e.disabled && e.checkVisibility({visibilityProperty: true}));
  return order.length;
}"""
#: The number of the element that has the focus, and how that shows.
_FOCUSED = """() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  return [order.indexOf(e), e.outerHTML.slice(0, 90),
    style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
    box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth];
}"""


def keyboard(visit: Visit) -> list[str]:
    """Tab leads to every link, control and table that scrolls, in order, shows where it is, and out again."""
    faults = []
    count = visit.js(_REACHABLE)
    for step in range(count):
        visit.page.keyboard.press("Tab")
        place, what, outlined, seen = visit.js(_FOCUSED)
        if place != step:
            return [*faults, f"Tab number {step + 1} of {count} led to number {place + 1}: {what}"]
        if not (outlined and seen):
            faults.append(f"{'out of sight' if outlined else 'not outlined'} when it has the focus: {what}")
    visit.page.keyboard.press("Tab")
    place, what, *_ = visit.js(_FOCUSED)
    if place > 0:
        faults.append(f"Tab did not leave the page after its last element but led to number {place + 1}: {what}")
    return faults


def contrast(visit: Visit) -> list[str]:
    """Texts of drawings that stand out too little from what is drawn behind them, which axe does not look at."""
    found = visit.js("""() => {
      const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
      const rgb = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data]; };
      const over = (top, a, under) => top.slice(0, 3).map((c, i) => c * a + under[i] * (1 - a));
      const linear = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
      const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
      const paper = rgb(getComputedStyle(document.body).backgroundColor);
      const found = [];
      for (const text of document.querySelectorAll('figure svg text')) {
        if (!text.checkVisibility() || !text.textContent.trim()) continue;
        text.scrollIntoView({block: 'center', behavior: 'instant'});
        const box = text.getBoundingClientRect(), style = getComputedStyle(text);
        const x = box.x + box.width / 2, y = box.y + box.height / 2, svg = text.ownerSVGElement;
        let behind = paper;
        for (const shape of [...svg.querySelectorAll('path, rect, polygon, circle')]) {
          const looks = getComputedStyle(shape);
          if (looks.fill === 'none' || !(text.compareDocumentPosition(shape) & Node.DOCUMENT_POSITION_PRECEDING)
              || shape.closest('defs, clipPath')) continue;
          const at = new DOMPoint(x, y).matrixTransform(shape.getScreenCTM().inverse());
          if (!shape.isPointInFill(at)) continue;
          const fill = rgb(looks.fill), alpha = fill[3] / 255 * looks.fillOpacity * looks.opacity;
          behind = over(fill, alpha, behind);
        }
        const halo = style.paintOrder.startsWith('stroke') && style.stroke !== 'none' ? rgb(style.stroke) : null;
        if (halo) behind = over(halo, halo[3] / 255 * style.strokeOpacity, behind);
        const ink = rgb(style.fill), mixed = over(ink, ink[3] / 255 * style.fillOpacity * style.opacity, behind);
        const [a, b] = [light(mixed), light(behind)].sort((p, q) => q - p);
        const what = text.textContent.trim().slice(0, 40), on = behind.map(Math.round).join(' ');
        found.push([(a + 0.05) / (b + 0.05), what, style.fill, on, text.closest('figure').id]);
      }
      return found;
    }""")
    return [
        f"{ratio:.2f} : 1 for “{text}”, {ink} on {behind}, in {figure}"
        for ratio, text, ink, behind, figure in found
        if ratio < _CONTRAST - 0.005
    ]


def fonts(visit: Visit) -> list[str]:
    """Letters that are shown in another typeface than those the page brings along; code and formulas may be."""
    # Every letter of a style is shown once more, in a paragraph a style: to ask for each element takes seconds.
    count = visit.js("""() => {
      const styles = new Map(), seen = node => node.parentElement.checkVisibility();
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let text = walk.nextNode(); text; text = walk.nextNode()) {
        const around = text.parentElement;
        if (around.closest('code, pre, math, script, style') || !text.data.trim() || !seen(text)) continue;
        const style = getComputedStyle(around), key = `${style.fontFamily}|${style.fontWeight}|${style.fontStyle}`;
        styles.set(key, new Set([...(styles.get(key) || []), ...text.data.replace(/\\s/g, '')]));
      }
      for (const [key, letters] of styles) {
        const p = document.createElement('p'), [family, weight, style] = key.split('|');
        p.className = 'letters';
        Object.assign(p.style, {fontFamily: family, fontWeight: weight, fontStyle: style});
        p.textContent = [...letters].join(' ');
        document.body.append(p);
      }
      return styles.size;
    }""")
    session = visit.page.context.new_cdp_session(visit.page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    nodes = session.send("DOM.querySelectorAll", {"nodeId": root, "selector": "p.letters"})["nodeIds"]
    assert len(nodes) == count > 0
    used = [font for node in nodes for font in session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]]
    session.detach()
    return sorted(
        {f"{font['glyphCount']:.0f} letters in {font['familyName']}" for font in used if not font["isCustomFont"]}
    )
