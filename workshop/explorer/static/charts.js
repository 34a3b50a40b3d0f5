/* Drawings: fans, bars with whiskers, stacked accounts. Every number drawn also stands in a table. */

const SVG = "http://www.w3.org/2000/svg";
export const ARMS = ["siloed", "shared_okr"];

export function make(name, attributes = {}, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

/** A fan: bands of nine in ten and of half of the runs, and the median; both arms on one scale. */
export function fan(svg, bands, scale, month) {
  const left = 56, right = 350, top = 10, bottom = 178;
  const months = bands[0].length;
  const x = (i) => left + (right - left) * (months > 1 ? i / (months - 1) : 0.5);
  const y = (v) => bottom - (bottom - top) * (v - scale.low) / (scale.high - scale.low);
  const line = (values) => values.map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`);
  const band = (low, high) => [...line(low), ...line(high).reverse()].join(" ");
  const parts = scale.ticks.flatMap(({ at, text }) => [
    make("line", { x1: left, x2: right, y1: y(at), y2: y(at) }),
    make("text", { x: left - 6, y: y(at) + 4, "text-anchor": "end" }, text),
  ]);
  const every = Math.max(1, Math.ceil(months / 6));
  for (let i = every - 1; i < months; i += every) {
    parts.push(make("text", { x: x(i), y: bottom + 16, "text-anchor": "middle" }, String(i + 1)));
  }
  parts.push(make("text", { x: (left + right) / 2, y: bottom + 31, "text-anchor": "middle" }, month));
  parts.push(make("polygon", { class: "band", points: band(bands[0], bands[4]) }));
  parts.push(make("polygon", { class: "band half", points: band(bands[1], bands[3]) }));
  parts.push(make("polyline", { points: line(bands[2]).join(" ") }));
  svg.replaceChildren(...parts);
}

/** Two bars from zero, one an arm, each with the 95 % interval of its mean. */
export function levels(svg, found, reach) {
  const known = found.flat().filter(Number.isFinite);
  const low = Math.min(0, ...known);
  const high = reach ?? Math.max(0, ...known);
  const span = high - low || 1;
  const at = (v) => `${Math.min(99.5, 100 * (v - low) / span)}%`;
  const parts = [];
  found.forEach(([mean, from, to], row) => {
    if (!Number.isFinite(mean)) return;
    const [a, b] = mean < 0 ? [mean, 0] : [0, mean];
    parts.push(make("rect", { class: ARMS[row], x: at(a), width: `${100 * (b - a) / span}%`, y: row * 13 + 1, height: 10 }));
    if (Number.isFinite(from) && Number.isFinite(to)) {
      parts.push(make("line", { x1: at(from), x2: at(to), y1: row * 13 + 6, y2: row * 13 + 6 }));
    }
  });
  parts.push(make("line", { class: "zero", x1: at(0), x2: at(0), y1: 0, y2: 26 }));
  svg.replaceChildren(...parts);
}

/** One bar of all paid hours, by class in the order of the table. */
export function account(svg, classes, arm) {
  let from = 0;
  svg.replaceChildren(...Object.entries(classes).map(([kind, { shares }]) => {
    const share = shares[arm] || 0;
    const part = make("rect", { class: `class-${kind}`, x: `${100 * from}%`, width: `${100 * share}%`, y: 0, height: 34 });
    from += share;
    return part;
  }));
}
