// Parts of the photo that get a style of their own: painted over it, each becomes a mask in a field of the form. A mask is
// of all of the photo, as its file has it; the board shows what is kept of that. So a new crop takes no stroke away.

import { cut, placing, turned } from "../crop/cut.js";
import { say } from "../language.js";
import { source } from "../photo.js";
import { put } from "../picture.js";

const LONGEST = 1024; // pixels of a mask's long side: its edges are soft anyway
const COLORS = ["#ff8a3d", "#4ea1ff", "#63d471"];
const form = document.getElementById("ask");
const photo = document.getElementById("preview");
const board = document.getElementById("board");
const tools = document.getElementById("brush-tools");
const thickness = document.getElementById("brush-size");
const state = document.getElementById("brush-state");
const fields = [...form.querySelectorAll("input[name=mask]")];
const parts = fields.map(() => []); // of each part, what was done, in order: {points, width} in a mask's pixels, or "invert"
const masks = fields.map(() => null); // the same, drawn: a long drawing is not drawn anew for each move
const shown = board.getContext("2d");
let size = { width: 1, height: 1 }; // of a mask
let view = new DOMMatrix(); // where a mask's pixels are on the board
let laid = ""; // the photo that it is of
let cursor = { x: 0.5, y: 0.5 }; // in shares of the board
let stroke = null;

const part = () => Number(document.querySelector("input[name=part]:checked").value);
const width = () => (Number(thickness.value) / 100) * Math.max(board.width, board.height);

/** Where the cursor is in a mask. */
/** How much of the photo a part covers, in words. */
function inWords(number, share) {
  if (!share) return say("Part %(number)s is empty.", { number });
  if (share < 1) return say("Part %(number)s covers less than 1% of the photo.", { number });
  return say("Part %(number)s covers %(share)s% of the photo.", { number, share: Math.round(share) });
}

function point() {
  const { x, y } = view.inverse().transformPoint(new DOMPoint(cursor.x * board.width, cursor.y * board.height));
  return { x, y };
}

/** What was done to a part, as opaque places of a canvas of a mask's size, on top of what is drawn there. */
function drawn(done, under = null) {
  const canvas = new OffscreenCanvas(size.width, size.height);
  const pen = canvas.getContext("2d");
  if (under) pen.drawImage(under, 0, 0);
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = pen.fillStyle = "#fff";
  for (const each of done) {
    if (each === "invert") {
      pen.globalCompositeOperation = "xor";
      pen.fillRect(0, 0, size.width, size.height);
      pen.globalCompositeOperation = "source-over";
      continue;
    }
    const [{ x, y }] = each.points; // a line of no length would not be drawn
    pen.lineWidth = each.width;
    pen.beginPath();
    pen.arc(x, y, pen.lineWidth / 2, 0, 2 * Math.PI);
    pen.fill();
    pen.beginPath();
    for (const to of each.points) pen.lineTo(to.x, to.y);
    pen.stroke();
  }
  return canvas;
}

/** What the board shows of a mask. */
function seen(mask) {
  const canvas = new OffscreenCanvas(board.width, board.height);
  const pen = canvas.getContext("2d");
  pen.setTransform(view);
  pen.drawImage(mask, 0, 0);
  pen.resetTransform();
  return canvas;
}

function show() {
  shown.clearRect(0, 0, board.width, board.height);
  parts.forEach((done, index) => {
    const doing = stroke && index === part() ? [stroke] : [];
    if (!done.length && !doing.length) return;
    const canvas = seen(drawn(doing, masks[index]));
    const pen = canvas.getContext("2d");
    pen.globalCompositeOperation = "source-in";
    pen.fillStyle = COLORS[index];
    pen.fillRect(0, 0, board.width, board.height);
    shown.globalAlpha = 0.6;
    shown.drawImage(canvas, 0, 0);
    shown.globalAlpha = 1;
  });
  if (document.activeElement !== board) return;
  const radius = width() / 2;
  for (const [color, line] of [["#000", 4], ["#fff", 2]]) { // seen on light and on dark
    shown.strokeStyle = color;
    shown.lineWidth = (line * board.width) / Math.max(1, board.clientWidth);
    shown.beginPath();
    shown.arc(cursor.x * board.width, cursor.y * board.height, radius, 0, 2 * Math.PI);
    shown.stroke();
  }
}

/** How much of what is kept of the photo is covered, in percent. */
function covered(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let index = 3; index < data.length; index += 4) sum += data[index];
  return (100 * sum) / (255 * (data.length / 4));
}

