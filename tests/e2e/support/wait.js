// Waiting for conditions, never for time to pass.

const pause = () => new Promise((resolve) => setTimeout(resolve, 10));

/** Answers what `condition` answers once that is neither false nor absent. */
export async function until(what, condition, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s without success until ${what}`);
    await pause();
  }
}
