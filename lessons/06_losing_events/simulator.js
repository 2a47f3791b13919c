// How many events a buffer loses: a model of the buffers of this lesson, and its form.
const Simulator = (() => {
  const LOST = 24; // bytes of the record with which a perf buffer tells of lost events

  /**
   * Send events; return how many are lost, and the largest part of the buffer that was filled.
   *
   * They are sent `burst` at a time, at a rate in events a second, and take `size` bytes each. The
   * times are in µs: of the reader for an event (`service`) and for a record that it does nothing
   * with (`overhead`), until one that sleeps reads, and of the sender for an event that is sent
   * and for one that is lost.
   * @typedef {{ kind: string, rate: number, burst: number, pages: number, service: number }} Input
   * @typedef {{ size: number, sending: number, losing: number, wake: number, overhead: number }} Constants
   */
  const run = (/** @type {Input & Constants} */ input, events = 12000) => {
    const { kind, rate, burst, service, size } = input;
    const bytes = input.pages * 4096;
    /** The sizes of the records in the buffer, from the first that is not read. @type {number[]} */
    const records = [];
    let first = 0;
    let done = 0; // when the reader is done with that one
    let used = 0;
    let most = 0;
    let lost = 0;
    let untold = 0;
    let free = 0; // when the sender is done
    const cost = () => (records[first] === LOST ? input.overhead : service);
    for (let i = 0; i < events; i++) {
      const now = Math.max(free, (Math.floor(i / burst) * burst * 1e6) / rate);
      while (records[first] && done <= now) {
        used -= records[first++];
        if (records[first]) done += cost();
      }
      const sleeps = !records[first];
      // Before the next event that fits, a perf buffer tells how many did not.
      const telling = untold && kind === "perf" ? LOST : 0;
      const after = used + telling + size;
      if (after < bytes) {
        if (telling) records.push(telling);
        records.push(size);
        if (sleeps) done = now + input.wake + cost();
        used = after;
        most = Math.max(most, used);
        untold = 0;
        free = now + input.sending;
      } else {
        // A buffer that is full to the last byte would look like an empty one.
        lost++;
        untold++;
        free = now + input.losing;
      }
    }
    return { events, lost, filled: most / bytes };
  };

  const form = /** @type {HTMLElement} */ (document.querySelector(".simulator"));
  const fields = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("[name]")]);
  const { constants, result, invalid } = /** @type {{ [name: string]: string }} */ (
    /** @type {unknown} */ (form.dataset)
  );
  /** A message with numbers and names in it; Intl would take a phone 50 ms as the page loads. */
  const fill = (/** @type {string} */ message, /** @type {{ [name: string]: any }} */ values) =>
    message.replace(/{(\w+)}/g, (_, name) => {
      const value = values[name];
      if (typeof value === "string") return value;
      return `${Math.round(10 * value) / 10}`.replace(/\B(?=(\d{3})+\b)/g, ",");
    });
  /** Say what the input leads to, or what is wrong with it. */
  const answer = () => {
    const wrong = fields.find((field) => !field.checkValidity());
    for (const field of fields) field.ariaInvalid = `${field === wrong}`;
    if (wrong) {
      const label = wrong.parentElement?.firstChild?.textContent;
      return fill(invalid, { label, min: +wrong.min, max: +wrong.max });
    }
    const kind = fields[0].value;
    const input = Object.fromEntries(fields.map(({ name, value }) => [name, +value]));
    const found = run({ ...input, ...JSON.parse(constants)[kind], kind });
    return fill(result, {
      ...found,
      received: found.events - found.lost,
      percent: (100 * found.lost) / found.events,
      filled: 100 * found.filled,
    });
  };
  const show = () => (form.getElementsByTagName("output")[0].textContent = answer());
  form.addEventListener("input", show);
  show();
  return { run };
})();
