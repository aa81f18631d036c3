// A canvas to draw on, light on black as the pictures that the networks learned from.

const BRUSH = 22; // pixels of the canvas
const INK = "#e0e0e0";

export class Drawing {
  // onChange(): the drawing has changed. tool(): shape, brush or eraser.
  constructor(canvas, { tool, onChange }) {
    Object.assign(this, { canvas, tool, onChange, before: [], path: null });
    this.context = canvas.getContext("2d", { willReadFrequently: true });
    Object.assign(this.context, { lineCap: "round", lineJoin: "round" });
    this.#blank();
    canvas.addEventListener("pointerdown", (event) => event.button === 0 && this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.path && this.#go(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => this.path && this.#end());
  }

  get empty() {
    return this.before.length === 0;
  }

  clear() {
    this.blank();
    this.onChange();
  }

  undo() {
    const last = this.before.pop();
    if (last) this.context.putImageData(last, 0, 0);
    this.onChange();
  }

  // Draw an example: shapes as SVG paths in a square of 100, each with its grey.
  paint(shapes) {
    this.#keep();
    this.#blank();
    this.context.save();
    this.context.scale(this.canvas.width / 100, this.canvas.height / 100);
    for (const [grey, path] of shapes) {
      this.context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
      this.context.fill(new Path2D(path));
    }
    this.context.restore();
    this.onChange();
  }

  // The drawing made smaller: side × side bytes of grey.
  grey(side) {
    const small = Object.assign(document.createElement("canvas"), { width: side, height: side }).getContext("2d");
    small.imageSmoothingQuality = "high";
    small.drawImage(this.canvas, 0, 0, side, side);
    return small.getImageData(0, 0, side, side).data.filter((_, index) => index % 4 === 0);
  }

  // As clear, where nobody is to be told.
  blank() {
    this.#blank();
    this.before = [];
  }

  #blank() {
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #keep() {
    this.before.push(this.context.getImageData(0, 0, this.canvas.width, this.canvas.height));
    if (this.before.length > 30) this.before.shift();
  }

  #at(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = this.canvas.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  #begin(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.#keep();
    const shape = this.tool() === "shape";
    this.context.strokeStyle = this.tool() === "eraser" ? "#000" : INK;
    this.context.lineWidth = shape ? 4 : BRUSH;
    this.path = [this.#at(event)];
    this.#go(event);
  }

  #go(event) {
    const [from, to] = [this.path.at(-1), this.#at(event)];
    this.path.push(to);
    this.context.beginPath();
    this.context.moveTo(...from);
    this.context.lineTo(...to);
    this.context.stroke();
  }

  #end() {
    if (this.tool() === "shape") {
      this.context.fillStyle = INK;
      this.context.beginPath();
      for (const point of this.path) this.context.lineTo(...point);
      this.context.fill();
    }
    this.path = null;
    this.onChange();
  }
}
