// Pages work without this file; with it they follow the session by themselves.
// The server says when a page of ours has changed; the page is fetched again and what differs is put in its place.
"use strict";

const main = () => document.getElementById("main");
let fetching = false, again = false;

function put(html, force) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const next = fresh.getElementById("main"), here = main();
  if (!next) return location.reload();
  if (next.dataset.screen !== here.dataset.screen) {
    here.replaceWith(next);
    const bar = document.querySelector(".bar"), newBar = fresh.querySelector(".bar");
    if (bar && newBar) bar.replaceWith(newBar);
    document.title = fresh.title;
    window.scrollTo(0, 0);
    (next.querySelector("h1[tabindex]") || next).focus({ preventScroll: true });
    return;
  }
  here.dataset.key = next.dataset.key || "";
  for (const part of here.querySelectorAll("[data-part]")) {
    const other = next.querySelector("#" + part.id);
    if (!other || other.innerHTML === part.innerHTML) continue;
    if (part.contains(document.activeElement) && document.activeElement.matches("input, select") && !force) continue;
    const held = part.contains(document.activeElement) ? document.activeElement.id : "";
    part.innerHTML = other.innerHTML;
    if (held) document.getElementById(held)?.focus();
  }
}

async function refresh() {
  if (fetching) { again = true; return; }
  fetching = true;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    put(await answer.text(), false);
  } catch { /* offline: the stream comes back and asks again */ }
  fetching = false;
  if (again) { again = false; refresh(); }
}

function listen() {
  const path = main().dataset.live;
  if (!path) return;
  const stream = new EventSource(path);
  stream.onmessage = (event) => { if (event.data !== main().dataset.key) refresh(); };
  stream.onerror = () => { if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2000); };
}

async function save(form, field) {
  const body = new URLSearchParams();
  for (const hidden of form.querySelectorAll("input[type=hidden]")) body.append(hidden.name, hidden.value);
  body.append(field.name, field.value);
  try {
    const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
    put(await answer.text(), !answer.ok);
  } catch {
    setTimeout(() => save(form, field), 1500); // the server restarts: nothing set is lost
  }
}

document.addEventListener("input", (event) => {
  const range = event.target;
  if (range.type !== "range") return;
  const output = document.querySelector(`output[for="${range.id}"]`);
  const shown = Number(range.value).toLocaleString(document.documentElement.lang);
  output.textContent = output.dataset.pattern.replace("#", shown);
  range.setAttribute("aria-valuetext", output.textContent);
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosave]");
  if (form) save(form, event.target);
});

setInterval(() => {
  for (const time of document.querySelectorAll(".time[data-deadline]")) {
    const born = time.born ??= Date.now() / 1000;
    const left = Math.max(0, Math.round(time.dataset.deadline - time.dataset.now - (Date.now() / 1000 - born)));
    const shown = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (time.textContent !== shown) time.textContent = shown;
    time.classList.toggle("low", left <= 30);
  }
}, 500);

listen();
