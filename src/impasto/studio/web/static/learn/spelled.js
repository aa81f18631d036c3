// Classify: one number of a map as windows times kernels, and the scores as probabilities.
import { build } from "./build.js";
import { exact, factor, shown } from "./numbers.js";

const COLORS = ["red", "green", "blue"];

// A frame on a map; the place is in shares of its height and width.
export function marked(place) {
  return build("i", Object.fromEntries(Object.entries(place).map(([name, share]) => [`--${name}`, `${share * 100}%`])));
}

// What the server says of a number, spelled out. Its place: which step, counted from 0, and where on which map.
export function spelled(answer, { step, unit, row, column }) {
  const made = build("div", { className: "spelled", tabIndex: -1 });
  made.setAttribute("role", "status");
  const also = answer.shortcut ? " The layer reads the maps above and what a shortcut past them brings, added up." : "";
  const head = (words) => build("p", { className: "said" }, `Row ${row + 1}, column ${column + 1} of map ${unit + 1} ${words}${also}`);
  if (answer.kind === "pool") {
    made.append(head(`is the largest of ${answer.window.flat().length} numbers: ${exact(answer.value)}.`), grid(answer.window, "read"));
    return made;
  }
  const { parts, others, rest, bias, total, scale, shift, normalised, rectified, value } = answer;
  const channels = parts.length + others;
  made.append(head(`is a sum over ${channels} channels: ${exact(value)}.`));
  for (const { channel, window, kernel, sum } of parts) {
    made.append(build("div", { className: "product" },
      build("h4", {}, step === 0 ? COLORS[channel] : `map ${channel + 1}`),
      grid(window, "read"), build("span", {}, "∗"), grid(kernel, "kernel"), build("span", {}, `= ${exact(sum)}`)));
  }
  const terms = parts.map(({ sum }) => factor(exact(sum)));
  if (others) terms.push(`${factor(exact(rest))} (the other ${others} channels)`);
  if (bias !== null) terms.push(`${factor(exact(bias))} (bias)`);
  const sum = (words, ...result) => build("p", { className: "sum" }, words, ...result);
  made.append(sum(`${terms.join(" + ")} = `, build("strong", {}, exact(total))));
  if (scale !== undefined) {
    made.append(sum(`Normalised: ${factor(exact(total))} × ${exact(scale)} + ${factor(exact(shift))} = `, build("strong", {}, exact(normalised))));
  }
  const before = exact(normalised ?? total);
  if (rectified) made.append(sum(`ReLU: the larger of 0 and ${before} = `, build("strong", {}, exact(value))));
  return made;
}

function grid(rows, name) {
  const lines = rows.map((row) => build("tr", {}, ...row.map((each) => build("td", {}, each === null ? "" : shown(each)))));
  const table = build("table", {}, build("tbody", {}, ...lines));
  table.setAttribute("aria-label", name === "kernel" ? "Its kernel" : "The window");
  return build("div", { className: `matrix ${name}` }, table);
}

// The scores of all classes, and how softmax makes shares of them.
export function softmax(scores) {
  const most = Math.max(...scores.map(({ score }) => score));
  const rows = scores.map(({ name, score }) => ({ name, score, power: Math.exp(score - most) }));
  const all = rows.reduce((sum, { power }) => sum + power, 0);
  rows.sort((a, b) => b.score - a.score);
  const [first] = rows;
  const head = build("tr", {}, ...["class", "score z", "z − largest", "e to that", "share"].map((words) => build("th", { scope: "col" }, words)));
  const lines = rows.map(({ name, score, power }) =>
    build("tr", {}, build("th", { scope: "row" }, name),
      ...[shown(score), shown(score - most), power < 0.0001 ? "< 0.0001" : exact(power), `${((power / all) * 100).toFixed(1)} %`].map((text) => build("td", {}, text))));
  return [
    build("p", { className: "note" }, "The largest score is taken off each one first: that changes no share, and no number grows too large."),
    build("table", {}, build("thead", {}, head), build("tbody", {}, ...lines)),
    build("p", { className: "sum" }, `The share of ${first.name} is its number, 1, by the sum of all, ${exact(all)}: 1 / ${exact(all)} = `,
      build("strong", {}, `${(100 / all).toFixed(1)} %`)),
  ];
}
