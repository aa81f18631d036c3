// Numbers as cells show them, and as people write them.

const MINUS = "−";

// As short as a cell is narrow, and with a true minus.
export function shown(number) {
  const size = Math.abs(number);
  return fixed(number, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

// Of a sum, where there is room.
export const exact = (number) => fixed(number, 4);

function fixed(number, decimals) {
  return String(Number(number.toFixed(decimals)) || 0).replace("-", MINUS);
}

// Of a kernel: sixteenths and the like as fractions, which a blur is made of.
export function weight(number) {
  for (const whole of [2, 4, 8, 16]) {
    if (!Number.isInteger(number) && Number.isInteger(number * whole)) return `${number * whole}/${whole}`.replace("-", MINUS);
  }
  return shown(number);
}

// A factor in a product: one with a sign stands in brackets.
export const factor = (text) => (text.startsWith(MINUS) ? `(${text})` : text);

// What somebody wrote: 3, −1, 0.5, 0,5 or 1/16. Null where it is no number.
export function read(text) {
  const parts = text.trim().replaceAll(MINUS, "-").replaceAll(",", ".").split("/");
  if (parts.length > 2 || parts.some((part) => !/^-?(\d+\.?\d*|\.\d+)$/.test(part.trim()))) return null;
  const number = parts.length === 2 ? parts[0] / parts[1] : Number(parts[0]);
  return Number.isFinite(number) && Math.abs(number) < 1e6 ? number : null;
}
