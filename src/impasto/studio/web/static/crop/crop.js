// "Crop or turn": a frame over the photo that is moved and drawn by pointers and by keys. Loaded when it is first opened.

import { home } from "../home.js";
import { language, say } from "../language.js";
import { proportions, recut, source } from "../photo.js";
import { cut, placing, keep, turned } from "./cut.js";

const LONGEST = 1024; // pixels of what is shown
const LEAST = 0.05; // of a side is kept at least
const STEP = 0.02; // of a side, for a key
const SHEET = Math.SQRT2;
const RATIOS = { square: 1, upright: 1 / SHEET, wide: SHEET, phone: 9 / 19.5, desktop: 16 / 9 }; // width by height
const form = document.getElementById("ask");
const dialog = document.getElementById("cropper");
const canvas = document.getElementById("turned");
const frame = document.getElementById("frame");
const told = document.getElementById("frame-state");
const note = document.getElementById("cut-state");
const shapes = [...dialog.querySelectorAll("input[name=shape]")];
const whole = new Image(); // all of the photo
let full = null; // its size in its own pixels
let now = null; // the cut as the dialog shows it
let drag = null;

const style = document.createElement("link");
style.rel = "stylesheet";
style.href = `${home}static/crop/crop.css`;
const styled = new Promise((resolve) => ["load", "error"].forEach((name) => style.addEventListener(name, resolve)));
document.head.append(style);

const size = () => turned(full, now.turn);
const within = (number, least, most) => Math.min(most, Math.max(least, number));
const pixels = ({ left, top, right, bottom, turn }) => {
  const { width, height } = turned(full, turn);
  return { width: Math.max(1, Math.round((right - left) * width)), height: Math.max(1, Math.round((bottom - top) * height)) };
};
const inWords = ({ width, height }) => say("%(width)s × %(height)s pixels", { width: width.toLocaleString(language), height: height.toLocaleString(language) });

/** Of the frame, width by height; null where it is free. */
function ratio() {
  const shape = shapes.find(({ checked }) => checked).value;
  return shape === "own" ? size().width / size().height : RATIOS[shape] ?? null;
}

/** Whether the frame has the chosen shape, but for whole pixels. */
function isShaped() {
  const { width, height } = pixels(now), wanted = ratio();
  return !wanted || Math.abs(width - wanted * height) < 2 + 0.01 * width;
}

/** What is kept of the photo, as a picture of so many pixels at most. */
function drawn(target, what, longest) {
  const scale = Math.min(1, longest / Math.max(pixels(what).width, pixels(what).height));
  target.width = Math.max(1, Math.round(pixels(what).width * scale));
  target.height = Math.max(1, Math.round(pixels(what).height * scale));
  const pen = target.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.setTransform(new DOMMatrix().scale(scale).multiply(placing(full, what)));
  pen.drawImage(whole, 0, 0, full.width, full.height);
  return target;
}

function place() {
  const { left, top, right, bottom } = now;
  Object.assign(frame.style, {
    left: `${100 * left}%`, top: `${100 * top}%`, width: `${100 * (right - left)}%`, height: `${100 * (bottom - top)}%`,
  });
}

function tell() {
  const percent = (share) => `${Math.round(100 * share)}%`;
  told.textContent = say("%(size)s, from %(left)s of the width and %(top)s of the height.", { size: inWords(pixels(now)), left: percent(now.left), top: percent(now.top) });
}

function put(changes) {
  Object.assign(now, changes);
  place();
}

/** The largest frame of the chosen shape, about where the frame is. */
function fit() {
  const wanted = ratio();
  if (!wanted) return;
  const { width, height } = size();
  const across = Math.min(1, (wanted * height) / width), down = Math.min(1, width / wanted / height);
  const left = within((now.left + now.right - across) / 2, 0, 1 - across);
  const top = within((now.top + now.bottom - down) / 2, 0, 1 - down);
  put({ left, top, right: left + across, bottom: top + down });
}

function move(from, right, down) {
  const left = within(from.left + right, 0, 1 - (from.right - from.left));
  const top = within(from.top + down, 0, 1 - (from.bottom - from.top));
  put({ left, top, right: left + from.right - from.left, bottom: top + from.bottom - from.top });
}

