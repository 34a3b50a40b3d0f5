/* Day by day: people stand in boxes by function, leads move between them; time stops when asked to. */

import { make } from "./charts.js";
import { theme } from "./theme.js";

const main = document.querySelector("main");
const said = main.dataset;
const find = (id) => document.getElementById(id);
const scene = find("scene");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const wide = matchMedia("(min-width: 62rem)");
const BEAT = 900; // ms a day takes when played
let token = "";
let day = null; // what the server said last
let places = new Map(); // "kind index" → centre
let playing = false;
let busy = false;
let picked = "";

theme();
find("open").addEventListener("submit", (event) => { event.preventDefault(); open(); });
find("step").addEventListener("click", () => { stop(); step(); });
find("play").addEventListener("click", () => (playing ? stop() : play()));
wide.addEventListener("change", () => day && draw());

async function ask(path, body) {
  const where = `/explorer/office/sessions${path}?language=${said.language}`;
  try {
    const answer = await fetch(where, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
    const found = await answer.json();
    find("wrong").hidden = answer.ok;
    find("wrong").textContent = answer.ok ? "" : found.text;
    return answer.ok ? found : null;
  } catch {
    find("wrong").hidden = false;
    find("wrong").textContent = said.stopped;
    return null;
  }
}

async function open() {
  stop();
  find("today").textContent = said.opening;
  const choice = [...new URLSearchParams(said.query)];
  const found = await ask("", { choice, arm: find("arm").value, day: Number(find("day").value) });
  if (!found) { find("today").textContent = ""; return; }
  token = found.token;
  show(found);
  await watch();
}

async function step() {
  if (busy || !token) return;
  busy = true;
  const found = await ask(`/${token}/step`, {});
  busy = false;
  if (!found) return stop();
  show(found);
  move(found.moves);
  await watch();
  if (found.ended) { stop(); find("today").textContent = `${found.text} · ${said.end}`; }
}

async function play() {
  playing = true;
  find("play").textContent = said.pause;
  while (playing) {
    const began = performance.now();
    await step();
    await new Promise((done) => setTimeout(done, Math.max(0, BEAT - (performance.now() - began))));
  }
}

function stop() {
  playing = false;
  find("play").textContent = said.play;
}

function show(found) {
  day = found;
  main.dataset.day = found.day;
  find("play").disabled = find("step").disabled = found.ended;
  find("today").textContent = found.text;
  draw();
  find("moved").textContent = found.all ? said.moved.replace("{drawn}", found.moves.length).replace("{all}", found.all) : said.none;
  find("moves").replaceChildren(...found.moves.map(({ lead, text }) => {
    const item = document.createElement("li");
    item.append(button(text, "lead", lead));
    return item;
  }));
}

function button(text, kind, index) {
  const node = document.createElement("button");
  node.type = "button";
  node.textContent = text;
  node.addEventListener("click", () => look(kind, index));
  return node;
}

/** Boxes beside each other on wide screens, below each other on phones. */
function boxes() {
  if (wide.matches) {
    return { size: [960, 620], market: [10, 10, 100, 600], marketer: [130, 10, 180, 600], developer: [330, 10, 180, 290],
      seller: [330, 320, 300, 290], manager: [650, 10, 180, 600], out: [850, 10, 100, 600] };
  }
  return { size: [360, 760], market: [8, 6, 344, 46], marketer: [8, 62, 344, 166], developer: [8, 238, 344, 144],
    seller: [8, 392, 344, 144], manager: [8, 546, 344, 150], out: [8, 706, 344, 46] };
}

function draw() {
  const { size, ...areas } = boxes();
  scene.setAttribute("viewBox", `0 0 ${size.join(" ")}`);
  places = new Map();
  const focus = document.activeElement?.dataset?.who;
  const parts = [];
  for (const [kind, [x, y, width, height]] of Object.entries(areas)) {
    const title = day.groups[kind]?.title ?? said[kind];
    parts.push(make("rect", { class: "box", x, y, width, height, rx: 8 }), make("text", { class: "title", x: x + 8, y: y + 18 }, title));
    places.set(`${kind} -1`, [x + width / 2, y + height / 2]);
    const group = day.groups[kind];
    if (group) parts.push(...people(kind, group, x, y + 24, width, height - 24));
  }
  scene.replaceChildren(...parts);
  if (focus) scene.querySelector(`[data-who="${focus}"]`)?.focus({ preventScroll: true });
}

function people(kind, { people: members, others }, x, y, width, height) {
  const count = members.length + (others ? 1 : 0);
  const across = Math.max(1, Math.min(count, Math.floor(width / 44)));
  const down = Math.ceil(count / across);
  const cell = [width / across, Math.min(height / Math.max(1, down), 56)];
  const centre = (place) => [x + cell[0] * ((place % across) + 0.5), y + cell[1] * (Math.floor(place / across) + 0.5)];
  const drawn = members.map((one, place) => {
    const at = centre(place);
    places.set(`${kind} ${one.index}`, at);
    return person(kind, one, at, Math.min(17, cell[1] / 2 - 3));
  });
  if (others) {
    const [cx, cy] = centre(members.length);
    places.set(`${kind} others`, [cx, cy]);
    drawn.push(make("text", { x: cx, y: cy, "text-anchor": "middle" }, `+${others}`), make("text", { x: cx, y: cy + 13, "text-anchor": "middle" }, said.others));
  }
  return drawn;
}

function person(kind, { index, label, carries, hands }, [cx, cy], r) {
  const who = `${kind} ${index}`;
  const node = make("g", { class: "person", tabindex: 0, role: "button", "data-who": who, "aria-label": `${label}: ${carries}`, "aria-pressed": who === picked });
  const around = 2 * Math.PI * r;
  node.append(
    make("circle", { cx, cy, r: Math.max(r, 13) }),
    make("circle", { class: "load", cx, cy, r, "stroke-dasharray": `${around * Math.min(1, hands / day.most_hands)} ${around}`, transform: `rotate(-90 ${cx} ${cy})` }),
    make("text", { x: cx, y: cy + 4 }, String(hands)),
    make("title", {}, `${label}: ${carries}`),
  );
  node.addEventListener("click", () => look(kind, index));
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); look(kind, index); }
  });
  return node;
}

