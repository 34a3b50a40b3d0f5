/* The explorer: a change of a lever asks for runs, which stream in; an outdated stream is ended. */

import { ARMS, account, fan, levels } from "./charts.js";
import { theme } from "./theme.js";

const WAIT = 120; // ms after the last change
const main = document.querySelector("main");
const form = document.getElementById("levers");
const said = main.dataset;
const find = (id) => document.getElementById(id);
let chosen = new URLSearchParams(location.search);
let running = null;
let timer = 0;

chosen.set("language", said.language);
theme();
if (matchMedia("(max-width: 61.99rem)").matches) find("panel").open = false;
find("panel").dataset.ready = "";
outputs();
run(false);

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", (event) => {
  const control = event.target;
  if (!control.dataset.key) return;
  output(control);
  choose(control);
  clearTimeout(timer);
  timer = setTimeout(run, WAIT, control.dataset.resets !== undefined);
});

/** Note a control's value; what it sets anew is forgotten. */
function choose({ dataset: { key, resets }, value }) {
  if (resets === "*") chosen = new URLSearchParams([...chosen].filter(([name]) => !ARMS.some((arm) => name.startsWith(`${arm}.`))));
  else if (resets) for (const name of [...chosen.keys()]) if (name.startsWith(resets)) chosen.delete(name);
  chosen.set(key, value);
}

function outputs() {
  form.querySelectorAll("input[type=range]").forEach(output);
}

/** The value beside a slider, in the words of its unit. */
function output(control) {
  const shown = form.querySelector(`output[for="${control.id}"]`);
  if (!shown) return;
  const value = Number(control.value);
  const unit = shown.dataset.unit;
  const number = (unit === "percent" ? 100 * value : value).toLocaleString(said.language, { maximumFractionDigits: 2 });
  const text = unit === "percent" ? (said.language === "es" ? `${number} %` : `${number}%`) : `${number} ${unit}`;
  shown.textContent = text;
  control.setAttribute("aria-valuetext", text);
}

/** Run what is chosen; ``anew``: the controls change too. */
async function run(anew) {
  running?.abort();
  const mine = running = new AbortController();
  const query = chosen.toString();
  window.explorerAsked = performance.now();
  tell(said.waiting);
  refuse("");
  find("progress").removeAttribute("value");
  try {
    const answer = await fetch(`/explorer/runs?${query}`, { signal: mine.signal });
    for await (const found of lines(answer.body)) {
      if (mine.signal.aborted) return;
      show(found, anew);
      if (found.kind === "done") return;
      if (found.kind === "wrong") return;
    }
    tell(said.stopped);
  } catch (error) {
    if (error.name !== "AbortError") tell(said.stopped);
  }
}

async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const part of parts) if (part) yield JSON.parse(part);
  }
  if (rest) yield JSON.parse(rest);
}

function show(found, anew) {
  if (found.kind === "levers") controls(found, anew);
  else if (found.kind === "picture") picture(found);
  else if (found.kind === "wrong") { refuse(found.text); tell(""); }
  else tell(found.text);
}

function tell(text) { find("status").textContent = text; }

function refuse(text) {
  find("wrong").textContent = text;
  find("wrong").hidden = !text;
}

/** New controls where a plan, a level or an organisation set some anew; focus and open parts stay. */
function controls({ html, query, command }, anew) {
  if (anew) {
    const focus = document.activeElement?.id;
    const open = new Map([...form.querySelectorAll("details")].map((part) => [part.id, part.open]));
    form.innerHTML = html;
    for (const part of form.querySelectorAll("details")) part.open = open.get(part.id) ?? part.open;
    outputs();
    if (focus) find(focus)?.focus({ preventScroll: true });
  }
  history.replaceState(null, "", `/explorer?${query}`);
  find("permalink").value = location.href;
  find("command").value = command;
  find("report").href = `/explorer/report?${query}`;
  for (const link of document.querySelectorAll("[data-office]")) link.href = `/explorer/office?${query}&arm=${link.dataset.office}`;
  const other = new URLSearchParams(query);
  other.set("language", said.language === "en" ? "es" : "en");
  find("language").href = `/explorer?${other}`;
}

function picture(found) {
  main.dataset.n = found.n;
  main.dataset.drawn = performance.now() - window.explorerAsked;
  tell(said.progress.replace("{n}", found.n).replace("{of}", found.of));
  Object.assign(find("progress"), { max: found.of, value: found.n });
  find("headline").textContent = found.headline;
  const widest = Math.max(...["leads"].flatMap((name) => found.measures[name].levels.flat()).filter(Number.isFinite));
  for (const [name, measure] of Object.entries(found.measures)) {
    const row = document.querySelector(`[data-measure="${name}"]`);
    const deals = row.closest("[data-card]").dataset.card === "funnel" && !["win_rate", "first_response_hours"].includes(name);
    row.querySelectorAll("td").forEach((cell, place) => cells(cell, measure.cells[place]));
    verdict(row, measure);
    levels(row.querySelector("svg"), measure.levels, deals ? widest : undefined);
  }
  for (const [name, kind] of Object.entries(found.hours)) {
    const row = document.querySelector(`[data-class="${name}"]`);
    const [before, after, gap] = row.querySelectorAll("td");
    before.textContent = kind.cells[0];
    after.textContent = kind.cells[1];
    cells(gap, kind.cells.slice(2));
    verdict(row, { reading: kind.reading, tone: "" });
  }
  ARMS.forEach((arm, place) => {
    account(document.querySelector(`[data-account="${arm}"]`), found.hours, place);
    fan(document.querySelector(`[data-fan="${arm}"]`), found.fans[arm], found.scale, said.month);
    document.querySelectorAll(`[data-band="${arm}"] td`).forEach((cell, band) => { cell.textContent = found.bands[arm][band]; });
  });
}

function cells(cell, [value, interval]) {
  cell.querySelector("b").textContent = value;
  cell.querySelector("small").textContent = interval;
}

function verdict(row, { reading, tone }) {
  const word = row.querySelector("em");
  word.textContent = reading;
  word.className = tone;
}

document.addEventListener("click", async ({ target }) => {
  const field = target.dataset?.copy && find(target.dataset.copy);
  if (!field) return;
  field.select();
  try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); } // no clipboard without TLS
  find("told").textContent = said.copied;
});
find("report").addEventListener("click", () => { find("told").textContent = said.making; });
