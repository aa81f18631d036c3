// Which part of the photo is painted, and which way up, as the form's fields say it; uploads/cut.py does the same to it.

const turn = document.getElementById("turn");
const crop = document.getElementById("crop");

/** {turn, left, top, right, bottom}: degrees clockwise, and then shares of the turned photo's sides. */
export function cut() {
  const [left, top, right, bottom] = (crop.value || "0,0,1,1").split(",").map(Number);
  return { turn: Number(turn.value), left, top, right, bottom };
}

/** Say so in the fields; all of the photo is said by nothing. */
export function keep({ turn: degrees, left, top, right, bottom }) {
  const shares = [left, top, right, bottom].map((share) => Number(share.toFixed(5)));
  turn.value = String(degrees);
  crop.value = shares.join() === "0,0,1,1" ? "" : shares.join();
}

/** The size of a picture when it is turned. */
export const turned = ({ width, height }, degrees) => (degrees % 180 ? { width: height, height: width } : { width, height });

/** Where the places of a picture are in what is kept of it, in the same pixels. */
export function placing(size, { turn: degrees, left, top }) {
  const { width, height } = size;
  const around = {
    0: [1, 0, 0, 1, 0, 0], 90: [0, 1, -1, 0, height, 0], 180: [-1, 0, 0, -1, width, height], 270: [0, -1, 1, 0, 0, width],
  }[degrees];
  const whole = turned(size, degrees);
  return new DOMMatrix().translate(-left * whole.width, -top * whole.height).multiply(new DOMMatrix(around));
}
