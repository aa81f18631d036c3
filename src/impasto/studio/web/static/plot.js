// The objective and its parts by step, on a logarithmic scale, as an SVG.

import { language, say } from "./language.js";

const SVG = "http://www.w3.org/2000/svg";
const [LEFT, RIGHT, TOP, BOTTOM] = [44, 398, 22, 158];
const short = new Intl.NumberFormat(language, { notation: "compact", maximumSignificantDigits: 2 });

function draw(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** Round numbers between two powers of ten: three or more. */
function ticks(low, high) {
  for (const digits of [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7]]) {
    const found = [];
    for (let power = Math.floor(low); power <= high; power++) {
      for (const digit of digits) {
        const value = digit * 10 ** power, place = Math.log10(value);
        if (place >= low && place <= high) found.push(value);
      }
    }
    if (found.length >= 3) return found;
  }
  return [10 ** low, 10 ** high];
}

/**
 * Draw the points of a curve into an svg of 400 × 180; answers whether there was enough to draw.
 * A point is { step, objective, parts: { name: what it adds to the objective } }. The objective of former points is grey.
 */
export function plot(svg, points, former = []) {
  if (points.length < 2) return false;
  const names = [...Object.keys(points[0].parts), "objective"];
  const curve = points.map(({ step, objective, parts }) => [step, ...Object.values(parts), objective]);
  const values = [...curve.flatMap((point) => point.slice(1)), ...former.map(({ objective }) => objective)].filter((value) => value > 0);
  if (!values.length) return false;
  const low = Math.log10(Math.min(...values)), high = Math.max(Math.log10(Math.max(...values)), low + 0.1);
  const last = Math.max(curve.at(-1)[0], former.at(-1)?.step ?? 0), first = curve[0][0];
  const x = (step) => LEFT + ((step - first) / Math.max(last - first, 1)) * (RIGHT - LEFT);
  const y = (value) => BOTTOM - ((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)) * (BOTTOM - TOP);
  const line = (places) => places.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const parts = [];
  for (const value of ticks(low, high)) {
    parts.push(draw("line", { class: "axis", x1: LEFT, x2: RIGHT, y1: y(value), y2: y(value) }));
    parts.push(draw("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, short.format(value)));
  }
  parts.push(draw("text", { x: LEFT, y: BOTTOM + 17 }, say("step %(step)s", { step: first })));
  parts.push(draw("text", { x: RIGHT, y: BOTTOM + 17, "text-anchor": "end" }, say("step %(step)s", { step: last })));
  if (former.length) parts.push(draw("polyline", { class: "former", points: line(former.map(({ step, objective }) => [step, objective])) }));
  let end = RIGHT;
  names.toReversed().forEach((name, index) => {
    const called = { content: say("content"), style: say("style"), objective: say("objective"), kept: say("kept") }[name] ?? name;
    const column = names.length - index, kind = index === 0 ? "total" : `part-${column}`;
    parts.push(draw("polyline", { class: kind, points: line(curve.map((point) => [point[0], point[column]])) }));
    parts.push(draw("text", { class: `key ${kind}`, x: end, y: 12, "text-anchor": "end" }, called));
    end -= 7 * called.length + 14; // about as wide as the name
  });
  svg.replaceChildren(...parts);
  const [start, now] = [points[0], points.at(-1)].map((point) => short.format(point.objective));
  svg.setAttribute("aria-label", say("The objective: %(start)s at step %(first)s, %(now)s at step %(last)s", { start, first, now, last: curve.at(-1)[0] }));
  return true;
}
