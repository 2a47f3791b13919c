// The machine behind the page, as the server has it. The rest of the page knows only this
// interface, so that another kind of machine can stand behind it.
/**
 * @typedef {{
 *   write: (text: string | Uint8Array) => void,
 *   resize: (size: [number, number]) => void,
 *   reopen: () => void,
 *   on: (type: "output" | "replay" | "size" | "ended", fn: (...values: any[]) => void) => void,
 * }} LiveTerminal "output" has bytes, and what is to be called once they are drawn; what is opened
 *   again has another shell, if the one that was there has ended
 * @typedef {{
 *   state: { connected: boolean, solved: string[], learner: string | null },
 *   on: (type: string, fn: (message: any) => void) => void,
 *   send: (message: { type: string, [name: string]: any }) => boolean,
 *   terminal: (name: string, size: [number, number]) => LiveTerminal,
 * }} LiveMachine `on` has the server's messages by their type, and "connected"
 */
/** @type {LiveMachine} */
const Machine = (() => {
  const WAITS = [0.2, 0.5, 1, 2, 4]; // seconds between attempts to connect
  const GONE = 8; // seconds without a server until it is said to be stopped
  const PING = 15; // seconds between two signs of life
  const PONG = 10; // seconds in which the server answers one
  const ACK = 65536; // bytes drawn until the server is told, or at the latest
  const ACK_WITHIN = 40; // milliseconds later
  const KEPT = 4096; // bytes that are typed while a terminal connects

  /** Have all listeners of a type called. */
  const emitter = () => {
    /** @type {Record<string, ((...values: any[]) => void)[]>} */
    const listeners = {};
    return {
      on: (/** @type {string} */ type, /** @type {(...values: any[]) => void} */ fn) => {
        listeners[type] ??= [];
        listeners[type].push(fn);
      },
      emit: (/** @type {string} */ type, /** @type {any[]} */ ...values) => {
        for (const fn of listeners[type] ?? []) fn(...values);
      },
    };
  };

  /** @type {Set<() => void>} what waits to connect again */
  const waiting = new Set();
  const wake = () => {
    for (const attempt of waiting) attempt();
  };
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) wake();
  });

  /**
   * A WebSocket that connects again by itself; without `lost`, once the control connection does.
   * @param {() => string} path
   * @param {{ open: () => void, message: (data: string | ArrayBuffer) => void, lost?: () => void }} handlers
   */
  const link = (path, { open, message, lost }) => {
    /** @type {WebSocket} */
    let socket;
    let attempts = 0;
    const connect = () => {
      const address = Live.address(path());
      address.protocol = address.protocol.replace("http", "ws");
      const own = new WebSocket(address);
      socket = own;
      own.binaryType = "arraybuffer";
      own.onopen = () => {
        attempts = 0;
        open();
      };
      own.onmessage = ({ data }) => message(data);
      own.onclose = () => {
        if (own === socket) again();
      };
    };
    const again = () => {
      lost?.();
      const attempt = () => {
        clearTimeout(timer);
        if (!lost && !state.connected) return;
        waiting.delete(attempt);
        connect();
      };
      const wait = WAITS[Math.min(attempts, WAITS.length - 1)] * (0.8 + 0.4 * Math.random());
      attempts += 1;
      const timer = setTimeout(attempt, wait * 1000);
      waiting.add(attempt);
    };
    connect();
    return {
      /** Send; tell whether there is a connection to do so. */
      send: (/** @type {string | Uint8Array<ArrayBuffer>} */ data) => {
        const isOpen = socket.readyState === WebSocket.OPEN;
        if (isOpen) socket.send(data);
        return isOpen;
      },
      /** Give up a connection that may be dead, and connect again. */
      drop: () => {
        const old = socket;
        old.onclose = null;
        old.onmessage = null;
        old.close();
        again();
      },
    };
  };

  const { on, emit } = emitter();
  const state = { connected: false, solved: [], learner: null };
  let lostAt = 0;
  let heard = 0; // when the server last sent something
  /** Say why there is no connection. */
  const explain = async () => {
    const answer = await fetch(Live.address("session"), { cache: "no-store" }).catch(() => null);
    if (state.connected) return;
    if (answer?.status === 403) {
      dispatchEvent(new Event("forbidden"));
      return Live.say(Live.text("forbidden"));
    }
    const gone = !answer && performance.now() - lostAt > GONE * 1000;
    Live.say(Live.text(gone ? "gone" : "lost"));
  };
  const lost = () => {
    if (state.connected || !lostAt) lostAt = performance.now();
    state.connected = false;
    emit("connected", false);
    explain();
  };
  /** @type {string[]} what is sent once there is a connection */
  let held = [];
  const control = link(() => "control", {
    lost,
    open: () => {
      const language = document.documentElement.lang;
      control.send(JSON.stringify({ type: "hello", language, lesson: Live.lesson }));
      Object.assign(state, { connected: true });
      heard = performance.now();
      lostAt = 0;
      Live.say("");
      emit("connected", true);
      for (const message of held) control.send(message);
      held = [];
      for (const attempt of waiting) attempt();
    },
    message: (data) => {
      heard = performance.now();
      const message = JSON.parse(/** @type {string} */ (data));
      if (message.type === "state") {
        Object.assign(state, message);
        const { state: name, text } = message.machine;
        Live.say(text || (name === "starting" ? Live.text("starting") : ""), name === "ready");
        dispatchEvent(new CustomEvent("solved", { detail: message.solved }));
      }
      if (message.type === "problem") Live.say(message.text);
      emit(message.type, message);
    },
  });
  Live.say(Live.text("connecting"));

  // A connection can be dead without a sign of it, as after a sleep.
  const listen = () => {
    if (!state.connected) return;
    const asked = performance.now();
    control.send('{"type":"ping"}');
    setTimeout(() => {
      if (state.connected && heard < asked) control.drop();
    }, PONG * 1000);
  };
  setInterval(listen, PING * 1000);
  document.addEventListener("visibilitychange", () => document.hidden || listen());

  const terminal = (/** @type {string} */ name, /** @type {[number, number]} */ first) => {
    let size = first;
    const own = emitter();
    let connections = 0;
    let drawn = 0;
    let timer = 0;
    /** @type {Uint8Array<ArrayBuffer>[]} typed while it connects; sent once it has */
    let kept = [];
    let room = KEPT;
    const forget = () => {
      kept = [];
      room = KEPT;
    };
    on("connected", forget);
    const acknowledge = () => {
      clearTimeout(timer);
      timer = 0;
      if (drawn) connection.send(JSON.stringify({ ack: drawn }));
      drawn = 0;
    };
    const connection = link(() => `terminal/${name}?columns=${size[0]}&rows=${size[1]}`, {
      open: () => {
        drawn = 0;
        connections += 1;
        for (const bytes of kept) connection.send(bytes);
        forget();
      },
      message: (data) => {
        if (typeof data === "string") {
          for (const [type, value] of Object.entries(JSON.parse(data))) own.emit(type, value);
          return;
        }
        const bytes = new Uint8Array(data);
        const through = connections;
        own.emit("output", bytes, () => {
          if (through !== connections) return;
          drawn += bytes.length;
          if (drawn >= ACK) acknowledge();
          else timer ||= setTimeout(acknowledge, ACK_WITHIN);
        });
      },
    });
    return {
      on: own.on,
      write: (/** @type {string | Uint8Array} */ text) => {
        const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text.slice();
        if (connection.send(bytes) || !state.connected) return;
        // Nothing after what does not fit, either: a command without its middle is another one.
        room -= bytes.length;
        if (room >= 0) kept.push(bytes);
      },
      reopen: connection.drop,
      resize: (/** @type {[number, number]} */ wanted) => {
        size = wanted;
        connection.send(JSON.stringify({ resize: size }));
      },
    };
  };

  return {
    state,
    on,
    send: (message) => {
      const text = JSON.stringify(message);
      if (state.connected) control.send(text);
      else held.push(text);
      return state.connected;
    },
    terminal,
  };
})();
