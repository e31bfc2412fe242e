"""Each gate sees the fault it is for: a page with all of them is stopped at every one, a sound page at none."""

from __future__ import annotations

import pytest

from browser import gates

BROKEN = """<!DOCTYPE html><html lang="en"><title>Broken</title>
<meta http-equiv="Content-Security-Policy" content="script-src 'unsafe-inline'">
<style>body { background: #fff; font-family: serif } .none:focus { outline: none }</style>
<h1>Broken</h1><h3>A level is left out</h3>
<p id="moved" style="color: #bbb">Pale</p>
<div style="width: 2000px">wide</div><p id="above" style="position: absolute; top: 0">first</p>
<table><tr><th>No scope</th></tr></table>
<figure id="drawn"><svg width="90" height="20"><rect width="90" height="20" fill="#777"/>
<text y="15" fill="#888">lost</text></svg></figure>
<a href="#x" class="none">not outlined</a> <a href="#y" id="trap">trapped</a> <a href="#z">never reached</a>
<img src="http://127.0.0.1:9/x.png" alt=""><script src="other.js"></script>
<script>
trap.onkeydown = event => event.preventDefault();
requestAnimationFrame(() => setTimeout(() => { moved.style.marginTop = '90px'; }, 50));
</script></html>"""

SOUND = """<!DOCTYPE html><html lang="en"><title>Sound</title>
<style>body { background: #fff; color: #222 } a:focus { outline: 2px solid }</style>
<main><h1>Sound</h1><h2>Text</h2><p>Text with <a href="#a">one link</a> and <a href="#b">another</a></p>
<table><thead><tr><th scope="col">Year</th></tr></thead><tbody><tr><th scope="row">2019</th></tr></tbody></table>
<figure id="drawn"><svg width="90" height="20"><rect width="90" height="20" fill="#333"/>
<text y="15" fill="#fff">seen</text></svg></figure></main></html>"""

SAID = {
    gates.requests: ["http://127.0.0.1:9/x.png", "other.js"],
    gates.messages: ["Failed to load resource", "Content Security Policy"],
    gates.accessibility: ["color-contrast", "heading-order"],
    gates.headings: ["h3 “A level is left out” follows h1"],
    gates.order: ['<p id="above"'],
    gates.tables: ["has no heads", "“No scope” has no scope"],
    gates.overflow: ["in a window of 1280"],
    gates.shifts: ["moved"],
    gates.keyboard: ["not outlined", "led to number 2"],
    gates.contrast: ["“lost”"],
}


@pytest.fixture
def written(tmp_path, open_page):
    def opened(text):
        path = tmp_path / "page.html"
        path.write_text(text, encoding="utf-8")
        return open_page(path)

    return opened


@pytest.mark.parametrize("gate", SAID, ids=lambda gate: gate.__name__)
def test_a_gate_stops_a_page_that_has_its_fault(gate, written):
    said = "\n".join(gate(written(BROKEN)))
    assert [fault for fault in SAID[gate] if fault not in said] == [], said


@pytest.mark.parametrize("gate", SAID, ids=lambda gate: gate.__name__)
def test_a_gate_lets_a_sound_page_pass(gate, written):
    assert gate(written(SOUND)) == []


def test_the_gate_of_typefaces_stops_one_that_the_page_does_not_bring(written):
    assert "letters in" in gates.fonts(written(SOUND))[0]