/** Leads on their way, a second at most; nothing moves for those who asked for stillness. */
function move(moves) {
  if (still.matches) return;
  for (const { from, to, stage } of moves) {
    const [a, b] = [from, to].map(([kind, index]) => places.get(`${kind} ${index}`) ?? places.get(`${kind} others`) ?? places.get(`${kind} -1`));
    const dot = make("circle", { class: `lead stage-${stage}`, r: 4.5, cx: a[0], cy: a[1] });
    scene.append(dot);
    const began = performance.now() + Math.random() * 150;
    const frame = (now) => {
      const share = Math.max(0, Math.min(1, (now - began) / 650));
      dot.setAttribute("cx", a[0] + share * (b[0] - a[0]));
      dot.setAttribute("cy", a[1] + share * (b[1] - a[1]));
      if (share < 1 && dot.isConnected) requestAnimationFrame(frame);
      else dot.remove();
    };
    requestAnimationFrame(frame);
  }
}

async function look(kind, index) {
  stop();
  picked = `${kind} ${index}`;
  for (const node of scene.querySelectorAll(".person")) node.setAttribute("aria-pressed", String(node.dataset.who === picked));
  await watch();
}

/** Show the agent that was picked as it is today. */
async function watch() {
  if (!picked || !token) return;
  const found = await ask(`/${token}/${picked.replace(" ", "/")}`);
  if (!found) return;
  const parts = [heading("h3", found.title)];
  for (const { title, rows } of found.sections) {
    const list = document.createElement("dl");
    for (const [name, value] of rows) list.append(text("dt", name), text("dd", value));
    parts.push(heading("h4", title), list);
  }
  if (found.carried.items.length) {
    const list = document.createElement("ul");
    for (const one of found.carried.items) {
      const item = document.createElement("li");
      item.append(button(one.text, one.kind, one.index));
      list.append(item);
    }
    parts.push(heading("h4", found.carried.title), list, text("p", found.carried.more));
  }
  find("who").replaceChildren(...parts);
}

const heading = (name, content) => text(name, content);

function text(name, content) {
  const node = document.createElement(name);
  node.textContent = content;
  return node;
}
