// A run on the server, read line by line as it goes.
import { home } from "../../home.js";

const LOST = "The server can’t be reached: look whether you are online, and try again.";

// Each event goes to `take`. Resolves to what refused the run, in a sentence; or to "" where it ended, or was stopped by `signal`.
export async function follow(address, body, signal, take) {
  try {
    const answer = await fetch(`${home}learn/${address}`, { method: "POST", body, signal });
    if (!answer.ok) return (await answer.json().catch(() => ({}))).detail ?? `The server answered with ${answer.status}: try again in a minute.`;
    let done = false;
    for await (const event of lines(answer.body)) {
      if (event.refused) return event.refused;
      take(event);
      done = event.done;
    }
    return done ? "" : LOST; // it broke off
  } catch (error) {
    return error.name === "AbortError" ? "" : LOST;
  }
}

// One object of each line of a stream.
async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const whole = (rest + value).split("\n");
    rest = whole.pop();
    for (const line of whole) yield JSON.parse(line);
  }
}