/** Draw a corner ("nw" is left above) to a place, the corner opposite staying; a shape is kept. */
function stretch(from, corner, x, y) {
  const west = corner.includes("w"), north = corner.includes("n");
  const roomX = west ? from.right : 1 - from.left, roomY = north ? from.bottom : 1 - from.top;
  let across = within(west ? from.right - x : x - from.left, LEAST, roomX);
  let down = within(north ? from.bottom - y : y - from.top, LEAST, roomY);
  const wanted = ratio();
  if (wanted) {
    const { width, height } = size();
    const downOf = width / wanted / height; // for each share of the width
    const least = Math.max(LEAST, LEAST / downOf);
    across = within(Math.max(across, down / downOf), Math.min(least, roomX, roomY / downOf), Math.min(roomX, roomY / downOf));
    down = across * downOf;
  }
  put({
    ...(west ? { left: from.right - across } : { right: from.left + across }),
    ...(north ? { top: from.bottom - down } : { bottom: from.top + down }),
  });
}

function turn(degrees) {
  const { left, top, right, bottom } = now;
  const kept = degrees > 0
    ? { left: 1 - bottom, top: left, right: 1 - top, bottom: right }
    : { left: top, top: 1 - right, right: bottom, bottom: 1 - left };
  now = { ...kept, turn: (now.turn + degrees + 360) % 360 };
  const other = { upright: "wide", wide: "upright" }[shapes.find(({ checked }) => checked).value];
  if (other) shapes.find(({ value }) => value === other).checked = true;
  show();
  if (!isShaped()) fit();
  tell();
}

function show() {
  drawn(canvas, { turn: now.turn, left: 0, top: 0, right: 1, bottom: 1 }, LONGEST);
  place();
}

function at(event) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  return { x: (event.clientX - left) / width, y: (event.clientY - top) / height };
}

frame.addEventListener("pointerdown", (event) => {
  if (event.button || drag) return; // a second finger draws nothing
  event.preventDefault();
  frame.focus({ preventScroll: true });
  frame.setPointerCapture(event.pointerId);
  const corner = event.target.dataset.corner ?? "";
  drag = { pointer: event.pointerId, corner, begun: at(event), from: { ...now } };
});
frame.addEventListener("pointermove", (event) => {
  if (event.pointerId !== drag?.pointer) return;
  const { corner, begun, from } = drag;
  const right = at(event).x - begun.x, down = at(event).y - begun.y;
  if (!corner) move(from, right, down);
  else stretch(from, corner, (corner.includes("w") ? from.left : from.right) + right, (corner.includes("n") ? from.top : from.bottom) + down);
});
for (const name of ["pointerup", "pointercancel"]) frame.addEventListener(name, (event) => {
  if (event.pointerId !== drag?.pointer) return;
  drag = null;
  tell();
});

const MOVES = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
frame.addEventListener("keydown", (event) => {
  if (!(event.key in MOVES) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const [right, down] = MOVES[event.key];
  if (!event.shiftKey) move({ ...now }, right, down);
  else if (!ratio()) stretch({ ...now }, "se", now.right + right, now.bottom + down);
  else { // either way it grows or shrinks
    const grown = Math.sign(right + down) * STEP;
    stretch({ ...now }, "se", now.right + grown, now.top + LEAST);
  }
  tell();
});

for (const shape of shapes) shape.addEventListener("change", () => {
  fit();
  tell();
});
document.getElementById("turn-left").addEventListener("click", () => turn(-90));
document.getElementById("turn-right").addEventListener("click", () => turn(90));
document.getElementById("crop-cancel").addEventListener("click", () => dialog.close());
document.getElementById("crop-all").addEventListener("click", () => {
  shapes[0].checked = true;
  put({ left: 0, top: 0, right: 1, bottom: 1 });
  tell();
});
document.getElementById("crop-done").addEventListener("click", async () => {
  dialog.close();
  keep(now);
  const picture = await drawn(new OffscreenCanvas(1, 1), cut(), LONGEST).convertToBlob({ type: "image/jpeg", quality: 0.9 });
  await recut(whole, picture, pixels(cut()));
});

form.addEventListener("photo", () => {
  const { turn: degrees, left, top, right, bottom } = cut();
  const words = { 90: say("Turned to the right."), 180: say("Turned upside down."), 270: say("Turned to the left.") }[degrees] ?? "";
  const cropped = left || top || right < 1 || bottom < 1 ? say("Cropped to %(size)s.", { size: inWords(proportions) }) : "";
  note.textContent = `${words} ${cropped}`.trim();
});

/** Open the dialog on the photo that there is. */
export async function open() {
  if (whole !== source) {
    whole.src = source.src;
    full = proportions;
    await whole.decode();
  }
  await styled;
  now = cut();
  dialog.showModal();
  if (!isShaped()) shapes[0].checked = true; // as it was chosen, and not used
  show();
  tell();
  frame.focus();
}
