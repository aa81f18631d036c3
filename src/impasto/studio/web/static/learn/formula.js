// The formula in letters and with the numbers filled in, and what a stride leaves out, in the server's words.
import { outputSize, pads, span, unread } from "./convolution.js";

export function formula(settings) {
  const { size: n, kernel: k, stride: s, dilation: d, transposed, outputPadding } = settings;
  const [before, after] = pads(settings);
  const made = outputSize(settings);
  const even = before === after;
  if (transposed) {
    const cropped = even ? `2·${before}` : `${before} − ${after}`;
    return [
      `(n − 1)s − ${even ? "2p" : "p₁ − p₂"} + d(k − 1) + 1 + o`,
      `(${n} − 1)·${s} − ${cropped} + ${d}·(${k} − 1) + 1 + ${outputPadding} = ${made}`,
    ];
  }
  const around = even ? `2·${before}` : `${before} + ${after}`;
  const free = n + before + after - span(k, d);
  return [
    `⌊(n + ${even ? "2p" : "p₁ + p₂"} − d(k − 1) − 1) / s⌋ + 1`,
    `⌊(${n} + ${around} − ${d}·(${k} − 1) − 1) / ${s}⌋ + 1 = ⌊${free} / ${s}⌋ + 1 = ${made}`,
  ];
}

export function neverRead(settings) {
  const at = unread(settings);
  const own = at.filter((index) => index >= 0 && index < settings.size).map((index) => index + 1);
  const padded = at.length - own.length;
  const parts = [];
  if (own.length) parts.push(`row${own.length > 1 ? "s" : ""} ${own.join(", ")} of the input`);
  if (padded) parts.push(`${padded} row${padded > 1 ? "s" : ""} of the padding`);
  return parts.length ? `Never read: ${parts.join(" and ")}; and the same of the columns.` : "";
}
