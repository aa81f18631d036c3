// The settings: from the form, into the form, and as the query of a link.
import { range } from "./convolution.js";

const NUMBERS = { size: "size", kernel: "kernel", stride: "stride", dilation: "dilation", outputPadding: "output_padding" };

// What the form says. Numbers out of range become the nearest that are possible; `known` are the matrices with names.
export function fromForm(form, known) {
  const settings = { transposed: form.elements.transposed.value === "1" };
  for (const [name, field] of Object.entries(NUMBERS)) settings[name] = bounded(form.elements[field]);
  const padding = form.elements.padding.value;
  settings.padding = padding === "custom" ? bounded(form.elements.pad) : padding;
  const names = weightsNamed(known, settings.kernel);
  Object.assign(settings, named("input", form.elements.input.value, known.inputs, "numbers", settings.size));
  const other = settings.kernel === 3 ? "sharpen" : "ones";
  Object.assign(settings, named("weights", form.elements.weights.value, names, other, settings.kernel));
  return settings;
}

// Put settings into the form, and offer what can be chosen with them.
export function toForm(form, settings, known) {
  for (const [name, field] of Object.entries(NUMBERS)) form.elements[field].value = settings[name];
  const own = typeof settings.padding === "number";
  form.elements.padding.value = own ? "custom" : settings.padding;
  if (own) form.elements.pad.value = settings.padding;
  form.elements.transposed.value = settings.transposed ? "1" : "0";
  offer(form.elements.input, Object.keys(known.inputs), settings.inputName, settings.input);
  offer(form.elements.weights, Object.keys(weightsNamed(known, settings.kernel)), settings.weightsName, settings.weights);
}

export function query(settings) {
  const asked = new URLSearchParams({
    size: settings.size, kernel: settings.kernel, padding: settings.padding, stride: settings.stride,
  });
  if (settings.dilation !== 1) asked.set("dilation", settings.dilation);
  if (settings.transposed) asked.set("transposed", 1);
  if (settings.transposed && settings.outputPadding) asked.set("output_padding", settings.outputPadding);
  for (const which of ["input", "weights"]) {
    const name = settings[`${which}Name`];
    const usual = { input: "numbers", weights: settings.kernel === 3 ? "sharpen" : "ones" }[which];
    if (name !== usual) asked.set(which, name === "own" ? settings[which].flat().join("_") : name);
  }
  return `?${asked}`;
}

function bounded(field) {
  const number = Math.round(Number(field.value || field.defaultValue));
  return Math.min(Number(field.max), Math.max(Number(field.min), number));
}

function weightsNamed(known, kernel) {
  const ones = range(0, kernel).map(() => range(0, kernel).map(() => 1));
  return kernel === 3 ? { ones, ...known.kernels } : { ones };
}

// A matrix of the given side, by its name or from its numbers; numbers of another size are cropped, or filled up.
function named(which, value, names, other, side) {
  const cut = (matrix) => matrix.slice(0, side).map((row) => row.slice(0, side));
  if (value in names) return { [which]: cut(names[value]), [`${which}Name`]: value };
  const numbers = value.split("_").map(Number);
  const was = Math.sqrt(numbers.length);
  if (!Number.isInteger(was) || numbers.some(Number.isNaN)) return { [which]: cut(names[other]), [`${which}Name`]: other };
  const more = which === "input" ? names[other] : range(0, side).map(() => range(0, side).map(() => 0));
  const matrix = cut(more).map((row, i) => row.map((number, j) => (i < was && j < was ? numbers[i * was + j] : number)));
  return { [which]: matrix, [`${which}Name`]: "own" };
}

function offer(select, names, chosen, matrix) {
  const options = [...select.options].filter((option) => !option.dataset.own);
  for (const option of options) option.hidden = option.disabled = !names.includes(option.value);
  select.querySelector("[data-own]")?.remove();
  if (chosen === "own") {
    const option = new Option("your own", matrix.flat().join("_"));
    option.dataset.own = "yes";
    select.add(option);
  }
  select.value = chosen === "own" ? matrix.flat().join("_") : chosen;
}
