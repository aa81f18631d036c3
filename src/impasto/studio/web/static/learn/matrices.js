// The four matrices, the cell in hand, and the sum that it is.
import { output, pads, range, reached, span, terms, unread } from "./convolution.js";
import { build } from "./build.js";
import { Grid } from "./grid.js";
import { exact, factor, shown, weight } from "./numbers.js";

const $ = (id) => document.getElementById(id);

export class Matrices {
  // onTake(hand): a cell { kind: "output", "input" or "kernel", row, column } is pointed at. onEdit(which, row, column, number).
  constructor({ onTake, onEdit }) {
    const take = (kind) => (row, column) => onTake({ kind, row, column });
    const edit = (which) => (row, column, number) => onEdit(which, row, column, number);
    this.input = new Grid($("input-matrix"), { onHand: take("input"), onEdit: edit("input") });
    this.padded = new Grid($("padded-matrix"), { onHand: take("input") });
    this.kernel = new Grid($("kernel-matrix"), { onHand: take("kernel"), onEdit: edit("weights") });
    this.output = new Grid($("output-matrix"), { onHand: take("output") });
    this.hand = null;
  }

  draw(settings, made) {
    Object.assign(this, { settings, made });
    const { size, kernel, weights, transposed } = settings;
    const [before, after] = pads(settings);
    const all = range(0, size);
    const around = range(-before, size + after);
    const skipped = new Set(unread(settings));
    this.input.draw(all, all, (row, column) => this.#number("Input", row, column, skipped));
    $("padded-figure").hidden = transposed || before + after === 0;
    this.padded.draw(around, around, (row, column) => {
      if (all.includes(row) && all.includes(column)) return this.#number("Padded input, at the input’s", row, column, skipped);
      const missed = skipped.has(row) || skipped.has(column);
      const says = `Padding, row ${row + before + 1}, column ${column + before + 1}: 0${missed ? ", never read" : ""}`;
      return { text: "0", says, kind: missed ? "pad unread" : "pad" };
    });
    const taps = range(0, kernel);
    this.kernel.draw(taps, taps, (row, column) => {
      const text = weight(weights[row][column]);
      return { text, says: `Kernel, row ${row + 1}, column ${column + 1}: ${text}`, kind: "" };
    });
    for (const u of taps) for (const v of taps) this.kernel.tint(u, v, this.#hue({ u, v }));
    this.#drawOutput(before, after);
    this.#measure({ input: size, padded: around.length, kernel, output: made });
    const kept = this.hand?.kind === "output" && this.#made(this.hand);
    this.hold(kept ? this.hand : { kind: transposed ? "input" : "output", row: 0, column: 0 });
  }

  // Take a cell in hand. While an animation is under way, what comes after `until` is not there yet.
  hold(hand, until = Infinity) {
    this.hand = hand;
    if (this.settings.transposed) this.#stamp(until);
    for (const grid of [this.input, this.padded, this.output]) grid.clear();
    for (const cell of this.kernel.cells.values()) cell.classList.remove("hand"); // its tints stay
    if (!this.settings.transposed) {
      for (let at = until + 1; at < this.made ** 2; at++) this.output.mark(Math.floor(at / this.made), at % this.made, "later");
    }
    if (hand.kind === "output") this.#holdOutput(hand);
    else if (hand.kind === "kernel") this.#holdKernel(hand);
    else this.#holdInput(hand);
  }

  #number(name, row, column, skipped) {
    const text = shown(this.settings.input[row][column]);
    const missed = skipped.has(row) || skipped.has(column);
    const says = `${name}, row ${row + 1}, column ${column + 1}: ${text}${missed ? ", never read" : ""}`;
    return { text, says, kind: missed ? "unread" : "" };
  }

  // In transposed mode with what is cropped off around it.
  #drawOutput(before, after) {
    const { input, weights, transposed, outputPadding } = this.settings;
    const values = output(input, weights, this.settings);
    const [from, to] = transposed ? [-before, this.made + Math.max(0, after - outputPadding)] : [0, this.made];
    const places = range(from, to);
    this.output.draw(places, places, (row, column) => {
      if (!this.#made({ row, column })) return { text: "", says: "Cropped off", kind: "crop" };
      const text = shown(values[row][column]);
      return { text, says: `Output, row ${row + 1}, column ${column + 1}: ${text}`, kind: "" };
    });
  }

  // Say how large the matrices are, and let the style sheet choose a size of cells with which they fit.
  #measure(rows) {
    for (const [name, count] of Object.entries(rows)) $(`${name}-size`).textContent = `${count} × ${count}`;
    const widths = [this.input, this.kernel, this.output].map((grid) => grid.columns.length);
    if (!$("padded-figure").hidden) widths.push(rows.padded);
    $("matrices").style.setProperty("--all", widths.reduce((sum, width) => sum + width));
    $("matrices").style.setProperty("--most", Math.max(...widths));
  }

