// The arithmetic of convolutions, one axis at a time, as in impasto.convolution.geometry; and the sums, as in impasto.convolution.kernels.
// Pure: it knows nothing of the page. n is the size, k the kernel, p the padding, s the stride, d the dilation.

export class GeometryError extends Error {}

// How many numbers a kernel reaches across.
export const span = (kernel, dilation = 1) => dilation * (kernel - 1) + 1;

// The padding [before, after] with which the output has ⌈n / s⌉ positions; where it is odd, the one more goes after.
export function samePadding(size, kernel, stride = 1, dilation = 1) {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + span(kernel, dilation) - size);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

// What is put around the input, or in transposed mode cropped off the output: [before, after].
export function pads({ size, kernel, padding, stride, dilation, transposed }) {
  if (padding === "valid") return [0, 0];
  if (padding !== "same") return [padding, padding];
  if (!transposed) return samePadding(size, kernel, stride, dilation);
  const total = span(kernel, dilation) - stride;
  if (total < 0) {
    throw new GeometryError(
      `“Same” is not possible where the stride (${stride}) is wider than the kernel (${span(kernel, dilation)} across): ` +
        "choose a smaller stride, or a padding of your own.",
    );
  }
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

// How many positions the output has along one axis. Throws GeometryError, in words for people, where there is none.
export function outputSize(settings) {
  const { size, kernel, stride, dilation, transposed, outputPadding } = settings;
  const [before, after] = pads(settings);
  const wide = span(kernel, dilation);
  if (!transposed) {
    const free = size + before + after - wide;
    if (free < 0) {
      throw new GeometryError(
        `The kernel is ${wide} across${dilation > 1 ? ` (with its dilation of ${dilation})` : ""}, and the padded input ` +
          `only ${size + before + after}, so there is no place for it: ` +
          `give a padding of at least ${Math.ceil((wide - size) / 2)}, a larger input or a smaller kernel.`,
      );
    }
    return Math.floor(free / stride) + 1;
  }
  if (outputPadding >= Math.max(stride, dilation)) {
    throw new GeometryError(
      `An output padding of ${outputPadding} is not possible here: give less than the stride (${stride}).`,
    );
  }
  const made = (size - 1) * stride + wide - before - after + outputPadding;
  if (made < 1) {
    throw new GeometryError(
      `A padding of ${before} crops everything away: the whole output is only ${made + before + after} across. ` +
        "Give a smaller padding.",
    );
  }
  return made;
}

// The rows (or columns) that no position of the kernel reads; 0 … n − 1 are the input's own, the others padding.
export function unread(settings) {
  if (settings.transposed) return [];
  const { size, kernel, stride, dilation } = settings;
  const [before, after] = pads(settings);
  const read = new Set();
  for (let at = 0; at < outputSize(settings); at++) {
    for (let tap = 0; tap < kernel; tap++) read.add(at * stride + tap * dilation - before);
  }
  return range(-before, size + after).filter((row) => !read.has(row));
}

// The products whose sum an output is, in the kernel's order. Rows and columns of the input count from 0; those
// outside it are padding, which is 0. In transposed mode only what reaches the output is there.
export function terms(input, weights, settings, row, column) {
  const { size, kernel, stride, dilation, transposed } = settings;
  const [before] = pads(settings);
  const from = (at, tap) => {
    if (!transposed) return at * stride + tap * dilation - before;
    const place = (at + before - tap * dilation) / stride;
    return Number.isInteger(place) && place >= 0 && place < size ? place : null;
  };
  const found = [];
  for (let u = 0; u < kernel; u++) {
    for (let v = 0; v < kernel; v++) {
      const [i, j] = [from(row, u), from(column, v)];
      if (i === null || j === null) continue;
      const padded = i < 0 || j < 0 || i >= size || j >= size;
      const value = padded ? 0 : input[i][j];
      found.push({ u, v, row: i, column: j, padded, value, weight: weights[u][v], product: value * weights[u][v] });
    }
  }
  return found;
}

// The outputs that an input reaches, each with the number of the kernel that it is multiplied with.
export function reached(settings, row, column) {
  const { kernel, stride, dilation, transposed } = settings;
  const made = outputSize(settings);
  const [before] = pads(settings);
  const to = (at, tap) => {
    const place = transposed ? at * stride + tap * dilation - before : (at + before - tap * dilation) / stride;
    return Number.isInteger(place) && place >= 0 && place < made ? place : null;
  };
  const found = [];
  for (let u = 0; u < kernel; u++) {
    for (let v = 0; v < kernel; v++) {
      const [i, j] = [to(row, u), to(column, v)];
      if (i !== null && j !== null) found.push({ u, v, row: i, column: j });
    }
  }
  return found;
}

// The whole output, rows of numbers.
export function output(input, weights, settings) {
  const made = outputSize(settings);
  const sum = (row, column) => terms(input, weights, settings, row, column).reduce((all, term) => all + term.product, 0);
  return range(0, made).map((row) => range(0, made).map((column) => sum(row, column)));
}

export const range = (start, stop) => Array.from({ length: Math.max(0, stop - start) }, (_, index) => start + index);
