// Put into the page that `legation watch` serves, never into its file: reloads it, and tells of what went wrong.
(() => {
  "use strict";
  const shown = document.currentScript.dataset.edition;
  const host = document.createElement("legation-watch");
  const root = host.attachShadow({ mode: "open" });
  root.innerHTML = `<style>
    :host { all: initial; }
    @media print { :host { display: none; } }
    * { box-sizing: border-box; }
    .state, .problem { position: fixed; z-index: 2147483647; color: #fff; background: #24292f;
      font: 14px/1.45 system-ui, sans-serif; }
    .state { right: 1rem; top: 1rem; margin: 0; padding: .3rem .8rem; border-radius: 1rem; }
    .problem { inset: auto 0 0 0; max-height: 65vh; overflow: auto; padding: 1rem 1.5rem 1.5rem;
      border-top: 4px solid #ff7b72; overflow-wrap: anywhere; }
    h2 { font-size: 1.15rem; margin: 0 4rem .5rem 0; }
    h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
    pre { margin: 0; padding: .7rem; background: #0d1117; font: 13px/1.4 ui-monospace, monospace; white-space: pre-wrap; }
    button { position: absolute; right: 1.5rem; top: .8rem; font: inherit; padding: .2rem .8rem; cursor: pointer; }
    [hidden] { display: none !important; }
  </style>
  <p class="state" role="status" hidden></p>
  <section class="problem" role="alert" hidden>
    <h2></h2><button type="button">Close</button><p class="said"></p>
    <div class="cell" hidden><h3></h3><pre tabindex="0"></pre></div>
    <div class="traceback" hidden><h3>Traceback</h3><pre tabindex="0"></pre></div>
    <p class="below"></p>
  </section>`;
  const part = (selector) => root.querySelector(selector);
  const problem = part(".problem");
  const close = () => { problem.hidden = true; };
  part("button").addEventListener("click", close);
  addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });

  const say = (words) => {
    part(".state").textContent = words;
    part(".state").hidden = !words;
  };
  const tell = (found) => {
    problem.hidden = !found;
    if (!found) return;
    part("h2").textContent = `Not published: ${found.report}`;
    part(".said").textContent = found.said;
    part(".cell").hidden = !found.cell;
    if (found.cell) {
      part(".cell h3").textContent = `notebooks/${found.cell.notebook}, cell ${found.cell.number}`;
      part(".cell pre").textContent = found.cell.source;
    }
    part(".traceback").hidden = !found.traceback;
    part(".traceback pre").textContent = found.traceback || "";
    part(".below").textContent = shown ? "Behind this stands the last edition that was published." : "";
  };

  let told = "";
  const events = new EventSource("/-/events");
  events.onmessage = (event) => {
    const state = JSON.parse(event.data);
    if (state.edition !== shown) { location.reload(); return; }
    say(state.building ? "Building …" : "");
    const now = JSON.stringify(state.problem);
    if (now !== told) tell(state.problem);
    told = now;
  };
  events.onerror = () => say("legation watch has ended: this page no longer renews itself.");
  document.addEventListener("DOMContentLoaded", () => document.body.append(host));
})();