  // The outputs as far as the first inputs have put them down.
  #stamp(until) {
    const { size, input, weights } = this.settings;
    const sofar = input.map((line, i) => line.map((value, j) => (i * size + j <= until ? value : 0)));
    for (const [i, line] of output(sofar, weights, this.settings).entries()) {
      for (const [j, value] of line.entries()) this.output.cell(i, j).textContent = shown(value);
    }
  }

  #holdOutput({ row, column }) {
    this.output.mark(row, column, "hand");
    $("window").hidden = this.settings.transposed;
    if (!this.#made({ row, column })) {
      say("This is cropped off: the padding of a transposed convolution takes away instead of adding.");
      return;
    }
    this.#frame(row, column);
    const found = terms(this.settings.input, this.settings.weights, this.settings, row, column);
    for (const term of found) {
      this.input.tint(term.row, term.column, this.#hue(term));
      this.padded.tint(term.row, term.column, this.#hue(term));
    }
    const total = exact(found.reduce((sum, term) => sum + term.product, 0));
    const products = found.length === 1 ? "one product" : `the sum of ${found.length} products`;
    const name = `Row ${row + 1}, column ${column + 1} of the output is`;
    const chips = found.flatMap((term, index) => [index ? " + " : "", this.#chip(term)]);
    if (found.length) say(`${name} ${products}: ${total}.`, ...chips, " = ", build("strong", {}, total));
    else say(`${name} reached by nothing: 0.`);
  }

  #holdInput({ row, column }) {
    const { size, transposed, input, weights } = this.settings;
    $("window").hidden = true;
    for (const grid of [this.input, this.padded]) grid.mark(row, column, "hand");
    const found = reached(this.settings, row, column);
    for (const at of found) this.output.tint(at.row, at.column, this.#hue(at));
    const padded = row < 0 || column < 0 || row >= size || column >= size;
    const value = padded ? 0 : input[row][column];
    const name = padded ? "This zero of the padding" : `Row ${row + 1}, column ${column + 1} of the input, ${shown(value)},`;
    const outputs = found.length === 1 ? "one output" : `${found.length} outputs`;
    const chips = found.flatMap(({ u, v }) => {
      const term = { u, v, value, weight: weights[u][v], padded };
      return [this.#chip(term, ` = ${exact(value * weights[u][v])}`), " "];
    });
    if (transposed) say(`${name} puts down ${shown(value)} times the kernel: it reaches ${outputs}.`, ...chips);
    else if (found.length) say(`${name} is read for ${outputs}.`, ...chips);
    else say(`${name} is never read: no output depends on it.`);
  }

  // Where a number of the kernel is used: once for each output, each time with another number of the input.
  #holdKernel({ row, column }) {
    const { input, weights, transposed } = this.settings;
    $("window").hidden = true;
    this.kernel.mark(row, column, "hand");
    const places = range(0, this.made);
    const found = places.flatMap((i) => places.flatMap((j) =>
      terms(input, weights, this.settings, i, j).filter(({ u, v }) => u === row && v === column).map((term) => ({ ...term, i, j }))));
    for (const term of found) {
      this.input.tint(term.row, term.column, this.#hue(term));
      this.padded.tint(term.row, term.column, this.#hue(term));
      if (transposed) this.output.tint(term.i, term.j, this.#hue(term));
    }
    const zeros = found.filter(({ padded }) => padded).length;
    const times = found.length === 1 ? "one number" : `${found.length} numbers`;
    const name = `Row ${row + 1}, column ${column + 1} of the kernel, ${weight(weights[row][column])}, is multiplied with ${times}`;
    const rest = transposed ? ", each for another output" : ", one for each output";
    say(`${name}${rest}${zeros ? `; of these, zeros of the padding: ${zeros}` : ""}.`);
  }

  // The frame around all that the kernel spans, with the holes of a dilation.
  #frame(row, column) {
    const { stride, kernel, dilation } = this.settings;
    const host = $("padded-figure").hidden ? $("input-matrix") : $("padded-matrix");
    host.parentElement.append($("window"));
    const place = { "--top": row * stride, "--left": column * stride, "--span": span(kernel, dilation) };
    for (const [name, value] of Object.entries(place)) $("window").style.setProperty(name, value);
  }

  #made({ row, column }) {
    return row >= 0 && column >= 0 && row < this.made && column < this.made;
  }

  // A product in its tap's colour.
  #chip(term, more = "") {
    const product = `${shown(term.value)} × ${factor(weight(term.weight))}${more}`;
    return build("span", { className: term.padded ? "term none" : "term", "--hue": this.#hue(term) }, product);
  }

  #hue({ u, v }) {
    const { kernel } = this.settings;
    return Math.round(((u * kernel + v) * 360) / kernel ** 2 + 30) % 360;
  }
}

function say(words, ...sum) {
  $("said").textContent = words;
  $("sum").replaceChildren(...sum);
}
