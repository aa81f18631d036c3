// Step through positions by hand, or one after the other until paused.

const PAUSE = 650; // milliseconds between steps
const CALM = 1300; // for those who asked their system for less motion

export class Player {
  // count() positions; onStep(index, playing) shows one; buttons: { back, play, next }.
  constructor(buttons, { count, onStep }) {
    Object.assign(this, { buttons, count, onStep, at: -1, timer: null });
    buttons.play.addEventListener("click", () => (this.timer ? this.pause() : this.play()));
    buttons.next.addEventListener("click", () => this.step(1));
    buttons.back.addEventListener("click", () => this.step(-1));
  }

  play() {
    if (this.at >= this.count() - 1) this.at = -1;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.timer = setInterval(() => this.#go(this.at + 1), calm ? CALM : PAUSE);
    this.#label();
    this.#go(this.at + 1);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.#label();
  }

  // To the start, before the first position.
  stop() {
    this.pause();
    this.at = -1;
  }

  step(by) {
    this.pause();
    this.#go((this.at + by + this.count()) % this.count());
  }

  #go(index) {
    this.at = index;
    if (this.timer && index >= this.count() - 1) this.pause();
    this.onStep(index, this.timer !== null);
  }

  #label() {
    this.buttons.play.textContent = this.timer ? "Pause" : "Play";
    this.buttons.play.dataset.playing = String(this.timer !== null);
  }
}