/** Put a part's mask into its field. */
async function keep(index) {
  const done = parts[index];
  const canvas = drawn([], masks[index]);
  const share = covered(seen(canvas));
  state.textContent = inWords(index + 1, share);
  if (!share) {
    put(fields[index], null);
    form.dispatchEvent(new Event("parts"));
    return;
  }
  const pen = canvas.getContext("2d"); // white on black, for whoever opens the file
  pen.globalCompositeOperation = "destination-over";
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  if (parts[index] !== done) return;
  put(fields[index], new File([blob], `part-${index + 1}.png`, { type: "image/png" }));
  form.dispatchEvent(new Event("parts"));
}

function set(index, done) {
  parts[index] = done;
  masks[index] = done.length ? drawn(done) : null;
}

function act(what) {
  const index = part();
  set(index, what(parts[index]));
  show();
  keep(index);
}

function at(event) {
  const { left, top, width: wide, height: high } = board.getBoundingClientRect();
  return { x: (event.clientX - left) / wide, y: (event.clientY - top) / high };
}

board.addEventListener("pointerdown", (event) => {
  if (event.button || stroke) return; // a second finger does not paint
  event.preventDefault();
  board.focus({ preventScroll: true });
  board.setPointerCapture(event.pointerId);
  cursor = at(event);
  stroke = { points: [point()], width: width(), pointer: event.pointerId };
  show();
});
board.addEventListener("pointermove", (event) => {
  if (stroke && event.pointerId !== stroke.pointer) return;
  cursor = at(event);
  stroke?.points.push(point());
  show();
});
function finish(event) {
  if (event.pointerId !== stroke?.pointer) return;
  const done = stroke;
  stroke = null;
  act((before) => [...before, done]);
}
board.addEventListener("pointerup", finish);
board.addEventListener("pointercancel", finish);

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
board.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "z") {
    event.preventDefault();
    act((before) => before.slice(0, -1));
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const from = point();
  if (event.key in MOVES) {
    const [right, down] = MOVES[event.key];
    const step = width() / 2;
    const within = (number) => Math.min(1, Math.max(0, number));
    cursor = { x: within(cursor.x + (right * step) / board.width), y: within(cursor.y + (down * step) / board.height) };
    if (event.shiftKey) act((before) => [...before, { points: [from, point()], width: width() }]);
  } else if (event.key === " ") act((before) => [...before, { points: [point()], width: width() }]);
  else if (event.key === "[" || event.key === "]") thickness.value = Number(thickness.value) + (event.key === "]" ? 2 : -2);
  else return;
  event.preventDefault();
  show();
});
for (const name of ["focus", "blur"]) board.addEventListener(name, show);

document.getElementById("brush-undo").addEventListener("click", () => act((before) => before.slice(0, -1)));
document.getElementById("brush-invert").addEventListener("click", () => act((before) => [...before, "invert"]));

// a file that somebody gives takes the place of what was painted
fields.forEach((field, index) => field.addEventListener("change", () => {
  set(index, []);
  show();
}));

/** Lay the board over what is kept of the photo that there is now. */
function lay() {
  const { naturalWidth, naturalHeight, src } = source;
  const there = !document.getElementById("shown").hidden && naturalWidth > 0;
  tools.hidden = !there;
  document.getElementById("brush-empty").hidden = there;
  if (!there || document.getElementById("board-photo").src === photo.src) return;
  document.getElementById("board-photo").src = photo.src;
  if (laid !== src) {
    const share = Math.min(1, LONGEST / Math.max(naturalWidth, naturalHeight));
    size = { width: Math.max(1, Math.round(naturalWidth * share)), height: Math.max(1, Math.round(naturalHeight * share)) };
    parts.forEach((done, index) => {
      if (!done.length) return; // what somebody gave as a file stays
      set(index, []);
      put(fields[index], null);
    });
  }
  laid = src;
  const kept = cut();
  const whole = turned(size, kept.turn);
  board.width = Math.max(1, Math.round((kept.right - kept.left) * whole.width));
  board.height = Math.max(1, Math.round((kept.bottom - kept.top) * whole.height));
  view = placing(size, kept);
  state.textContent = "";
  parts.forEach((done, index) => done.length && keep(index));
  show();
}
form.addEventListener("photo", lay);
photo.addEventListener("load", lay);
if (photo.complete) lay();
